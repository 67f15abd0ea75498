//! Routers of Nortel: wfFTP, and VxWorks below it.
//!
//! wfFTP: `name size mm/dd/yy weekday. hh:mm:ss`. VxWorks: `size Mon-dd-yyyy hh:mm:ss name [<DIR>]`.

use alloc::{format, string::String, vec::Vec};

use super::{
    Entry, Kind, Modified, Precision, Reason, Zone,
    fields::{Columns, Found, Miss, Parsed, number},
    form, months,
    time::{Date, Daytime, american_date, triple, two_digits, year},
};

/// Reads one line of wfFTP.
pub(super) fn wfftp(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let (name, size, date) = (columns.need()?, columns.need()?, columns.need()?);
    let (day, time) = (columns.need()?, columns.need()?);
    let size = number(size).filter(|_| day.ends_with(b".") && day.len() <= 6);
    let (Some(size), Some((_, b'/')), None) = (size, triple(date), columns.next()) else {
        return Err(Miss::Shape);
    };
    let modified = modified(american_date(date), time)?;
    Ok(Found::new(name, Kind::File, Some(size), Some(modified)))
}

/// Reads one line of VxWorks.
pub(super) fn vxworks(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let size = number(columns.need()?).ok_or(Miss::Shape)?;
    let Some(([month, day, year_text], b'-')) = triple(columns.need()?) else {
        return Err(Miss::Shape);
    };
    let month = months::english(month).ok_or(Miss::Shape)?;
    let (time, name) = (columns.need()?, columns.name()?);
    let date = year(year_text).zip(two_digits(day)).map(|(year, day)| (year, month, day));
    let modified = Some(modified(date, time)?);
    match name.strip_suffix(b"<DIR>").map(<[u8]>::trim_ascii_end).filter(|n| !n.is_empty()) {
        Some(name) => Ok(Found::new(name, Kind::Directory, None, modified)),
        None => Ok(Found::new(name, Kind::File, Some(size), modified)),
    }
}

fn modified(date: Option<Date>, time: &[u8]) -> Result<Modified, Miss> {
    let both = date.zip(Daytime::parse(time));
    both.and_then(|(date, time)| Modified::stated(date, Some(time), Zone::Server))
        .ok_or(Miss::Broken(Reason::Date))
}

/// Writes one line of wfFTP.
pub(super) fn write_wfftp(entry: &Entry) -> Option<Vec<u8>> {
    const DAYS: [&str; 7] = ["Mon.", "Tues.", "Wed.", "Thur.", "Fri.", "Sat.", "Sun."];
    let modified = form::stated(entry, Precision::Second, Zone::Server)?;
    let (at, year) = (modified.at, form::short_year(&modified)?);
    let day = DAYS[usize::from(at.weekday().to_monday_zero_offset().unsigned_abs())];
    let (size, time) = (entry.size?, form::clock(&modified));
    let mut line = form::named(String::new(), entry.name());
    let date = format!("{:02}/{:02}/{year:02}", at.month(), at.day());
    line.extend_from_slice(format!(" {size:>13}  {date}  {day:6}  {time}").as_bytes());
    Some(line)
}

/// Writes one line of VxWorks.
pub(super) fn write_vxworks(entry: &Entry) -> Option<Vec<u8>> {
    let modified = form::stated(entry, Precision::Second, Zone::Server)?;
    let (at, month) = (modified.at, form::month(&modified));
    let (size, time) = (form::size_of_file(entry)?, form::clock(&modified));
    let date = format!("{month}-{:02}-{:04}", at.day(), at.year());
    let line = form::named(format!("{size:>9}    {date}  {time}   "), entry.name());
    match entry.kind {
        Kind::Directory => Some([&line[..], b" <DIR>"].concat()),
        Kind::File => Some(line),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[track_caller]
    fn check(read: Parsed<'_>, name: &str, kind: Kind, size: Option<u64>, time: &str) {
        let read = read.expect("an entry");
        assert_eq!((read.name_text(), read.kind, read.size), (Some(name), kind, size));
        assert_eq!(read.modified.map(|m| m.at.to_string()).unwrap_or_default(), time);
    }

    #[test]
    fn wfftp_names_the_day_of_the_week() {
        let line = b"config       1014196  06/03/04  Thur.   10:20:03";
        check(wfftp(line), "config", Kind::File, Some(1_014_196), "2004-06-03T10:20:03");
        assert_eq!(wfftp(b"config 1 06/03/04 Thur 10:20:03"), Err(Miss::Shape));
        assert_eq!(wfftp(b"config 1 26/03/04 Thu. 10:20:03"), Err(Miss::Broken(Reason::Date)));
    }

    #[test]
    fn vxworks_marks_directories_behind_the_name() {
        let line = b"  2048    Feb-28-1998  05:23:30   a dir <DIR>";
        check(vxworks(line), "a dir", Kind::Directory, None, "1998-02-28T05:23:30");
        let line = b"  2048    Feb-28-1998  05:23:30   a file";
        check(vxworks(line), "a file", Kind::File, Some(2048), "1998-02-28T05:23:30");
        assert_eq!(vxworks(b" 2048 28-Feb-1998 05:23:30 x"), Err(Miss::Shape));
    }
}

//! HP (Tandem) NonStop Guardian: `name code eof d-Mon-yy hh:mm:ss group,user "RWEP"`.

use alloc::{format, string::String, vec::Vec};

use super::{
    Entry, Kind, Modified, Precision, Reason, Zone,
    fields::{Columns, Found, Miss, Parsed, number},
    form, months,
    time::{Daytime, triple, two_digits, year},
};

/// Reads one line.
pub(super) fn entry(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let (name, code, size) = (columns.need()?, columns.need()?, columns.need()?);
    let (date, time) = (columns.need()?, columns.need()?);
    // An open or licensed file has a letter behind its code.
    let digits = code.iter().take_while(|b| b.is_ascii_digit()).count();
    let size = number(size).filter(|_| digits > 0 && code.len() <= digits + 1);
    let (Some(size), Some(([day, month, year_text], b'-'))) = (size, triple(date)) else {
        return Err(Miss::Shape);
    };
    let month = months::english(month).ok_or(Miss::Shape)?;
    let owners = columns.name()?;
    let quote =
        memchr::memchr(b'"', owners).filter(|_| owners.ends_with(b"\"")).ok_or(Miss::Shape)?;
    let date = year(year_text).zip(two_digits(day)).map(|(year, day)| (year, month, day));
    let time = Daytime::parse(time).ok_or(Miss::Broken(Reason::Date))?;
    let modified = date.and_then(|date| Modified::stated(date, Some(time), Zone::Server));
    let modified = modified.ok_or(Miss::Broken(Reason::Date))?;
    let owner = Some(owners[..quote].trim_ascii_end());
    Ok(Found { owner, ..Found::new(name, Kind::File, Some(size), Some(modified)) })
}

/// Writes one line, of an unstructured file.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let modified = form::stated(entry, Precision::Second, Zone::Server)?;
    let (day, month, year) =
        (modified.at.day(), form::month(&modified), form::short_year(&modified)?);
    let (size, owner) = (entry.size?, form::text(entry.owner())?);
    let time = form::clock(&modified);
    let mut line = form::named(String::new(), entry.name());
    let columns = format!(" 101 {size:>16} {day}-{month}-{year:02} {time} {owner} \"OOOO\"");
    line.extend_from_slice(columns.as_bytes());
    Some(line)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn the_end_of_file_is_the_size() {
        for owner in ["255, 0", "255,255"] {
            let line = alloc::format!("FILE 101O 528 6-Apr-07 14:21:18 {owner} \"oooo\"");
            let read = entry(line.as_bytes()).expect("an entry");
            assert_eq!((read.name_text(), read.size), (Some("FILE"), Some(528)));
            assert_eq!(read.owner, Some(owner.as_bytes()));
            let time = read.modified.map(|m| m.at.to_string());
            assert_eq!(time.as_deref(), Some("2007-04-06T14:21:18"));
        }
        assert_eq!(entry(b"FILE 101 528 6-Apr-07 14:21:18 255,255"), Err(Miss::Shape));
        assert_eq!(
            entry(b"FILE 101 528 36-Apr-07 14:21:18 1,2 \"oooo\""),
            Err(Miss::Broken(Reason::Date))
        );
    }
}

//! OS/2: `size  [attributes]  [DIR]  mm-dd-yy  hh:mm  name`, with years beyond 99 as `103`.
//!
//! FAT and HPFS keep local time, of whoever wrote the file.

use alloc::{format, vec::Vec};

use super::{
    Entry, Kind, Modified, Precision, Reason, Zone,
    fields::{Columns, Found, Miss, Parsed, number},
    form,
    time::{Daytime, american_parts, triple},
};

/// Reads one line of `DIR`.
pub(super) fn entry(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let size = number(columns.need()?).ok_or(Miss::Shape)?;
    let mut kind = Kind::File;
    let mut date = columns.need()?;
    let (parts, separator) = loop {
        if let Some(parts) = triple(date) {
            break parts;
        }
        match date {
            b"DIR" => kind = Kind::Directory,
            attributes
                if attributes.len() <= 5 && attributes.iter().all(u8::is_ascii_uppercase) => {}
            _ => return Err(Miss::Shape),
        }
        date = columns.need()?;
    };
    if separator != b'-' {
        return Err(Miss::Shape);
    }
    let time = Daytime::parse(columns.need()?).ok_or(Miss::Shape)?;
    let name = columns.name()?;
    let date = american_parts(parts).ok_or(Miss::Broken(Reason::Date))?;
    let modified = Modified::stated(date, Some(time), Zone::Unknown);
    let size = (kind == Kind::File).then_some(size);
    Ok(Found::new(name, kind, size, Some(modified.ok_or(Miss::Broken(Reason::Date))?)))
}

/// Writes one line.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let at = form::stated(entry, Precision::Minute, Zone::Unknown)?.at;
    let tag = match entry.kind {
        Kind::Directory => "DIR",
        Kind::File => "",
        _ => return None,
    };
    // From 2000 on OS/2 counts years beyond 99.
    let year = Some(at.year() - 1900).filter(|year| (80..=999).contains(year))?;
    let date = format!("{:02}-{:02}-{year}", at.month(), at.day());
    let size = form::size_of_file(entry)?;
    let columns = format!("{size:>18} {tag:>13}   {date}   {:02}:{:02}  ", at.hour(), at.minute());
    Some(form::named(columns, entry.name()))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[track_caller]
    fn check(line: &str, name: &str, kind: Kind, size: Option<u64>, time: &str) {
        let read = entry(line.as_bytes()).expect("an entry");
        assert_eq!((read.name_text(), read.kind, read.size), (Some(name), kind, size));
        assert_eq!(read.modified.map(|m| m.at.to_string()).unwrap_or_default(), time);
    }

    #[test]
    fn attributes_may_stand_between() {
        let (file, dir) = (Kind::File, Kind::Directory);
        check(
            "   0           DIR   05-12-97   16:44  PS FONTS",
            "PS FONTS",
            dir,
            None,
            "1997-05-12T16:44:00",
        );
        check(
            "587823    RSA    DIR   01-08-97   13:58  KRNL",
            "KRNL",
            dir,
            None,
            "1997-01-08T13:58:00",
        );
        check(
            "36611      A    04-23-103   10:57  longyear",
            "longyear",
            file,
            Some(36611),
            "2003-04-23T10:57:00",
        );
        check(
            "12345  H  10-19-00   15:10  A DIR B",
            "A DIR B",
            file,
            Some(12345),
            "2000-10-19T15:10:00",
        );
    }

    #[test]
    fn what_is_not_os2() {
        for line in [
            "DIR 12-30-97 12:32 x",
            "0 dir 05-12-97 16:44 X",
            "0 DIR 05/12/97 16:44 X",
            "0 DIR 05-12-97 16:44",
        ] {
            assert_eq!(entry(line.as_bytes()), Err(Miss::Shape), "{line}");
        }
    }
}

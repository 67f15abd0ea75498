//! SuperTCP and Chameleon for Windows: `name  size|<DIR>  date  time`, and attributes at most.
//!
//! The date is `Nov 16 1994`, `11-16-94` or `11/16/94`. FAT names hold no blank, and FAT keeps
//! local time, of whoever wrote the file.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{
    Entry, Kind, Modified, Precision, Zone,
    fields::{Columns, Found, Miss, Parsed, number, small},
    form, months,
    time::{Date, Daytime, american_date, two_digits},
};

/// Reads one line.
pub(super) fn entry(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let (name, size) = (columns.need()?, columns.need()?);
    let (kind, size) = match size {
        b"<DIR>" => (Kind::Directory, None),
        _ => (Kind::File, Some(number(size).ok_or(Miss::Shape)?)),
    };
    let date = date(&mut columns).ok_or(Miss::Shape)?;
    let time = Daytime::parse(columns.need()?).ok_or(Miss::Shape)?;
    let attributes = columns.next().unwrap_or_default();
    if columns.next().is_some() || !attributes.iter().all(|b| b"-ADHRSadrw".contains(b)) {
        return Err(Miss::Shape);
    }
    let modified = Modified::stated(date, Some(time), Zone::Unknown).ok_or(Miss::Shape)?;
    Ok(Found::new(name, kind, size, Some(modified)))
}

fn date(columns: &mut Columns<'_>) -> Option<Date> {
    let first = columns.next()?;
    if !first.first()?.is_ascii_alphabetic() {
        return american_date(first);
    }
    let (month, day) = (months::english(first)?, two_digits(columns.next()?)?);
    Some((small(columns.next()?)?, month, day))
}

/// Writes one line.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let modified = form::stated(entry, Precision::Minute, Zone::Unknown)?;
    let (at, year) = (modified.at, form::short_year(&modified)?);
    let size = match (entry.kind, entry.size) {
        (Kind::Directory, None) => "<DIR>".to_string(),
        (Kind::File, Some(size)) => size.to_string(),
        _ => return None,
    };
    let mut line = form::named(String::new(), entry.name());
    let date = format!("{:02}-{:02}-{year:02}", at.month(), at.day());
    let columns = format!(" {size:>15} {date:>14} {:02}:{:02}", at.hour(), at.minute());
    line.extend_from_slice(columns.as_bytes());
    Some(line)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn three_ways_to_write_a_date() {
        for line in [
            "CMT             <DIR>      Nov 21 1994 10:17   ",
            "CMT             <DIR>           11-21-94        10:17",
            "CMT             <DIR>           11/21/94        10:17",
            "CMT             <DIR>      Nov 21 1994 10:17 drw-",
        ] {
            let read = entry(line.as_bytes()).expect("an entry");
            assert_eq!((read.name_text(), read.kind), (Some("CMT"), Kind::Directory));
            assert_eq!(
                read.modified.map(|m| m.at.to_string()).as_deref(),
                Some("1994-11-21T10:17:00")
            );
        }
        let read = entry(b"README.TXT       1045      May 10 1995 11:01").expect("an entry");
        assert_eq!((read.kind, read.size), (Kind::File, Some(1045)));
        assert_eq!(entry(b"CMT <DIR> 11/21/94 10:17 more"), Err(Miss::Shape));
        assert_eq!(entry(b"CMT x 11/21/94 10:17"), Err(Miss::Shape));
    }
}

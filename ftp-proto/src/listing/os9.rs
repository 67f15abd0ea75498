//! Microware OS-9 `dir -e`: `group.user yy/mm/dd hhmm attributes sector bytes name`.

use alloc::{format, vec::Vec};

use super::{
    Entry, Kind, Modified, Precision, Reason, Zone,
    fields::{Columns, Found, Miss, Parsed, is_number, number},
    form,
    time::{Daytime, is_date, triple, two_digits, year},
};

/// Reads one line.
pub(super) fn entry(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let (owner, date, time) = (columns.need()?, columns.need()?, columns.need()?);
    let (attributes, sector, size) = (columns.need()?, columns.need()?, columns.need()?);
    let name = columns.name()?;
    let dot = memchr::memchr(b'.', owner).ok_or(Miss::Shape)?;
    let known = attributes.len() == 8 && attributes.iter().all(|b| b"-dsewr".contains(b));
    let sector = sector.iter().all(u8::is_ascii_hexdigit);
    if !is_number(&owner[..dot]) || !is_number(&owner[dot + 1..]) || !known || !sector {
        return Err(Miss::Shape);
    }
    let (Some(size), Some(([y, m, d], b'/')), 4) = (number(size), triple(date), time.len()) else {
        return Err(Miss::Shape);
    };
    let bad = Miss::Broken(Reason::Date);
    let date = (year(y).ok_or(bad)?, two_digits(m).ok_or(bad)?, two_digits(d).ok_or(bad)?);
    let time = Daytime::parse(&[&time[..2], b":", &time[2..]].concat()).ok_or(bad)?;
    let modified = Some(date).filter(|(y, m, d)| is_date(*y, *m, *d));
    let modified = modified.and_then(|date| Modified::stated(date, Some(time), Zone::Server));
    let kind = if attributes.starts_with(b"d") { Kind::Directory } else { Kind::File };
    Ok(Found {
        owner: Some(&owner[dot + 1..]),
        group: Some(&owner[..dot]),
        ..Found::new(name, kind, Some(size), Some(modified.ok_or(bad)?))
    })
}

/// Writes one line.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let modified = form::stated(entry, Precision::Minute, Zone::Server)?;
    let (at, year) = (modified.at, form::short_year(&modified)?);
    let (group, owner) = (form::text(entry.group())?, form::text(entry.owner())?);
    let letter = match entry.kind {
        Kind::Directory => 'd',
        Kind::File => '-',
        _ => return None,
    };
    let date = format!("{year:02}/{:02}/{:02}", at.month(), at.day());
    let time = format!("{:02}{:02}", at.hour(), at.minute());
    let columns = format!(" {group}.{owner} {date} {time} {letter}-ewrewr 2650 {} ", entry.size?);
    Some(form::named(columns, entry.name()))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn owners_are_group_and_user() {
        let read = entry(b" 20.21 07/03/29 1026 d-ewrewr 2650 85920 my dir").expect("an entry");
        assert_eq!(
            (read.name_text(), read.kind, read.size),
            (Some("my dir"), Kind::Directory, Some(85920))
        );
        assert_eq!((read.group, read.owner), (Some(&b"20"[..]), Some(&b"21"[..])));
        assert_eq!(read.modified.map(|m| m.at.to_string()).as_deref(), Some("2007-03-29T10:26:00"));
        assert_eq!(
            entry(b"20.20 07/03/29 9926 d-ewrewr 2650 1 x"),
            Err(Miss::Broken(Reason::Date))
        );
        assert_eq!(entry(b"2020 07/03/29 1026 d-ewrewr 2650 1 x"), Err(Miss::Shape));
    }
}

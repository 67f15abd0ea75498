//! VM/CMS minidisks and z/VM: `name type [mode] V|F|DIR lrecl records blocks date time [owner]`.
//!
//! The name of a file is `name.type`. Records of fixed length tell the size; those of variable
//! length do not. The byte file system of z/VM has names in quotes, and sizes.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{
    Entry, Kind, Modified, Precision, Reason, Zone,
    fields::{Columns, Found, Miss, Parsed, number},
    form,
    time::{Daytime, american_date, triple},
};

const MAX_COLUMNS: usize = 10;

/// Reads one line.
pub(super) fn entry(line: &[u8]) -> Parsed<'_> {
    let mut columns: [&[u8]; MAX_COLUMNS] = [&[]; MAX_COLUMNS];
    let mut count = 0;
    for (place, column) in columns.iter_mut().zip(Columns::new(line)) {
        *place = column;
        count += 1;
    }
    let columns = &columns[..count];
    if matches!(columns.get(2).copied(), Some(b"F" | b"D")) && line.ends_with(b"'") {
        return byte_file(line);
    }
    let is_time =
        |at: &usize| columns.get(at + 1).is_some_and(|c| c.len() > 5 && c.contains(&b':'));
    let at = (5..count).find(|at| triple(columns[*at]).is_some() && is_time(at));
    let (file, rest) = columns.split_at(at.ok_or(Miss::Shape)?);
    let (name, [form, length, records, blocks]) = file.split_last_chunk().ok_or(Miss::Shape)?;
    let counts = [length, records, blocks];
    let date = american_date(rest[0]).ok_or(Miss::Broken(Reason::Date))?;
    let time = Daytime::parse(rest[1]).ok_or(Miss::Broken(Reason::Date))?;
    let modified = Modified::stated(date, Some(time), Zone::Server);
    let owner = rest.get(2).filter(|o| **o != b"-").copied();
    let (name, file_type, kind, size) = match (*form, name) {
        (b"DIR", [name] | [name, _]) if counts.iter().all(|c| **c == b"-") => {
            (*name, None, Kind::Directory, None)
        }
        (b"V" | b"F", [name, file_type] | [name, file_type, _]) => {
            let fixed = number(length).zip(number(records)).filter(|_| *form == b"F");
            let size = fixed.and_then(|(length, records)| length.checked_mul(records));
            number(length).ok_or(Miss::Shape)?;
            (*name, Some(*file_type), Kind::File, size)
        }
        _ => return Err(Miss::Shape),
    };
    let modified = modified.ok_or(Miss::Broken(Reason::Date))?;
    Ok(Found { file_type, owner, ..Found::new(name, kind, size, Some(modified)) })
}

/// Reads a line of the byte file system: `05/20/2000 13:38:19 F 1 65758 'name'`.
fn byte_file(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let (date, time, form) = (columns.need()?, columns.need()?, columns.need()?);
    let (_links, size) = (columns.need()?, columns.need()?);
    let date = american_date(date).ok_or(Miss::Shape)?;
    let time = Daytime::parse(time).ok_or(Miss::Shape)?;
    let modified = Modified::stated(date, Some(time), Zone::Server);
    let quoted = columns.name()?.strip_prefix(b"'").and_then(|n| n.strip_suffix(b"'"));
    let name = quoted.filter(|n| !n.is_empty()).ok_or(Miss::Shape)?;
    match (form, number(size)) {
        (b"D", None) => Ok(Found::new(name, Kind::Directory, None, modified)),
        (b"F", Some(size)) => Ok(Found::new(name, Kind::File, Some(size), modified)),
        _ => Err(Miss::Shape),
    }
}

/// Writes one line of z/VM; a size becomes one record of that length.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let modified = form::stated(entry, Precision::Second, Zone::Server)?;
    let (day, time) = (form::year_first(&modified, '-'), form::clock(&modified));
    let owner = match entry.owner() {
        None => "-",
        owner => form::text(owner)?,
    };
    let (name, columns) = match (entry.kind, entry.size) {
        (Kind::Directory, None) => (entry.name().to_vec(), "DIR - - -".to_string()),
        (Kind::File, size) => {
            let dot = memchr::memchr(b'.', entry.name())?;
            let (name, file_type) = (&entry.name()[..dot], &entry.name()[dot + 1..]);
            let form = size.map_or_else(|| "V 80 10 1".into(), |size| format!("F {size} 1 1"));
            ([name, b" ", file_type].concat(), form)
        }
        _ => return None,
    };
    let mut line = form::named(String::new(), &name);
    line.extend_from_slice(format!(" {columns} {day} {time} {owner}").as_bytes());
    Some(line)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[track_caller]
    fn check(line: &str, name: &str, kind: Kind, size: Option<u64>, time: &str) {
        let found = entry(line.as_bytes()).expect("an entry");
        let read = Entry::read(line.as_bytes(), &found);
        assert_eq!((read.name_text(), read.kind, read.size), (Some(name), kind, size));
        assert_eq!(read.modified.map(|m| m.at.to_string()).unwrap_or_default(), time);
    }

    #[test]
    fn minidisks_have_a_mode() {
        check(
            "PROFILE  EXEC  A1 V  17  3  1   9/12/91   12:39:07",
            "PROFILE.EXEC",
            Kind::File,
            None,
            "1991-09-12T12:39:07",
        );
        check(
            "ABADY2K  DATE  A0 F  80  3  1   1/03/100  10:11:12",
            "ABADY2K.DATE",
            Kind::File,
            Some(240),
            "2000-01-03T10:11:12",
        );
        check(
            "AUTHORS        A1 DIR  -  -  -  9/20/99   10:31:11",
            "AUTHORS",
            Kind::Directory,
            None,
            "1999-09-20T10:31:11",
        );
    }

    #[test]
    fn zvm_has_an_owner() {
        check(
            "CHILDREN TXT   V   280  310  20 1993-08-06 14:20:00 -",
            "CHILDREN.TXT",
            Kind::File,
            None,
            "1993-08-06T14:20:00",
        );
        check(
            "PICS           DIR   -    -    - 2000-10-12 15:43:23 -",
            "PICS",
            Kind::Directory,
            None,
            "2000-10-12T15:43:23",
        );
    }

    #[test]
    fn names_of_the_byte_file_system_are_quoted() {
        let line = "05/20/2000 13:38:19 F      1      65758 'a file.cpy'";
        check(line, "a file.cpy", Kind::File, Some(65758), "2000-05-20T13:38:19");
        let line = "08/21/2000 05:28:40 D      -          - 'ALTERNATE'";
        check(line, "ALTERNATE", Kind::Directory, None, "2000-08-21T05:28:40");
        assert_eq!(entry(b"05/20/2000 13:38:19 F 1 65758 ''"), Err(Miss::Shape));
    }

    #[test]
    fn what_is_not_vm() {
        for line in [
            "",
            "A B C D E F G H I J K L",
            "A B V x 1 1 9/12/91 12:39:07",
            "A DIR 1 1 1 9/12/91 12:39:07",
        ] {
            assert_eq!(entry(line.as_bytes()), Err(Miss::Shape), "{line}");
        }
    }
}

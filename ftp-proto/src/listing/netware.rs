//! Novell NetWare: `d [RWCEAFMS] owner  512 Jan 16 18:53 login`.
//!
//! The rights of the login stand in brackets, with or without a blank before them, and the number
//! of links after them on some servers. Blanks before the name are padding.

use alloc::{format, vec::Vec};

use super::{
    Entry, Kind,
    fields::{Columns, Found, Line, Miss, Parsed, is_number, number},
    form,
    time::Clock,
    unix::Row,
};

/// Reads one line.
pub(super) fn entry(line: &[u8], clock: Clock) -> Parsed<'_> {
    let (letter, rest) = line.split_first().ok_or(Miss::Shape)?;
    let kind = match letter {
        b'd' => Kind::Directory,
        b'-' => Kind::File,
        _ => return Err(Miss::Shape),
    };
    let rights = rest.trim_ascii_start().strip_prefix(b"[").ok_or(Miss::Shape)?;
    let end =
        memchr::memchr(b']', rights).filter(|end| (5..=10).contains(end)).ok_or(Miss::Shape)?;
    if !rights[..end].iter().all(|b| b"-RWCEAFMSX ".contains(b)) {
        return Err(Miss::Shape);
    }
    let at = line.len() - rights.len() + end + 1;
    let mut modified = None;
    let row = Row::find(Line::new(line), at, clock, &mut modified).ok_or(Miss::Shape)?;
    let size = number(row.size()).ok_or(Miss::Shape)?;
    let name = line[row.end..].trim_ascii_start();
    if name.is_empty() {
        return Err(Miss::Shape);
    }
    let owner = Columns::of(row.owners()).last().filter(|o| !is_number(o));
    Ok(Found { owner, ..Found::new(name, kind, Some(size), modified) })
}

/// Writes one line, with all rights.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let letter = match entry.kind {
        Kind::Directory => 'd',
        Kind::File => '-',
        _ => return None,
    };
    let owner = match entry.owner() {
        None => "0",
        owner => form::text(owner)?,
    };
    let (size, date) = (entry.size?, form::ls_date(&entry.modified?)?);
    let columns = format!("{letter} [RWCEAFMS] {owner} {size:>24} {date} ");
    Some(form::named(columns, entry.name()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    #[track_caller]
    fn check(line: &str, name: &str, kind: Kind, owner: Option<&str>) {
        let read = entry(line.as_bytes(), Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0)));
        let read = read.expect("an entry");
        assert_eq!((read.name_text(), read.kind), (Some(name), kind));
        assert_eq!(read.owner, owner.map(str::as_bytes));
        assert_eq!(read.size, Some(512));
    }

    #[test]
    fn rights_stand_in_brackets() {
        check(
            "d [R----F--] supervisor   512       Jan 16 18:53    my login",
            "my login",
            Kind::Directory,
            Some("supervisor"),
        );
        check(
            "-[RWCEMFA]  1 *unknown    512 May 27  1997 x.doc",
            "x.doc",
            Kind::File,
            Some("*unknown"),
        );
        check(
            "d [----AF--]          0         512 Feb 22 17:32 _ADMIN",
            "_ADMIN",
            Kind::Directory,
            None,
        );
    }

    #[test]
    fn what_is_not_netware() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        for line in [
            "a [-----F--] S 512 Apr 13 23:52 SYS",
            "d [XGARBAGE] f 512 Jan 29  2004 pub",
            "d",
            "d []",
            "d [RW",
        ] {
            assert_eq!(entry(line.as_bytes(), clock), Err(Miss::Shape), "{line}");
        }
    }
}

//! Servers of classic Mac OS (NetPresenz, Peter Lewis' server): `ls -l` with the two forks.
//!
//! A file shows the size of its resource fork, of its data fork and the sum; a directory shows
//! `folder` and how many things are in it. HFS keeps local time, of whoever wrote the file.

use alloc::{format, vec::Vec};

use super::{
    Entry, Kind, Modified, Zone,
    fields::{Columns, Found, Line, Miss, Parsed, number},
    form,
    time::Clock,
    unix::{Row, mode_column},
};

/// Reads one line.
pub(super) fn entry(line: &[u8], clock: Clock) -> Parsed<'_> {
    let (letter, mode, at) = mode_column(line, 0).ok_or(Miss::Shape)?;
    let mut modified = None;
    let row = Row::find(Line::new(line), at, clock, &mut modified).ok_or(Miss::Shape)?;
    let count = number(row.size()).ok_or(Miss::Shape)?;
    let mut columns = Columns::of(row.owners());
    let kind = match (letter, columns.next(), columns.next(), columns.next()) {
        (b'd', Some(b"folder"), None, None) => Kind::Directory,
        (b'-', Some(resource), Some(data), None) => {
            let sum = number(resource).zip(number(data)).and_then(|(a, b)| a.checked_add(b));
            (sum == Some(count)).then_some(Kind::File).ok_or(Miss::Shape)?
        }
        _ => return Err(Miss::Shape),
    };
    let name = line.get(row.end + 1..).filter(|n| !n.is_empty()).ok_or(Miss::Shape)?;
    let modified = modified.map(|m| Modified { zone: Zone::Unknown, ..m });
    let size = (kind == Kind::File).then_some(count);
    Ok(Found { mode, ..Found::new(name, kind, size, modified) })
}

/// Writes one line, all of a file in its data fork.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let modified = entry.modified.filter(|m| m.zone == Zone::Unknown)?;
    let (mode, size, date) =
        (form::mode(entry.mode?), form::size_of_file(entry)?, form::ls_date(&modified)?);
    let columns = match entry.kind {
        Kind::Directory => format!("d{mode} folder 0 {date} "),
        Kind::File => format!("-{mode} 0 {size} {size} {date} "),
        _ => return None,
    };
    Some(form::named(columns, entry.name()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    fn read(line: &str) -> Parsed<'_> {
        entry(line.as_bytes(), Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0)))
    }

    #[test]
    fn the_sum_of_the_forks_is_the_size() {
        let file = read("-------r--         326  1391972  1392298 Nov 22  1995 Mega Phone")
            .expect("an entry");
        assert_eq!((file.name, file.size, file.owner), (&b"Mega Phone"[..], Some(1_392_298), None));
        let folder =
            read("drwxrwxr-x               folder        2 May 10  1996 net").expect("an entry");
        assert_eq!((folder.kind, folder.size), (Kind::Directory, None));
        assert_eq!(read("-rw-r--r--   1 500   20   1 Nov 22  1995 x"), Err(Miss::Shape));
    }
}

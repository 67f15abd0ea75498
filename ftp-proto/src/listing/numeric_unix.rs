//! Unix with nothing translated: `0100644  500  101  12345  123456789  name`.
//!
//! Mode in octal with the type of the file, user, group, size, seconds since 1970, name.

use alloc::{format, vec::Vec};

use super::{
    Device, Entry, Kind, Precision, Zone,
    eplf::{modified, seconds},
    fields::{Columns, Found, Miss, Parsed, is_number, number},
    form,
};

/// Reads one line.
pub(super) fn entry(line: &[u8]) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let (mode, user, group) = (columns.need()?, columns.need()?, columns.need()?);
    let (size, seconds) = (columns.need()?, columns.need()?);
    let numbers = is_number(user) && is_number(group) && seconds.len() >= 8;
    let octal = core::str::from_utf8(mode).ok().filter(|m| matches!(m.len(), 5..=7));
    let mode = octal.and_then(|m| u16::from_str_radix(m, 8).ok()).ok_or(Miss::Shape)?;
    let size = number(size).filter(|_| numbers).ok_or(Miss::Shape)?;
    let modified = modified(seconds).ok_or(Miss::Shape)?;
    let name = columns.rest().trim_ascii_start();
    if name.is_empty() {
        return Err(Miss::Shape);
    }
    Ok(Found {
        mode: Some(mode & 0o7777),
        owner: Some(user),
        group: Some(group),
        ..Found::new(name, kind(mode).ok_or(Miss::Shape)?, Some(size), Some(modified))
    })
}

/// The bits of `S_IFMT`.
fn kind(mode: u16) -> Option<Kind> {
    Some(match mode >> 12 {
        0o01 => Kind::Fifo,
        kind @ (0o02 | 0o06) => Kind::Device(Device { block: kind == 0o06, number: None }),
        0o04 => Kind::Directory,
        0o10 => Kind::File,
        0o12 => Kind::Symlink,
        0o14 => Kind::Socket,
        _ => return None,
    })
}

/// Writes one line.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let modified = form::stated(entry, Precision::Second, Zone::Utc)?;
    let seconds = seconds(&modified)?;
    let format = match entry.kind {
        Kind::Device(Device { block, number: None }) => 2 + 4 * u16::from(block),
        Kind::Directory => 0o04,
        Kind::Fifo => 0o01,
        Kind::File => 0o10,
        Kind::Socket => 0o14,
        Kind::Symlink => 0o12,
        _ => return None,
    };
    let mode = entry.mode? | format << 12;
    let (owner, group) = (form::text(entry.owner())?, form::text(entry.group())?);
    let columns = format!("{mode:07o} {owner} {group} {} {seconds} ", entry.size?);
    Some(form::named(columns, entry.name()))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn the_mode_tells_the_kind() {
        let read =
            entry(b"0100644   500  101   12345    123456789       a file").expect("an entry");
        assert_eq!(
            (read.name_text(), read.kind, read.mode),
            (Some("a file"), Kind::File, Some(0o644))
        );
        assert_eq!(read.modified.map(|m| m.at.to_string()).as_deref(), Some("1973-11-29T21:33:09"));
        assert_eq!(entry(b"040755 0 0 1 123456789 d").map(|e| e.kind), Ok(Kind::Directory));
        for line in
            ["0644 0 0 1 123456789 d", "0100644 a b 1 123456789 d", "0100648 0 0 1 123456789 d"]
        {
            assert_eq!(entry(line.as_bytes()), Err(Miss::Shape), "{line}");
        }
    }
}

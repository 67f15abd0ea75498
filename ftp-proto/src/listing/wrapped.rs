//! Entries on two lines: a long name alone, and its fields on the next line (VMS, `dls`).

use super::{
    Dialect, dls,
    fields::{Columns, Found, is_blank, is_number},
    time::Clock,
    vms,
};

/// Says whether a line that is no entry may be the name of one: a single word.
pub(super) fn may_be_name(line: &[u8]) -> bool {
    line.len() <= 255
        && !line.first().is_none_or(|b| is_blank(*b))
        && Columns::new(line).count() == 1
}

/// Splits a line in which a bare CR stands where the two lines should part.
pub(super) fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let cr = memchr::memchr(b'\r', line)?;
    let (name, fields) = (&line[..cr], &line[cr + 1..]);
    (may_be_name(name) && may_be_fields(name, fields)).then_some((name, fields))
}

/// Reads the two lines as one entry, of a fixed dialect or of any.
pub(super) fn entry<'a>(
    name: &'a [u8],
    fields: &'a [u8],
    fixed: Option<Dialect>,
    clock: Clock,
) -> Option<(Dialect, Found<'a>)> {
    let name = name.trim_ascii_end();
    if !may_be_fields(name, fields) {
        return None;
    }
    let read = |dialect| {
        let found = match dialect {
            Dialect::Vms => vms::wrapped(name, fields),
            _ => dls::wrapped(name, fields, clock),
        };
        Some((dialect, found.ok()?))
    };
    let known = [Dialect::Vms, Dialect::Dls].into_iter();
    known.filter(|dialect| fixed.is_none_or(|fixed| fixed == *dialect)).find_map(read)
}

/// Says whether a line may hold the fields of a name: it begins with a blank, unless a version says
/// that the name is of VMS.
pub(super) fn may_be_fields(name: &[u8], line: &[u8]) -> bool {
    let version = memchr::memrchr(b';', name).is_some_and(|at| is_number(&name[at + 1..]));
    line.first().is_some_and(|b| is_blank(*b) || (version && (b.is_ascii_digit() || *b == b'[')))
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    #[track_caller]
    fn check(name: &str, fields: &str, expected: Option<(Dialect, &str)>) {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        let read = entry(name.as_bytes(), fields.as_bytes(), None, clock);
        let read = read.map(|(dialect, found)| (dialect, found.name));
        assert_eq!(read, expected.map(|(dialect, name)| (dialect, name.as_bytes())));
    }

    #[test]
    fn fields_are_indented_or_follow_a_version() {
        check("A.DAT;1", "64   4-MAR-2019 00:04 [U,G] (RWED,,,R)", Some((Dialect::Vms, "A.DAT")));
        check("A.DAT", "   64   4-MAR-2019 00:04 [U,G] (RWED,,,R)", Some((Dialect::Vms, "A.DAT")));
        check("A.DAT", "64   4-MAR-2019 00:04 [U,G] (RWED,,,R)", None);
        check("long.Z", "      79215  Jan  4  6:45", Some((Dialect::Dls, "long.Z")));
    }

    #[test]
    fn a_fixed_dialect_is_the_only_one() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        let read = |fixed| {
            let read = entry(b"A.DAT;1", b"  64/66 4-MAR-2019 00:04", Some(fixed), clock);
            read.map(|(dialect, _)| dialect)
        };
        assert_eq!(read(Dialect::Vms), Some(Dialect::Vms));
        assert_eq!(read(Dialect::Dls), None);
        assert_eq!(read(Dialect::Unix), None);
    }

    #[test]
    fn a_bare_cr_may_part_them() {
        assert_eq!(split(b"A.DAT\r  64"), Some((&b"A.DAT"[..], &b"  64"[..])));
        assert_eq!(split(b"two words\r  64"), None);
        assert_eq!(split(b"A.DAT"), None);
    }
}

//! `dls`, a `LIST` for people: `name  size  date  description`.
//!
//! Directories end in `/` and show `-` or `=` for their size; the description of a link begins with
//! an arrow. A long name stands on a line of its own. A file must have a date, for else any line
//! with a number would be one.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{
    Entry, Kind,
    fields::{Columns, Found, Miss, Parsed, number},
    form,
    time::{Clock, triple},
};

/// Reads one line.
pub(super) fn entry(line: &[u8], clock: Clock) -> Parsed<'_> {
    let mut columns = Columns::new(line);
    let name = columns.need()?;
    described(name, columns, clock)
}

/// Reads an entry whose name stands on a line of its own.
pub(super) fn wrapped<'a>(name: &'a [u8], fields: &'a [u8], clock: Clock) -> Parsed<'a> {
    described(name, Columns::new(fields), clock)
}

fn described<'a>(name: &'a [u8], mut columns: Columns<'a>, clock: Clock) -> Parsed<'a> {
    let size = columns.need()?;
    if columns.clone().next().is_some_and(is_of_vms) {
        return Err(Miss::Shape);
    }
    let modified = columns.date(clock);
    if let Some(name) = name.strip_suffix(b"/").filter(|n| !n.is_empty()) {
        return match size {
            b"-" | b"=" => Ok(Found::new(name, Kind::Directory, None, modified.ok())),
            _ => Err(Miss::Shape),
        };
    }
    let size = number(size).ok_or(Miss::Shape)?;
    let target = columns.rest().trim_ascii_start().strip_prefix(b"-> ").map(<[u8]>::trim_ascii_end);
    let kind = if target.is_some() { Kind::Symlink } else { Kind::File };
    Ok(Found { target, ..Found::new(name, kind, Some(size), Some(modified?)) })
}

/// `2-JAN-2003`: sizes beside it are in blocks.
fn is_of_vms(date: &[u8]) -> bool {
    matches!(triple(date), Some(([_, month, _], b'-')) if month.first().is_some_and(u8::is_ascii_alphabetic))
}

/// Writes one line, without a description.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let date = form::ls_date(&entry.modified?)?;
    let (size, target) = match (entry.kind, entry.size, entry.target()) {
        (Kind::Directory, None, None) => ("/ -".to_string(), None),
        (Kind::File, Some(size), None) => (format!(" {size}"), None),
        (Kind::Symlink, Some(size), Some(target)) => (format!(" {size}"), Some(target)),
        _ => return None,
    };
    let mut line = form::named(String::new(), entry.name());
    line.extend_from_slice(format!("{size} {date}").as_bytes());
    if let Some(target) = target {
        line.extend_from_slice(b"  -> ");
        line.extend_from_slice(target);
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use jiff::civil::datetime;

    use super::*;

    #[track_caller]
    fn check<'a>(
        line: &'a str,
        name: &str,
        kind: Kind,
        size: Option<u64>,
        time: &str,
    ) -> Found<'a> {
        let read = entry(line.as_bytes(), Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0)));
        let read = read.expect("an entry");
        assert_eq!((read.name_text(), read.kind, read.size), (Some(name), kind, size));
        assert_eq!(read.modified.map(|m| m.at.to_string()).unwrap_or_default(), time);
        read
    }

    #[test]
    fn files_directories_and_links() {
        check(
            "README    763  Feb  3 18:21  Information",
            "README",
            Kind::File,
            Some(763),
            "2020-02-03T18:21:00",
        );
        check("ls-lR       0   6 Aug 17:14", "ls-lR", Kind::File, Some(0), "2019-08-06T17:14:00");
        check("pub/        =  Public area", "pub", Kind::Directory, None, "");
        check("bin/        -  Apr 28  1994", "bin", Kind::Directory, None, "1994-04-28T00:00:00");
        let line = "morgan     14  Apr 18  9:39  -> ../real/morgan";
        let read = check(line, "morgan", Kind::Symlink, Some(14), "2020-04-18T09:39:00");
        assert_eq!(read.target, Some(&b"../real/morgan"[..]));
    }

    #[test]
    fn a_file_needs_a_date() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        for line in ["total 5", "550 no such file", "bin/ 5", "word", "/ - x"] {
            assert_eq!(entry(line.as_bytes(), clock), Err(Miss::Shape), "{line}");
        }
    }

    #[test]
    fn blocks_of_vms_are_no_bytes() {
        let clock = Clock::new(datetime(2020, 7, 1, 0, 0, 0, 0));
        let read = entry(b"A.TXT    2  2-JAN-2003 10:30 [G,O] (RWED,RWED,RE,)", clock);
        assert_eq!(read, Err(Miss::Shape));
    }
}

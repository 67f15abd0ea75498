//! `MLSD` and `MLST` lines: facts, a blank, and the name (RFC 3659, section 7).
//!
//! `entry = [ facts ] SP pathname`, `facts = 1*( fact ";" )`, `fact = factname "=" value`.
//! Names of facts and the values of `type` have no case. The name is all that follows the first
//! blank, further blanks included. A missing last `;` and blanks before the facts are let pass.
//! Facts not known here stay in the line of the entry.

mod facts;

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use self::facts::Facts;
use super::{
    Caps, Device, Entry, Kind, Modified, Precision, Reason, Year, Zone,
    fields::{Found, Miss, Parsed, is_blank},
};

/// Reads one line of an `MLST` answer: those of its body as they came, without their ends.
///
/// "Note that for MLST the fact set is preceded by a space" (RFC 3659, section 7.2), and where there
/// are no facts "there will be exactly two leading spaces before the pathname"; servers that leave
/// the first one out exist (uftpd). Where `MLST` had no argument, "the server-PI may either include
/// an empty file name in the response" (7.3.1): so the name may be empty here.
///
/// # Errors
///
/// [`Reason::Unknown`] where there are no facts and no blank that stands for none, and the reason
/// for a fact that is not as the RFC has it.
pub fn entry(line: &[u8]) -> Result<Entry, Reason> {
    if line.len() > Caps::MAX_LINE {
        return Err(Reason::LineTooLong);
    }
    let text = line.strip_prefix(b" ").unwrap_or(line);
    let read = Found::filled(|found| find(text, found)).or_else(|miss| match miss {
        Miss::Shape => name_alone(text).or_else(|_| without_facts(line)),
        Miss::Broken(_) => Err(miss),
    });
    match read {
        Ok(found) => Ok(Entry::read(line, &found)),
        Err(Miss::Shape) => Err(Reason::Unknown),
        Err(Miss::Broken(reason)) => Err(reason),
    }
}

/// Reads a blank and a name, whose own blanks belong to it.
fn name_alone(text: &[u8]) -> Parsed<'_> {
    match text {
        [b' ', name @ ..] if !name.trim_ascii().is_empty() => {
            Ok(Found::new(name, Kind::Unknown, None, None))
        }
        _ => Err(Miss::Shape),
    }
}

/// Reads a line of `MLSD` that has facts.
pub(super) fn parse(line: &[u8]) -> Parsed<'_> {
    Found::filled(|found| fill(line, found))
}

/// Fills in what is found in a line of `MLSD` that has facts.
#[inline(never)]
pub(super) fn fill<'a>(line: &'a [u8], found: &mut Found<'a>) -> Result<(), Miss> {
    find(line, found)?;
    if found.name.is_empty() { Err(Miss::Broken(Reason::Name)) } else { Ok(()) }
}

/// Finds facts and what follows them, a name or nothing.
fn find<'a>(line: &'a [u8], found: &mut Found<'a>) -> Result<(), Miss> {
    let start = line.iter().position(|b| !is_blank(*b)).ok_or(Miss::Shape)?;
    let line = &line[start..];
    Facts::new(found).read(line).map_err(|miss| unless_without_name(line, miss))
}

/// What is wrong with a fact matters where facts and a name are.
#[cold]
fn unless_without_name(line: &[u8], miss: Miss) -> Miss {
    match memchr::memchr(b' ', line).map(|space| line.split_at(space)) {
        Some(([.., b';'], _) | (_, [_, _, ..])) => miss,
        _ => Miss::Shape,
    }
}

/// Reads a line without facts: a blank, and a name.
pub(super) fn without_facts(line: &[u8]) -> Parsed<'_> {
    match line {
        [b' ', first, ..] if !is_blank(*first) => {
            Ok(Found::new(&line[1..], Kind::Unknown, None, None))
        }
        _ => Err(Miss::Shape),
    }
}

/// Writes one line.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut fact = |name: &str, value: &[u8]| {
        line.extend_from_slice(name.as_bytes());
        line.extend_from_slice(value);
        line.push(b';');
    };
    match entry.kind {
        Kind::Unknown => {}
        kind => fact("type=", &kind_value(kind, entry.target())?),
    }
    if let Some(size) = entry.size {
        fact("size=", size.to_string().as_bytes());
    }
    if let Some(modified) = &entry.modified {
        fact("modify=", time_value(modified)?.as_bytes());
    }
    if let Some(permissions) = entry.permissions {
        fact("perm=", permissions.to_string().as_bytes());
    }
    if let Some(unique) = entry.unique() {
        fact("unique=", unique);
    }
    if let Some(mode) = entry.mode {
        fact("UNIX.mode=", format!("{mode:04o}").as_bytes());
    }
    if let Some(owner) = entry.owner() {
        fact("UNIX.owner=", owner);
    }
    if let Some(group) = entry.group() {
        fact("UNIX.group=", group);
    }
    line.push(b' ');
    line.extend_from_slice(entry.name());
    Some(line)
}

fn kind_value(kind: Kind, target: Option<&[u8]>) -> Option<Vec<u8>> {
    let device = |d: Device| {
        let (major, minor) = d.number?;
        Some(format!("OS.unix={}-{major}/{minor}", if d.block { "blk" } else { "chr" }))
    };
    Some(match kind {
        Kind::Current => b"cdir".to_vec(),
        Kind::Device(d) => device(d)?.into_bytes(),
        Kind::Directory => b"dir".to_vec(),
        Kind::Fifo => b"OS.unix=fifo".to_vec(),
        Kind::File => b"file".to_vec(),
        Kind::Other => b"OS.unix=other".to_vec(),
        Kind::Parent => b"pdir".to_vec(),
        Kind::Socket => b"OS.unix=socket".to_vec(),
        // A blank has no place among facts, though it is read.
        Kind::Symlink if target.is_some_and(|target| target.contains(&b' ')) => return None,
        Kind::Symlink => [b"OS.unix=slink:", target.unwrap_or_default()].concat(),
        Kind::Unknown => return None,
    })
}

fn time_value(modified: &Modified) -> Option<String> {
    let at = modified.at;
    let utc = modified.zone == Zone::Utc && modified.year == Year::Stated && at.year() >= 1000;
    let date = format!("{:04}{:02}{:02}", at.year(), at.month(), at.day());
    let time = format!("{date}{:02}{:02}{:02}", at.hour(), at.minute(), at.second());
    match modified.precision {
        Precision::Second if utc => Some(time),
        Precision::Subsecond(digits) if utc => {
            let nanoseconds = format!("{:09}", at.subsec_nanosecond());
            Some(format!("{time}.{}", nanoseconds.get(..digits.into())?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[track_caller]
    fn check(line: &str, name: &str, kind: Kind) -> Entry {
        let read = entry(line.as_bytes()).expect("an entry");
        assert_eq!((read.name_text(), read.kind), (Some(name), kind));
        assert_eq!(read.line(), line.as_bytes());
        read
    }

    #[test]
    fn facts_have_no_case_and_no_order() {
        let read = check(
            "uNIx.MOde=0755;SiZe=11;tYpe=file;MoDIfy=20181025120459; file one",
            "file one",
            Kind::File,
        );
        assert_eq!((read.size, read.mode), (Some(11), Some(0o755)));
        let modified = read.modified.expect("a time");
        assert_eq!(modified.at.to_string(), "2018-10-25T12:04:59");
        assert_eq!((modified.zone, modified.precision), (Zone::Utc, Precision::Second));
    }

    #[test]
    fn the_name_is_all_behind_the_first_blank() {
        check("Type=file; \t leading and trailing \t ", "\t leading and trailing \t ", Kind::File);
        check("type=file;  two", " two", Kind::File);
        check(" plain", "plain", Kind::Unknown);
        check("type=file no semicolon", "no semicolon", Kind::File);
        check("     Type=file;Size=1; blanks before", "blanks before", Kind::File);
        check("Type=; /empty/fact", "/empty/fact", Kind::Unknown);
        check("a=b;c=d;e; f".replace(";e", "").as_str(), "f", Kind::Unknown);
    }

    #[test]
    fn an_answer_to_mlst_has_a_blank_before_its_facts() {
        // The examples of RFC 3659, 7.7.1, 7.7.6 and 7.9.2.
        check(" Type=file;Size=1024990;Perm=r; /tmp/a.tar.gz", "/tmp/a.tar.gz", Kind::File);
        check(" type=dir;unique=AQkAAAAAAAABCAAA; /", "/", Kind::Directory);
        check("  /tmp", "/tmp", Kind::Unknown);
        check("   blank first", " blank first", Kind::Unknown);
        check(" Type=dir;Perm=el;Unique=keVO1+ZF4 test", "test", Kind::Directory);
        check(" Type=file;  two blanks", " two blanks", Kind::File);
        check(" type=dir;unique=7; ", "", Kind::Directory);
        // uftpd leaves the first one out.
        check("type=dir; /", "/", Kind::Directory);
        check(" /tmp", "/tmp", Kind::Unknown);
    }

    #[test]
    fn types_of_unix_are_kept_apart() {
        let target = |line: &str| check(line, "x", Kind::Symlink).target().map(<[u8]>::to_vec);
        assert_eq!(target("type=OS.unix=slink:/a=b:c; x"), Some(b"/a=b:c".to_vec()));
        assert_eq!(target("type=OS.unix=slink:/a b;unique=7; x"), Some(b"/a b".to_vec()));
        assert_eq!(target("type=OS.unix=slink:; x"), None);
        assert_eq!(target("type=OS.UNIX=symlink; x"), None);
        let device = |block, number| Kind::Device(Device { block, number });
        check("Type=OS.unix=chr-13/29; x", "x", device(false, Some((13, 29))));
        check("Type=OS.unix=blk-11/108; x", "x", device(true, Some((11, 108))));
        check("Type=OS.unix=fifo; x", "x", Kind::Fifo);
        check("Type=OS.vms=thing; x", "x", Kind::Other);
        check("type=dir; .", ".", Kind::Current);
        check("type=pdir;perm=el; /", "/", Kind::Parent);
    }

    #[test]
    fn owner_names_beat_numbers() {
        let line = "UNIX.ownername=me;UNIX.uid=7;UNIX.owner=11;UNIX.gid=2;UNIX.group=22; x";
        let read = check(line, "x", Kind::Unknown);
        assert_eq!((read.owner(), read.group()), (Some(&b"me"[..]), Some(&b"22"[..])));
    }

    #[test]
    fn fractions_leap_seconds_and_years_nobody_means() {
        let time = |text: &str| {
            let read = entry(alloc::format!("modify={text}; x").as_bytes());
            read.map(|e| e.modified.map(|m| (m.at.to_string(), m.precision)))
        };
        let some = |text: &str, precision| Ok(Some((text.to_string(), precision)));
        assert_eq!(
            time("20131220035929.1234"),
            some("2013-12-20T03:59:29.1234", Precision::Subsecond(4))
        );
        assert_eq!(time("20161231235960"), some("2016-12-31T23:59:59", Precision::Second));
        assert_eq!(time("19681105165215"), some("1968-11-05T16:52:15", Precision::Second));
        assert_eq!(time("00010101000000"), Ok(None));
        assert_eq!(time(""), Ok(None));
        for text in [
            "notadate",
            "2014102206510x",
            "20141022065102.",
            "00010101000000.x",
            "20141322065102",
            "20140230000000",
        ] {
            assert_eq!(time(text), Err(Reason::Date), "{text}");
        }
    }

    #[test]
    fn what_is_no_entry() {
        assert_eq!(entry(b"type=file;size=garbage; x"), Err(Reason::Size));
        assert_eq!(parse(b"type=file; ").map(|_| ()), Err(Miss::Broken(Reason::Name)));
        for line in ["", " ", "   ", "word", "no facts", "=x; y", "a b=c;", "/no/leading/space"] {
            assert_eq!(entry(line.as_bytes()), Err(Reason::Unknown), "{line:?}");
        }
    }
}

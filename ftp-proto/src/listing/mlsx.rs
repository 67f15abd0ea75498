//! `MLSD` and `MLST` lines: facts, a blank, and the name (RFC 3659, section 7).
//!
//! `entry = [ facts ] SP pathname`, `facts = 1*( fact ";" )`, `fact = factname "=" value`.
//! Names of facts and the values of `type` have no case. The name is all that follows the first
//! blank, further blanks included. A missing last `;` and blanks before the facts are let pass.
//! Facts not known here stay in the line of the entry.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{
    Device, Entry, Kind, Modified, Permissions, Reason, Text, Year, Zone,
    fields::{Miss, Parsed, is_blank, is_number, number, small},
    time::{Daytime, Precision},
};

/// Reads one line of an `MLST` or `MLSD` answer, without its end.
///
/// # Errors
///
/// [`Reason::Unknown`] where there are no facts and no blank that stands for none, and the reason
/// for a fact that is not as the RFC has it.
pub fn entry(line: &[u8]) -> Result<Entry, Reason> {
    let read = parse(line).or_else(|miss| match miss {
        Miss::Shape => without_facts(line),
        Miss::Broken(_) => Err(miss),
    });
    match read {
        Ok(entry) => Ok(Entry { line: line.into(), ..entry }),
        Err(Miss::Shape) => Err(Reason::Unknown),
        Err(Miss::Broken(reason)) => Err(reason),
    }
}

/// Reads a line that has facts.
pub(super) fn parse(line: &[u8]) -> Parsed {
    let start = line.iter().position(|b| !is_blank(*b)).ok_or(Miss::Shape)?;
    let line = &line[start..];
    let space = memchr::memchr(b' ', line).ok_or(Miss::Shape)?;
    let (facts, name) = (&line[..space], &line[space + 1..]);
    if name.is_empty() {
        return Err(if looks_like_facts(facts) { Miss::Broken(Reason::Name) } else { Miss::Shape });
    }
    let mut facts_read = Facts::default();
    facts_read.read(facts)?;
    let mut entry = facts_read.entry;
    match name {
        b"." => entry.kind = Kind::Current,
        b".." => entry.kind = Kind::Parent,
        _ => {}
    }
    entry.name.extend_from_slice(name);
    Ok(entry)
}

/// Reads a line without facts: a blank, and a name.
pub(super) fn without_facts(line: &[u8]) -> Parsed {
    match line {
        [b' ', first, ..] if !is_blank(*first) => {
            Ok(super::fields::entry(&line[1..], Kind::Unknown, None, None))
        }
        _ => Err(Miss::Shape),
    }
}

fn looks_like_facts(facts: &[u8]) -> bool {
    facts.ends_with(b";") && facts.contains(&b'=')
}

/// The facts of one line, by their rank: the name of an owner beats the number.
#[derive(Default)]
struct Facts {
    entry: Entry,
    owner_rank: u8,
    group_rank: u8,
}

impl Facts {
    fn read(&mut self, facts: &[u8]) -> Result<(), Miss> {
        let closed = facts.ends_with(b";");
        let mut known = closed;
        let mut rest = facts;
        while !rest.is_empty() {
            let end = rest.iter().position(|b| *b == b';').unwrap_or(rest.len());
            let (fact, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            let equals = fact.iter().position(|b| *b == b'=');
            let equals = equals.filter(|at| *at > 0).ok_or(Miss::Shape)?;
            known |= self.fact(&fact[..equals], &fact[equals + 1..])?;
        }
        if known && !facts.is_empty() { Ok(()) } else { Err(Miss::Shape) }
    }

    /// Takes one fact, and says whether it is known.
    fn fact(&mut self, name: &[u8], value: &[u8]) -> Result<bool, Miss> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let entry = &mut self.entry;
        match name.len() {
            4 if is("type") => entry.kind = kind(value),
            4 if is("size") && !value.is_empty() => {
                entry.size = Some(number(value).ok_or(Miss::Broken(Reason::Size))?);
            }
            4 if is("perm") => entry.permissions = Some(Permissions::parse(value)),
            4 => return Ok(is("size") || is("sizd") || is("lang")),
            6 if is("modify") && !value.is_empty() => entry.modified = modified(value)?,
            6 if is("unique") => entry.unique = Some(value.into()),
            6 => return Ok(is("modify") || is("create")),
            7 => return Ok(is("charset")),
            8 if is("UNIX.uid") => rank(&mut self.owner_rank, 1, &mut entry.owner, value),
            8 if is("UNIX.gid") => rank(&mut self.group_rank, 1, &mut entry.group, value),
            9 if is("UNIX.mode") => entry.mode = octal(value),
            10 if is("UNIX.owner") => rank(&mut self.owner_rank, 2, &mut entry.owner, value),
            10 if is("UNIX.group") => rank(&mut self.group_rank, 2, &mut entry.group, value),
            10 => return Ok(is("media-type")),
            14 if is("UNIX.ownername") => rank(&mut self.owner_rank, 3, &mut entry.owner, value),
            14 if is("UNIX.groupname") => rank(&mut self.group_rank, 3, &mut entry.group, value),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn rank(rank: &mut u8, new: u8, field: &mut Option<Text>, value: &[u8]) {
    if new > *rank && !value.is_empty() {
        *rank = new;
        *field = Some(value.into());
    }
}

/// `"file" / "cdir" / "pdir" / "dir" / os-type`, and `OS.unix=slink:target` of erratum 1500.
fn kind(value: &[u8]) -> Kind {
    let is = |word: &str| value.eq_ignore_ascii_case(word.as_bytes());
    if is("file") {
        Kind::File
    } else if is("dir") {
        Kind::Directory
    } else if is("cdir") {
        Kind::Current
    } else if is("pdir") {
        Kind::Parent
    } else if value.is_empty() {
        Kind::Unknown
    } else {
        unix_kind(value).unwrap_or(Kind::Other)
    }
}

fn unix_kind(value: &[u8]) -> Option<Kind> {
    let (os, what) = value.split_at_checked(8)?;
    if !os.eq_ignore_ascii_case(b"OS.unix=") {
        return None;
    }
    let end = what.iter().position(|b| matches!(b, b':' | b'-')).unwrap_or(what.len());
    let (word, detail) = (&what[..end], what.get(end + 1..).unwrap_or_default());
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    if is("slink") || is("symlink") {
        let target = Some(detail.to_vec()).filter(|t| !t.is_empty());
        Some(Kind::Symlink { target })
    } else if is("chr") || is("blk") {
        let slash = detail.iter().position(|b| *b == b'/');
        let number = slash.and_then(|at| Some((small(&detail[..at])?, small(&detail[at + 1..])?)));
        Some(Kind::Device(Device { block: is("blk"), number }))
    } else if is("fifo") || is("pipe") {
        Some(Kind::Fifo)
    } else if is("socket") || is("sock") {
        Some(Kind::Socket)
    } else {
        None
    }
}

/// `time-val = 14DIGIT [ "." 1*DIGIT ]`, in UTC. Servers that do not know write the year 1.
fn modified(value: &[u8]) -> Result<Option<Modified>, Miss> {
    let bad = Miss::Broken(Reason::Date);
    let (digits, fraction) = value.split_at_checked(14).ok_or(bad)?;
    if !is_number(digits) {
        return Err(bad);
    }
    let two = |at: usize| ((digits[at] - b'0') * 10 + (digits[at + 1] - b'0')).cast_signed();
    let (century, year, month, day) = (two(0), two(2), two(4), two(6));
    let (hour, minute, second) = (two(8), two(10), two(12));
    if hour > 23 || minute > 59 || second > 60 {
        return Err(bad);
    }
    let time = Daytime {
        hour,
        minute,
        second: second.min(59),
        nanosecond: 0,
        precision: Precision::Second,
    };
    let time = match fraction {
        [] => time,
        [b'.', digits @ ..] => time.with_fraction(digits).ok_or(bad)?,
        _ => return Err(bad),
    };
    let year = i16::from(century) * 100 + i16::from(year);
    if year < 1000 {
        return Ok(None);
    }
    Ok(Some(Modified::stated((year, month, day), Some(time), Zone::Utc).ok_or(bad)?))
}

/// `UNIX.mode`: three to six octal digits.
fn octal(value: &[u8]) -> Option<u16> {
    if value.is_empty() || value.len() > 7 {
        return None;
    }
    let octal = value.iter().try_fold(0u32, |mode, b| {
        matches!(b, b'0'..=b'7').then(|| mode * 8 + u32::from(b - b'0'))
    })?;
    u16::try_from(octal & 0o7777).ok()
}

/// Writes one line.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut fact = |name: &str, value: &[u8]| {
        let whole = |b: &u8| !matches!(b, b';' | b' ' | b'\n' | b'\r' | 0);
        line.extend_from_slice(name.as_bytes());
        line.extend_from_slice(value);
        line.push(b';');
        value.iter().all(whole).then_some(())
    };
    match &entry.kind {
        Kind::Unknown => {}
        kind => fact("type=", &kind_value(kind)?)?,
    }
    if let Some(size) = entry.size {
        fact("size=", size.to_string().as_bytes())?;
    }
    if let Some(modified) = &entry.modified {
        fact("modify=", time_value(modified)?.as_bytes())?;
    }
    if let Some(permissions) = entry.permissions {
        fact("perm=", permissions.to_string().as_bytes())?;
    }
    if let Some(unique) = &entry.unique {
        fact("unique=", unique)?;
    }
    if let Some(mode) = entry.mode {
        fact("UNIX.mode=", format!("{mode:04o}").as_bytes())?;
    }
    if let Some(owner) = &entry.owner {
        fact("UNIX.owner=", Some(owner).filter(|o| !o.is_empty())?)?;
    }
    if let Some(group) = &entry.group {
        fact("UNIX.group=", Some(group).filter(|g| !g.is_empty())?)?;
    }
    if line.is_empty() {
        return None;
    }
    line.push(b' ');
    line.extend_from_slice(&entry.name);
    Some(line)
}

fn kind_value(kind: &Kind) -> Option<Vec<u8>> {
    let device = |d: &Device| {
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
        Kind::Symlink { target } => {
            let target = target.as_deref().unwrap_or_default();
            [b"OS.unix=slink:", target].concat()
        }
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
    fn check(line: &str, name: &str, kind: impl Into<Kind>) -> Entry {
        let read = entry(line.as_bytes()).expect("an entry");
        assert_eq!((read.name_text(), read.kind.clone()), (Some(name), kind.into()));
        assert_eq!(&*read.line, line.as_bytes());
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
    fn types_of_unix_are_kept_apart() {
        let link =
            |target: Option<&str>| Kind::Symlink { target: target.map(|t| t.as_bytes().into()) };
        check("type=OS.unix=slink:/a=b:c; x", "x", link(Some("/a=b:c")));
        check("type=OS.unix=slink:; x", "x", link(None));
        check("type=OS.UNIX=symlink; x", "x", link(None));
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
        assert_eq!((read.owner, read.group), (Some("me".into()), Some("22".into())));
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
        for text in
            ["notadate", "2014102206510x", "20141022065102.", "20141322065102", "20140230000000"]
        {
            assert_eq!(time(text), Err(Reason::Date), "{text}");
        }
    }

    #[test]
    fn what_is_no_entry() {
        assert_eq!(entry(b"type=file;size=garbage; x"), Err(Reason::Size));
        assert_eq!(entry(b"type=file; "), Err(Reason::Name));
        for line in ["", " ", "   ", "word", "no facts", "=x; y", "a b=c;", "/no/leading/space"] {
            assert_eq!(entry(line.as_bytes()), Err(Reason::Unknown), "{line:?}");
        }
    }
}

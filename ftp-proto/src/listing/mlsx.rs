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
    Caps, Device, Entry, Kind, Modified, Permissions, Reason, Year, Zone,
    fields::{Found, Miss, Parsed, first_of, is_blank, number, pairs, small},
    time::{Daytime, Precision},
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
    let space = memchr::memchr(b' ', line).ok_or(Miss::Shape)?;
    let (facts, name) = facts_and_name(line, space);
    if name.is_empty() && !looks_like_facts(facts) {
        return Err(Miss::Shape);
    }
    found.name = name;
    Facts { found, owner_rank: 0, group_rank: 0 }.read(facts)?;
    match name {
        b"." => found.kind = Kind::Current,
        b".." => found.kind = Kind::Parent,
        _ => {}
    }
    Ok(())
}

/// Splits at the first blank, for "the set of facts must not contain any spaces" (RFC 3659 7.2).
///
/// ProFTPD writes the target of a link as it is, blanks included; the facts go on behind it.
fn facts_and_name(line: &[u8], space: usize) -> (&[u8], &[u8]) {
    let space = match line[..space] {
        [.., b';'] => space,
        ref facts => past_target(line, facts).unwrap_or(space),
    };
    (&line[..space], &line[space + 1..])
}

fn past_target(line: &[u8], facts: &[u8]) -> Option<usize> {
    const LINK: &[u8] = b"type=OS.unix=slink:";
    let begun = memchr::memrchr(b';', facts).map_or(0, |end| end + 1);
    let (kind, _) = facts[begun..].split_at_checked(LINK.len())?;
    let end = memchr::memmem::find(&line[facts.len()..], b"; ")?;
    kind.eq_ignore_ascii_case(LINK).then_some(facts.len() + end + 1)
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

fn looks_like_facts(facts: &[u8]) -> bool {
    facts.ends_with(b";") && facts.contains(&b'=')
}

/// The facts of one line, by their rank: the name of an owner beats the number.
struct Facts<'a, 'f> {
    found: &'f mut Found<'a>,
    owner_rank: u8,
    group_rank: u8,
}

/// A fact known here.
#[derive(Clone, Copy)]
enum Fact {
    /// Known, and of no use to an entry.
    Idle,
    Modify,
    Perm,
    Size,
    Type,
    Unique,
    UnixGid,
    UnixGroup,
    UnixGroupName,
    UnixMode,
    UnixOwner,
    UnixOwnerName,
    UnixUid,
}

impl Fact {
    const ALL: &[(&[u8], Self)] = &[
        (b"charset", Self::Idle),
        (b"create", Self::Idle),
        (b"lang", Self::Idle),
        (b"media-type", Self::Idle),
        (b"modify", Self::Modify),
        (b"perm", Self::Perm),
        (b"sizd", Self::Idle),
        (b"size", Self::Size),
        (b"type", Self::Type),
        (b"unique", Self::Unique),
        (b"UNIX.gid", Self::UnixGid),
        (b"UNIX.group", Self::UnixGroup),
        (b"UNIX.groupname", Self::UnixGroupName),
        (b"UNIX.mode", Self::UnixMode),
        (b"UNIX.owner", Self::UnixOwner),
        (b"UNIX.ownername", Self::UnixOwnerName),
        (b"UNIX.uid", Self::UnixUid),
    ];

    /// Reads the name of a fact and its `=`, and returns what follows.
    fn named(facts: &[u8]) -> Result<(Option<Self>, &[u8]), Miss> {
        let (name, value) = facts.split_at(first_of(*b"=;", facts));
        let value = value.strip_prefix(b"=").filter(|_| !name.is_empty()).ok_or(Miss::Shape)?;
        let known = Self::ALL.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        Ok((known.map(|(_, fact)| *fact), value))
    }
}

/// Splits the value of a fact from the facts that follow.
#[inline]
fn cut(text: &[u8]) -> (&[u8], &[u8]) {
    let end = first_of([b';'], text);
    text.get(end + 1..).map_or((text, &[]), |rest| (&text[..end], rest))
}

impl<'a> Facts<'a, '_> {
    /// Reads all of them, one after the other.
    fn read(&mut self, facts: &'a [u8]) -> Result<(), Miss> {
        let mut known = facts.ends_with(b";");
        let mut rest = facts;
        while !rest.is_empty() {
            if let Some(next) = self.usual(rest)? {
                (rest, known) = (next, true);
                continue;
            }
            let (fact, text) = Fact::named(rest)?;
            let (value, next) = cut(text);
            rest = next;
            if let Some(fact) = fact {
                self.take(fact, value)?;
                known = true;
            }
        }
        if known && !facts.is_empty() { Ok(()) } else { Err(Miss::Shape) }
    }

    /// Takes at a glance the facts that fill most listings, as most servers spell them, and returns
    /// those that follow.
    #[inline]
    fn usual(&mut self, facts: &'a [u8]) -> Result<Option<&'a [u8]>, Miss> {
        match *facts {
            [b'm', ..] => self.is(Fact::Modify, b"modify=", facts),
            [b'p', ..] => self.is(Fact::Perm, b"perm=", facts),
            [b's', ..] => self.is(Fact::Size, b"size=", facts),
            [b't', ..] => self.is(Fact::Type, b"type=", facts),
            [b'u', ..] => self.is(Fact::Unique, b"unique=", facts),
            [b'U', _, _, _, _, b'g', _, _, _, _, b'=', ..] => {
                self.is(Fact::UnixGroup, b"UNIX.group=", facts)
            }
            [b'U', _, _, _, _, b'g', b'i', ..] => self.is(Fact::UnixGid, b"UNIX.gid=", facts),
            [b'U', _, _, _, _, b'g', ..] => self.is(Fact::UnixGroupName, b"UNIX.groupname=", facts),
            [b'U', _, _, _, _, b'm', ..] => self.is(Fact::UnixMode, b"UNIX.mode=", facts),
            [b'U', _, _, _, _, b'o', _, _, _, _, b'=', ..] => {
                self.is(Fact::UnixOwner, b"UNIX.owner=", facts)
            }
            [b'U', _, _, _, _, b'o', ..] => self.is(Fact::UnixOwnerName, b"UNIX.ownername=", facts),
            [b'U', ..] => self.is(Fact::UnixUid, b"UNIX.uid=", facts),
            _ => Ok(None),
        }
    }

    /// Takes a fact if it has this name.
    #[inline(always)]
    fn is<const N: usize>(
        &mut self,
        fact: Fact,
        name: &[u8; N],
        facts: &'a [u8],
    ) -> Result<Option<&'a [u8]>, Miss> {
        let Some(text) = facts.strip_prefix(name) else { return Ok(None) };
        let (value, rest) = cut(text);
        self.take(fact, value)?;
        Ok(Some(rest))
    }

    #[inline(always)]
    fn take(&mut self, fact: Fact, value: &'a [u8]) -> Result<(), Miss> {
        let found = &mut *self.found;
        match fact {
            Fact::Modify if !value.is_empty() => modified(value, &mut found.modified)?,
            Fact::Size if !value.is_empty() => {
                found.size = Some(number(value).ok_or(Miss::Broken(Reason::Size))?);
            }
            Fact::Idle | Fact::Modify | Fact::Size => {}
            Fact::Perm => found.permissions = Some(Permissions::parse(value)),
            Fact::Type => kind(value, found),
            Fact::Unique => found.unique = Some(value),
            Fact::UnixMode => found.mode = octal(value),
            Fact::UnixUid => rank(&mut self.owner_rank, 1, &mut found.owner, value),
            Fact::UnixGid => rank(&mut self.group_rank, 1, &mut found.group, value),
            Fact::UnixOwner => rank(&mut self.owner_rank, 2, &mut found.owner, value),
            Fact::UnixGroup => rank(&mut self.group_rank, 2, &mut found.group, value),
            Fact::UnixOwnerName => rank(&mut self.owner_rank, 3, &mut found.owner, value),
            Fact::UnixGroupName => rank(&mut self.group_rank, 3, &mut found.group, value),
        }
        Ok(())
    }
}

fn rank<'a>(rank: &mut u8, new: u8, field: &mut Option<&'a [u8]>, value: &'a [u8]) {
    if new > *rank && !value.is_empty() {
        *rank = new;
        *field = Some(value);
    }
}

/// `"file" / "cdir" / "pdir" / "dir" / os-type`, and `OS.unix=slink:target` of erratum 1500.
#[inline]
fn kind<'a>(value: &'a [u8], found: &mut Found<'a>) {
    let is = |word: &[u8]| value == word || value.eq_ignore_ascii_case(word);
    found.target = None;
    found.kind = if is(b"file") {
        Kind::File
    } else if is(b"dir") {
        Kind::Directory
    } else if is(b"cdir") {
        Kind::Current
    } else if is(b"pdir") {
        Kind::Parent
    } else if value.is_empty() {
        Kind::Unknown
    } else {
        let (kind, target) = unix_kind(value).unwrap_or((Kind::Other, None));
        found.target = target;
        kind
    };
}

/// The kind, and the target of a link.
#[cold]
fn unix_kind(value: &[u8]) -> Option<(Kind, Option<&[u8]>)> {
    let (os, what) = value.split_at_checked(8)?;
    if !os.eq_ignore_ascii_case(b"OS.unix=") {
        return None;
    }
    let end = what.iter().position(|b| matches!(b, b':' | b'-')).unwrap_or(what.len());
    let (word, detail) = (&what[..end], what.get(end + 1..).unwrap_or_default());
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    if is("slink") || is("symlink") {
        return Some((Kind::Symlink, Some(detail).filter(|t| !t.is_empty())));
    }
    let kind = if is("chr") || is("blk") {
        let slash = detail.iter().position(|b| *b == b'/');
        let number = slash.and_then(|at| Some((small(&detail[..at])?, small(&detail[at + 1..])?)));
        Kind::Device(Device { block: is("blk"), number })
    } else if is("fifo") || is("pipe") {
        Kind::Fifo
    } else if is("socket") || is("sock") {
        Kind::Socket
    } else {
        return None;
    };
    Some((kind, None))
}

/// `time-val = 14DIGIT [ "." 1*DIGIT ]`, in UTC. Servers that do not know write the year 1.
fn modified(value: &[u8], modified: &mut Option<Modified>) -> Result<(), Miss> {
    let bad = Miss::Broken(Reason::Date);
    let (digits, fraction) = value.split_first_chunk::<14>().ok_or(bad)?;
    let eight = |at: usize| Some(pairs(*digits[at..].first_chunk()?)?.map(u8::cast_signed));
    let [century, year, month, _] = eight(0).ok_or(bad)?;
    let [day, hour, minute, second] = eight(6).ok_or(bad)?;
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
    *modified = None;
    if year >= 1000 {
        *modified = Modified::stated((year, month, day), Some(time), Zone::Utc);
        modified.ok_or(bad)?;
    }
    Ok(())
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
        for text in
            ["notadate", "2014102206510x", "20141022065102.", "20141322065102", "20140230000000"]
        {
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

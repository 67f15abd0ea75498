//! The facts of one line, and the name behind them.
//!
//! Most facts are read at a glance, as most servers write them; what is not as usual is looked at
//! more closely, by the rules.

use jiff::civil;

use super::super::{
    Device, Kind, Modified, Permissions, Reason, Year, Zone,
    fields::{Found, Miss, first_of, is_number, number, pairs, small},
    time::Precision,
};

/// Where facts go; the name of an owner beats the number.
pub(super) struct Facts<'a, 'f> {
    found: &'f mut Found<'a>,
    /// A fact known here was among them.
    known: bool,
    owner_rank: u8,
    group_rank: u8,
}

impl<'a, 'f> Facts<'a, 'f> {
    pub(super) fn new(found: &'f mut Found<'a>) -> Self {
        Self { found, known: false, owner_rank: 0, group_rank: 0 }
    }

    /// Reads all of them, one after the other, and the name behind them.
    ///
    /// "The set of facts must not contain any spaces" (RFC 3659, section 7.2): the first one ends
    /// them, and what follows is the name.
    pub(super) fn read(mut self, line: &'a [u8]) -> Result<(), Miss> {
        let mut rest = line;
        let name = loop {
            while let Some(next) = self.glance(rest) {
                (rest, self.known) = (next, true);
            }
            if let [b' ', name @ ..] = rest {
                break name;
            }
            rest = self.look(rest)?;
        };
        let ended = line[..line.len() - rest.len()].ends_with(b";");
        if !ended && (!self.known || name.is_empty()) {
            return Err(Miss::Shape);
        }
        self.found.name = name;
        match name {
            b"." => self.found.kind = Kind::Current,
            b".." => self.found.kind = Kind::Parent,
            _ => {}
        }
        Ok(())
    }

    /// Takes a fact that fills most listings, as most servers write it, and returns what follows.
    #[inline(always)]
    fn glance(&mut self, facts: &'a [u8]) -> Option<&'a [u8]> {
        self.glance_at(facts.first_chunk()?, facts)
    }

    /// Takes such a fact whose name is in other letters: `Modify`.
    fn glance_again(&mut self, facts: &'a [u8]) -> Option<&'a [u8]> {
        let mut head = facts.first_chunk()?.map(|letter: u8| letter.to_ascii_lowercase());
        if head.starts_with(b"unix") {
            head[..4].make_ascii_uppercase();
        }
        self.glance_at(&head, facts)
    }

    /// Takes such a fact by these letters, with which it begins.
    #[inline(always)]
    fn glance_at(&mut self, head: &[u8; 16], facts: &'a [u8]) -> Option<&'a [u8]> {
        match head[0] {
            b'm' => {
                let text = after(b"modify=", head, facts)?;
                let ([time @ .., b';'], rest) = text.split_first_chunk::<15>()? else {
                    return None;
                };
                self.found.modified = seconds(time)?;
                Some(rest)
            }
            b'p' => {
                let (permissions, rest) = Permissions::before(b';', after(b"perm=", head, facts)?)?;
                self.found.permissions = Some(permissions);
                Some(rest)
            }
            b's' => {
                let (value, rest) = short(after(b"size=", head, facts)?)?;
                self.found.size = Some(number(value)?);
                Some(rest)
            }
            b't' => {
                let (kind, rest) = match after(b"type=file;", head, facts) {
                    Some(rest) => (Kind::File, rest),
                    None => (Kind::Directory, after(b"type=dir;", head, facts)?),
                };
                (self.found.kind, self.found.target) = (kind, None);
                Some(rest)
            }
            b'u' => {
                let (value, rest) = short(after(b"unique=", head, facts)?)?;
                self.found.unique = Some(value);
                Some(rest)
            }
            b'U' => self.glance_unix(head, facts),
            _ => None,
        }
    }

    /// Takes such a fact whose name begins with `UNIX.`.
    #[inline(always)]
    fn glance_unix(&mut self, head: &[u8; 16], facts: &'a [u8]) -> Option<&'a [u8]> {
        if head[5] == b'm' {
            let text = after(b"UNIX.mode=", head, facts)?;
            let ([mode @ .., b';'], rest) = text.split_first_chunk::<5>()? else { return None };
            self.found.mode = Some(four_octal(*mode)?);
            return Some(rest);
        }
        let is_group = head[5] == b'g';
        let (rank, text) = match head[10] {
            b'=' if is_group => (NUMBER_OR_NAME, after(b"UNIX.group=", head, facts)?),
            b'n' if is_group => (NAME, after(b"UNIX.groupname=", head, facts)?),
            _ if is_group => (NUMBER, after(b"UNIX.gid=", head, facts)?),
            b'=' => (NUMBER_OR_NAME, after(b"UNIX.owner=", head, facts)?),
            b'n' => (NAME, after(b"UNIX.ownername=", head, facts)?),
            _ => (NUMBER, after(b"UNIX.uid=", head, facts)?),
        };
        let (value, rest) = short(text)?;
        if is_group {
            ranked(&mut self.group_rank, rank, &mut self.found.group, value);
        } else {
            ranked(&mut self.owner_rank, rank, &mut self.found.owner, value);
        }
        Some(rest)
    }

    /// Takes any fact, and returns what follows.
    #[inline(never)]
    fn look(&mut self, facts: &'a [u8]) -> Result<&'a [u8], Miss> {
        match self.glance_again(facts) {
            Some(rest) => {
                self.known = true;
                Ok(rest)
            }
            None => self.look_closer(facts),
        }
    }

    /// Takes any fact by the rules, and returns what follows.
    fn look_closer(&mut self, facts: &'a [u8]) -> Result<&'a [u8], Miss> {
        let (fact, text) = Fact::named(facts)?;
        let (value, rest) = cut(fact, text).ok_or(Miss::Shape)?;
        if let Some(fact) = fact {
            self.take(fact, value)?;
            self.known = true;
        }
        Ok(rest)
    }

    fn take(&mut self, fact: Fact, value: &'a [u8]) -> Result<(), Miss> {
        let found = &mut *self.found;
        match fact {
            Fact::Modify if !value.is_empty() => found.modified = modified(value)?,
            Fact::Size if !value.is_empty() => {
                found.size = Some(number(value).ok_or(Miss::Broken(Reason::Size))?);
            }
            Fact::Idle | Fact::Modify | Fact::Size => {}
            Fact::Perm => found.permissions = Some(Permissions::parse(value)),
            Fact::Type => (found.kind, found.target) = kind(value),
            Fact::Unique => found.unique = Some(value),
            Fact::UnixMode => found.mode = octal(value),
            Fact::Owner(rank) => ranked(&mut self.owner_rank, rank, &mut found.owner, value),
            Fact::Group(rank) => ranked(&mut self.group_rank, rank, &mut found.group, value),
        }
        Ok(())
    }
}

/// How well a fact tells an owner: `UNIX.uid`, `UNIX.owner`, `UNIX.ownername`.
const NUMBER: u8 = 1;
const NUMBER_OR_NAME: u8 = 2;
const NAME: u8 = 3;

fn ranked<'a>(rank: &mut u8, new: u8, field: &mut Option<&'a [u8]>, value: &'a [u8]) {
    if new > *rank && !value.is_empty() {
        *rank = new;
        *field = Some(value);
    }
}

/// Returns what is behind this word, where the facts begin with it.
#[inline(always)]
fn after<'a, const N: usize>(word: &[u8; N], head: &[u8; 16], facts: &'a [u8]) -> Option<&'a [u8]> {
    head.starts_with(word).then(|| &facts[N..])
}

/// Splits a short value that ends in `;` from what follows.
#[inline(always)]
fn short(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, _) = text.split_first_chunk::<12>()?;
    let end = head.iter().position(|b| matches!(b, b';' | b' '))?;
    (head[end] == b';').then(|| (&text[..end], &text[end + 1..]))
}

/// A fact known here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fact {
    Group(u8),
    /// Known, and of no use to an entry.
    Idle,
    Modify,
    Owner(u8),
    Perm,
    Size,
    Type,
    Unique,
    UnixMode,
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
        (b"UNIX.gid", Self::Group(NUMBER)),
        (b"UNIX.group", Self::Group(NUMBER_OR_NAME)),
        (b"UNIX.groupname", Self::Group(NAME)),
        (b"UNIX.mode", Self::UnixMode),
        (b"UNIX.owner", Self::Owner(NUMBER_OR_NAME)),
        (b"UNIX.ownername", Self::Owner(NAME)),
        (b"UNIX.uid", Self::Owner(NUMBER)),
    ];

    /// Reads the name of a fact and its `=`, and returns what follows.
    fn named(facts: &[u8]) -> Result<(Option<Self>, &[u8]), Miss> {
        let (name, value) = facts.split_at(first_of(*b"=; ", facts));
        let value = value.strip_prefix(b"=").filter(|_| !name.is_empty()).ok_or(Miss::Shape)?;
        let known = Self::ALL.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        Ok((known.map(|(_, fact)| *fact), value))
    }
}

/// Splits the value of a fact from the facts behind its `;`, or, where it is the last and lacks that,
/// from the blank.
///
/// ProFTPD writes the target of a link as it is, blanks included.
fn cut(fact: Option<Fact>, text: &[u8]) -> Option<(&[u8], &[u8])> {
    const LINK: &[u8] = b"OS.unix=slink:";
    let mut end = first_of(*b"; ", text);
    let is_link =
        |text: &[u8]| text.get(..LINK.len()).is_some_and(|t| t.eq_ignore_ascii_case(LINK));
    if text.get(end)? == &b' '
        && fact == Some(Fact::Type)
        && is_link(text)
        && memchr::memmem::find(text, b"; ").is_some()
    {
        end = memchr::memchr(b';', text)?;
    }
    let (value, rest) = text.split_at(end);
    Some((value, rest.strip_prefix(b";").unwrap_or(rest)))
}

/// `"file" / "cdir" / "pdir" / "dir" / os-type`, and `OS.unix=slink:target` of erratum 1500: the kind,
/// and the target of a link.
fn kind(value: &[u8]) -> (Kind, Option<&[u8]>) {
    let is = |word: &[u8]| value.eq_ignore_ascii_case(word);
    let kind = if is(b"file") {
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
        return unix_kind(value).unwrap_or((Kind::Other, None));
    };
    (kind, None)
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
fn modified(value: &[u8]) -> Result<Option<Modified>, Miss> {
    let bad = Miss::Broken(Reason::Date);
    let (digits, fraction) = value.split_first_chunk::<14>().ok_or(bad)?;
    let modified = seconds(digits).ok_or(bad)?;
    match fraction {
        [] => Ok(modified),
        [b'.', digits @ ..] if is_number(digits) => {
            modified.map(|m| m.with_fraction(digits).ok_or(bad)).transpose()
        }
        _ => Err(bad),
    }
}

/// Reads a time without a fraction; one in a year that nobody means is read as none.
#[inline(always)]
fn seconds(digits: &[u8; 14]) -> Option<Option<Modified>> {
    let eight = |at: usize| Some(pairs(*digits[at..].first_chunk()?)?.map(u8::cast_signed));
    let [century, year, month, _] = eight(0)?;
    let [day, hour, minute, second] = eight(6)?;
    // A leap second is shown as the second before it: civil times have no room for it.
    if second > 60 {
        return None;
    }
    let time = civil::Time::new(hour, minute, second.min(59), 0).ok()?;
    let year = i16::from(century) * 100 + i16::from(year);
    if year < 1000 {
        return Some(None);
    }
    let date = civil::Date::new(year, month, day).ok()?;
    Some(Some(Modified {
        at: date.to_datetime(time),
        precision: Precision::Second,
        zone: Zone::Utc,
        year: Year::Stated,
    }))
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

/// Reads four octal digits, all at a time.
#[inline(always)]
fn four_octal(digits: [u8; 4]) -> Option<u16> {
    let word = u32::from_be_bytes(digits) ^ 0x3030_3030;
    if word & 0xF8F8_F8F8 != 0 {
        return None;
    }
    let [a, b, c, d] = [15, 10, 5, 0].map(|shift| word >> shift);
    u16::try_from((a & 0o7000) | (b & 0o700) | (c & 0o70) | (d & 0o7)).ok()
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec::Vec};

    use proptest::{collection, prelude::*, sample::select};

    use super::*;

    /// Facts as servers send them, and values that are not quite theirs.
    fn fact() -> impl Strategy<Value = (&'static str, String)> {
        let names: Vec<_> =
            Fact::ALL.iter().filter_map(|(name, _)| core::str::from_utf8(name).ok()).collect();
        let value = prop_oneof![
            "[0-9]{0,18}",
            "(19|20)[0-9]{2}(0[1-9]|1[0-2])([01][0-9]|2[0-8])([01][0-9][0-5][0-9]){2}(\\.[0-9]{1,3})?",
            "[acdeflmprwx]{0,12}",
            "file|dir|cdir|pdir|OS\\.unix=slink:[a-z /]{0,9}",
            "[0-8]{3,5}",
            "[ -:<-~]{0,14}",
        ];
        (select(names), value)
    }

    fn read<'a>(
        line: &'a [u8],
        read: impl Fn(&mut Facts<'a, '_>, &'a [u8]) -> Option<&'a [u8]>,
    ) -> Option<(Found<'a>, &'a [u8])> {
        let mut found = Found::default();
        let rest = read(&mut Facts::new(&mut found), line)?;
        Some((found, rest))
    }

    proptest! {
        #[test]
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method alone is of one lifetime only"
        )]
        fn a_glance_sees_what_a_closer_look_does(
            facts in collection::vec(fact(), 1..6),
            end in select(&["; ", " ", ";"][..]),
            name in "[ -~]{0,20}",
            spelling in 0..3_u8,
        ) {
            let fact = |(name, value): &(&str, String)| {
                let mut name = String::from(*name);
                match spelling {
                    0 => {}
                    1 => name[..1].make_ascii_uppercase(),
                    _ => name.make_ascii_uppercase(),
                }
                alloc::format!("{name}={value}")
            };
            let facts: Vec<_> = facts.iter().map(fact).collect();
            let line = facts.join(";") + end + &name;
            let mut rest = line.as_bytes();
            while !rest.is_empty() {
                let looked = read(rest, |facts, rest| facts.look_closer(rest).ok());
                let usual = read(rest, |facts, rest| facts.glance(rest));
                let again = read(rest, |facts, rest| facts.glance_again(rest));
                for seen in [usual, again] {
                    prop_assert!(seen.is_none() || seen == looked, "{seen:?}, {looked:?}");
                }
                rest = looked.map_or(&[], |(_, rest)| rest);
            }
        }
    }

    #[test]
    fn four_digits_are_a_mode() {
        for mode in 0..=0o7777 {
            let digits = alloc::format!("{mode:04o}");
            assert_eq!(four_octal(*digits.as_bytes().first_chunk().expect("four")), Some(mode));
        }
        for digits in [*b"0648", *b"/644", *b"06 4", *b":644", *b"064\xB4"] {
            assert_eq!(four_octal(digits), None, "{}", digits.escape_ascii());
        }
    }
}

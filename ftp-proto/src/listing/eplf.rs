//! EPLF, the Easily Parsed LIST Format: `+facts,` a tab, and the name.
//!
//! Facts: `/` may be entered, `r` may be retrieved, `s` size, `m` seconds since 1970, `i` identity,
//! `up` mode. The name is all that follows the tab. A fact of another letter is passed over.

use alloc::{format, string::ToString as _, vec::Vec};

use jiff::{SignedDuration, civil::date};

use super::{
    Entry, Kind, Modified, Precision, Reason, Year, Zone,
    fields::{Found, Miss, Parsed, number},
    form,
};

/// Reads one line of EPLF.
pub(super) fn entry(line: &[u8]) -> Parsed<'_> {
    let facts = line.strip_prefix(b"+").ok_or(Miss::Shape)?;
    let tab = memchr::memchr(b'\t', facts).ok_or(Miss::Shape)?;
    let (facts, name) = (&facts[..tab], &facts[tab + 1..]);
    if name.is_empty() {
        return Err(Miss::Broken(Reason::Name));
    }
    let mut entry = Found::new(name, Kind::Unknown, None, None);
    for fact in facts.split(|b| *b == b',') {
        self::fact(&mut entry, fact)?;
    }
    if entry.kind == Kind::Unknown {
        return Err(Miss::Broken(Reason::Columns));
    }
    Ok(entry)
}

fn fact<'a>(entry: &mut Found<'a>, fact: &'a [u8]) -> Result<(), Miss> {
    match fact {
        b"/" if entry.kind == Kind::Unknown => entry.kind = Kind::Directory,
        b"r" if entry.kind == Kind::Unknown => entry.kind = Kind::File,
        [b's', size @ ..] => {
            entry.size = Some(number(size).ok_or(Miss::Broken(Reason::Size))?);
        }
        [b'm', seconds @ ..] => {
            entry.modified = Some(modified(seconds).ok_or(Miss::Broken(Reason::Date))?);
        }
        [b'i', identity @ ..] if !identity.is_empty() => entry.unique = Some(identity),
        [b'u', b'p', mode @ ..] => {
            let octal = core::str::from_utf8(mode).ok();
            entry.mode = octal.and_then(|o| u16::from_str_radix(o, 8).ok()).map(|m| m & 0o7777);
        }
        _ => {}
    }
    Ok(())
}

/// Seconds since the beginning of 1970, in UTC.
pub(super) fn modified(seconds: &[u8]) -> Option<Modified> {
    let since = SignedDuration::from_secs(number(seconds)?.try_into().ok()?);
    let at = date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()?;
    Some(Modified { at, precision: Precision::Second, zone: Zone::Utc, year: Year::Stated })
}

/// Writes one line.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let mut line = Vec::from(*b"+");
    let mut fact = |letters: &str, value: &[u8]| {
        line.extend_from_slice(letters.as_bytes());
        line.extend_from_slice(value);
        line.push(b',');
    };
    if let Some(unique) = entry.unique() {
        fact("i", unique);
    }
    if entry.modified.is_some() {
        let modified = form::stated(entry, Precision::Second, Zone::Utc)?;
        fact("m", seconds(&modified)?.to_string().as_bytes());
    }
    match entry.kind {
        Kind::Directory => fact("/", b""),
        Kind::File => fact("r", b""),
        _ => return None,
    }
    if let Some(size) = entry.size {
        fact("s", size.to_string().as_bytes());
    }
    if let Some(mode) = entry.mode {
        fact("up", format!("{mode:o}").as_bytes());
    }
    line.push(b'\t');
    line.extend_from_slice(entry.name());
    Some(line)
}

/// Seconds since the beginning of 1970.
pub(super) fn seconds(modified: &Modified) -> Option<u64> {
    let since = modified.at.duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
    u64::try_from(since.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn facts_in_any_order_and_unknown_ones() {
        let read =
            entry(b"+i8388621.44468,m839956783,r,s10376,x?,up644,\tRFC EPLF ").expect("an entry");
        assert_eq!((read.name, read.kind), (&b"RFC EPLF "[..], Kind::File));
        assert_eq!((read.size, read.mode), (Some(10376), Some(0o644)));
        assert_eq!(read.unique, Some(&b"8388621.44468"[..]));
        let modified = read.modified.expect("a time");
        assert_eq!(
            (modified.at.to_string(), modified.zone),
            ("1996-08-13T17:19:43".to_string(), Zone::Utc)
        );
        assert_eq!(entry(b"+/,\t514").map(|e| e.kind), Ok(Kind::Directory));
    }

    #[test]
    fn what_is_broken_says_so() {
        for (line, miss) in [
            (&b"+r,s1234, no tab"[..], Miss::Shape),
            (b"r,\tno plus", Miss::Shape),
            (b"+r,\t", Miss::Broken(Reason::Name)),
            (b"+m1,\tneither file nor directory", Miss::Broken(Reason::Columns)),
            (b"+r,s1x,\tx", Miss::Broken(Reason::Size)),
            (b"+r,m99999999999999999999,\tx", Miss::Broken(Reason::Date)),
        ] {
            assert_eq!(entry(line), Err(miss));
        }
    }
}

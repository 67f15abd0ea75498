//! OpenVMS: `NAME.TYPE;7  12/15  2-JUL-2003 10:30:13.64  [GROUP,OWNER]  (RWED,RWED,RE,)`.
//!
//! Sizes are blocks of 512 bytes, used and sometimes allocated; `******` is one too large to show.
//! Date, size, owner and protection come in any order, all but the date may be missing. The version
//! is split off the name, and so is `.DIR`, which tells a directory.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take_while1},
    character::complete::{char, digit1, one_of},
    combinator::{all_consuming, opt, recognize},
    sequence::{preceded, separated_pair, terminated},
};

use super::{
    Entry, Kind, Modified, Precision, Reason, Version, Year, Zone,
    fields::{Columns, Found, Miss, Owners, Parsed, is_blank, number, small},
    form, months,
    time::{Date, Daytime, two_digits, year},
};

const BLOCK: u64 = 512;

/// Reads one line of `DIRECTORY`.
pub(super) fn entry(line: &[u8]) -> Parsed<'_> {
    let split = split_version(line).filter(|(_, fields)| !fields.is_empty());
    let (file, fields) = split.ok_or(Miss::Shape)?;
    described(file, fields)
}

/// Reads an entry whose name stands on a line of its own, be it with a version or without.
pub(super) fn wrapped<'a>(name: &'a [u8], fields: &'a [u8]) -> Parsed<'a> {
    let file = split_version(name).map(|(file, _)| file);
    described(file.unwrap_or(File { name, version: None }), fields)
}

fn described<'a>(file: File<'a>, fields: &'a [u8]) -> Parsed<'a> {
    let fields = Fields::read(fields)?;
    let date = fields.date.ok_or(Miss::Broken(Reason::Date))?;
    let modified = Modified::stated(date, fields.time, Zone::Server);
    let (name, kind) = match file.name.split_at_checked(file.name.len().saturating_sub(4)) {
        Some((name, dot)) if dot.eq_ignore_ascii_case(b".DIR") && !name.is_empty() => {
            (name, Kind::Directory)
        }
        _ => (file.name, Kind::File),
    };
    Ok(Found {
        owner: fields.owner,
        group: fields.group,
        version: file.version.map(Version),
        ..Found::new(name, kind, fields.size, Some(modified.ok_or(Miss::Broken(Reason::Date))?))
    })
}

/// Says whether the second line of an entry tells that there is no access to it.
pub(super) fn is_refusal(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"<%") || line.trim_ascii_start().starts_with(b"%")
}

#[derive(Clone, Copy)]
struct File<'a> {
    name: &'a [u8],
    version: Option<u16>,
}

/// `NAME.TYPE;VERSION`; the name itself may hold blanks on ODS-5.
fn split_version(line: &[u8]) -> Option<(File<'_>, &[u8])> {
    let semicolon = memchr::memchr(b';', line).filter(|at| *at > 0)?;
    let (name, rest) = (line[..semicolon].trim_ascii_start(), &line[semicolon + 1..]);
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (version, fields) = rest.split_at(digits);
    let closed = fields.first().is_none_or(|b| is_blank(*b));
    (digits > 0 && closed && !name.is_empty())
        .then(|| (File { name, version: small(version) }, fields))
}

/// The fields behind the name.
#[derive(Default)]
struct Fields<'a> {
    size: Option<u64>,
    date: Option<Date>,
    time: Option<Daytime>,
    owner: Option<&'a [u8]>,
    group: Option<&'a [u8]>,
    sized: bool,
}

impl<'a> Fields<'a> {
    fn read(text: &'a [u8]) -> Result<Self, Miss> {
        let (mut fields, mut columns) = (Self::default(), Columns::new(text));
        while let Some(column) = columns.next().filter(|column| !column.starts_with(b"(")) {
            fields.take(bracketed(text, column, &mut columns))?;
        }
        Ok(fields)
    }

    fn take(&mut self, column: &'a [u8]) -> Result<(), Miss> {
        if let Some(date) = date(column) {
            self.date = Some(date);
        } else if let (Some(time), true) = (Daytime::parse(column), self.date.is_some()) {
            self.time = Some(time);
        } else if let Ok((_, (owner, group))) = owner(column) {
            (self.owner, self.group) = (owner, group);
        } else if let Ok((_, size)) = size(column) {
            if core::mem::replace(&mut self.sized, true) {
                return Err(Miss::Broken(Reason::Columns));
            }
            self.size = size;
        } else if self.date.is_some() && self.owner.is_none() {
            self.owner = Some(column);
        } else {
            return Err(Miss::Broken(Reason::Columns));
        }
        Ok(())
    }
}

/// Returns a column that a bracket opens with all that the bracket holds: `[GROUP,  OWNER]`.
fn bracketed<'a>(text: &'a [u8], column: &'a [u8], columns: &mut Columns<'a>) -> &'a [u8] {
    let start = text.len() - columns.rest().len() - column.len();
    match memchr::memchr(b']', &text[start..]).filter(|_| column.starts_with(b"[")) {
        Some(end) if end >= column.len() => {
            columns.skip_to(start + end + 1);
            &text[start..=start + end]
        }
        _ => column,
    }
}

/// `size = count [ "/" count ]`, `count = 1*DIGIT / 1*"*"`: blocks used and allocated. More used
/// than allocated cannot be, so those are bytes.
fn size(column: &[u8]) -> IResult<&[u8], Option<u64>, ()> {
    let count = || alt((digit1, recognize(nom::multi::many1_count(char('*'))))).map(number);
    all_consuming((count(), opt(preceded(char('/'), count()))))
        .map(|(used, allocated)| match (used, allocated.flatten()) {
            (Some(used), Some(allocated)) if used > allocated => Some(used),
            (used, _) => used?.checked_mul(BLOCK),
        })
        .parse(column)
}

/// `owner = "[" [ group "," ] owner "]"`, and nothing in the brackets.
fn owner(column: &[u8]) -> IResult<&[u8], Owners<'_>, ()> {
    let name = || take_while1(|b| !matches!(b, b',' | b']')).map(<[u8]>::trim_ascii);
    let both =
        separated_pair(name(), char(','), name()).map(|(group, owner)| (Some(owner), Some(group)));
    let inside =
        alt((both, name().map(|owner| (Some(owner), None)), tag("").map(|_| (None, None))));
    all_consuming(preceded(one_of("["), terminated(inside, char(']')))).parse(column)
}

/// `2-JUL-2003`, with months of other languages.
fn date(column: &[u8]) -> Option<Date> {
    let ([day, month, year_text], b'-') = split_date(column)? else { return None };
    Some((year(year_text)?, months::any(month)?, two_digits(day)?))
}

fn split_date(column: &[u8]) -> Option<([&[u8]; 3], u8)> {
    let mut parts = column.split(|b| *b == b'-');
    let split = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some((split, b'-'))
}

/// Writes one line; a name without a version gets none, and is then no line of VMS.
pub(super) fn write(entry: &Entry) -> Option<Vec<u8>> {
    let modified = entry.modified.filter(|m| m.zone == Zone::Server && m.year == Year::Stated)?;
    let (at, Version(version)) = (modified.at, entry.version?);
    let month = form::month(&modified).to_ascii_uppercase();
    let blocks = match entry.size {
        None => "******".to_string(),
        Some(size) => (size / BLOCK).to_string(),
    };
    let time = match modified.precision {
        Precision::Day => String::new(),
        Precision::Minute => format!(" {:02}:{:02}", at.hour(), at.minute()),
        Precision::Second => format!(" {}", form::clock(&modified)),
        Precision::Subsecond(2) => {
            format!(" {}.{:02}", form::clock(&modified), at.subsec_nanosecond() / 10_000_000)
        }
        Precision::Subsecond(_) => return None,
    };
    let owner = match (entry.group(), entry.owner()) {
        (None, None) => String::new(),
        (None, owner) => format!("[{}]", form::text(owner)?),
        (group, owner) => format!("[{},{}]", form::text(group)?, form::text(owner)?),
    };
    let file_type = match entry.kind {
        Kind::Directory => ".DIR",
        Kind::File => "",
        _ => return None,
    };
    let mut line = form::named(String::new(), entry.name());
    let columns = format!(
        "{file_type};{version} {blocks:>8} {:2}-{month}-{:04}{time} {owner} (RWED,RWED,RE,)",
        at.day(),
        at.year()
    );
    line.extend_from_slice(columns.as_bytes());
    Some(line)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[track_caller]
    fn check<'a>(
        line: &'a str,
        name: &str,
        version: u16,
        blocks: Option<u64>,
        time: &str,
    ) -> Found<'a> {
        let read = entry(line.as_bytes()).expect("an entry");
        assert_eq!((read.name_text(), read.version), (Some(name), Some(Version(version))));
        assert_eq!(read.size, blocks.map(|b| b * 512));
        assert_eq!(read.modified.map(|m| m.at.to_string()), Some(time.to_string()));
        read
    }

    #[test]
    fn blocks_used_come_before_blocks_allocated() {
        let line = "README.TXT;7  118/126  14-APR-1997 12:45:27  [GROUP,OWNER]  (RWED,,RWED,RE)";
        let read = check(line, "README.TXT", 7, Some(118), "1997-04-14T12:45:27");
        assert_eq!((read.owner, read.group), (Some(&b"OWNER"[..]), Some(&b"GROUP"[..])));
        check(
            "BIG.ISO;2  ******  6-MAY-2008 09:29 [A,B] (RE,RWED,RE,RE)",
            "BIG.ISO",
            2,
            None,
            "2008-05-06T09:29:00",
        );
    }

    #[test]
    fn a_directory_loses_its_type() {
        let read = check(
            "PUB.DIR;1  1 8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)",
            "PUB",
            1,
            Some(1),
            "1996-09-08T16:09:00",
        );
        assert_eq!((read.kind, read.owner), (Kind::Directory, Some(&b"SYSTEM"[..])));
        let read = check(
            ".DIR;1  1 8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)",
            ".DIR",
            1,
            Some(1),
            "1996-09-08T16:09:00",
        );
        assert_eq!(read.kind, Kind::File);
    }

    #[test]
    fn fields_come_in_any_order_and_may_be_missing() {
        check(
            "A.B;1   [SUMMARY]    1/3     2-AUG-2006 13:05  (RWE,RWE,RE,)",
            "A.B",
            1,
            Some(1),
            "2006-08-02T13:05:00",
        );
        check(
            "A.B;1   17-JUN-1994 17:25:37     6308/6310     (RWED,RWED,R,)",
            "A.B",
            1,
            Some(6308),
            "1994-06-17T17:25:37",
        );
        check(
            "A.B;1  6/8    15-JUI-2002    PRONAS   (RWED,RWED,RE,)",
            "A.B",
            1,
            Some(6),
            "2002-07-15T00:00:00",
        );
        check(
            "a file;1  155   2-JUL-2003 10:30:13.64",
            "a file",
            1,
            Some(155),
            "2003-07-02T10:30:13.64",
        );
    }

    #[test]
    fn owners_may_be_padded_in_their_brackets() {
        let read = entry(b"A.B;1  2/3  2-JAN-2003 10:30  [GROUP1,  OWNER1] (RWED,,,)");
        let read = read.expect("an entry");
        assert_eq!((read.group, read.owner), (Some(&b"GROUP1"[..]), Some(&b"OWNER1"[..])));
        assert_eq!(entry(b"A.B;1  2/3  2-JAN-2003  [G,  O"), Err(Miss::Broken(Reason::Columns)));
    }

    #[test]
    fn more_used_than_allocated_is_bytes() {
        let size = |line: &[u8]| entry(line).expect("an entry").size;
        assert_eq!(size(b"A.B;1   6308/13 5-MAR-1993 18:09"), Some(6308));
        assert_eq!(size(b"A.B;1   13/13 5-MAR-1993 18:09"), Some(13 * 512));
    }

    #[test]
    fn a_name_on_its_own_line_may_lack_its_version() {
        let fields = b"     10     2-JUL-2003 10:30:08.59  [A,B]      (RWED,RWED,RED,)";
        let read = wrapped(b"LONG.NAME", fields).expect("an entry");
        assert_eq!((read.name, read.version, read.size), (&b"LONG.NAME"[..], None, Some(5120)));
        assert_eq!(wrapped(b"LONG.NAME;3", fields).map(|e| e.version), Ok(Some(Version(3))));
    }

    #[test]
    fn what_is_broken_says_so() {
        for (line, miss) in [
            ("README.TXT 2 18-APR-2000 10:40:39", Miss::Shape),
            ("README.TXT;1", Miss::Shape),
            ("README.TXT;1 2", Miss::Broken(Reason::Date)),
            ("README.TXT;1 2 31-APR-2000", Miss::Broken(Reason::Date)),
            ("README.TXT;1 garbage 18-APR-2000", Miss::Broken(Reason::Columns)),
        ] {
            assert_eq!(entry(line.as_bytes()), Err(miss), "{line}");
        }
    }
}

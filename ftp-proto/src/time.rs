//! Times as `MDTM`, `MFMT` and MLSx facts write them: [RFC 3659 section 2.3].
//!
//! Fourteen digits, then optionally a point and any count of digits; always UTC.
//!
//! [RFC 3659 section 2.3]: https://www.rfc-editor.org/rfc/rfc3659#section-2.3

use alloc::string::String;
use core::fmt;

use jiff::civil::DateTime;
use nom::bytes::complete::{take_while_m_n, take_while1};
use nom::character::complete::char;
use nom::combinator::{map_opt, opt};
use nom::sequence::preceded;
use nom::{IResult, Parser as _};

use crate::error::Misread;
use crate::reply::Reply;

/// A time in UTC and how finely it was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// The time.
    pub at: DateTime,
    /// How many digits of a second follow the point.
    pub fraction_digits: u8,
}

/// Writes the digits, and as many of a second as were written, but no more than nine.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(self.at))?;
        match usize::from(self.fraction_digits.min(9)) {
            0 => Ok(()),
            shown => {
                let nanoseconds = alloc::format!("{:09}", self.at.subsec_nanosecond());
                write!(f, ".{}", &nanoseconds[..shown])
            }
        }
    }
}

/// Reads the answer to `MDTM`: "mdtm-response = `213` SP time-val" (RFC 3659 3.1), or to `MFMT` and
/// `MFF`, which say what was set: `213 Modify=20020717210715; /path` (draft-somers-ftp-mfxx). It is
/// the stamp of that fact, else the first in the text.
///
/// # Errors
/// When the server refused, there is none, or it is before 1970, which servers send for "unknown".
pub fn modified(reply: &Reply) -> Result<Stamp, Misread> {
    let text = reply.text();
    let stamps = |text: &[u8]| text.split(|b| !b.is_ascii_digit() && *b != b'.').find_map(stamp);
    behind_fact(text)
        .map_or_else(|| stamps(text), stamps)
        .filter(|stamp| stamp.at.year() >= 1970 && reply.code().is_completion())
        .ok_or_else(|| Misread::new("time", reply))
}

/// Returns what follows `Modify=` among the facts, in whatever case.
fn behind_fact(text: &[u8]) -> Option<&[u8]> {
    const FACT: &[u8] = b"modify=";
    let facts = text.split(|b| *b == b' ').next()?;
    let at = facts.windows(FACT.len()).position(|word| word.eq_ignore_ascii_case(FACT))?;
    Some(&text[at + FACT.len()..])
}

/// Reads `time-val = 14DIGIT [ "." 1*DIGIT ]`, the whole of `text` (RFC 3659 2.3).
///
/// Servers that wrote `19100` for the year 2000 existed: the year is 1900 and the three digits. A
/// leap second becomes the one before it.
pub fn stamp(text: &[u8]) -> Option<Stamp> {
    let (rest, at) = date_and_time(text).ok()?;
    let (rest, fraction) = opt(preceded(char('.'), digits1)).parse(rest).ok()?;
    let fraction = fraction.unwrap_or_default();
    let at = at.with().subsec_nanosecond(nanoseconds(fraction)).build().ok()?;
    let fraction_digits = u8::try_from(fraction.len()).unwrap_or(u8::MAX);
    matches!(rest, b"" | b".").then_some(Stamp { at, fraction_digits })
}

fn date_and_time(text: &[u8]) -> IResult<&[u8], DateTime> {
    let run = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, year) = match run {
        15 => preceded(nom::bytes::complete::tag("19"), number(3)).parse(text)?,
        _ => number(4)(text)?,
    };
    let year = if run == 15 { year + 1900 } else { year };
    let parts = (number(2), number(2), number(2), number(2), number(2));
    let mut time = map_opt(parts, |(month, day, hour, minute, second)| {
        let part = |number: u16| i8::try_from(number).ok();
        let second = part(second)?;
        let second = if second == 60 { 59 } else { second };
        let year = i16::try_from(year).ok()?;
        DateTime::new(year, part(month)?, part(day)?, part(hour)?, part(minute)?, second, 0).ok()
    });
    time.parse(rest)
}

fn number(count: usize) -> impl FnMut(&[u8]) -> IResult<&[u8], u16> {
    move |input| {
        let digits = take_while_m_n(count, count, |byte: u8| byte.is_ascii_digit());
        let value = |digits: &[u8]| digits.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
        digits.map(value).parse(input)
    }
}

fn digits1(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|byte: u8| byte.is_ascii_digit())(input)
}

fn nanoseconds(fraction: &[u8]) -> i32 {
    let nine = fraction.iter().chain([&b'0'; 9]).take(9);
    nine.fold(0, |nanoseconds, digit| nanoseconds * 10 + i32::from(digit - b'0'))
}

/// Returns the fourteen digits of a time in UTC; what is finer than a second is left out.
pub fn digits(at: DateTime) -> String {
    let mut text = String::new();
    let (date, time) = (at.date(), at.time());
    let written = fmt::write(
        &mut text,
        format_args!(
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            date.year(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        ),
    );
    debug_assert!(written.is_ok(), "a string takes every text");
    text
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let reply = Reply::parse(line.as_bytes()).expect("a reply");
        let read = modified(&reply).ok().map(|stamp| stamp.at.to_string());
        assert_eq!(read.as_deref(), expected, "{line}");
    }

    #[test]
    fn fourteen_digits_are_a_time() {
        check("213 20210315120000", Some("2021-03-15T12:00:00"));
        check("213 20210315120000 ", Some("2021-03-15T12:00:00"));
        check("213 20210315120000.123", Some("2021-03-15T12:00:00.123"));
        check("213 20210315120000.", Some("2021-03-15T12:00:00"));
        check("213 20210315120000.12345678999", Some("2021-03-15T12:00:00.123456789"));
        check("213 20161231235960", Some("2016-12-31T23:59:59"));
        check("213 Modify=20020717210715; /path", Some("2002-07-17T21:07:15"));
        check("213 file 20210315120000", Some("2021-03-15T12:00:00"));
        check("213 Create=19990101000000;modify=20020717210715; /x", Some("2002-07-17T21:07:15"));
    }

    #[test]
    fn the_year_2000_was_written_19100() {
        check("213 191000315120000", Some("2000-03-15T12:00:00"));
        check("213 191210315120000", Some("2021-03-15T12:00:00"));
    }

    #[test]
    fn other_digits_are_no_time() {
        check("213 20211315120000", None);
        check("213 20210230120000", None);
        check("213 20210315250000", None);
        check("213 2021031512000", None);
        check("213 202103151200000000", None);
        check("213 00010101000000", None);
        check("213 19691231235959", None);
        check("550 20210315120000: No such file", None);
        check("213", None);
    }

    #[test]
    fn the_written_precision_is_kept() {
        let digits = |text: &[u8]| stamp(text).map(|stamp| stamp.fraction_digits);
        assert_eq!(digits(b"20210315120000"), Some(0));
        assert_eq!(digits(b"20210315120000.000"), Some(3));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(expected in crate::strategy::stamp()) {
            prop_assert_eq!(stamp(expected.to_string().as_bytes()), Some(expected));
            let reply = Reply::parse(alloc::format!("213 {expected}").as_bytes());
            prop_assert_eq!(modified(&reply.expect("a reply")), Ok(expected));
        }
    }
}

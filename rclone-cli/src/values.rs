//! The value syntaxes of rclone's flags and options: sizes, durations, bandwidth, booleans, lists.
//!
//! Each type parses from text ([`std::str::FromStr`]) and prints as rclone prints it.

mod bandwidth;
mod choices;
mod dscp;
mod dump;
mod duration;
mod log_format;
mod order;
mod size;

use std::fmt;
use std::str::FromStr;

use sync_core::context::Quota;

pub(crate) use bandwidth::{Rate, Timetable};
pub(crate) use dscp::Dscp;
pub(crate) use dump::Dump;
pub(crate) use duration::Span;
pub(crate) use log_format::{LogFormat, Part};
pub(crate) use order::{CutoffMode, Ordering, Strategy};
pub(crate) use size::Size;

/// A count in which every negative number means "no limit".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Limit(pub(crate) Option<u64>);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let count: i64 = text.parse().map_err(|_| format!("`{text}` is not a whole number"))?;
        Ok(Self(u64::try_from(count).ok()))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(count) => count.fmt(f),
            None => f.write_str("-1"),
        }
    }
}

/// A number of files or a percentage of them, in which every negative number means "no limit".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Share(pub(crate) Option<Quota>);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a number of files: use 10, 50% or -1");
        let Some(percent) = text.strip_suffix('%') else {
            let Limit(count) = text.parse().map_err(|_| wrong())?;
            return Ok(Self(count.map(Quota::Count)));
        };
        let percent = percent.parse().ok().filter(|&percent| percent <= 100).ok_or_else(wrong)?;
        Ok(Self(Some(Quota::Percent(percent))))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Quota::Count(count)) => count.fmt(f),
            Some(Quota::Percent(percent)) => write!(f, "{percent}%"),
            None => f.write_str("-1"),
        }
    }
}

/// Reads a boolean as Go does: `1`, `t`, `true` and their opposites, in a few spellings.
///
/// # Errors
/// The message says what would do.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("`{text}` is not a boolean: use true or false")),
    }
}

/// Reads one record of comma-separated values, as list flags are written in the environment.
pub(crate) fn csv(text: &str) -> Vec<String> {
    separated(text, ',')
}

/// Reads a list separated by blanks, as commands are written: quotes keep blanks, doubled quotes
/// are literal.
pub(crate) fn words(text: &str) -> Vec<String> {
    separated(text, ' ').into_iter().filter(|word| !word.is_empty()).collect()
}

fn separated(text: &str, separator: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        let field = fields.last_mut().expect("there is always a last field");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            c if c == separator && !quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_those_of_go() {
        for (text, want) in [("true", Some(true)), ("T", Some(true)), ("0", Some(false))] {
            assert_eq!(boolean(text).ok(), want, "{text}");
        }
        assert!(boolean("yes").is_err());
        assert!(boolean("").is_err());
    }

    #[test]
    fn a_negative_limit_is_none() {
        assert_eq!("-1".parse(), Ok(Limit(None)));
        assert_eq!("0".parse(), Ok(Limit(Some(0))));
        assert!("x".parse::<Limit>().is_err());
    }

    #[test]
    fn a_share_is_a_number_or_a_percentage() {
        for (text, want) in [("10", Some(Quota::Count(10))), ("50%", Some(Quota::Percent(50)))] {
            let share: Share = text.parse().unwrap();
            assert_eq!((share, share.to_string().as_str()), (Share(want), text));
        }
        assert_eq!("-1".parse(), Ok(Share(None)));
        assert!(["x", "", "%", "-5%", "101%"].iter().all(|text| text.parse::<Share>().is_err()));
    }

    #[test]
    fn csv_keeps_what_is_quoted() {
        assert_eq!(csv("*.jpg,*.png"), ["*.jpg", "*.png"]);
        assert_eq!(csv(r#""a,b",c"#), ["a,b", "c"]);
        assert_eq!(csv(r#""say ""hi""",c"#), [r#"say "hi""#, "c"]);
        assert_eq!(csv("a,,b"), ["a", "", "b"]);
    }

    #[test]
    fn words_are_parted_by_blanks_outside_quotes() {
        assert_eq!(words("pass show rclone"), ["pass", "show", "rclone"]);
        assert_eq!(words(r#"echo  "a b""#), ["echo", "a b"]);
        assert!(words("").is_empty());
    }
}

//! Durations: Go's syntax, rclone's suffixes from `ms` to `y`, plain seconds, or the age of a date.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A length of time, or `off`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span(pub(crate) Option<Duration>);

const SECOND: f64 = 1e9;
const DAY: f64 = 86_400.0 * SECOND;
/// Nanoseconds of each suffix; longer ones before those they end with.
const UNITS: [(&str, f64); 11] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", SECOND),
    ("m", 60.0 * SECOND),
    ("h", 3600.0 * SECOND),
    ("d", DAY),
    ("w", 7.0 * DAY),
    ("M", 30.0 * DAY),
    ("y", 365.0 * DAY),
];

impl Span {
    /// Returns the duration, with `off` as zero, which is how rclone writes "never".
    pub(crate) fn or_zero(self) -> Duration {
        self.0.unwrap_or_default()
    }

    fn parse_at(text: &str, now: Timestamp) -> Option<Self> {
        if text == "off" {
            return Some(Self(None));
        }
        sum(text).or_else(|| age(text, now)).map(|duration| Self(Some(duration)))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse_at(text, Timestamp::now()).ok_or_else(|| {
            format!(
                "`{text}` is not a duration: use seconds, a number with ms, s, m, h, d, w, M or y, \
                 a date in the past, or off"
            )
        })
    }
}

/// Adds up `1h30m`; a number without suffix stands alone and counts seconds.
fn sum(text: &str) -> Option<Duration> {
    if let Some(seconds) = number(text) {
        return nanoseconds(seconds * SECOND);
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let suffix = &rest[digits..];
        let unit_len = suffix.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, tail) = suffix.split_at(unit_len.unwrap_or(suffix.len()));
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total += number(&rest[..digits])? * scale;
        rest = tail;
    }
    if text.is_empty() { None } else { nanoseconds(total) }
}

fn number(text: &str) -> Option<f64> {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.').then(|| text.parse().ok())?
}

fn nanoseconds(count: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(count / SECOND).ok()
}

/// Returns how long ago a date was; one still to come is not an age.
fn age(text: &str, now: Timestamp) -> Option<Duration> {
    let local = |moment: DateTime| moment.to_zoned(TimeZone::system()).ok().map(|z| z.timestamp());
    let moment: Timestamp = text
        .parse()
        .ok()
        .or_else(|| DateTime::strptime("%Y-%m-%dT%H:%M:%S", text).ok().and_then(local))
        .or_else(|| DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok().and_then(local))
        .or_else(|| Date::strptime("%Y-%m-%d", text).ok().and_then(|day| local(day.into())))?;
    now.duration_since(moment).try_into().ok()
}

impl fmt::Display for Span {
    /// Writes Go's form, such as `1m0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(duration) = self.0 else { return f.write_str("off") };
        let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
        if seconds == 0 && nanos > 0 {
            return match nanos {
                1_000_000.. => write!(f, "{}ms", f64::from(nanos) / 1e6),
                1_000.. => write!(f, "{}µs", f64::from(nanos) / 1e3),
                _ => write!(f, "{nanos}ns"),
            };
        }
        if seconds >= 3600 {
            write!(f, "{}h", seconds / 3600)?;
        }
        if seconds >= 60 {
            write!(f, "{}m", seconds / 60 % 60)?;
        }
        let rest = Duration::new(seconds % 60, nanos);
        write!(f, "{}s", rest.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, seconds: f64, shown: &str) {
        let now: Timestamp = "2024-03-01T00:00:00Z".parse().unwrap();
        let span = Span::parse_at(text, now).expect(text);
        assert_eq!((span.or_zero().as_secs_f64(), span.to_string().as_str()), (seconds, shown));
    }

    #[test]
    fn a_number_alone_is_seconds() {
        check("60", 60.0, "1m0s");
        check("0.5", 0.5, "500ms");
        check("0", 0.0, "0s");
    }

    #[test]
    fn go_and_rclone_suffixes_add_up() {
        check("1h30m", 5400.0, "1h30m0s");
        check("1m0s", 60.0, "1m0s");
        check("1.5m", 90.0, "1m30s");
        check("100ms", 0.1, "100ms");
        check("1ns", 1e-9, "1ns");
        check("250us", 0.000_25, "250µs");
        check("2d", 172_800.0, "48h0m0s");
        check("1w", 604_800.0, "168h0m0s");
        check("1M", 2_592_000.0, "720h0m0s");
        check("1y", 31_536_000.0, "8760h0m0s");
    }

    #[test]
    fn a_date_is_its_age() {
        check("2024-02-29T00:00:00Z", 86_400.0, "24h0m0s");
    }

    #[test]
    fn off_is_no_duration() {
        assert_eq!("off".parse(), Ok(Span(None)));
        assert_eq!(Span(None).to_string(), "off");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "m", "1x", "-5s", "1 h", "2999-01-01", "1h30", "..", "1e9"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}

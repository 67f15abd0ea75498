//! Times in listings: what was said, how precisely, in whose zone, and which year.
//!
//! A time is civil, as it stands in the line. A year that is not there is the latest in which the
//! time lies not more than one day after `now`: servers ahead of us by their zone stay in this
//! year. `24:00` is the next day's midnight. Years of two digits: 80 to 99 are 19xx, else 20xx.

use jiff::{
    SignedDuration, ToSpan,
    civil::{self, DateTime},
};

use super::fields::{digit, is_number, small};

/// When an entry was last changed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Modified {
    /// The time in civil form, in the zone that `zone` tells. What the line leaves out is zero.
    pub at: DateTime,
    /// The smallest unit that was said.
    pub precision: Precision,
    /// Whose clock it is.
    pub zone: Zone,
    /// Where the year comes from.
    pub year: Year,
}

/// The smallest unit of a time that was said.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Precision {
    /// A date only.
    Day,
    /// Hours and minutes.
    Minute,
    /// Seconds.
    Second,
    /// So many digits of a second, 1 to 9.
    Subsecond(u8),
}

/// Whose clock a time is of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Zone {
    /// Universal time, because the protocol says so or the line names its offset.
    Utc,
    /// The server's clock, in a zone the listing does not tell.
    Server,
    /// A wall clock of whoever wrote the file: file systems that keep local time (FAT, HFS).
    Unknown,
}

/// Where the year of a time comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Year {
    /// It stands in the line.
    Stated,
    /// It was worked out from `now`.
    Inferred,
}

impl Modified {
    /// Builds a time whose year stands in the line; `None` when there is no such day or time.
    #[inline(always)]
    pub(super) fn stated(
        (year, month, day): Date,
        time: Option<Daytime>,
        zone: Zone,
    ) -> Option<Self> {
        Self::build((year, month, day), time, zone, Year::Stated)
    }

    /// Adds a fraction of a second, all of it digits.
    pub(super) fn with_fraction(self, digits: &[u8]) -> Option<Self> {
        let Daytime { nanosecond, precision, .. } = Daytime::MIDNIGHT.with_fraction(digits)?;
        let at = self.at.with().subsec_nanosecond(nanosecond).build().ok()?;
        Some(Self { at, precision, ..self })
    }

    /// Moves a time that is so far ahead of universal time to it.
    pub(super) fn at_offset(self, offset: SignedDuration) -> Option<Self> {
        let at = self.at.checked_sub(offset).ok()?;
        Some(Self { at, zone: Zone::Utc, ..self })
    }

    #[inline(always)]
    fn build(
        (year, month, day): Date,
        time: Option<Daytime>,
        zone: Zone,
        source: Year,
    ) -> Option<Self> {
        let t = time.unwrap_or(Daytime { precision: Precision::Day, ..Daytime::MIDNIGHT });
        // Negative years exist, but not in listings.
        if year < 0 {
            return None;
        }
        let (hour, next) = if t.hour == 24 { (0, true) } else { (t.hour, false) };
        // In two parts, each small enough to be handed over in a register.
        let date = civil::Date::new(year, month, day).ok()?;
        let time = civil::Time::new(hour, t.minute, t.second, t.nanosecond).ok()?;
        let at = date.to_datetime(time);
        let at = if next { at.checked_add(1.day()).ok()? } else { at };
        Some(Self { at, precision: t.precision, zone, year: source })
    }
}

/// Year, month, day.
pub(super) type Date = (i16, i8, i8);

/// What completes a date: the reference for years that are not there, and the order of short ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// The latest time that may still be of this year.
    pub(super) limit: DateTime,
    /// How the listing writes dates like `04/03/18`, once a line has proved it.
    pub(super) order: Option<Order>,
}

/// Which of three numbers is the year, the month, the day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

impl Clock {
    pub(super) fn new(now: DateTime) -> Self {
        Self { limit: now.saturating_add(1.day()), order: None }
    }

    /// Builds a time without a year.
    #[inline]
    pub(super) fn inferred(self, month: i8, day: i8, time: Option<Daytime>) -> Option<Modified> {
        let t = time.unwrap_or(Daytime::MIDNIGHT);
        let limit = self.limit;
        let past = (month, day, t.hour, t.minute)
            <= (limit.month(), limit.day(), limit.hour(), limit.minute());
        let latest = if past { limit.year() } else { limit.year() - 1 };
        // The 29th of February may be eight years back.
        let year = (latest - 8..=latest).rev().find(|y| is_date(*y, month, day))?;
        Modified::build((year, month, day), time, Zone::Server, Year::Inferred)
    }
}

/// A time of day; hour 24 is the next day's midnight.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Daytime {
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) second: i8,
    pub(super) nanosecond: i32,
    pub(super) precision: Precision,
}

impl Daytime {
    pub(super) const MIDNIGHT: Self =
        Self { hour: 0, minute: 0, second: 0, nanosecond: 0, precision: Precision::Minute };

    /// Reads `h:mm`, `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fff`, a comma or colon before the fraction
    /// included.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let colon = if text.get(1) == Some(&b':') { 1 } else { 2 };
        let (hour, rest) = (two_digits(text.get(..colon)?)?, text.get(colon..)?);
        let (b':', minute) = (*rest.first()?, two_digits(rest.get(1..3)?)?) else { return None };
        if hour > 24 || minute > 59 || (hour == 24 && minute > 0) {
            return None;
        }
        Self { hour, minute, ..Self::MIDNIGHT }.with_seconds(&rest[3..])
    }

    /// Reads `:ss` and `.fff` behind what is known, or nothing.
    fn with_seconds(self, rest: &[u8]) -> Option<Self> {
        let Some((b':', rest)) = rest.split_first() else {
            return rest.is_empty().then_some(self);
        };
        // A leap second is shown as the second before it: civil times have no room for it.
        let second = two_digits(rest.get(..2)?).filter(|s| *s <= 60)?.min(59);
        let timed = Self { second, precision: Precision::Second, ..self };
        match rest[2..].split_first() {
            None => Some(timed),
            Some((b'.' | b',' | b':', digits)) => timed.with_fraction(digits),
            Some(_) => None,
        }
    }

    /// Takes digits of a second; past the ninth they say nothing.
    pub(super) fn with_fraction(self, digits: &[u8]) -> Option<Self> {
        if !is_number(digits) {
            return None;
        }
        let kept = digits.len().min(9);
        let scaled = (0..9).map(|at| digits.get(at).map_or(0, |b| i32::from(b - b'0')));
        let nanosecond = scaled.fold(0, |n, digit| n * 10 + digit);
        let precision = Precision::Subsecond(u8::try_from(kept).ok()?);
        Some(Self { nanosecond, precision, ..self })
    }

    /// Reads the 12 hour clock: `03:09PM`, `3:09p`. `00:34AM` exists and is half past midnight.
    pub(super) fn parse_meridian(time: &[u8], meridian: &[u8]) -> Option<Self> {
        let pm = match meridian {
            [b'a' | b'A'] | [b'a' | b'A', b'm' | b'M'] => false,
            [b'p' | b'P'] | [b'p' | b'P', b'm' | b'M'] => true,
            _ => return None,
        };
        let t = Self::parse(time)?;
        let hour = match (pm, t.hour) {
            (false, 12) => 0,
            (true, hour @ 1..=11) => hour + 12,
            (_, hour) => hour,
        };
        Some(Self { hour, ..t })
    }
}

/// Reads a number of two digits.
#[inline]
pub(super) fn pair(tens: u8, ones: u8) -> Option<i8> {
    Some((digit(tens)? * 10 + digit(ones)?).cast_signed())
}

/// Reads one or two digits.
pub(super) fn two_digits(text: &[u8]) -> Option<i8> {
    match *text {
        [a @ b'0'..=b'9'] => i8::try_from(a - b'0').ok(),
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => i8::try_from((a - b'0') * 10 + (b - b'0')).ok(),
        _ => None,
    }
}

/// Reads a year: four digits, two digits, or three as servers count on from 1900.
pub(super) fn year(text: &[u8]) -> Option<i16> {
    let year: i16 = small(text)?;
    match text.len() {
        2 if year >= 80 => Some(1900 + year),
        2 => Some(2000 + year),
        3 if year >= 100 => Some(1900 + year),
        4 => Some(year),
        _ => None,
    }
}

/// Splits `a-b-c` at one of the separators, the same both times.
pub(super) fn triple(text: &[u8]) -> Option<([&[u8]; 3], u8)> {
    let first = text.iter().position(|b| !b.is_ascii_alphanumeric())?;
    let separator = text[first];
    let (a, rest) = (&text[..first], &text[first + 1..]);
    let second = rest.iter().position(|b| *b == separator)?;
    let (b, c) = (&rest[..second], &rest[second + 1..]);
    (!c.contains(&separator)).then_some(([a, b, c], separator))
}

/// Reads `mm-dd-yy`, `mm/dd/yyyy` and the like, or year first where its four digits come first, or
/// two or three that are no month and no day.
pub(super) fn american_date(text: &[u8]) -> Option<Date> {
    american_parts(triple(text)?.0)
}

/// Reads the three parts of such a date.
pub(super) fn american_parts([a, b, c]: [&[u8]; 3]) -> Option<Date> {
    let year_first = a.len() > 2 || two_digits(a).is_some_and(|a| !(1..=31).contains(&a));
    let date = if year_first {
        (year(a)?, two_digits(b)?, two_digits(c)?)
    } else {
        (year(c)?, two_digits(a)?, two_digits(b)?)
    };
    is_date(date.0, date.1, date.2).then_some(date)
}

pub(super) fn is_date(year: i16, month: i8, day: i8) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day) && year >= 0
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use jiff::civil::datetime;

    use super::*;

    #[track_caller]
    fn inferred(now: DateTime, month: i8, day: i8, hour: i8, expected: &str) {
        let time = Daytime { hour, ..Daytime::MIDNIGHT };
        let modified = Clock::new(now).inferred(month, day, Some(time)).expect("a date");
        assert_eq!(modified.at.to_string(), expected);
        assert_eq!(modified.year, Year::Inferred);
    }

    #[test]
    fn a_missing_year_is_the_latest_within_a_day_from_now() {
        let now = datetime(1994, 11, 15, 12, 45, 0, 0);
        inferred(now, 11, 15, 13, "1994-11-15T13:00:00");
        inferred(now, 11, 16, 12, "1994-11-16T12:00:00");
        inferred(now, 11, 16, 13, "1993-11-16T13:00:00");
        inferred(now, 2, 29, 0, "1992-02-29T00:00:00");
        inferred(datetime(2020, 12, 31, 12, 0, 0, 0), 1, 1, 9, "2021-01-01T09:00:00");
        inferred(datetime(1903, 3, 1, 0, 0, 0, 0), 2, 29, 0, "1896-02-29T00:00:00");
    }

    #[test]
    fn hour_24_is_midnight_of_the_next_day() {
        let time = Daytime::parse(b"24:00");
        let modified = Modified::stated((2019, 12, 31), time, Zone::Server).expect("a date");
        assert_eq!(modified.at, datetime(2020, 1, 1, 0, 0, 0, 0));
        assert_eq!(Daytime::parse(b"24:01"), None);
    }

    #[test]
    fn times_keep_their_precision() {
        for (text, precision) in [
            ("0:30", Precision::Minute),
            ("17:03", Precision::Minute),
            ("10:30:13", Precision::Second),
            ("10:30:13.64", Precision::Subsecond(2)),
            ("23:59:60", Precision::Second),
        ] {
            assert_eq!(Daytime::parse(text.as_bytes()).map(|t| t.precision), Some(precision));
        }
        for text in
            ["", "1", ":30", "1:3", "30:13", "10:60", "10:30:", "10:30:1x", "10:30x", "ab:11"]
        {
            assert_eq!(Daytime::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn noon_and_midnight_on_the_12_hour_clock() {
        let hour = |time: &str, m: &str| {
            Daytime::parse_meridian(time.as_bytes(), m.as_bytes()).map(|t| t.hour)
        };
        assert_eq!(hour("12:48", "AM"), Some(0));
        assert_eq!(hour("12:48", "PM"), Some(12));
        assert_eq!(hour("00:34", "AM"), Some(0));
        assert_eq!(hour("3:09", "p"), Some(15));
        assert_eq!(hour("3:09", "ZM"), None);
    }

    #[test]
    fn short_years_turn_at_80() {
        assert_eq!(year(b"80"), Some(1980));
        assert_eq!(year(b"79"), Some(2079));
        assert_eq!(year(b"103"), Some(2003));
        assert_eq!(year(b"2019"), Some(2019));
        assert_eq!(year(b"7"), None);
    }
}

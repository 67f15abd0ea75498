//! The clock of a server as `LIST` shows it, which is its local time: how far it is ahead of UTC in
//! winter and in summer, each learnt from a file whose time in UTC was asked for.
//!
//! A file of another season than those measured, and one of the weeks in which clocks change, may be
//! an hour off: its time is told as coarse as that, and whoever must know asks for it alone.

use ftp_client::ftp_proto::listing::{Entry, Kind, Precision, Zone};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// How far a clock is ahead of UTC.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    winter: Option<SignedDuration>,
    summer: Option<SignedDuration>,
    between: Option<SignedDuration>,
}

/// A part of the year in which no clock is changed, seen from the north; or what lies between.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Season {
    Between,
    Summer,
    Winter,
}

/// A file by which a clock can be measured.
#[derive(Debug)]
pub(super) struct Yardstick<'a> {
    pub(super) name: &'a [u8],
    pub(super) season: Season,
    pub(super) shown: Timestamp,
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Clock {
    /// Returns by how much a time may be ahead, at least and at most.
    pub(super) fn ahead(self, shown: Timestamp) -> (SignedDuration, SignedDuration) {
        let exact = |ahead| (ahead, ahead);
        match (season(shown), self.winter, self.summer) {
            (_, Some(winter), Some(summer)) if winter == summer => exact(winter),
            (Season::Winter, Some(winter), _) => exact(winter),
            (Season::Summer, _, Some(summer)) => exact(summer),
            (_, Some(winter), Some(summer)) => (winter.min(summer), winter.max(summer)),
            (_, Some(known), None) | (_, None, Some(known)) => (known - HOUR, known + HOUR),
            (_, None, None) => match self.between {
                Some(known) => (known - HOUR, known + HOUR),
                None => exact(SignedDuration::ZERO),
            },
        }
    }

    /// Returns a file of each season that was not measured yet; one of the weeks between only where
    /// there is nothing better.
    pub(super) fn yardsticks(self, found: &[Entry]) -> Vec<Yardstick<'_>> {
        let all = || found.iter().filter_map(yardstick);
        let of = |season| all().find(|stick| stick.season == season);
        let mut sticks = Vec::new();
        if self.winter.is_none() {
            sticks.extend(of(Season::Winter));
        }
        if self.summer.is_none() {
            sticks.extend(of(Season::Summer));
        }
        let unknown = self.winter.or(self.summer).or(self.between).is_none();
        if sticks.is_empty() && unknown {
            sticks.extend(of(Season::Between));
        }
        sticks
    }

    /// Takes note of how far it is ahead.
    pub(super) fn learn(&mut self, season: Season, ahead: SignedDuration) {
        *match season {
            Season::Between => &mut self.between,
            Season::Summer => &mut self.summer,
            Season::Winter => &mut self.winter,
        } = Some(ahead);
    }

    /// Tells what was measured.
    pub(super) fn shown(self) -> Option<String> {
        let name = |name: &str, ahead: Option<SignedDuration>| {
            Some(format!("{name} {} min ahead of UTC", ahead?.as_mins()))
        };
        let parts = [
            name("winter", self.winter),
            name("summer", self.summer),
            name("these weeks", self.between),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

fn yardstick(found: &Entry) -> Option<Yardstick<'_>> {
    let modified = found.modified.filter(|modified| {
        modified.zone == Zone::Server && modified.precision >= Precision::Minute
    })?;
    let shown = Offset::UTC.to_timestamp(modified.at).ok()?;
    let is_file = matches!(found.kind, Kind::File)
        || (matches!(found.kind, Kind::Unknown) && found.size.is_some());
    is_file.then(|| Yardstick { name: found.name(), season: season(shown), shown })
}

/// Clocks change from the second Sunday of March (America) to the first of April (Australia), and
/// from the first of September (Chile) to the first of November (America).
fn season(at: Timestamp) -> Season {
    let date = Offset::UTC.to_datetime(at).date();
    match (date.month(), date.day()) {
        (12 | 1 | 2, _) | (3, ..=7) | (11, 8..) => Season::Winter,
        (5..=8, _) | (4, 8..) => Season::Summer,
        _ => Season::Between,
    }
}

/// Returns times of the last five months, the latest of each season they touch: with more months
/// between, `LIST` leaves out the time of day.
pub(super) fn one_of_each_season() -> Vec<Timestamp> {
    let now = Timestamp::now();
    let mut found: Vec<Timestamp> = Vec::new();
    for day in 1..150 {
        let at = now - SignedDuration::from_hours(24 * day);
        if !found.iter().any(|known| season(*known) == season(at)) {
            found.push(at);
        }
    }
    found
}

/// Returns how far a clock that shows `shown` at `utc` is ahead: a number of quarters of an hour, as
/// all zones are. What no zone explains is no zone.
pub(super) fn ahead(shown: Timestamp, utc: Timestamp) -> SignedDuration {
    const QUARTER: i64 = 15 * 60;
    const FARTHEST: i64 = 14 * 60 * 60;
    let quarters = (shown.duration_since(utc).as_secs() + QUARTER / 2).div_euclid(QUARTER);
    let seconds = quarters * QUARTER;
    SignedDuration::from_secs(if seconds.abs() <= FARTHEST { seconds } else { 0 })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A clock without summer time.
    pub(in super::super) fn fixed(hours: i64) -> Clock {
        let ahead = Some(SignedDuration::from_hours(hours));
        Clock { winter: ahead, summer: ahead, between: None }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn the_clock_is_ahead_by_quarters_of_an_hour() {
        let check = |shown: &str, minutes| {
            let found = ahead(at(shown), at("2026-01-02T03:04:59Z"));
            assert_eq!(found, SignedDuration::from_mins(minutes));
        };
        check("2026-01-02T03:04:00Z", 0);
        check("2026-01-02T05:04:00Z", 120);
        check("2026-01-01T21:34:00Z", -330);
        check("2026-01-20T03:04:00Z", 0);
    }

    #[track_caller]
    fn check(clock: Clock, shown: &str, least: i64, most: i64) {
        let hours = |hours| SignedDuration::from_hours(hours);
        assert_eq!(clock.ahead(at(shown)), (hours(least), hours(most)), "{shown}");
    }

    #[test]
    fn summer_time_is_an_hour_for_half_the_files() {
        let mut berlin = Clock::default();
        check(berlin, "2026-07-01T12:00:00Z", 0, 0);
        berlin.learn(Season::Winter, SignedDuration::from_hours(1));
        check(berlin, "2026-01-01T12:00:00Z", 1, 1);
        check(berlin, "2026-07-01T12:00:00Z", 0, 2);
        berlin.learn(Season::Summer, SignedDuration::from_hours(2));
        check(berlin, "2026-07-01T12:00:00Z", 2, 2);
        check(berlin, "2026-03-20T12:00:00Z", 1, 2);
        check(berlin, "2026-10-30T12:00:00Z", 1, 2);
        check(fixed(5), "2026-10-30T12:00:00Z", 5, 5);
    }

    #[test]
    fn each_season_is_measured_once() {
        let lines = b"-rw-r--r-- 1 u g 3 Oct 20 03:04 between\r\n\
                      -rw-r--r-- 1 u g 3 Jan 02 03:04 winter\r\n\
                      drwxr-xr-x 1 u g 3 Jul 02 03:04 directory\r\n\
                      -rw-r--r-- 1 u g 3 Jul 02 03:04 summer\r\n\
                      -rw-r--r-- 1 u g 3 Jul 02  2020 coarse\r\n";
        let now = jiff::civil::date(2026, 11, 1).at(12, 0, 0, 0);
        let options = ftp_client::ftp_proto::listing::Options::new(now);
        let items = ftp_client::ftp_proto::listing::read(lines, options);
        let found: Vec<Entry> = items
            .into_iter()
            .filter_map(|item| match item {
                ftp_client::ftp_proto::listing::Item::Entry(entry) => Some(entry),
                _ => None,
            })
            .collect();
        let names = |clock: Clock, found: &[Entry]| -> Vec<String> {
            let sticks = clock.yardsticks(found);
            sticks.iter().map(|it| String::from_utf8_lossy(it.name).into_owned()).collect()
        };
        assert_eq!(names(Clock::default(), &found), ["winter", "summer"]);
        assert_eq!(names(Clock::default(), &found[..1]), ["between"]);
        assert!(names(fixed(0), &found).is_empty());
        let mut clock = Clock::default();
        clock.learn(Season::Winter, SignedDuration::ZERO);
        assert_eq!(names(clock, &found), ["summer"]);
        assert!(names(clock, &found[..1]).is_empty());
    }
}

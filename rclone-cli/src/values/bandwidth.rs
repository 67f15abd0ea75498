//! Bandwidth limits: one rate, a pair for the two directions, or a timetable of them.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, Weekday};

use super::Size;

/// Bytes a second in each direction; none for no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Rate {
    /// Towards the server.
    pub(crate) upload: Option<u64>,
    /// From the server.
    pub(crate) download: Option<u64>,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (upload, download) = text.split_once(':').unwrap_or((text, text));
        let rate = |text: &str| Ok::<_, String>(text.parse::<Size>()?.0.filter(|&bytes| bytes > 0));
        Ok(Self { upload: rate(upload)?, download: rate(download)? })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Size(self.upload))?;
        if self.upload != self.download {
            write!(f, ":{}", Size(self.download))?;
        }
        Ok(())
    }
}

/// Which [`Rate`] holds when. A single rate is a timetable of one slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Timetable(Vec<Slot>);

/// From this minute of the week on, until the next slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Slot {
    minute: u32,
    rate: Rate,
}

const MINUTES_A_DAY: u32 = 24 * 60;

impl Timetable {
    /// Returns the rate that holds at `now`: the latest slot begun, or the week's last.
    pub(crate) fn at(&self, now: DateTime) -> Rate {
        let day = u32::from(now.weekday().to_monday_zero_offset().unsigned_abs());
        let minute =
            u32::from(now.hour().unsigned_abs()) * 60 + u32::from(now.minute().unsigned_abs());
        let minute = day * MINUTES_A_DAY + minute;
        let begun = self.0.iter().rev().find(|slot| slot.minute <= minute);
        begun.or_else(|| self.0.last()).map(|slot| slot.rate).unwrap_or_default()
    }

    /// Tells whether there is more than one slot.
    pub(crate) fn changes(&self) -> bool {
        self.0.len() > 1
    }

    /// Tells whether any slot limits anything.
    pub(crate) fn is_ever_limited(&self) -> bool {
        self.0.iter().any(|slot| slot.rate != Rate::default())
    }
}

impl FromStr for Timetable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains(',') {
            return Ok(Self(vec![Slot { minute: 0, rate: text.parse()? }]));
        }
        let mut slots = Vec::new();
        for token in text.split([' ', ';']).filter(|token| !token.is_empty()) {
            slots.extend(parse_slot(token)?);
        }
        slots.sort_by_key(|slot| slot.minute);
        Ok(Self(slots))
    }
}

/// Reads `[Day-]HH:MM,RATE`; without a day the slot holds on all of them.
fn parse_slot(token: &str) -> Result<Vec<Slot>, String> {
    let wrong = || format!("`{token}` is not a slot of a timetable: write Mon-08:00,512K");
    let (when, rate) = token.split_once(',').ok_or_else(wrong)?;
    let rate = rate.parse()?;
    let (day, time) = match when.split_once('-') {
        Some((day, time)) => (Some(weekday(day).ok_or_else(wrong)?), time),
        None => (None, when),
    };
    let (hour, minute) = time.split_once(':').ok_or_else(wrong)?;
    let (hour, minute): (u32, u32) = hour
        .parse()
        .ok()
        .zip(minute.parse().ok())
        .filter(|&(h, m)| h < 24 && m < 60)
        .ok_or_else(wrong)?;
    let days = day.map_or(0..7, |day| day..day + 1);
    Ok(days.map(|day| Slot { minute: day * MINUTES_A_DAY + hour * 60 + minute, rate }).collect())
}

fn weekday(text: &str) -> Option<u32> {
    let days = [
        (Weekday::Monday, "monday"),
        (Weekday::Tuesday, "tuesday"),
        (Weekday::Wednesday, "wednesday"),
        (Weekday::Thursday, "thursday"),
        (Weekday::Friday, "friday"),
        (Weekday::Saturday, "saturday"),
        (Weekday::Sunday, "sunday"),
    ];
    let text = text.to_ascii_lowercase();
    let (day, _) = days.iter().find(|(_, name)| *name == text || name[..3] == text)?;
    Some(u32::from(day.to_monday_zero_offset().unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(timetable: &str, now: &str, rate: &str) {
        let timetable: Timetable = timetable.parse().unwrap();
        assert_eq!(timetable.at(now.parse().unwrap()).to_string(), rate);
    }

    const TUESDAY_NOON: &str = "2024-01-02T12:00";

    #[test]
    fn one_rate_holds_always() {
        check("10M", TUESDAY_NOON, "10Mi");
        check("512", TUESDAY_NOON, "512Ki");
        check("10M:100k", TUESDAY_NOON, "10Mi:100Ki");
        check("off", TUESDAY_NOON, "off");
        check("0", TUESDAY_NOON, "off");
        check("1M:off", TUESDAY_NOON, "1Mi:off");
    }

    #[test]
    fn the_latest_slot_begun_holds() {
        let table = "08:00,512K 12:00,10M 13:00,512K 18:00,30M:1M 23:00,off";
        check(table, TUESDAY_NOON, "10Mi");
        check(table, "2024-01-02T11:59", "512Ki");
        check(table, "2024-01-02T18:30", "30Mi:1Mi");
        check(table, "2024-01-02T07:59", "off");
    }

    #[test]
    fn the_week_goes_round() {
        let table = "Mon-00:00,512;Fri-23:59,10M;Sat-10:00,1M;Sun-20:00,off";
        check(table, "2024-01-01T00:00", "512Ki");
        check(table, "2024-01-06T09:00", "10Mi");
        check(table, "2024-01-07T21:00", "off");
        check("wednesday-10:00,1M", "2024-01-01T00:00", "1Mi");
    }

    #[test]
    fn what_is_no_timetable_is_refused() {
        for text in ["", "x", "8,1M", "25:00,1M", "Foo-08:00,1M", "08:60,1M", "08:00,x", "1M:x"] {
            assert!(text.parse::<Timetable>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_timetable_knows_whether_it_ever_changes_or_limits() {
        for (text, changes, limits) in [
            ("off", false, false),
            ("1M", false, true),
            ("off:1M", false, true),
            ("Mon-08:00,1M", false, true),
            ("08:00,1M", true, true),
            ("Mon-08:00,1M Tue-08:00,off", true, true),
            ("08:00,off", true, false),
        ] {
            let timetable: Timetable = text.parse().unwrap();
            assert_eq!(
                (timetable.changes(), timetable.is_ever_limited()),
                (changes, limits),
                "{text}"
            );
        }
    }
}

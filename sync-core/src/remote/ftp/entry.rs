//! From what a server lists to what the engine works with: names checked, times in UTC and as fine
//! as they were said.

use std::time::Duration;

use ftp_client::Listing as Found;
use ftp_client::ftp_proto::listing::{self, Precision, Zone};
use jiff::SignedDuration;
use jiff::tz::Offset;

use crate::encoding::Encoder;
use crate::entry::{Doubt, Entry, Kind, Listing, Modified};
use crate::path::Name;

use super::clock::Clock;

/// Returns a listing as the engine sees it. A name that would leave the directory, and a line that
/// nobody understood, is a doubt.
pub(super) fn listing(found: Found, encoder: &Encoder, clock: Clock) -> Listing {
    let mut listing = Listing::default();
    for found in found.entries {
        match Name::new(encoder.from_server(found.name())) {
            Ok(name) => listing.entries.push(entry(name, &found, clock)),
            Err(reason) => {
                let name = found.name().into();
                listing.doubts.push(Doubt::HostileName { name, reason });
            }
        }
    }
    let unread = found.unread.into_iter();
    listing.doubts.extend(
        unread.map(|unread| Doubt::UnreadLine {
            line: unread.line,
            reason: unread.reason.to_string(),
        }),
    );
    listing
}

/// Returns an entry under a name that was checked.
pub(super) fn entry(name: Name, found: &listing::Entry, clock: Clock) -> Entry {
    let kind = kind(found);
    Entry {
        name,
        size: found.size.filter(|_| kind == Kind::File),
        modified: found.modified.and_then(|modified| time(modified, clock)),
        kind,
        unique: found.unique().map(Into::into),
        copied: None,
    }
}

fn kind(found: &listing::Entry) -> Kind {
    match found.kind {
        listing::Kind::Current | listing::Kind::Directory | listing::Kind::Parent => {
            Kind::Directory
        }
        listing::Kind::File => Kind::File,
        listing::Kind::Symlink => Kind::Symlink { target: found.target().map(Into::into) },
        // A thing with a size and no kind is a file to every server that lists so.
        listing::Kind::Unknown if found.size.is_some() => Kind::File,
        _ => Kind::Other,
    }
}

fn time(modified: listing::Modified, clock: Clock) -> Option<Modified> {
    let at = Offset::UTC.to_timestamp(modified.at).ok()?;
    let (least, most) = match modified.zone {
        Zone::Utc => (SignedDuration::ZERO, SignedDuration::ZERO),
        Zone::Server | Zone::Unknown => clock.ahead(at),
    };
    let precision = span(modified.precision) + (most - least).unsigned_abs();
    Some(Modified { at: at.checked_sub(most).ok()?, precision })
}

fn span(precision: Precision) -> Duration {
    match precision {
        Precision::Day => Duration::from_secs(24 * 60 * 60),
        Precision::Minute => Duration::from_secs(60),
        Precision::Second => Duration::from_secs(1),
        Precision::Subsecond(digits) => {
            Duration::from_nanos(10_u64.pow(9_u32.saturating_sub(digits.into())))
        }
    }
}

#[cfg(test)]
mod tests {
    use ftp_client::ftp_proto::listing::Options;

    use super::super::clock::tests::fixed;
    use super::*;

    fn read(lines: &str) -> Found {
        let now = jiff::civil::date(2026, 6, 1).at(12, 0, 0, 0);
        let mut found = Found::default();
        for item in listing::read(lines.as_bytes(), Options::new(now)) {
            match item {
                listing::Item::Entry(entry) => found.entries.push(entry),
                listing::Item::Unread(unread) => found.unread.push(unread),
                _ => {}
            }
        }
        found
    }

    #[track_caller]
    fn one(line: &str, clock: Clock) -> Entry {
        let listing = listing(read(line), &Encoder::default(), clock);
        let [entry] = &listing.entries[..] else { panic!("{listing:?}") };
        entry.clone()
    }

    #[track_caller]
    fn check_time(line: &str, ahead_hours: i64, expected: &str, seconds: u64) {
        let entry = one(line, fixed(ahead_hours));
        let modified = entry.modified.expect("a time");
        assert_eq!(modified.at.to_string(), expected);
        assert_eq!(modified.precision, Duration::from_secs(seconds));
    }

    #[test]
    fn a_time_is_as_fine_as_it_was_said() {
        let mlsd = "type=file;size=3;modify=20260102030405; f\r\n";
        check_time(mlsd, 2, "2026-01-02T03:04:05Z", 1);
        let minutes = "-rw-r--r-- 1 u g 3 Jan 02 03:04 f\r\n";
        check_time(minutes, 0, "2026-01-02T03:04:00Z", 60);
        check_time(minutes, 2, "2026-01-02T01:04:00Z", 60);
        let days = "-rw-r--r-- 1 u g 3 Jan 02  2020 f\r\n";
        check_time(days, 0, "2020-01-02T00:00:00Z", 86_400);
    }

    #[test]
    fn kinds_survive() {
        let link = one("lrwxrwxrwx 1 u g 3 Jan 02 03:04 l -> t\r\n", Clock::default());
        assert_eq!((link.kind, link.size), (Kind::Symlink { target: Some((*b"t").into()) }, None));
        let directory = one("type=dir;size=4096; d\r\n", Clock::default());
        assert_eq!((directory.kind, directory.size), (Kind::Directory, None));
    }

    #[test]
    fn what_cannot_be_a_name_or_be_read_is_a_doubt() {
        let lines = "type=file;size=1; a\r\ntype=file;size=1; ../b\r\nwhat is this\r\n";
        let listing = listing(read(lines), &Encoder::default(), Clock::default());
        assert_eq!(listing.entries.len(), 1);
        let shown: Vec<String> = listing.doubts.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert_eq!(shown[0], "refused the name `../b`: the name holds a `/`");
    }
}

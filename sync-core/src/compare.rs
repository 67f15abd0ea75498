//! Decides whether a file on the destination is what the source holds, from what both listings say.
//!
//! Two times differ only when they are as far apart as the coarser of them is precise: some servers
//! round, others cut off. Where they are equal only as far as a coarse listing goes, a hash that both
//! sides have decides. Reading a file's content is not done here.

use std::time::Duration;

use jiff::SignedDuration;

use crate::context::Options;
use crate::entry::{Entry, Modified};
use crate::journal::{CONTENT, Fact};
use crate::progress::{Cause, Reason};
use crate::remote::Capability;

/// What is known of two files that bear the same name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// They differ, for this reason.
    Differs(Reason),
    /// The destination's file is not to be touched, for this reason.
    Left(&'static str),
    /// They are taken to be the same.
    Same,
    /// Only the content can tell, for this reason.
    Unsettled(Reason),
}

/// How two files are compared, from the options and what both remotes can do.
#[derive(Clone, Debug)]
pub struct Rules {
    options: Options,
    /// A hash both sides compute.
    pub hash: Option<&'static str>,
    /// What the destination's times mean.
    pub stamps: Stamps,
    /// Whether the source's content is cheap to hash, so that it can be held against what the journal
    /// knows.
    pub reads_source: bool,
}

/// What a modification time on the destination means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stamps {
    /// It was given by whoever copied the file, and is kept this fine.
    Given(Duration),
    /// It is when the file was copied, by the destination's own clock.
    Own,
}

impl Rules {
    /// Returns the rules for copying from `source` to `destination`.
    pub fn new(options: &Options, source: &Capability, destination: &Capability) -> Self {
        let common = |hash: &&&'static str| destination.hashes.contains(*hash);
        let stamps = destination.write_precision.map_or(Stamps::Own, Stamps::Given);
        let hash = source.hashes.iter().find(common).copied();
        let reads_source = source.local && source.hashes.contains(&CONTENT);
        Self { options: options.clone(), hash, stamps, reads_source }
    }

    /// Returns the same rules for a destination that stamps files with its own clock.
    #[must_use]
    pub fn with_own_stamps(&self) -> Self {
        Self { stamps: Stamps::Own, ..self.clone() }
    }

    /// Compares two files.
    pub fn compare(&self, source: &Entry, destination: &Entry) -> Verdict {
        let options = &self.options;
        if options.ignore_existing {
            return Verdict::Left("exists");
        }
        if options.ignore_times {
            return Verdict::Differs("all are transferred".into());
        }
        let age = self.age(source, destination);
        let fact = destination.copied.as_deref();
        let since = fact.filter(|fact| fact.holds_for(destination));
        let since = since.map(|fact| self.age_since(source, fact));
        if options.update && since.or(age).is_some_and(|age| age.is_negative()) {
            return Verdict::Left("newer on the destination");
        }
        if let Some(reason) = self.size_differs(source, destination) {
            return Verdict::Differs(reason);
        }
        if options.size_only {
            return Verdict::Same;
        }
        if options.checksum {
            let hash = self.hash.or_else(|| self.copied_content(destination).map(|_| CONTENT));
            return hash.map_or(Verdict::Same, |hash| {
                let text = format!("{hash} hashes are compared");
                Verdict::Unsettled(Reason::new(Cause::Hash, text))
            });
        }
        let is_known = since.is_some_and(|since| since.is_zero());
        if let Some(reason) = self.ambiguity(source, destination, age).filter(|_| !is_known) {
            return Verdict::Unsettled(reason);
        }
        match self.stamps {
            Stamps::Given(_) => by_given_time(age, since),
            Stamps::Own => match (since, fact) {
                (Some(since), _) if since.is_zero() => Verdict::Same,
                (Some(since), _) => {
                    let text = format!("time differs by {:#} since it was copied", since.abs());
                    match self.copied_content(destination) {
                        Some(_) => Verdict::Unsettled(Reason::new(Cause::Time, text)),
                        None => changed(text),
                    }
                }
                (None, Some(_)) => changed("changed on the destination since it was copied".into()),
                (None, None) => by_own_stamp(age, destination),
            },
        }
    }

    /// Says why the times do not tell whether two files differ, where they have a hash that does: they
    /// agree, or a copy seems older, only as far as a listing in minutes or days goes.
    fn ambiguity(
        &self,
        source: &Entry,
        destination: &Entry,
        age: Option<SignedDuration>,
    ) -> Option<Reason> {
        let (hash, here, there) = (self.hash?, source.modified?, destination.modified?);
        let (kept, undecided) = match self.stamps {
            Stamps::Given(precision) => (precision, age.is_none()),
            Stamps::Own => (Duration::ZERO, age.is_none_or(|age| age.is_positive())),
        };
        let coarse = here.precision.max(there.precision);
        let exact = kept.max(self.options.modify_window).max(Duration::from_secs(1));
        let text = || format!("times are known to {coarse:?} only, {hash} hashes are compared");
        (undecided && coarse > exact).then(|| Reason::new(Cause::Hash, text()))
    }

    /// Returns what is remembered of a file of the destination that still is the one that was copied,
    /// where the source's content can be held against it.
    pub(crate) fn copied_content<'a>(&self, destination: &'a Entry) -> Option<&'a Fact> {
        let fact = destination.copied.as_deref().filter(|fact| fact.holds_for(destination))?;
        (self.reads_source && fact.sha256.is_some()).then_some(fact)
    }

    fn size_differs(&self, source: &Entry, destination: &Entry) -> Option<Reason> {
        let (there, here) = (destination.size?, source.size?);
        let differs = there != here && !self.options.ignore_size;
        differs.then(|| Reason::new(Cause::Size, format!("size differs {there} → {here}")))
    }

    /// Returns how much newer the source's file is, or `None` when the times agree or are unknown.
    fn age(&self, source: &Entry, destination: &Entry) -> Option<SignedDuration> {
        self.time_between(source.modified?, destination.modified?)
    }

    /// The same, of two times.
    fn time_between(&self, source: Modified, mut destination: Modified) -> Option<SignedDuration> {
        if let Stamps::Given(precision) = self.stamps {
            destination.precision = destination.precision.max(precision);
        }
        let age = source.at.duration_since(destination.at);
        let window = source.precision.max(destination.precision).max(self.options.modify_window);
        (age.unsigned_abs() >= window.max(Duration::from_nanos(1))).then_some(age)
    }

    /// Returns how much newer the source's file is than the one that was copied; zero where it is
    /// that one.
    fn age_since(&self, source: &Entry, fact: &Fact) -> SignedDuration {
        let Some(source) = source.modified else { return SignedDuration::ZERO };
        let age = source.at.duration_since(fact.source.at);
        let near = age.unsigned_abs() < self.options.modify_window;
        if near || source.meets(fact.source) { SignedDuration::ZERO } else { age }
    }

    /// Tells whether two times are known and do not differ.
    pub(crate) fn same_time(&self, source: Option<Modified>, there: Option<Modified>) -> bool {
        source.zip(there).is_some_and(|(source, there)| self.time_between(source, there).is_none())
    }

    /// Tells whether the time of a directory is known to be another than the source's, and not
    /// protected.
    pub(crate) fn directory_differs(&self, source: Modified, there: Option<Modified>) -> bool {
        let options = &self.options;
        let protected = options.size_only || options.immutable || options.ignore_existing;
        let Some(there) = there.filter(|_| !protected) else { return false };
        let age = self.time_between(source, there);
        options.ignore_times || age.is_some_and(|age| !options.update || age.is_positive())
    }
}

/// Judges by a time that the copy was given: where it does not agree, some servers have only rounded
/// it, as the journal knows.
fn by_given_time(age: Option<SignedDuration>, since: Option<SignedDuration>) -> Verdict {
    match age {
        Some(age) if since.is_none_or(|since| !since.is_zero()) => {
            let text = format!("time differs by {:#}", age.abs());
            Verdict::Unsettled(Reason::new(Cause::Time, text))
        }
        _ => Verdict::Same,
    }
}

/// Judges by when the file was copied, all that there is without a journal.
fn by_own_stamp(age: Option<SignedDuration>, destination: &Entry) -> Verdict {
    match age {
        Some(age) if age.is_positive() && is_exact(destination) => {
            changed(format!("source is newer than the copy by {age:#}"))
        }
        _ => Verdict::Same,
    }
}

fn changed(text: String) -> Verdict {
    Verdict::Differs(Reason::new(Cause::Time, text))
}

/// Tells whether a server's own stamp is fine enough, and so surely in UTC, to compare clocks by.
fn is_exact(entry: &Entry) -> bool {
    entry.modified.is_some_and(|modified| modified.precision <= Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::entry::Kind;
    use crate::remote::memory::Memory;

    const SECOND: Duration = Duration::from_secs(1);
    const INSTANT: Duration = Duration::from_nanos(1);
    const MINUTE: Duration = Duration::from_secs(60);

    fn file(size: u64, milliseconds: i64, precision: Duration) -> Entry {
        let at = Timestamp::from_millisecond(1_000_000_020_000 + milliseconds).unwrap();
        Entry {
            kind: Kind::File,
            size: Some(size),
            modified: Some(Modified { at, precision }),
            ..Entry::directory("f".parse().unwrap())
        }
    }

    fn rules(change: impl FnOnce(&mut Options)) -> Rules {
        let mut options = Options::default();
        change(&mut options);
        let server = Memory::server();
        use crate::Remote as _;
        Rules::new(&options, &Memory::new().capability(), &server.capability())
    }

    fn own(change: impl FnOnce(&mut Options)) -> Rules {
        rules(change).with_own_stamps()
    }

    fn verdict(rules: &Rules, source: &Entry, destination: &Entry) -> String {
        match rules.compare(source, destination) {
            Verdict::Differs(reason) => format!("differs: {reason}"),
            Verdict::Left(reason) => format!("left: {reason}"),
            Verdict::Same => "same".into(),
            Verdict::Unsettled(reason) => format!("unsettled: {reason}"),
        }
    }

    #[track_caller]
    fn check(rules: &Rules, source: (u64, i64), there: (u64, i64, Duration), expected: &str) {
        let source = file(source.0, source.1, INSTANT);
        let destination = file(there.0, there.1, there.2);
        assert_eq!(verdict(rules, &source, &destination), expected);
    }

    #[test]
    fn size_is_looked_at_first() {
        check(&rules(|_| ()), (5, 0), (3, 0, SECOND), "differs: size differs 3 → 5");
        check(&rules(|o| o.ignore_size = true), (5, 0), (3, 0, SECOND), "same");
        check(&rules(|o| o.size_only = true), (3, 9000), (3, 0, SECOND), "same");
    }

    #[test]
    fn times_differ_only_beyond_the_precision() {
        let rules = rules(|_| ());
        check(&rules, (3, 999), (3, 0, SECOND), "same");
        check(&rules, (3, 1000), (3, 0, SECOND), "unsettled: time differs by 1s");
        check(&rules, (3, -1), (3, 0, SECOND), "same");
        check(&rules, (3, -1000), (3, 0, SECOND), "unsettled: time differs by 1s");
        check(&rules, (3, 59_000), (3, 0, MINUTE), "same");
        check(&rules, (3, 7_260_000), (3, 0, MINUTE), "unsettled: time differs by 2h 1m");
    }

    #[test]
    fn a_finer_listing_than_the_server_keeps_is_not_trusted_below_a_second() {
        check(&rules(|_| ()), (3, 999), (3, 0, Duration::from_millis(1)), "same");
    }

    #[test]
    fn what_a_coarse_listing_cannot_tell_a_hash_decides() {
        let text = "unsettled: times are known to 60s only, md5 hashes are compared";
        let hashed = |change: fn(&mut Options)| Rules { hash: Some("md5"), ..rules(change) };
        check(&hashed(|_| ()), (3, 59_000), (3, 0, MINUTE), text);
        check(&hashed(|_| ()), (3, 0), (3, 0, MINUTE), text);
        check(&hashed(|_| ()), (3, 999), (3, 0, SECOND), "same");
        check(&hashed(|_| ()), (4, 0), (3, 0, MINUTE), "differs: size differs 3 → 4");
        check(&hashed(|_| ()), (3, 60_000), (3, 0, MINUTE), "unsettled: time differs by 1m");
        check(&hashed(|o| o.modify_window = MINUTE), (3, 59_000), (3, 0, MINUTE), "same");
        check(&hashed(|o| o.size_only = true), (3, 59_000), (3, 0, MINUTE), "same");
        let own = hashed(|_| ()).with_own_stamps();
        check(&own, (3, 500_000), (3, 0, MINUTE), text);
        check(&own, (3, -500_000), (3, 0, MINUTE), "same");
        let copied = Fact::of(&file(3, 0, INSTANT), &file(3, 0, MINUTE)).map(Box::new);
        let there = Entry { copied, ..file(3, 0, MINUTE) };
        let known =
            |milliseconds| verdict(&hashed(|_| ()), &file(3, milliseconds, INSTANT), &there);
        assert_eq!((known(0), known(5)), ("same".into(), text.into()));
    }

    #[test]
    fn the_modify_window_widens() {
        let rules = rules(|o| o.modify_window = Duration::from_secs(2));
        check(&rules, (3, 1999), (3, 0, SECOND), "same");
        check(&rules, (3, -1999), (3, 0, SECOND), "same");
        check(&rules, (3, 2000), (3, 0, SECOND), "unsettled: time differs by 2s");
    }

    #[test]
    fn a_stamp_of_the_server_tells_only_what_is_newer() {
        let newer = "differs: source is newer than the copy by 5s";
        check(&own(|_| ()), (3, 5000), (3, 0, SECOND), newer);
        check(&own(|_| ()), (3, -5000), (3, 0, SECOND), "same");
        check(&own(|_| ()), (3, 500_000), (3, 0, MINUTE), "same");
    }

    #[track_caller]
    fn check_known(rules: &Rules, source: i64, there: i64, expected: &str) {
        let copied = Fact::of(&file(3, 0, INSTANT), &file(3, 900_000, SECOND)).map(Box::new);
        let there = Entry { copied, ..file(3, 900_000 + there, SECOND) };
        assert_eq!(verdict(rules, &file(3, source, INSTANT), &there), expected);
    }

    #[test]
    fn what_the_journal_knows_is_compared_exactly() {
        check_known(&own(|_| ()), 0, 0, "same");
        let newer = "differs: time differs by 5s since it was copied";
        check_known(&own(|_| ()), 5000, 0, newer);
        check_known(&own(|_| ()), -5000, 0, newer);
        let there = "differs: changed on the destination since it was copied";
        check_known(&own(|_| ()), 0, 1000, there);
        check_known(&own(|_| ()), 0, -1000, there);
        check_known(&own(|o| o.size_only = true), 5000, 1000, "same");
    }

    #[test]
    fn a_time_that_a_server_has_changed_is_known() {
        check_known(&rules(|_| ()), 0, 0, "same");
        check_known(&rules(|_| ()), 0, 1000, "unsettled: time differs by 15m 1s");
        check_known(&rules(|_| ()), 5000, 0, "unsettled: time differs by 14m 55s");
        // Where the times agree they are believed, whatever is remembered.
        check_known(&rules(|_| ()), 901_000, 1000, "same");
    }

    #[test]
    fn update_goes_by_the_time_of_what_was_copied() {
        let update = |o: &mut Options| o.update = true;
        check_known(&own(update), 5000, 0, "differs: time differs by 5s since it was copied");
        check_known(&own(update), -5000, 0, "left: newer on the destination");
        check_known(&own(update), 0, 1000, "left: newer on the destination");
    }

    #[test]
    fn update_leaves_what_is_newer_there() {
        let rules = rules(|o| o.update = true);
        check(&rules, (5, 0), (3, 2000, SECOND), "left: newer on the destination");
        check(&rules, (5, 2000), (3, 0, SECOND), "differs: size differs 3 → 5");
        check(&rules, (3, 0), (3, 0, SECOND), "same");
    }

    #[test]
    fn options_overrule() {
        let all = "differs: all are transferred";
        check(&rules(|o| o.ignore_times = true), (3, 0), (3, 0, SECOND), all);
        check(&rules(|o| o.ignore_existing = true), (5, 0), (3, 0, SECOND), "left: exists");
        check(&rules(|o| o.checksum = true), (3, 9000), (3, 0, SECOND), "same");
        let hashed = Rules { hash: Some("md5"), ..rules(|o| o.checksum = true) };
        check(&hashed, (3, 0), (3, 0, SECOND), "unsettled: md5 hashes are compared");
    }

    #[test]
    fn what_is_unknown_is_not_held_against_a_file() {
        let mut there = file(3, 0, SECOND);
        there.modified = None;
        assert_eq!(rules(|_| ()).compare(&file(3, 9000, INSTANT), &there), Verdict::Same);
        there.size = None;
        assert_eq!(rules(|_| ()).compare(&file(5, 9000, INSTANT), &there), Verdict::Same);
    }
}

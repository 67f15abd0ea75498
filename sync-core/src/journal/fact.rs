//! What is remembered of one copy.

use std::time::Duration;

use jiff::Timestamp;

use crate::entry::{Entry, Modified};

/// The hash of a file's content that is remembered.
pub const CONTENT: &str = "sha256";

/// One file as it was copied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    /// How long it was on both sides.
    pub size: u64,
    /// The time of the source.
    pub source: Modified,
    /// The time the destination showed right after.
    pub copy: Modified,
    /// The destination's own identity of the copy, where it shows one.
    pub unique: Option<Box<[u8]>>,
    /// The SHA-256 of the content, where it was computed.
    pub sha256: Option<Box<[u8]>>,
}

/// A fact as it is stored; precisions in nanoseconds.
pub(super) type Stored<'a> = (u64, (i128, u64), (i128, u64), Option<&'a [u8]>, Option<&'a [u8]>);

impl Fact {
    /// Returns the fact that these two are the same, where enough is known of both.
    pub fn of(source: &Entry, copy: &Entry) -> Option<Self> {
        Some(Self {
            size: copy.size?,
            source: source.modified?,
            copy: copy.modified?,
            unique: copy.unique.clone(),
            sha256: None,
        })
    }

    /// Tells whether a file of the destination still is the one that was copied.
    pub fn holds_for(&self, copy: &Entry) -> bool {
        let same_time = copy.modified.is_some_and(|modified| self.copy.meets(modified));
        let (then, now) = (self.unique.as_deref(), copy.unique.as_deref());
        let other = then.zip(now).is_some_and(|(then, now)| then != now);
        copy.size == Some(self.size) && same_time && !other
    }

    /// Returns what is known of a copy of which another machine knows, too: of the same copy this
    /// machine knows when its own source was changed, else the other's word is the newer one.
    pub(super) fn agreeing_with(self, other: &Self) -> Self {
        let alike = |here: &Option<Box<[u8]>>, there: &Option<Box<[u8]>>| {
            here.is_none() || there.is_none() || here == there
        };
        let same = (self.size, self.copy) == (other.size, other.copy)
            && alike(&self.unique, &other.unique)
            && alike(&self.sha256, &other.sha256);
        if !same {
            return other.clone();
        }
        let sha256 = self.sha256.or_else(|| other.sha256.clone());
        Self { source: self.source, sha256, ..other.clone() }
    }

    /// Tells whether a listing of the destination says more than is remembered.
    pub(crate) fn lacks(&self, copy: &Entry) -> bool {
        self.unique.is_none() && copy.unique.is_some()
    }

    pub(super) fn stored(&self) -> Stored<'_> {
        let (unique, sha256) = (self.unique.as_deref(), self.sha256.as_deref());
        (self.size, parts(self.source), parts(self.copy), unique, sha256)
    }

    /// Reads what was stored; nothing where no such time can be.
    pub(super) fn read((size, source, copy, unique, sha256): Stored<'_>) -> Option<Self> {
        let (unique, sha256) = (unique.map(Into::into), sha256.map(Into::into));
        Some(Self { size, source: whole(source)?, copy: whole(copy)?, unique, sha256 })
    }
}

fn parts(modified: Modified) -> (i128, u64) {
    let precision = u64::try_from(modified.precision.as_nanos()).unwrap_or(u64::MAX);
    (modified.at.as_nanosecond(), precision)
}

fn whole((at, precision): (i128, u64)) -> Option<Modified> {
    let at = Timestamp::from_nanosecond(at).ok()?;
    Some(Modified { at, precision: Duration::from_nanos(precision) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Kind;

    fn entry(size: u64, second: i64, precision: u64, unique: Option<&[u8]>) -> Entry {
        let at = Timestamp::from_second(second).unwrap();
        Entry {
            kind: Kind::File,
            size: Some(size),
            modified: Some(Modified { at, precision: Duration::from_secs(precision) }),
            unique: unique.map(Into::into),
            ..Entry::root()
        }
    }

    #[test]
    fn a_fact_holds_until_size_time_or_identity_change() {
        let fact = Fact::of(&entry(3, 1, 1, None), &entry(3, 1000, 1, Some(b"u"))).unwrap();
        assert!(fact.holds_for(&entry(3, 1000, 1, Some(b"u"))));
        assert!(fact.holds_for(&entry(3, 1000, 1, None)));
        assert!(fact.holds_for(&entry(3, 960, 60, None)), "a coarser listing of the same");
        assert!(!fact.holds_for(&entry(4, 1000, 1, None)));
        assert!(!fact.holds_for(&entry(3, 1001, 1, None)));
        assert!(!fact.holds_for(&entry(3, 1000, 1, Some(b"v"))));
        assert!(!fact.holds_for(&Entry { modified: None, ..entry(3, 1000, 1, None) }));
    }

    #[test]
    fn a_fact_is_read_as_it_was_stored() {
        for unique in [None, Some(&b"801U2"[..])] {
            let fact = Fact::of(&entry(3, 1, 1, None), &entry(3, -5, 60, unique)).unwrap();
            let fact = Fact { sha256: unique.map(|_| [7; 32].into()), ..fact };
            assert_eq!(Fact::read(fact.stored()).as_ref(), Some(&fact));
        }
    }
}

//! Temporary names of files on their way: `NAME.<identity><mark>SUFFIX`, eight hexadecimal digits
//! each.
//!
//! The identity stands for the source as it was listed (size, time, the server's own identity), so
//! that a changed source gets another name and starts over. The mark proves that the name was
//! given under a key that only this pair of trees has on this machine: nobody else writes there,
//! and what lies there is ours to continue or to remove. So the name is the sidecar, the length
//! that is listed is the offset, and no server holds a file more than the partial itself.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::path::{Name, Path};

/// How much of the end of a partial file is compared with the source before it is continued, and
/// how much it must hold to be worth that.
pub(crate) const TAIL: u64 = 64 * 1024;

/// How long after its last byte a partial file of somebody else may still be growing.
const GROWING: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the part of a temporary name may be that it has from the final one.
const LONGEST: usize = 100;

/// The key that temporary names of one pair of trees are marked with.
pub(crate) type Key = [u8; 16];

/// Gives temporary names, and knows its own again.
#[derive(Clone, Debug)]
pub(crate) struct Partials {
    key: Key,
    suffix: String,
    /// Whether the key outlives the run, so that a later one finds what this one leaves.
    lasting: bool,
    /// When partial files of somebody else are no longer left alone.
    growing_since: Timestamp,
}

/// What files on their way were found in a directory.
#[derive(Clone, Debug, Default)]
pub struct Unfinished {
    /// How much of a file of the source is there already, by its name.
    pub begun: BTreeMap<Name, Begun>,
    /// What was begun and is of no use: its source has changed or is gone.
    pub stale: Vec<Entry>,
    /// What somebody else may be writing, on either side.
    pub foreign: Vec<Name>,
}

/// The partial copy of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Begun {
    /// Its temporary name.
    pub name: Name,
    /// How long it is.
    pub length: u64,
}

/// What a temporary name says.
struct Parts<'a> {
    stem: &'a [u8],
    /// Eight digits where the name was given by rclone, sixteen where by us.
    digits: &'a [u8],
}

impl Partials {
    /// Returns what names files under the lasting `key`, or else under one of this run alone.
    pub(crate) fn new(suffix: &str, key: Option<Key>, now: Timestamp) -> Self {
        Self {
            key: key.unwrap_or_else(rand::random),
            suffix: suffix.into(),
            lasting: key.is_some(),
            growing_since: now.checked_sub(GROWING).unwrap_or(Timestamp::MIN),
        }
    }

    /// Tells whether a later run will know what this one leaves.
    pub(crate) fn are_lasting(&self) -> bool {
        self.lasting
    }

    /// Returns the temporary name for `to`, relative to the tree, as long as its source is `source`.
    ///
    /// # Errors
    /// When the suffix cannot be part of a name.
    pub(crate) fn name(&self, to: &Path, source: &Entry) -> Result<Name> {
        let Some((directory, name)) = to.split() else { return Err(Error::is_a_directory(to)) };
        let stem = cut(name.as_bytes(), LONGEST);
        let identity = format!("{:08x}", identity(source));
        let mark = self.mark(&directory, stem, identity.as_bytes());
        let ending = format!(".{identity}{mark}{}", self.suffix);
        Name::new([stem, ending.as_bytes()].concat()).map_err(|error| {
            let message = format!("`{}` cannot end a temporary name: {error}", self.suffix);
            Error::new(ErrorKind::Usage, message)
        })
    }

    /// Tells whether a file is one we have begun.
    pub(crate) fn are_ours(&self, directory: &Path, name: &Name) -> bool {
        self.parts(name).is_some_and(|Parts { stem, digits }| {
            let (identity, mark) = digits.split_at(digits.len() / 2);
            mark == self.mark(directory, stem, identity).as_bytes()
        })
    }

    /// Tells whether a file takes no part in a run: it is one of ours, or one of somebody else who
    /// may be writing it now.
    pub(crate) fn claims(&self, directory: &Path, entry: &Entry) -> bool {
        let growing = || entry.modified.is_none_or(|modified| modified.at > self.growing_since);
        entry.is_file()
            && self.parts(&entry.name).is_some()
            && (growing() || self.are_ours(directory, &entry.name))
    }

    /// Says what becomes of partial files in a directory on its way from and to it.
    pub(crate) fn sort_out(
        &self,
        directory: &Path,
        source: &[Entry],
        leaving: Vec<Entry>,
        arriving: Vec<Entry>,
    ) -> Unfinished {
        let mut unfinished = Unfinished::default();
        let (ours, theirs): (Vec<_>, Vec<_>) =
            arriving.into_iter().partition(|partial| self.are_ours(directory, &partial.name));
        unfinished.foreign = leaving.into_iter().chain(theirs).map(|entry| entry.name).collect();
        for partial in ours {
            match source.iter().find(|entry| self.stands_for(directory, &partial.name, entry)) {
                Some(entry) => {
                    let begun = Begun { name: partial.name, length: partial.size.unwrap_or(0) };
                    unfinished.begun.insert(entry.name.clone(), begun);
                }
                None => unfinished.stale.push(partial),
            }
        }
        unfinished
    }

    fn stands_for(&self, directory: &Path, partial: &Name, source: &Entry) -> bool {
        source.is_file()
            && partial.as_bytes().starts_with(cut(source.name.as_bytes(), LONGEST))
            && self.name(&directory.child(&source.name), source).is_ok_and(|name| name == *partial)
    }

    /// Returns the start of the final name that a temporary one stands for.
    pub(crate) fn stem(&self, name: &Name) -> Option<Name> {
        Name::new(self.parts(name)?.stem).ok()
    }

    fn parts<'a>(&self, name: &'a Name) -> Option<Parts<'a>> {
        parts(name.as_bytes(), self.suffix.as_bytes())
    }

    fn mark(&self, directory: &Path, stem: &[u8], identity: &[u8]) -> String {
        let mut hasher = Sha256::new();
        for part in [&self.key, directory.as_bytes(), b"\0", stem, b"\0", identity] {
            hasher.update(part);
        }
        let hash = hasher.finalize();
        format!("{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3])
    }
}

/// Tells whether a name was given to a file on its way, by this program or by rclone.
pub(crate) fn is_temporary(name: &Name, suffix: &str) -> bool {
    parts(name.as_bytes(), suffix.as_bytes()).is_some()
}

/// Tells whether a source is known well enough for its partial copy to be continued: a time in
/// minutes hides changes.
pub(crate) fn is_continuable(source: &Entry) -> bool {
    let exact = |precision: Duration| precision <= Duration::from_secs(1);
    source.size.is_some_and(|size| size > TAIL)
        && source.modified.is_some_and(|modified| exact(modified.precision))
}

fn parts<'a>(name: &'a [u8], suffix: &[u8]) -> Option<Parts<'a>> {
    let name = name.strip_suffix(suffix)?;
    let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&dot| dot > 0)?;
    let (stem, digits) = (&name[..dot], &name[dot + 1..]);
    let hexadecimal = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (hexadecimal && matches!(digits.len(), 8 | 16)).then_some(Parts { stem, digits })
}

fn identity(source: &Entry) -> u32 {
    let mut identity = crc32fast::Hasher::new();
    identity.update(&source.size.unwrap_or(u64::MAX).to_le_bytes());
    let modified = source.modified.map_or(0, |modified| modified.at.as_nanosecond());
    identity.update(&modified.to_le_bytes());
    identity.update(source.unique.as_deref().unwrap_or_default());
    identity.finalize()
}

/// Cuts to at most `limit` bytes without cutting through a character.
fn cut(name: &[u8], limit: usize) -> &[u8] {
    let mut end = name.len().min(limit);
    while end > 0 && name.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Kind, Modified};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn partials(key: u8) -> Partials {
        Partials::new(".partial", Some([key; 16]), NOW)
    }

    fn source(size: u64, second: i64) -> Entry {
        let at = Timestamp::from_second(second).unwrap();
        Entry {
            kind: Kind::File,
            size: Some(size),
            modified: Some(Modified { at, precision: Duration::from_secs(1) }),
            ..Entry::root()
        }
    }

    fn name_of(path: &str, suffix: &str) -> String {
        let partials = Partials::new(suffix, Some([7; 16]), NOW);
        partials.name(&path.parse().unwrap(), &source(1, 1)).unwrap().to_string()
    }

    fn at(second: i64, name: &str) -> Entry {
        Entry { name: name.parse().unwrap(), ..source(1, second) }
    }

    #[test]
    fn a_temporary_name_is_the_name_and_sixteen_digits() {
        let name = name_of("d/a.txt", ".partial");
        let middle = name.strip_prefix("a.txt.").unwrap().strip_suffix(".partial").unwrap();
        assert!(middle.len() == 16 && middle.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(name_of("d/a.txt", ".tmp"), format!("a.txt.{middle}.tmp"));
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        for (start, kept) in [("", 50), ("x", 49)] {
            let name = name_of(&format!("{start}{}", "ä".repeat(120)), ".partial");
            assert_eq!(name.chars().filter(|&c| c == 'ä').count(), kept);
        }
    }

    #[test]
    fn a_suffix_stays_within_the_directory() {
        let partials = Partials::new("/x", None, NOW);
        let error = partials.name(&"a".parse().unwrap(), &source(1, 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
    }

    #[test]
    fn another_source_is_another_name() {
        let name = |entry: &Entry| partials(1).name(&"a".parse().unwrap(), entry).unwrap();
        let first = name(&source(5, 5));
        assert_eq!(name(&source(5, 5)), first);
        assert_ne!(name(&source(6, 5)), first);
        assert_ne!(name(&source(5, 6)), first);
        assert_ne!(name(&Entry { unique: Some((*b"u").into()), ..source(5, 5) }), first);
    }

    #[test]
    fn only_what_was_named_under_the_key_in_that_directory_is_ours() {
        let (ours, theirs) = (partials(1), partials(2));
        let directory: Path = "d".parse().unwrap();
        let name = ours.name(&"d/a".parse().unwrap(), &source(5, 5)).unwrap();
        assert!(ours.are_ours(&directory, &name));
        assert!(!ours.are_ours(&Path::root(), &name));
        assert!(!theirs.are_ours(&directory, &name));
        assert!(!ours.are_ours(&directory, &"a.0123456789abcdef.partial".parse().unwrap()));
        assert_eq!(ours.stem(&name), Some("a".parse().unwrap()));
    }

    #[test]
    fn a_partial_of_somebody_else_is_left_alone_for_a_day() {
        let (partials, root) = (partials(1), Path::root());
        let claims = |second, name: &str| partials.claims(&root, &at(second, name));
        assert!(claims(-3600, "a.0123456789abcdef.partial"));
        assert!(claims(-3600, "a.01234567.partial"), "rclone's have eight digits");
        assert!(!claims(-100_000, "a.01234567.partial"));
        for ordinary in ["a.partial", "a.0123.partial", ".01234567.partial", "a.0123456G.partial"] {
            assert!(!claims(-3600, ordinary), "{ordinary}");
        }
        let ours = partials.name(&"a".parse().unwrap(), &source(1, 1)).unwrap().to_string();
        assert!(claims(-100_000, &ours));
    }

    #[test]
    fn what_changes_unseen_is_not_continued() {
        assert!(is_continuable(&source(TAIL + 1, 0)));
        assert!(!is_continuable(&source(TAIL, 0)));
        let mut coarse = source(TAIL + 1, 0);
        coarse.modified.as_mut().unwrap().precision = Duration::from_secs(60);
        assert!(!is_continuable(&coarse));
        assert!(!is_continuable(&Entry { modified: None, ..coarse }));
    }
}

//! What takes how much room below a directory, filled in while the walk goes on.

use std::collections::HashMap;

use jiff::Timestamp;
use sync_core::walk::Pair;
use sync_core::{Entry, Name, Path};

/// The directories seen so far, by their path.
#[derive(Debug, Default)]
pub(super) struct Usage {
    directories: HashMap<Path, Directory>,
}

/// One directory.
#[derive(Debug, Default)]
struct Directory {
    items: Vec<Item>,
    /// All that lies in it, however deep.
    total: Total,
    /// Why it could not be read whole.
    error: Option<String>,
}

/// A file or directory, as its own directory lists it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) name: Name,
    pub(super) is_directory: bool,
    pub(super) modified: Option<Timestamp>,
    size: Option<u64>,
}

/// What lies in a directory, or in a file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Total {
    pub(super) bytes: u64,
    pub(super) files: u64,
    /// How many of the files have no size that is known.
    pub(super) sizeless: u64,
    /// How many directories could not be read whole.
    pub(super) failures: u64,
}

impl Total {
    /// Returns the mean size of the files whose size is known.
    pub(super) fn average(&self) -> u64 {
        self.bytes.checked_div(self.files - self.sizeless).unwrap_or(0)
    }

    fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.files += other.files;
        self.sizeless += other.sizeless;
        self.failures += other.failures;
    }

    fn subtract(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_sub(other.bytes);
        self.files = self.files.saturating_sub(other.files);
        self.sizeless = self.sizeless.saturating_sub(other.sizeless);
        self.failures = self.failures.saturating_sub(other.failures);
    }
}

impl Item {
    fn new(entry: &Entry) -> Self {
        Self {
            name: entry.name.clone(),
            is_directory: entry.is_directory(),
            modified: entry.modified.map(|modified| modified.at),
            size: entry.size,
        }
    }

    /// Returns what a file is worth.
    fn own(&self) -> Total {
        let sizeless = u64::from(self.size.is_none());
        Total { bytes: self.size.unwrap_or(0), files: 1, sizeless, failures: 0 }
    }
}

impl Usage {
    /// Takes in what the walk found in one directory.
    pub(super) fn take(&mut self, pair: Pair) {
        let (entries, error) = match pair.source.into_listing() {
            Err(error) => (Vec::new(), Some(error.to_string())),
            Ok((entries, doubts)) => (entries, doubts.first().map(ToString::to_string)),
        };
        let items: Vec<Item> = entries.iter().map(Item::new).collect();
        let mut total = Total { failures: u64::from(error.is_some()), ..Total::default() };
        items.iter().filter(|item| !item.is_directory).for_each(|item| total.add(item.own()));
        let before =
            self.directories.insert(pair.directory.clone(), Directory { items, total, error });
        debug_assert!(before.is_none(), "the walk enters a directory once");
        self.change_above(&pair.directory, |sum| sum.add(total));
    }

    fn change_above(&mut self, path: &Path, change: impl Fn(&mut Total)) {
        let mut above = path.parent();
        while let Some(path) = above {
            if let Some(directory) = self.directories.get_mut(&path) {
                change(&mut directory.total);
            }
            above = path.parent();
        }
    }

    /// Returns what a directory lists; nothing before it was read.
    pub(super) fn items(&self, directory: &Path) -> &[Item] {
        self.directories.get(directory).map_or(&[], |found| &found.items)
    }

    /// Tells whether a directory was read.
    pub(super) fn has(&self, directory: &Path) -> bool {
        self.directories.contains_key(directory)
    }

    /// Returns what lies in an item of a directory.
    pub(super) fn total(&self, directory: &Path, item: &Item) -> Total {
        match item.is_directory {
            true => self.total_of(&directory.child(&item.name)),
            false => item.own(),
        }
    }

    /// Returns what lies in a directory.
    pub(super) fn total_of(&self, directory: &Path) -> Total {
        self.directories.get(directory).map(|found| found.total).unwrap_or_default()
    }

    /// Returns why a directory could not be read whole.
    pub(super) fn error(&self, directory: &Path) -> Option<&str> {
        self.directories.get(directory)?.error.as_deref()
    }

    /// Forgets what stands at `path`, which was deleted.
    pub(super) fn remove(&mut self, path: &Path) {
        let Some((parent, name)) = path.split() else { return };
        let Some(directory) = self.directories.get_mut(&parent) else { return };
        let Some(index) = directory.items.iter().position(|item| item.name == name) else { return };
        let item = directory.items.remove(index);
        let gone = if item.is_directory { self.total_of(path) } else { item.own() };
        self.directories.retain(|directory, _| !directory.is_within(path));
        self.change_above(path, |sum| sum.subtract(gone));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use sync_core::walk::Side;
    use sync_core::{Error, ErrorKind, Kind, Modified};

    use super::*;

    pub(in super::super) fn path(text: &str) -> Path {
        if text.is_empty() { Path::root() } else { text.parse().expect(text) }
    }

    /// Returns a directory's listing: `name=size` is a file, `name=?` one of unknown size, `name/` a
    /// directory.
    pub(in super::super) fn pair(directory: &str, entries: &[&str]) -> Pair {
        let entry = |text: &&str| {
            let (name, size) =
                text.split_once('=').unwrap_or_else(|| (text.trim_end_matches('/'), "?"));
            let kind = if text.ends_with('/') { Kind::Directory } else { Kind::File };
            let at = Timestamp::from_second(1_000_000_000).expect("a time");
            let modified = Some(Modified { at, precision: std::time::Duration::from_secs(1) });
            let name = Name::new(name.as_bytes()).expect("a name");
            Entry { kind, size: size.parse().ok(), modified, ..Entry::directory(name) }
        };
        let entries = entries.iter().map(entry).collect();
        pair_of(
            directory,
            Side::Listed { entries, doubts: Vec::new(), partials: Vec::new(), hides: false },
        )
    }

    pub(in super::super) fn pair_of(directory: &str, source: Side) -> Pair {
        Pair {
            directory: path(directory),
            there: path(directory),
            aliases: Vec::new(),
            source,
            destination: Side::Absent,
            unfinished: Default::default(),
            in_doubt: false,
            dates: Default::default(),
        }
    }

    fn usage() -> Usage {
        let mut usage = Usage::default();
        usage.take(pair("", &["a/", "f=10"]));
        usage.take(pair("a", &["b/", "g=5", "h=?"]));
        usage.take(pair("a/b", &["i=1"]));
        usage
    }

    #[test]
    fn what_lies_deeper_counts_above() {
        let usage = usage();
        let a = Total { bytes: 6, files: 3, sizeless: 1, failures: 0 };
        assert_eq!(usage.total_of(&path("a")), a);
        assert_eq!(a.average(), 3);
        assert_eq!(usage.total_of(&Path::root()), Total { bytes: 16, files: 4, ..a });
        assert_eq!(usage.total(&Path::root(), &usage.items(&Path::root())[1]).bytes, 10);
        assert_eq!(Total::default().average(), 0);
    }

    #[test]
    fn what_was_deleted_is_subtracted_above() {
        let mut usage = usage();
        usage.remove(&path("a/b"));
        assert!(!usage.has(&path("a/b")));
        assert_eq!(usage.total_of(&Path::root()).bytes, 15);
        usage.remove(&path("f"));
        usage.remove(&path("f"));
        assert_eq!(usage.total_of(&Path::root()).bytes, 5);
        usage.remove(&path("a"));
        assert_eq!(usage.total_of(&Path::root()), Total::default());
        assert!(usage.items(&Path::root()).is_empty());
    }

    #[test]
    fn a_directory_that_failed_is_told_above() {
        let mut usage = usage();
        usage.take(pair_of("a/c", Side::Failed(Error::new(ErrorKind::PermissionDenied, "no"))));
        assert_eq!(usage.error(&path("a/c")), Some("no"));
        assert_eq!(usage.total_of(&Path::root()).failures, 1);
        assert_eq!(usage.error(&path("a")), None);
    }
}

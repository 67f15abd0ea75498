//! Which directories are known to be there, so that nobody asks for them or makes them again.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard};

use crate::path::Path;

/// Directories seen or made. The place where the server starts is always known.
#[derive(Debug, Default)]
pub(super) struct Directories(Mutex<HashSet<Path>>);

impl Directories {
    /// Notes that a directory is there, and so those above it.
    pub(super) fn add(&self, directory: &Path) {
        let mut known = self.known();
        let mut next = Some(directory.clone());
        while let Some(directory) = next {
            next = directory.parent();
            if !known.insert(directory) {
                return;
            }
        }
    }

    /// Forgets a directory and all below it.
    pub(super) fn forget(&self, directory: &Path) {
        self.known().retain(|known| !known.is_within(directory));
    }

    /// Tells whether a directory is known to be there.
    pub(super) fn has(&self, directory: &Path) -> bool {
        directory.name().is_none() || self.known().contains(directory)
    }

    /// Returns those of the directories and of their parents that are not known, parents before
    /// children, each once.
    pub(super) fn unknown(&self, directories: &[Path]) -> Vec<Path> {
        let known = self.known();
        let mut seen = HashSet::new();
        let mut chain = Vec::new();
        for directory in directories {
            let first = chain.len();
            let mut next = Some(directory.clone());
            while let Some(directory) = next.filter(|next| next.name().is_some()) {
                if known.contains(&directory) || !seen.insert(directory.clone()) {
                    break;
                }
                next = directory.parent();
                chain.push(directory);
            }
            chain[first..].reverse();
        }
        chain
    }

    fn known(&self) -> MutexGuard<'_, HashSet<Path>> {
        self.0.lock().expect("no holder of the lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<Path> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[track_caller]
    fn check(known: &[&str], wanted: &[&str], unknown: &[&str]) {
        let directories = Directories::default();
        paths(known).iter().for_each(|directory| directories.add(directory));
        assert_eq!(directories.unknown(&paths(wanted)), paths(unknown));
    }

    #[test]
    fn parents_come_first_and_each_once() {
        check(&[], &["a/b/c", "a/d"], &["a", "a/b", "a/b/c", "a/d"]);
        check(&[], &["/a/b"], &["/a", "/a/b"]);
        check(&["a/b"], &["a/b/c", "a/b", "a", ""], &["a/b/c"]);
        check(&["a"], &["/a"], &["/a"]);
    }

    #[test]
    fn what_is_below_a_forgotten_directory_is_forgotten() {
        let directories = Directories::default();
        directories.add(&"a/b/c".parse().unwrap());
        directories.forget(&"a/b".parse().unwrap());
        let known = ["", "a", "a/b", "a/b/c"].map(|text| directories.has(&text.parse().unwrap()));
        assert_eq!(known, [true, true, false, false]);
    }
}

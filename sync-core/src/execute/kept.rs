//! Directories that hold something which stays: they are not asked to go, and neither is any above
//! them. A server may refuse, and one that removes what a directory holds along with it does not.

use std::collections::HashSet;

use crate::path::Path;

/// Directories that stay, with all above them.
#[derive(Debug, Default)]
pub(crate) struct Kept(HashSet<Path>);

impl Kept {
    /// Notes that a directory stays, and so those above it.
    pub(crate) fn keep(&mut self, directory: &Path) {
        let mut next = Some(directory.clone());
        while let Some(directory) = next {
            next = directory.parent();
            if !self.0.insert(directory) {
                return;
            }
        }
    }

    /// Notes that these things stay, and so the directories that hold them.
    pub(crate) fn keep_above<'a>(&mut self, paths: impl IntoIterator<Item = &'a Path>) {
        for directory in paths.into_iter().filter_map(Path::parent) {
            self.keep(&directory);
        }
    }

    /// Adds what others have noted.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Tells whether a directory stays.
    pub(crate) fn has(&self, directory: &Path) -> bool {
        self.0.contains(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_something_that_stays_stays() {
        let mut kept = Kept::default();
        let path = |text: &str| text.parse::<Path>().unwrap();
        kept.keep(&path("a/b"));
        kept.keep_above([&path("c/d/e")]);
        let has = |text: &str| kept.has(&path(text));
        assert!(has("a/b") && has("a") && has("c/d") && has("c") && kept.has(&Path::root()));
        assert!(!has("a/b/c") && !has("c/d/e") && !has("ab"));
    }
}

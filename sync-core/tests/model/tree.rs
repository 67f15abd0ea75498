//! Trees as the model knows them, and the remotes that hold them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use sync_core::filter::Filter;
use sync_core::remote::Remote as _;
use sync_core::remote::memory::Memory;
use sync_core::{Capability, Path};

use crate::common::{Store, time};

/// A file as the model knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct File {
    pub(crate) content: String,
    /// In half seconds, so that some differ below the second.
    pub(crate) half_seconds: i64,
}

pub(crate) type Files = BTreeMap<String, File>;

/// A tree with what is no file: directories that may be empty, and symbolic links.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: Files,
    pub(crate) directories: BTreeSet<String>,
    pub(crate) links: BTreeSet<String>,
}

impl Tree {
    /// Returns a tree in which nothing stands where something else needs a directory.
    pub(crate) fn new(
        files: Files,
        directories: impl IntoIterator<Item = String>,
        links: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut tree = Self::default();
        for (path, file) in files {
            if tree.has_room_for(&path) {
                tree.files.insert(path, file);
            }
        }
        for path in links {
            if tree.has_room_for(&path) {
                tree.links.insert(path);
            }
        }
        let leaves: Vec<String> = tree.leaves().cloned().collect();
        let free = |path: &String| !leaves.iter().any(|leaf| is_within(path, leaf));
        tree.directories = directories.into_iter().filter(free).flat_map(|it| chain(&it)).collect();
        tree.directories.extend(leaves.iter().flat_map(|leaf| parents_of(leaf)));
        tree
    }

    fn has_room_for(&self, path: &str) -> bool {
        !self.leaves().any(|leaf| is_within(leaf, path) || is_within(path, leaf))
    }

    /// Returns everything that is no directory.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = &String> {
        self.files.keys().chain(&self.links)
    }

    /// Puts the tree into a store, below `root`.
    pub(crate) async fn put(&self, store: &Store, root: &str) {
        for (path, file) in &self.files {
            let at = time(0) + SignedDuration::from_millis(file.half_seconds * 500);
            store.memory.put(&format!("{root}{path}"), file.content.clone().into_bytes(), at);
        }
        for path in &self.links {
            store.memory.put_link(&format!("{root}{path}"), "nowhere");
        }
        for path in &self.directories {
            let path: Path = format!("{root}{path}").parse().unwrap();
            store.memory.mkdir(&path).await.unwrap();
        }
    }
}

/// Tells whether `path` is `above` or lies below it.
pub(crate) fn is_within(path: &str, above: &str) -> bool {
    path == above || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// Returns the directories that a path needs.
pub(crate) fn parents_of(path: &str) -> Vec<String> {
    path.match_indices('/').map(|(index, _)| path[..index].to_owned()).collect()
}

fn chain(directory: &str) -> Vec<String> {
    let mut chain = parents_of(directory);
    chain.push(directory.to_owned());
    chain
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Keeps times to the nanosecond and computes hashes.
    Disk,
    /// Keeps times to the second, no hashes.
    Server,
    /// Stamps files with its own clock.
    Stamping,
}

/// The second at which stores stamp files.
const CLOCK: i64 = 10_000;

impl Place {
    pub(crate) fn store(self) -> Store {
        let store = Store::new(match self {
            Self::Disk => Memory::new(),
            Self::Server => Memory::server(),
            Self::Stamping => {
                Memory::with(Capability { write_precision: None, ..Memory::server().capability() })
            }
        });
        store.memory.set_clock(time(CLOCK));
        store
    }

    /// Returns what a time looks like once it stands here.
    pub(crate) fn shown(self, half_seconds: i64) -> i64 {
        match self {
            Self::Disk => half_seconds,
            Self::Server | Self::Stamping => half_seconds - half_seconds.rem_euclid(2),
        }
    }

    /// Returns a file as it stands here once it was copied.
    pub(crate) fn copied(self, file: &File) -> File {
        let half_seconds = match self {
            Self::Stamping => CLOCK * 2,
            Self::Disk | Self::Server => self.shown(file.half_seconds),
        };
        File { half_seconds, ..file.clone() }
    }
}

/// Which files take part, by names of a letter.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    All,
    /// All but files of this name.
    Exclude(String),
    /// All but what lies in directories of this name.
    ExcludeIn(String),
    /// Files of this name.
    Include(String),
}

impl Rule {
    pub(crate) fn filter(&self) -> Filter {
        let builder = Filter::builder();
        let builder = match self {
            Self::All => builder,
            Self::Exclude(name) => builder.exclude(name).unwrap(),
            Self::ExcludeIn(name) => builder.exclude(&format!("{name}/**")).unwrap(),
            Self::Include(name) => builder.include(name).unwrap(),
        };
        builder.build().unwrap()
    }

    fn passes(&self, path: &str) -> bool {
        let (above, leaf) = path.rsplit_once('/').unwrap_or(("", path));
        match self {
            Self::All => true,
            Self::Exclude(name) => leaf != name,
            Self::ExcludeIn(name) => above.split('/').all(|directory| directory != name),
            Self::Include(name) => leaf == name,
        }
    }

    pub(crate) fn of(&self, files: &Files) -> Files {
        let passing = files.iter().filter(|(path, _)| self.passes(path));
        passing.map(|(path, file)| (path.clone(), file.clone())).collect()
    }
}

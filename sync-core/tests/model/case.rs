//! A run between two trees, and what the model says of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sync_core::Options;
use sync_core::context::{Deletion, Direction, Order, OrderBy, Quota, Tracking};
use sync_core::ops::Mode;

use crate::tree::{File, Files, Place, Rule, Tree, is_within, parents_of};

/// The file that the destination's journal is kept in, where there is one.
pub(crate) const JOURNAL: &str = ".journal";

/// Where goes what is replaced or deleted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keeps {
    Nothing,
    /// To a directory of its own, under a name with this end.
    Aside(&'static str),
    /// Beside what replaces it, under a name with this end.
    InPlace(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) rule: Rule,
    pub(crate) source: Tree,
    pub(crate) before: Tree,
    pub(crate) place: Place,
    pub(crate) mode: Mode,
    pub(crate) keeps: Keeps,
    pub(crate) options: Options,
    /// What the journal knows of an earlier run on a place that stamps files: the times of both sides
    /// and the size.
    pub(crate) known: BTreeMap<String, (i64, i64, usize)>,
}

/// What comes of a run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) source: Files,
    pub(crate) destination: Tree,
    /// What was replaced or deleted, by the path it had.
    pub(crate) kept: Files,
    pub(crate) fails: bool,
}

pub(crate) fn path() -> impl Strategy<Value = String> {
    "[abc](/[abc]){0,2}"
}

pub(crate) fn file() -> impl Strategy<Value = File> {
    ("[xy]{0,2}", 0..6_i64).prop_map(|(content, half_seconds)| File { content, half_seconds })
}

fn tree(rule: &Rule) -> impl Strategy<Value = Tree> + use<> {
    // What the filter hides of these is another story.
    let most = if matches!(rule, Rule::All) { 3 } else { 1 };
    let some = move || proptest::collection::vec(path(), 0..most);
    let files = proptest::collection::btree_map(path(), file(), 0..8);
    (files, some(), some())
        .prop_map(|(files, directories, links)| Tree::new(files, directories, links))
}

fn rule() -> impl Strategy<Value = Rule> {
    let name = || "[abc]".prop_map(String::from);
    prop_oneof![
        3 => Just(Rule::All),
        1 => name().prop_map(Rule::Exclude),
        1 => name().prop_map(Rule::ExcludeIn),
        1 => name().prop_map(Rule::Include),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let flags = proptest::collection::vec(proptest::bool::weighted(0.2), 14);
    let count =
        prop_oneof![(0..3_u64).prop_map(Quota::Count), (0..100_u8).prop_map(Quota::Percent)];
    let limits =
        (proptest::option::weighted(0.2, count), proptest::option::weighted(0.1, 0..4_u64));
    let numbers = (1..4_usize, 1..5_usize, 1..3_usize);
    (flags, limits, numbers).prop_map(|(flags, limits, numbers)| Options {
        size_only: flags[0],
        checksum: flags[1],
        ignore_existing: flags[2],
        inplace: flags[3],
        ignore_times: flags[4],
        check_first: flags[5],
        no_traverse: flags[6],
        deletion: match (flags[7], flags[8]) {
            (true, _) => Deletion::Before,
            (false, true) => Deletion::During,
            (false, false) => Deletion::After,
        },
        order: flags[9].then_some(Order { by: OrderBy::Size, direction: Direction::Mixed(50) }),
        update: flags[10],
        create_empty_source_directories: flags[11],
        journal_remote: flags[12].then(|| JOURNAL.parse().unwrap()),
        delete_excluded: flags[13],
        max_delete: limits.0,
        max_delete_bytes: limits.1,
        transfers: numbers.0,
        checkers: numbers.1,
        max_backlog: numbers.2,
        ..Options::default()
    })
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    rule()
        .prop_flat_map(|rule| {
            let place = prop_oneof![Just(Place::Disk), Just(Place::Server), Just(Place::Stamping)];
            let mode = prop_oneof![Just(Mode::Copy), Just(Mode::Move), Just(Mode::Sync)];
            let keeps = prop_oneof![
                6 => Just(Keeps::Nothing),
                1 => Just(Keeps::Aside("")),
                1 => Just(Keeps::Aside(".old")),
                1 => Just(Keeps::InPlace(".bak")),
            ];
            let renames = proptest::bool::weighted(0.2);
            let shared = proptest::collection::vec(path(), 0..3);
            let trees = (tree(&rule), tree(&rule), shared);
            (Just(rule), trees, place, mode, keeps, options(), renames)
        })
        .prop_map(|(rule, (source, extra, shared), place, mode, keeps, mut options, renames)| {
            if renames && keeps == Keeps::Nothing {
                options.track_renames = Some(Tracking { hash: true, ..Tracking::default() });
                (options.max_delete, options.max_delete_bytes) = (None, None);
            }
            let before = destination(&rule, &source, extra, &shared);
            Case { rule, source, before, place, mode, keeps, options, known: BTreeMap::new() }
        })
}

/// Returns the destination's tree before the run: its own, with some files as the source has them.
fn destination(rule: &Rule, source: &Tree, extra: Tree, shared: &[String]) -> Tree {
    let Tree { mut files, directories, links } = extra;
    let alike =
        shared.iter().filter_map(|path| Some((path.clone(), source.files.get(path)?.clone())));
    files.extend(alike);
    // What clashes with something unseen is another story.
    if !matches!(rule, Rule::All) {
        let at_odds = |one: &str, other: &str| {
            one != other && (is_within(one, other) || is_within(other, one))
        };
        files.retain(|path, _| !source.files.keys().any(|here| at_odds(here, path)));
        let none: [String; 0] = [];
        return Tree::new(files, none.clone(), none);
    }
    Tree::new(files, directories, links)
}

impl Case {
    /// Tells whether directories are not listed, but taken to be there.
    pub(crate) fn asks(&self) -> bool {
        let lists = self.mode == Mode::Sync || self.options.delete_excluded;
        self.options.no_traverse && !lists
    }

    /// Returns those of the destination's files that a run sees.
    fn seen(&self) -> Files {
        let files = &self.before.files;
        let mut seen =
            if self.options.delete_excluded { files.clone() } else { self.rule.of(files) };
        // Below what is a link on the source nobody looks.
        seen.retain(|path, _| {
            !self.source.links.iter().any(|link| path != link && is_within(path, link))
        });
        seen
    }

    /// Returns the destination's files that a sync takes away.
    pub(crate) fn extras(&self) -> Files {
        let (taking_part, mut extras) = (self.rule.of(&self.source.files), self.seen());
        extras
            .retain(|path, _| !taking_part.contains_key(path) && !self.source.links.contains(path));
        extras
    }

    fn is_limited(&self) -> bool {
        self.options.max_delete.is_some() || self.options.max_delete_bytes.is_some()
    }

    fn exceeds_a_limit(&self, doomed: &Files) -> bool {
        let Options { max_delete, max_delete_bytes, .. } = self.options;
        let bytes: u64 = doomed.values().map(|file| file.content.len() as u64).sum();
        let (count, out_of) = (doomed.len() as u64, self.seen().len() as u64);
        max_delete.is_some_and(|limit| limit.is_exceeded_by(count, out_of))
            || max_delete_bytes.is_some_and(|limit| bytes > limit)
    }

    /// Tells whether some extra files may be gone before a failure is met: deleted, or renamed to
    /// what the source calls them.
    pub(crate) fn may_begin_to_delete(&self) -> bool {
        let early = self.options.deletion == Deletion::During && !self.is_limited();
        self.mode == Mode::Sync && (early || self.options.track_renames.is_some())
    }

    /// Tells whether a file of the destination is left alone for its time.
    fn is_newer(&self, here: &File, there: &File) -> bool {
        let age = here.half_seconds - self.place.shown(there.half_seconds);
        let finest = if matches!(self.place, Place::Disk) { 1 } else { 2 };
        self.options.update && !self.options.ignore_times && age <= -finest
    }

    fn differs(&self, path: &str, here: &File, there: &File) -> bool {
        let options = &self.options;
        if options.ignore_existing || self.is_newer(here, there) {
            return false;
        }
        if options.ignore_times || here.content.len() != there.content.len() {
            return true;
        }
        if options.size_only {
            return false;
        }
        let same_content = here.content == there.content;
        if options.checksum {
            return matches!(self.place, Place::Disk) && !same_content;
        }
        let shown = self.place.shown(there.half_seconds);
        match (self.place, self.known.get(path)) {
            (Place::Disk, _) => here.half_seconds != shown && !same_content,
            (Place::Server, _) => (here.half_seconds - shown).abs() >= 2,
            (Place::Stamping, Some(&(source, copy, size))) => {
                (source, copy, size) != (here.half_seconds, shown, there.content.len())
            }
            (Place::Stamping, None) => here.half_seconds >= shown + 2,
        }
    }

    /// Tells whether a file gets the source's time, since its content is the same.
    fn dates(&self, here: &File, there: &File) -> bool {
        let looks_at_times = !self.options.size_only && !self.options.checksum;
        matches!(self.place, Place::Disk) && looks_at_times && here.content == there.content
    }

    /// Tells whether the destination has something of another kind in the way of a file.
    fn is_blocked(&self, path: &str) -> bool {
        let before = &self.before;
        let above = |leaf: &String| leaf != path && is_within(path, leaf);
        before.directories.contains(path)
            || before.links.contains(path)
            || before.leaves().any(above)
    }

    pub(crate) fn expected(&self) -> Outcome {
        let Tree { mut files, links, .. } = self.before.clone();
        let (mut source, mut kept) = (self.source.files.clone(), Files::new());
        // Where directories are not listed, one that holds no file is not looked for.
        let in_the_way = |directory: &String| self.before.leaves().any(|leaf| leaf == directory);
        let looks = !self.asks() || self.options.create_empty_source_directories;
        let mut fails = looks && self.source.directories.iter().any(in_the_way);
        for (path, here) in &self.rule.of(&self.source.files) {
            if self.is_blocked(path) {
                fails = true;
                continue;
            }
            let there = self.before.files.get(path);
            let left = |there: &File| self.options.ignore_existing || self.is_newer(here, there);
            if there.is_none_or(|there| self.differs(path, here, there)) {
                kept.extend(there.map(|there| (path.clone(), there.clone())));
                files.insert(path.clone(), self.place.copied(here));
            } else if there.is_some_and(|there| !left(there) && self.dates(here, there)) {
                files.insert(path.clone(), here.clone());
            }
            if self.mode == Mode::Move && !there.is_some_and(left) {
                source.remove(path);
            }
        }
        if self.mode == Mode::Sync && !fails {
            let doomed = self.extras();
            fails = self.exceeds_a_limit(&doomed);
            if !fails {
                files.retain(|path, _| !doomed.contains_key(path));
                kept.extend(doomed);
            } else if self.options.deletion == Deletion::Before {
                // A run that may not delete first does nothing else either.
                (files, kept) = (self.before.files.clone(), Files::new());
            }
        }
        if self.keeps == Keeps::Nothing {
            kept.clear();
        }
        let mut destination = Tree { files, links, directories: BTreeSet::new() };
        destination.directories = self.directories(&destination, &kept);
        Outcome { source, destination, kept, fails }
    }

    /// Returns the destination's directories after a run that does not fail.
    fn directories(&self, after: &Tree, kept: &Files) -> BTreeSet<String> {
        let mut directories = self.before.directories.clone();
        if self.mode == Mode::Sync {
            let hidden = |path: &String| self.source.links.iter().any(|link| is_within(path, link));
            directories.retain(|path| self.source.directories.contains(path) || hidden(path));
        }
        if self.options.create_empty_source_directories {
            directories.extend(self.source.directories.iter().cloned());
        }
        directories.extend(after.leaves().flat_map(|leaf| parents_of(leaf)));
        if matches!(self.keeps, Keeps::InPlace(_)) {
            directories.extend(kept.keys().flat_map(|path| parents_of(path)));
        }
        let above: Vec<String> = directories.iter().flat_map(|path| parents_of(path)).collect();
        directories.extend(above);
        directories
    }
}

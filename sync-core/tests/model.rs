//! Random trees, options and kinds of remotes against a naive model of what copy, move and sync
//! mean; then the same again, which must change nothing.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Store, context, time};
use proptest::prelude::*;
use sync_core::context::{Deletion, Direction, Order, OrderBy};
use sync_core::ops::{Mode, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Capability, Options, Remote as _};

/// A file as the model knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
struct File {
    content: String,
    /// In half seconds, so that some differ below the second.
    half_seconds: i64,
}

type Files = BTreeMap<String, File>;

#[derive(Clone, Copy, Debug)]
enum Place {
    /// Keeps times to the nanosecond and computes hashes.
    Disk,
    /// Keeps times to the second, no hashes.
    Server,
    /// Stamps files with its own clock.
    Stamping,
}

impl Place {
    fn store(self) -> Store {
        let store = Store::new(match self {
            Self::Disk => Memory::new(),
            Self::Server => Memory::server(),
            Self::Stamping => {
                Memory::with(Capability { write_precision: None, ..Memory::server().capability() })
            }
        });
        store.memory.set_clock(time(10_000));
        store
    }

    /// Returns what a time looks like once it stands here.
    fn shown(self, half_seconds: i64) -> i64 {
        match self {
            Self::Disk => half_seconds,
            Self::Server | Self::Stamping => half_seconds - half_seconds.rem_euclid(2),
        }
    }
}

#[derive(Clone, Debug)]
struct Case {
    source: Files,
    extra: Files,
    shared: Vec<String>,
    place: Place,
    mode: Mode,
    options: Options,
}

fn files() -> impl Strategy<Value = Files> {
    let path = proptest::collection::vec("[abc]", 1..4).prop_map(|names| names.join("/"));
    let file =
        ("[xy]{0,2}", 0..6_i64).prop_map(|(content, half_seconds)| File { content, half_seconds });
    proptest::collection::btree_map(path, file, 0..8).prop_map(|files| without_clashes(&files))
}

/// Leaves out files that stand where others need a directory.
fn without_clashes(files: &Files) -> Files {
    let is_directory =
        |path: &String| files.keys().any(|other| other.starts_with(&format!("{path}/")));
    files
        .iter()
        .filter(|(path, _)| !is_directory(path))
        .map(|(p, f)| (p.clone(), f.clone()))
        .collect()
}

fn case() -> impl Strategy<Value = Case> {
    let place = prop_oneof![Just(Place::Disk), Just(Place::Server), Just(Place::Stamping)];
    let mode = prop_oneof![Just(Mode::Copy), Just(Mode::Move), Just(Mode::Sync)];
    let flags = proptest::collection::vec(proptest::bool::weighted(0.2), 10);
    let numbers = (1..4_usize, 1..5_usize, 1..3_usize);
    (
        files(),
        files(),
        proptest::collection::vec("[abc](/[abc]){0,2}", 0..3),
        place,
        mode,
        flags,
        numbers,
    )
        .prop_map(|(source, extra, shared, place, mode, flags, numbers)| {
            let options = Options {
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
                order: flags[9]
                    .then_some(Order { by: OrderBy::Size, direction: Direction::Mixed(50) }),
                transfers: numbers.0,
                checkers: numbers.1,
                max_backlog: numbers.2,
                ..Options::default()
            };
            Case { source, extra, shared, place, mode, options }
        })
}

impl Case {
    /// Returns the destination's files before the run: its own, and some as the source has them.
    fn destination(&self) -> Files {
        let mut files = self.extra.clone();
        for path in &self.shared {
            if let Some(file) = self.source.get(path) {
                files.insert(path.clone(), file.clone());
            }
        }
        without_clashes(&files)
    }

    fn differs(&self, here: &File, there: &File) -> bool {
        let options = &self.options;
        if options.ignore_existing {
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
        match self.place {
            Place::Disk => here.half_seconds != shown && !same_content,
            Place::Server => (here.half_seconds - shown).abs() >= 2,
            Place::Stamping => here.half_seconds >= shown + 2,
        }
    }

    /// Returns the files of both sides after the run, and how many clashes there were.
    fn expected(&self) -> (Files, Files, bool) {
        let (mut source, before) = (self.source.clone(), self.destination());
        let mut destination = before.clone();
        let clashes = |path: &str| {
            before.keys().any(|there| {
                there.starts_with(&format!("{path}/")) || path.starts_with(&format!("{there}/"))
            })
        };
        let mut clashed = false;
        for (path, here) in &self.source {
            if clashes(path) {
                clashed = true;
                continue;
            }
            let left = self.options.ignore_existing && before.contains_key(path);
            if before.get(path).is_none_or(|there| self.differs(here, there)) {
                destination.insert(path.clone(), here.clone());
            }
            if self.mode == Mode::Move && !left {
                source.remove(path);
            }
        }
        if self.mode == Mode::Sync && !clashed {
            destination.retain(|path, _| self.source.contains_key(path));
        }
        (source, destination, clashed)
    }
}

fn put(store: &Store, files: &Files) {
    for (path, file) in files {
        let at = time(0) + jiff::SignedDuration::from_millis(file.half_seconds * 500);
        store.memory.put(path, file.content.clone().into_bytes(), at);
    }
}

fn contents(files: &Files) -> Vec<String> {
    files.iter().map(|(path, file)| format!("{path}={}", file.content)).collect()
}

fn parents(files: &Files) -> BTreeSet<String> {
    let up = |path: &String| -> Vec<String> {
        path.match_indices('/').map(|(index, _)| path[..index].to_owned()).collect()
    };
    files.keys().flat_map(up).collect()
}

async fn check(case: Case) {
    let (source, destination) = (Place::Disk.store(), case.place.store());
    put(&source, &case.source);
    put(&destination, &case.destination());
    let (mut ctx, _) = context();
    ctx.options = case.options.clone();
    let result = sync(&ctx, &source.tree(), &destination.tree(), case.mode).await;
    let (source_after, destination_after, clashed) = case.expected();
    assert_eq!(result.is_err(), clashed, "{result:?}");
    assert_eq!(source.files(), contents(&source_after), "source");
    // What is deleted on the way may go before a failure is met.
    let early = case.options.deletion == Deletion::During && case.mode == Mode::Sync;
    if !(clashed && early) {
        assert_eq!(destination.files(), contents(&destination_after), "destination");
    }
    if case.mode == Mode::Sync && !clashed {
        let directories: BTreeSet<_> = destination.memory.directories().into_iter().collect();
        let kept = parents(&case.source);
        assert!(directories.is_subset(&kept), "{directories:?} but {kept:?}");
    }
    if !(clashed && early) {
        again(case, &source, &destination).await;
    }
}

/// What was just made the same is left alone.
async fn again(case: Case, source: &Store, destination: &Store) {
    if case.options.ignore_times || case.mode == Mode::Move {
        return;
    }
    destination.calls.watch().take();
    let (mut ctx, _) = context();
    let no_traverse = case.options.no_traverse;
    ctx.options = case.options;
    let _ = sync(&ctx, &source.tree(), &destination.tree(), case.mode).await;
    let mut calls = destination.calls.watch().take();
    // Without a listing, a directory where a file stands is found out by trying to make it.
    calls.retain(|call, _| *call != Call::Mkdir || !no_traverse);
    for call in [Call::Create, Call::Mkdir, Call::Remove, Call::Rename, Call::Rmdir] {
        assert!(!calls.contains_key(&call), "the second run made {calls:?}");
    }
}

/// Returns how many cases to try: `PROPTEST_CASES`, or 2,000.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(2000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_run_does_what_the_model_says(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(check(case));
    }
}

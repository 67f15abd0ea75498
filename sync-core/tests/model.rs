//! Random trees, filters, options and kinds of remotes against a naive model of what copy, move and
//! sync mean; then the same again, which must change nothing. Changes that only a journal shows, and
//! listings that fail.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::{Store, context, time};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use sync_core::context::{Deletion, Direction, Order, OrderBy, Quota, Tracking};
use sync_core::filter::Filter;
use sync_core::ops::{Mode, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Capability, Context, ErrorKind, Options, Remote as _};

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

/// Which files take part, by names of a letter.
#[derive(Clone, Debug)]
enum Rule {
    All,
    /// All but files of this name.
    Exclude(String),
    /// All but what lies in directories of this name.
    ExcludeIn(String),
    /// Files of this name.
    Include(String),
}

impl Rule {
    fn filter(&self) -> Filter {
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

    fn of(&self, files: &Files) -> Files {
        let passing = files.iter().filter(|(path, _)| self.passes(path));
        passing.map(|(path, file)| (path.clone(), file.clone())).collect()
    }
}

#[derive(Clone, Debug)]
struct Case {
    rule: Rule,
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
    let flags = proptest::collection::vec(proptest::bool::weighted(0.2), 15);
    let name = || "[abc]".prop_map(String::from);
    let rule = prop_oneof![
        3 => Just(Rule::All),
        1 => name().prop_map(Rule::Exclude),
        1 => name().prop_map(Rule::ExcludeIn),
        1 => name().prop_map(Rule::Include),
    ];
    let limit = proptest::option::weighted(0.2, 0..3_u64);
    let numbers = (1..4_usize, 1..5_usize, 1..3_usize);
    (
        files(),
        files(),
        proptest::collection::vec("[abc](/[abc]){0,2}", 0..3),
        place,
        mode,
        flags,
        numbers,
        rule,
        limit,
    )
        .prop_map(|(source, extra, shared, place, mode, flags, numbers, rule, limit)| {
            let track_renames = flags[13].then_some(Tracking { hash: true, ..Tracking::default() });
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
                update: flags[10],
                create_empty_source_directories: flags[11],
                journal_remote: flags[12].then(|| JOURNAL.parse().unwrap()),
                delete_excluded: flags[14],
                max_delete: limit.filter(|_| !flags[13]).map(Quota::Count),
                track_renames,
                transfers: numbers.0,
                checkers: numbers.1,
                max_backlog: numbers.2,
                ..Options::default()
            };
            Case { rule, source, extra, shared, place, mode, options }
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
        let mut files = without_clashes(&files);
        // What clashes with something unseen is another story.
        if !matches!(self.rule, Rule::All) {
            files.retain(|path, _| !self.source.keys().any(|here| are_at_odds(here, path)));
        }
        files
    }

    /// Returns those of the destination's files that a run sees.
    fn seen(&self, files: &Files) -> Files {
        if self.options.delete_excluded { files.clone() } else { self.rule.of(files) }
    }

    /// Returns the destination's files that a sync takes away.
    fn extras(&self) -> Files {
        let (taking_part, mut extras) =
            (self.rule.of(&self.source), self.seen(&self.destination()));
        extras.retain(|path, _| !taking_part.contains_key(path));
        extras
    }

    /// Tells whether some extra files may be gone before a failure is met: deleted, or renamed to
    /// what the source calls them.
    fn may_begin_to_delete(&self) -> bool {
        let early = self.options.deletion == Deletion::During && self.options.max_delete.is_none();
        self.mode == Mode::Sync && (early || self.options.track_renames.is_some())
    }

    /// Tells whether a file of the destination is left alone for its time.
    fn is_newer(&self, here: &File, there: &File) -> bool {
        let age = here.half_seconds - self.place.shown(there.half_seconds);
        let finest = if matches!(self.place, Place::Disk) { 1 } else { 2 };
        self.options.update && !self.options.ignore_times && age <= -finest
    }

    fn differs(&self, here: &File, there: &File) -> bool {
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
        match self.place {
            Place::Disk => here.half_seconds != shown && !same_content,
            Place::Server => (here.half_seconds - shown).abs() >= 2,
            Place::Stamping => here.half_seconds >= shown + 2,
        }
    }

    /// Returns the files of both sides after the run, and whether it fails.
    fn expected(&self) -> (Files, Files, bool) {
        let (mut source, before) = (self.source.clone(), self.destination());
        let mut destination = before.clone();
        let clashes = |path: &str| before.keys().any(|there| are_at_odds(path, there));
        let mut clashed = false;
        let taking_part = self.rule.of(&self.source);
        for (path, here) in &taking_part {
            if clashes(path) {
                clashed = true;
                continue;
            }
            let left = before
                .get(path)
                .is_some_and(|there| self.options.ignore_existing || self.is_newer(here, there));
            if before.get(path).is_none_or(|there| self.differs(here, there)) {
                destination.insert(path.clone(), here.clone());
            }
            if self.mode == Mode::Move && !left {
                source.remove(path);
            }
        }
        if self.mode == Mode::Sync && !clashed {
            let doomed = self.extras();
            match self.options.max_delete {
                // A run that may not delete first does nothing else either.
                Some(limit) if limit.is_exceeded_by(doomed.len() as u64, before.len() as u64) => {
                    clashed = true;
                    if self.options.deletion == Deletion::Before {
                        destination = before;
                    }
                }
                _ => destination.retain(|path, _| !doomed.contains_key(path)),
            }
        }
        (source, destination, clashed)
    }
}

fn are_at_odds(one: &str, other: &str) -> bool {
    other.starts_with(&format!("{one}/")) || one.starts_with(&format!("{other}/"))
}

/// The file that the destination's journal is kept in, where there is one.
const JOURNAL: &str = ".journal";

/// Returns a store's files but for the journal.
fn files_of(store: &Store) -> Vec<String> {
    let mut files = store.files();
    files.retain(|file| !file.starts_with(JOURNAL));
    files
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

fn is_content(file: &str, content: &str) -> bool {
    file.split_once('=').is_some_and(|(_, found)| found == content)
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
    ctx.filter = Arc::new(case.rule.filter());
    let result = sync(&ctx, &source.tree(), &destination.tree(), case.mode).await;
    let (source_after, destination_after, clashed) = case.expected();
    assert_eq!(result.is_err(), clashed, "{result:?}");
    assert_eq!(files_of(&source), contents(&source_after), "source");
    let (mut left, mut expected) = (files_of(&destination), contents(&destination_after));
    if clashed && case.may_begin_to_delete() {
        if case.options.track_renames.is_some() {
            let stands = |file: &File| left.iter().any(|left| is_content(left, &file.content));
            assert!(case.extras().values().all(stands), "what is renamed is not lost: {left:?}");
        }
        let extras = contents(&case.extras());
        left.retain(|file| !extras.contains(file));
        expected.retain(|file| !extras.contains(file));
    }
    assert_eq!(left, expected, "destination");
    if case.mode == Mode::Sync && !clashed && matches!(case.rule, Rule::All) {
        let directories: BTreeSet<_> = destination.memory.directories().into_iter().collect();
        let kept = parents(&case.source);
        assert!(directories.is_subset(&kept), "{directories:?} but {kept:?}");
    }
    if !(clashed && case.may_begin_to_delete()) {
        again(case, &source, &destination).await;
    }
}

/// What was just made the same is left alone.
async fn again(case: Case, source: &Store, destination: &Store) {
    if case.options.ignore_times || case.mode == Mode::Move {
        return;
    }
    destination.calls.watch().take();
    let (mut ctx, heard) = context();
    ctx.filter = Arc::new(case.rule.filter());
    let (no_traverse, has_journal) =
        (case.options.no_traverse, case.options.journal_remote.is_some());
    ctx.options = case.options;
    let _ = sync(&ctx, &source.tree(), &destination.tree(), case.mode).await;
    for deed in ["done Copied", "done Deleted", "done Moved", "done Made", "done Removed"] {
        assert_eq!(heard.heard(deed), [""; 0], "the second run's");
    }
    // The journal may have learnt something, which is written, too.
    if has_journal {
        return;
    }
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

/// What fails is kept beside this file and tried first from then on.
fn config(cases: u32) -> ProptestConfig {
    let beside = FileFailurePersistence::WithSource("proptest-regressions");
    let failure_persistence = Some(Box::new(beside) as _);
    ProptestConfig { cases, failure_persistence, ..ProptestConfig::default() }
}

/// What changed on either side of a server that stamps files with its own clock, in any direction
/// and without another size, is seen with a journal.
async fn check_known(source: Files, changed_here: Vec<usize>, changed_there: Vec<usize>) {
    let (here, there) = (Place::Disk.store(), Place::Stamping.store());
    put(&here, &source);
    let (mut ctx, _) = context();
    ctx.options.journal_remote = Some(JOURNAL.parse().unwrap());
    let run = async |ctx: &Context| sync(ctx, &here.tree(), &there.tree(), Mode::Sync).await;
    run(&ctx).await.unwrap();
    let other = |content: &str| content.replace('x', "z").replace('y', "x");
    let mut expected = source.clone();
    for (index, (path, file)) in expected.iter_mut().enumerate() {
        if changed_there.contains(&index) {
            there.memory.put(path, other(&file.content), time(20_000));
        }
        if changed_here.contains(&index) {
            *file = File { content: other(&file.content), half_seconds: file.half_seconds - 3 };
        }
    }
    put(&here, &expected);
    run(&ctx).await.unwrap();
    assert_eq!(files_of(&there), contents(&expected));
}

/// Below a directory that one side cannot list nothing changes, the run fails, and once it can be
/// listed the next run ends what this one could not.
async fn check_blind(case: Case, blind: &str, on_source: bool) {
    let (here, there) = (Place::Disk.store(), case.place.store());
    let before = case.destination();
    put(&here, &case.source);
    put(&there, &before);
    let (mut ctx, _) = context();
    ctx.options = case.options.clone();
    let failing = if on_source { &here } else { &there };
    failing.faults.watch().always(Call::List, blind, ErrorKind::PermissionDenied);
    let mut unseen = parents(if on_source { &case.source } else { &before });
    unseen.retain(|directory| directory.ends_with(blind));
    let is_unseen = |path: &str| unseen.iter().any(|above| path.starts_with(&format!("{above}/")));

    let (_, mut expected, clashed) = case.expected();
    let fails = clashed || !unseen.is_empty();
    let result = sync(&ctx, &here.tree(), &there.tree(), Mode::Sync).await;
    assert_eq!(result.is_err(), fails, "{result:?}");
    expected.retain(|path, _| !is_unseen(path));
    // Early deletions are done where all was seen; later ones not at all after a failure.
    let early = case.options.deletion == Deletion::During;
    let is_kept = |path: &str| is_unseen(path) || fails && !early;
    let kept = before.iter().filter(|(path, _)| is_kept(path) && !expected.contains_key(*path));
    let kept: Vec<_> = kept.map(|(path, file)| (path.clone(), file.clone())).collect();
    expected.extend(kept);
    let (mut left, mut expected) = (there.files(), contents(&expected));
    if early && fails {
        let mut extras = case.extras();
        extras.retain(|path, _| !is_unseen(path));
        let extras = contents(&extras);
        left.retain(|file| !extras.contains(file));
        expected.retain(|file| !extras.contains(file));
    }
    assert_eq!(left, expected, "after the first run");

    let [here, there] = [here, there].map(|store| Store::new(store.memory));
    let again = sync(&ctx, &here.tree(), &there.tree(), Mode::Sync).await;
    assert_eq!(again.is_err(), clashed, "{again:?}");
    if !clashed {
        let names: Vec<_> = there.memory.files().into_keys().collect();
        assert!(names.iter().eq(case.source.keys()), "{names:?} after the second run");
    }
}

fn run<F: Future<Output = ()>>(work: F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(work);
}

proptest! {
    #![proptest_config(config(cases()))]

    #[test]
    fn a_run_does_what_the_model_says(case in case()) {
        run(check(case));
    }

    #[test]
    fn below_what_cannot_be_listed_nothing_is_deleted(
        case in case(),
        blind in "[abc]",
        on_source in proptest::bool::ANY,
    ) {
        let Options { deletion, transfers, checkers, max_backlog, check_first, .. } = case.options;
        let few = Options { deletion, transfers, checkers, max_backlog, check_first, ..Options::default() };
        let case = Case { rule: Rule::All, mode: Mode::Sync, options: few, ..case };
        run(check_blind(case, &blind, on_source));
    }
}

// Databases take time to begin, and no random option multiplies the cases here.
proptest! {
    #![proptest_config(config(cases() / 5))]

    #[test]
    fn with_a_journal_every_change_is_seen(
        source in files(),
        changed_here in proptest::collection::vec(0..8_usize, 0..4),
        changed_there in proptest::collection::vec(0..8_usize, 0..4),
    ) {
        run(check_known(source, changed_here, changed_there));
    }
}

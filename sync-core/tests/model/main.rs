//! Random trees, filters, options and kinds of remotes against a naive model of what copy, move and
//! sync mean; then the same again, which must change nothing. Changes on both sides between two runs,
//! those that only a journal shows, and listings that fail.

mod case;
#[path = "../common/mod.rs"]
mod common;
mod tree;

use std::collections::BTreeSet;
use std::sync::Arc;

use case::{Case, JOURNAL, Keeps, Outcome, case, file, path};
use common::{Recorder, Store, context, time};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use sync_core::context::{Backup, Deletion, Quota};
use sync_core::ops::{Mode, sync};
use sync_core::remote::watch::Call;
use sync_core::{Context, ErrorKind, Failures, Options};
use tree::{File, Files, Place, Rule, Tree, is_within};

/// Where the destination's tree lies in its store, and where its backups go.
const ROOT: &str = "to/";
const ASIDE: &str = "old/";

/// Returns a store's files below a root, but for the journal.
fn files_of(store: &Store, root: &str) -> Vec<String> {
    let files = store.files().into_iter();
    let below = files.filter_map(|file| Some(file.strip_prefix(root)?.to_owned()));
    below.filter(|file| !file.starts_with(JOURNAL)).collect()
}

fn contents(files: &Files) -> Vec<String> {
    files.iter().map(|(path, file)| format!("{path}={}", file.content)).collect()
}

fn is_content(file: &str, content: &str) -> bool {
    file.split_once('=').is_some_and(|(_, found)| found == content)
}

/// Returns the names that backups have.
fn named(kept: &Files, suffix: &str) -> Files {
    kept.iter().map(|(path, file)| (format!("{path}{suffix}"), file.clone())).collect()
}

/// Both sides of a case, with what they hold.
struct Sides {
    source: Store,
    destination: Store,
}

impl Sides {
    async fn of(case: &Case) -> Self {
        let (source, destination) = (Place::Disk.store(), case.place.store());
        case.source.put(&source, "").await;
        case.before.put(&destination, ROOT).await;
        Self { source, destination }
    }

    async fn run(&self, case: &Case) -> (Result<(), Failures>, Arc<Recorder>) {
        let (mut ctx, heard) = context();
        ctx.options = case.options.clone();
        ctx.filter = Arc::new(case.rule.filter());
        let destination = self.destination.tree_at(ROOT.trim_end_matches('/'));
        let backup = |root: &str, suffix: &str| Backup {
            tree: sync_core::Tree::new(destination.remote.clone(), common::path(root)),
            suffix: suffix.into(),
            keeps_extension: false,
        };
        ctx.options.backup = match case.keeps {
            Keeps::Nothing => None,
            Keeps::Aside(suffix) => Some(backup(ASIDE.trim_end_matches('/'), suffix)),
            Keeps::InPlace(suffix) => Some(backup(ROOT.trim_end_matches('/'), suffix)),
        };
        (sync(&ctx, &self.source.tree(), &destination, case.mode).await, heard)
    }

    /// Compares both sides with what the model expects.
    fn check(&self, case: &Case, expected: &Outcome) {
        assert_eq!(files_of(&self.source, ""), contents(&expected.source), "source");
        let (mut there, mut aside) = (expected.destination.files.clone(), Files::new());
        match case.keeps {
            Keeps::Nothing => {}
            Keeps::Aside(suffix) => aside = named(&expected.kept, suffix),
            Keeps::InPlace(suffix) => there.extend(named(&expected.kept, suffix)),
        }
        let mut found = [files_of(&self.destination, ROOT), files_of(&self.destination, ASIDE)];
        let mut expected = [contents(&there), contents(&aside)];
        if case.may_begin_to_delete() && expected_to_fail(case) {
            self.look_at_extras(case, &mut found, &mut expected);
        }
        assert_eq!(found, expected, "destination, backups");
    }

    /// Passes over extra files that may be gone or not, once it is seen that none is lost.
    fn look_at_extras(
        &self,
        case: &Case,
        found: &mut [Vec<String>; 2],
        expected: &mut [Vec<String>; 2],
    ) {
        let extras = case.extras();
        if case.options.track_renames.is_some() {
            let stands = |file: &File| found[0].iter().any(|left| is_content(left, &file.content));
            assert!(extras.values().all(stands), "what is renamed is not lost: {found:?}");
        }
        let suffix = match case.keeps {
            Keeps::Nothing => "",
            Keeps::Aside(suffix) | Keeps::InPlace(suffix) => suffix,
        };
        let passed = [contents(&extras), contents(&named(&extras, suffix))].concat();
        for files in found.iter_mut().chain(expected) {
            files.retain(|file| !passed.contains(file));
        }
    }
}

fn expected_to_fail(case: &Case) -> bool {
    case.expected().fails
}

async fn check(case: Case) {
    let sides = Sides::of(&case).await;
    let (result, _) = sides.run(&case).await;
    let expected = case.expected();
    assert_eq!(result.is_err(), expected.fails, "{result:?}");
    sides.check(&case, &expected);
    if !expected.fails && matches!(case.rule, Rule::All) {
        let found = sides.destination.memory.directories().into_iter();
        let found: BTreeSet<_> =
            found.filter_map(|path| Some(path.strip_prefix(ROOT)?.to_owned())).collect();
        assert_eq!(found, expected.destination.directories, "directories");
    }
    if !(expected.fails && case.may_begin_to_delete()) {
        again(&case, &sides).await;
    }
}

/// What was just made the same is left alone.
async fn again(case: &Case, sides: &Sides) {
    // Backups beside the files are extra files of the next run.
    let adds_extras = matches!(case.keeps, Keeps::InPlace(_)) && case.mode == Mode::Sync;
    // Of more files than before, a share is more.
    let share = matches!(case.options.max_delete, Some(Quota::Percent(_)));
    if case.options.ignore_times || case.mode == Mode::Move || adds_extras || share {
        return;
    }
    sides.destination.calls.watch().take();
    let (_, heard) = sides.run(case).await;
    // Without a listing, a directory is made, or found, whenever it is empty.
    let made = case.asks() && case.options.create_empty_source_directories;
    for deed in
        ["done Copied", "done Deleted", "done Moved", "done Made", "done Removed", "done Backed"]
    {
        assert!(made && deed == "done Made" || heard.heard(deed).is_empty(), "the second run's");
    }
    // The journal may have learnt something, which is written, too.
    if case.options.journal_remote.is_some() {
        return;
    }
    let mut calls = sides.destination.calls.watch().take();
    // Without a listing, a directory where a file stands is found out by trying to make it.
    calls.retain(|call, _| *call != Call::Mkdir || !case.options.no_traverse);
    for call in [Call::Create, Call::Mkdir, Call::Remove, Call::Rename, Call::Rmdir] {
        assert!(!calls.contains_key(&call), "the second run made {calls:?}");
    }
}

/// A change between two runs: a file of this content and time, or none.
type Edit = (String, Option<File>);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    proptest::collection::vec((path(), proptest::option::of(file())), 0..4)
}

/// Changes files of a tree and of the store that holds it. What cannot stand there is left out.
async fn edit(edits: Vec<Edit>, tree: &mut Tree, store: &Store, root: &str, stamps: bool) {
    use sync_core::Remote as _;
    for (number, (path, file)) in edits.into_iter().enumerate() {
        let at = common::path(&format!("{root}{path}"));
        match file {
            None if tree.files.remove(&path).is_some() => store.memory.remove(&at).await.unwrap(),
            None => {}
            Some(mut file) => {
                if stamps {
                    file.half_seconds = 60_000 + i64::try_from(number).unwrap() * 2;
                }
                let others = |leaf: &&String| **leaf != path;
                let clash = |leaf: &String| is_within(leaf, &path) || is_within(&path, leaf);
                if tree.leaves().filter(others).any(clash) || tree.directories.contains(&path) {
                    continue;
                }
                tree.links.remove(&path);
                tree.files.insert(path.clone(), file.clone());
                tree.directories.extend(tree::parents_of(&path));
                Tree { files: [(path, file)].into(), ..Tree::default() }.put(store, root).await;
            }
        }
    }
}

/// Both sides change between two runs, with and without a journal.
async fn check_twice(mut case: Case, here: Vec<Edit>, there: Vec<Edit>) {
    let sides = Sides::of(&case).await;
    let expected = case.expected();
    let (result, _) = sides.run(&case).await;
    assert_eq!(result.is_err(), expected.fails, "{result:?}");
    if expected.fails {
        return;
    }
    let (mut source, mut destination) = (case.source.clone(), expected.destination);
    source.files = expected.source;
    if case.options.journal_remote.is_some() {
        let both = source.files.iter().filter_map(|(path, here)| {
            let there = destination.files.get(path)?;
            let copy = case.place.shown(there.half_seconds);
            Some((path.clone(), (here.half_seconds, copy, there.content.len())))
        });
        case.known = both.collect();
    }
    let stamps = matches!(case.place, Place::Stamping);
    edit(here, &mut source, &sides.source, "", false).await;
    edit(there, &mut destination, &sides.destination, ROOT, stamps).await;
    (case.source, case.before) = (source, destination);
    let (result, _) = sides.run(&case).await;
    let expected = case.expected();
    assert_eq!(result.is_err(), expected.fails, "the second run: {result:?}");
    sides.check(&case, &expected);
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
    let tree = Tree::new(source, [], []);
    tree.put(&here, "").await;
    let (mut ctx, _) = context();
    ctx.options.journal_remote = Some(JOURNAL.parse().unwrap());
    let run = async |ctx: &Context| sync(ctx, &here.tree(), &there.tree(), Mode::Sync).await;
    run(&ctx).await.unwrap();
    let other = |content: &str| content.replace('x', "z").replace('y', "x");
    let mut expected = tree.clone();
    for (index, (path, file)) in expected.files.iter_mut().enumerate() {
        if changed_there.contains(&index) {
            there.memory.put(path, other(&file.content), time(20_000));
        }
        if changed_here.contains(&index) {
            *file = File { content: other(&file.content), half_seconds: file.half_seconds - 3 };
        }
    }
    expected.put(&here, "").await;
    run(&ctx).await.unwrap();
    assert_eq!(files_of(&there, ""), contents(&expected.files));
}

/// Below a directory that one side cannot list nothing changes, the run fails, and once it can be
/// listed the next run ends what this one could not.
async fn check_blind(case: Case, blind: &str, on_source: bool) {
    let sides = Sides::of(&case).await;
    let failing = if on_source { &sides.source } else { &sides.destination };
    failing.faults.watch().always(Call::List, blind, ErrorKind::PermissionDenied);
    let listed = if on_source { &case.source } else { &case.before };
    let mut unseen = listed.directories.clone();
    unseen.retain(|directory| directory.ends_with(blind));
    let is_unseen = |path: &str| unseen.iter().any(|above| is_within(path, above) && path != above);

    let expected = case.expected();
    let clashed = expected.fails;
    let fails = clashed || !unseen.is_empty();
    let (result, _) = sides.run(&case).await;
    assert_eq!(result.is_err(), fails, "{result:?}");
    let before = &case.before.files;
    let mut expected = expected.destination.files;
    expected.retain(|path, _| !is_unseen(path));
    // Early deletions are done where all was seen; later ones not at all after a failure.
    let early = case.options.deletion == Deletion::During;
    let is_kept = |path: &str| is_unseen(path) || fails && !early;
    let kept = before.iter().filter(|(path, _)| is_kept(path) && !expected.contains_key(*path));
    let kept: Vec<_> = kept.map(|(path, file)| (path.clone(), file.clone())).collect();
    expected.extend(kept);
    let (mut left, mut expected) = (files_of(&sides.destination, ROOT), contents(&expected));
    if early && fails {
        let mut extras = case.extras();
        extras.retain(|path, _| !is_unseen(path));
        let extras = contents(&extras);
        left.retain(|file| !extras.contains(file));
        expected.retain(|file| !extras.contains(file));
    }
    assert_eq!(left, expected, "after the first run");

    let Sides { source, destination } = sides;
    let [source, destination] = [source, destination].map(|store| Store::new(store.memory));
    let sides = Sides { source, destination };
    let (again, _) = sides.run(&case).await;
    assert_eq!(again.is_err(), clashed, "{again:?}");
    if !clashed {
        let names = files_of(&sides.destination, ROOT);
        let names: Vec<_> = names.iter().filter_map(|file| Some(file.split_once('=')?.0)).collect();
        assert!(names.iter().eq(case.source.files.keys()), "{names:?} after the second run");
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

/// Returns a case of whose options only those count that say when and how many.
fn plain(case: Case, mode: Mode) -> Case {
    let Options { deletion, transfers, checkers, max_backlog, check_first, .. } = case.options;
    let options =
        Options { deletion, transfers, checkers, max_backlog, check_first, ..Options::default() };
    Case { rule: Rule::All, mode, keeps: Keeps::Nothing, options, ..case }
}

fn only_files(tree: Tree) -> Tree {
    Tree::new(tree.files, [], [])
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
        let case = plain(case, Mode::Sync);
        let (source, before) = (only_files(case.source.clone()), only_files(case.before.clone()));
        run(check_blind(Case { source, before, ..case }, &blind, on_source));
    }

    #[test]
    fn what_both_sides_change_between_runs_is_what_the_model_says(
        case in case(),
        here in edits(),
        there in edits(),
        journal in proptest::bool::ANY,
    ) {
        let Options { create_empty_source_directories, inplace, .. } = case.options;
        let mode = if case.mode == Mode::Move { Mode::Sync } else { case.mode };
        let mut case = plain(case, mode);
        case.options.journal_remote = journal.then(|| JOURNAL.parse().unwrap());
        (case.options.create_empty_source_directories, case.options.inplace) =
            (create_empty_source_directories, inplace);
        run(check_twice(case, here, there));
    }

    #[test]
    fn with_a_journal_every_change_is_seen(
        source in proptest::collection::btree_map(path(), file(), 0..8),
        changed_here in proptest::collection::vec(0..8_usize, 0..4),
        changed_there in proptest::collection::vec(0..8_usize, 0..4),
    ) {
        run(check_known(source, changed_here, changed_there));
    }
}

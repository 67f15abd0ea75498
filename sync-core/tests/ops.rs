//! The smaller verbs, on trees in memory.

mod common;

use common::{Store, context, path, time};
use futures_util::TryStreamExt as _;
use sync_core::context::Quota;
use sync_core::ops::{self, CheckOptions, CheckSummary, Outcome, Size};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Context, Doubt, ErrorKind, Failures, Limit, Remote as _};

fn store(files: &[&str]) -> Store {
    Store::with(Memory::server(), files)
}

#[track_caller]
fn kind(result: Result<(), Failures>) -> ErrorKind {
    result.unwrap_err().last.kind()
}

async fn names(store: &Store, depth: Option<usize>) -> Vec<String> {
    let (ctx, _) = context();
    let entries: Vec<_> = ops::entries(&ctx, &store.tree(), depth).try_collect().await.unwrap();
    entries.into_iter().map(|found| found.path.to_string()).collect()
}

#[tokio::test]
async fn entries_come_sorted_parents_first() {
    let store = store(&["b/y=1", "b/x/z=1", "a=1", "c=1"]);
    assert_eq!(names(&store, None).await, ["a", "b", "c", "b/x", "b/y", "b/x/z"]);
    assert_eq!(names(&store, Some(1)).await, ["a", "b", "c"]);
    assert_eq!(names(&store, Some(2)).await, ["a", "b", "c", "b/x", "b/y"]);
}

#[tokio::test]
async fn many_directories_are_walked_with_few_listers() {
    let files: Vec<String> = (0..200).map(|i| format!("{}/{}/{i}=x", i % 7, i % 11)).collect();
    let store = store(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let (mut ctx, _) = context();
    for checkers in [1, 3, 100] {
        ctx.options.checkers = checkers;
        let size = ops::size(&ctx, &store.tree()).await.unwrap();
        assert_eq!(size, Size { count: 200, bytes: 200, sizeless: 0 });
        assert_eq!(store.calls.watch().take()[&Call::List], 1 + 7 + 77);
    }
}

#[tokio::test]
async fn a_listing_in_doubt_is_an_error_between_the_entries() {
    let store = store(&["a=1"]);
    let doubt = Doubt::UnreadLine { line: (*b"?").into(), reason: "odd".into() };
    store.memory.add_doubt(path(""), doubt);
    let (ctx, heard) = context();
    assert_eq!(kind(ops::size(&ctx, &store.tree()).await.map(drop)), ErrorKind::Protocol);
    assert_eq!(heard.heard("failed").len(), 1);
}

#[tokio::test]
async fn links_are_told_and_left_out() {
    let store = store(&["a=1"]);
    store.memory.put_link("l", "a");
    let (ctx, heard) = context();
    let size = ops::size(&ctx, &store.tree()).await.unwrap();
    assert_eq!(size.count, 1);
    assert_eq!(heard.heard("notice"), ["notice l: Can't follow symlink without -L/--copy-links"]);
}

#[tokio::test]
async fn delete_takes_files_and_empty_directories_on_request() {
    let store = store(&["a=1", "d/e/b=1"]);
    let (ctx, _) = context();
    ops::delete(&ctx, &store.tree(), false).await.unwrap();
    assert_eq!((store.files().len(), store.memory.directories().len()), (0, 2));
    store.put(&["d/f/b=1"]);
    ops::delete(&ctx, &store.tree(), true).await.unwrap();
    assert_eq!(store.memory.directories(), Vec::<String>::new());
}

#[tokio::test]
async fn delete_goes_in_batches_and_tells_of_each_file() {
    let files: Vec<String> = (0..1000).map(|i| format!("f{i}=x")).collect();
    let store = store(&files.iter().map(String::as_str).collect::<Vec<_>>());
    store.faults.watch().always(Call::Remove, "f7", ErrorKind::PermissionDenied);
    let (ctx, heard) = context();
    let failures = ops::delete(&ctx, &store.tree(), false).await.unwrap_err();
    assert_eq!((failures.count, heard.heard("done Deleted").len()), (1, 999));
    assert_eq!(store.files(), ["f7=x"]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_tried_again_where_it_failed_for_the_moment() {
    let store = store(&["a=1", "b=1", "c=1"]);
    store.faults.watch().plan(Call::Remove, "b", ErrorKind::Connection, 0, 2);
    let (ctx, _) = context();
    ops::delete(&ctx, &store.tree(), false).await.unwrap();
    assert_eq!(store.files(), Vec::<String>::new());
    assert_eq!(store.calls.watch().take()[&Call::Remove], 3);
}

#[tokio::test]
async fn beyond_a_limit_on_deletions_nothing_is_deleted() {
    let limit = ErrorKind::Limit(Limit::Deletions);
    let held = ["a=11", "d/b=2", "d/c=3"];
    let (mut ctx, heard) = context();
    let limits = [(Some(Quota::Count(2)), None), (Some(Quota::Percent(50)), None), (None, Some(3))];
    for (files, bytes) in limits {
        (ctx.options.max_delete, ctx.options.max_delete_bytes) = (files, bytes);
        let store = store(&held);
        assert_eq!(kind(ops::delete(&ctx, &store.tree(), true).await), limit);
        assert_eq!(kind(ops::purge(&ctx, &store.tree(), &path("")).await), limit);
        assert_eq!(store.files(), held);
    }
    assert_eq!(heard.heard("skipped Deleted a").len(), 6, "what would have gone is told");
    ctx.options.max_delete = Some(Quota::Count(0));
    let store = store(&held);
    assert_eq!(kind(ops::delete_file(&ctx, &store.tree(), &path("a")).await), limit);
    ctx.options.max_delete = Some(Quota::Count(3));
    ctx.options.max_delete_bytes = Some(4);
    ops::delete(&ctx, &store.tree(), false).await.unwrap();
    assert_eq!(store.files(), Vec::<String>::new());
}

#[tokio::test]
async fn delete_file_wants_a_file() {
    let store = store(&["d/a=1"]);
    let (ctx, _) = context();
    let tree = store.tree();
    assert_eq!(kind(ops::delete_file(&ctx, &tree, &path("x")).await), ErrorKind::NotFound);
    assert_eq!(kind(ops::delete_file(&ctx, &tree, &path("d")).await), ErrorKind::IsADirectory);
    ops::delete_file(&ctx, &tree, &path("d/a")).await.unwrap();
    assert_eq!(store.files(), Vec::<String>::new());
}

#[tokio::test]
async fn purge_takes_all_below_and_nothing_beside() {
    let store = store(&["d/a=1", "d/e/f/b=1", "da=1"]);
    store.memory.put_link("d/l", "a");
    let (mut ctx, _) = context();
    ctx.options.dry_run = true;
    ops::purge(&ctx, &store.tree(), &path("d")).await.unwrap();
    assert_eq!(store.files().len(), 3);
    ctx.options.dry_run = false;
    ops::purge(&ctx, &store.tree(), &path("d")).await.unwrap();
    assert_eq!(store.files(), ["da=1"]);
    assert_eq!(store.memory.directories(), Vec::<String>::new());
    let again = ops::purge(&ctx, &store.tree(), &path("d")).await;
    assert_eq!(kind(again), ErrorKind::DirectoryNotFound);
}

#[tokio::test]
async fn purge_keeps_no_more_than_what_it_may_not_take() {
    let store = store(&["d/a/kept=1", "d/a/b=1", "d/c/e=1"]);
    store.faults.watch().always(Call::Remove, "d/a/kept", ErrorKind::PermissionDenied);
    let (ctx, _) = context();
    let failures = ops::purge(&ctx, &store.tree(), &path("d")).await.unwrap_err();
    assert_eq!((failures.count, failures.last.kind()), (1, ErrorKind::PermissionDenied));
    assert_eq!(store.files(), ["d/a/kept=1"]);
    assert_eq!(store.memory.directories(), ["d", "d/a"]);
}

#[tokio::test]
async fn purge_tells_of_a_directory_that_was_filled_meanwhile() {
    for files in [1, 600] {
        let held: Vec<_> = (0..files).map(|number| format!("d/a/{number}=1")).collect();
        let store = store(&held.iter().map(String::as_str).collect::<Vec<_>>());
        store.faults.watch().always(Call::Rmdir, "d/a", ErrorKind::NotEmpty);
        let (ctx, heard) = context();
        let failures = ops::purge(&ctx, &store.tree(), &path("d")).await.unwrap_err();
        assert_eq!((failures.count, failures.last.kind()), (1, ErrorKind::NotEmpty));
        assert_eq!(heard.heard("failed").len(), 1, "the one above follows from it");
        assert_eq!(store.memory.directories(), ["d", "d/a"]);
    }
}

#[tokio::test]
async fn rmdirs_takes_what_holds_no_file() {
    let store = store(&["a/b/file=1"]);
    for directory in ["a/c/d", "e/f"] {
        store.memory.mkdir(&path(directory)).await.unwrap();
    }
    let (ctx, _) = context();
    ops::rmdirs(&ctx, &store.tree(), true).await.unwrap();
    assert_eq!(store.memory.directories(), ["a", "a/b"]);
}

#[tokio::test]
async fn mkdir_and_rmdir_are_told() {
    let store = store(&[]);
    let (ctx, heard) = context();
    ops::mkdir(&ctx, &store.tree(), &path("a/b")).await.unwrap();
    assert_eq!(kind(ops::rmdir(&ctx, &store.tree(), &path("a")).await), ErrorKind::NotEmpty);
    ops::rmdir(&ctx, &store.tree(), &path("a/b")).await.unwrap();
    assert_eq!(store.memory.directories(), ["a"]);
    assert_eq!(heard.heard("done").len(), 2);
    assert_eq!(heard.heard("failed"), ["failed a: NotEmpty"]);
}

async fn cat(store: &Store, offset: u64, length: Option<u64>) -> Result<String, Failures> {
    let (ctx, _) = context();
    let mut output = Vec::new();
    ops::cat(&ctx, &store.tree(), &path("a"), offset, length, &mut output).await?;
    Ok(String::from_utf8(output).unwrap())
}

#[tokio::test(start_paused = true)]
async fn cat_gives_ranges_and_goes_on_after_a_cut() {
    let content: String = (0..200_000).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
    let store = store(&[&format!("a={content}")]);
    assert_eq!(cat(&store, 3, Some(4)).await.unwrap(), "defg");
    store.faults.watch().plan(Call::Read, "a", ErrorKind::Connection, 2, 1);
    assert_eq!(cat(&store, 0, None).await.unwrap(), content);
    store.faults.watch().plan(Call::Read, "a", ErrorKind::Connection, 1, 1);
    assert_eq!(cat(&store, 1, Some(150_000)).await.unwrap(), content[1..150_001]);
}

async fn rcat(ctx: &Context, store: &Store, size: Option<u64>) -> Result<(), Failures> {
    let (mut input, target) = (b"content".as_slice(), path("d/a"));
    ops::rcat(ctx, &store.tree(), &target, &mut input, size, Some(time(7))).await
}

#[tokio::test]
async fn rcat_writes_a_whole_file_or_none() {
    let store = store(&["d/a=old"]);
    let (ctx, _) = context();
    for announced in [3, 30] {
        let failures = rcat(&ctx, &store, Some(announced)).await.unwrap_err();
        assert!(!failures.last.is_temporary(), "what came in once does not come again");
    }
    assert_eq!(store.files(), ["d/a=old"]);
    rcat(&ctx, &store, None).await.unwrap();
    assert_eq!(store.files(), ["d/a=content"]);
    let entry = store.memory.stat(&path("d/a")).await.unwrap().unwrap();
    assert_eq!(entry.modified.unwrap().at, time(7));
}

#[tokio::test]
async fn touch_sets_the_time_or_makes_the_file() {
    let store = store(&["a=1"]);
    let (ctx, _) = context();
    let tree = store.tree();
    ops::touch(&ctx, &tree, &path("a"), time(7), false).await.unwrap();
    ops::touch(&ctx, &tree, &path("no"), time(7), true).await.unwrap();
    ops::touch(&ctx, &tree, &path("d/b"), time(8), false).await.unwrap();
    assert_eq!(store.files(), ["a=1", "d/b="]);
    for (name, second) in [("a", 7), ("d/b", 8)] {
        let entry = store.memory.stat(&path(name)).await.unwrap().unwrap();
        assert_eq!(entry.modified.unwrap().at, time(second), "{name}");
    }
}

async fn check(
    source: &Store,
    destination: &Store,
    options: CheckOptions,
) -> (CheckSummary, Vec<String>) {
    let (ctx, _) = context();
    let mut outcomes = Vec::new();
    let mut note = |path: &sync_core::Path, outcome: Outcome| {
        outcomes.push(format!("{path} {outcome:?}"));
    };
    let (source, destination) = (source.tree(), destination.tree());
    let summary = ops::check(&ctx, &source, &destination, &options, &mut note).await;
    (summary.unwrap(), outcomes)
}

#[tokio::test]
async fn check_tells_every_file_apart() {
    let source = Store::with(Memory::new(), &["a=1", "b=1", "c=1", "d/e=12"]);
    let other = Store::with(Memory::new(), &["a=1", "b=2", "d/e=1", "x=1"]);
    let all = [
        "a Match",
        "b Differ(Hash(\"md5\"))",
        "c MissingOnDestination",
        "x MissingOnSource",
        "d/e Differ(Size)",
    ];
    let (summary, outcomes) = check(&source, &other, CheckOptions::default()).await;
    assert_eq!(outcomes, all);
    let counts = [summary.matches, summary.differences, summary.missing_on_source];
    assert_eq!((counts, summary.missing_on_destination, summary.unhashed), ([1, 2, 1], 1, 0));

    let sizes = CheckOptions { size_only: true, one_way: true, ..CheckOptions::default() };
    let (summary, outcomes) = check(&source, &other, sizes).await;
    assert_eq!(outcomes, ["a Match", "b Match", "c MissingOnDestination", "d/e Differ(Size)"]);
    assert_eq!(summary.unhashed, 0, "sizes are all that was asked for");
}

#[tokio::test]
async fn check_reads_every_byte_when_asked() {
    let long = "x".repeat(150_000);
    let source = store(&[&format!("a={long}1"), &format!("b={long}1")]);
    let other = store(&[&format!("a={long}1"), &format!("b={long}2")]);
    let (summary, outcomes) = check(&source, &other, CheckOptions::default()).await;
    assert_eq!((outcomes, summary.unhashed), (vec!["a Match".into(), "b Match".into()], 2));
    let download = CheckOptions { download: true, ..CheckOptions::default() };
    let (summary, outcomes) = check(&source, &other, download).await;
    assert_eq!(
        (outcomes, summary.unhashed),
        (vec!["a Match".into(), "b Differ(Content)".into()], 0)
    );
}

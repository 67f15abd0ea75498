//! Copy, move and sync between trees in memory: what is done, what it costs, and above all what is
//! not deleted.

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Store, context, path, slowly, time};
use sync_core::context::Quota;
use sync_core::filter::{Builder, Filter};
use sync_core::ops::{Mode, copy_file, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Capability, Context, Doubt, ErrorKind, Failures, Limit, Remote as _};

fn pair(source: &[&str], destination: &[&str]) -> (Store, Store) {
    (Store::with(Memory::new(), source), Store::with(Memory::server(), destination))
}

async fn run(
    ctx: &Context,
    source: &Store,
    destination: &Store,
    mode: Mode,
) -> Result<(), Failures> {
    sync(ctx, &source.tree(), &destination.tree(), mode).await
}

fn changes(store: &Store) -> BTreeMap<Call, usize> {
    let mut calls = store.calls.watch().take();
    calls.retain(|call, _| {
        !matches!(call, Call::List | Call::Stat | Call::Open | Call::Read | Call::Hash)
    });
    calls
}

#[tokio::test]
async fn sync_makes_the_destination_the_same() {
    let (source, destination) =
        pair(&["a=1", "d/b=22", "d/e/c=333"], &["a=old", "d/b=22", "x=1", "y/z/w=1"]);
    let (ctx, heard) = context();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), source.files());
    assert_eq!(destination.memory.directories(), ["d", "d/e"]);
    let done = [
        "done CopiedNew d/e/c: new",
        "done CopiedOver a: size differs 3 → 1",
        "done Deleted x: not in source",
        "done Deleted y/z/w: not in source",
        "done RemovedDirectory y/z: not in source",
        "done RemovedDirectory y: not in source",
    ];
    assert_eq!(heard.heard("done"), done);
}

#[tokio::test]
async fn each_file_is_told_with_what_became_of_it() {
    let (source, destination) = pair(&["new=1", "same=1", "size=22"], &["same=1", "size=1", "z=1"]);
    let (mut ctx, heard) = context();
    ctx.options.tell_extras = true;
    run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
    assert_eq!(heard.heard("cause"), ["cause size: Size"]);
    assert_eq!(heard.heard("left"), ["left same: true"]);
    assert_eq!(heard.heard("extra"), ["extra z"]);
    let file = path("same");
    copy_file(&ctx, &source.tree(), &file, &destination.tree(), &file, Mode::Copy).await.unwrap();
    assert_eq!(heard.heard("left").len(), 2);
}

#[tokio::test]
async fn a_second_sync_lists_each_directory_once_and_changes_nothing() {
    let files: Vec<String> = (0..60).map(|i| format!("d{}/e/f{i}={i}", i % 5)).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (source, destination) = pair(&files, &[]);
    let (ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    source.calls.watch().take();
    destination.calls.watch().take();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.calls.watch().take(), BTreeMap::from([(Call::List, 11)]));
    assert_eq!(source.calls.watch().take(), BTreeMap::from([(Call::List, 11)]));
}

#[tokio::test]
async fn a_first_sync_makes_each_directory_once_and_lists_none_that_is_missing() {
    let files: Vec<String> = (0..40).map(|i| format!("d{}/e/f{i}={i}", i % 4)).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (source, destination) = pair(&files, &[]);
    let (ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
    let calls = destination.calls.watch().take();
    assert_eq!(calls[&Call::List], 1);
    assert_eq!(calls[&Call::Mkdir], 4);
    assert_eq!((calls[&Call::Create], calls[&Call::Commit]), (40, 40));
    assert!(!calls.contains_key(&Call::Stat) && !calls.contains_key(&Call::Rename));
}

#[tokio::test]
async fn copy_keeps_what_only_the_destination_has() {
    let (source, destination) = pair(&["a=1"], &["x=1", "y/z=1"]);
    let (ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
    assert_eq!(destination.files(), ["a=1", "x=1", "y/z=1"]);
    assert_eq!(destination.calls.watch().take()[&Call::List], 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_after_a_failure() {
    let (source, destination) = pair(&["a=1", "b=1"], &["x=1", "y/z=1"]);
    source.faults.watch().always(Call::Open, "a", ErrorKind::PermissionDenied);
    let (ctx, heard) = context();
    let failures = run(&ctx, &source, &destination, Mode::Sync).await.unwrap_err();
    assert_eq!((failures.count, failures.last.kind()), (1, ErrorKind::PermissionDenied));
    assert_eq!(destination.files(), ["b=1", "x=1", "y/z=1"]);
    assert_eq!(heard.heard("notice"), ["notice : not deleting files as there were IO errors"]);
    let (mut ctx, _) = context();
    ctx.options.ignore_errors = true;
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap_err();
    assert_eq!(destination.files(), ["b=1"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_when_a_source_directory_cannot_be_listed() {
    for kind in [ErrorKind::PermissionDenied, ErrorKind::Timeout, ErrorKind::DirectoryNotFound] {
        let (source, destination) = pair(&["d/a=1", "e=1"], &["d/a=1", "d/x=1", "y=1"]);
        source.faults.watch().always(Call::List, "d", kind);
        let (ctx, _) = context();
        run(&ctx, &source, &destination, Mode::Sync).await.unwrap_err();
        assert_eq!(destination.files(), ["d/a=1", "d/x=1", "e=1", "y=1"], "{kind:?}");
    }
}

#[tokio::test]
async fn a_missing_source_deletes_nothing() {
    let (source, destination) = pair(&["a=1"], &["x=1"]);
    let (ctx, _) = context();
    let failures = sync(&ctx, &source.tree_at("gone"), &destination.tree(), Mode::Sync).await;
    assert_eq!(failures.unwrap_err().last.kind(), ErrorKind::DirectoryNotFound);
    assert_eq!(destination.files(), ["x=1"]);
    assert_eq!(changes(&destination), BTreeMap::new());
}

#[tokio::test]
async fn a_doubtful_listing_deletes_nothing_below_and_fails_the_run() {
    let files = ["d/a=1", "d/e/x=1", "d/x=1", "y=1"];
    let doubt = || Doubt::UnreadLine { line: (*b"?").into(), reason: "odd".into() };
    let (source, destination) = pair(&["d/a=1", "d/e/b=1"], &files);
    source.memory.add_doubt(path("d"), doubt());
    let (ctx, _) = context();
    let failures = run(&ctx, &source, &destination, Mode::Sync).await.unwrap_err();
    assert_eq!(failures.count, 3, "the line, and deletions withheld in two directories");
    assert_eq!(destination.files(), ["d/a=1", "d/e/b=1", "d/e/x=1", "d/x=1"]);

    let (source, destination) = pair(&["d/a=1", "d/e/b=1"], &files);
    destination.memory.add_doubt(path("d"), doubt());
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap_err();
    assert_eq!(destination.files(), ["d/a=1", "d/e/b=1", "d/e/x=1", "d/x=1"]);
}

#[tokio::test]
async fn past_max_delete_nothing_is_deleted() {
    let (source, destination) = pair(&["a=1"], &["x=1", "y=1"]);
    let (mut ctx, heard) = context();
    ctx.options.max_delete = Some(Quota::Count(1));
    let failures = run(&ctx, &source, &destination, Mode::Sync).await.unwrap_err();
    assert_eq!(failures.last.kind(), ErrorKind::Limit(Limit::Deletions));
    assert_eq!(destination.files(), ["a=1", "x=1", "y=1"]);
    assert_eq!(heard.heard("skipped").len(), 2);
    ctx.options.max_delete = Some(Quota::Count(2));
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["a=1"]);
}

#[tokio::test]
async fn a_dry_run_tells_all_and_changes_nothing() {
    let (source, destination) = pair(&["a=1", "b=22", "d/c=1"], &["b=1", "x=1", "y/z=1"]);
    let (mut ctx, heard) = context();
    ctx.options.dry_run = true;
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(changes(&destination), BTreeMap::new());
    let skipped = [
        "skipped CopiedNew a: new",
        "skipped CopiedNew d/c: new",
        "skipped CopiedOver b: size differs 1 → 2",
        "skipped Deleted x: not in source",
        "skipped Deleted y/z: not in source",
        "skipped RemovedDirectory y: not in source",
    ];
    assert_eq!(heard.heard("skipped"), skipped);
}

#[tokio::test(start_paused = true)]
async fn a_cut_transfer_is_tried_again() {
    for (call, at_source) in [
        (Call::Open, true),
        (Call::Read, true),
        (Call::Create, false),
        (Call::Write, false),
        (Call::Commit, false),
    ] {
        let (source, destination) = pair(&["a=content"], &[]);
        let failing = if at_source { &source } else { &destination };
        failing.faults.watch().plan(call, "", ErrorKind::Connection, 0, 2);
        let (ctx, heard) = context();
        run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
        assert_eq!(destination.files(), ["a=content"], "{call:?}");
        assert_eq!(heard.heard("retrying"), ["retrying a: 2", "retrying a: 3"], "{call:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_transfer_leaves_the_old_file_and_no_other() {
    for call in [Call::Read, Call::Write, Call::Commit] {
        let (source, destination) = pair(&["a=new content"], &["a=old"]);
        let failing = if call == Call::Read { &source } else { &destination };
        failing.faults.watch().always(call, "", ErrorKind::Connection);
        let (ctx, heard) = context();
        run(&ctx, &source, &destination, Mode::Sync).await.unwrap_err();
        assert_eq!(destination.files(), ["a=old"], "{call:?}");
        assert_eq!(heard.heard("retrying").len(), 9, "{call:?}");
        assert_eq!(heard.heard("finished"), ["finished a: false"], "{call:?}");
    }
}

#[tokio::test]
async fn a_failure_that_stays_is_not_tried_again() {
    let (source, destination) = pair(&["a=1"], &[]);
    destination.faults.watch().always(Call::Create, "", ErrorKind::NoSpace);
    let (ctx, heard) = context();
    let failures = run(&ctx, &source, &destination, Mode::Copy).await.unwrap_err();
    assert_eq!(failures.last.kind(), ErrorKind::NoSpace);
    assert_eq!(heard.heard("retrying"), Vec::<String>::new());
}

#[tokio::test]
async fn move_takes_the_source_away_once_the_copy_stands() {
    let (source, destination) = pair(&["a=1", "d/same=1", "d/b=2"], &["d/same=1", "x=1"]);
    source.faults.watch().always(Call::Read, "d/b", ErrorKind::PermissionDenied);
    let (mut ctx, _) = context();
    ctx.options.delete_empty_source_directories = true;
    run(&ctx, &source, &destination, Mode::Move).await.unwrap_err();
    assert_eq!(source.files(), ["d/b=2"]);
    assert_eq!(destination.files(), ["a=1", "d/same=1", "x=1"]);
}

#[tokio::test]
async fn move_removes_empty_source_directories_when_asked() {
    let (source, destination) = pair(&["d/e/a=1"], &[]);
    let (mut ctx, _) = context();
    ctx.options.delete_empty_source_directories = true;
    run(&ctx, &source, &destination, Mode::Move).await.unwrap();
    assert_eq!(source.memory.directories(), Vec::<String>::new());
    assert_eq!(destination.files(), ["d/e/a=1"]);
}

#[tokio::test]
async fn move_within_one_remote_renames() {
    let store = Store::with(Memory::server(), &["from/a=1", "from/d/b=2", "to/a=old"]);
    let source = store.tree_at("from");
    let destination = sync_core::Tree::new(source.remote.clone(), path("to"));
    let (ctx, _) = context();
    sync(&ctx, &source, &destination, Mode::Move).await.unwrap();
    assert_eq!(store.files(), ["to/a=1", "to/d/b=2"]);
    let calls = store.calls.watch().take();
    assert_eq!(calls[&Call::Rename], 2);
    assert!(!calls.contains_key(&Call::Open) && !calls.contains_key(&Call::Create));
}

#[tokio::test]
async fn overlapping_trees_are_refused() {
    let store = Store::with(Memory::server(), &["a/b/c=1"]);
    let outer = store.tree_at("a");
    let inner = sync_core::Tree::new(outer.remote.clone(), path("a/b"));
    let (ctx, heard) = context();
    for (source, destination, mode, refused) in [
        (&outer, &inner, Mode::Sync, true),
        (&inner, &outer, Mode::Sync, true),
        (&inner, &outer, Mode::Move, true),
        (&outer, &inner, Mode::Copy, true),
        (&inner, &outer, Mode::Copy, false),
    ] {
        let result = sync(&ctx, source, destination, mode).await;
        assert_eq!(result.is_err_and(|it| it.last.kind() == ErrorKind::Usage), refused, "{mode:?}");
    }
    assert_eq!(store.files(), ["a/b/c=1", "a/c=1"]);
    sync(&ctx, &outer, &outer, Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("notice").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_leaves_no_half_file() {
    let content = "x".repeat(300_000);
    let (source, destination) = pair(&[&format!("a={content}"), "b=1"], &["a=old", "x=1"]);
    let (mut ctx, _) = context();
    ctx.options.transfers = 1;
    let stop = ctx.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
    });
    let from = slowly(source.tree(), 1000);
    let failures = sync(&ctx, &from, &destination.tree(), Mode::Sync).await.unwrap_err();
    assert_eq!(failures.last.kind(), ErrorKind::Cancelled);
    assert_eq!(destination.calls.watch().take()[&Call::Create], 1);
    assert_eq!(destination.files(), ["a=old", "x=1"]);
}

#[tokio::test]
async fn a_run_that_is_stopped_at_the_last_byte_gives_the_file_no_name() {
    struct StopsAtBytes(tokio_util::sync::CancellationToken);
    impl sync_core::Progress for StopsAtBytes {
        fn event(&self, event: sync_core::Event<'_>) {
            if matches!(event, sync_core::Event::Transferred { .. }) {
                self.0.cancel();
            }
        }
    }
    let (source, destination) = pair(&["a=1"], &[]);
    let mut ctx = Context::default();
    ctx.progress = std::sync::Arc::new(StopsAtBytes(ctx.cancel.clone()));
    let failures = run(&ctx, &source, &destination, Mode::Sync).await.unwrap_err();
    assert_eq!(failures.last.kind(), ErrorKind::Cancelled);
    assert_eq!(destination.files(), Vec::<String>::new());
}

#[tokio::test]
async fn only_the_time_is_set_where_hashes_show_the_same_content() {
    let source = Store::with(Memory::new(), &["a=1"]);
    let destination = Store::new(Memory::new());
    destination.memory.put("a", "1", time(500));
    let (ctx, heard) = context();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("done"), ["done SetModified a: time differs by 6m 40s"]);
    assert_eq!(changes(&destination), BTreeMap::from([(Call::SetModified, 1)]));
    let entry = destination.memory.stat(&path("a")).await.unwrap().unwrap();
    assert_eq!(entry.modified.unwrap().at, time(100));
}

#[tokio::test]
async fn the_time_alone_is_set_without_a_hash_where_that_is_wanted() {
    let (source, destination) = pair(&["a=1"], &[]);
    destination.memory.put("a", "2", time(500));
    let (mut ctx, heard) = context();
    ctx.options.refresh_times = true;
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("done"), ["done SetModified a: time differs by 6m 40s"]);
    assert_eq!(destination.files(), ["a=2"]);
    let entry = destination.memory.stat(&path("a")).await.unwrap().unwrap();
    assert_eq!(entry.modified.unwrap().at, time(100));
}

#[tokio::test]
async fn the_time_of_an_equal_file_stays_where_that_is_wanted() {
    let source = Store::with(Memory::new(), &["a=1", "b=2"]);
    let destination = Store::new(Memory::new());
    destination.memory.put("a", "1", time(500));
    let (mut ctx, heard) = context();
    ctx.options.no_update_modified = true;
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("done"), ["done CopiedNew b: new"]);
    let modified =
        async |name| destination.memory.stat(&path(name)).await.unwrap().unwrap().modified;
    assert_eq!(modified("a").await.unwrap().at, time(500));
    assert_eq!(modified("b").await.unwrap().at, time(100));
}

#[tokio::test]
async fn checksum_finds_what_size_and_time_hide() {
    let source = Store::with(Memory::new(), &["a=1", "b=1"]);
    let destination = Store::with(Memory::new(), &["a=2", "b=1"]);
    let (mut ctx, heard) = context();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["a=2", "b=1"]);
    ctx.options.checksum = true;
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["a=1", "b=1"]);
    assert_eq!(heard.heard("done"), ["done CopiedOver a: md5 hashes are compared"]);
}

#[tokio::test]
async fn a_server_that_stamps_its_own_times_gets_each_file_once() {
    let second = Some(Duration::from_secs(1));
    let stamping = Capability { write_precision: None, ..Memory::server().capability() };
    assert_eq!(stamping.read_precision, second);
    let source = Store::with(Memory::new(), &["a=1", "b=1"]);
    let destination = Store::new(Memory::with(stamping));
    let (ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    destination.calls.watch().take();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(changes(&destination), BTreeMap::new());
    source.memory.put("a", "2", time(1000));
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["a=2", "b=1"]);
}

#[tokio::test]
async fn a_server_that_refuses_times_gets_each_file_once() {
    let (source, destination) = pair(&["a=1", "b=1"], &[]);
    destination.memory.put("a", "1", time(900));
    destination.memory.put("b", "1", time(900));
    destination.faults.watch().always(Call::SetModified, "", ErrorKind::PermissionDenied);
    let (ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(changes(&destination), BTreeMap::new());
}

#[tokio::test]
async fn empty_directories_are_made_when_asked() {
    let (source, destination) = pair(&[], &[]);
    source.memory.mkdir(&path("d/e")).await.unwrap();
    let (mut ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
    assert_eq!(destination.memory.directories(), Vec::<String>::new());
    ctx.options.create_empty_source_directories = true;
    run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
    assert_eq!(destination.memory.directories(), ["d", "d/e"]);
}

#[tokio::test]
async fn max_depth_leaves_deeper_directories_alone() {
    let (source, destination) = pair(&["a=1", "d/b=1"], &["x=1", "d/y=1", "e/z=1"]);
    let (mut ctx, _) = context();
    ctx.options.max_depth = Some(1);
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["a=1", "d/y=1", "e/z=1"]);
}

#[tokio::test]
async fn what_the_filter_hides_is_neither_listed_nor_deleted() {
    let (source, destination) = pair(&["a=1", "skip/b=1", "d/c=1"], &["skip/x=1", "d/x.bak=1"]);
    let filter = Filter::builder().exclude("/skip/**").and_then(|it| it.exclude("*.bak"));
    let filter = std::sync::Arc::new(filter.and_then(Builder::build).unwrap());
    let (ctx, heard) = context();
    let mut ctx = Context { filter, ..ctx };
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["a=1", "d/c=1", "d/x.bak=1", "skip/x=1"]);
    assert_eq!(source.calls.watch().paths(Call::List), ["", "d"]);
    ctx.options.delete_excluded = true;
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["a=1", "d/c=1"]);
    assert_eq!(heard.heard("failed"), Vec::<String>::new());
}

#[tokio::test]
async fn one_file_is_copied_under_another_name() {
    let (source, destination) = pair(&["d/a=1"], &[]);
    let (ctx, _) = context();
    let (from, to) = (path("d/a"), path("x/y/b"));
    for _ in 0..2 {
        copy_file(&ctx, &source.tree(), &from, &destination.tree(), &to, Mode::Copy).await.unwrap();
        assert_eq!(destination.files(), ["x/y/b=1"]);
    }
    assert_eq!(destination.calls.watch().take()[&Call::Create], 1);
    copy_file(&ctx, &source.tree(), &from, &destination.tree(), &to, Mode::Move).await.unwrap();
    assert_eq!(source.files(), Vec::<String>::new());
    let failures =
        copy_file(&ctx, &source.tree(), &from, &destination.tree(), &to, Mode::Copy).await;
    assert_eq!(failures.unwrap_err().last.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn in_place_writes_under_the_final_name() {
    let (source, destination) = pair(&["a=1"], &[]);
    let (mut ctx, _) = context();
    ctx.options.inplace = true;
    run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
    assert_eq!(destination.calls.watch().paths(Call::Create), ["a"]);
    assert_eq!(destination.files(), ["a=1"]);
}

#[tokio::test(start_paused = true)]
async fn all_transfers_share_the_bandwidth() {
    let content = "x".repeat(1000);
    let files: Vec<String> = (0..8).map(|i| format!("f{i}={content}")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (source, destination) = pair(&files, &[]);
    let (ctx, _) = context();
    let begun = tokio::time::Instant::now();
    let from = slowly(source.tree(), 1000);
    sync(&ctx, &from, &destination.tree(), Mode::Copy).await.unwrap();
    let off = begun.elapsed().abs_diff(Duration::from_secs(8));
    assert!(off < Duration::from_millis(100), "{:?}", begun.elapsed());
}

/// A server that lists minutes and tells seconds when asked.
fn coarse() -> Memory {
    let second = Some(Duration::from_secs(1));
    let read_precision = Some(Duration::from_secs(60));
    Memory::with(Capability {
        read_precision,
        asked_precision: second,
        ..Memory::server().capability()
    })
}

#[tokio::test]
async fn a_download_keeps_seconds_that_the_listing_hides() {
    let (source, destination) =
        (Store::with(coarse(), &["a=1", "d/b=2"]), Store::new(Memory::new()));
    let (ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    let copied = destination.memory.stat(&path("d/b")).await.unwrap().unwrap();
    assert_eq!(copied.modified.unwrap().at, time(100));
}

#[tokio::test]
async fn a_change_within_the_listed_minute_is_seen() {
    let (source, destination) = (Store::with(Memory::new(), &["a=1", "b=2"]), Store::new(coarse()));
    let (ctx, heard) = context();
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    source.memory.put("a", "9", time(101));
    run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("done CopiedOver"), ["done CopiedOver a: time differs by 1s"]);
}

#[tokio::test]
async fn only_times_that_decide_are_asked_for() {
    let (source, destination) =
        (Store::with(Memory::new(), &["same=1", "size=22", "new=1"]), Store::new(coarse()));
    destination.put(&["same=1", "size=1", "gone=1"]);
    destination.calls.watch().take();
    let (mut ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
    assert_eq!(destination.calls.watch().take().get(&Call::Modified), Some(&1));
    ctx.options.size_only = true;
    run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
    assert_eq!(destination.calls.watch().take().get(&Call::Modified), None);
}

/// Returns a store like ProFTPD: it computes hashes and copies by itself.
fn able_server(files: &[&str]) -> Store {
    let capability = Memory::new().capability();
    Store::with(Memory::with(Capability { local: false, ..capability }), files)
}

#[tokio::test]
async fn a_server_copies_by_itself_what_it_holds() {
    let store = able_server(&["a/f=1", "a/d/g=22"]);
    let (mut ctx, heard) = context();
    sync(&ctx, &store.tree_at("a"), &store.tree_at("b"), Mode::Copy).await.unwrap();
    assert_eq!(store.files(), ["a/d/g=22", "a/f=1", "b/d/g=22", "b/f=1"]);
    let calls = store.calls.watch().take();
    assert_eq!((calls[&Call::Copy], calls[&Call::Rename]), (2, 2), "{calls:?}");
    assert!(!calls.contains_key(&Call::Open) && !calls.contains_key(&Call::Create), "{calls:?}");
    assert_eq!(heard.heard("finished"), ["finished d/g: true", "finished f: true"]);
    sync(&ctx, &store.tree_at("a"), &store.tree_at("b"), Mode::Copy).await.unwrap();
    assert!(!store.calls.watch().take().contains_key(&Call::Copy), "the copies bear their times");

    store.put(&["a/f=longer"]);
    ctx.options.dry_run = true;
    sync(&ctx, &store.tree_at("a"), &store.tree_at("b"), Mode::Copy).await.unwrap();
    assert!(!changes(&store).contains_key(&Call::Copy));
}

#[tokio::test]
async fn what_a_server_will_not_copy_is_transferred() {
    let store = able_server(&["a/f=1", "a/g=2"]);
    store.faults.watch().always(Call::Copy, "", ErrorKind::Unsupported);
    let (mut ctx, heard) = context();
    ctx.options.transfers = 1;
    sync(&ctx, &store.tree_at("a"), &store.tree_at("b"), Mode::Copy).await.unwrap();
    assert_eq!(store.files(), ["a/f=1", "a/g=2", "b/f=1", "b/g=2"]);
    assert_eq!(heard.heard("remark").len(), 1, "it is asked once");
    assert_eq!(heard.heard("done Copied").len(), 2);
}

#[tokio::test]
async fn with_checksum_the_content_of_every_upload_is_verified() {
    let source = Store::with(Memory::new(), &["a=1", "b=22"]);
    for (checksum, hashes) in [(false, 0), (true, 2)] {
        let server = able_server(&[]);
        let (mut ctx, _) = context();
        ctx.options.checksum = checksum;
        source.calls.watch().take();
        run(&ctx, &source, &server, Mode::Copy).await.unwrap();
        let asked = |store: &Store| store.calls.watch().paths(Call::Hash).len();
        assert_eq!((asked(&server), asked(&source)), (hashes, 0), "hashed while it is sent");
        assert_eq!(server.files(), source.files());
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_whose_content_differs_gets_no_name() {
    let source = Store::with(Memory::new(), &["a=1"]);
    let server = able_server(&["a=old"]);
    server.faults.watch().always(Call::Hash, ".partial", ErrorKind::Corrupted);
    let (mut ctx, _) = context();
    ctx.options.checksum = true;
    let failures = run(&ctx, &source, &server, Mode::Copy).await.unwrap_err();
    assert_eq!(failures.last.kind(), ErrorKind::Corrupted);
    assert_eq!(server.files(), ["a=old"]);
}

/// Where a server lists minutes and tells no more, two files of one size and minute may differ.
#[tokio::test]
async fn what_a_listing_in_minutes_hides_a_hash_tells() {
    for (hashes, expected) in [(vec!["md5"], ["a=1", "b=X"]), (vec![], ["a=1", "b=2"])] {
        let minute = Some(Duration::from_secs(60));
        let capability = Memory::server().capability();
        let server = Memory::with(Capability { read_precision: minute, hashes, ..capability });
        let has_hash = !server.capability().hashes.is_empty();
        let source = Store::with(Memory::new(), &["a=1", "b=2"]);
        let destination = Store::with(server, &["a=1", "b=2"]);
        source.memory.put("b", "X", time(101));
        let (ctx, heard) = context();
        run(&ctx, &source, &destination, Mode::Sync).await.unwrap();
        assert_eq!(destination.files(), expected);
        let calls = destination.calls.watch().take();
        assert_eq!(calls.get(&Call::Hash).copied(), has_hash.then_some(2));
        assert!(!calls.contains_key(&Call::SetModified), "what is the same keeps its time");
        assert_eq!(heard.heard("cause").len(), usize::from(has_hash));
    }
}

#[tokio::test]
async fn empty_directories_are_made_without_a_listing_too() {
    for no_traverse in [false, true] {
        let (source, destination) = pair(&["a=1", "d/b=1"], &["a=1"]);
        source.memory.mkdir(&path("e/f")).await.unwrap();
        let (mut ctx, _) = context();
        ctx.options.create_empty_source_directories = true;
        ctx.options.no_traverse = no_traverse;
        run(&ctx, &source, &destination, Mode::Copy).await.unwrap();
        assert_eq!(destination.memory.directories(), ["d", "e", "e/f"]);
    }
}

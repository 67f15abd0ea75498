//! Directories get the times they have on the source, once what they hold is in its place.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Recorder, Store, context, path, time};
use sync_core::context::Tracking;
use sync_core::ops::{Mode, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Context, ErrorKind, Remote as _};

/// Returns a store whose directories changed at second 500, each file at second 100.
async fn source(files: &[&str]) -> Store {
    let store = Store::with(Memory::new(), files);
    for directory in store.memory.directories() {
        date(&store, &directory, 500).await;
    }
    store
}

async fn date(store: &Store, directory: &str, second: i64) {
    let times = [(path(directory), time(second))];
    store.memory.set_directory_modified_all(&times).await.pop().unwrap().unwrap();
}

/// Returns when a directory changed.
async fn dated(store: &Store, directory: &str) -> Option<i64> {
    let entry = store.memory.stat(&path(directory)).await.unwrap()?;
    Some(entry.modified?.at.as_second() - time(0).as_second())
}

async fn run(ctx: &Context, source: &Store, destination: &Store, mode: Mode) {
    sync(ctx, &source.tree(), &destination.tree(), mode).await.unwrap();
}

fn heard_of_dates(heard: &Recorder) -> Vec<String> {
    let heard = heard.heard("done SetDirectoryModified").into_iter();
    heard.map(|line| line["done SetDirectoryModified ".len()..].to_owned()).collect()
}

#[tokio::test]
async fn new_directories_bear_their_times_and_a_second_run_sets_none() {
    let source = source(&["a/b/c/f=1", "a/g=2", "d/h=3"]).await;
    let destination = Store::new(Memory::new());
    let (ctx, heard) = context();
    run(&ctx, &source, &destination, Mode::Sync).await;
    for directory in ["a", "a/b", "a/b/c", "d"] {
        assert_eq!(dated(&destination, directory).await, Some(500), "{directory}");
    }
    assert_eq!(heard_of_dates(&heard), ["a/b/c: new", "a/b: new", "a: new", "d: new"]);
    destination.calls.watch().take();
    run(&ctx, &source, &destination, Mode::Sync).await;
    assert_eq!(destination.calls.watch().take(), BTreeMap::from([(Call::List, 5)]));
}

#[tokio::test]
async fn a_change_in_a_directory_leaves_it_its_time() {
    let source = source(&["a/f=1", "a/b/g=2", "kept/h=3"]).await;
    let destination = Store::new(Memory::new());
    let (ctx, heard) = context();
    run(&ctx, &source, &destination, Mode::Sync).await;
    destination.put(&["a/b/extra=1", "x/y=1"]);
    source.put(&["a/f=longer", "a/b/n/new=1"]);
    for directory in ["a", "a/b", "a/b/n"] {
        date(&source, directory, 500).await;
    }
    // The extra file went in without a trace.
    date(&destination, "a/b", 500).await;
    heard_of_dates(&heard);
    destination.calls.watch().take();
    run(&ctx, &source, &destination, Mode::Sync).await;
    assert_eq!(destination.files(), source.files());
    for directory in ["a", "a/b", "a/b/n", "kept"] {
        assert_eq!(dated(&destination, directory).await, Some(500), "{directory}");
    }
    let dates = destination.calls.watch().paths(Call::SetModified);
    assert_eq!(dates, ["a/b/n", "a/b", "a"], "no other one was touched");
}

#[tokio::test]
async fn a_time_that_differs_is_all_that_is_set() {
    let source = source(&["a/f=1"]).await;
    let destination = Store::with(Memory::new(), &["a/f=1"]);
    let (mut ctx, heard) = context();
    ctx.options.dry_run = true;
    run(&ctx, &source, &destination, Mode::Copy).await;
    let skipped = "skipped SetDirectoryModified a: the source has another time";
    assert_eq!(heard.heard("skipped"), [skipped]);
    ctx.options.dry_run = false;
    ctx.options.no_update_directory_modified = true;
    run(&ctx, &source, &destination, Mode::Copy).await;
    assert_eq!(heard.heard("done"), Vec::<String>::new());
    ctx.options.no_update_directory_modified = false;
    run(&ctx, &source, &destination, Mode::Copy).await;
    assert_eq!(heard_of_dates(&heard), ["a: the source has another time"]);
    assert_eq!(dated(&destination, "a").await, Some(500));
}

#[tokio::test]
async fn a_move_and_a_rename_on_the_destination_leave_directories_their_times() {
    let here = source(&["a/f=1", "b/g=2"]).await;
    let destination = Store::with(Memory::new(), &["a/old=2", "b/x=5"]);
    let (mut ctx, _) = context();
    ctx.options.track_renames = Some(Tracking { modified: true, ..Tracking::default() });
    for directory in ["a", "b"] {
        date(&destination, directory, 500).await;
    }
    run(&ctx, &here, &destination, Mode::Sync).await;
    let dates = (dated(&destination, "a").await, dated(&destination, "b").await);
    assert_eq!(dates, (Some(500), Some(500)));

    let away = Store::new(Memory::new());
    let (mut ctx, _) = context();
    ctx.options.delete_empty_source_directories = true;
    run(&ctx, &here, &away, Mode::Move).await;
    assert_eq!((dated(&away, "a").await, dated(&here, "a").await), (Some(500), None));
}

#[tokio::test]
async fn an_empty_directory_that_is_made_gets_its_time() {
    let source = source(&["a/f=1"]).await;
    source.memory.mkdir(&path("e/mpty")).await.unwrap();
    date(&source, "e/mpty", 500).await;
    date(&source, "e", 500).await;
    let destination = Store::new(Memory::new());
    let (mut ctx, _) = context();
    run(&ctx, &source, &destination, Mode::Copy).await;
    assert_eq!(dated(&destination, "e").await, None, "nobody has asked for it");
    ctx.options.create_empty_source_directories = true;
    run(&ctx, &source, &destination, Mode::Copy).await;
    let dates = (dated(&destination, "e").await, dated(&destination, "e/mpty").await);
    assert_eq!(dates, (Some(500), Some(500)));
}

#[tokio::test]
async fn a_server_that_will_not_date_a_directory_is_no_failure() {
    let source = source(&["a/f=1"]).await;
    let mut capability = Memory::server().capability();
    capability.set_directory_modified = true;
    let destination = Store::new(Memory::with(capability));
    destination.faults.watch().always(Call::SetModified, "a", ErrorKind::PermissionDenied);
    let (ctx, heard) = context();
    let ctx = Context { progress: Arc::clone(&heard) as _, ..ctx };
    run(&ctx, &source, &destination, Mode::Copy).await;
    assert_eq!(heard.heard("remark").len(), 1);
    assert_eq!((heard.heard("failed").len(), heard.heard("notice").len()), (0, 0));
}

//! What a run remembers makes the next one exact, above all where the destination stamps files with its
//! own clock; and where the journal is wrong or missing, the listings are believed.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Recorder, Store, context, path, time};
use sync_core::filter::Filter;
use sync_core::ops::{Mode, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Capability, Context, Remote as _};
use tempfile::TempDir;

/// A disk and a server that sets no times, with the journals of that machine.
struct Stage {
    source: Store,
    destination: Store,
    cache: TempDir,
}

fn stamping() -> Memory {
    Memory::with(Capability { write_precision: None, ..Memory::server().capability() })
}

impl Stage {
    fn new(destination: Memory) -> Self {
        let source = Store::with(Memory::new(), &["a=11", "d/b=22", "d/c=33"]);
        let destination = Store::new(destination);
        Self { source, destination, cache: tempfile::tempdir().unwrap() }
    }

    fn context(&self) -> (Context, Arc<Recorder>) {
        let (mut ctx, heard) = context();
        ctx.options.journal = Some(self.cache.path().into());
        (ctx, heard)
    }

    async fn run(&self) -> Vec<String> {
        let (ctx, heard) = self.context();
        sync(&ctx, &self.source.tree(), &self.destination.tree(), Mode::Sync).await.unwrap();
        heard.heard("done")
    }

    /// Runs where nothing is to be done.
    async fn rest(&self) {
        self.destination.calls.watch().take();
        assert_eq!(self.run().await, Vec::<String>::new());
        let calls = self.destination.calls.watch().take();
        assert_eq!(calls, BTreeMap::from([(Call::List, 2)]));
    }
}

#[tokio::test]
async fn a_change_on_a_stamping_server_is_seen_and_undone() {
    let stage = Stage::new(stamping());
    stage.run().await;
    stage.rest().await;
    stage.destination.memory.put("d/b", "xx", time(950));
    let reason = "changed on the destination since it was copied";
    assert_eq!(stage.run().await, [format!("done CopiedOver d/b: {reason}")]);
    assert_eq!(stage.destination.files(), ["a=11", "d/b=22", "d/c=33"]);
    stage.rest().await;
}

#[tokio::test]
async fn an_older_source_is_seen_though_the_copy_is_stamped_later() {
    let stage = Stage::new(stamping());
    stage.run().await;
    stage.source.memory.put("a", "00", time(-500));
    let reason = "time differs by 10m since it was copied";
    assert_eq!(stage.run().await, [format!("done CopiedOver a: {reason}")]);
    assert_eq!(stage.destination.files()[0], "a=00");
    stage.rest().await;
}

#[tokio::test]
async fn without_a_journal_neither_is_seen() {
    let stage = Stage::new(stamping());
    let (mut ctx, heard) = stage.context();
    ctx.options.journal = None;
    let run = async || {
        let (source, destination) = (stage.source.tree(), stage.destination.tree());
        sync(&ctx, &source, &destination, Mode::Sync).await.unwrap();
    };
    run().await;
    stage.source.memory.put("a", "00", time(-500));
    stage.destination.memory.put("d/b", "xx", time(950));
    run().await;
    assert_eq!(heard.heard("done CopiedOver"), Vec::<String>::new());
}

#[tokio::test]
async fn what_stands_there_already_is_remembered_from_its_listing() {
    let stage = Stage::new(stamping());
    for file in ["a=11", "d/b=22", "d/c=33"] {
        let (path, content) = file.split_once('=').unwrap();
        stage.destination.memory.put(path, content, time(900));
    }
    stage.rest().await;
    stage.destination.memory.put("d/b", "xx", time(901));
    assert_eq!(stage.run().await.len(), 1);
}

#[tokio::test]
async fn a_server_that_refuses_times_is_asked_for_its_own() {
    let stage = Stage::new(Memory::server());
    let faults = stage.destination.faults.watch();
    faults.always(Call::SetModified, "", sync_core::ErrorKind::PermissionDenied);
    // It offers to set times, and the copies get its own.
    for (path, content) in [("a", "11"), ("d/b", "22"), ("d/c", "33")] {
        stage.destination.memory.put(path, content, time(900));
    }
    assert_eq!(stage.run().await, Vec::<String>::new());
    stage.destination.calls.watch().take();
    stage.destination.memory.put("d/b", "xx", time(950));
    assert_eq!(stage.run().await.len(), 1);
    assert_eq!(stage.destination.files(), ["a=11", "d/b=22", "d/c=33"]);
}

#[tokio::test]
async fn asking_for_stamps_is_one_question_for_many_files() {
    let stage = Stage::new(stamping());
    let files: Vec<String> = (0..450).map(|i| format!("f{i}=1")).collect();
    stage.source.put(&files.iter().map(String::as_str).collect::<Vec<_>>());
    stage.run().await;
    let calls = stage.destination.calls.watch().take();
    assert_eq!((calls[&Call::Stat], calls[&Call::Create]), (453, 453));
    assert!(!calls.contains_key(&Call::Modified), "{calls:?}");
}

#[tokio::test]
async fn a_server_that_keeps_times_is_asked_nothing() {
    let stage = Stage::new(Memory::server());
    stage.run().await;
    assert!(!stage.destination.calls.watch().take().contains_key(&Call::Stat));
    stage.rest().await;
}

#[tokio::test]
async fn the_listing_is_believed_where_the_journal_knew_another_copy() {
    let stage = Stage::new(Memory::server());
    stage.run().await;
    // Somebody else has copied a newer version from the same source.
    for store in [&stage.source, &stage.destination] {
        store.memory.put("a", "99", time(500));
    }
    let (ctx, heard) = stage.context();
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Sync).await.unwrap();
    assert_eq!(
        heard.heard("remark"),
        ["remark a: the journal knew another copy: believes the listing"]
    );
    let (ctx, heard) = stage.context();
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("remark"), Vec::<String>::new());
}

#[tokio::test]
async fn a_dry_run_knows_what_the_journal_knows_and_writes_nothing() {
    let stage = Stage::new(stamping());
    stage.run().await;
    stage.destination.memory.put("d/b", "xx", time(950));
    let folder = || {
        let files = std::fs::read_dir(stage.cache.path()).unwrap();
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect::<Vec<_>>()
    };
    let before = folder();
    let (mut ctx, heard) = stage.context();
    ctx.options.dry_run = true;
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Sync).await.unwrap();
    let reason = "changed on the destination since it was copied";
    assert_eq!(heard.heard("skipped"), [format!("skipped CopiedOver d/b: {reason}")]);
    assert!(folder() == before, "a dry run has written to the journal");
    let other = tempfile::tempdir().unwrap();
    ctx.options.journal = Some(other.path().join("none"));
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Sync).await.unwrap();
    assert!(!other.path().join("none").exists());
}

#[tokio::test]
async fn a_broken_journal_is_rebuilt() {
    let stage = Stage::new(stamping());
    stage.run().await;
    for file in std::fs::read_dir(stage.cache.path()).unwrap() {
        std::fs::write(file.unwrap().path(), "garbage").unwrap();
    }
    stage.rest().await;
    stage.destination.memory.put("d/b", "xx", time(950));
    assert_eq!(stage.run().await.len(), 1);
}

#[tokio::test]
async fn a_failed_copy_is_not_remembered() {
    let stage = Stage::new(stamping());
    stage.run().await;
    stage.source.memory.put("a", "00", time(200));
    let (ctx, _) = stage.context();
    let faults = stage.destination.faults.watch();
    faults.plan(Call::Commit, "", sync_core::ErrorKind::PermissionDenied, 0, 1);
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Sync).await.unwrap_err();
    assert_eq!(stage.run().await.len(), 1);
    assert_eq!(stage.destination.memory.files()["a"], "00");
    let copied = stage.destination.memory.stat(&path("a")).await.unwrap();
    assert!(copied.is_some());
}

#[tokio::test]
async fn what_is_gone_from_the_destination_is_forgotten() {
    let stage = Stage::new(stamping());
    stage.run().await;
    // Below a filter nothing is known to be gone.
    let (mut ctx, _) = stage.context();
    ctx.filter = Arc::new(Filter::builder().include("a").unwrap().build().unwrap());
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Sync).await.unwrap();
    stage.rest().await;
    stage.destination.memory.put("d/b", "xx", time(950));
    assert_eq!(stage.run().await.len(), 1, "d/b was known all the same");

    // What comes back as it was is met as a stranger, so it is taken for the same.
    let was = stage.destination.memory.stat(&path("d/c")).await.unwrap().unwrap();
    for gone in ["d/b", "d/c"] {
        stage.destination.memory.remove(&path(gone)).await.unwrap();
    }
    let (mut ctx, _) = stage.context();
    ctx.options.size_only = true;
    let nothing = Arc::new(Filter::builder().exclude("/d/**").unwrap().build().unwrap());
    let walked = Context { filter: nothing, ..ctx };
    sync(&walked, &stage.source.tree(), &stage.destination.tree(), Mode::Copy).await.unwrap();
    stage.destination.memory.rmdir(&path("d")).await.unwrap();
    sync(&walked, &stage.source.tree(), &stage.destination.tree(), Mode::Copy).await.unwrap();
    stage.destination.memory.put("d/c", "zz", was.modified.unwrap().at);
    stage.destination.memory.put("d/b", "22", time(951));
    assert_eq!(stage.run().await, [""; 0], "a journal that knew d/b would see another time");
}

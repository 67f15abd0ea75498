//! What a run holds and how much of it happens at once, counted: bytes on their way, listings that do
//! not wait for those of a busy server, calls and listings per file.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use common::{Store, context, path, time};
use sync_core::ops::{Mode, sync};
use sync_core::remote::limit::{Limits, Rates};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::{Call, Watch, Watched};
use sync_core::{Path, Remote, Result, Tree};
use tokio::sync::Semaphore;

/// Counts the bytes that were read and are not written yet.
#[derive(Debug, Default)]
struct Held {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// One side of a copy.
#[derive(Debug)]
struct Counts(Arc<Held>);

#[async_trait]
impl Watch for Counts {
    type File = ();

    fn opened(&self) {}

    async fn before(&self, _call: Call, _path: &Path) -> Result<()> {
        Ok(())
    }

    async fn moved(&self, (): &(), call: Call, bytes: usize) {
        if call == Call::Read {
            let now = self.0.now.fetch_add(bytes, Ordering::Relaxed) + bytes;
            self.0.most.fetch_max(now, Ordering::Relaxed);
        } else {
            self.0.now.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

/// Neither side is a disk: as from one server to another, whose line is slow.
#[tokio::test(start_paused = true)]
async fn of_a_large_file_for_a_slow_server_few_pieces_are_held() {
    const PIECE: usize = 64 * 1024;
    let held = Arc::new(Held::default());
    let (source, destination) = (Memory::server(), Memory::server());
    source.put("big", Bytes::from(vec![7; 64 << 20]), time(100));
    let counted = |memory: &Memory| -> Arc<dyn Remote> {
        Arc::new(Watched::new(Arc::new(memory.clone()), Counts(Arc::clone(&held))))
    };
    let limits = Limits::new(None);
    limits.set(Rates { upload: Some(1 << 20), download: None });
    let slow = Watched::new(counted(&destination), limits.of_server());
    let source = Tree::new(counted(&source), Path::root());
    let there = Tree::new(Arc::new(slow), Path::root());
    let (ctx, _) = context();
    let begun = tokio::time::Instant::now();
    sync(&ctx, &source, &there, Mode::Copy).await.unwrap();
    assert!(begun.elapsed() > Duration::from_secs(60), "the destination is slow");
    assert_eq!(destination.files()["big"].len(), 64 << 20);
    let most = held.most.load(Ordering::Relaxed);
    assert!(most <= 2 * PIECE, "{most} bytes were held at once");
}

/// A server with one connection, which answers nothing before the other side has begun so many listings.
#[derive(Debug)]
struct Busy {
    connection: Semaphore,
    others: Arc<AtomicUsize>,
    wanted: usize,
}

#[async_trait]
impl Watch for Busy {
    type File = ();

    fn opened(&self) {}

    async fn before(&self, call: Call, path: &Path) -> Result<()> {
        let _connection = self.connection.acquire().await;
        let wanted = if path.is_root() { 1 } else { self.wanted };
        while call == Call::List && self.others.load(Ordering::Relaxed) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Listings(Arc<AtomicUsize>);

#[async_trait]
impl Watch for Listings {
    type File = ();

    fn opened(&self) {}

    async fn before(&self, call: Call, _path: &Path) -> Result<()> {
        self.0.fetch_add(usize::from(call == Call::List), Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_with_one_connection_keeps_no_disk_from_listing_ahead() {
    let (disk, server) = (Memory::new(), Memory::server());
    for memory in [&disk, &server] {
        (0..20).for_each(|number| memory.put(&format!("{number:02}/f"), "x", time(100)));
    }
    let listings = Arc::new(AtomicUsize::new(0));
    let here = Watched::new(Arc::new(disk), Listings(Arc::clone(&listings)));
    let (ctx, _) = context();
    // The root, then as many directories as there are checkers.
    let wanted = 1 + ctx.options.checkers;
    let busy = Busy { connection: Semaphore::new(1), others: Arc::clone(&listings), wanted };
    let there = Arc::new(Watched::new(Arc::new(server), busy));
    let [here, there] =
        [Arc::new(here) as Arc<dyn Remote>, there].map(|it| Tree::new(it, path("")));
    let run = sync(&ctx, &here, &there, Mode::Copy);
    tokio::time::timeout(Duration::from_secs(60), run).await.expect("no waiting").unwrap();
    assert_eq!(listings.load(Ordering::Relaxed), 21);
}

/// Syncs so many files in directories of a hundred, twice, and returns the calls of the second run on
/// both sides.
async fn calls(files: usize) -> BTreeMap<Call, usize> {
    let (source, destination) = (Store::new(Memory::new()), Store::new(Memory::server()));
    for number in 0..files {
        let name = format!("{:04}/{:02}", number / 100, number % 100);
        source.memory.put(&name, "x", time(100));
        destination.memory.put(&name, "x", time(100));
    }
    let (ctx, _) = context();
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    let mut calls = source.calls.watch().take();
    for (call, count) in destination.calls.watch().take() {
        *calls.entry(call).or_default() += count;
    }
    calls
}

#[tokio::test]
async fn ten_times_the_files_are_ten_times_the_calls() {
    for files in [1000, 10_000] {
        assert_eq!(calls(files).await, BTreeMap::from([(Call::List, 2 * (files / 100 + 1))]));
    }
}

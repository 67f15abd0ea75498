//! Files that stand elsewhere already are not transferred: left out, or copied on the remote.

mod common;

use std::sync::Arc;

use common::{Recorder, Store, context, path, time};
use sync_core::context::{Backup, Elsewhere};
use sync_core::ops::{Mode, copy_file, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Capability, Context, ErrorKind, Remote as _};

/// A server that can copy.
fn copying() -> Memory {
    Memory::with(Capability { copy: true, ..Memory::server().capability() })
}

/// A run into `d` with what stands in `old` and `older`.
fn elsewhere(store: &Store, copies: bool) -> (Context, Arc<Recorder>) {
    let (mut ctx, heard) = context();
    let trees = vec![store.tree_at("old"), store.tree_at("older")];
    ctx.options.elsewhere = Some(Elsewhere { trees, copies });
    (ctx, heard)
}

const SOURCE: [&str; 4] = ["a=1", "b=2", "s/c=3", "s/e=5"];
const THERE: [&str; 6] = ["d/b=old", "d/x=9", "old/a=1", "old/b=4!", "older/b=2", "old/s/c=3"];

#[tokio::test]
async fn what_stands_elsewhere_is_not_transferred() {
    let source = Store::with(Memory::new(), &SOURCE);
    let destination = Store::with(Memory::server(), &THERE);
    let (ctx, heard) = elsewhere(&destination, false);
    sync(&ctx, &source.tree(), &destination.tree_at("d"), Mode::Sync).await.unwrap();
    let files = destination.files();
    assert_eq!(files[..2], ["d/b=old", "d/s/e=5"]);
    assert_eq!(heard.heard("remark").len(), 3, "{:?}", heard.heard("remark"));
    let calls = destination.calls.watch().take();
    // Each directory of each tree once, whatever it holds; where all was found, the next is not asked.
    assert!(calls[&Call::List] <= 2 + 4, "{calls:?}");
    assert_eq!(calls[&Call::Create], 1);
}

#[tokio::test]
async fn what_stands_elsewhere_is_copied_there() {
    let source = Store::with(Memory::new(), &SOURCE);
    let destination = Store::with(copying(), &THERE);
    let (ctx, heard) = elsewhere(&destination, true);
    sync(&ctx, &source.tree(), &destination.tree_at("d"), Mode::Sync).await.unwrap();
    assert_eq!(destination.files()[..4], ["d/a=1", "d/b=2", "d/s/c=3", "d/s/e=5"]);
    let calls = destination.calls.watch().take();
    assert_eq!((calls[&Call::Copy], calls[&Call::Create]), (3, 1));
    let entry = destination.memory.stat(&path("d/b")).await.unwrap().unwrap();
    assert_eq!(entry.modified.unwrap().at, time(100));
    assert_eq!(heard.heard("done Copied").len(), 4);
    let (ctx, _) = elsewhere(&destination, true);
    sync(&ctx, &source.tree(), &destination.tree_at("d"), Mode::Sync).await.unwrap();
    assert_eq!(destination.calls.watch().take().get(&Call::Copy), None);
}

#[tokio::test]
async fn a_copy_that_fails_is_a_transfer() {
    let source = Store::with(Memory::new(), &["a=1"]);
    let destination = Store::with(copying(), &["old/a=1"]);
    destination.faults.watch().always(Call::Copy, "a", ErrorKind::PermissionDenied);
    let (ctx, _) = elsewhere(&destination, true);
    sync(&ctx, &source.tree(), &destination.tree_at("d"), Mode::Copy).await.unwrap();
    assert_eq!(destination.files(), ["d/a=1", "old/a=1"]);
}

#[tokio::test]
async fn a_copy_over_a_file_keeps_its_backup() {
    let source = Store::with(Memory::new(), &["a=1"]);
    let destination = Store::with(copying(), &["d/a=before", "old/a=1"]);
    let (mut ctx, _) = elsewhere(&destination, true);
    let (tree, suffix) = (destination.tree_at("kept"), String::new());
    ctx.options.backup = Some(Backup { tree, suffix, keeps_extension: false });
    sync(&ctx, &source.tree(), &destination.tree_at("d"), Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["d/a=1", "kept/a=before", "old/a=1"]);
}

#[tokio::test]
async fn a_move_leaves_what_only_stands_elsewhere() {
    for (copies, left) in [(false, vec!["a=1"]), (true, vec![])] {
        let source = Store::with(Memory::new(), &["a=1"]);
        let destination = Store::with(copying(), &["old/a=1"]);
        let (ctx, _) = elsewhere(&destination, copies);
        sync(&ctx, &source.tree(), &destination.tree_at("d"), Mode::Move).await.unwrap();
        assert_eq!(source.files(), left);
    }
}

#[tokio::test]
async fn one_file_is_looked_for_too() {
    let source = Store::with(Memory::new(), &["a=1"]);
    let destination = Store::with(Memory::server(), &["old/b=1"]);
    let (ctx, _) = elsewhere(&destination, false);
    let (from, to) = (path("a"), path("b"));
    let d = destination.tree_at("d");
    copy_file(&ctx, &source.tree(), &from, &d, &to, Mode::Copy).await.unwrap();
    assert_eq!(destination.files(), ["old/b=1"]);
}

#[tokio::test]
async fn a_tree_that_cannot_be_listed_costs_a_transfer_and_is_told() {
    let source = Store::with(Memory::new(), &["a=1"]);
    let destination = Store::with(Memory::server(), &["d/x=1", "old/a=1"]);
    destination.faults.watch().always(Call::List, "old", ErrorKind::PermissionDenied);
    let (ctx, _) = elsewhere(&destination, false);
    let result = sync(&ctx, &source.tree(), &destination.tree_at("d"), Mode::Sync).await;
    assert_eq!(result.unwrap_err().last.kind(), ErrorKind::PermissionDenied);
    assert_eq!(destination.files(), ["d/a=1", "d/x=1", "old/a=1"]);
}

#[tokio::test]
async fn copies_need_a_remote_that_makes_them() {
    let source = Store::with(Memory::new(), &["a=1"]);
    let [plain, able] = [Memory::server(), copying()].map(|memory| Store::with(memory, &["d/b=1"]));
    for (store, place, words) in [
        (&plain, &plain, "doesn't support server side copy"),
        (&able, &plain, "has to be on the same remote as destination"),
    ] {
        let (ctx, _) = elsewhere(place, true);
        let result = sync(&ctx, &source.tree(), &store.tree_at("d"), Mode::Sync).await;
        let error = result.unwrap_err().last;
        assert!(error.kind() == ErrorKind::Usage && error.to_string().contains(words), "{error}");
        assert_eq!(store.files(), ["d/b=1"]);
    }
}

//! What sync deletes, when, how much of it at most, and what it keeps as a backup.

mod common;

use std::sync::Arc;

use common::{Store, context, path, time};
use sync_core::context::{Backup, Deletion, Quota, Tracking};
use sync_core::filter::Filter;
use sync_core::ops::{Mode, copy_file, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Context, Doubt, ErrorKind, Limit, Remote as _, Tree};

fn pair(source: &[&str], destination: &[&str]) -> (Store, Store) {
    (Store::with(Memory::new(), source), Store::with(Memory::server(), destination))
}

/// Has `ctx` keep what goes away under `root` of the destination's store.
fn keep(ctx: &mut Context, tree: &Tree, root: &str, suffix: &str) {
    let tree = Tree::new(tree.remote.clone(), path(root));
    ctx.options.backup = Some(Backup { tree, suffix: suffix.into(), keeps_extension: false });
}

/// Returns the position of the first of these calls among all that were made.
fn first(store: &Store, call: Call) -> Option<usize> {
    store.calls.watch().order().iter().position(|made| *made == call)
}

#[tokio::test]
async fn deletions_come_when_they_were_asked_for() {
    for (timing, before_copies) in [(Deletion::Before, true), (Deletion::After, false)] {
        let (source, destination) = pair(&["a=1", "d/b=1"], &["d/x=1", "y/z=1"]);
        let (mut ctx, _) = context();
        ctx.options.deletion = timing;
        sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
        assert_eq!(destination.files(), ["a=1", "d/b=1"], "{timing:?}");
        assert_eq!(destination.memory.directories(), ["d"], "{timing:?}");
        let (removed, created) =
            (first(&destination, Call::Remove), first(&destination, Call::Create));
        assert_eq!(removed < created, before_copies, "{timing:?}");
    }
}

#[tokio::test]
async fn during_deletes_below_each_directory_as_it_comes() {
    let (source, destination) = pair(&["a/b=1", "z/b=1"], &["a/x=1", "z/x=1", "m/n=1"]);
    source.faults.watch().always(Call::List, "z", ErrorKind::PermissionDenied);
    let (mut ctx, _) = context();
    ctx.options.deletion = Deletion::During;
    ctx.options.checkers = 1;
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap_err();
    assert_eq!(destination.files(), ["a/b=1", "z/x=1"], "what came before the failure");
    assert_eq!(destination.memory.directories(), ["a", "m", "z"], "directories go last");
}

#[tokio::test]
async fn nothing_is_deleted_before_the_copies_when_a_listing_fails_or_is_in_doubt() {
    let doubt = || Doubt::UnreadLine { line: (*b"?").into(), reason: "odd".into() };
    for fails in [true, false] {
        let (source, destination) = pair(&["a=1", "d/b=1"], &["x=1", "d/y=1"]);
        if fails {
            source.faults.watch().always(Call::List, "d", ErrorKind::Timeout);
        } else {
            source.memory.add_doubt(path("d"), doubt());
        }
        let (mut ctx, _) = context();
        ctx.options.deletion = Deletion::Before;
        ctx.options.low_level_retries = 1;
        sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap_err();
        let files = destination.files();
        assert!(
            files.contains(&"x=1".to_owned()) && files.contains(&"d/y=1".to_owned()),
            "{files:?}"
        );
        assert!(files.contains(&"a=1".to_owned()));
    }
}

#[tokio::test]
async fn what_keeps_all_deletions_from_coming_first_fails_the_run() {
    let doubt = || Doubt::UnreadLine { line: (*b"?").into(), reason: "odd".into() };
    for (extra, fails) in [("y", true), ("y", false), ("d", false)] {
        let (source, destination) = pair(&["a=1", "d/b=1"], &["d/b=1", "d/x=1", "y/z=1"]);
        if fails {
            destination.faults.watch().always(Call::List, extra, ErrorKind::PermissionDenied);
        } else {
            destination.memory.add_doubt(path(extra), doubt());
        }
        let (mut ctx, heard) = context();
        ctx.options.deletion = Deletion::Before;
        let failures = sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await;
        assert_eq!(failures.unwrap_err().count, 1, "{extra} {fails}");
        let kind = if fails { ErrorKind::PermissionDenied } else { ErrorKind::Protocol };
        assert_eq!(heard.heard("failed"), [format!("failed {extra}: {kind:?}")]);
        assert_eq!(destination.files(), ["a=1", "d/b=1", "d/x=1", "y/z=1"], "{extra} {fails}");
    }
}

#[tokio::test]
async fn past_a_limit_nothing_is_deleted_and_all_is_told() {
    let limits: [(Option<Quota>, Option<u64>, bool); 6] = [
        (Some(Quota::Count(1)), None, false),
        (Some(Quota::Count(2)), None, true),
        (Some(Quota::Percent(49)), None, false),
        (Some(Quota::Percent(50)), None, true),
        (None, Some(4), false),
        (None, Some(5), true),
    ];
    for (max_delete, max_delete_bytes, passes) in limits {
        for deletion in [Deletion::After, Deletion::During, Deletion::Before] {
            let files = ["a=1", "b=1", "x=22", "y/z=333"];
            let (source, destination) = pair(&["a=1", "b=1"], &files);
            let (mut ctx, heard) = context();
            ctx.options.max_delete = max_delete;
            ctx.options.max_delete_bytes = max_delete_bytes;
            ctx.options.deletion = deletion;
            let result = sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await;
            let case = format!("{max_delete:?} {max_delete_bytes:?} {deletion:?}");
            if passes {
                result.unwrap();
                assert_eq!(destination.files(), files[..2], "{case}");
            } else {
                assert_eq!(
                    result.unwrap_err().last.kind(),
                    ErrorKind::Limit(Limit::Deletions),
                    "{case}"
                );
                assert_eq!(destination.files(), files, "{case}");
                assert_eq!(heard.heard("skipped Deleted").len(), 2, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_deleted_or_replaced_is_kept() {
    let (source, destination) = pair(&["a=new", "same=1"], &["d/a=former", "d/same=1", "d/e/x=1"]);
    let (mut ctx, heard) = context();
    keep(&mut ctx, &destination.tree(), "old", "");
    let tree = destination.tree_at("d");
    let tree = Tree::new(destination.tree().remote, tree.root);
    sync(&ctx, &source.tree(), &tree, Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["d/a=new", "d/same=1", "old/a=former", "old/e/x=1"]);
    assert_eq!(heard.heard("done BackedUp"), ["done BackedUp e/x: not in source"]);
    source.put(&["a=newer"]);
    sync(&ctx, &source.tree(), &tree, Mode::Sync).await.unwrap();
    assert_eq!(destination.files()[..3], ["d/a=newer", "d/same=1", "old/a=new"]);
}

#[tokio::test]
async fn a_suffix_alone_keeps_files_where_they_are() {
    let (source, destination) = pair(&["a=new", "d/b=new"], &["a=former", "d/b=former"]);
    for (inplace, expected) in [(false, ".1"), (true, ".2")] {
        let (mut ctx, _) = context();
        keep(&mut ctx, &destination.tree(), "", expected);
        ctx.options.inplace = inplace;
        sync(&ctx, &source.tree(), &destination.tree(), Mode::Copy).await.unwrap();
        source.put(&["a=newer", "d/b=newer"]);
    }
    let files = ["a=newer", "a.1=former", "a.2=new", "d/b=newer", "d/b.1=former", "d/b.2=new"];
    assert_eq!(destination.files(), files);
}

#[tokio::test]
async fn the_old_file_stays_until_the_new_one_is_complete() {
    let (source, destination) = pair(&["a=new"], &["d/a=former"]);
    source.faults.watch().always(Call::Read, "a", ErrorKind::PermissionDenied);
    let (mut ctx, _) = context();
    keep(&mut ctx, &destination.tree(), "old", "");
    let tree = Tree::new(destination.tree().remote, path("d"));
    sync(&ctx, &source.tree(), &tree, Mode::Sync).await.unwrap_err();
    assert_eq!(destination.files(), ["d/a=former"]);
}

#[tokio::test]
async fn the_old_file_comes_back_when_the_new_one_cannot_take_its_name() {
    let (source, destination) = pair(&["a=new"], &["d/a=former"]);
    destination.faults.watch().always(Call::Rename, ".partial", ErrorKind::PermissionDenied);
    let (mut ctx, _) = context();
    keep(&mut ctx, &destination.tree(), "old", "");
    let tree = Tree::new(destination.tree().remote, path("d"));
    sync(&ctx, &source.tree(), &tree, Mode::Sync).await.unwrap_err();
    assert_eq!(destination.files(), ["d/a=former"]);
}

#[tokio::test]
async fn a_move_on_the_server_keeps_what_it_replaces() {
    let store = Store::with(Memory::server(), &["from/a=new", "to/a=former"]);
    let source = store.tree_at("from");
    let destination = Tree::new(source.remote.clone(), path("to"));
    let (mut ctx, _) = context();
    keep(&mut ctx, &source, "kept", ".bak");
    sync(&ctx, &source, &destination, Mode::Move).await.unwrap();
    assert_eq!(store.files(), ["kept/a.bak=former", "to/a=new"]);
}

#[tokio::test]
async fn one_file_replaced_is_kept() {
    let (source, destination) = pair(&["a=new"], &["b=former"]);
    let (mut ctx, _) = context();
    keep(&mut ctx, &destination.tree(), "", ".bak");
    let (from, to) = (path("a"), path("b"));
    copy_file(&ctx, &source.tree(), &from, &destination.tree(), &to, Mode::Copy).await.unwrap();
    assert_eq!(destination.files(), ["b=new", "b.bak=former"]);
}

#[tokio::test]
async fn a_backup_that_would_take_part_is_refused() {
    let (source, destination) = pair(&["a=1"], &["x=1"]);
    let (mut ctx, _) = context();
    keep(&mut ctx, &destination.tree(), "old", "");
    let failures = sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await;
    assert_eq!(failures.unwrap_err().last.kind(), ErrorKind::Usage);
    keep(&mut ctx, &source.tree(), "old", "");
    let failures = sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await;
    assert_eq!(failures.unwrap_err().last.kind(), ErrorKind::Usage);
    assert_eq!(destination.files(), ["x=1"]);
}

#[tokio::test]
async fn a_dry_run_deletes_and_keeps_nothing() {
    for deletion in [Deletion::After, Deletion::During, Deletion::Before] {
        let (source, destination) = pair(&["a=1"], &["d/a=former", "d/x=1"]);
        destination.memory.set_clock(time(1));
        let (mut ctx, heard) = context();
        keep(&mut ctx, &destination.tree(), "old", "");
        ctx.options.deletion = deletion;
        ctx.options.dry_run = true;
        let tree = Tree::new(destination.tree().remote, path("d"));
        sync(&ctx, &source.tree(), &tree, Mode::Sync).await.unwrap();
        assert_eq!(destination.files(), ["d/a=former", "d/x=1"]);
        assert_eq!(heard.heard("skipped").len(), 2, "{deletion:?}");
    }
}

/// Syncs files of which some have moved, and returns which renames the destination was asked for.
async fn renames(tracking: Tracking, destination: Memory) -> (Vec<String>, Store) {
    let source = Store::with(Memory::new(), &["new/a=1", "b2=22", "c=333", "same=4444"]);
    let destination =
        Store::with(destination, &["old/a=1", "b=22", "x/c=333", "same=4444", "gone=55555"]);
    let (mut ctx, heard) = context();
    ctx.options.track_renames = Some(tracking);
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), source.files());
    (heard.heard("done Moved"), destination)
}

#[tokio::test]
async fn what_has_moved_on_the_source_is_renamed_on_the_destination() {
    let leaf = Tracking { leaf: true, modified: true, hash: false };
    let (moved, destination) = renames(leaf, Memory::server()).await;
    assert_eq!(moved, ["done Moved c: renamed from x/c", "done Moved new/a: renamed from old/a"]);
    assert_eq!(destination.calls.watch().take()[&Call::Create], 1, "b2 has another name");
    let hash = Tracking { hash: true, ..Tracking::default() };
    let (moved, destination) = renames(hash, Memory::new()).await;
    assert_eq!(moved.len(), 3);
    assert!(!destination.calls.watch().take().contains_key(&Call::Create));
}

#[tokio::test]
async fn renames_are_not_tracked_by_hashes_that_are_not_there() {
    let hash = Tracking { hash: true, ..Tracking::default() };
    assert!(renames(hash, Memory::server()).await.0.is_empty());
}

#[tokio::test]
async fn a_rename_that_fails_is_a_copy() {
    let source = Store::with(Memory::new(), &["new/a=1"]);
    let destination = Store::with(Memory::server(), &["old/a=1"]);
    destination.faults.watch().always(Call::Rename, "old/a", ErrorKind::PermissionDenied);
    let (mut ctx, _) = context();
    ctx.options.track_renames = Some(Tracking { leaf: true, ..Tracking::default() });
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), ["new/a=1", "old/a=1"], "the next run deletes the old one");
}

/// Syncs a source that has nothing in common with the destination but `a`, and returns what the
/// destination was asked to remove of its directories, and what is told of those it keeps.
async fn emptied(
    ctx: &mut Context,
    heard: &common::Recorder,
    destination: &Store,
) -> (Vec<String>, Vec<String>) {
    let source = Store::with(Memory::new(), &["a=1"]);
    let _ = sync(ctx, &source.tree(), &destination.tree(), Mode::Sync).await;
    (destination.calls.watch().paths(Call::Rmdir), heard.heard("remark"))
}

fn kept(directories: &[&str]) -> Vec<String> {
    let told = |path: &&str| format!("remark {path}: kept: the directory is not empty");
    directories.iter().map(told).collect()
}

#[tokio::test]
async fn a_directory_that_holds_what_the_filter_hides_is_not_asked_to_go() {
    let files = ["a=1", "d/e/x.log=1", "d/e/y=1", "d/f/z=1", "g/x=1"];
    for dry_run in [false, true] {
        let destination = Store::with(Memory::server(), &files);
        let (mut ctx, heard) = context();
        let filter = Filter::builder().exclude("*.log").unwrap().build().unwrap();
        (ctx.filter, ctx.options.dry_run) = (Arc::new(filter), dry_run);
        let (asked, told) = emptied(&mut ctx, &heard, &destination).await;
        assert_eq!(told, kept(&["d/e", "d"]));
        assert!(heard.heard("failed").is_empty());
        if dry_run {
            let skipped =
                ["d/f", "g"].map(|path| format!("skipped RemovedDirectory {path}: not in source"));
            assert_eq!(heard.heard("skipped RemovedDirectory"), skipped);
        } else {
            assert_eq!(asked, ["g", "d/f"]);
            assert_eq!(destination.files(), ["a=1", "d/e/x.log=1"]);
        }
    }
}

#[tokio::test]
async fn a_directory_whose_content_stays_for_any_reason_is_not_asked_to_go() {
    type Arrange = dyn Fn(&mut Context, &Store);
    let reasons: [(&str, &Arrange); 6] = [
        ("a listing that failed", &|_, store| {
            store.faults.watch().always(Call::List, "d/e", ErrorKind::PermissionDenied);
        }),
        ("a listing in doubt", &|_, store| {
            let line = (*b"?").into();
            let doubt = Doubt::UnreadLine { line, reason: "odd".into() };
            store.memory.add_doubt(path("d/e"), doubt);
        }),
        ("a file that cannot be removed", &|_, store| {
            store.faults.watch().always(Call::Remove, "d/e/x", ErrorKind::PermissionDenied);
        }),
        ("a link", &|_, store| store.memory.put_link("d/e/to", "x")),
        ("what lies too deep", &|ctx, _| ctx.options.max_depth = Some(2)),
        ("a backup", &|ctx, store| keep(ctx, &store.tree(), "", ".bak")),
    ];
    for (reason, arrange) in reasons {
        for deletion in [Deletion::After, Deletion::During] {
            let destination = Store::with(Memory::server(), &["a=1", "d/e/x=1"]);
            destination.memory.mkdir(&path("g")).await.unwrap();
            let (mut ctx, heard) = context();
            ctx.options.ignore_errors = true;
            ctx.options.deletion = deletion;
            arrange(&mut ctx, &destination);
            let (asked, told) = emptied(&mut ctx, &heard, &destination).await;
            assert_eq!(asked, ["g"], "{reason}");
            assert!(told.contains(&kept(&["d"])[0]), "{reason}: {told:?}");
        }
    }
}

#[tokio::test]
async fn what_could_not_be_renamed_keeps_its_directory() {
    let source = Store::with(Memory::new(), &["new/a=1"]);
    let destination = Store::with(Memory::server(), &["old/a=1"]);
    destination.faults.watch().always(Call::Rename, "old/a", ErrorKind::PermissionDenied);
    let (mut ctx, heard) = context();
    ctx.options.track_renames = Some(Tracking { leaf: true, ..Tracking::default() });
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    assert!(destination.calls.watch().paths(Call::Rmdir).is_empty());
    assert_eq!(heard.heard("remark"), kept(&["old"]));
}

#[tokio::test]
async fn a_directory_without_files_in_the_place_of_one_is_told_where_deletions_come_first() {
    for no_traverse in [false, true] {
        let (source, destination) = pair(&["a=1"], &["a=1", "d=1", "x=1"]);
        source.memory.mkdir(&path("d")).await.unwrap();
        let (mut ctx, heard) = context();
        (ctx.options.deletion, ctx.options.no_traverse) = (Deletion::Before, no_traverse);
        sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap_err();
        assert_eq!(heard.heard("failed"), ["failed d: NotADirectory"]);
        assert_eq!(destination.files(), ["a=1", "d=1", "x=1"]);
    }
}

#[tokio::test]
async fn each_file_that_may_be_renamed_is_asked_for_its_hash_once() {
    let files = |letter: &str| -> Vec<String> {
        (0..20).map(|number| format!("{letter}{number:02}={:02}", 99 - number)).collect()
    };
    let (new, old) = (files("n"), files("o"));
    let source = Store::with(Memory::new(), &new.iter().map(String::as_str).collect::<Vec<_>>());
    let there =
        Store::with(Memory::new(), &old.iter().rev().map(String::as_str).collect::<Vec<_>>());
    let (mut ctx, heard) = context();
    ctx.options.track_renames = Some(Tracking { hash: true, ..Tracking::default() });
    sync(&ctx, &source.tree(), &there.tree(), Mode::Sync).await.unwrap();
    assert_eq!((heard.heard("done Moved").len(), there.files()), (20, source.files()));
    let asked = [&source, &there].map(|store| store.calls.watch().take()[&Call::Hash]);
    assert_eq!(asked, [20, 20]);
}

//! Names the two sides spell differently, and files that are asked for by name.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Store, context, path, time};
use sync_core::filter::{Filter, ListForm};
use sync_core::ops::{Mode, sync};
use sync_core::remote::local::Local;
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Capability, Context, ErrorKind, Remote as _};

fn caseless(files: &[&str]) -> Store {
    let capability = Capability { case_sensitive: false, ..Memory::server().capability() };
    Store::with(Memory::with(capability), files)
}

async fn run(ctx: &Context, source: &Store, destination: &Store, mode: Mode) -> bool {
    sync(ctx, &source.tree(), &destination.tree(), mode).await.is_ok()
}

#[tokio::test]
async fn a_name_in_another_case_is_the_same_where_case_does_not_count() {
    let source = Store::with(Memory::new(), &["Read.Me=22", "dir/a=1", "dir/b=1"]);
    let destination = caseless(&["READ.ME=1", "DIR/A=1", "DIR/gone=1"]);
    let (ctx, _) = context();
    assert!(run(&ctx, &source, &destination, Mode::Sync).await);
    assert_eq!(destination.files(), ["DIR/A=1", "DIR/b=1", "READ.ME=22"]);
    destination.calls.watch().take();
    assert!(run(&ctx, &source, &destination, Mode::Sync).await);
    assert_eq!(destination.calls.watch().take(), BTreeMap::from([(Call::List, 2)]));
}

#[tokio::test]
async fn fix_case_gives_the_destination_the_sources_spelling() {
    let source = Store::with(Memory::new(), &["Read.Me=22", "dir/a=1"]);
    let destination = caseless(&["READ.ME=1", "DIR/A=1"]);
    let (mut ctx, _) = context();
    ctx.options.fix_case = true;
    assert!(run(&ctx, &source, &destination, Mode::Sync).await);
    assert_eq!(destination.files(), source.files());
}

#[tokio::test]
async fn names_that_would_be_one_are_told_and_left_out() {
    let source = Store::with(Memory::new(), &["A=1", "a=22", "b=1"]);
    let destination = caseless(&["x=1"]);
    let (ctx, heard) = context();
    assert!(!run(&ctx, &source, &destination, Mode::Sync).await);
    assert_eq!(destination.files(), ["b=1", "x=1"], "nothing is deleted in doubt");
    assert_eq!(heard.heard("failed").len(), 3, "both names, and the deletion withheld");
}

#[tokio::test]
async fn case_is_ignored_on_request() {
    let source = Store::with(Memory::new(), &["a=22"]);
    for (ignored, expected) in [(true, vec!["A=22"]), (false, vec!["a=22"])] {
        let destination = Store::with(Memory::server(), &["A=1"]);
        let (mut ctx, _) = context();
        ctx.options.ignore_case_sync = ignored;
        assert!(run(&ctx, &source, &destination, Mode::Sync).await);
        assert_eq!(destination.files(), expected);
    }
}

#[tokio::test]
async fn forms_of_unicode_are_one_unless_told_otherwise() {
    let (composed, decomposed) = ("\u{e9}=1", "e\u{301}=1");
    for (apart, expected) in [(false, decomposed), (true, composed)] {
        let source = Store::with(Memory::new(), &[composed]);
        let destination = Store::with(Memory::server(), &[decomposed]);
        let (mut ctx, _) = context();
        ctx.options.no_unicode_normalization = apart;
        assert!(run(&ctx, &source, &destination, Mode::Sync).await);
        assert_eq!(destination.files(), [expected]);
    }
}

fn listed(ctx: Context, names: &str) -> Context {
    let filter = Filter::builder().files_from(names.as_bytes(), ListForm::Lines);
    Context { filter: Arc::new(filter.unwrap().build().unwrap()), ..ctx }
}

#[tokio::test]
async fn files_from_lists_nothing() {
    let source = Store::with(Memory::new(), &["a=1", "d/b=1", "d/c=1", "d/e/f=1", "x=1"]);
    let destination = Store::with(Memory::server(), &["a=1", "d/gone=1", "d/stays=1"]);
    let (ctx, _) = context();
    let ctx = listed(ctx, "a\nd/b\nd/e/f\nd/gone\nmissing\n");
    assert!(run(&ctx, &source, &destination, Mode::Sync).await);
    assert_eq!(destination.files(), ["a=1", "d/b=1", "d/e/f=1", "d/stays=1"]);
    for store in [&source, &destination] {
        assert!(!store.calls.watch().take().contains_key(&Call::List));
    }
}

#[tokio::test]
async fn files_from_in_a_source_that_is_missing_deletes_nothing() {
    let source = Store::with(Memory::new(), &["a=1"]);
    let destination = Store::with(Memory::server(), &["a=1"]);
    let (ctx, _) = context();
    let ctx = listed(ctx, "a\n");
    let failures = sync(&ctx, &source.tree_at("gone"), &destination.tree(), Mode::Sync).await;
    assert_eq!(failures.unwrap_err().last.kind(), ErrorKind::DirectoryNotFound);
    assert_eq!(destination.files(), ["a=1"]);
}

#[tokio::test]
async fn many_names_of_one_directory_are_looked_for_in_its_listing() {
    let names: Vec<String> = (0..1001).map(|number| format!("f{number}")).collect();
    let source = Store::with(Memory::new(), &["f7=1", "x=1"]);
    let destination = Store::new(Memory::server());
    let (ctx, _) = context();
    let ctx = listed(ctx, &names.join("\n"));
    assert!(run(&ctx, &source, &destination, Mode::Copy).await);
    assert_eq!(destination.files(), ["f7=1"]);
    let calls = source.calls.watch().take();
    assert_eq!((calls.get(&Call::List), calls.get(&Call::Stat)), (Some(&1), None));
}

#[tokio::test]
async fn no_traverse_asks_the_destination_for_each_file() {
    let source = Store::with(Memory::new(), &["a=1", "d/b=22", "n/c=1"]);
    let destination = Store::with(Memory::server(), &["a=1", "d/b=1", "z/x=1"]);
    let (mut ctx, _) = context();
    ctx.options.no_traverse = true;
    assert!(run(&ctx, &source, &destination, Mode::Copy).await);
    assert_eq!(destination.files(), ["a=1", "d/b=22", "n/c=1", "z/x=1"]);
    let calls = destination.calls.watch().take();
    assert_eq!((calls.get(&Call::List), calls[&Call::Stat], calls[&Call::Create]), (None, 3, 2));
}

#[tokio::test]
async fn no_check_dest_copies_without_a_look() {
    let source = Store::with(Memory::new(), &["a=1", "d/b=2"]);
    let destination = Store::with(Memory::server(), &["a=1", "d/b=1"]);
    let (mut ctx, _) = context();
    ctx.options.no_check_destination = true;
    assert!(run(&ctx, &source, &destination, Mode::Copy).await);
    let calls = destination.calls.watch().take();
    assert_eq!((calls.get(&Call::List), calls.get(&Call::Stat)), (None, None));
    assert_eq!(calls[&Call::Create], 2);
    assert!(!run(&ctx, &source, &destination, Mode::Sync).await, "sync must look");
}

#[tokio::test]
async fn a_directory_moves_whole_where_the_destination_has_none() {
    let store =
        Store::with(Memory::server(), &["from/a=1", "from/d/e/b=2", "from/f/c=3", "to/f/x=1"]);
    let source = store.tree_at("from");
    let elsewhere = sync_core::Tree::new(source.remote.clone(), path("to"));
    let (mut ctx, _) = context();
    ctx.options.delete_empty_source_directories = true;
    sync(&ctx, &source, &elsewhere, Mode::Move).await.unwrap();
    assert_eq!(store.files(), ["to/a=1", "to/d/e/b=2", "to/f/c=3", "to/f/x=1"]);
    let mut renamed = store.calls.watch().paths(Call::Rename);
    renamed.sort_unstable();
    assert_eq!(renamed, ["from/a", "from/d", "from/f/c"]);

    let new = sync_core::Tree::new(source.remote.clone(), path("new/place"));
    store.calls.watch().take();
    sync(&Context::default(), &elsewhere, &new, Mode::Move).await.unwrap();
    assert_eq!(store.calls.watch().paths(Call::Rename), ["to"]);
    assert_eq!(store.memory.directories().first().map(String::as_str), Some("from"));
    assert_eq!(store.files().len(), 4);
}

#[tokio::test]
async fn moving_file_by_file_leaves_directories_where_a_filter_hides_something() {
    let store = Store::with(Memory::server(), &["from/d/a=1", "from/d/b.bak=2"]);
    let source = store.tree_at("from");
    let elsewhere = sync_core::Tree::new(source.remote.clone(), path("to"));
    let (ctx, _) = context();
    let filter = Filter::builder().exclude("*.bak").unwrap().build().unwrap();
    let ctx = Context { filter: Arc::new(filter), ..ctx };
    store.memory.set_clock(time(5));
    sync(&ctx, &source, &elsewhere, Mode::Move).await.unwrap();
    assert_eq!(store.files(), ["from/d/b.bak=2", "to/d/a=1"]);
}

/// A disk takes names of 255 bytes; a server may have longer ones.
#[cfg(unix)]
#[tokio::test]
async fn what_a_disk_cannot_name_is_told_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let long = "n".repeat(300);
    let files = [format!("{long}=1"), format!("{long}.d/in=1"), "ok=1".into()];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let source = Store::with(Memory::server(), &files);
    let local: Arc<dyn sync_core::Remote> = Arc::new(Local::at(folder.path()));
    let destination = sync_core::Tree::new(local, path(""));
    let (ctx, heard) = context();
    let failures = sync(&ctx, &source.tree(), &destination, Mode::Copy).await.unwrap_err();
    assert_eq!(failures.last.kind(), ErrorKind::Usage, "{failures}");
    let told = [format!("failed {long}.d/in: Usage"), format!("failed {long}: Usage")];
    assert_eq!(heard.heard("failed"), told);
    let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["ok"]);
}

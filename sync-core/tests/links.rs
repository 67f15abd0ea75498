//! Symbolic links on either side: followed, translated, skipped, told.
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use common::{Recorder, Store, context, path, time};
use sync_core::filter::Filter;
use sync_core::ops::{Mode, sync};
use sync_core::remote::links::{Links, Policy};
use sync_core::remote::local::Local;
use sync_core::remote::memory::Memory;
use sync_core::{Context, Remote, Tree};
use tempfile::TempDir;

/// A folder of this machine.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Makes files `path=content` and links `path -> target`.
    fn with(items: &[&str]) -> Self {
        let folder = Self::new();
        items.iter().for_each(|item| folder.put(item));
        folder
    }

    fn put(&self, item: &str) {
        let (at, content) = item.split_once(" -> ").or_else(|| item.split_once('=')).unwrap();
        let at = self.at(at);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        if item.contains(" -> ") {
            symlink(content, at).unwrap();
        } else {
            fs::write(at, content).unwrap();
        }
    }

    fn at(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn tree(&self, policy: Option<Policy>) -> Tree {
        Tree::new(with(policy, Local::at(self.0.path())), path(""))
    }

    /// Returns what is there, in the words of [`Self::with`].
    fn items(&self) -> Vec<String> {
        let mut items = Vec::new();
        walk(self.0.path(), self.0.path(), &mut items);
        items.sort_unstable();
        items
    }
}

fn walk(root: &FilePath, at: &FilePath, items: &mut Vec<String>) {
    for entry in fs::read_dir(at).unwrap() {
        let at = entry.unwrap().path();
        let name = at.strip_prefix(root).unwrap().display().to_string();
        let kind = fs::symlink_metadata(&at).unwrap().file_type();
        if kind.is_symlink() {
            items.push(format!("{name} -> {}", fs::read_link(&at).unwrap().display()));
        } else if kind.is_dir() {
            walk(root, &at, items);
        } else {
            items.push(format!("{name}={}", fs::read_to_string(&at).unwrap()));
        }
    }
}

fn with(policy: Option<Policy>, remote: impl Remote + 'static) -> Arc<dyn Remote> {
    let remote: Arc<dyn Remote> = Arc::new(remote);
    match policy {
        Some(policy) => Arc::new(Links::new(remote, policy)),
        None => remote,
    }
}

fn server(memory: &Memory, policy: Policy) -> Tree {
    Tree::new(with(Some(policy), memory.clone()), path(""))
}

async fn run(ctx: &Context, from: &Tree, to: &Tree) -> bool {
    sync(ctx, from, to, Mode::Sync).await.is_ok()
}

/// Syncs, and returns what was done or went wrong.
async fn told(from: &Tree, to: &Tree) -> Vec<String> {
    let (ctx, heard) = context();
    run(&ctx, from, to).await;
    changes(&heard)
}

fn changes(heard: &Recorder) -> Vec<String> {
    ["done", "failed", "notice"].into_iter().flat_map(|word| heard.heard(word)).collect()
}

const ITEMS: &[&str] =
    &["d/x=deep", "f=file", "gone -> nowhere", "ld -> d", "lf -> f", "self -> ."];

#[tokio::test]
async fn links_survive_a_server_that_has_none() {
    let (here, back, memory) = (Folder::with(ITEMS), Folder::new(), Memory::server());
    let there = server(&memory, Policy::Translate);
    let (near, far) = (here.tree(Some(Policy::Translate)), back.tree(Some(Policy::Translate)));
    assert_eq!(told(&near, &there).await.len(), 6);
    let stored = memory.files();
    assert_eq!(stored["gone.rclonelink"], "nowhere");
    assert_eq!((stored.len(), &stored["ld.rclonelink"]), (6, &"d".into()));
    assert_eq!(told(&near, &there).await, Vec::<String>::new(), "a second run does nothing");
    assert_eq!(told(&there, &far).await.len(), 7, "the directory gets its time as well");
    assert_eq!(back.items(), ITEMS);
    assert_eq!(told(&there, &far).await, Vec::<String>::new(), "the links bear their times");
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_replaced_and_one_that_is_gone_removed() {
    let here = Folder::with(&["f=file", "a -> f", "b -> f"]);
    let there = Folder::new();
    let [near, far] = [&here, &there].map(|folder| folder.tree(Some(Policy::Translate)));
    assert!(run(&context().0, &near, &far).await);
    fs::remove_file(here.at("a")).unwrap();
    fs::remove_file(here.at("b")).unwrap();
    here.put("b -> nowhere");
    assert!(run(&context().0, &near, &far).await);
    assert_eq!(there.items(), ["b -> nowhere", "f=file"], "what a link leads to stays");
}

#[tokio::test]
async fn a_file_takes_the_place_of_a_link_on_a_server_that_makes_none() {
    let here = Folder::with(&["a -> new"]);
    let memory = Memory::server();
    memory.put_link("a", "old target");
    let there = server(&memory, Policy::Translate);
    assert!(run(&context().0, &here.tree(Some(Policy::Translate)), &there).await);
    assert_eq!(memory.stat(&path("a")).await.unwrap(), None);
    assert_eq!(memory.files(), BTreeMap::from([("a.rclonelink".into(), "new".into())]));
}

#[tokio::test]
async fn nothing_is_written_through_a_link_of_the_destination() {
    let elsewhere = Folder::with(&["kept=1"]);
    let source = Store::with(Memory::server(), &["d/kept=2"]);
    let there = Folder::new();
    symlink(elsewhere.at(""), there.at("d")).unwrap();
    let heard = told(&source.tree(), &there.tree(Some(Policy::Translate))).await;
    assert!(heard.iter().any(|line| line == "failed d/kept: NotADirectory"), "{heard:?}");
    assert_eq!(elsewhere.items(), ["kept=1"]);
}

#[tokio::test]
async fn links_are_followed_and_what_cannot_be_is_told_by_name() {
    let here = Folder::with(ITEMS);
    here.put("d/up -> ..");
    here.put("d/again -> ../d/../d");
    here.put("e/ring -> ../g");
    here.put("g/ring -> ../e");
    here.put("knot -> knot");
    let memory = Memory::server();
    memory.put("extra", "stays", time(1));
    let (ctx, heard) = context();
    assert!(!run(&ctx, &here.tree(Some(Policy::Follow)), &server(&memory, Policy::Follow)).await);
    let told = heard.heard("failed");
    let links = ["d/again", "d/up", "e/ring/ring", "g/ring/ring", "gone", "knot", "ld/again"];
    let links = links.into_iter().chain(["ld/up", "self"]);
    let mut expected = vec!["failed : Protocol".to_owned()];
    expected.extend(links.map(|link| format!("failed {link}: Link")));
    assert_eq!(told, expected, "the first is the deletion withheld");
    let copied: Vec<_> = memory.files().into_keys().collect();
    assert_eq!(copied, ["d/x", "extra", "f", "ld/x", "lf"], "nothing is deleted in doubt");
}

#[tokio::test]
async fn a_link_that_is_excluded_is_not_looked_at() {
    let here = Folder::with(&["f=file", "gone -> nowhere"]);
    let filter = Filter::builder().exclude("gone").unwrap().build().unwrap();
    let (ctx, heard) = context();
    let ctx = Context { filter: filter.into(), ..ctx };
    let memory = Memory::server();
    assert!(run(&ctx, &here.tree(Some(Policy::Follow)), &server(&memory, Policy::Follow)).await);
    assert_eq!(heard.heard("failed"), Vec::<String>::new());
}

#[tokio::test]
async fn links_are_skipped_with_a_word_or_without() {
    let here = Folder::with(ITEMS);
    for (policy, notices) in [(None, 4), (Some(Policy::Skip), 0)] {
        let memory = Memory::server();
        let (ctx, heard) = context();
        let to = Tree::new(Arc::new(memory.clone()), path(""));
        assert!(run(&ctx, &here.tree(policy), &to).await);
        assert_eq!(heard.heard("notice").len(), notices);
        assert_eq!(memory.files().into_keys().collect::<Vec<_>>(), ["d/x", "f"]);
    }
}

#[tokio::test]
async fn the_file_of_a_link_is_a_file_to_every_question() {
    let here = Folder::with(&["f=file", "l -> f", "plain.rclonelink=text"]);
    let tree = here.tree(Some(Policy::Translate));
    let remote = &tree.remote;
    let asked = ["l.rclonelink", "l", "plain.rclonelink", "none.rclonelink"].map(path);
    let found = remote.stat_all(&asked).await.into_iter().map(Result::unwrap);
    let sizes: Vec<_> = found.map(|entry| entry.and_then(|entry| entry.size)).collect();
    assert_eq!(sizes, [Some(1), None, Some(4), None]);
    let hash = remote.hash(&asked[0], "crc32").await.unwrap();
    assert_eq!(hash, 0x76d3_2be0_u32.to_be_bytes());
    let mut reader = remote.open(&asked[0], 0, None).await.unwrap();
    assert_eq!(reader.read().await.unwrap(), "f");
    remote.set_modified(&asked[0], time(5)).await.unwrap();
    let stamp = remote.stat(&asked[0]).await.unwrap().unwrap().modified.unwrap();
    assert_eq!(stamp.at, time(5));
    remote.rename(&asked[0], &path("m.rclonelink")).await.unwrap();
    remote.rename(&asked[2], &path("made.rclonelink")).await.unwrap();
    assert_eq!(here.items(), ["f=file", "m -> f", "made -> text"]);
}

//! The journal on the server: a machine that was never there sends only what has changed, though all
//! times of its checkout are new.

mod common;

use std::sync::Arc;

use common::{Recorder, Store, context, path, time};
use sync_core::context::{Elsewhere, Tracking};
use sync_core::filter::Filter;
use sync_core::ops::{Mode, sync};
use sync_core::remote::limit::{Limits, Pace};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::{Call, Watched};
use sync_core::{Capability, Context, ErrorKind, Options, Remote as _, Tree};

const JOURNAL: &str = ".journal";

fn stamping() -> Memory {
    Memory::with(Capability { write_precision: None, ..Memory::server().capability() })
}

/// Returns a checkout of these files, made at this second.
fn checkout(files: &[&str], second: i64) -> Store {
    let store = Store::new(Memory::new());
    for file in files {
        let (path, content) = file.split_once('=').unwrap();
        store.memory.put(path, content.as_bytes().to_vec(), time(second));
    }
    store
}

fn with_journal(change: impl FnOnce(&mut Options)) -> (Context, Arc<Recorder>) {
    let (mut ctx, heard) = context();
    ctx.options.journal_remote = Some(JOURNAL.parse().unwrap());
    change(&mut ctx.options);
    (ctx, heard)
}

/// Deploys from a machine that knows nothing, and returns what was done.
async fn deploy(source: &Store, destination: &Store) -> Vec<String> {
    let (ctx, heard) = with_journal(|_| ());
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    heard.heard("done")
}

/// Returns the destination's files but for the journal.
fn files(store: &Store) -> Vec<String> {
    let mut files = store.files();
    files.retain(|file| !file.starts_with(JOURNAL));
    files
}

fn journal(store: &Store) -> String {
    String::from_utf8(store.memory.files()[JOURNAL].to_vec()).unwrap()
}

#[tokio::test]
async fn a_fresh_checkout_sends_only_what_has_changed() {
    for server in [stamping(), Memory::server()] {
        let destination = Store::new(server);
        deploy(&checkout(&["a=11", "d/b=22", "d/c=33"], 100), &destination).await;
        let text = journal(&destination);
        let second = checkout(&["a=11", "d/b=xx", "d/c=33"], 5000);
        let done = deploy(&second, &destination).await;
        assert!(done.len() == 1 && done[0].starts_with("done CopiedOver d/b: time differs"));
        assert_eq!(files(&destination), ["a=11", "d/b=xx", "d/c=33"]);
        assert_ne!(journal(&destination), text);
        assert_eq!(deploy(&checkout(&["a=11", "d/b=xx"], 9000), &destination).await.len(), 1);
        assert_eq!(files(&destination), ["a=11", "d/b=xx"], "what is gone is deleted");
    }
}

#[tokio::test]
async fn where_nothing_has_changed_nothing_is_written() {
    let destination = Store::new(stamping());
    deploy(&checkout(&["a=11", "d/b=22"], 100), &destination).await;
    destination.calls.watch().take();
    let second = checkout(&["a=11", "d/b=22"], 5000);
    assert_eq!(deploy(&second, &destination).await, [""; 0]);
    let calls = destination.calls.watch().take();
    let made: Vec<_> = calls.keys().filter(|call| **call != Call::List).collect();
    assert_eq!(
        made,
        [&Call::Open, &Call::Read, &Call::Stat],
        "the journal is read, and that is all"
    );
}

#[tokio::test]
async fn what_changed_on_the_server_is_seen_from_a_fresh_checkout() {
    let destination = Store::new(stamping());
    deploy(&checkout(&["a=11", "b=22"], 100), &destination).await;
    destination.memory.put("b", "xx", time(950));
    let done = deploy(&checkout(&["a=11", "b=22"], 5000), &destination).await;
    assert_eq!(done, ["done CopiedOver b: changed on the destination since it was copied"]);
    assert_eq!(files(&destination), ["a=11", "b=22"]);
}

#[tokio::test]
async fn checksum_reads_also_what_bears_the_same_time() {
    let destination = Store::new(stamping());
    deploy(&checkout(&["a=11", "b=22"], 100), &destination).await;
    let (ctx, heard) = with_journal(|options| options.checksum = true);
    let second = checkout(&["a=11", "b=xx"], 100);
    sync(&ctx, &second.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("done").len(), 1);
    assert_eq!(files(&destination), ["a=11", "b=xx"]);
}

#[tokio::test]
async fn the_journal_itself_takes_no_part() {
    let destination = Store::new(stamping());
    destination.memory.put(".journal.old", "set aside", time(1));
    let source = checkout(&["a=11", ".journal=of the source", "d/.journal=deeper"], 100);
    deploy(&source, &destination).await;
    assert!(journal(&destination).starts_with("rclone journal 1\n"));
    assert_eq!(destination.memory.files()[".journal.old"], "set aside");
    assert_eq!(destination.memory.files()["d/.journal"], "deeper");
    let filter = Filter::builder().exclude("a").unwrap().build().unwrap();
    let (mut ctx, _) = with_journal(|options| options.delete_excluded = true);
    ctx.filter = Arc::new(filter);
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    assert!(destination.memory.files().contains_key(JOURNAL));
    assert!(!destination.memory.files().contains_key("a"), "what is excluded is deleted");
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_first_deploy_goes_on_where_it_was() {
    let names: Vec<String> = (0..2500).map(|number| format!("f{number:04}=1")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let destination = Store::new(Memory::server());
    // The machine is lost when it has copied most files: nothing is said at the end.
    let faults = destination.faults.watch();
    faults.plan(Call::Create, "", ErrorKind::Connection, 2300, u32::MAX);
    let (ctx, _) = with_journal(|options| {
        options.low_level_retries = 1;
        options.transfers = 1;
    });
    sync(&ctx, &checkout(&names, 100).tree(), &destination.tree(), Mode::Sync).await.unwrap_err();
    let known = journal(&destination).lines().count() - 2;
    assert!((2000..2300).contains(&known), "{known} files are in the journal");
    let destination = Store::new(destination.memory.clone());
    let done = deploy(&checkout(&names, 5000), &destination).await;
    assert_eq!(done.len(), 2500 - known);
    assert_eq!(deploy(&checkout(&names, 9000), &destination).await.len(), 0);
}

#[tokio::test]
async fn a_damaged_journal_is_set_aside_and_built_anew() {
    let destination = Store::new(stamping());
    deploy(&checkout(&["a=11", "b=22"], 100), &destination).await;
    let whole = journal(&destination);
    let other_version = "rclone journal 99\n";
    for (text, what) in [(&whole[..whole.len() / 2], "is damaged"), (other_version, "version")] {
        destination.memory.put(JOURNAL, text.to_owned(), time(900));
        let (ctx, heard) = with_journal(|_| ());
        let source = checkout(&["a=11", "b=22"], 5000);
        sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
        let notices = heard.heard("notice");
        assert!(notices.len() == 1 && notices[0].contains(what), "{notices:?}");
        assert_eq!(destination.memory.files()[".journal.old"], text);
        assert_eq!(journal(&destination).lines().count(), whole.lines().count());
    }
}

#[tokio::test]
async fn what_is_no_journal_stays_as_it_is() {
    let destination = Store::with(stamping(), &[".journal=<html>"]);
    let (ctx, heard) = with_journal(|_| ());
    let source = checkout(&["a=11"], 100);
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    assert_eq!(destination.files(), [".journal=<html>", "a=11"]);
    let notices = heard.heard("notice");
    assert!(notices.len() == 1 && notices[0].contains("something else"), "{notices:?}");
}

#[tokio::test]
async fn the_last_of_two_machines_writes_and_neither_is_misled() {
    let destination = Store::new(stamping());
    let first = checkout(&["a=11", "b=22"], 100);
    deploy(&first, &destination).await;
    let of_the_first = journal(&destination);
    destination.memory.set_clock(time(950));
    deploy(&checkout(&["a=xx", "b=22"], 200), &destination).await;
    // The first was slower, and its journal knows nothing of the second's copy.
    destination.memory.put(JOURNAL, of_the_first, time(960));
    destination.memory.set_clock(time(970));
    let done = deploy(&first, &destination).await;
    assert_eq!(done, ["done CopiedOver a: changed on the destination since it was copied"]);
    assert_eq!(files(&destination), ["a=11", "b=22"]);
    assert_eq!(deploy(&checkout(&["a=11", "b=22"], 9000), &destination).await, [""; 0]);
}

#[tokio::test]
async fn a_dry_run_reads_the_journal_and_writes_none() {
    let destination = Store::new(stamping());
    deploy(&checkout(&["a=11", "b=22"], 100), &destination).await;
    let before = destination.memory.files();
    let (ctx, heard) = with_journal(|options| options.dry_run = true);
    let source = checkout(&["a=11", "b=xx"], 5000);
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("skipped").len(), 1);
    assert!(destination.memory.files() == before);
}

#[tokio::test]
async fn a_machine_with_its_own_journal_reads_no_file_twice() {
    let (destination, cache) = (Store::new(stamping()), tempfile::tempdir().unwrap());
    deploy(&checkout(&["a=11", "b=22"], 100), &destination).await;
    let own = checkout(&["a=11", "b=22"], 5000);
    for hashed in [true, false] {
        own.calls.watch().take();
        let (ctx, _) = with_journal(|options| options.journal = Some(cache.path().into()));
        sync(&ctx, &own.tree(), &destination.tree(), Mode::Sync).await.unwrap();
        assert_eq!(own.calls.watch().take().contains_key(&Call::Hash), hashed);
    }
    assert!(destination.memory.stat(&path("a")).await.unwrap().is_some());
}

#[tokio::test]
async fn what_was_renamed_or_copied_there_is_known_by_its_content() {
    let capability = Capability { copy: true, ..Memory::server().capability() };
    let destination = Store::new(Memory::with(capability));
    deploy(&checkout(&["a/f=11", "b=22"], 100), &destination).await;
    let (ctx, heard) = with_journal(|options| {
        options.track_renames = Some(Tracking { leaf: true, ..Tracking::default() });
        let trees = vec![Tree::new(destination.faults.clone(), path("b-of-old"))];
        options.elsewhere = Some(Elsewhere { trees, copies: true });
    });
    destination.memory.put("b-of-old/c", "33", time(300));
    let source = checkout(&["new/f=11", "b=22", "b-of-old/c=33", "c=33"], 100);
    source.memory.put("c", "33", time(300));
    source.memory.put("b-of-old/c", "33", time(300));
    sync(&ctx, &source.tree(), &destination.tree(), Mode::Sync).await.unwrap();
    assert_eq!(heard.heard("done Moved"), ["done Moved new/f: renamed from a/f"]);
    assert_eq!(destination.calls.watch().paths(Call::Copy), ["b-of-old/c"]);
    let fresh = checkout(&["new/f=11", "b=22", "c=33", "b-of-old/c=33"], 5000);
    let done = deploy(&fresh, &destination).await;
    assert_eq!(done.len(), 1, "only what no run has copied: {done:?}");
    assert!(done[0].starts_with("done CopiedOver b-of-old/c"));
}

/// The files of two machines that write to one place at the same time, the second so many calls
/// after the first; each call takes its time.
#[tokio::test(start_paused = true)]
async fn two_machines_at_once_leave_the_journal_of_one_of_them_whole() {
    for late in 0..40 {
        let store = Store::new(stamping());
        deploy(&checkout(&["old=1"], 100), &store).await;
        let limits = Limits::new(Some(Pace { calls: 1000.0, burst: 1 }));
        let slow = |remote| Tree::new(Arc::new(Watched::new(remote, limits.of_server())), path(""));
        let (first, second) = (slow(store.tree().remote), slow(store.tree().remote));
        let [mine, yours] = ["m", "y"].map(|letter| {
            let files: Vec<String> = (0..5).map(|number| format!("{letter}{number}=1")).collect();
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            checkout(&files, 100)
        });
        let (ctx, heard) = with_journal(|_| ());
        let (ctx_late, heard_late) = with_journal(|_| ());
        let (one, other) = (mine.tree(), yours.tree());
        let begin_late = async {
            tokio::time::sleep(std::time::Duration::from_millis(late)).await;
            sync(&ctx_late, &other, &second, Mode::Copy).await
        };
        let (one, other) = tokio::join!(sync(&ctx, &one, &first, Mode::Copy), begin_late);
        one.unwrap();
        other.unwrap();
        let told = [heard.heard("notice"), heard_late.heard("notice")].concat();
        assert!(!told.iter().any(|notice| notice.contains("journal")), "{told:?}");
        let knows = |letter: &str| {
            let text = journal(&store);
            (0..5).filter(|number| text.contains(&format!(" {letter}{number}\n"))).count()
        };
        assert!(matches!((knows("m"), knows("y")), (5, 5 | 0) | (0, 5)), "{}", journal(&store));
        let (ctx, heard) = with_journal(|_| ());
        sync(&ctx, &mine.tree(), &store.tree(), Mode::Copy).await.unwrap();
        assert!(heard.heard("notice").is_empty(), "it is whole: {:?}", heard.heard("notice"));
        assert_eq!(files(&store).len(), 11);
    }
}

//! Copies that were cut short go on where they stopped: at the next attempt and in the next run.

mod common;

use std::sync::Arc;

use bytes::Bytes;
use common::{Recorder, Store, context, path, slowly, time};
use sync_core::ops::{Mode, cleanup, copy_file, sync};
use sync_core::remote::memory::Memory;
use sync_core::remote::watch::Call;
use sync_core::{Context, ErrorKind, Failures, Remote as _};
use tempfile::TempDir;

/// Twenty pieces of what the memory reads at once.
const SIZE: usize = 20 * PIECE;
const PIECE: usize = 64 * 1024;

/// Two stores that a run copies between, with the journals of that machine.
struct Stage {
    source: Store,
    destination: Store,
    cache: TempDir,
}

fn content(seed: u32) -> Vec<u8> {
    let words = (0..).map(|i: u32| (i ^ seed).wrapping_mul(2_654_435_761));
    words.flat_map(u32::to_le_bytes).take(SIZE).collect()
}

impl Stage {
    fn new() -> Self {
        let source = Store::new(Memory::new());
        let destination = Store::new(Memory::server());
        source.memory.put("d/big", content(1), time(100));
        Self { source, destination, cache: tempfile::tempdir().unwrap() }
    }

    fn context(&self) -> (Context, Arc<Recorder>) {
        let (mut ctx, heard) = context();
        ctx.options.journal = Some(self.cache.path().into());
        ctx.options.low_level_retries = 1;
        (ctx, heard)
    }

    async fn run(&self, mode: Mode) -> (Result<(), Failures>, Arc<Recorder>) {
        let (ctx, heard) = self.context();
        (sync(&ctx, &self.source.tree(), &self.destination.tree(), mode).await, heard)
    }

    /// Runs until the line breaks after so many pieces.
    async fn cut_after(&self, pieces: u32) -> Arc<Recorder> {
        let faults = self.destination.faults.watch();
        faults.plan(Call::Write, "", ErrorKind::Connection, pieces, 1);
        let (result, heard) = self.run(Mode::Sync).await;
        assert_eq!(result.unwrap_err().last.kind(), ErrorKind::Connection);
        heard
    }

    /// Returns how many bytes the last run moved.
    fn moved(heard: &Recorder) -> usize {
        let lines = heard.heard("transferred ");
        lines.iter().map(|line| line["transferred ".len()..].parse::<usize>().unwrap()).sum()
    }

    fn partials(&self) -> Vec<String> {
        let files = self.destination.memory.files();
        files.keys().filter(|path| path.ends_with(".partial")).cloned().collect()
    }

    #[track_caller]
    fn arrived(&self, seed: u32) {
        let files = self.destination.memory.files();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["d/big"]);
        assert!(files["d/big"] == content(seed), "the content is not the source's");
    }
}

#[tokio::test]
async fn the_next_run_goes_on_after_the_end_was_compared() {
    let stage = Stage::new();
    let heard = stage.cut_after(12).await;
    assert_eq!(
        heard.heard("notice"),
        ["notice : what was copied of 1 file stays; the next run goes on there"]
    );
    assert_eq!(stage.partials().len(), 1);
    let (result, heard) = stage.run(Mode::Sync).await;
    result.unwrap();
    stage.arrived(1);
    assert_eq!(Stage::moved(&heard), SIZE - 12 * PIECE);
}

#[tokio::test]
async fn going_on_costs_one_look_at_the_end() {
    let stage = Stage::new();
    stage.cut_after(12).await;
    stage.destination.calls.watch().take();
    stage.source.calls.watch().take();
    stage.run(Mode::Sync).await.0.unwrap();
    let (there, here) = (stage.destination.calls.watch().take(), stage.source.calls.watch().take());
    assert_eq!((there[&Call::Open], there[&Call::Create], here[&Call::Open]), (1, 1, 1));
    assert!(!there.contains_key(&Call::Stat) && !there.contains_key(&Call::Remove), "{there:?}");
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_goes_on_with_or_without_a_journal() {
    for journal in [true, false] {
        let stage = Stage::new();
        let (mut ctx, heard) = stage.context();
        ctx.options.low_level_retries = 3;
        if !journal {
            ctx.options.journal = None;
        }
        let faults = stage.destination.faults.watch();
        faults.plan(Call::Write, "", ErrorKind::Connection, 7, 1);
        sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Copy).await.unwrap();
        stage.arrived(1);
        assert!(Stage::moved(&heard) < SIZE + PIECE, "{journal}: {}", Stage::moved(&heard));
    }
}

#[tokio::test]
async fn without_a_journal_nothing_is_left_behind() {
    let stage = Stage::new();
    let (mut ctx, _) = stage.context();
    ctx.options.journal = None;
    stage.destination.faults.watch().plan(Call::Write, "", ErrorKind::Connection, 7, 1);
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Copy).await.unwrap_err();
    assert_eq!(stage.destination.files(), Vec::<String>::new());
}

#[tokio::test]
async fn a_changed_source_starts_over_and_the_old_partial_goes() {
    let stage = Stage::new();
    stage.cut_after(12).await;
    stage.source.memory.put("d/big", content(2), time(200));
    let (result, heard) = stage.run(Mode::Copy).await;
    result.unwrap();
    stage.arrived(2);
    assert_eq!(Stage::moved(&heard), SIZE);
}

#[tokio::test]
async fn a_partial_that_holds_something_else_starts_over() {
    let stage = Stage::new();
    stage.cut_after(12).await;
    let [partial] = &stage.partials()[..] else { panic!("one partial") };
    let foreign = Bytes::from(content(3)).slice(..12 * PIECE);
    stage.destination.memory.put(partial, foreign, time(100));
    let (result, heard) = stage.run(Mode::Sync).await;
    result.unwrap();
    stage.arrived(1);
    let told = "notice d/big: starts over: what is there is not what the source holds";
    assert_eq!(heard.heard("notice"), [told]);
}

#[tokio::test]
async fn a_partial_longer_than_the_source_starts_over() {
    let stage = Stage::new();
    stage.cut_after(12).await;
    let [partial] = &stage.partials()[..] else { panic!("one partial") };
    let longer = [content(1), content(1)].concat();
    stage.destination.memory.put(partial, longer, time(100));
    stage.run(Mode::Sync).await.0.unwrap();
    stage.arrived(1);
}

#[tokio::test]
async fn a_whole_partial_needs_only_its_name() {
    let stage = Stage::new();
    stage.destination.faults.watch().plan(Call::Commit, "", ErrorKind::Connection, 0, 1);
    stage.run(Mode::Sync).await.0.unwrap_err();
    let (result, heard) = stage.run(Mode::Sync).await;
    result.unwrap();
    stage.arrived(1);
    assert_eq!(Stage::moved(&heard), 0);
}

#[tokio::test]
async fn the_partial_of_a_source_that_is_gone_goes() {
    let stage = Stage::new();
    stage.cut_after(12).await;
    stage.source.memory.remove(&path("d/big")).await.unwrap();
    let (mut ctx, heard) = stage.context();
    ctx.options.dry_run = true;
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Copy).await.unwrap();
    assert_eq!(stage.partials().len(), 1, "{:?}", heard.heard(""));
    stage.run(Mode::Copy).await.0.unwrap();
    assert_eq!(stage.destination.files(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_that_continues_nothing_gets_the_file_anew() {
    let stage = Stage::new();
    stage.cut_after(12).await;
    stage.destination.faults.watch().plan(Call::Create, "", ErrorKind::Temporary, 0, 1);
    let (result, heard) = stage.run(Mode::Sync).await;
    result.unwrap();
    stage.arrived(1);
    assert_eq!(Stage::moved(&heard), SIZE);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_up_on_who_continues_gets_the_file_anew() {
    let stage = Stage::new();
    stage.cut_after(12).await;
    stage.destination.faults.watch().always(Call::Open, ".partial", ErrorKind::Connection);
    let (mut ctx, heard) = stage.context();
    ctx.options.low_level_retries = 10;
    sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Sync).await.unwrap();
    stage.arrived(1);
    assert_eq!(heard.heard("retrying").len(), 3);
}

#[tokio::test]
async fn a_source_known_to_the_minute_starts_over() {
    let minute = Some(std::time::Duration::from_secs(60));
    let coarse = sync_core::Capability { read_precision: minute, ..Memory::server().capability() };
    let mut stage = Stage::new();
    stage.source = Store::new(Memory::with(coarse));
    stage.source.memory.put("d/big", content(1), time(100));
    stage.cut_after(12).await;
    assert_eq!(stage.partials(), Vec::<String>::new());
}

#[tokio::test]
async fn two_runs_at_once_never_write_one_file() {
    let stage = Stage::new();
    let (ctx, _) = stage.context();
    stage.destination.memory.set_clock(jiff::Timestamp::now());
    let stop = ctx.cancel.clone();
    let source = slowly(stage.source.tree(), 64 * 1024);
    let destination = stage.destination.tree();
    let first = tokio::spawn(async move { sync(&ctx, &source, &destination, Mode::Sync).await });
    while stage.partials().is_empty() {
        tokio::task::yield_now().await;
    }
    let of_first = stage.partials();
    let (result, heard) = stage.run(Mode::Sync).await;
    result.unwrap();
    let told = heard.heard("notice");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("another run between the same places is under way"), "{told:?}");
    assert!(told[1].contains("somebody is transferring"), "{told:?}");
    assert_eq!(stage.partials(), of_first);
    stop.cancel();
    first.await.unwrap().unwrap_err();
    assert_eq!(stage.destination.memory.files()["d/big"], content(1));
}

#[tokio::test]
async fn what_is_stopped_is_kept_and_continued() {
    let stage = Stage::new();
    let (ctx, heard) = stage.context();
    let stop = ctx.cancel.clone();
    let source = slowly(stage.source.tree(), 10 * SIZE as u64);
    let destination = stage.destination.tree();
    let run = tokio::spawn(async move { sync(&ctx, &source, &destination, Mode::Sync).await });
    while Stage::moved(&heard) < 5 * PIECE {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    assert_eq!(run.await.unwrap().unwrap_err().last.kind(), ErrorKind::Cancelled);
    let (result, heard) = stage.run(Mode::Sync).await;
    result.unwrap();
    stage.arrived(1);
    assert!(Stage::moved(&heard) <= SIZE - 4 * PIECE, "{}", Stage::moved(&heard));
}

#[tokio::test]
async fn a_single_file_goes_on_too() {
    let stage = Stage::new();
    let (from, to) = (path("d/big"), path("e/other"));
    let copy = async |ctx: &Context| {
        let (source, destination) = (stage.source.tree(), stage.destination.tree());
        copy_file(ctx, &source, &from, &destination, &to, Mode::Copy).await
    };
    stage.destination.faults.watch().plan(Call::Write, "", ErrorKind::Connection, 12, 1);
    copy(&stage.context().0).await.unwrap_err();
    let (ctx, heard) = stage.context();
    copy(&ctx).await.unwrap();
    assert_eq!(stage.destination.memory.files()["e/other"], content(1));
    assert_eq!(Stage::moved(&heard), SIZE - 12 * PIECE);
}

#[tokio::test]
async fn a_foreign_partial_is_left_alone_on_both_sides_while_it_may_grow() {
    let stage = Stage::new();
    let (young, old) = ("d/young.0123456789abcdef.partial", "d/old.01234567.partial");
    for store in [&stage.source, &stage.destination] {
        store.memory.put(young, "growing", jiff::Timestamp::now());
        store.memory.put(&format!("{young}.txt"), "ordinary", time(100));
    }
    stage.destination.memory.put(old, "forgotten", time(100));
    stage.source.memory.put("d/kept.partial", "ordinary", time(100));
    let (result, heard) = stage.run(Mode::Sync).await;
    result.unwrap();
    assert_eq!(heard.heard("notice").len(), 2, "{:?}", heard.heard("notice"));
    assert_eq!(heard.heard("done Deleted"), [format!("done Deleted {old}: not in source")]);
    let files = stage.destination.memory.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["d/big", "d/kept.partial", young, &format!("{young}.txt")]);
}

#[tokio::test]
async fn a_filter_on_names_hides_a_partial_with_its_file() {
    use sync_core::filter::{Builder, Filter};
    let stage = Stage::new();
    stage.cut_after(12).await;
    let run = async |rule: &str| {
        let filter = Filter::builder().rule(rule).and_then(Builder::build).unwrap();
        let (ctx, heard) = stage.context();
        let ctx = Context { filter: Arc::new(filter), ..ctx };
        sync(&ctx, &stage.source.tree(), &stage.destination.tree(), Mode::Sync).await.unwrap();
        heard
    };
    run("- big").await;
    assert_eq!(stage.partials().len(), 1);
    let heard = run("- *.partial").await;
    stage.arrived(1);
    assert_eq!(Stage::moved(&heard), SIZE - 12 * PIECE);
}

#[tokio::test]
async fn cleanup_removes_what_nobody_writes_to() {
    let stage = Stage::new();
    stage.cut_after(12).await;
    let destination = &stage.destination;
    destination.memory.put("young.0123456789abcdef.partial", "", jiff::Timestamp::now());
    destination.memory.put("a/rclones.01234567.partial", "", time(100));
    destination.memory.put("a/ordinary.partial", "", time(100));
    let (ctx, _) = stage.context();
    cleanup(&ctx, &destination.tree(), std::time::Duration::from_secs(3600)).await.unwrap();
    assert_eq!(destination.files(), ["a/ordinary.partial=", "young.0123456789abcdef.partial="]);
}

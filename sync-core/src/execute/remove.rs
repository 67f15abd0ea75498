//! Removes files and directories, many at once, telling the listener of each.

use std::sync::Mutex;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::kept::Kept;
use crate::context::Options;
use crate::error::{Error, ErrorKind, Limit, Result};
use crate::path::Path;
use crate::progress::Deed;
use crate::remote::Tree;
use crate::retry::retry_removals;
use crate::run::{Change, Run};

/// A file to remove, relative to its tree.
#[derive(Clone, Debug)]
pub(crate) struct Doomed {
    pub(crate) path: Path,
    pub(crate) size: Option<u64>,
}

impl Doomed {
    fn change<'a>(&'a self, reason: &'a str) -> Change<'a> {
        Change::new(Deed::Deleted, &self.path, reason).sized(self.size)
    }
}

/// How many files one session is given to remove in one go.
pub(crate) const BATCH: usize = 500;

/// Tells whether deletions have a limit, so that all must be known before the first.
pub(crate) fn is_limited(options: &Options) -> bool {
    options.max_delete.is_some() || options.max_delete_bytes.is_some()
}

/// Tells whether all these may be removed, of `out_of` files in all. Beyond a limit, which ends the run,
/// none are, and each is told of.
pub(crate) fn is_within_limits(run: &Run, doomed: &[Doomed], out_of: u64) -> bool {
    let Some(limit) = exceeded(&run.ctx.options, doomed, out_of) else { return true };
    withhold(run, doomed, &limit);
    run.stop_at(Error::new(ErrorKind::Limit(Limit::Deletions), limit));
    false
}

/// Says which limit the deletions would break.
fn exceeded(options: &Options, doomed: &[Doomed], out_of: u64) -> Option<String> {
    let count = doomed.len() as u64;
    let bytes: u64 = doomed.iter().filter_map(|file| file.size).sum();
    if options.max_delete.is_some_and(|limit| limit.is_exceeded_by(count, out_of)) {
        let message =
            format!("--max-delete threshold reached: {count} of {out_of} files to delete");
        return Some(message);
    }
    let limit = options.max_delete_bytes.filter(|&limit| bytes > limit)?;
    Some(format!("--max-delete-size threshold reached: {bytes} bytes to delete, {limit} allowed"))
}

/// Tells what is not removed, and why.
pub(crate) fn withhold(run: &Run, doomed: &[Doomed], why: &str) {
    run.notice(None, why);
    for Doomed { path, size } in doomed {
        run.skip(Change::new(Deed::Deleted, path, why).sized(*size));
    }
}

/// Removes files, in batches on up to `transfers` sessions. Returns the directories that stay because
/// some of them do.
pub(crate) async fn files(run: &Run, tree: &Tree, files: Vec<Doomed>, reason: &str) -> Kept {
    let (agreed, kept) = agreed_files(run, files, reason).await;
    let kept = Mutex::new(kept);
    let batches = agreed.chunks(BATCH).map(|batch| batch_of_files(run, tree, batch, reason, &kept));
    stream::iter(batches)
        .for_each_concurrent(run.ctx.options.transfers.max(1), |batch| batch)
        .await;
    kept.into_inner().expect("no holder of the lock panics")
}

/// Returns the files that may be removed, and where some stay that the user wants to keep.
async fn agreed_files(run: &Run, files: Vec<Doomed>, reason: &str) -> (Vec<Doomed>, Kept) {
    let (mut agreed, mut kept) = (Vec::with_capacity(files.len()), Kept::default());
    for file in files {
        if run.may(file.change(reason)).await {
            agreed.push(file);
        } else if !run.ctx.options.dry_run {
            kept.keep_above([&file.path]);
        }
    }
    (agreed, kept)
}

async fn batch_of_files(
    run: &Run,
    tree: &Tree,
    batch: &[Doomed],
    reason: &str,
    kept: &Mutex<Kept>,
) {
    let paths: Vec<Path> = batch.iter().map(|file| tree.path(&file.path)).collect();
    let results =
        retry_removals(
            &run.ctx,
            &paths,
            |paths| async move { tree.remote.remove_all(&paths).await },
        )
        .await;
    for (file, result) in batch.iter().zip(results) {
        if !run.settle(file.change(reason), result) {
            kept.lock().expect("no holder of the lock panics").keep_above([&file.path]);
        }
    }
}

/// Removes files and the directories that must be empty then, children before parents; all in one go
/// where they are few. One that is not empty, because something came meanwhile, is a failure.
pub(crate) async fn all(
    run: &Run,
    tree: &Tree,
    doomed: Vec<Doomed>,
    emptied: Vec<Path>,
    reason: &str,
) {
    if doomed.len() > BATCH || emptied.len() > BATCH {
        let kept = files(run, tree, doomed, reason).await;
        if !run.has_failed() {
            let emptied = agreed_directories(run, emptied, kept, reason).await;
            in_batches(run, tree, &emptied, reason, Leftover::Fails).await;
        }
        return;
    }
    let (doomed, kept) = agreed_files(run, doomed, reason).await;
    let emptied = agreed_directories(run, emptied, kept, reason).await;
    let paths = doomed.iter().map(|file| Item::File(tree.path(&file.path)));
    let behind = emptied.iter().map(|directory| Item::Directory(tree.path(directory)));
    let items: Vec<Item> = paths.chain(behind).collect();
    if items.is_empty() {
        return;
    }
    let results = retry_removals(&run.ctx, &items, |items| async move {
        let directory = |item: &Item| matches!(item, Item::Directory(_));
        let (emptied, doomed): (Vec<_>, Vec<_>) = items.into_iter().partition(directory);
        let path = |(Item::Directory(path) | Item::File(path))| path;
        let doomed: Vec<_> = doomed.into_iter().map(path).collect();
        let emptied: Vec<_> = emptied.into_iter().map(path).collect();
        tree.remote.remove_tree(&doomed, &emptied).await
    })
    .await;
    let mut results = results.into_iter();
    for (file, result) in doomed.iter().zip(results.by_ref()) {
        run.settle(file.change(reason), result);
    }
    for (directory, result) in emptied.iter().zip(results) {
        settle_directory(run, directory, reason, Leftover::Fails, result);
    }
}

/// What is removed in one go, files before directories.
#[derive(Clone)]
enum Item {
    Directory(Path),
    File(Path),
}

/// Removes directories that should be empty by now, in the order given: children before parents.
///
/// One that still holds something, because the filter protects it, stays and is told as a notice.
pub(crate) async fn directories(run: &Run, tree: &Tree, directories: Vec<Path>, reason: &str) {
    let agreed = agreed_directories(run, directories, Kept::default(), reason).await;
    in_batches(run, tree, &agreed, reason, Leftover::Stays).await;
}

/// What to make of a directory that still holds something.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Leftover {
    /// It had to be empty: a failure, unless another has been told that explains it.
    Fails,
    /// It may hold what the filter protects: a notice.
    Stays,
}

async fn in_batches(
    run: &Run,
    tree: &Tree,
    directories: &[Path],
    reason: &str,
    leftover: Leftover,
) {
    for batch in directories.chunks(BATCH) {
        let paths: Vec<Path> = batch.iter().map(|directory| tree.path(directory)).collect();
        let results =
            retry_removals(
                &run.ctx,
                &paths,
                |paths| async move { tree.remote.rmdir_all(&paths).await },
            )
            .await;
        for (directory, result) in batch.iter().zip(results) {
            settle_directory(run, directory, reason, leftover, result);
        }
    }
}

/// Returns the directories that may be removed, without those that hold what the user keeps.
async fn agreed_directories(
    run: &Run,
    directories: Vec<Path>,
    mut kept: Kept,
    reason: &str,
) -> Vec<Path> {
    let mut agreed = Vec::with_capacity(directories.len());
    for directory in directories {
        if kept.has(&directory) {
            continue;
        }
        if run.may(Change::new(Deed::RemovedDirectory, &directory, reason)).await {
            agreed.push(directory);
        } else if !run.ctx.options.dry_run {
            kept.keep(&directory);
        }
    }
    agreed
}

fn settle_directory(
    run: &Run,
    directory: &Path,
    reason: &str,
    leftover: Leftover,
    result: Result<()>,
) {
    match result {
        Err(error)
            if error.kind() == ErrorKind::NotEmpty
                && (leftover == Leftover::Stays || run.has_failed()) =>
        {
            run.notice(Some(directory), "kept: the directory is not empty");
        }
        result => {
            run.settle(Change::new(Deed::RemovedDirectory, directory, reason), result);
        }
    }
}

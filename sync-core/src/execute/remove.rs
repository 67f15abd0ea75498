//! Removes files and directories, many at once, telling the listener of each.

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::error::{ErrorKind, Result};
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

/// How many files one session is given to remove in one go.
pub(crate) const BATCH: usize = 500;

/// Removes files, in batches on up to `transfers` sessions.
pub(crate) async fn files(run: &Run, tree: &Tree, files: Vec<Doomed>, reason: &str) {
    let mut agreed = Vec::with_capacity(files.len());
    for file in files {
        let change = Change::new(Deed::Deleted, &file.path, reason).sized(file.size);
        if run.may(change).await {
            agreed.push(file);
        }
    }
    let batches = agreed.chunks(BATCH).map(|batch| batch_of_files(run, tree, batch, reason));
    stream::iter(batches)
        .for_each_concurrent(run.ctx.options.transfers.max(1), |batch| batch)
        .await;
}

async fn batch_of_files(run: &Run, tree: &Tree, batch: &[Doomed], reason: &str) {
    let paths: Vec<Path> = batch.iter().map(|file| tree.path(&file.path)).collect();
    let results =
        retry_removals(
            &run.ctx,
            &paths,
            |paths| async move { tree.remote.remove_all(&paths).await },
        )
        .await;
    for (file, result) in batch.iter().zip(results) {
        run.settle(Change::new(Deed::Deleted, &file.path, reason).sized(file.size), result);
    }
}

/// Removes directories that should be empty by now, in the order given: children before parents.
///
/// One that still holds something, because the filter protects it, stays and is told as a notice.
pub(crate) async fn directories(run: &Run, tree: &Tree, directories: Vec<Path>, reason: &str) {
    let mut agreed = Vec::with_capacity(directories.len());
    for directory in directories {
        if run.may(Change::new(Deed::RemovedDirectory, &directory, reason)).await {
            agreed.push(directory);
        }
    }
    for batch in agreed.chunks(BATCH) {
        let paths: Vec<Path> = batch.iter().map(|directory| tree.path(directory)).collect();
        let results =
            retry_removals(
                &run.ctx,
                &paths,
                |paths| async move { tree.remote.rmdir_all(&paths).await },
            )
            .await;
        for (directory, result) in batch.iter().zip(results) {
            settle_directory(run, directory, reason, result);
        }
    }
}

fn settle_directory(run: &Run, directory: &Path, reason: &str, result: Result<()>) {
    match result {
        Err(error) if error.kind() == ErrorKind::NotEmpty => {
            run.notice(Some(directory), "kept: the directory is not empty");
        }
        result => {
            run.settle(Change::new(Deed::RemovedDirectory, directory, reason), result);
        }
    }
}

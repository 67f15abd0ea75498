//! Deletes files: one, or all that pass the filter.

use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;

use crate::context::Context;
use crate::entry::{Entry, Kind};
use crate::error::{Error, ErrorKind};
use crate::execute::remove::{BATCH, Doomed, files, is_limited, is_within_limits};
use crate::ops::mkdir::single;
use crate::ops::{entries, rmdirs};
use crate::partial;
use crate::path::Path;
use crate::progress::Deed;
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::{Change, Failures, Run};

/// Deletes the files of a tree that pass the filter; with `remove_directories` then also the
/// directories that are empty, but never the root. Beyond a limit on deletions none is deleted.
///
/// # Errors
/// When something could not be listed or deleted; the rest is deleted all the same.
pub async fn delete(ctx: &Context, tree: &Tree, remove_directories: bool) -> Result<(), Failures> {
    let run = Run::new(ctx);
    let rest = delete_those(&run, tree, REASON, is_limited(&ctx.options), Entry::is_file).await;
    let count = rest.len() as u64;
    if is_within_limits(&run, &rest, count) {
        files(&run, tree, rest, REASON).await;
    }
    run.finish()?;
    if remove_directories { rmdirs(ctx, tree, true).await } else { Ok(()) }
}

/// Deletes what partial copies are left in a tree, by this program or by rclone: those that pass the
/// filter and that nobody has written to for `idle`.
///
/// # Errors
/// When something could not be listed or deleted; the rest is deleted all the same.
pub async fn cleanup(ctx: &Context, tree: &Tree, idle: Duration) -> Result<(), Failures> {
    let run = Run::new(ctx);
    let idle_since = Timestamp::now().checked_sub(idle).unwrap_or(Timestamp::MIN);
    let is_old = |entry: &Entry| entry.modified.is_some_and(|time| time.at <= idle_since);
    let suffix = &ctx.options.partial_suffix;
    let reason = "left of a copy that was not finished";
    let is_left = |entry: &Entry| {
        entry.is_file() && partial::is_temporary(&entry.name, suffix) && is_old(entry)
    };
    let rest = delete_those(&run, tree, reason, false, is_left).await;
    files(&run, tree, rest, reason).await;
    run.finish()
}

/// Deletes what passes the filter and is `wanted`, as it is found unless that `waits`, and returns the
/// rest.
async fn delete_those(
    run: &Run,
    tree: &Tree,
    reason: &str,
    waits: bool,
    wanted: impl Fn(&Entry) -> bool,
) -> Vec<Doomed> {
    let ctx = &run.ctx;
    let mut doomed = Vec::new();
    let mut entries = entries(ctx, tree, ctx.options.max_depth);
    while let Some(found) = entries.next().await {
        let Some(found) = run.take(&tree.root, found) else { continue };
        if wanted(&found.entry) {
            doomed.push(Doomed { path: found.path, size: found.entry.size });
        }
        if !waits && doomed.len() == BATCH * ctx.options.transfers.max(1) {
            files(run, tree, std::mem::take(&mut doomed), reason).await;
        }
    }
    doomed
}

/// Deletes one file of a tree.
///
/// # Errors
/// When it is not there, is a directory, or may not be deleted.
pub async fn delete_file(ctx: &Context, tree: &Tree, path: &Path) -> Result<(), Failures> {
    let at = tree.path(path);
    let size = match retry(ctx, path, || tree.remote.stat(&at)).await? {
        None => return Err(Error::file_not_found(path).into()),
        Some(entry) if entry.is_directory() => return Err(Error::is_a_directory(path).into()),
        // Links are passed over unless asked for, and what is passed over is not removed.
        Some(entry)
            if matches!(entry.kind, Kind::Symlink { .. }) && tree.remote.capability().local =>
        {
            let error = Error::new(ErrorKind::NotFound, "it is a symbolic link").on(path);
            return Err(error.hint("-L/--copy-links follows links, -l/--links names them").into());
        }
        Some(entry) => entry.size,
    };
    let run = Run::new(ctx);
    if !is_within_limits(&run, &[Doomed { path: path.clone(), size }], 1) {
        return run.finish();
    }
    let change = Change::new(Deed::Deleted, path, REASON).sized(size);
    single(ctx, change, || tree.remote.remove(&at)).await
}

const REASON: &str = "asked for";

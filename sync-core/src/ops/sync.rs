//! Makes a tree like another: copy, move and sync.

use std::sync::Arc;

use tokio::sync::mpsc::{Sender, channel};

use crate::compare::Rules;
use crate::context::Context;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind};
use crate::execute::Executor;
use crate::execute::remove::{Doomed, directories, files};
use crate::ops::rmdirs;
use crate::path::Path;
use crate::plan::{Action, Extent, Step, existing, new, plan};
use crate::progress::{Deed, Event};
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::{Change, Failures, Run};
use crate::walk::{Pair, Walk};

/// What becomes of the files that are on one side only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// The source keeps its files, the destination its extra ones.
    Copy,
    /// The source's files go away once they stand on the destination.
    Move,
    /// The destination's extra files go away.
    Sync,
}

/// Makes `destination` hold what `source` holds.
///
/// Nothing is deleted before all copies are done, nor after any failure (unless `ignore_errors`),
/// nor where a listing was in doubt.
///
/// # Errors
/// When the trees overlap, or with all that failed on the way.
pub async fn sync(
    ctx: &Context,
    source: &Tree,
    destination: &Tree,
    mode: Mode,
) -> Result<(), Failures> {
    let run = Run::new(ctx);
    if source.same_remote(destination) {
        if source.root == destination.root {
            run.notice(None, "Nothing to do as source and destination are the same");
            return Ok(());
        }
        refuse_overlap(source, destination, mode)?;
    }
    let mut walk = Walk::two(ctx, source, destination, mode == Mode::Sync).with_exact_times();
    let Some(first) = walk.next().await else { return run.finish() };
    // Only now both remotes have been talked to and know what they can do.
    let rules = rules(&run, source, destination);
    let moves = mode == Mode::Move;
    let executor = Arc::new(Executor::new(&run, source, destination, rules.clone(), moves));
    let (sender, receiver) = channel(ctx.options.max_backlog.max(1));
    let planning = Planning { run: &run, executor: &executor, mode, steps: sender };
    let (removals, ()) =
        tokio::join!(planning.all(first, walk, &rules), Arc::clone(&executor).carry_out(receiver));
    if mode == Mode::Sync {
        remove(&run, destination, removals).await;
    }
    if moves && ctx.options.delete_empty_source_directories && !run.has_failed() {
        rmdirs(ctx, source, true).await?;
    }
    run.finish()
}

/// Copies or moves one file to a path of its own.
///
/// # Errors
/// When the source is not a file, or what failed.
pub async fn copy_file(
    ctx: &Context,
    source: &Tree,
    source_path: &Path,
    destination: &Tree,
    destination_path: &Path,
    mode: Mode,
) -> Result<(), Failures> {
    let run = Run::new(ctx);
    let (from, to) = (source.path(source_path), destination.path(destination_path));
    if source.same_remote(destination) && from == to {
        run.notice(None, "Nothing to do as source and destination are the same");
        return Ok(());
    }
    let here = match retry(ctx, source_path, || source.remote.stat(&from)).await? {
        None => return Err(Error::file_not_found(&from).into()),
        Some(entry) if entry.is_directory() => return Err(Error::is_a_directory(&from).into()),
        Some(entry) => entry,
    };
    let there = retry(ctx, destination_path, || destination.remote.stat(&to)).await?;
    if there.as_ref().is_some_and(Entry::is_directory) {
        return Err(Error::is_a_directory(&to).into());
    }
    let rules = rules(&run, source, destination);
    let executor = Executor::new(&run, source, destination, rules.clone(), mode == Mode::Move);
    let extent = Extent { immutable: ctx.options.immutable, ..Extent::default() };
    let action = match &there {
        Some(there) => existing(&here, there, &rules, extent),
        None => new(&here, true),
    };
    executor.act(source_path.clone(), destination_path.clone(), action).await;
    run.finish()
}

fn rules(run: &Run, source: &Tree, destination: &Tree) -> Rules {
    let (here, there) = (source.remote.capability(), destination.remote.capability());
    let rules = Rules::new(&run.ctx.options, &here, &there);
    if run.ctx.options.checksum && rules.hash.is_none() {
        let message = "--checksum is in use but the source and destination have no hashes in \
                       common; falling back to --size-only";
        run.notice(None, message);
    }
    rules
}

/// A sync or move would eat its own files; a copy into its own source would never end.
fn refuse_overlap(source: &Tree, destination: &Tree, mode: Mode) -> Result<(), Error> {
    let into = destination.root.is_within(&source.root);
    let out_of = source.root.is_within(&destination.root);
    if into || (out_of && mode != Mode::Copy) {
        let message = format!(
            "can't {} on overlapping remotes: `{}` and `{}`",
            if mode == Mode::Copy { "copy" } else { "sync or move files" },
            source.root,
            destination.root,
        );
        let error = Error::new(ErrorKind::Usage, message);
        return Err(error.hint("choose two directories of which neither holds the other"));
    }
    Ok(())
}

/// What is to be removed at the end, relative to the destination.
#[derive(Debug, Default)]
struct Removals {
    files: Vec<Doomed>,
    /// Parents before children.
    directories: Vec<Path>,
}

/// The planning side of a run: hands work to the executor, keeps removals, tells the rest.
struct Planning<'a> {
    run: &'a Run,
    executor: &'a Executor,
    mode: Mode,
    steps: Sender<Step>,
}

impl Planning<'_> {
    async fn all(self, first: Pair, mut walk: Walk, rules: &Rules) -> Removals {
        let options = &self.run.ctx.options;
        let extent = Extent {
            remove_extras: self.mode == Mode::Sync,
            empty_directories: options.create_empty_source_directories,
            immutable: options.immutable,
        };
        let mut removals = Removals::default();
        let mut next = Some(first);
        while let Some(pair) = next {
            for step in plan(pair, rules, extent) {
                let Some(step) = self.here(step, &mut removals) else { continue };
                if self.steps.send(step).await.is_err() {
                    return removals;
                }
            }
            next = walk.next().await;
        }
        removals
    }

    /// Does what needs no remote, and returns the other steps.
    fn here(&self, step: Step, removals: &mut Removals) -> Option<Step> {
        let Step { path, action } = step;
        match action {
            Action::Copy { ref source, in_new_directory, .. } => {
                self.run.event(Event::TransferQueued { size: source.size });
                if let Some(parent) = path.parent().filter(|_| in_new_directory) {
                    self.executor.announce(parent);
                }
            }
            Action::Settle { .. } => self.run.event(Event::CheckQueued),
            Action::Keep { same, .. } => {
                self.run.event(Event::CheckQueued);
                self.run.event(Event::Checked { path: &path });
                if !same || self.mode != Mode::Move {
                    return None;
                }
            }
            Action::Remove { size } => {
                removals.files.push(Doomed { path, size });
                return None;
            }
            Action::RemoveDirectory => {
                removals.directories.push(path);
                return None;
            }
            Action::Tell(message) => {
                self.run.notice(Some(&path), &message);
                return None;
            }
            Action::Doubt(_) | Action::MakeDirectory | Action::Refuse(_) => {}
        }
        Some(Step { path, action })
    }
}

/// Removes what only the destination has, if all else went well.
async fn remove(run: &Run, destination: &Tree, removals: Removals) {
    let Removals { files: doomed, directories: mut emptied } = removals;
    if run.ctx.cancel.is_cancelled() || doomed.is_empty() && emptied.is_empty() {
        return;
    }
    let ignores = run.ctx.options.ignore_errors;
    if run.has_failed() && !ignores {
        return withhold(run, &doomed, "not deleting files as there were IO errors");
    }
    if run.ctx.options.max_delete.is_some_and(|limit| doomed.len() as u64 > limit) {
        withhold(run, &doomed, "--max-delete threshold reached");
        let message = format!("--max-delete threshold reached: {} files to delete", doomed.len());
        return run.fail(&destination.root, Error::new(ErrorKind::Limit, message));
    }
    files(run, destination, doomed, REASON).await;
    if run.has_failed() && !ignores {
        return run.notice(None, "not deleting directories as there were IO errors");
    }
    emptied.reverse();
    directories(run, destination, emptied, REASON).await;
}

/// Tells what is not removed, and why.
fn withhold(run: &Run, doomed: &[Doomed], why: &str) {
    run.notice(None, why);
    for Doomed { path, size } in doomed {
        let Change { deed, path, size, reason } =
            Change::new(Deed::Deleted, path, why).sized(*size);
        run.event(Event::Skipped { deed, path, size, reason });
    }
}

const REASON: &str = "not in source";

//! Makes a tree like another: copy, move and sync.

mod dates;
mod deletion;
mod planning;
mod renames;

use std::sync::Arc;

use tokio::sync::mpsc::channel;

use crate::compare::Rules;
use crate::context::{Context, Deletion};
use crate::entry::Entry;
use crate::error::{Error, ErrorKind};
use crate::execute::{Executor, elsewhere};

use crate::ops::rmdirs;
use crate::partial::Begun;
use crate::path::Path;
use crate::plan::{Action, Extent, existing, new};
use crate::progress::Event;
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::{Failures, Run};
use crate::walk::{Pair, Side, Times, Walk};

use dates::date;
use deletion::{remove, respell};
use planning::{Planning, extras};
use renames::Renames;

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
/// Nothing is deleted after any failure (unless `ignore_errors`), where a listing was in doubt or
/// beyond a limit.
///
/// # Errors
/// When the trees overlap, or with all that failed on the way.
pub async fn sync(
    ctx: &Context,
    source: &Tree,
    destination: &Tree,
    mode: Mode,
) -> Result<(), Failures> {
    let run = Run::between(ctx, source, destination);
    if source.same_remote(destination) {
        if source.root == destination.root {
            run.notice(None, "Nothing to do as source and destination are the same");
            return Ok(());
        }
        refuse_overlap(source, destination, mode)?;
    }
    check(ctx, mode)?;
    if let Some(backup) = &ctx.options.backup {
        backup.check(ctx, source, destination)?;
    }
    run.learn_from(destination).await;
    let deletion = deletion::timing(&ctx.options);
    if mode == Mode::Sync && deletion == Deletion::Before {
        remove_first(&run, source, destination).await;
        if run.is_over() {
            return run.finish();
        }
    }
    let extent = extent(ctx, source, destination, mode, deletion);
    let enters_extras = extent.remove_extras || extent.tell_extras;
    let mut walk = Walk::two(&listing(ctx, mode), source, destination, enters_extras)
        .with_times(Times::Exact)
        .of_run(&run);
    if extent.move_directories && ctx.options.delete_empty_source_directories {
        walk = walk.without_new();
    }
    let Some(first) = walk.next().await else { return run.finish() };
    // Only now both remotes have been talked to and know what they can do.
    elsewhere::check(&ctx.options, destination)?;
    let rules = rules(&run, source, destination);
    let moves = mode == Mode::Move;
    let executor = Arc::new(Executor::new(&run, source, destination, rules.clone(), moves));
    if extent.move_directories && can_move_whole(&first, source, destination) {
        executor.move_directory(&Path::root(), &Path::root()).await;
        return run.finish();
    }
    let extent = Extent {
        move_directories: extent.move_directories && ctx.options.delete_empty_source_directories,
        directory_times: !ctx.options.no_update_directory_modified
            && destination.remote.capability().set_directory_modified,
        ..extent
    };
    let renames = match mode {
        Mode::Sync => Renames::new(&run, source, destination, &rules),
        Mode::Copy | Mode::Move => None,
    };
    let (sender, receiver) = channel(ctx.options.checkers.max(1));
    let planning =
        Planning { run: &run, executor: &executor, destination, mode, deletion, steps: sender };
    let (mut removals, ()) = tokio::join!(
        planning.all(first, walk, &rules, extent, renames),
        Arc::clone(&executor).carry_out(receiver)
    );
    let misspelt = std::mem::take(&mut removals.misspelt);
    let dated = std::mem::take(&mut removals.dated);
    executor.finish().await;
    removals.kept.extend(executor.take_kept());
    remove(&run, destination, removals).await;
    respell(&run, destination, misspelt).await;
    date(&run, destination, dated).await;
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
    let run = Run::between(ctx, source, destination);
    let (from, to) = (source.path(source_path), destination.path(destination_path));
    if let Some(backup) = &ctx.options.backup {
        backup.check_for_file(source, destination)?;
    }
    if source.same_remote(destination) && from == to {
        run.notice(None, "Nothing to do as source and destination are the same");
        return Ok(());
    }
    let here = match retry(ctx, source_path, || source.remote.stat(&from)).await? {
        None => return Err(Error::file_not_found(&from).into()),
        Some(entry) if entry.is_directory() => return Err(Error::is_a_directory(&from).into()),
        Some(entry) => entry,
    };
    run.learn_from(destination).await;
    let looked = retry(ctx, destination_path, || look(&run, destination, destination_path, &here));
    let (there, begun) = looked.await?;
    if there.as_ref().is_some_and(Entry::is_directory) {
        return Err(Error::is_a_directory(&to).into());
    }
    elsewhere::check(&ctx.options, destination)?;
    let rules = rules(&run, source, destination);
    let executor = Executor::new(&run, source, destination, rules.clone(), mode == Mode::Move);
    let remembers = run.journal().is_some();
    let extent = Extent { immutable: ctx.options.immutable, remembers, ..Extent::default() };
    let action = match there {
        Some(there) => existing(here, there, &rules, extent),
        None => new(here, true),
    };
    if let Action::Keep { same, ref learnt, .. } = action {
        if let Some(learnt) = learnt {
            executor.learn(destination_path, learnt);
        }
        run.event(Event::Left { path: destination_path, same });
    }
    let action = action.continuing(|| begun);
    executor.act(source_path.clone(), destination_path.clone(), action).await;
    executor.finish().await;
    run.finish()
}

/// Has a sync list the destination in any case: what was in the way of deletions that come first is told
/// by the walk that follows, which must see as much.
fn listing(ctx: &Context, mode: Mode) -> Context {
    let mut ctx = ctx.clone();
    ctx.options.no_traverse &= mode != Mode::Sync;
    ctx
}

fn extent(
    ctx: &Context,
    source: &Tree,
    destination: &Tree,
    mode: Mode,
    deletion: Deletion,
) -> Extent {
    let options = &ctx.options;
    let whole = mode == Mode::Move
        && source.same_remote(destination)
        && ctx.filter.is_transparent()
        && options.max_depth.is_none();
    Extent {
        remove_extras: mode == Mode::Sync && deletion != Deletion::Before,
        tell_extras: options.tell_extras,
        empty_directories: options.create_empty_source_directories,
        directory_times: false,
        immutable: options.immutable,
        move_directories: whole && source.remote.capability().rename,
        remembers: options.journal.is_some() || options.journal_remote.is_some(),
    }
}

/// Tells whether the whole source can become the destination by one rename.
fn can_move_whole(first: &Pair, source: &Tree, destination: &Tree) -> bool {
    let named = source.root.name().is_some() && destination.root.name().is_some();
    let is_there = matches!(first.source, Side::Listed { .. });
    named && is_there && matches!(first.destination, Side::Absent)
}

/// Removes what only the destination has before anything is copied.
async fn remove_first(run: &Run, source: &Tree, destination: &Tree) {
    let mut walk = Walk::two(&run.ctx, source, destination, true).of_run(run);
    let Some(first) = walk.next().await else { return };
    let (here, there) = (source.remote.capability(), destination.remote.capability());
    let rules = Rules::new(&run.ctx.options, &here, &there);
    match extras(run, first, walk, &rules).await {
        Some(removals) => remove(run, destination, removals).await,
        None => run.notice(None, "not deleting files as there were IO errors"),
    }
}

/// Looks at a file of the destination, and at what an earlier run has copied of `source` to it.
async fn look(
    run: &Run,
    tree: &Tree,
    path: &Path,
    source: &Entry,
) -> Result<(Option<Entry>, Option<Begun>), Error> {
    let at = tree.path(path);
    let partials = run.partials();
    let Some(parent) = at.parent().filter(|_| partials.are_lasting()) else {
        return Ok((reminded(run, path, tree.remote.stat(&at).await?), None));
    };
    let name = partials.name(path, source)?;
    let mut found = tree.remote.stat_all(&[at, parent.child(&name)]).await.into_iter();
    let mut next = || found.next().unwrap_or(Ok(None));
    let (there, begun) = (reminded(run, path, next()?), next()?);
    Ok((there, begun.map(|entry| Begun { name, length: entry.size.unwrap_or(0) })))
}

/// Tells a file what is remembered of it.
fn reminded(run: &Run, path: &Path, mut entry: Option<Entry>) -> Option<Entry> {
    if let (Some(journal), Some(parent)) = (run.journal(), path.parent()) {
        journal.remind(&parent, entry.as_mut_slice());
    }
    entry
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

/// Refuses options that contradict each other.
fn check(ctx: &Context, mode: Mode) -> Result<(), Error> {
    let options = &ctx.options;
    let contradicted = match mode {
        Mode::Sync => Some("sync: use copy instead"),
        _ if options.immutable => Some("--immutable"),
        _ if options.backup.is_some() => Some("--backup-dir"),
        _ => None,
    };
    match contradicted.filter(|_| options.no_check_destination) {
        Some(other) => {
            let message = format!("can't use --no-check-dest with {other}");
            Err(Error::new(ErrorKind::Usage, message))
        }
        None => Ok(()),
    }
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

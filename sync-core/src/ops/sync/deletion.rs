//! What only the destination has: when it goes, whether it may, and where to.

use std::sync::Mutex;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::backup::Keeper;
use crate::context::{Deletion, Options};
use crate::execute::kept::Kept;
use crate::execute::remove::{Doomed, directories, files, is_limited, is_within_limits, withhold};
use crate::path::{Name, Path};
use crate::plan::Dating;
use crate::progress::{Deed, Event};
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::{Change, Run};

/// What is to be removed, relative to the destination.
#[derive(Debug, Default)]
pub(super) struct Removals {
    pub(super) files: Vec<Doomed>,
    /// Parents before children.
    pub(super) directories: Vec<Path>,
    /// Those of them that hold something that stays.
    pub(super) kept: Kept,
    /// Where the destination spells a name otherwise than the source, and the source's spelling.
    /// Parents before children.
    pub(super) misspelt: Vec<(Path, Name)>,
    /// How many files the destination holds in all.
    pub(super) out_of: u64,
    /// Directories to be dated. Parents before children.
    pub(super) dated: Vec<(Path, Dating)>,
}

/// Returns when deletions happen: a limit can only be kept, and a rename only be found,
/// once all are known.
pub(super) fn timing(options: &Options) -> Deletion {
    match options.deletion {
        _ if options.track_renames.is_some() => Deletion::After,
        Deletion::During if is_limited(options) => Deletion::After,
        timing => timing,
    }
}

/// Removes what only the destination has, if all else went well and no limit forbids it.
pub(super) async fn remove(run: &Run, destination: &Tree, removals: Removals) {
    let Removals { files: doomed, directories: mut emptied, mut kept, out_of, .. } = removals;
    if run.ctx.cancel.is_cancelled() || doomed.is_empty() && emptied.is_empty() {
        return;
    }
    if !may_go_on(run) {
        return withhold(run, &doomed, "not deleting files as there were IO errors");
    }
    if !is_within_limits(run, &doomed, out_of) {
        return;
    }
    kept.extend(remove_files(run, destination, doomed).await);
    if !may_go_on(run) {
        return run.notice(None, "not deleting directories as there were IO errors");
    }
    emptied.retain(|directory| !stays(run, &kept, directory));
    emptied.reverse();
    directories(run, destination, emptied, REASON).await;
}

/// Tells whether a directory stays because of what it holds, and the user if so.
fn stays(run: &Run, kept: &Kept, path: &Path) -> bool {
    let stays = kept.has(path);
    if stays {
        run.event(Event::Remark { path, message: "kept: the directory is not empty" });
    }
    stays
}

/// Gives names of the destination the source's spelling, children before parents.
pub(super) async fn respell(run: &Run, destination: &Tree, misspelt: Vec<(Path, Name)>) {
    for (path, name) in misspelt.into_iter().rev() {
        let Some(parent) = path.parent() else { continue };
        let change = Change::new(Deed::Moved, &path, "the source spells it otherwise");
        if run.may(change).await {
            let (from, to) = (destination.path(&path), destination.path(&parent.child(&name)));
            let remote = &destination.remote;
            run.settle(change, retry(&run.ctx, &path, || remote.rename(&from, &to)).await);
        }
    }
}

/// Removes files of one directory while others are still compared and copied. Returns the directories
/// that stay though they were to be emptied.
pub(super) async fn remove_early(run: &Run, destination: &Tree, doomed: Vec<Doomed>) -> Kept {
    if doomed.is_empty() || run.ctx.cancel.is_cancelled() {
        return Kept::default();
    }
    if may_go_on(run) {
        return remove_files(run, destination, doomed).await;
    }
    withhold(run, &doomed, "not deleting files as there were IO errors");
    let mut kept = Kept::default();
    kept.keep_above(doomed.iter().map(|file| &file.path));
    kept
}

fn may_go_on(run: &Run) -> bool {
    !run.has_failed() || run.ctx.options.ignore_errors
}

/// Removes files, or moves them to their backups. Returns the directories that stay because of them.
async fn remove_files(run: &Run, destination: &Tree, doomed: Vec<Doomed>) -> Kept {
    let Some(keeper) = Keeper::new(run, destination) else {
        return files(run, destination, doomed, REASON).await;
    };
    let kept = Mutex::new(Kept::default());
    let keep = async |file: &Doomed| {
        let change = Change::new(Deed::BackedUp, &file.path, REASON).sized(file.size);
        let may = run.may(change).await;
        let moved = may && run.settle(change, keeper.keep(run, &file.path).await);
        let gone = (moved || run.ctx.options.dry_run) && !keeper.is_in_place();
        if !gone {
            kept.lock().expect("no holder of the lock panics").keep_above([&file.path]);
        }
    };
    let limit = run.ctx.options.transfers.max(1);
    stream::iter(&doomed).for_each_concurrent(limit, keep).await;
    let mut kept = kept.into_inner().expect("no holder of the lock panics");
    if let Some(below) = keeper.place().filter(|_| !doomed.is_empty()) {
        kept.keep(&below);
    }
    kept
}

const REASON: &str = "not in source";

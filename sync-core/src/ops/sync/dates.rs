//! Gives directories the times they have on the source, once nothing changes what they hold any more.

use jiff::Timestamp;

use crate::error::{Error, ErrorKind};
use crate::execute::remove::BATCH;
use crate::path::Path;
use crate::plan::Dating;
use crate::progress::{Deed, Event};
use crate::remote::Tree;
use crate::run::{Change, Run};

/// Dates the directories whose times differ or that the run has changed, many in one go. `dated` has
/// parents before children.
pub(super) async fn date(run: &Run, destination: &Tree, dated: Vec<(Path, Dating)>) {
    let mut agreed = Vec::new();
    for (path, dating) in dated.into_iter().rev() {
        if is_due(run, &path, dating) && run.may(change(&path, dating)).await {
            agreed.push((path, dating));
        }
    }
    // Whose directory it is, a server may ask: one just made tells best whether it dates any.
    agreed.sort_by_key(|(_, dating)| !dating.is_new);
    for batch in agreed.chunks(BATCH) {
        if run.ctx.cancel.is_cancelled() {
            return;
        }
        let at = |(path, dating): &(Path, Dating)| (destination.path(path), dating.modified);
        let times: Vec<(Path, Timestamp)> = batch.iter().map(at).collect();
        let results = destination.remote.set_directory_modified_all(&times).await;
        for ((path, dating), result) in batch.iter().zip(results) {
            match result {
                Err(error) if is_refusal(destination, &error) => remark(run, path, &error),
                result => drop(run.settle(change(path, *dating), result)),
            }
        }
    }
}

/// Tells whether a directory needs its time set: it has another, or will have through the run. One
/// that is made leaves the directory above with another time.
fn is_due(run: &Run, path: &Path, dating: Dating) -> bool {
    let changed = run.is_changed(path);
    if changed
        && dating.is_new
        && let Some(parent) = path.parent()
    {
        run.has_changed(parent);
    }
    changed || dating.differs
}

fn change(path: &Path, dating: Dating) -> Change<'_> {
    let reason = if dating.is_new { "new" } else { "the source has another time" };
    Change::new(Deed::SetDirectoryModified, path, reason)
}

/// Tells whether a server will not date a directory, which no file suffers from.
fn is_refusal(tree: &Tree, error: &Error) -> bool {
    let refused = matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported);
    refused && !tree.remote.capability().local
}

fn remark(run: &Run, path: &Path, error: &Error) {
    if error.kind() != ErrorKind::Unsupported {
        let message = format!("the directory keeps its own time: {error}");
        run.event(Event::Remark { path, message: &message });
    }
}

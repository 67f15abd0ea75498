//! Removes directories that hold no file, however deep.

use std::sync::Arc;

use crate::context::Context;
use crate::execute::kept::Kept;
use crate::execute::remove::directories;
use crate::filter::Filter;
use crate::path::Path;
use crate::remote::Tree;
use crate::run::{Failures, Run};
use crate::walk::Walk;

/// Removes the directories of a tree that hold nothing but such directories; the root as well,
/// unless `leave_root`. What the filter hides is something, too.
///
/// # Errors
/// When something could not be listed or removed.
pub async fn rmdirs(ctx: &Context, tree: &Tree, leave_root: bool) -> Result<(), Failures> {
    let run = Run::new(ctx);
    let mut walk = Walk::one(&unfiltered(ctx), tree, None);
    let (mut seen, mut kept) = (Vec::new(), Kept::default());
    if leave_root {
        kept.keep(&Path::root());
    }
    while let Some(pair) = walk.next().await {
        let listing = run.take(&pair.directory, pair.source.into_listing());
        let holds_something = listing.is_none_or(|(entries, doubts)| {
            !doubts.is_empty() || entries.iter().any(|entry| !entry.is_directory())
        });
        if holds_something {
            kept.keep(&pair.directory);
        }
        seen.push(pair.directory);
    }
    seen.retain(|directory| !kept.has(directory));
    seen.reverse();
    if !ctx.cancel.is_cancelled() {
        directories(&run, tree, seen, "empty").await;
    }
    run.finish()
}

/// Returns the context with a filter that lets everything through.
pub(crate) fn unfiltered(ctx: &Context) -> Context {
    Context { filter: Arc::new(Filter::default()), ..ctx.clone() }
}

//! Removes a directory and all it holds, whatever the filter says.

use crate::context::Context;
use crate::execute::remove::{BATCH, Doomed, all, files, is_limited, is_within_limits};
use crate::ops::rmdirs::unfiltered;
use crate::path::Path;
use crate::remote::Tree;
use crate::run::{Failures, Run};
use crate::walk::Walk;

/// Removes the directory `path` of a tree and all it holds; nothing beyond a limit on deletions.
///
/// # Errors
/// When it is not there, or something in it could not be listed or removed.
pub async fn purge(ctx: &Context, tree: &Tree, path: &Path) -> Result<(), Failures> {
    let run = Run::new(ctx);
    let below = Tree::new(tree.remote.clone(), tree.path(path));
    let mut walk = Walk::one(&unfiltered(ctx), &below, None);
    let waits = is_limited(&ctx.options);
    let (mut doomed, mut emptied) = (Vec::new(), Vec::new());
    while let Some(pair) = walk.next().await {
        let listing = pair.source.into_listing();
        let Some((entries, doubts)) = run.take(&pair.directory, listing) else { continue };
        for doubt in doubts {
            run.fail(&doubt.path(&pair.directory), doubt.error(&pair.directory));
        }
        for entry in entries.iter().filter(|entry| !entry.is_directory()) {
            doomed.push(Doomed { path: pair.directory.child(&entry.name), size: entry.size });
        }
        emptied.push(pair.directory);
        if !waits && doomed.len() >= BATCH * ctx.options.transfers.max(1) {
            files(&run, &below, std::mem::take(&mut doomed), REASON).await;
        }
    }
    let count = doomed.len() as u64;
    if !is_within_limits(&run, &doomed, count) {
        return run.finish();
    }
    if run.has_failed() {
        files(&run, &below, doomed, REASON).await;
    } else {
        emptied.reverse();
        all(&run, &below, doomed, emptied, REASON).await;
    }
    run.finish()
}

const REASON: &str = "asked for";

//! Makes and removes single directories.

use crate::context::Context;
use crate::error::Result;
use crate::path::Path;
use crate::progress::Deed;
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::{Change, Failures, Run};

/// Makes a directory of a tree, with its missing parents.
///
/// # Errors
/// When it cannot be made; one that is there already is a success.
pub async fn mkdir(ctx: &Context, tree: &Tree, path: &Path) -> Result<(), Failures> {
    let change = Change::new(Deed::MadeDirectory, path, "asked for");
    let at = tree.path(path);
    single(ctx, change, || tree.remote.mkdir(&at)).await
}

/// Removes an empty directory of a tree.
///
/// # Errors
/// When it is not empty, is not there, or may not be removed.
pub async fn rmdir(ctx: &Context, tree: &Tree, path: &Path) -> Result<(), Failures> {
    let change = Change::new(Deed::RemovedDirectory, path, "asked for");
    let at = tree.path(path);
    single(ctx, change, || tree.remote.rmdir(&at)).await
}

/// Makes one change, unless it may not be made.
pub(crate) async fn single<F>(
    ctx: &Context,
    change: Change<'_>,
    operation: impl FnMut() -> F,
) -> Result<(), Failures>
where
    F: Future<Output = Result<()>>,
{
    let run = Run::new(ctx);
    if run.may(change).await {
        run.settle(change, retry(ctx, change.path, operation).await);
    }
    run.finish()
}

//! Gives a file a time, and makes it where there is none.

use jiff::Timestamp;

use crate::context::Context;
use crate::error::Error;
use crate::ops::mkdir::single;
use crate::ops::rcat;
use crate::path::Path;
use crate::progress::Deed;
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::{Change, Failures};

/// Sets the modification time of a file of a tree; makes an empty one where there is none, unless
/// `no_create`.
///
/// # Errors
/// When the time cannot be set or the file not be made.
pub async fn touch(
    ctx: &Context,
    tree: &Tree,
    path: &Path,
    time: Timestamp,
    no_create: bool,
) -> Result<(), Failures> {
    let at = tree.path(path);
    match retry(ctx, path, || tree.remote.stat(&at)).await? {
        Some(entry) if entry.is_directory() => Err(Error::is_a_directory(path).into()),
        Some(entry) => {
            let change = Change::new(Deed::SetModified, path, "asked for").sized(entry.size);
            single(ctx, change, || tree.remote.set_modified(&at, time)).await
        }
        None if no_create => Ok(()),
        None => rcat(ctx, tree, path, &mut tokio::io::empty(), Some(0), Some(time)).await,
    }
}

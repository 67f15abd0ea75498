//! Counts the files of a tree and their bytes.

use futures_util::StreamExt as _;

use crate::context::Context;
use crate::ops::entries;
use crate::remote::Tree;
use crate::run::{Failures, Run};

/// How much a tree holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Size {
    /// How many files.
    pub count: u64,
    /// Their sizes added up.
    pub bytes: u64,
    /// How many of the files have no known size.
    pub sizeless: u64,
}

/// Adds up the files of a tree that pass the filter.
///
/// # Errors
/// When a directory cannot be listed: a sum over the rest would be wrong.
pub async fn size(ctx: &Context, tree: &Tree) -> Result<Size, Failures> {
    let run = Run::new(ctx);
    let mut total = Size::default();
    let mut entries = entries(ctx, tree, ctx.options.max_depth);
    while let Some(found) = entries.next().await {
        let Some(found) = run.take(&tree.root, found) else { continue };
        if found.entry.is_file() {
            total.count += 1;
            total.bytes += found.entry.size.unwrap_or(0);
            total.sizeless += u64::from(found.entry.size.is_none());
        }
    }
    run.finish().map(|()| total)
}

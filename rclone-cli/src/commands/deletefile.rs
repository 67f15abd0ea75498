//! `rclone deletefile`.

use sync_core::{Path, ops};

use super::transfer::parent;
use crate::exit::retried;
use crate::resolve::Resolved;

/// Delete one file
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let context = resolved.context();
    let (tree, name) = parent(resolved, &args.path)?;
    let path = Path::root().child(&name);
    retried(resolved, async || ops::delete_file(&context, &tree, &path).await).await
}

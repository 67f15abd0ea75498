//! `rclone purge`.

use sync_core::{Path, ops};

use crate::exit::retried;
use crate::resolve::Resolved;
use crate::shown;

/// Remove a directory and all it holds
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let context = resolved.context();
    let tree = resolved.tree(&args.path)?;
    resolved.reporter().call_whole(shown::tree(&tree));
    retried(resolved, async || ops::purge(&context, &tree, &Path::root()).await).await
}

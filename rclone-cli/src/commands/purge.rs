//! `rclone purge`.

use sync_core::{Path, ops};

use crate::exit::{Fatal, retried};
use crate::resolve::Resolved;
use crate::shown;

/// Remove a directory and all it holds
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    if resolved.globals.filter.is_given() {
        let message = "filters are not supported with purge (purge will delete everything \
                       unconditionally; delete knows filters)";
        return Err(Fatal(message.into()).into());
    }
    let context = resolved.context();
    let tree = resolved.tree(&args.path)?;
    resolved.reporter().call_whole(shown::tree(&tree));
    retried(resolved, async || ops::purge(&context, &tree, &Path::root()).await).await
}

//! `rclone rmdirs`.

use sync_core::ops;

use crate::exit::retried;
use crate::resolve::Resolved;
use crate::shown;

/// Remove the empty directories below a path
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// Keep the path itself
    #[arg(long)]
    pub(crate) leave_root: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let context = resolved.context();
    let tree = resolved.tree(&args.path)?;
    resolved.reporter().call_whole(shown::tree(&tree));
    retried(resolved, async || ops::rmdirs(&context, &tree, args.leave_root).await).await
}

//! `rclone delete`.

use sync_core::{Path, ops};

use crate::exit::retried;
use crate::resolve::Resolved;

/// Delete the files in a path; directories stay
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// Remove directories that became empty, too
    #[arg(long)]
    pub(crate) rmdirs: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let context = resolved.context();
    let (tree, file) = resolved.tree_or_file(&args.path).await?;
    match file.map(|name| Path::root().child(&name)) {
        Some(path) => {
            retried(resolved, async || ops::delete_file(&context, &tree, &path).await).await
        }
        None => retried(resolved, async || ops::delete(&context, &tree, args.rmdirs).await).await,
    }
}

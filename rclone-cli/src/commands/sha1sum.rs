//! `rclone sha1sum`.

use super::hashsum::Sums;
use crate::resolve::Resolved;

/// Print the SHA-1 of the files in a path
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path; standard input where it is missing or -
    pub(crate) path: Option<String>,

    #[command(flatten)]
    pub(crate) sums: Sums,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    args.sums.run(resolved, "sha1", args.path.as_deref()).await
}

//! `rclone hashsum`.

use crate::resolve::Resolved;

/// Print the hashes of the files in a path
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The hash, such as `md5`
    pub(crate) hash: String,
    /// `remote:path` or a local path
    pub(crate) path: String,
}

pub(crate) async fn run(_resolved: &Resolved, _args: Args) -> anyhow::Result<()> {
    std::future::ready(()).await;
    anyhow::bail!("not built yet")
}

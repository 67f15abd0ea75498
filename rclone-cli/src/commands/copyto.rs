//! `rclone copyto`.

use crate::resolve::Resolved;

/// Copy a file or directory to a destination of another name
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Where from: `remote:path` or a local path
    pub(crate) source: String,
    /// Where to
    pub(crate) destination: String,
}

pub(crate) async fn run(_resolved: &Resolved, _args: Args) -> anyhow::Result<()> {
    std::future::ready(()).await;
    anyhow::bail!("not built yet")
}

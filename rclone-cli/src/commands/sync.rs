//! `rclone sync`.

use crate::resolve::Resolved;

/// Make the destination equal to the source, deleting what is extra
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

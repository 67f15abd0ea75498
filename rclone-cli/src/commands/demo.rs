//! `rclone demo`.

use crate::resolve::Resolved;

/// Show a whole sync against a server made for it
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_resolved: &Resolved, _args: Args) -> anyhow::Result<()> {
    std::future::ready(()).await;
    anyhow::bail!("not built yet")
}

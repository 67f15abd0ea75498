//! `rclone serve`: offers a path by a protocol.

use crate::resolve::Resolved;

/// Serve a path by a protocol
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    protocol: Protocol,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Protocol {
    /// Serve a path by FTP
    Ftp {
        /// The local path to serve
        path: String,
    },
}

pub(crate) async fn run(_resolved: &Resolved, _args: Args) -> anyhow::Result<()> {
    std::future::ready(()).await;
    anyhow::bail!("not built yet")
}

//! `rclone serve`: offers a path by a protocol.

mod files;
pub(super) mod ftp;

use crate::resolve::Resolved;

/// Serve a path by a protocol
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    protocol: Protocol,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Protocol {
    Ftp(ftp::Args),
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    match args.protocol {
        Protocol::Ftp(args) => ftp::run(resolved, args).await,
    }
}

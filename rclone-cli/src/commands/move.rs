//! `rclone move`.

use super::transfer::Move;
use crate::resolve::Resolved;

/// Move files from source to destination
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    what: Move,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    args.what.transfer().run(resolved).await
}

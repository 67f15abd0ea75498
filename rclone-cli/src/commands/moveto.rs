//! `rclone moveto`.

use super::transfer::Move;
use crate::resolve::Resolved;

/// Move a file or directory to a destination of another name
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    what: Move,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    args.what.transfer().renaming().run(resolved).await
}

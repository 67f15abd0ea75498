//! `rclone sync`.

use sync_core::ops::Mode;

use super::transfer::{Ends, Transfer};
use crate::resolve::Resolved;

/// Make the destination equal to the source, deleting what is extra
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ends: Ends,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    Transfer::new(&args.ends, Mode::Sync).run(resolved).await
}

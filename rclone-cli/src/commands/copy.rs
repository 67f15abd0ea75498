//! `rclone copy`.

use sync_core::ops::Mode;

use super::transfer::{Ends, Transfer};
use crate::resolve::Resolved;

/// Copy files from source to destination, skipping what is equal
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ends: Ends,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    Transfer::new(&args.ends, Mode::Copy).run(resolved).await
}

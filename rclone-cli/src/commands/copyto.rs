//! `rclone copyto`.

use sync_core::ops::Mode;

use super::transfer::{Ends, Transfer};
use crate::resolve::Resolved;

/// Copy a file or directory to a destination of another name
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ends: Ends,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    Transfer::new(&args.ends, Mode::Copy).renaming().run(resolved).await
}

//! `rclone copy`.

use sync_core::ops::Mode;

use super::reports::Reports;
use super::transfer::Transfer;
use crate::resolve::Resolved;

/// Copy files from source to destination, skipping what is equal
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Where from: `remote:path` or a local path
    pub(crate) source: String,
    /// Where to
    pub(crate) destination: String,

    #[command(flatten)]
    reports: Reports,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let transfer = Transfer {
        source: &args.source,
        destination: &args.destination,
        reports: &args.reports,
        mode: Mode::Copy,
        renames: false,
        delete_empty_source_directories: false,
    };
    transfer.run(resolved).await
}

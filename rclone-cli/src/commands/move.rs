//! `rclone move`.

use sync_core::ops::Mode;

use super::reports::Reports;
use super::transfer::Transfer;
use crate::resolve::Resolved;

/// Move files from source to destination
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Where from: `remote:path` or a local path
    pub(crate) source: String,
    /// Where to
    pub(crate) destination: String,

    /// Remove directories of the source that became empty
    #[arg(long)]
    pub(crate) delete_empty_src_dirs: bool,

    #[command(flatten)]
    reports: Reports,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let transfer = Transfer {
        source: &args.source,
        destination: &args.destination,
        reports: &args.reports,
        mode: Mode::Move,
        renames: false,
        delete_empty_source_directories: args.delete_empty_src_dirs,
    };
    transfer.run(resolved).await
}

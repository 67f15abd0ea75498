//! `rclone cleanup`.

use std::time::Duration;

use sync_core::ops;

use crate::exit::retried;
use crate::resolve::Resolved;
use crate::shown;

/// How long ago the last byte of a partial file must have come, unless `--min-age` says: one that
/// is younger may be growing.
const IDLE: Duration = Duration::from_secs(60 * 60);

/// Delete what copies that were not finished have left
///
/// Partial files that were written to in the last hour may belong to a transfer under way and stay;
/// --min-age sets another limit.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let context = resolved.context();
    let tree = resolved.tree(&args.path)?;
    resolved.reporter().call_whole(shown::tree(&tree));
    let idle = resolved.globals.filter.min_age.0.map_or(IDLE, |_| Duration::ZERO);
    retried(resolved, async || ops::cleanup(&context, &tree, idle).await).await
}

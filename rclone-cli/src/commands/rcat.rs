//! `rclone rcat`.

use sync_core::{Path, ops};

use super::transfer::parent;
use crate::resolve::Resolved;

/// Write standard input to a file
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// How many bytes there will be; -1 where that is not known
    #[arg(long, value_name = "N", default_value_t = -1)]
    pub(crate) size: i64,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let context = resolved.context();
    let (tree, name) = parent(resolved, &args.path)?;
    let path = Path::root().child(&name);
    let mut input = tokio::io::stdin();
    let now = Some(jiff::Timestamp::now());
    let size = u64::try_from(args.size).ok();
    Ok(ops::rcat(&context, &tree, &path, &mut input, size, now).await?)
}

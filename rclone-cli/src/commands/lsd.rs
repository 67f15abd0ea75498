//! `rclone lsd`.

use std::io::Write as _;

use sync_core::walk::Times;

use super::listing::{Listing, depth};
use crate::output::Output;
use crate::resolve::Resolved;
use crate::shown;

/// List the directories of a path
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// Go down into the directories
    #[arg(long, short = 'R')]
    pub(crate) recursive: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    // All the way down, whatever --max-depth says, as rclone has it.
    let depth = if args.recursive { None } else { depth(resolved, false) };
    // No directory's time can be asked for.
    let mut listing = Listing::open_for(resolved, &args.path, depth, Times::Listed).await?;
    let human = resolved.globals.config.human_readable;
    let mut output = Output::new();
    while let Some(found) = listing.next().await {
        if found.entry.is_directory() {
            let time = shown::time(&found.entry).strftime("%Y-%m-%d %H:%M:%S").to_string();
            // How many things it holds would take a listing of its own.
            let (size, count) = (shown::size_field(&found.entry, human, 12), -1);
            write!(output, "{size} {time} {count:>0$} ", if human { 8 } else { 9 })?;
            output.row(&shown::path(&found.path))?;
        }
    }
    output.flush()?;
    listing.finish()
}

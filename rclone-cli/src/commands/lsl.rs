//! `rclone lsl`.

use std::io::Write as _;

use super::listing::Listing;
use crate::output::Output;
use crate::resolve::Resolved;
use crate::shown;

/// List the files of a path with their sizes and times
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let mut listing =
        Listing::open_with_times(resolved, &args.path, resolved.context().options.max_depth)
            .await?;
    let human = resolved.globals.config.human_readable;
    let mut output = Output::new();
    while let Some(found) = listing.next_file().await {
        let time = shown::time(&found.entry).strftime("%Y-%m-%d %H:%M:%S%.9f").to_string();
        write!(output, "{} {time} ", shown::size_field(&found.entry, human, 9))?;
        output.row(&shown::path(&found.path))?;
    }
    output.flush()?;
    listing.finish()
}

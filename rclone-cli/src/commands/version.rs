//! `rclone version`: what this is and what it runs on.

use crate::output;
use crate::resolve::Resolved;

/// Show the version
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_resolved: &Resolved, _args: Args) -> anyhow::Result<()> {
    output::line(env!("CARGO_PKG_VERSION"))?;
    Ok(())
}

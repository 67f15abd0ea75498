//! `rclone reveal`: shows an obscured password.

use crate::config::obscure;
use crate::output;
use crate::resolve::Resolved;

/// Reveal an obscured password
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// The password as it stands in the config file
    obscured: String,
}

pub(crate) fn run(_resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    output::line(obscure::reveal(&args.obscured)?)?;
    Ok(())
}

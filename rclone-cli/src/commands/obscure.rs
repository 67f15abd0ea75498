//! `rclone obscure`.

use crate::resolve::Resolved;

/// About obscure
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_resolved: &Resolved, _args: Args) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}

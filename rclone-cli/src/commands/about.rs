//! `rclone about`.

use sync_core::remote;

use crate::output;
use crate::resolve::Resolved;
use crate::units;

/// Tell how much room the remote has
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// Print whole numbers
    #[arg(long)]
    pub(crate) full: bool,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let tree = resolved.tree(&args.path)?;
    let about = tree.remote.about().await?;
    let parts = known(about);
    if args.json {
        let lines: Vec<_> = parts
            .iter()
            .map(|(name, bytes)| format!("\t\"{}\": {bytes}", name.to_lowercase()))
            .collect();
        output::line(format!("{{\n{}\n}}", lines.join(",\n")))?;
        return Ok(());
    }
    for (name, bytes) in parts {
        let bytes = if args.full { bytes.to_string() } else { units::bytes(bytes) };
        output::line(format!("{:<9}{bytes}", format!("{name}:")))?;
    }
    Ok(())
}

fn known(about: remote::About) -> Vec<(&'static str, u64)> {
    let parts = [("Total", about.total), ("Used", about.used), ("Free", about.free)];
    parts.into_iter().filter_map(|(name, bytes)| Some((name, bytes?))).collect()
}

//! `rclone backend`: what a remote can do, as it says and as it shows when tried.

mod features;

use anyhow::bail;

use crate::args::{Foreign, OfBackend};
use crate::output;
use crate::resolve::Resolved;

/// Ask a remote what it can do
///
/// `features` prints what rclone knows of a remote, as JSON. `probe` tries an FTP server out, in a
/// directory of its own that is removed afterwards: hidden files, patterns and odd characters in
/// names, renames, times, restarts, hashes, the clock, ways to a data connection, TLS resumption, the
/// number of connections. What could not be found out is said, too.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `features` or `probe`
    pub(crate) command: String,
    /// `remote:path` or a local path
    pub(crate) path: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    foreign: Foreign<OfBackend>,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    args.foreign.heed()?;
    match &*args.command {
        "features" => features::run(resolved, &args.path).await,
        "probe" => probe(resolved, &args).await,
        other => {
            let tree = resolved.tree(&args.path)?;
            bail!("{}: knows no command {other:?}, but features and probe", tree.remote.label());
        }
    }
}

async fn probe(resolved: &Resolved, args: &Args) -> anyhow::Result<()> {
    let Some((server, directory)) = resolved.remotes.server_of(&args.path)? else {
        bail!("{} is no FTP server", args.path);
    };
    let findings = server.probe(&directory).await?;
    if args.json {
        let values = findings.into_iter().map(|it| (it.name.to_owned(), it.value.into()));
        return Ok(output::line(features::indented(&values.collect::<serde_json::Map<_, _>>())?)?);
    }
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or_default() + 2;
    for finding in findings {
        let name = format!("{}:", finding.name);
        for (number, line) in finding.value.split(" | ").enumerate() {
            let name = if number == 0 { &*name } else { "" };
            output::line(format!("{name:<width$}{line}"))?;
        }
    }
    Ok(())
}

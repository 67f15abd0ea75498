//! `rclone rcat`.

use sync_core::{Path, ops};

use super::transfer::parent;
use crate::exit::Fatal;
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
    if waits_for_a_person()? {
        return Err(Fatal("nothing to read from standard input (stdin).".into()).into());
    }
    let context = resolved.context();
    let (tree, name) = parent(resolved, &args.path)?;
    let path = Path::root().child(&name);
    let mut input = tokio::io::stdin();
    let now = Some(jiff::Timestamp::now());
    let size = u64::try_from(args.size).ok();
    Ok(ops::rcat(&context, &tree, &path, &mut input, size, now).await?)
}

/// Tells whether standard input is a terminal, or nothing at all.
#[cfg(unix)]
fn waits_for_a_person() -> std::io::Result<bool> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;
    let input = std::fs::File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    Ok(input.metadata()?.file_type().is_char_device())
}

#[cfg(not(unix))]
fn waits_for_a_person() -> std::io::Result<bool> {
    Ok(std::io::IsTerminal::is_terminal(&std::io::stdin()))
}

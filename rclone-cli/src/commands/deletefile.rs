//! `rclone deletefile`.

use sync_core::{Error, ErrorKind, Path, ops};

use super::transfer::parent;
use crate::exit::retried;
use crate::resolve::Resolved;

/// Delete one file
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// `remote:path` or a local path
    pub(crate) path: String,
}

pub(crate) async fn run(resolved: &Resolved, args: Args) -> anyhow::Result<()> {
    let context = resolved.context();
    let (tree, name) = parent(resolved, &args.path)?;
    let path = Path::root().child(&name);
    retried(resolved, async || match ops::delete_file(&context, &tree, &path).await {
        // Its own exit code, rclone's: there is no such file.
        Err(failures) if failures.last.kind() == ErrorKind::IsADirectory => {
            let error = Error::new(ErrorKind::NotFound, failures.last.to_string());
            Err(error.hint("purge removes directories").into())
        }
        result => result,
    })
    .await
}

//! `rclone deletefile`.

use sync_core::{Error, ErrorKind, Path, Tree, ops};

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
    let tree = resolved.tree(&args.path)?;
    let Some((directory, name)) = tree.root.split().filter(|_| !args.path.ends_with('/')) else {
        return Err(no_file(&Error::is_a_directory(&tree.root)).into());
    };
    let (tree, path) = (Tree::new(tree.remote, directory), Path::root().child(&name));
    retried(resolved, async || match ops::delete_file(&context, &tree, &path).await {
        Err(failures) if failures.last.kind() == ErrorKind::IsADirectory => {
            Err(no_file(&failures.last).into())
        }
        result => result,
    })
    .await
}

/// Gives a directory the exit code that rclone has for it: there is no such file.
fn no_file(error: &Error) -> Error {
    Error::new(ErrorKind::NotFound, error.to_string()).hint("purge removes directories")
}

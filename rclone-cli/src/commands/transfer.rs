//! What copy, move and sync share: a file or a tree as the source, retries, the summary.

use std::sync::Arc;

use anyhow::bail;
use sync_core::context::Context;
use sync_core::ops::{self, Failures, Mode};
use sync_core::{Name, Path, Progress, Tree};

use super::reports::{Ledger, Reports};
use crate::args::{Foreign, OfTransfer};
use crate::exit::{Fatal, NothingTransferred, retried};
use crate::progress::Subject;
use crate::resolve::Resolved;
use crate::shown;

/// The arguments of all of them.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Ends {
    /// Where from: `remote:path` or a local path
    source: String,
    /// Where to
    destination: String,

    #[command(flatten)]
    reports: Reports,

    #[command(flatten)]
    foreign: Foreign<OfTransfer>,
}

/// The arguments of move and moveto.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Move {
    #[command(flatten)]
    ends: Ends,

    /// Remove directories of the source that became empty
    #[arg(long)]
    delete_empty_src_dirs: bool,
}

impl Move {
    /// Returns the move that is asked for.
    pub(crate) fn transfer(&self) -> Transfer<'_> {
        let delete_empty_source_directories = self.delete_empty_src_dirs;
        Transfer { delete_empty_source_directories, ..Transfer::new(&self.ends, Mode::Move) }
    }
}

/// Where to and how.
pub(crate) struct Transfer<'a> {
    ends: &'a Ends,
    mode: Mode,
    /// Whether the destination of a file is its new path, not a directory.
    renames: bool,
    /// Whether directories that became empty go away after a move.
    delete_empty_source_directories: bool,
}

impl<'a> Transfer<'a> {
    /// Returns the transfer into a directory.
    pub(crate) fn new(ends: &'a Ends, mode: Mode) -> Self {
        Self { ends, mode, renames: false, delete_empty_source_directories: false }
    }

    /// Has the destination of a file be its new path.
    pub(crate) fn renaming(self) -> Self {
        Self { renames: true, ..self }
    }

    /// Does it, as often as `--retries` says.
    ///
    /// # Errors
    /// With what failed in the last run.
    pub(crate) async fn run(self, resolved: &Resolved) -> anyhow::Result<()> {
        let Ends { source, destination, foreign, .. } = self.ends;
        foreign.heed()?;
        let mut context = resolved.context();
        context.options.delete_empty_source_directories = self.delete_empty_source_directories;
        let (source, file) = match self.renames {
            true => resolved.source(source).await?,
            // One file is meant, whatever is filtered, as in rclone.
            false => resolved.tree_or_file(source).await?,
        };
        let goal = match file {
            None => Goal::Tree(resolved.tree(destination)?),
            Some(name) if self.renames => {
                let (tree, new_name) = parent(resolved, destination)?;
                Goal::File { name, tree, new_name }
            }
            Some(name) => {
                let tree = resolved.tree(destination)?;
                Goal::File { new_name: name.clone(), name, tree }
            }
        };
        context.options.backup = resolved.backup(goal.tree())?;
        context.options.elsewhere = resolved.elsewhere()?;
        resolved.reporter().is_about(goal.subject(self.mode));
        let ledger = self.ledger(&mut context)?;
        let reached =
            retried(resolved, async || goal.reach(&context, &source, self.mode).await).await;
        ledger.map_or(Ok(()), |ledger| ledger.finish()).and(reached)?;
        let reporter = resolved.reporter();
        if reporter.transfers() == 0 && resolved.globals.config.error_on_no_transfer {
            return Err(NothingTransferred.into());
        }
        if !reporter.anything_arrived() && matches!(goal, Goal::Tree(_)) {
            tracing::info!("There was nothing to transfer");
        }
        Ok(())
    }

    /// Makes whatever writes the reports listen.
    fn ledger(&self, context: &mut Context) -> anyhow::Result<Option<Arc<Ledger>>> {
        if !self.ends.reports.are_wanted() {
            return Ok(None);
        }
        context.options.tell_extras = self.mode != Mode::Sync && self.ends.reports.want_extras();
        let listener = Arc::clone(&context.progress);
        let ledger = Arc::new(Ledger::new(listener, self.mode, self.ends.reports.open()?));
        context.progress = Arc::clone(&ledger) as Arc<dyn Progress>;
        Ok(Some(ledger))
    }
}

/// What shall be there in the end.
enum Goal {
    File { name: Name, tree: Tree, new_name: Name },
    Tree(Tree),
}

impl Goal {
    fn tree(&self) -> &Tree {
        match self {
            Self::File { tree, .. } | Self::Tree(tree) => tree,
        }
    }

    /// Returns what the log calls it.
    fn subject(&self, mode: Mode) -> Subject {
        let renamed = match self {
            Self::File { name, new_name, .. } if name != new_name => {
                Some((Path::root().child(name), Path::root().child(new_name)))
            }
            _ => None,
        };
        Subject { whole: shown::tree(self.tree()), moving: mode == Mode::Move, renamed }
    }

    async fn reach(&self, context: &Context, source: &Tree, mode: Mode) -> Result<(), Failures> {
        match self {
            Self::Tree(tree) => ops::sync(context, source, tree, mode).await,
            Self::File { name, tree, new_name } => {
                let from = Path::root().child(name);
                let to = Path::root().child(new_name);
                // One file says nothing of the others: sync deletes nothing here.
                let mode = if mode == Mode::Sync { Mode::Copy } else { mode };
                ops::copy_file(context, source, &from, tree, &to, mode).await
            }
        }
    }
}

/// Returns the directory a path names a file in, and the file's name.
///
/// # Errors
/// When the path can only be a directory.
pub(crate) fn parent(resolved: &Resolved, text: &str) -> anyhow::Result<(Tree, Name)> {
    if text.ends_with('/') {
        return Err(Fatal(format!("\"{text}\" is a directory")).into());
    }
    let tree = resolved.tree(text)?;
    let Some((directory, name)) = tree.root.split() else {
        bail!("\"{text}\" is a directory: name a file in it");
    };
    Ok((Tree::new(tree.remote, directory), name))
}

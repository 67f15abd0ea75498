//! Where a file is written: under a temporary name where the remote renames, else in place.

use std::time::Duration;

use crate::context::Options;
use crate::entry::Entry;
use crate::error::Result;
use crate::partial::Partials;
use crate::path::Path;
use crate::remote::{Commit, Committed, Committing, Remote, Tree, Writer};

/// Where one file is written.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    remote: &'a dyn Remote,
    to: Path,
    partial: Option<Path>,
}

impl<'a> Target<'a> {
    /// Returns the target for `to`, relative to the tree, its temporary name made from what is known
    /// of the source.
    ///
    /// # Errors
    /// When the suffix of temporary names cannot be part of a name.
    pub(crate) fn new(
        tree: &'a Tree,
        to: &Path,
        source: &Entry,
        partials: &Partials,
        options: &Options,
    ) -> Result<Self> {
        let at = tree.path(to);
        let renames = !options.inplace && tree.remote.capability().rename;
        let partial = match at.parent().filter(|_| renames) {
            Some(parent) => Some(parent.child(&partials.name(to, source)?)),
            None => None,
        };
        Ok(Self { remote: &*tree.remote, to: at, partial })
    }

    /// Tells whether the file gets its final name only when it is complete.
    pub(crate) fn is_temporary(&self) -> bool {
        self.partial.is_some()
    }

    /// Returns where the remote writes.
    pub(crate) fn written(&self) -> &Path {
        self.partial.as_ref().unwrap_or(&self.to)
    }

    pub(crate) fn remote(&self) -> &'a dyn Remote {
        self.remote
    }

    pub(crate) async fn create(&self, offset: u64) -> Result<Box<dyn Writer>> {
        self.remote.create(self.written(), offset).await
    }

    /// Ends the file: checks what `commit` says of it, sets its time where the remote can, gives it
    /// its name. Returns once the remote is free for the next file.
    pub(crate) async fn begin_commit(
        &self,
        writer: Box<dyn Writer>,
        commit: Commit,
    ) -> Result<Committing> {
        let rename_to = self.partial.is_some().then(|| self.to.clone());
        self.end(writer, Commit { rename_to, ..commit }).await
    }

    /// The same, but leaves the file under its temporary name.
    pub(crate) async fn commit_without_name(
        &self,
        writer: Box<dyn Writer>,
        commit: Commit,
    ) -> Result<Committed> {
        self.end(writer, commit).await?.await
    }

    /// Gives a file that was committed without it its name.
    pub(crate) async fn rename(&self) -> Result<()> {
        self.remote.rename(self.written(), &self.to).await
    }

    async fn end(&self, writer: Box<dyn Writer>, commit: Commit) -> Result<Committing> {
        let settable = self.remote.capability().write_precision.is_some();
        let modified = commit.modified.filter(|_| settable);
        writer.begin_commit(Commit { modified, ..commit }).await
    }

    /// Removes what a failure left behind, if that can be done soon.
    pub(crate) async fn clean_up(&self) {
        let _ = tokio::time::timeout(CLEAN_UP, self.remote.remove(self.written())).await;
    }
}

const CLEAN_UP: Duration = Duration::from_secs(5);

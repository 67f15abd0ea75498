//! What the verbs share that list: one file or a tree, entry by entry, failures on the way.

use futures_util::stream::{self, BoxStream, StreamExt as _};
use sync_core::context::Context;
use sync_core::ops::{self, Failures, Found};
use sync_core::walk::Times;
use sync_core::{Error, Event, Path, Tree};

use crate::resolve::Resolved;

/// The entries of a path, one after the other.
pub(crate) struct Listing {
    /// Where the entries are; their paths are relative to it.
    pub(crate) tree: Tree,
    context: Context,
    entries: BoxStream<'static, sync_core::Result<Found>>,
    failures: Option<Failures>,
}

impl Listing {
    /// Begins to list what stands at a path: a file alone, or a directory `depth` levels deep.
    pub(crate) async fn open(
        resolved: &Resolved,
        text: &str,
        depth: Option<usize>,
    ) -> anyhow::Result<Self> {
        Self::open_for(resolved, text, depth, Times::Unseen).await
    }

    /// Like [`Self::open`], for a verb that shows times of files.
    pub(crate) async fn open_with_times(
        resolved: &Resolved,
        text: &str,
        depth: Option<usize>,
    ) -> anyhow::Result<Self> {
        Self::open_for(resolved, text, depth, Times::Exact).await
    }

    /// Like [`Self::open`], for a verb that does this with times.
    pub(crate) async fn open_for(
        resolved: &Resolved,
        text: &str,
        depth: Option<usize>,
        times: Times,
    ) -> anyhow::Result<Self> {
        let context = resolved.context();
        let (tree, file) = resolved.source(text).await?;
        let entries = match file {
            Some(name) => single(&tree, Path::root().child(&name)).await?,
            None => ops::entries_with_times(&context, &tree, depth, times),
        };
        Ok(Self { tree, context, entries, failures: None })
    }

    /// Returns the next entry. What cannot be listed is told and counted.
    pub(crate) async fn next(&mut self) -> Option<Found> {
        loop {
            match self.entries.next().await? {
                Ok(found) => return Some(found),
                Err(error) => self.fail(error),
            }
        }
    }

    /// Returns the next file.
    pub(crate) async fn next_file(&mut self) -> Option<Found> {
        loop {
            let found = self.next().await?;
            if found.entry.is_file() {
                return Some(found);
            }
        }
    }

    /// Tells whether anything could not be listed so far.
    pub(crate) fn has_failed(&self) -> bool {
        self.failures.is_some()
    }

    /// Tells of a failure and counts it.
    pub(crate) fn fail(&mut self, error: Error) {
        self.fail_on(&Path::root(), error);
    }

    /// Tells of a failure on one path and counts it.
    pub(crate) fn fail_on(&mut self, path: &Path, error: Error) {
        self.context.progress.event(Event::Failed { path, error: &error });
        let count = self.failures.as_ref().map_or(0, |failures| failures.count) + 1;
        self.failures = Some(Failures { count, last: error });
    }

    /// Ends the listing.
    ///
    /// # Errors
    /// With all that failed on the way.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        self.failures.map_or(Ok(()), |failures| Err(failures.into()))
    }
}

async fn single(
    tree: &Tree,
    path: Path,
) -> anyhow::Result<BoxStream<'static, sync_core::Result<Found>>> {
    let entry = tree.remote.stat(&tree.path(&path)).await?;
    let found = entry.map(|entry| Ok(Found { path, entry }));
    Ok(stream::iter(found).boxed())
}

/// Returns how deep a verb goes that lists one level unless told.
pub(crate) fn depth(resolved: &Resolved, recursive: bool) -> Option<usize> {
    let wanted = resolved.context().options.max_depth;
    let given = resolved.globals.filter.max_depth.0.is_some();
    if recursive || given { wanted } else { Some(1) }
}

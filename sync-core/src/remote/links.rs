//! Symbolic links as the user wants them: left out, followed, or turned into `.rclonelink` files that
//! hold where they lead, and back where the remote makes links. The engine knows nothing of it.
//!
//! A remote without this in front shows links as links.

mod follow;
mod translate;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::entry::{Entry, Kind, Listing, Modified};
use crate::error::Result;
use crate::path::Path;
use crate::remote::{About, Capability, Reader, Remote, Writer, unsupported};
use follow::Followed;
use translate::Translated;

/// What becomes of symbolic links.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Policy {
    /// What they lead to stands in their place. One that leads nowhere or back to a directory it lies
    /// in is a [`Doubt`](crate::Doubt).
    Follow,
    /// They are not there.
    Skip,
    /// Each is a file that holds its target, its name with `.rclonelink` added.
    Translate,
}

/// A remote with links as a policy has them.
#[derive(Debug)]
pub struct Links {
    remote: Arc<dyn Remote>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Follow(Followed),
    Skip,
    Translate(Arc<Translated>),
}

impl Links {
    /// Treats the links of `remote` as `policy` says.
    pub fn new(remote: Arc<dyn Remote>, policy: Policy) -> Self {
        let way = match policy {
            Policy::Follow => Way::Follow(Followed::new(Arc::clone(&remote))),
            Policy::Skip => Way::Skip,
            Policy::Translate => Way::Translate(Arc::new(Translated::new(Arc::clone(&remote)))),
        };
        Self { remote, way }
    }

    fn translated(&self) -> Option<&Arc<Translated>> {
        match &self.way {
            Way::Translate(links) => Some(links),
            Way::Follow(_) | Way::Skip => None,
        }
    }

    /// Returns what stands for a path: the link itself where the path is that of its file.
    async fn real(&self, path: &Path) -> Result<Path> {
        match self.translated() {
            Some(links) => links.real(path).await,
            None => Ok(path.clone()),
        }
    }

    async fn all_real(&self, paths: &[Path]) -> Vec<Path> {
        let mut real = Vec::with_capacity(paths.len());
        for path in paths {
            real.push(self.real(path).await.unwrap_or_else(|_| path.clone()));
        }
        real
    }
}

fn without_links(mut listing: Listing) -> Listing {
    listing.entries.retain(|entry| !matches!(entry.kind, Kind::Symlink { .. }));
    listing
}

#[async_trait]
impl Remote for Links {
    fn capability(&self) -> Capability {
        // Whoever uses this knows nothing of links.
        Capability { symlink: false, ..self.remote.capability() }
    }

    async fn connect(&self) -> Result<()> {
        self.remote.connect().await
    }

    fn label(&self) -> String {
        self.remote.label()
    }

    fn identity(&self) -> String {
        self.remote.identity()
    }

    async fn list(&self, directory: &Path) -> Result<Listing> {
        match &self.way {
            Way::Follow(links) => links.list(directory).await,
            Way::Skip => self.remote.list(directory).await.map(without_links),
            Way::Translate(links) => links.list(directory).await,
        }
    }

    async fn list_briefly(&self, directory: &Path) -> Result<Listing> {
        match &self.way {
            Way::Skip => self.remote.list_briefly(directory).await.map(without_links),
            Way::Follow(_) | Way::Translate(_) => self.list(directory).await,
        }
    }

    fn promise(&self, at_most: usize) -> bool {
        self.remote.promise(at_most)
    }

    fn listings_at_once(&self) -> Option<usize> {
        match self.way {
            Way::Skip => self.remote.listings_at_once(),
            Way::Follow(_) | Way::Translate(_) => None,
        }
    }

    async fn stat(&self, path: &Path) -> Result<Option<Entry>> {
        self.stat_all(std::slice::from_ref(path)).await.pop().unwrap_or(Ok(None))
    }

    async fn open(&self, path: &Path, offset: u64, length: Option<u64>) -> Result<Box<dyn Reader>> {
        if let Some(links) = self.translated()
            && let Some(content) = links.content(path).await?
        {
            return Ok(content.from(offset, length));
        }
        self.remote.open(path, offset, length).await
    }

    async fn create(&self, path: &Path, offset: u64) -> Result<Box<dyn Writer>> {
        let writer = self.remote.create(path, offset).await?;
        Ok(match self.translated() {
            Some(links) => links.writer(writer, path),
            None => writer,
        })
    }

    async fn mkdir(&self, directory: &Path) -> Result<()> {
        let made = self.mkdir_all(std::slice::from_ref(directory)).await;
        made.into_iter().next().unwrap_or(Ok(()))
    }

    async fn rmdir(&self, directory: &Path) -> Result<()> {
        self.remote.rmdir(directory).await
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        let real = self.real(path).await?;
        self.remote.remove(&real).await
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        match self.translated() {
            Some(links) => links.rename(from, to).await,
            None => self.remote.rename(from, to).await,
        }
    }

    async fn set_modified(&self, path: &Path, modified: Timestamp) -> Result<()> {
        let set = self.set_modified_all(&[(path.clone(), modified)]).await;
        set.into_iter().next().unwrap_or(Ok(()))
    }

    async fn stat_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        match &self.way {
            Way::Follow(_) => self.remote.follow_all(paths).await,
            Way::Skip => self.remote.stat_all(paths).await,
            Way::Translate(links) => links.stat_all(paths).await,
        }
    }

    async fn modified_all(&self, paths: &[Path]) -> Vec<Result<Option<Modified>>> {
        match self.translated() {
            Some(links) => links.modified_all(paths).await,
            None => self.remote.modified_all(paths).await,
        }
    }

    async fn remove_all(&self, paths: &[Path]) -> Vec<Result<()>> {
        self.remote.remove_all(&self.all_real(paths).await).await
    }

    async fn mkdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        match self.translated() {
            Some(links) => links.mkdir_all(directories).await,
            None => self.remote.mkdir_all(directories).await,
        }
    }

    async fn rmdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        self.remote.rmdir_all(directories).await
    }

    async fn remove_tree(&self, files: &[Path], directories: &[Path]) -> Vec<Result<()>> {
        self.remote.remove_tree(&self.all_real(files).await, directories).await
    }

    async fn set_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        match self.translated() {
            Some(links) => links.set_modified_all(times).await,
            None => self.remote.set_modified_all(times).await,
        }
    }

    async fn set_directory_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        self.remote.set_directory_modified_all(times).await
    }

    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        if let Some(links) = self.translated()
            && links.content(from).await?.is_some()
        {
            return Err(unsupported("copy symbolic links").on(from));
        }
        self.remote.copy(from, to).await
    }

    async fn hash(&self, path: &Path, algorithm: &str) -> Result<Vec<u8>> {
        if let Some(links) = self.translated()
            && let Some(content) = links.content(path).await?
        {
            return content.hash(algorithm);
        }
        self.remote.hash(path, algorithm).await
    }

    async fn about(&self) -> Result<About> {
        self.remote.about().await
    }

    async fn shutdown(&self) {
        self.remote.shutdown().await;
    }
}

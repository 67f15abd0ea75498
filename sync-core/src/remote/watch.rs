//! Puts a watcher in front of a remote: it hears of every call before it is made and may refuse it.
//! [`Record`](super::record::Record) and [`Fault`](super::fault::Fault) are watchers.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::entry::{Entry, Listing, Modified};
use crate::error::Result;
use crate::path::Path;
use crate::remote::{About, Capability, Commit, Committed, Committing, Reader, Remote, Writer};

/// Hears of every call to a remote.
pub trait Watch: fmt::Debug + Send + Sync + 'static {
    /// Takes note of a call about to be made.
    ///
    /// # Errors
    /// Whatever the call shall fail with instead of being made.
    fn before(&self, call: Call, path: &Path) -> Result<()>;
}

/// The calls of [`Remote`], [`Reader`] and [`Writer`]. Of a many-at-once form every item is a call.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "each is named as the method it stands for")]
pub enum Call {
    About,
    Commit,
    Copy,
    Create,
    Hash,
    List,
    Mkdir,
    Modified,
    Open,
    Read,
    Remove,
    Rename,
    Rmdir,
    SetModified,
    Stat,
    Write,
}

/// A remote with a watcher in front.
#[derive(Debug)]
pub struct Watched<W> {
    remote: Arc<dyn Remote>,
    watch: Arc<W>,
}

impl<W: Watch> Watched<W> {
    /// Puts `watch` in front of `remote`.
    pub fn new(remote: Arc<dyn Remote>, watch: W) -> Self {
        Self { remote, watch: Arc::new(watch) }
    }

    /// Returns the watcher.
    pub fn watch(&self) -> &W {
        &self.watch
    }

    fn before(&self, call: Call, path: &Path) -> Result<()> {
        self.watch.before(call, path)
    }

    /// Splits off the items that are refused, has `rest` answer the others in one go, and puts the
    /// answers back in order.
    async fn many<I: Clone, T, F>(
        &self,
        call: Call,
        items: &[I],
        path: impl Fn(&I) -> &Path,
        rest: impl FnOnce(Vec<I>) -> F,
    ) -> Vec<Result<T>>
    where
        F: Future<Output = Vec<Result<T>>>,
    {
        let verdicts: Vec<_> = items.iter().map(|item| self.before(call, path(item))).collect();
        let passed = items.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_ok());
        let mut answers = rest(passed.map(|(item, _)| item.clone()).collect()).await.into_iter();
        let answer = |verdict: Result<()>| verdict.and_then(|()| answers.next().expect("one each"));
        verdicts.into_iter().map(answer).collect()
    }
}

#[async_trait]
impl<W: Watch> Remote for Watched<W> {
    fn capability(&self) -> Capability {
        self.remote.capability()
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
        self.before(Call::List, directory)?;
        self.remote.list(directory).await
    }

    async fn list_briefly(&self, directory: &Path) -> Result<Listing> {
        self.before(Call::List, directory)?;
        self.remote.list_briefly(directory).await
    }

    fn listings_at_once(&self) -> Option<usize> {
        self.remote.listings_at_once()
    }

    async fn stat(&self, path: &Path) -> Result<Option<Entry>> {
        self.before(Call::Stat, path)?;
        self.remote.stat(path).await
    }

    async fn open(&self, path: &Path, offset: u64, length: Option<u64>) -> Result<Box<dyn Reader>> {
        self.before(Call::Open, path)?;
        let file = self.remote.open(path, offset, length).await?;
        Ok(Box::new(WatchedFile { file, path: path.clone(), watch: Arc::clone(&self.watch) }))
    }

    async fn create(&self, path: &Path, offset: u64) -> Result<Box<dyn Writer>> {
        self.before(Call::Create, path)?;
        let file = self.remote.create(path, offset).await?;
        Ok(Box::new(WatchedFile { file, path: path.clone(), watch: Arc::clone(&self.watch) }))
    }

    async fn mkdir(&self, directory: &Path) -> Result<()> {
        self.before(Call::Mkdir, directory)?;
        self.remote.mkdir(directory).await
    }

    async fn rmdir(&self, directory: &Path) -> Result<()> {
        self.before(Call::Rmdir, directory)?;
        self.remote.rmdir(directory).await
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        self.before(Call::Remove, path)?;
        self.remote.remove(path).await
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.before(Call::Rename, from)?;
        self.remote.rename(from, to).await
    }

    async fn set_modified(&self, path: &Path, modified: Timestamp) -> Result<()> {
        self.before(Call::SetModified, path)?;
        self.remote.set_modified(path, modified).await
    }

    async fn stat_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        let stat = async |paths: Vec<Path>| self.remote.stat_all(&paths).await;
        self.many(Call::Stat, paths, |path| path, stat).await
    }

    async fn modified_all(&self, paths: &[Path]) -> Vec<Result<Option<Modified>>> {
        let modified = async |paths: Vec<Path>| self.remote.modified_all(&paths).await;
        self.many(Call::Modified, paths, |path| path, modified).await
    }

    async fn remove_all(&self, paths: &[Path]) -> Vec<Result<()>> {
        let remove = async |paths: Vec<Path>| self.remote.remove_all(&paths).await;
        self.many(Call::Remove, paths, |path| path, remove).await
    }

    async fn mkdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        let mkdir = async |paths: Vec<Path>| self.remote.mkdir_all(&paths).await;
        self.many(Call::Mkdir, directories, |path| path, mkdir).await
    }

    async fn rmdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        let rmdir = async |paths: Vec<Path>| self.remote.rmdir_all(&paths).await;
        self.many(Call::Rmdir, directories, |path| path, rmdir).await
    }

    async fn set_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        let set = async |times: Vec<_>| self.remote.set_modified_all(&times).await;
        self.many(Call::SetModified, times, |(path, _)| path, set).await
    }

    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        self.before(Call::Copy, from)?;
        self.remote.copy(from, to).await
    }

    async fn hash(&self, path: &Path, algorithm: &str) -> Result<Vec<u8>> {
        self.before(Call::Hash, path)?;
        self.remote.hash(path, algorithm).await
    }

    async fn about(&self) -> Result<About> {
        self.before(Call::About, &Path::root())?;
        self.remote.about().await
    }

    async fn shutdown(&self) {
        self.remote.shutdown().await;
    }
}

/// A reader or writer with a watcher in front.
#[derive(Debug)]
struct WatchedFile<F, W> {
    file: F,
    path: Path,
    watch: Arc<W>,
}

#[async_trait]
impl<W: Watch> Reader for WatchedFile<Box<dyn Reader>, W> {
    async fn read(&mut self) -> Result<Bytes> {
        self.watch.before(Call::Read, &self.path)?;
        self.file.read().await
    }
}

#[async_trait]
impl<W: Watch> Writer for WatchedFile<Box<dyn Writer>, W> {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        self.watch.before(Call::Write, &self.path)?;
        self.file.write(data).await
    }

    async fn commit(self: Box<Self>, commit: Commit) -> Result<Committed> {
        self.watch.before(Call::Commit, &self.path)?;
        self.file.commit(commit).await
    }

    async fn begin_commit(self: Box<Self>, commit: Commit) -> Result<Committing> {
        self.watch.before(Call::Commit, &self.path)?;
        self.file.begin_commit(commit).await
    }
}

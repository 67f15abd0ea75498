//! Puts a watcher in front of a remote: it hears of every call before it is made and may refuse it or
//! have it wait. [`Limit`](super::limit::Limit), [`Record`](super::record::Record) and
//! [`Fault`](super::fault::Fault) are watchers.

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
#[async_trait]
pub trait Watch: fmt::Debug + Send + Sync + 'static {
    /// What is kept of each open file.
    type File: Send + Sync;

    /// Returns what is to be kept of a file now opened.
    fn opened(&self) -> Self::File;

    /// Returns how many items of a many-at-once form may go together.
    fn at_once(&self) -> usize {
        usize::MAX
    }

    /// Takes note of a call about to be made, which waits for this.
    ///
    /// # Errors
    /// Whatever the call shall fail with instead of being made.
    async fn before(&self, call: Call, path: &Path) -> Result<()>;

    /// Returns how many bytes of a file may go in one piece.
    fn piece(&self, file: &Self::File, call: Call) -> usize {
        let _ = (file, call);
        usize::MAX
    }

    /// Takes note of bytes that were read, or are about to be written.
    async fn moved(&self, file: &Self::File, call: Call, bytes: usize) {
        let _ = (file, call, bytes);
    }
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
    Symlink,
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

    async fn before(&self, call: Call, path: &Path) -> Result<()> {
        self.watch.before(call, path).await
    }

    fn file<F>(&self, file: F, path: &Path) -> Box<WatchedFile<F, W>> {
        let watch = Arc::clone(&self.watch);
        let (path, kept, rest) = (path.clone(), watch.opened(), Bytes::new());
        Box::new(WatchedFile { file, path, kept, rest, watch })
    }

    /// Splits off the items that are refused, has `rest` answer the others, as many together as may
    /// be, and puts the answers back in order.
    async fn many<I: Clone, T, F>(
        &self,
        call: Call,
        items: &[I],
        path: impl Fn(&I) -> &Path,
        rest: impl Fn(Vec<I>) -> F,
    ) -> Vec<Result<T>>
    where
        F: Future<Output = Vec<Result<T>>>,
    {
        let mut answers = Vec::with_capacity(items.len());
        for items in items.chunks(self.watch.at_once()) {
            let mut verdicts = Vec::with_capacity(items.len());
            for item in items {
                verdicts.push(self.before(call, path(item)).await);
            }
            let passed = items.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_ok());
            let mut passed = rest(passed.map(|(item, _)| item.clone()).collect()).await.into_iter();
            let answer =
                |verdict: Result<()>| verdict.and_then(|()| passed.next().expect("one each"));
            answers.extend(verdicts.into_iter().map(answer));
        }
        answers
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
        self.before(Call::List, directory).await?;
        self.remote.list(directory).await
    }

    async fn list_briefly(&self, directory: &Path) -> Result<Listing> {
        self.before(Call::List, directory).await?;
        self.remote.list_briefly(directory).await
    }

    async fn list_links(&self, directory: &Path) -> Result<Listing> {
        self.before(Call::List, directory).await?;
        self.remote.list_links(directory).await
    }

    fn promise(&self, at_most: usize) -> bool {
        self.remote.promise(at_most)
    }

    fn listings_at_once(&self) -> Option<usize> {
        self.remote.listings_at_once()
    }

    async fn stat(&self, path: &Path) -> Result<Option<Entry>> {
        self.before(Call::Stat, path).await?;
        self.remote.stat(path).await
    }

    async fn open(&self, path: &Path, offset: u64, length: Option<u64>) -> Result<Box<dyn Reader>> {
        self.before(Call::Open, path).await?;
        let file = self.remote.open(path, offset, length).await?;
        Ok(self.file(file, path))
    }

    async fn create(&self, path: &Path, offset: u64) -> Result<Box<dyn Writer>> {
        self.before(Call::Create, path).await?;
        let file = self.remote.create(path, offset).await?;
        Ok(self.file(file, path))
    }

    async fn mkdir(&self, directory: &Path) -> Result<()> {
        self.before(Call::Mkdir, directory).await?;
        self.remote.mkdir(directory).await
    }

    async fn rmdir(&self, directory: &Path) -> Result<()> {
        self.before(Call::Rmdir, directory).await?;
        self.remote.rmdir(directory).await
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        self.before(Call::Remove, path).await?;
        self.remote.remove(path).await
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.before(Call::Rename, from).await?;
        self.remote.rename(from, to).await
    }

    async fn set_modified(&self, path: &Path, modified: Timestamp) -> Result<()> {
        self.before(Call::SetModified, path).await?;
        self.remote.set_modified(path, modified).await
    }

    async fn stat_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        let stat = async |paths: Vec<Path>| self.remote.stat_all(&paths).await;
        self.many(Call::Stat, paths, |path| path, stat).await
    }

    async fn follow_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        let follow = async |paths: Vec<Path>| self.remote.follow_all(&paths).await;
        self.many(Call::Stat, paths, |path| path, follow).await
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

    /// Whatever is refused or waits keeps its directory, so those come when it is known.
    async fn remove_tree(&self, files: &[Path], directories: &[Path]) -> Vec<Result<()>> {
        let mut results = self.remove_all(files).await;
        results.extend(self.rmdir_all(directories).await);
        results
    }

    async fn set_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        let set = async |times: Vec<_>| self.remote.set_modified_all(&times).await;
        self.many(Call::SetModified, times, |(path, _)| path, set).await
    }

    async fn set_directory_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        let set = async |times: Vec<_>| self.remote.set_directory_modified_all(&times).await;
        self.many(Call::SetModified, times, |(path, _)| path, set).await
    }

    async fn symlink(&self, path: &Path, target: &[u8], modified: Option<Timestamp>) -> Result<()> {
        self.before(Call::Symlink, path).await?;
        self.remote.symlink(path, target, modified).await
    }

    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        self.before(Call::Copy, from).await?;
        self.remote.copy(from, to).await
    }

    async fn hash(&self, path: &Path, algorithm: &str) -> Result<Vec<u8>> {
        self.before(Call::Hash, path).await?;
        self.remote.hash(path, algorithm).await
    }

    async fn about(&self) -> Result<About> {
        self.before(Call::About, &Path::root()).await?;
        self.remote.about().await
    }

    async fn shutdown(&self) {
        self.remote.shutdown().await;
    }
}

/// A reader or writer with a watcher in front.
struct WatchedFile<F, W: Watch> {
    file: F,
    path: Path,
    kept: W::File,
    /// What was read and goes with a later piece.
    rest: Bytes,
    watch: Arc<W>,
}

impl<F, W: Watch> WatchedFile<F, W> {
    /// Takes from `data` what goes in one piece, once it may go.
    async fn piece(&mut self, call: Call, data: &mut Bytes) -> Bytes {
        let most = self.watch.piece(&self.kept, call);
        let piece = data.split_to(most.min(data.len()));
        self.watch.moved(&self.kept, call, piece.len()).await;
        piece
    }
}

#[async_trait]
impl<W: Watch> Reader for WatchedFile<Box<dyn Reader>, W> {
    async fn read(&mut self) -> Result<Bytes> {
        let mut data = std::mem::take(&mut self.rest);
        if data.is_empty() {
            self.watch.before(Call::Read, &self.path).await?;
            data = self.file.read().await?;
        }
        let piece = self.piece(Call::Read, &mut data).await;
        self.rest = data;
        Ok(piece)
    }
}

#[async_trait]
impl<W: Watch> Writer for WatchedFile<Box<dyn Writer>, W> {
    async fn write(&mut self, mut data: Bytes) -> Result<()> {
        self.watch.before(Call::Write, &self.path).await?;
        while !data.is_empty() {
            let piece = self.piece(Call::Write, &mut data).await;
            self.file.write(piece).await?;
        }
        Ok(())
    }

    async fn commit(self: Box<Self>, commit: Commit) -> Result<Committed> {
        before_commit(&*self.watch, &self.path, &commit).await?;
        self.file.commit(commit).await
    }

    async fn begin_commit(self: Box<Self>, commit: Commit) -> Result<Committing> {
        before_commit(&*self.watch, &self.path, &commit).await?;
        self.file.begin_commit(commit).await
    }
}

/// To have the content compared is to ask for its hash.
async fn before_commit(watch: &impl Watch, path: &Path, commit: &Commit) -> Result<()> {
    watch.before(Call::Commit, path).await?;
    match commit.hash {
        Some(_) => watch.before(Call::Hash, path).await,
        None => Ok(()),
    }
}

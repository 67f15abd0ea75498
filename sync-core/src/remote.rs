//! The [`Remote`] trait: what the engine asks of a place that holds files.
//!
//! A remote is a whole place (a server, this machine's disk, a store in memory); a [`Tree`] is one
//! directory of it that a verb works on. Two trees on one remote can move files on the server.
//!
//! Contracts every backend keeps, and the conformance suite checks:
//! - one operation uses one session and never waits for a second one;
//! - a final name never holds half a file: [`Remote::create`] writes where it is told, and only
//!   [`Writer::commit`] gives the file its name;
//! - "not there" is said only when it is certain; every other failure keeps its own kind;
//! - the many-at-once forms answer in the order they were asked, and one failure leaves its
//!   neighbours alone.

pub mod conformance;
pub mod fault;
pub mod ftp;
pub mod limit;
pub mod links;
pub mod local;
pub mod memory;
pub mod record;
pub mod watch;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::entry::{Entry, Listing, Modified};
use crate::error::{Error, ErrorKind, Result};
use crate::path::Path;

/// A place that holds files.
#[async_trait]
pub trait Remote: fmt::Debug + Send + Sync {
    /// Returns what this remote can do.
    ///
    /// A server's answer may sharpen after the first session; ask when it matters, and after
    /// [`Remote::connect`].
    fn capability(&self) -> Capability;

    /// Talks to the place once, so that [`Remote::capability`] says what it can do.
    async fn connect(&self) -> Result<()> {
        Ok(())
    }

    /// Returns the place as messages name it, such as `ftp://host` or nothing for the local disk.
    fn label(&self) -> String;

    /// Returns what tells this place from every other one, also in later runs; no secret is in it.
    fn identity(&self) -> String {
        self.label()
    }

    /// Returns what `directory` holds, without `.` and `..`, in no order.
    ///
    /// # Errors
    /// [`ErrorKind::DirectoryNotFound`] when it is certain that there is none,
    /// [`ErrorKind::NotADirectory`] when a file stands there.
    async fn list(&self, directory: &Path) -> Result<Listing>;

    /// Like [`Remote::list`], for who needs no exact times: where that is faster, they may be coarser
    /// than the remote could tell.
    async fn list_briefly(&self, directory: &Path) -> Result<Listing> {
        self.list(directory).await
    }

    /// Like [`Remote::list`], every symbolic link as one, with its target as far as the remote can
    /// tell it.
    async fn list_links(&self, directory: &Path) -> Result<Listing> {
        self.list(directory).await
    }

    /// Returns how many directories it pays to list briefly at the same time; none where only the user
    /// limits it.
    fn listings_at_once(&self) -> Option<usize> {
        None
    }

    /// Tells whether a file can be opened at once while the end of another is on its way, and counts on
    /// that being done next. Where it cannot, the remote may make it so for the next time, with no more
    /// than `at_most` connections in all. A remote that knows no such end says no.
    fn promise(&self, at_most: usize) -> bool {
        let _ = at_most;
        false
    }

    /// Returns what stands at `path`, or `None` when it is certain that nothing does.
    ///
    /// The path where a remote starts is always a directory.
    async fn stat(&self, path: &Path) -> Result<Option<Entry>>;

    /// Opens a file for reading from `offset` on, at most `length` bytes where given.
    async fn open(&self, path: &Path, offset: u64, length: Option<u64>) -> Result<Box<dyn Reader>>;

    /// Opens `path` for writing, replacing what it holds, or from `offset` on.
    ///
    /// The engine passes a temporary name here and the final one to [`Writer::commit`].
    async fn create(&self, path: &Path, offset: u64) -> Result<Box<dyn Writer>>;

    /// Makes a directory and its missing parents; one that is there already is a success.
    async fn mkdir(&self, directory: &Path) -> Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`ErrorKind::NotEmpty`], [`ErrorKind::DirectoryNotFound`], [`ErrorKind::PermissionDenied`],
    /// told apart also where the server's reply is bare.
    async fn rmdir(&self, directory: &Path) -> Result<()>;

    /// Removes a file (or a symbolic link itself).
    async fn remove(&self, path: &Path) -> Result<()>;

    /// Renames a file or directory, replacing a file that stands at `to`.
    async fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// Sets the modification time, as fine as [`Capability::write_precision`] says.
    async fn set_modified(&self, path: &Path, modified: Timestamp) -> Result<()>;

    /// Looks at many paths.
    async fn stat_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        let mut results = Vec::with_capacity(paths.len());
        for path in paths {
            results.push(self.stat(path).await);
        }
        results
    }

    /// Looks at many paths, at what is there once all links are followed; none for a link that leads
    /// nowhere.
    async fn follow_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        self.stat_all(paths).await
    }

    /// Returns when many files changed, as exactly as [`Capability::asked_precision`] says.
    async fn modified_all(&self, paths: &[Path]) -> Vec<Result<Option<Modified>>> {
        let found = self.stat_all(paths).await.into_iter();
        found.map(|found| Ok(found?.and_then(|entry| entry.modified))).collect()
    }

    /// Removes many files.
    async fn remove_all(&self, paths: &[Path]) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(paths.len());
        for path in paths {
            results.push(self.remove(path).await);
        }
        results
    }

    /// Makes many directories, parents before children in the order given.
    async fn mkdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(directories.len());
        for directory in directories {
            results.push(self.mkdir(directory).await);
        }
        results
    }

    /// Removes many empty directories, children before parents in the order given.
    async fn rmdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(directories.len());
        for directory in directories {
            results.push(self.rmdir(directory).await);
        }
        results
    }

    /// Removes many files, and right behind them the directories that are empty then, children before
    /// parents in the order given. The results are those of the files, then those of the directories.
    async fn remove_tree(&self, files: &[Path], directories: &[Path]) -> Vec<Result<()>> {
        let mut results = self.remove_all(files).await;
        results.extend(self.rmdir_all(directories).await);
        results
    }

    /// Sets many modification times.
    async fn set_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(times.len());
        for (path, modified) in times {
            results.push(self.set_modified(path, *modified).await);
        }
        results
    }

    /// Sets the modification times of many directories.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where that cannot be done, which may only show now;
    /// [`Capability::set_directory_modified`] knows it then.
    async fn set_directory_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        self.set_modified_all(times).await
    }

    /// Puts a symbolic link to `target` there, in place of a file or link that may stand there, and
    /// gives it this time.
    async fn symlink(&self, path: &Path, target: &[u8], modified: Option<Timestamp>) -> Result<()> {
        let _ = (target, modified);
        Err(unsupported("make symbolic links").on(path))
    }

    /// Copies a file within the remote. The copy may bear the time at which it was made.
    ///
    /// As with [`Remote::create`], the engine passes a temporary name and renames afterwards.
    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        let _ = to;
        Err(unsupported("copy on the server").on(from))
    }

    /// Returns a hash of a file's content that the remote itself computes.
    async fn hash(&self, path: &Path, algorithm: &str) -> Result<Vec<u8>> {
        Err(unsupported(&format!("compute {algorithm} on the server")).on(path))
    }

    /// Returns how much room there is.
    async fn about(&self) -> Result<About> {
        Err(unsupported("tell how much room there is"))
    }

    /// Says goodbye: closes what is open, in bounded time.
    async fn shutdown(&self) {}
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this remote cannot {what}"))
}

/// A file being read. Dropping it gives up the transfer.
#[async_trait]
pub trait Reader: Send {
    /// Returns the next piece; an empty one is the end, and then the whole transfer was confirmed.
    async fn read(&mut self) -> Result<Bytes>;
}

/// A file being written under a temporary name. Dropping it gives up: what was written stays under
/// the temporary name.
#[async_trait]
pub trait Writer: Send {
    /// Writes all of `data`.
    async fn write(&mut self, data: Bytes) -> Result<()>;

    /// Ends the transfer, verifies it and gives the file its time and its final name, as one
    /// operation so that a backend can send it in one flight.
    ///
    /// Returns what went less than perfectly though the file stands complete, such as a time the
    /// server would not set.
    async fn commit(self: Box<Self>, commit: Commit) -> Result<Committed>;

    /// Like [`Writer::commit`], and returns as soon as the remote is free for the next file, which may
    /// be before it is known what came of this one.
    async fn begin_commit(self: Box<Self>, commit: Commit) -> Result<Committing> {
        let committed = self.commit(commit).await?;
        Ok(Box::pin(std::future::ready(Ok(committed))))
    }
}

/// What comes of a [`Writer::begin_commit`].
pub type Committing = Pin<Box<dyn Future<Output = Result<Committed>> + Send>>;

/// How a [`Writer`] ends.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// The size the file must have now; a mismatch is [`ErrorKind::Corrupted`] and no rename.
    pub size: Option<u64>,
    /// The time to give it.
    pub modified: Option<Timestamp>,
    /// The hash its content must have, by an algorithm of [`Capability::hashes`]; a mismatch is
    /// [`ErrorKind::Corrupted`] and no rename. A server that does not compute it after all is
    /// believed.
    pub hash: Option<(&'static str, Vec<u8>)>,
    /// The final name; none where it was written in place.
    pub rename_to: Option<Path>,
}

/// What came of a [`Writer::commit`] that succeeded.
#[derive(Debug, Default)]
pub struct Committed {
    /// Why the time could not be set, where that was asked for.
    pub time_not_set: Option<Error>,
}

/// What a remote can do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Capability {
    /// How fine the times are that it shows; none where it shows none.
    pub read_precision: Option<Duration>,
    /// How fine the times are that it tells when asked about one file; none where listings say all
    /// it knows.
    pub asked_precision: Option<Duration>,
    /// How fine the times are that it can be given; none where it stamps its own.
    pub write_precision: Option<Duration>,
    /// Whether the times of directories can be set.
    pub set_directory_modified: bool,
    /// Whether two names that differ in case only are two files.
    pub case_sensitive: bool,
    /// Whether a file can be opened at an offset.
    pub read_at: bool,
    /// Whether writing can go on at an offset.
    pub write_at: bool,
    /// Whether it renames.
    pub rename: bool,
    /// Whether it copies by itself.
    pub copy: bool,
    /// Whether it makes symbolic links.
    pub symlink: bool,
    /// Names of the hashes it computes, as rclone spells them (`md5`, `sha1`, `sha256`, `sha512`, `crc32`).
    pub hashes: Vec<&'static str>,
    /// How many operations are worth running at once; none where only the user limits it.
    pub concurrency: Option<usize>,
    /// Whether a reader costs next to nothing to open (a disk), so that content may be compared.
    pub local: bool,
}

/// How much room a remote has, in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct About {
    /// All there is.
    pub total: Option<u64>,
    /// Taken.
    pub used: Option<u64>,
    /// Left.
    pub free: Option<u64>,
}

/// One directory of a remote: what a verb works on.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Where it is.
    pub remote: Arc<dyn Remote>,
    /// The directory.
    pub root: Path,
    /// What the user calls the directory, where that is not its path.
    pub called: Option<String>,
}

impl Tree {
    /// Returns the tree below `root`.
    pub fn new(remote: Arc<dyn Remote>, root: Path) -> Self {
        Self { remote, root, called: None }
    }

    /// Returns the same tree by the name the user gave it.
    #[must_use]
    pub fn called(self, name: impl Into<String>) -> Self {
        Self { called: Some(name.into()), ..self }
    }

    /// Returns where `below`, a path relative to the tree, lies on the remote.
    pub fn path(&self, below: &Path) -> Path {
        self.root.join(below)
    }

    /// Tells whether both trees live on one remote, so that it can move files between them.
    pub fn same_remote(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.remote, &other.remote)
    }
}

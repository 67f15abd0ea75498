//! What is remembered of a pair of trees between runs, in a file of this machine's cache.
//!
//! Only one run at a time has the journal of a pair: it may then take it that nobody else on this
//! machine writes under the names it gives to files on their way.

mod fact;
mod file;
mod gone;
mod memory;
mod server;
mod text;

use std::path::Path as FilePath;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redb::{Database, ReadOnlyTable, TableDefinition};
use tokio::time::Instant;

use crate::entry::Entry;
use crate::partial::Key;
use crate::path::{Name, Path};
use crate::remote::Tree;

use fact::Stored;
pub use fact::{CONTENT, Fact};
use file::{Opened, Place};
use server::Taking;
pub(crate) use server::{OnServer, is_journal};
use text::Writing;

/// What was copied, by directory, a NUL, and name: so a directory's files stand together.
const FILES: TableDefinition<'_, &[u8], Stored<'static>> = TableDefinition::new("files");

/// How many changes and how long one of them may wait to be written.
const STEP: usize = 1000;
const PAUSE: Duration = Duration::from_secs(1);

/// The journal of one pair of trees, while a run has it.
#[derive(Debug)]
pub(crate) struct Journal {
    /// The key of temporary names; none where it would be forgotten at the end.
    key: Option<Key>,
    database: Database,
    place: Place,
    waiting: Mutex<Waiting>,
    /// How much the journal on the server does not say yet.
    unshared: AtomicUsize,
    notice: Option<String>,
}

/// Changes on their way to the disk: what a place holds now, or nothing.
#[derive(Debug)]
struct Waiting {
    changes: Vec<(Vec<u8>, Option<Fact>)>,
    written: Instant,
    /// Why they cannot be written, once that has happened.
    broken: Option<String>,
}

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    /// Another run has it.
    #[error("another run between the same places is under way")]
    Taken,
    /// It cannot be read or written.
    #[error("{0}")]
    Broken(Box<redb::Error>),
}

fn broken(error: impl Into<redb::Error>) -> Unavailable {
    Unavailable::Broken(Box::new(error.into()))
}

impl Journal {
    /// Opens the journal of these trees below `folder`, or begins it.
    pub(crate) fn open(
        folder: &FilePath,
        source: &Tree,
        destination: &Tree,
    ) -> Result<Self, Unavailable> {
        file::open(folder, source, destination).map(Self::from)
    }

    /// Reads the journal of these trees, and writes what is learnt nowhere.
    pub(crate) fn peek(
        folder: &FilePath,
        source: &Tree,
        destination: &Tree,
    ) -> Result<Self, Unavailable> {
        file::peek(folder, source, destination).map(Self::from)
    }

    /// Begins a journal that ends with the run, for what a server remembers.
    pub(crate) fn in_memory() -> Result<Self, Unavailable> {
        file::in_memory().map(|opened| Self { key: None, ..Self::from(opened) })
    }

    /// Returns the key of temporary names, where a later run will have it, too.
    pub(crate) fn key(&self) -> Option<Key> {
        self.key
    }

    /// Returns what the user should know of how the journal was opened.
    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Tells each file of a directory what is remembered of it.
    pub(crate) fn remind(&self, directory: &Path, entries: &mut [Entry]) {
        // What cannot be read is not remembered; writing will tell why.
        let Some(files) = self.files() else { return };
        for entry in entries.iter_mut().filter(|entry| entry.is_file()) {
            let known = files.get(place(directory, &entry.name).as_slice());
            let fact = known.ok().flatten().and_then(|stored| Fact::read(stored.value()));
            entry.copied = fact.map(Box::new);
        }
    }

    /// Forgets what is not there any more of a directory that holds `entries`, in byte order, and
    /// nothing else.
    pub(crate) fn forget_gone(self: &Arc<Self>, directory: &Path, entries: &[Entry]) {
        let Some(files) = self.files() else { return };
        let gone = gone::places(&files, directory, entries).unwrap_or_default();
        self.unshared.fetch_add(gone.len(), Ordering::Relaxed);
        self.change(gone.into_iter().map(|place| (place, None)));
    }

    fn files(&self) -> Option<ReadOnlyTable<&'static [u8], Stored<'static>>> {
        self.database.begin_read().ok()?.open_table(FILES).ok()
    }

    /// Remembers a file of a directory; it reaches the disk in steps.
    pub(crate) fn remember(self: &Arc<Self>, directory: &Path, name: &Name, fact: Fact) {
        self.unshared.fetch_add(1, Ordering::Relaxed);
        self.remember_here(directory, name, fact);
    }

    /// Remembers what only this machine need know of a file.
    pub(crate) fn remember_here(self: &Arc<Self>, directory: &Path, name: &Name, fact: Fact) {
        self.change([(place(directory, name), Some(fact))]);
    }

    fn change(self: &Arc<Self>, changes: impl IntoIterator<Item = (Vec<u8>, Option<Fact>)>) {
        let mut waiting = self.waiting();
        waiting.changes.extend(changes);
        let old = !waiting.changes.is_empty() && waiting.written.elapsed() >= PAUSE;
        if waiting.changes.len() >= STEP || old {
            waiting.written = Instant::now();
            drop(waiting);
            let journal = Arc::clone(self);
            drop(tokio::task::spawn_blocking(move || journal.write()));
        }
    }

    /// Returns how many changes the journal on the server does not have.
    fn unshared(&self) -> usize {
        self.unshared.load(Ordering::Relaxed)
    }

    /// Notes that the server has so many of them.
    fn share(&self, changes: usize) {
        self.unshared.fetch_sub(changes, Ordering::Relaxed);
    }

    fn begin_taking(&self) -> Result<Taking, Unavailable> {
        Ok(Taking::new(self.place.begin_write(&self.database)?))
    }

    /// Writes down so many files that stand at `start` and behind it, and returns where to go on.
    fn write_down(
        &self,
        start: &[u8],
        count: usize,
        writing: &mut Writing,
    ) -> Result<Option<Vec<u8>>, Unavailable> {
        let read = self.database.begin_read().map_err(broken)?;
        let files = read.open_table(FILES).map_err(broken)?;
        for (index, found) in files.range(start..).map_err(broken)?.enumerate() {
            let (place, stored) = found.map_err(broken)?;
            if index == count {
                return Ok(Some(place.value().to_vec()));
            }
            writing.add(place.value(), stored.value());
        }
        Ok(None)
    }

    /// Writes what waits, and says why that or an earlier step failed.
    pub(crate) async fn flush(self: &Arc<Self>) -> Result<(), String> {
        let journal = Arc::clone(self);
        let _ = tokio::task::spawn_blocking(move || journal.write()).await;
        self.waiting().broken.take().map_or(Ok(()), Err)
    }

    fn write(&self) {
        if let Err(Unavailable::Broken(error)) = self.try_write() {
            self.waiting().broken = Some(error.to_string());
        }
    }

    /// Writes what waits. Who writes takes its changes only when it is its turn, so that of two
    /// about one place the later one stays.
    fn try_write(&self) -> Result<(), Unavailable> {
        let write = self.place.begin_write(&self.database)?;
        let changes = std::mem::take(&mut self.waiting().changes);
        if changes.is_empty() {
            return Ok(());
        }
        let mut files = write.open_table(FILES).map_err(broken)?;
        for (place, fact) in &changes {
            match fact {
                Some(fact) => files.insert(place.as_slice(), fact.stored()).map_err(broken)?,
                None => files.remove(place.as_slice()).map_err(broken)?,
            };
        }
        drop(files);
        write.commit().map_err(broken)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no holder of the lock panics")
    }
}

impl From<Opened> for Journal {
    fn from(opened: Opened) -> Self {
        let Opened { database, place, key, notice } = opened;
        let waiting = Waiting { changes: Vec::new(), written: Instant::now(), broken: None };
        let (key, waiting, unshared) = (Some(key), Mutex::new(waiting), AtomicUsize::new(0));
        Self { key, database, place, waiting, unshared, notice }
    }
}

fn place(directory: &Path, name: &Name) -> Vec<u8> {
    [directory.as_bytes(), b"\0", name.as_bytes()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! What is remembered of a pair of trees between runs, in a file of this machine's cache.
//!
//! Only one run at a time has the journal of a pair: it may then take it that nobody else on this
//! machine writes under the names it gives to files on their way.

mod fact;

use std::fmt::Write as _;
use std::io;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{Database, DatabaseError, StorageBackend as _, StorageError, TableDefinition};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::entry::Entry;
use crate::partial::Key;
use crate::path::Path;
use crate::remote::Tree;

pub use fact::Fact;
use fact::Stored;

/// Facts about the journal itself, by name.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");

/// What was copied, by directory, a NUL, and name: so a directory's files stand together.
const FILES: TableDefinition<'_, &[u8], Stored<'static>> = TableDefinition::new("files");

/// How many facts and how long one of them may wait to be written.
const STEP: usize = 1000;
const PAUSE: Duration = Duration::from_secs(1);

/// How much of the file is kept in memory.
const CACHE: usize = 8 << 20;

/// The journal of one pair of trees, while a run has it.
#[derive(Debug)]
pub(crate) struct Journal {
    key: Key,
    database: Database,
    waiting: Mutex<Waiting>,
}

/// Facts on their way to the disk.
#[derive(Debug)]
struct Waiting {
    facts: Vec<(Vec<u8>, Fact)>,
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
        std::fs::create_dir_all(folder).map_err(broken)?;
        Self::of(database(&folder.join(file_name(source, destination)))?)
    }

    /// Reads the journal of these trees, and writes what is learnt nowhere.
    pub(crate) fn peek(
        folder: &FilePath,
        source: &Tree,
        destination: &Tree,
    ) -> Result<Self, Unavailable> {
        let bytes = std::fs::read(folder.join(file_name(source, destination))).unwrap_or_default();
        let copy = InMemoryBackend::new();
        copy.set_len(bytes.len() as u64).map_err(broken)?;
        copy.write(0, &bytes).map_err(broken)?;
        Self::of(Database::builder().create_with_backend(copy).map_err(broken)?)
    }

    fn of(database: Database) -> Result<Self, Unavailable> {
        let key = key(&database)?;
        let waiting = Waiting { facts: Vec::new(), written: Instant::now(), broken: None };
        Ok(Self { key, database, waiting: Mutex::new(waiting) })
    }

    /// Returns the key of temporary names.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// Tells each file of a directory what is remembered of it.
    pub(crate) fn remind(&self, directory: &Path, entries: &mut [Entry]) {
        // What cannot be read is not remembered; writing will tell why.
        let Some(files) = self.files() else { return };
        for entry in entries.iter_mut().filter(|entry| entry.is_file()) {
            let known = files.get(place(directory, entry).as_slice());
            let fact = known.ok().flatten().and_then(|stored| Fact::read(stored.value()));
            entry.copied = fact.map(Box::new);
        }
    }

    fn files(&self) -> Option<redb::ReadOnlyTable<&'static [u8], Stored<'static>>> {
        self.database.begin_read().ok()?.open_table(FILES).ok()
    }

    /// Remembers a file of a directory; it reaches the disk in steps.
    pub(crate) fn remember(self: &Arc<Self>, directory: &Path, copy: &Entry, fact: Fact) {
        let mut waiting = self.waiting();
        waiting.facts.push((place(directory, copy), fact));
        if waiting.facts.len() >= STEP || waiting.written.elapsed() >= PAUSE {
            waiting.written = Instant::now();
            drop(waiting);
            let journal = Arc::clone(self);
            drop(tokio::task::spawn_blocking(move || journal.write()));
        }
    }

    /// Writes what waits, and says why that or an earlier step failed.
    pub(crate) async fn finish(self: &Arc<Self>) -> Result<(), String> {
        let journal = Arc::clone(self);
        let _ = tokio::task::spawn_blocking(move || journal.write()).await;
        self.waiting().broken.take().map_or(Ok(()), Err)
    }

    fn write(&self) {
        let facts = std::mem::take(&mut self.waiting().facts);
        if let Err(Unavailable::Broken(error)) = self.insert(&facts) {
            self.waiting().broken = Some(error.to_string());
        }
    }

    fn insert(&self, facts: &[(Vec<u8>, Fact)]) -> Result<(), Unavailable> {
        if facts.is_empty() {
            return Ok(());
        }
        let mut write = self.database.begin_write().map_err(broken)?;
        // After a crash the file is opened at once, however large.
        write.set_quick_repair(true);
        let mut files = write.open_table(FILES).map_err(broken)?;
        for (place, fact) in facts {
            files.insert(place.as_slice(), fact.stored()).map_err(broken)?;
        }
        drop(files);
        write.commit().map_err(broken)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no holder of the lock panics")
    }
}

fn place(directory: &Path, entry: &Entry) -> Vec<u8> {
    [directory.as_bytes(), b"\0", entry.name.as_bytes()].concat()
}

/// Opens a database. One that nobody can read is worth less than none and is begun anew.
fn database(path: &FilePath) -> Result<Database, Unavailable> {
    let open = || Database::builder().set_cache_size(CACHE).create(path);
    match open() {
        Ok(database) => Ok(database),
        Err(DatabaseError::DatabaseAlreadyOpen) => Err(Unavailable::Taken),
        Err(DatabaseError::Storage(StorageError::Io(error))) if !is_garbage(&error) => {
            Err(broken(error))
        }
        Err(_) => {
            std::fs::remove_file(path).map_err(broken)?;
            open().map_err(broken)
        }
    }
}

fn is_garbage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// Returns the key of this pair, made up when the journal is begun.
fn key(database: &Database) -> Result<Key, Unavailable> {
    if let Some(key) = known_key(database) {
        return Ok(key);
    }
    let key: Key = rand::random();
    let mut write = database.begin_write().map_err(broken)?;
    write.set_quick_repair(true);
    let mut about = write.open_table(ABOUT).map_err(broken)?;
    about.insert("key", key.as_slice()).map_err(broken)?;
    drop(about);
    write.commit().map_err(broken)?;
    Ok(key)
}

fn known_key(database: &Database) -> Option<Key> {
    let about = database.begin_read().ok()?.open_table(ABOUT).ok()?;
    let key = about.get("key").ok()??;
    Key::try_from(key.value()).ok()
}

/// Returns a name that no other pair of trees has.
fn file_name(source: &Tree, destination: &Tree) -> String {
    let mut hasher = Sha256::new();
    for tree in [source, destination] {
        hasher.update(tree.remote.identity());
        hasher.update(b"\0");
        hasher.update(tree.root.as_bytes());
        hasher.update(b"\0");
    }
    let mut name = String::new();
    for byte in &hasher.finalize()[..16] {
        let _ = write!(name, "{byte:02x}");
    }
    name + ".redb"
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::remote::local::Local;

    fn trees(destination: &str) -> (Tree, Tree) {
        let remote = Arc::new(Local::new());
        let tree = |root: &str| Tree::new(remote.clone(), root.parse().unwrap());
        (tree("/a"), tree(destination))
    }

    fn open(folder: &FilePath, destination: &str) -> Result<Journal, Unavailable> {
        let (source, destination) = trees(destination);
        Journal::open(folder, &source, &destination)
    }

    #[test]
    fn a_pair_keeps_its_key_and_shares_it_with_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("made/when/needed");
        let first = open(&folder, "/b").unwrap().key();
        assert_eq!(open(&folder, "/b").unwrap().key(), first);
        assert_ne!(open(&folder, "/c").unwrap().key(), first);
    }

    #[test]
    fn one_run_has_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), "/b").unwrap();
        assert!(matches!(open(folder.path(), "/b"), Err(Unavailable::Taken)));
        assert!(open(folder.path(), "/c").is_ok());
        drop(first);
        assert!(open(folder.path(), "/b").is_ok());
    }

    #[test]
    fn a_broken_one_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (source, destination) = trees("/b");
        let path = folder.path().join(file_name(&source, &destination));
        for garbage in [&b"garbage"[..], &[0; 100_000]] {
            std::fs::write(&path, garbage).unwrap();
            open(folder.path(), "/b").unwrap();
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(open(file.path(), "/b"), Err(Unavailable::Broken(_))));
    }
}

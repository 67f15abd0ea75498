//! What is remembered of a pair of trees between runs, in a file of this machine's cache.
//!
//! Only one run at a time has the journal of a pair: it may then take it that nobody else on this
//! machine writes under the names it gives to files on their way.

use std::fmt::Write as _;
use std::io;
use std::path::Path as FilePath;

use redb::{Database, DatabaseError, StorageError, TableDefinition};
use sha2::{Digest as _, Sha256};

use crate::partial::Key;
use crate::remote::Tree;

/// Facts about the journal itself, by name.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");

/// How much of the file is kept in memory.
const CACHE: usize = 8 << 20;

/// The journal of one pair of trees, while a run has it.
#[derive(Debug)]
pub(crate) struct Journal {
    key: Key,
    /// Held open for its lock.
    _database: Database,
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
        let database = database(&folder.join(file_name(source, destination)))?;
        let key = key(&database)?;
        Ok(Self { key, _database: database })
    }

    /// Returns the key of temporary names.
    pub(crate) fn key(&self) -> Key {
        self.key
    }
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
    let write = database.begin_write().map_err(broken)?;
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

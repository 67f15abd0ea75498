//! The files that journals are kept in, one a pair of trees, named by a hash of both.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, SystemTime};

use redb::{Database, DatabaseError, StorageError, TableDefinition, WriteTransaction};
use sha2::{Digest as _, Sha256};

use crate::partial::Key;
use crate::remote::Tree;

use super::memory::InMemory;
use super::{FILES, Unavailable, broken, hex};

/// Facts about the journal itself, by name.
const ABOUT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("about");

/// What the tables hold; a journal of another version is set aside.
const VERSION: &[u8] = &[2];

/// How much of the file is kept in memory.
const CACHE: usize = 8 << 20;

/// How long the journal of a pair of trees is kept that nobody syncs any more.
const UNUSED: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// A journal's database, with what is to be told of how it was opened.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) place: Place,
    pub(super) key: Key,
    pub(super) notice: Option<String>,
}

/// Where a database is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// In a file, which may outlive a crash.
    Disk,
    /// In memory.
    Memory,
}

impl Place {
    /// Begins to write; after a crash a file is opened at once, however large.
    pub(super) fn begin_write(self, database: &Database) -> Result<WriteTransaction, Unavailable> {
        let mut write = database.begin_write().map_err(broken)?;
        write.set_quick_repair(self == Self::Disk);
        Ok(write)
    }
}

/// Opens the journal of these trees below `folder`, or begins it; one that nobody can read is set
/// aside. Journals that were not used for long go away.
pub(super) fn open(
    folder: &FilePath,
    source: &Tree,
    destination: &Tree,
) -> Result<Opened, Unavailable> {
    fs::create_dir_all(folder).map_err(broken)?;
    let path = folder.join(name(source, destination));
    let (opened, notice) = match usable(&path) {
        Ok(opened) => (opened, None),
        Err(Unusable::Unavailable(why)) => return Err(why),
        Err(Unusable::Unread(why)) => {
            let aside = set_aside(&path).map_err(broken)?;
            let message = format!("begins a new journal: {why}; {} holds it", aside.display());
            (usable(&path).map_err(Unusable::into_unavailable)?, Some(message))
        }
    };
    touch(&path);
    remove_unused(folder, SystemTime::now());
    let (database, key) = opened;
    Ok(Opened { database, place: Place::Disk, key, notice })
}

/// Reads the journal of these trees into memory, for a run that writes nothing.
pub(super) fn peek(
    folder: &FilePath,
    source: &Tree,
    destination: &Tree,
) -> Result<Opened, Unavailable> {
    let bytes = fs::read(folder.join(name(source, destination))).unwrap_or_default();
    let read =
        Database::builder().set_cache_size(CACHE).create_with_backend(InMemory::holding(bytes));
    let checked = read.map_err(Unusable::from).and_then(|read| checked(read, Place::Memory));
    match checked {
        Ok((database, key)) => Ok(Opened { database, place: Place::Memory, key, notice: None }),
        Err(Unusable::Unread(_)) => in_memory(),
        Err(Unusable::Unavailable(why)) => Err(why),
    }
}

/// Begins a journal that ends with the run.
pub(super) fn in_memory() -> Result<Opened, Unavailable> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    let database = builder.create_with_backend(InMemory::default());
    let checked = checked(database.map_err(broken)?, Place::Memory);
    let (database, key) = checked.map_err(Unusable::into_unavailable)?;
    Ok(Opened { database, place: Place::Memory, key, notice: None })
}

/// Why a file cannot be used as it is.
enum Unusable {
    Unavailable(Unavailable),
    /// It holds something else, or what it held was damaged.
    Unread(String),
}

impl Unusable {
    fn into_unavailable(self) -> Unavailable {
        match self {
            Self::Unavailable(why) => why,
            Self::Unread(why) => broken(StorageError::Corrupted(why)),
        }
    }
}

impl From<Unavailable> for Unusable {
    fn from(why: Unavailable) -> Self {
        Self::Unavailable(why)
    }
}

impl From<DatabaseError> for Unusable {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen => Unavailable::Taken.into(),
            DatabaseError::Storage(StorageError::Io(error)) if !is_garbage(&error) => {
                broken(error).into()
            }
            other => Self::Unread(format!("the one there cannot be read: {other}")),
        }
    }
}

fn is_garbage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

fn usable(path: &FilePath) -> Result<(Database, Key), Unusable> {
    checked(Database::builder().set_cache_size(CACHE).create(path)?, Place::Disk)
}

/// Returns the database with its key, made up when the journal is begun.
fn checked(database: Database, place: Place) -> Result<(Database, Key), Unusable> {
    if let Some(key) = about(&database, "key").and_then(|key| Key::try_from(key).ok()) {
        if about(&database, "version").as_deref() != Some(VERSION) {
            return Err(Unusable::Unread("the one there is of another version".into()));
        }
        return Ok((database, key));
    }
    let key: Key = rand::random();
    begin(&database, place, key)?;
    Ok((database, key))
}

fn about(database: &Database, name: &str) -> Option<Vec<u8>> {
    let about = database.begin_read().ok()?.open_table(ABOUT).ok()?;
    about.get(name).ok()?.map(|value| value.value().to_vec())
}

fn begin(database: &Database, place: Place, key: Key) -> Result<(), Unavailable> {
    let write = place.begin_write(database)?;
    let mut about = write.open_table(ABOUT).map_err(broken)?;
    about.insert("key", key.as_slice()).map_err(broken)?;
    about.insert("version", VERSION).map_err(broken)?;
    drop(about);
    write.open_table(FILES).map_err(broken)?;
    write.commit().map_err(broken)
}

/// Renames a file out of the way, over one that was set aside earlier.
fn set_aside(path: &FilePath) -> io::Result<PathBuf> {
    let aside = path.with_extension("redb.old");
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// Notes in the file's time that it is in use. Where that cannot be, it is only begun anew one day.
fn touch(path: &FilePath) {
    let file = OpenOptions::new().append(true).open(path);
    let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
}

/// Removes journals that were not used for long. What cannot be removed stays.
fn remove_unused(folder: &FilePath, now: SystemTime) {
    let Ok(files) = fs::read_dir(folder) else { return };
    for path in files.flatten().map(|file| file.path()).filter(|path| is_journal(path)) {
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| now.duration_since(modified).ok());
        if age.is_some_and(|age| age > UNUSED) {
            let _ = fs::remove_file(&path);
        }
    }
}

fn is_journal(path: &FilePath) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.strip_suffix(".old").unwrap_or(name).strip_suffix(".redb");
    stem.is_some_and(|stem| stem.len() == 32 && stem.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Returns a name that no other pair of trees has.
pub(super) fn name(source: &Tree, destination: &Tree) -> String {
    let mut hasher = Sha256::new();
    for tree in [source, destination] {
        hasher.update(tree.remote.identity());
        hasher.update(b"\0");
        hasher.update(tree.root.as_bytes());
        hasher.update(b"\0");
    }
    hex(&hasher.finalize()[..16]) + ".redb"
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

    fn open(folder: &FilePath, destination: &str) -> Result<Opened, Unavailable> {
        let (source, destination) = trees(destination);
        super::open(folder, &source, &destination)
    }

    fn path(folder: &FilePath, destination: &str) -> PathBuf {
        let (source, destination) = trees(destination);
        folder.join(name(&source, &destination))
    }

    #[test]
    fn a_pair_keeps_its_key_and_shares_it_with_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("made/when/needed");
        let first = open(&folder, "/b").unwrap().key;
        assert_eq!(open(&folder, "/b").unwrap().key, first);
        assert_ne!(open(&folder, "/c").unwrap().key, first);
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
    fn a_broken_one_is_set_aside_and_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path(), "/b");
        for garbage in [&b"garbage"[..], &[0; 100_000]] {
            fs::write(&path, garbage).unwrap();
            let notice = open(folder.path(), "/b").unwrap().notice.unwrap();
            assert!(notice.contains("cannot be read"), "{notice}");
            assert_eq!(fs::read(path.with_extension("redb.old")).unwrap(), garbage);
            assert_eq!(open(folder.path(), "/b").unwrap().notice, None);
        }
    }

    #[test]
    fn one_of_another_version_is_set_aside_and_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let opened = open(folder.path(), "/b").unwrap();
        let write = opened.database.begin_write().unwrap();
        write.open_table(ABOUT).unwrap().insert("version", &[99][..]).unwrap();
        write.commit().unwrap();
        let (source, destination) = trees("/b");
        drop(opened);
        assert!(peek(folder.path(), &source, &destination).is_ok());
        let notice = open(folder.path(), "/b").unwrap().notice.unwrap();
        assert!(notice.contains("another version"), "{notice}");
        assert!(path(folder.path(), "/b").with_extension("redb.old").exists());
    }

    #[test]
    fn what_was_not_used_for_half_a_year_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let days_ago = |path: &FilePath, days: u64| {
            let file = OpenOptions::new().append(true).open(path).unwrap();
            let age = Duration::from_secs(days * 24 * 60 * 60);
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        for destination in ["/b", "/c", "/d"] {
            open(folder.path(), destination).unwrap();
        }
        let [b, c, d] = ["/b", "/c", "/d"].map(|destination| path(folder.path(), destination));
        let (aside, other) = (c.with_extension("redb.old"), folder.path().join("other.redb"));
        for path in [&aside, &other] {
            fs::write(path, "").unwrap();
        }
        for (path, days) in [(&b, 181), (&c, 181), (&d, 179), (&aside, 181), (&other, 181)] {
            days_ago(path, days);
        }
        open(folder.path(), "/b").unwrap();
        let there = [&b, &c, &d, &aside, &other].map(|path| path.exists());
        assert_eq!(there, [true, false, true, false, true], "what is in use and not ours stays");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(open(file.path(), "/b"), Err(Unavailable::Broken(_))));
    }
}

//! This machine's files. Names are bytes on Unix; links are told as what they are;
//! `fsync` is left to the system.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::entry::{Doubt, Entry, Kind, Listing, Modified};
use crate::error::{Error, ErrorKind, Result};
use crate::hash::{COMPUTED, Hasher};
use crate::path::{Name, Path};
use crate::remote::{Capability, Commit, Committed, Reader, Remote, Writer};

/// The local disk. Relative paths start at its base.
#[derive(Clone, Debug, Default)]
pub struct Local {
    base: PathBuf,
}

impl Local {
    /// Returns the disk, relative paths starting at the working directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the disk, relative paths starting at `base`.
    pub fn at(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into() }
    }

    fn system_path(&self, path: &Path) -> Result<PathBuf> {
        let joined = self.base.join(system_name(path.as_bytes()).map_err(|error| error.on(path))?);
        Ok(if joined.as_os_str().is_empty() { PathBuf::from(".") } else { joined })
    }

    /// Runs `work` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce(PathBuf) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let at = self.system_path(path)?;
        off_thread(move || work(at)).await.map_err(|error| explain(error, path))
    }
}

#[async_trait]
impl Remote for Local {
    fn capability(&self) -> Capability {
        Capability {
            read_precision: Some(NANOSECOND),
            write_precision: Some(NANOSECOND),
            set_directory_modified: cfg!(unix),
            case_sensitive: !cfg!(any(windows, target_os = "macos")),
            read_at: true,
            write_at: true,
            rename: true,
            copy: true,
            symlink: cfg!(unix),
            hashes: COMPUTED.to_vec(),
            local: true,
            ..Capability::default()
        }
    }

    fn label(&self) -> String {
        String::new()
    }

    fn identity(&self) -> String {
        self.base.display().to_string()
    }

    async fn list(&self, directory: &Path) -> Result<Listing> {
        let listing = self.blocking(directory, |at| read_directory(&at)).await;
        listing.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::directory_not_found(directory),
            _ => error,
        })
    }

    async fn stat(&self, path: &Path) -> Result<Option<Entry>> {
        let Some(name) = path.name() else { return Ok(Some(Entry::root())) };
        let entry = self.blocking(path, |at| {
            let metadata = fs::symlink_metadata(&at)?;
            Ok(entry(name, &metadata, &at))
        });
        match entry.await {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn open(&self, path: &Path, offset: u64, length: Option<u64>) -> Result<Box<dyn Reader>> {
        let file = self
            .blocking(path, move |at| {
                let mut file = File::open(at)?;
                if file.metadata()?.is_dir() {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                file.seek(SeekFrom::Start(offset))?;
                Ok(file)
            })
            .await?;
        let left = length.unwrap_or(u64::MAX);
        Ok(Box::new(Open { path: path.clone(), file: Some(file), left }))
    }

    async fn create(&self, path: &Path, offset: u64) -> Result<Box<dyn Writer>> {
        let at = self.system_path(path)?;
        let file = self.blocking(path, move |at| create_at(&at, offset)).await?;
        let state = Some(Written { file, pending: Vec::new(), pending_bytes: 0 });
        Ok(Box::new(Creation { local: self.clone(), path: path.clone(), at, state }))
    }

    async fn mkdir(&self, directory: &Path) -> Result<()> {
        self.blocking(directory, fs::create_dir_all).await.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Error::not_a_directory(directory),
            _ => error,
        })
    }

    async fn rmdir(&self, directory: &Path) -> Result<()> {
        self.blocking(directory, fs::remove_dir).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::directory_not_found(directory),
            _ => error,
        })
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        self.blocking(path, |at| {
            // Unlinking a directory is refused with one word or another.
            if fs::symlink_metadata(&at)?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            fs::remove_file(at)
        })
        .await
    }

    async fn follow_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        let mut followed = Vec::with_capacity(paths.len());
        for path in paths {
            let name = path.name().unwrap_or_else(|| Entry::root().name);
            let found = self.blocking(path, move |at| fs::metadata(&at).map(|found| (found, at)));
            followed.push(match found.await {
                Ok((metadata, at)) => Ok(Some(followed_entry(name, &metadata, &at))),
                Err(error) if is_absence(&error) => Ok(None),
                Err(error) => Err(error),
            });
        }
        followed
    }

    #[cfg(unix)]
    async fn symlink(&self, path: &Path, target: &[u8], modified: Option<Timestamp>) -> Result<()> {
        let target = system_name(target)?;
        self.blocking(path, move |at| replace_by_link(&at, &target, modified)).await
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let target = self.system_path(to)?;
        self.blocking(from, |at| fs::rename(at, target)).await
    }

    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        let target = self.system_path(to)?;
        self.blocking(from, |at| fs::copy(at, target).map(drop)).await
    }

    async fn set_modified(&self, path: &Path, modified: Timestamp) -> Result<()> {
        self.blocking(path, move |at| {
            // Unix sets times through any open file, Windows through one open for writing.
            let file = File::options().read(cfg!(unix)).write(!cfg!(unix)).open(at)?;
            file.set_modified(SystemTime::from(modified))
        })
        .await
    }

    async fn hash(&self, path: &Path, algorithm: &str) -> Result<Vec<u8>> {
        let Some(hasher) = Hasher::new(algorithm) else {
            let message = format!("no way to compute {algorithm} is known here");
            return Err(Error::new(ErrorKind::Unsupported, message).on(path));
        };
        self.blocking(path, |at| hash_file(File::open(at)?, hasher)).await
    }
}

/// A file being read.
#[derive(Debug)]
struct Open {
    path: Path,
    /// Taken while a read is under way and at the end.
    file: Option<File>,
    left: u64,
}

#[async_trait]
impl Reader for Open {
    async fn read(&mut self) -> Result<Bytes> {
        let Some(mut file) = self.file.take() else { return Ok(Bytes::new()) };
        let most = self.left.min(PIECE as u64);
        let read = off_thread(move || {
            let mut piece = Vec::with_capacity(usize::try_from(most).unwrap_or(PIECE));
            (&mut file).take(most).read_to_end(&mut piece)?;
            Ok((piece, file))
        });
        let (piece, file) = read.await.map_err(|error| explain(error, &self.path))?;
        self.left -= piece.len() as u64;
        // A short piece is the end of the file.
        self.file = (piece.len() == PIECE).then_some(file);
        Ok(piece.into())
    }
}

/// A file being written.
#[derive(Debug)]
struct Creation {
    local: Local,
    path: Path,
    at: PathBuf,
    /// Taken while a write is under way.
    state: Option<Written>,
}

#[derive(Debug)]
struct Written {
    file: File,
    /// What is still to be written: small pieces go to the disk together.
    pending: Vec<Bytes>,
    pending_bytes: usize,
}

impl Written {
    fn flush(&mut self) -> io::Result<()> {
        self.pending_bytes = 0;
        self.pending.drain(..).try_for_each(|piece| self.file.write_all(&piece))
    }
}

impl Creation {
    fn state(&mut self) -> Result<Written> {
        self.state.take().ok_or_else(|| {
            Error::new(ErrorKind::Other, "an earlier write broke off").on(&self.path)
        })
    }
}

#[async_trait]
impl Writer for Creation {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        let mut state = self.state()?;
        state.pending_bytes += data.len();
        state.pending.push(data);
        if state.pending_bytes >= PIECE {
            let flushed = off_thread(move || state.flush().map(|()| state));
            state = flushed.await.map_err(|error| explain(error, &self.path))?;
        }
        self.state = Some(state);
        Ok(())
    }

    async fn commit(mut self: Box<Self>, commit: Commit) -> Result<Committed> {
        let mut state = self.state()?;
        let target = commit.rename_to.as_ref().map(|to| self.local.system_path(to)).transpose()?;
        let Self { path, at, .. } = *self;
        let ended = off_thread(move || {
            state.flush()?;
            let found = state.file.metadata()?.len();
            if let Some(expected) = commit.size.filter(|&expected| expected != found) {
                return Ok(Err(Error::wrong_size(found, expected)));
            }
            if let Some((algorithm, expected)) = commit.hash
                && let Some(hasher) = Hasher::new(algorithm)
                && hash_file(File::open(&at)?, hasher)? != expected
            {
                return Ok(Err(Error::wrong_hash(algorithm)));
            }
            let modified = commit.modified.map(SystemTime::from);
            let time_not_set = modified.and_then(|time| state.file.set_modified(time).err());
            drop(state);
            target.map_or(Ok(()), |target| fs::rename(&at, target))?;
            Ok(Ok(time_not_set))
        });
        let time_not_set = ended.await.map_err(|error| explain(error, &path))?;
        let time_not_set = time_not_set.map_err(|error| error.on(&path))?;
        Ok(Committed { time_not_set: time_not_set.map(|error| explain(error, &path)) })
    }
}

const NANOSECOND: Duration = Duration::from_nanos(1);
const PIECE: usize = 256 * 1024;

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|lost| Err(io::Error::other(lost)))
}

fn read_directory(at: &std::path::Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for item in fs::read_dir(at)? {
        let item = item?;
        let metadata = match item.metadata() {
            Ok(metadata) => metadata,
            // It went away since the directory was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match name_of(&item.file_name()) {
            Ok(name) => listing.entries.push(entry(name, &metadata, &item.path())),
            Err(doubt) => listing.doubts.push(doubt),
        }
    }
    Ok(listing)
}

fn entry(name: Name, metadata: &fs::Metadata, at: &std::path::Path) -> Entry {
    let kind = match metadata.file_type() {
        kind if kind.is_dir() => Kind::Directory,
        kind if kind.is_file() => Kind::File,
        kind if kind.is_symlink() => Kind::Symlink { target: target_of(at) },
        _ => Kind::Other,
    };
    let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Entry {
        name,
        size: (kind == Kind::File).then_some(metadata.len()),
        kind,
        modified: modified.map(|at| Modified { at, precision: NANOSECOND }),
        unique: None,
        copied: None,
    }
}

fn target_of(at: &std::path::Path) -> Option<Box<[u8]>> {
    let target = fs::read_link(at).ok()?;
    Some(target.into_os_string().into_encoded_bytes().into())
}

/// Tells whether nothing is there: below a file there is nothing either.
fn is_absence(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Returns what a link leads to; a directory can be told from all others.
fn followed_entry(name: Name, metadata: &fs::Metadata, at: &std::path::Path) -> Entry {
    let entry = entry(name, metadata, at);
    let unique = Some(metadata).filter(|metadata| metadata.is_dir()).and_then(identity_of);
    Entry { unique, ..entry }
}

#[cfg(unix)]
fn identity_of(metadata: &fs::Metadata) -> Option<Box<[u8]>> {
    use std::os::unix::fs::MetadataExt as _;
    Some([metadata.dev().to_ne_bytes(), metadata.ino().to_ne_bytes()].concat().into())
}

#[cfg(not(unix))]
fn identity_of(_metadata: &fs::Metadata) -> Option<Box<[u8]>> {
    None
}

/// Makes a link aside and renames it, so that the name is never without anything.
#[cfg(unix)]
fn replace_by_link(
    at: &std::path::Path,
    target: &std::path::Path,
    modified: Option<Timestamp>,
) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_OMIT, utimensat};
    let aside = at.with_file_name(format!(".rclonelink.{:016x}", rand::random::<u64>()));
    std::os::unix::fs::symlink(target, &aside)?;
    let dated = modified.map_or(Ok(()), |modified| {
        let nanoseconds = modified.as_nanosecond();
        let second = nanoseconds.div_euclid(1_000_000_000);
        let last_modification = Timespec {
            tv_sec: i64::try_from(second).map_err(io::Error::other)?,
            tv_nsec: nanoseconds.rem_euclid(1_000_000_000).try_into().map_err(io::Error::other)?,
        };
        let last_access = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let times = Timestamps { last_access, last_modification };
        utimensat(CWD, &aside, &times, AtFlags::SYMLINK_NOFOLLOW).map_err(io::Error::from)
    });
    let named = dated.and_then(|()| fs::rename(&aside, at));
    if named.is_err() {
        let _ = fs::remove_file(&aside);
    }
    named
}

fn create_at(at: &std::path::Path, offset: u64) -> io::Result<File> {
    let mut file = File::options().create(true).write(true).truncate(offset == 0).open(at)?;
    if offset > 0 {
        file.set_len(offset)?;
        file.seek(SeekFrom::Start(offset))?;
    }
    Ok(file)
}

fn hash_file(mut file: File, mut hasher: Hasher) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; PIECE];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

#[cfg(unix)]
fn system_name(bytes: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    Ok(std::ffi::OsStr::from_bytes(bytes).into())
}

#[cfg(not(unix))]
fn system_name(bytes: &[u8]) -> Result<PathBuf> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Error::new(ErrorKind::Usage, "this system takes no name that is not UTF-8").caused_by(error)
    })?;
    Ok(text.into())
}

#[cfg(unix)]
fn name_of(name: &std::ffi::OsStr) -> Result<Name, Doubt> {
    use std::os::unix::ffi::OsStrExt as _;
    checked_name(name.as_bytes())
}

#[cfg(not(unix))]
fn name_of(name: &std::ffi::OsStr) -> Result<Name, Doubt> {
    checked_name(name.to_string_lossy().as_bytes())
}

fn checked_name(name: &[u8]) -> Result<Name, Doubt> {
    Name::new(name).map_err(|reason| Doubt::HostileName { name: name.into(), reason })
}

/// Says what the system's error means for a file of the user.
fn explain(error: io::Error, path: &Path) -> Error {
    use io::ErrorKind as Io;
    let (kind, hint) = match error.kind() {
        Io::NotFound => (ErrorKind::NotFound, None),
        Io::PermissionDenied | Io::ReadOnlyFilesystem => (ErrorKind::PermissionDenied, None),
        Io::AlreadyExists => (ErrorKind::AlreadyExists, None),
        Io::DirectoryNotEmpty => (ErrorKind::NotEmpty, None),
        Io::NotADirectory => (ErrorKind::NotADirectory, None),
        Io::IsADirectory => (ErrorKind::IsADirectory, None),
        Io::StorageFull | Io::QuotaExceeded => {
            (ErrorKind::NoSpace, Some("free some space and run again"))
        }
        Io::FileTooLarge => (ErrorKind::NoSpace, Some("this disk takes no file of that size")),
        Io::InvalidFilename | Io::InvalidInput => {
            (ErrorKind::Usage, Some("this disk takes no such name"))
        }
        _ => (ErrorKind::Other, None),
    };
    let described = Error::new(kind, describe(&error)).on(path).caused_by(error);
    match hint {
        Some(hint) => described.hint(hint),
        None => described,
    }
}

/// Returns the system's words without its number: `no such file or directory`.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

//! A store in memory: a whole backend without a disk or a server, with the habits of servers to
//! choose from. It times itself by a clock the caller may set.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

use crate::entry::{Doubt, Entry, Kind, Listing, Modified};
use crate::error::{Error, ErrorKind, Result};
use crate::hash::{COMPUTED, Hasher};
use crate::path::{Name, Path};
use crate::remote::{Capability, Commit, Committed, Reader, Remote, Writer};

/// A store in memory. Clones share what they hold.
///
/// Its [`Capability`] decides how it behaves: without `write_precision` it stamps files with its
/// own clock, as a server without `MFMT` does; `read_precision` is how fine it shows times.
#[derive(Clone, Debug)]
pub struct Memory {
    capability: Capability,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    root: Folder,
    clock: Option<Timestamp>,
    doubts: BTreeMap<Path, Vec<Doubt>>,
}

#[derive(Debug, Default)]
struct Folder {
    children: BTreeMap<Name, Node>,
    modified: Timestamp,
}

#[derive(Debug)]
enum Node {
    File(File),
    Folder(Folder),
    Link(Link),
}

#[derive(Debug)]
struct Link {
    target: Box<[u8]>,
    modified: Timestamp,
}

#[derive(Debug)]
struct File {
    content: Bytes,
    modified: Timestamp,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Returns an empty store that can do everything.
    pub fn new() -> Self {
        Self::with(Capability {
            read_precision: Some(Duration::from_nanos(1)),
            write_precision: Some(Duration::from_nanos(1)),
            case_sensitive: true,
            read_at: true,
            write_at: true,
            rename: true,
            copy: true,
            symlink: true,
            hashes: COMPUTED.to_vec(),
            local: true,
            set_directory_modified: true,
            ..Capability::default()
        })
    }

    /// Returns an empty store like a common server: no hashes, times to the second.
    pub fn server() -> Self {
        let second = Some(Duration::from_secs(1));
        Self::with(Capability {
            read_precision: second,
            write_precision: second,
            copy: false,
            hashes: Vec::new(),
            symlink: false,
            local: false,
            set_directory_modified: false,
            ..Self::new().capability
        })
    }

    /// Returns an empty store that can do what `capability` says.
    pub fn with(capability: Capability) -> Self {
        let state = State { root: Folder::default(), clock: None, doubts: BTreeMap::new() };
        Self { capability, state: Arc::new(Mutex::new(state)) }
    }

    /// Stops the store's clock at `now`.
    pub fn set_clock(&self, now: Timestamp) {
        self.state().clock = Some(now);
    }

    /// Lets every listing of `directory` carry this doubt.
    pub fn add_doubt(&self, directory: Path, doubt: Doubt) {
        self.state().doubts.entry(directory).or_default().push(doubt);
    }

    /// Puts a file there at once, with its parents.
    ///
    /// # Panics
    /// When a file stands where a directory is due.
    pub fn put(&self, path: &str, content: impl Into<Bytes>, modified: Timestamp) {
        self.put_node(path, Node::File(File { content: content.into(), modified }));
    }

    /// Puts a symbolic link there at once, with its parents.
    ///
    /// # Panics
    /// When a file stands where a directory is due.
    pub fn put_link(&self, path: &str, target: &str) {
        let modified = self.state().now();
        self.put_node(path, Node::Link(Link { target: target.as_bytes().into(), modified }));
    }

    fn put_node(&self, path: &str, node: Node) {
        let path: Path = path.parse().expect("a path in a test is normal");
        let (parent, name) = path.split().expect("a file has a name");
        let mut state = self.state();
        let now = state.now();
        let folder = state.root.make(&parent, now).expect("no file stands in the way");
        folder.modified = now;
        folder.children.insert(name, node);
    }

    /// Returns every file with its content, by path.
    pub fn files(&self) -> BTreeMap<String, Bytes> {
        let mut files = BTreeMap::new();
        self.state().root.each(&Path::root(), &mut |path, node| {
            if let Node::File(file) = node {
                files.insert(path.to_string(), file.content.clone());
            }
        });
        files
    }

    /// Returns every directory below the root.
    pub fn directories(&self) -> Vec<String> {
        let mut directories = Vec::new();
        self.state().root.each(&Path::root(), &mut |path, node| {
            if matches!(node, Node::Folder(_)) {
                directories.push(path.to_string());
            }
        });
        directories
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the lock panics")
    }

    fn entry(&self, name: Name, node: &Node) -> Entry {
        let (kind, size, modified) = match node {
            Node::Folder(folder) => (Kind::Directory, None, self.shown(folder.modified)),
            Node::File(file) => {
                (Kind::File, Some(file.content.len() as u64), self.shown(file.modified))
            }
            Node::Link(link) => {
                let kind = Kind::Symlink { target: Some(link.target.clone()) };
                (kind, None, self.shown(link.modified))
            }
        };
        Entry { name, kind, size, modified, unique: None, copied: None }
    }

    fn shown(&self, modified: Timestamp) -> Option<Modified> {
        let precision = self.capability.read_precision?;
        Some(Modified { at: floor(modified, precision), precision })
    }
}

impl State {
    fn now(&self) -> Timestamp {
        self.clock.unwrap_or_else(Timestamp::now)
    }

    fn file(&mut self, path: &Path) -> Result<&mut File> {
        match self.root.node(path) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Folder(_)) => Err(Error::is_a_directory(path)),
            Some(Node::Link(_)) | None => Err(Error::file_not_found(path)),
        }
    }

    /// Returns the folder in which something is about to be changed.
    fn parent(&mut self, path: &Path) -> Result<(&mut Folder, Name)> {
        let Some((parent, name)) = path.split() else { return Err(Error::is_a_directory(path)) };
        let now = self.now();
        match self.root.folder(&parent) {
            Some(folder) => {
                folder.modified = now;
                Ok((folder, name))
            }
            None => Err(Error::file_not_found(path).hint("its directory is not there")),
        }
    }
}

impl Folder {
    fn node(&mut self, path: &Path) -> Option<&mut Node> {
        let (parent, name) = path.split()?;
        self.folder(&parent)?.children.get_mut(&name)
    }

    fn folder(&mut self, path: &Path) -> Option<&mut Self> {
        path.names().try_fold(self, |folder, name| match folder.children.get_mut(&name) {
            Some(Node::Folder(below)) => Some(below),
            _ => None,
        })
    }

    fn make(&mut self, path: &Path, modified: Timestamp) -> Result<&mut Self> {
        path.names().try_fold(self, |folder, name| {
            let new = || {
                folder.modified = modified;
                Node::Folder(Self { modified, ..Self::default() })
            };
            match folder.children.entry(name).or_insert_with(new) {
                Node::Folder(below) => Ok(below),
                _ => Err(Error::not_a_directory(path)),
            }
        })
    }

    fn each(&self, here: &Path, visit: &mut impl FnMut(&Path, &Node)) {
        for (name, node) in &self.children {
            let path = here.child(name);
            visit(&path, node);
            if let Node::Folder(below) = node {
                below.each(&path, visit);
            }
        }
    }
}

#[async_trait]
impl Remote for Memory {
    fn capability(&self) -> Capability {
        self.capability.clone()
    }

    fn label(&self) -> String {
        "memory".into()
    }

    async fn list(&self, directory: &Path) -> Result<Listing> {
        let mut state = self.state();
        let doubts = state.doubts.get(directory).cloned().unwrap_or_default();
        if let Some(Node::File(_) | Node::Link(_)) = state.root.node(directory) {
            return Err(Error::not_a_directory(directory));
        }
        let Some(folder) = state.root.folder(directory) else {
            return Err(Error::directory_not_found(directory));
        };
        let entries = folder.children.iter().map(|(name, node)| self.entry(name.clone(), node));
        Ok(Listing { entries: entries.collect(), doubts })
    }

    async fn stat(&self, path: &Path) -> Result<Option<Entry>> {
        let Some(name) = path.name() else { return Ok(Some(Entry::root())) };
        Ok(self.state().root.node(path).map(|node| self.entry(name, node)))
    }

    async fn open(&self, path: &Path, offset: u64, length: Option<u64>) -> Result<Box<dyn Reader>> {
        let mut content = self.state().file(path)?.content.clone();
        let size = content.len();
        let start = usize::try_from(offset).unwrap_or(size).min(size);
        content = content.split_off(start);
        content.truncate(length.and_then(|length| length.try_into().ok()).unwrap_or(usize::MAX));
        Ok(Box::new(Pieces(content)))
    }

    async fn create(&self, path: &Path, offset: u64) -> Result<Box<dyn Writer>> {
        let mut state = self.state();
        let modified = state.now();
        let (folder, name) = state.parent(path)?;
        let mut content = BytesMut::new();
        match folder.children.get(&name) {
            Some(Node::Folder(_)) => return Err(Error::is_a_directory(path)),
            Some(Node::File(file)) => content.extend_from_slice(&file.content),
            Some(Node::Link(_)) | None => {}
        }
        content.resize(usize::try_from(offset).unwrap_or(usize::MAX), 0);
        let file = File { content: content.clone().freeze(), modified };
        folder.children.insert(name, Node::File(file));
        drop(state);
        Ok(Box::new(Upload { memory: self.clone(), path: path.clone(), content, stored: false }))
    }

    async fn mkdir(&self, directory: &Path) -> Result<()> {
        let mut state = self.state();
        let now = state.now();
        state.root.make(directory, now).map(drop)
    }

    async fn rmdir(&self, directory: &Path) -> Result<()> {
        let mut state = self.state();
        match state.root.node(directory) {
            Some(Node::Folder(folder)) if folder.children.is_empty() => {}
            Some(Node::Folder(_)) => return Err(Error::not_empty(directory)),
            Some(_) => return Err(Error::not_a_directory(directory)),
            None => return Err(Error::directory_not_found(directory)),
        }
        let (folder, name) = state.parent(directory)?;
        folder.children.remove(&name);
        Ok(())
    }

    async fn modified_all(&self, paths: &[Path]) -> Vec<Result<Option<Modified>>> {
        let precision = self.capability.asked_precision.or(self.capability.read_precision);
        let modified = |path| {
            let modified = self.state().file(path)?.modified;
            Ok(precision.map(|precision| Modified { at: floor(modified, precision), precision }))
        };
        paths.iter().map(modified).collect()
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        let mut state = self.state();
        match state.root.node(path) {
            Some(Node::Folder(_)) => return Err(Error::is_a_directory(path)),
            Some(Node::File(_) | Node::Link(_)) => {}
            None => return Err(Error::file_not_found(path)),
        }
        let (folder, name) = state.parent(path)?;
        folder.children.remove(&name);
        Ok(())
    }

    async fn symlink(&self, path: &Path, target: &[u8], modified: Option<Timestamp>) -> Result<()> {
        if !self.capability.symlink {
            let message = "this remote cannot make symbolic links";
            return Err(Error::new(ErrorKind::Unsupported, message).on(path));
        }
        let precision = self.capability.write_precision;
        let mut state = self.state();
        let modified =
            modified.zip(precision).map(|(modified, precision)| floor(modified, precision));
        let modified = modified.unwrap_or_else(|| state.now());
        let (folder, name) = state.parent(path)?;
        if let Some(Node::Folder(_)) = folder.children.get(&name) {
            return Err(Error::is_a_directory(path));
        }
        folder.children.insert(name, Node::Link(Link { target: target.into(), modified }));
        Ok(())
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        if !self.capability.rename {
            return Err(Error::new(ErrorKind::Unsupported, "this remote cannot rename").on(from));
        }
        if to != from && to.is_within(from) {
            let message = "cannot move a directory into itself";
            return Err(Error::new(ErrorKind::Usage, message).on(from));
        }
        let mut state = self.state();
        if state.root.node(from).is_none() {
            return Err(Error::file_not_found(from));
        }
        if let Some(Node::Folder(_)) = state.root.node(to) {
            return Err(Error::is_a_directory(to));
        }
        state.parent(to)?;
        let (folder, name) = state.parent(from)?;
        let node = folder.children.remove(&name).ok_or_else(|| Error::file_not_found(from))?;
        let (folder, name) = state.parent(to)?;
        folder.children.insert(name, node);
        Ok(())
    }

    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        if !self.capability.copy {
            return Err(Error::new(ErrorKind::Unsupported, "this remote cannot copy").on(from));
        }
        let mut state = self.state();
        let (content, modified) = (state.file(from)?.content.clone(), state.now());
        let (folder, name) = state.parent(to)?;
        folder.children.insert(name, Node::File(File { content, modified }));
        Ok(())
    }

    async fn set_modified(&self, path: &Path, modified: Timestamp) -> Result<()> {
        let Some(precision) = self.capability.write_precision else {
            return Err(Error::new(ErrorKind::Unsupported, "this remote cannot set times").on(path));
        };
        self.state().file(path)?.modified = floor(modified, precision);
        Ok(())
    }

    async fn set_directory_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        let precision =
            self.capability.write_precision.filter(|_| self.capability.set_directory_modified);
        let set = |(path, modified): &(Path, Timestamp)| {
            let message = "this remote cannot set times of directories";
            let precision =
                precision.ok_or_else(|| Error::new(ErrorKind::Unsupported, message).on(path))?;
            let mut state = self.state();
            let folder = state.root.folder(path);
            let folder = folder.ok_or_else(|| Error::directory_not_found(path))?;
            folder.modified = floor(*modified, precision);
            Ok(())
        };
        times.iter().map(set).collect()
    }

    async fn hash(&self, path: &Path, algorithm: &str) -> Result<Vec<u8>> {
        let known = self.capability.hashes.iter().find(|&&known| known == algorithm);
        let Some(mut hasher) = known.and_then(|known| Hasher::new(known)) else {
            let message = format!("this remote cannot compute {algorithm}");
            return Err(Error::new(ErrorKind::Unsupported, message).on(path));
        };
        hasher.update(&self.state().file(path)?.content);
        Ok(hasher.finish())
    }
}

/// What is left to read.
#[derive(Debug)]
struct Pieces(Bytes);

#[async_trait]
impl Reader for Pieces {
    async fn read(&mut self) -> Result<Bytes> {
        Ok(self.0.split_to(self.0.len().min(PIECE)))
    }
}

/// What was written. It enters the store when the writer ends, well or not: giving up leaves a
/// partial file.
#[derive(Debug)]
struct Upload {
    memory: Memory,
    path: Path,
    content: BytesMut,
    stored: bool,
}

impl Upload {
    fn store(&mut self) -> Result<()> {
        self.stored = true;
        let content = self.content.split().freeze();
        self.memory.state().file(&self.path)?.content = content;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.stored {
            // The file may be gone by now; then nothing is left behind.
            let _ = self.store();
        }
    }
}

#[async_trait]
impl Writer for Upload {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        self.content.extend_from_slice(&data);
        Ok(())
    }

    async fn commit(mut self: Box<Self>, commit: Commit) -> Result<Committed> {
        let found = self.content.len() as u64;
        self.store()?;
        if let Some(expected) = commit.size.filter(|&expected| expected != found) {
            return Err(Error::wrong_size(found, expected).on(&self.path));
        }
        if let Some((algorithm, expected)) = &commit.hash
            && self.memory.hash(&self.path, algorithm).await? != *expected
        {
            return Err(Error::wrong_hash(algorithm).on(&self.path));
        }
        let time_not_set = match commit.modified {
            Some(modified) => self.memory.set_modified(&self.path, modified).await.err(),
            None => None,
        };
        if let Some(to) = &commit.rename_to {
            self.memory.rename(&self.path, to).await?;
        }
        Ok(Committed { time_not_set })
    }
}

const PIECE: usize = 64 * 1024;

fn floor(time: Timestamp, precision: Duration) -> Timestamp {
    let step = i128::try_from(precision.as_nanos()).unwrap_or(1).max(1);
    let nanoseconds = time.as_nanosecond();
    Timestamp::from_nanosecond(nanoseconds - nanoseconds.rem_euclid(step)).unwrap_or(time)
}

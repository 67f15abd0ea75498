//! Links as files that hold where they lead, named as the link with `.rclonelink` added, as rclone
//! has them; and such files as links again, where the remote makes links.
//!
//! A remote that makes none keeps the file. One that shows a link as what it leads to when it is asked
//! for it alone is asked for the listing above it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::entry::{Doubt, Entry, Kind, Listing, Modified};
use crate::error::{Error, ErrorKind, Result};
use crate::hash::Hasher;
use crate::path::{Name, Path};
use crate::remote::{Commit, Committed, Committing, Reader, Remote, Writer};

/// What the name of a link's file ends with.
const SUFFIX: &[u8] = b".rclonelink";

/// How long a target may be.
const LONGEST: u64 = 64 * 1024;

/// Translates links.
#[derive(Debug)]
pub(super) struct Translated {
    remote: Arc<dyn Remote>,
    /// The links that were seen, by their own paths.
    known: Mutex<HashMap<Path, Link>>,
}

/// A link that was seen.
#[derive(Clone, Debug)]
struct Link {
    target: Bytes,
    modified: Option<Modified>,
}

impl Link {
    fn of(entry: &Entry) -> Option<Self> {
        let Kind::Symlink { target } = &entry.kind else { return None };
        let target = Bytes::copy_from_slice(target.as_deref()?);
        Some(Self { target, modified: entry.modified })
    }

    /// Returns the file that stands for the link.
    fn file(&self, name: Name) -> Entry {
        Entry {
            kind: Kind::File,
            size: Some(self.target.len() as u64),
            modified: self.modified,
            ..Entry::directory(name)
        }
    }
}

impl Translated {
    pub(super) fn new(remote: Arc<dyn Remote>) -> Self {
        Self { remote, known: Mutex::default() }
    }

    /// Lists a directory, files in the place of links.
    pub(super) async fn list(&self, directory: &Path) -> Result<Listing> {
        let mut listing = self.remote.list_links(directory).await?;
        let mut known = self.known();
        known.retain(|path, _| path.parent().as_ref() != Some(directory));
        for entry in &mut listing.entries {
            if let (Some(link), Some(name)) = (Link::of(entry), with_suffix(&entry.name)) {
                known.insert(directory.child(&entry.name), link.clone());
                *entry = link.file(name);
            }
        }
        drop(known);
        let untold =
            listing.entries.extract_if(.., |entry| matches!(entry.kind, Kind::Symlink { .. }));
        let reason = "the server does not say where it leads";
        let doubts = untold.map(|link| Doubt::Link { name: link.name, reason: reason.into() });
        listing.doubts.extend(doubts);
        Ok(listing)
    }

    /// Returns the link that a path is the file of, if there is one.
    async fn link(&self, path: &Path) -> Result<Option<(Path, Link)>> {
        let Some(link) = without_suffix(path) else { return Ok(None) };
        if let Some(known) = self.known().get(&link) {
            return Ok(Some((link, known.clone())));
        }
        let found = match self.remote.stat(&link).await? {
            Some(entry) if Link::of(&entry).is_some() => Link::of(&entry),
            // The remote may have looked behind the link.
            _ if !self.remote.capability().symlink => self.listed(&link).await?,
            _ => None,
        };
        Ok(found.map(|found| {
            self.known().insert(link.clone(), found.clone());
            (link, found)
        }))
    }

    async fn listed(&self, link: &Path) -> Result<Option<Link>> {
        let Some((parent, name)) = link.split() else { return Ok(None) };
        let listing = match self.remote.list_links(&parent).await {
            Ok(listing) => listing,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(listing.entries.iter().find(|entry| entry.name == name).and_then(Link::of))
    }

    /// Returns the path of the link that a path is the file of, or else the path.
    pub(super) async fn real(&self, path: &Path) -> Result<Path> {
        Ok(self.link(path).await?.map_or_else(|| path.clone(), |(link, _)| link))
    }

    /// Returns what the file of a link holds, where a path is one.
    pub(super) async fn content(&self, path: &Path) -> Result<Option<Content>> {
        Ok(self.link(path).await?.map(|(_, link)| Content(link.target)))
    }

    /// Finds the links that paths are the files of, and returns the other items for the remote.
    async fn sort<I: Clone>(
        &self,
        items: &[I],
        path: fn(&I) -> &Path,
    ) -> (Vec<Result<Option<(Path, Link)>>>, Vec<I>) {
        let (mut links, mut others) = (Vec::with_capacity(items.len()), Vec::new());
        for item in items {
            let link = self.link(path(item)).await;
            if matches!(link, Ok(None)) {
                others.push(item.clone());
            }
            links.push(link);
        }
        (links, others)
    }

    pub(super) async fn stat_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        let (links, others) = self.sort(paths, |path| path).await;
        let no_link = |entry: &Entry| !matches!(entry.kind, Kind::Symlink { .. });
        let found = self.remote.stat_all(&others).await.into_iter();
        let found = found.map(|found| Ok(found?.filter(no_link)));
        let file = |(link, of): (Path, Link)| {
            link.name().as_ref().and_then(with_suffix).map(|name| of.file(name))
        };
        merge(links, found, file)
    }

    pub(super) async fn modified_all(&self, paths: &[Path]) -> Vec<Result<Option<Modified>>> {
        let (links, others) = self.sort(paths, |path| path).await;
        let found = self.remote.modified_all(&others).await;
        merge(links, found.into_iter(), |(_, link)| link.modified)
    }

    pub(super) async fn set_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        let (links, others) = self.sort(times, |(path, _)| path).await;
        let mut set = self.remote.set_modified_all(&others).await.into_iter();
        let mut results = Vec::with_capacity(times.len());
        for (link, (_, modified)) in links.into_iter().zip(times) {
            results.push(match link {
                Ok(None) => set.next().expect("one each"),
                Ok(Some((at, link))) => {
                    self.known().remove(&at);
                    self.remote.symlink(&at, &link.target, Some(*modified)).await
                }
                Err(error) => Err(error),
            });
        }
        results
    }

    /// Makes directories, but none through a link: what is put there would leave the tree.
    pub(super) async fn mkdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        let in_the_way = |directory: &Path| {
            let known = self.known();
            let mut above = std::iter::successors(Some(directory.clone()), Path::parent);
            above.find(|path| known.contains_key(path))
        };
        let blocked: Vec<_> = directories.iter().map(in_the_way).collect();
        let free = directories.iter().zip(&blocked).filter(|(_, link)| link.is_none());
        let free: Vec<Path> = free.map(|(directory, _)| directory.clone()).collect();
        let mut made = self.remote.mkdir_all(&free).await.into_iter();
        let answer = |link: Option<Path>| match link {
            None => made.next().expect("one each"),
            Some(link) => {
                let message = "a symbolic link stands where a directory is due";
                Err(Error::new(ErrorKind::NotADirectory, message).on(link).hint("remove the link"))
            }
        };
        blocked.into_iter().map(answer).collect()
    }

    /// Renames a file or link. A file that gets the name of a link's file becomes a link.
    pub(super) async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let real = self.real(from).await?;
        let link = without_suffix(to);
        if real != *from {
            self.known().remove(&real);
            return self.remote.rename(&real, link.as_ref().unwrap_or(to)).await;
        }
        if let Some(link) = link
            && self.remote.capability().symlink
            && let Some(file) = self.remote.stat(from).await?.filter(Entry::is_file)
        {
            let modified = file.modified.map(|modified| modified.at);
            return self.make_link(from, to, &link, modified).await;
        }
        self.known().retain(|path, _| !path.is_within(from));
        self.remote.rename(from, to).await?;
        self.replace_link(to).await
    }

    pub(super) fn writer(
        self: &Arc<Self>,
        writer: Box<dyn Writer>,
        path: &Path,
    ) -> Box<dyn Writer> {
        Box::new(LinkWriter { links: Arc::clone(self), writer, path: path.clone() })
    }

    /// Makes a link of a file that holds its target, in place of a link's file that may stand there.
    async fn make_link(
        &self,
        written: &Path,
        file: &Path,
        link: &Path,
        modified: Option<Timestamp>,
    ) -> Result<()> {
        let mut reader = self.remote.open(written, 0, Some(LONGEST)).await?;
        let mut target = Vec::new();
        loop {
            let piece = reader.read().await?;
            if piece.is_empty() {
                break;
            }
            target.extend_from_slice(&piece);
        }
        self.remote.symlink(link, &target, modified).await?;
        self.known().remove(link);
        self.remote.remove(written).await?;
        if written != file && self.remote.stat(file).await?.is_some_and(|there| there.is_file()) {
            self.remote.remove(file).await?;
        }
        Ok(())
    }

    /// Removes the link that a file has taken the place of.
    async fn replace_link(&self, file: &Path) -> Result<()> {
        let link = without_suffix(file).filter(|link| self.known().remove(link).is_some());
        match link {
            Some(link) => self.remote.remove(&link).await,
            None => Ok(()),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Path, Link>> {
        self.known.lock().expect("no holder of the lock panics")
    }
}

/// Puts the answers about links among those of the remote.
fn merge<T>(
    links: Vec<Result<Option<(Path, Link)>>>,
    mut others: impl Iterator<Item = Result<T>>,
    own: impl Fn((Path, Link)) -> T,
) -> Vec<Result<T>> {
    let answer = |link: Result<Option<_>>| match link? {
        Some(link) => Ok(own(link)),
        None => others.next().expect("one each"),
    };
    links.into_iter().map(answer).collect()
}

fn with_suffix(name: &Name) -> Option<Name> {
    Name::new([name.as_bytes(), SUFFIX].concat()).ok()
}

/// Returns the path of the link that a file stands for, if it can be such a file.
fn without_suffix(path: &Path) -> Option<Path> {
    let (parent, name) = path.split()?;
    Some(parent.child(&Name::new(name.as_bytes().strip_suffix(SUFFIX)?).ok()?))
}

/// What the file of a link holds.
#[derive(Debug)]
pub(super) struct Content(Bytes);

impl Content {
    /// Returns a part of it to read.
    pub(super) fn from(self, offset: u64, length: Option<u64>) -> Box<dyn Reader> {
        let size = self.0.len();
        let clamp = |value: u64| usize::try_from(value).unwrap_or(size).min(size);
        let mut rest = self.0.slice(clamp(offset)..);
        rest.truncate(length.map_or(size, clamp));
        Box::new(Self(rest))
    }

    pub(super) fn hash(&self, algorithm: &str) -> Result<Vec<u8>> {
        let Some(mut hasher) = Hasher::new(algorithm) else {
            let message = format!("no way to compute {algorithm} is known here");
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        hasher.update(&self.0);
        Ok(hasher.finish())
    }
}

#[async_trait]
impl Reader for Content {
    async fn read(&mut self) -> Result<Bytes> {
        Ok(std::mem::take(&mut self.0))
    }
}

/// A file being written that may turn out to be that of a link.
#[derive(Debug)]
struct LinkWriter<F> {
    links: Arc<Translated>,
    writer: F,
    path: Path,
}

#[async_trait]
impl Writer for LinkWriter<Box<dyn Writer>> {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        self.writer.write(data).await
    }

    async fn commit(self: Box<Self>, commit: Commit) -> Result<Committed> {
        self.begin_commit(commit).await?.await
    }

    async fn begin_commit(self: Box<Self>, commit: Commit) -> Result<Committing> {
        let Self { links, writer, path } = *self;
        let file = commit.rename_to.clone().unwrap_or_else(|| path.clone());
        let Some(link) = without_suffix(&file) else { return writer.begin_commit(commit).await };
        if !links.remote.capability().symlink {
            let committing = writer.begin_commit(commit).await?;
            return Ok(Box::pin(async move {
                let committed = committing.await?;
                links.replace_link(&file).await?;
                Ok(committed)
            }));
        }
        let Commit { size, modified, hash, .. } = commit;
        let committed = writer.commit(Commit { size, hash, ..Commit::default() }).await?;
        links.make_link(&path, &file, &link, modified).await?;
        Ok(Box::pin(std::future::ready(Ok(committed))))
    }
}

//! The journal of a destination as a file in it, so that a machine that was never there knows what
//! others have copied.
//!
//! What it says is taken into the run's own journal at the start. Of two machines at work at once the
//! last one to write wins, with a whole file; what it does not know of the other shows in the
//! listings, which are believed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redb::ReadableTable as _;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::partial::Partials;
use crate::path::{Name, Path};
use crate::remote::{Commit, Tree};

use super::text::{Reading, Unread, Writing};
use super::{FILES, Fact, Journal, Unavailable, broken, place};

/// How many changes or how much time come between two uploads while a run is under way.
const STEP: usize = 1000;
const PAUSE: Duration = Duration::from_secs(30);

/// An upload may take one part in so many of a run's time.
const SHARE: u32 = 20;

/// How many files are put into one piece of the upload.
const FILES_A_PIECE: usize = 500;

/// What a set-aside journal's name has at its end.
const ASIDE: &str = ".old";

/// Where a destination keeps its journal.
#[derive(Debug)]
pub(crate) struct OnServer {
    name: Name,
    /// Who uploads holds this.
    last: Mutex<Last>,
}

/// The last upload.
#[derive(Debug)]
struct Last {
    ended: Instant,
    took: Duration,
}

/// Tells whether a file in the root of either side is the journal `name`, or one set aside.
pub(crate) fn is_journal(name: &Name, other: &Name) -> bool {
    let rest = other.as_bytes().strip_prefix(name.as_bytes());
    rest.is_some_and(|rest| rest.is_empty() || rest == ASIDE.as_bytes())
}

impl OnServer {
    pub(crate) fn new(name: Name) -> Self {
        let last = Last { ended: Instant::now(), took: Duration::ZERO };
        Self { name, last: Mutex::new(last) }
    }

    fn path(&self, tree: &Tree) -> Path {
        tree.root.child(&self.name)
    }

    /// Takes what the file says into `journal`. Returns what the user should know of it.
    ///
    /// # Errors
    /// When it cannot be read, or something else stands there that must not be written over.
    pub(crate) async fn load(
        &self,
        journal: &Journal,
        tree: &Tree,
        writes: bool,
    ) -> Result<Option<String>> {
        if tree.remote.stat(&self.path(tree)).await?.is_none() {
            return Ok(None);
        }
        let name = &self.name;
        let why = match self.read(journal, tree).await {
            // Whoever writes one at the same time may have taken the old one away first.
            Err(error) if error.is_not_found() => return Ok(None),
            read => read?,
        };
        let why = match why {
            Ok(()) => return Ok(None),
            Err(Unread::Foreign) => {
                let message = format!("`{name}` there is something else and stays as it is");
                return Err(Error::new(ErrorKind::AlreadyExists, message)
                    .hint("choose another name for --journal-remote"));
            }
            Err(Unread::Damaged) => "is damaged",
            Err(Unread::Version) => "is of another version",
        };
        let aside = Name::new([name.as_bytes(), ASIDE.as_bytes()].concat());
        let Some(aside) = aside.ok().filter(|_| writes) else {
            return Ok(Some(format!("the journal `{name}` there {why}")));
        };
        let to = tree.root.child(&aside);
        match tree.remote.rename(&self.path(tree), &to).await {
            Err(error) if error.is_not_found() => return Ok(None),
            renamed => renamed?,
        }
        Ok(Some(format!("the journal `{name}` there {why}: begins a new one, `{aside}` holds it")))
    }

    /// Reads the file piece by piece; nothing of it counts before its end has proved it whole.
    async fn read(
        &self,
        journal: &Journal,
        tree: &Tree,
    ) -> Result<std::result::Result<(), Unread>> {
        let mut reader = tree.remote.open(&self.path(tree), 0, None).await?;
        let mut reading = Reading::new();
        let mut taking = journal.begin_taking().map_err(Error::from)?;
        loop {
            let piece = reader.read().await?;
            if piece.is_empty() {
                break;
            }
            match reading.read(&piece) {
                Ok(files) => taking.take(&files).map_err(Error::from)?,
                Err(unread) => return Ok(Err(unread)),
            }
        }
        match reading.end() {
            Ok(()) => taking.keep().map(Ok).map_err(Error::from),
            Err(unread) => Ok(Err(unread)),
        }
    }

    /// Uploads the journal if enough has changed since the last time and nobody else does.
    pub(crate) async fn step(&self, journal: &Arc<Journal>, tree: &Tree, partials: &Partials) {
        let Ok(last) = self.last.try_lock() else { return };
        let since = last.ended.elapsed();
        let due = journal.unshared() >= STEP || since >= PAUSE;
        if due && since >= last.took * SHARE && journal.unshared() > 0 {
            // What cannot be uploaded now can be at the end, which then tells why.
            let _ = self.upload(journal, tree, partials, last).await;
        }
    }

    /// Uploads the journal where something has changed since the last time.
    ///
    /// # Errors
    /// Why it could not.
    pub(crate) async fn finish(
        &self,
        journal: &Arc<Journal>,
        tree: &Tree,
        partials: &Partials,
    ) -> Result<()> {
        let last = self.last.lock().await;
        if journal.unshared() == 0 {
            return Ok(());
        }
        self.upload(journal, tree, partials, last).await
    }

    async fn upload(
        &self,
        journal: &Arc<Journal>,
        tree: &Tree,
        partials: &Partials,
        mut last: MutexGuard<'_, Last>,
    ) -> Result<()> {
        let begun = Instant::now();
        let changes = journal.unshared();
        let written = self.write(journal, tree, partials).await;
        *last = Last { ended: Instant::now(), took: begun.elapsed() };
        if written.is_ok() {
            journal.share(changes);
        }
        written
    }

    /// Writes the file under a temporary name, then gives it its own.
    async fn write(&self, journal: &Arc<Journal>, tree: &Tree, partials: &Partials) -> Result<()> {
        journal.flush().await.map_err(|why| Error::new(ErrorKind::Other, why))?;
        let remote = &tree.remote;
        let to = self.path(tree);
        let renames = remote.capability().rename;
        let entry = Entry::directory(self.name.clone());
        let partial = tree.root.child(&partials.name(&Path::root().child(&self.name), &entry)?);
        let at = if renames { &partial } else { &to };
        let mut writer = remote.create(at, 0).await?;
        let (mut writing, mut size, mut from) = (Writing::new(), 0, Some(Vec::new()));
        while let Some(start) = from.take() {
            from = journal.write_down(&start, FILES_A_PIECE, &mut writing).map_err(Error::from)?;
            let piece = writing.take();
            size += piece.len() as u64;
            writer.write(Bytes::from(piece)).await?;
        }
        let end = writing.end();
        size += end.len() as u64;
        writer.write(Bytes::from(end)).await?;
        let rename_to = renames.then_some(to);
        let commit = Commit { size: Some(size), rename_to, ..Commit::default() };
        let committed = writer.commit(commit).await;
        if committed.is_err() && renames {
            let _ = remote.remove(&partial).await;
        }
        committed.map(drop)
    }
}

impl From<Unavailable> for Error {
    fn from(why: Unavailable) -> Self {
        Self::new(ErrorKind::Other, why.to_string())
    }
}

/// Files of a journal on their way into another, which keeps them only once all are there.
pub(super) struct Taking {
    write: redb::WriteTransaction,
}

impl Taking {
    pub(super) fn new(write: redb::WriteTransaction) -> Self {
        Self { write }
    }

    /// Takes some in. Where both know of the same copy, this machine knows the time of its own source.
    fn take(&mut self, files: &[(Path, Name, Fact)]) -> std::result::Result<(), Unavailable> {
        let mut table = self.write.open_table(FILES).map_err(broken)?;
        for (directory, name, fact) in files {
            let place = place(directory, name);
            let known = table.get(place.as_slice()).map_err(broken)?;
            let known = known.and_then(|stored| Fact::read(stored.value()));
            let fact = known.map_or_else(|| fact.clone(), |known| known.agreeing_with(fact));
            table.insert(place.as_slice(), fact.stored()).map_err(broken)?;
        }
        Ok(())
    }

    fn keep(self) -> std::result::Result<(), Unavailable> {
        self.write.commit().map_err(broken)
    }
}

//! Notes in the journal what was copied, with the time the destination shows for it.
//!
//! Where a copy was given its source's time, that is the time. Else the destination is asked, for
//! many files in one go, as soon as they are enough or the run ends.

use std::sync::{Arc, Mutex};

use crate::entry::Entry;
use crate::journal::{Fact, Journal};
use crate::path::Path;
use crate::plan::Learnt;
use crate::progress::Event;
use crate::remote::Tree;
use crate::run::Run;

/// How many files are asked about in one go.
const BATCH: usize = 200;

/// The journal's keeper; without a journal it does nothing.
#[derive(Debug)]
pub(super) struct Recorder {
    run: Run,
    destination: Tree,
    /// What was copied and nobody knows the time of yet.
    unstamped: Mutex<Vec<Unstamped>>,
}

/// What was copied, as its source was listed and, where it was computed, its SHA-256.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub(super) entry: &'a Entry,
    pub(super) sha256: Option<Box<[u8]>>,
}

/// A copy whose time is still to be asked for.
#[derive(Clone, Debug)]
struct Unstamped {
    path: Path,
    source: Entry,
    sha256: Option<Box<[u8]>>,
}

impl Recorder {
    pub(super) fn new(run: &Run, destination: &Tree) -> Self {
        Self { run: run.clone(), destination: destination.clone(), unstamped: Mutex::default() }
    }

    fn journal(&self) -> Option<&Arc<Journal>> {
        self.run.journal()
    }

    /// Notes that `source` now stands at `path`; `dated` where the copy has its time.
    pub(super) async fn copied(&self, path: &Path, source: Content<'_>, dated: bool) {
        let Some(journal) = self.journal() else { return };
        let kept = self.destination.remote.capability().write_precision.filter(|_| dated);
        if let (Some(precision), Some((parent, name))) = (kept, path.split()) {
            let modified = source.entry.modified.map(|modified| modified.floor(precision));
            let copy = Entry { name, modified, unique: None, ..source.entry.clone() };
            if let Some(fact) = Fact::of(source.entry, &copy) {
                let fact = Fact { sha256: source.sha256, ..fact };
                journal.remember(&parent, &copy.name, fact);
            }
            return self.run.share_step(&self.destination).await;
        }
        let batch = {
            let mut unstamped = self.unstamped.lock().expect("no holder of the lock panics");
            unstamped.push(Unstamped {
                path: path.clone(),
                source: source.entry.clone(),
                sha256: source.sha256,
            });
            if unstamped.len() < BATCH { Vec::new() } else { std::mem::take(&mut *unstamped) }
        };
        self.ask(journal, batch).await;
        self.run.share_step(&self.destination).await;
    }

    /// Notes that what was remembered of a file now holds for `path`.
    pub(super) fn renamed(&self, path: &Path, copied: Option<Box<Fact>>) {
        let (Some(journal), Some(fact)) = (self.journal(), copied) else { return };
        let Some((parent, name)) = path.split() else { return };
        // Some servers give a file another identity with its name.
        journal.remember(&parent, &name, Fact { unique: None, ..*fact });
    }

    /// Asks for the times the destination has given. One that does not answer is not remembered.
    async fn ask(&self, journal: &Arc<Journal>, batch: Vec<Unstamped>) {
        let remote = &self.destination.remote;
        let paths: Vec<Path> = batch.iter().map(|file| self.destination.path(&file.path)).collect();
        if paths.is_empty() {
            return;
        }
        let mut found = remote.stat_all(&paths).await;
        if remote.capability().asked_precision.is_some() {
            let times = remote.modified_all(&paths).await;
            for (entry, time) in found.iter_mut().zip(times) {
                if let (Ok(Some(entry)), Ok(time @ Some(_))) = (entry, time) {
                    entry.modified = time;
                }
            }
        }
        for (file, copy) in batch.into_iter().zip(found) {
            let Unstamped { path, source, sha256 } = file;
            let (Ok(Some(copy)), Some(parent)) = (copy, path.parent()) else { continue };
            if let Some(fact) =
                Fact::of(&source, &copy).filter(|fact| source.size == Some(fact.size))
            {
                let fact = Fact { sha256, ..fact };
                journal.remember(&parent, &copy.name, fact);
            }
        }
    }

    /// Notes what a comparison has found.
    pub(super) fn learn(&self, path: &Path, learnt: &Learnt) {
        let (Some(journal), Some((parent, name))) = (self.journal(), path.split()) else { return };
        if learnt.corrects {
            let message = "the journal knew another copy: believes the listing";
            self.run.event(Event::Remark { path, message });
        }
        // What a listing adds to a copy that is known by its content is worth no upload.
        if !learnt.corrects && learnt.fact.sha256.is_some() {
            return journal.remember_here(&parent, &name, learnt.fact.clone());
        }
        journal.remember(&parent, &name, learnt.fact.clone());
    }

    /// Notes that a file of the source which bears another time is the one that was copied.
    pub(super) fn learn_time(&self, path: &Path, fact: Fact) {
        let (Some(journal), Some((parent, name))) = (self.journal(), path.split()) else { return };
        // Of a checkout made for this run the time is of use to nobody else.
        journal.remember_here(&parent, &name, fact);
    }

    /// Notes the rest, and tells where the journal cannot be written.
    pub(super) async fn finish(&self) {
        let Some(journal) = self.journal() else { return };
        let rest = std::mem::take(&mut *self.unstamped.lock().expect("no holder panics"));
        for batch in rest.chunks(BATCH) {
            if !self.run.ctx.cancel.is_cancelled() {
                self.ask(journal, batch.to_vec()).await;
            }
        }
        self.run.share(&self.destination).await;
        if let Err(why) = journal.flush().await {
            self.run.notice(None, &format!("the journal cannot be written: {why}"));
        }
    }
}

//! Files that stand elsewhere already: `--compare-dest` and `--copy-dest`.
//!
//! A directory of such a tree is listed when the first file of it would be transferred, and the last
//! few listings are kept: files come directory by directory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use super::copy::Job;
use crate::compare::{Rules, Verdict};
use crate::context::Options;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::path::{Name, Path};
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::Run;

/// The trees that may have a file, in the order they are asked.
#[derive(Debug)]
pub(super) struct Elsewhere {
    run: Run,
    source: Tree,
    places: Vec<Place>,
    /// Whether the destination gets a copy of what is found.
    pub(super) copies: bool,
}

#[derive(Debug)]
struct Place {
    tree: Tree,
    listings: Mutex<VecDeque<(Path, Listed)>>,
}

type Listed = Arc<OnceCell<HashMap<Name, Entry>>>;

impl Elsewhere {
    /// Returns what finds files elsewhere, where that is wanted.
    pub(super) fn new(run: &Run, source: &Tree) -> Option<Self> {
        let wanted = run.ctx.options.elsewhere.as_ref()?;
        let place = |tree: &Tree| Place { tree: tree.clone(), listings: Mutex::default() };
        Some(Self {
            run: run.clone(),
            source: source.clone(),
            places: wanted.trees.iter().map(place).collect(),
            copies: wanted.copies,
        })
    }

    /// Returns the first tree that has, under the path a copy would get, what the source holds.
    pub(super) async fn find(&self, job: &Job) -> Result<Option<&Tree>> {
        for place in &self.places {
            if let Some(entry) = self.look(place, &job.to).await?
                && self.is_same(job, place, &entry).await?
            {
                return Ok(Some(&place.tree));
            }
        }
        Ok(None)
    }

    async fn look(&self, place: &Place, path: &Path) -> Result<Option<Entry>> {
        let Some((directory, name)) = path.split() else { return Ok(None) };
        let listed = place.listing(&directory, self.run.ctx.options.checkers);
        let entries = listed.get_or_try_init(|| self.list(place, &directory)).await?;
        Ok(entries.get(&name).filter(|entry| entry.is_file()).cloned())
    }

    async fn list(&self, place: &Place, directory: &Path) -> Result<HashMap<Name, Entry>> {
        let at = place.tree.path(directory);
        match retry(&self.run.ctx, directory, || place.tree.remote.list(&at)).await {
            Ok(listing) => {
                let entries = listing.entries.into_iter();
                Ok(entries.map(|entry| (entry.name.clone(), entry)).collect())
            }
            Err(error) if error.kind() == ErrorKind::DirectoryNotFound => Ok(HashMap::new()),
            Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(HashMap::new()),
            Err(error) => Err(error),
        }
    }

    /// Compares by size and time, and by hash where these leave a doubt and both sides have one.
    async fn is_same(&self, job: &Job, place: &Place, entry: &Entry) -> Result<bool> {
        let there = &place.tree.remote;
        let (here, at) = (&self.source.remote, place.tree.path(&job.to));
        let rules = Rules::new(&self.options(), &here.capability(), &there.capability());
        let mut entry = entry.clone();
        let finer = there.capability().asked_precision;
        if entry.size == job.source.size && finer.is_some_and(|finer| is_coarser(&entry, finer)) {
            let asked = there.modified_all(std::slice::from_ref(&at)).await.pop();
            entry.modified = asked.and_then(Result::ok).flatten().or(entry.modified);
        }
        match (rules.compare(&job.source, &entry), rules.hash) {
            (Verdict::Same, _) => Ok(true),
            (Verdict::Unsettled(_), Some(hash)) => {
                let from = self.source.path(&job.from);
                let hashes = tokio::try_join!(here.hash(&from, hash), there.hash(&at, hash))?;
                Ok(hashes.0 == hashes.1)
            }
            _ => Ok(false),
        }
    }

    /// What protects or renews the destination's own files says nothing of these.
    fn options(&self) -> Options {
        Options {
            ignore_existing: false,
            ignore_times: false,
            update: false,
            ..self.run.ctx.options.clone()
        }
    }
}

impl Place {
    /// Returns the listing of a directory, perhaps still to be made; so many are kept.
    fn listing(&self, directory: &Path, kept: usize) -> Listed {
        let mut listings = self.listings.lock().expect("no holder of the lock panics");
        if let Some((_, known)) = listings.iter().find(|(path, _)| path == directory) {
            return Arc::clone(known);
        }
        if listings.len() >= kept.max(1) {
            listings.pop_front();
        }
        let listed = Listed::default();
        listings.push_back((directory.clone(), Arc::clone(&listed)));
        listed
    }
}

fn is_coarser(entry: &Entry, precision: std::time::Duration) -> bool {
    entry.modified.is_none_or(|modified| modified.precision > precision)
}

/// Refuses copies that the destination's remote cannot make by itself.
pub(crate) fn check(options: &Options, destination: &Tree) -> Result<()> {
    let Some(elsewhere) = options.elsewhere.as_ref().filter(|elsewhere| elsewhere.copies) else {
        return Ok(());
    };
    let refuse = |message| Err(Error::new(ErrorKind::Usage, message));
    if !destination.remote.capability().copy {
        return refuse("can't use --copy-dest on a remote which doesn't support server side copy");
    }
    if !elsewhere.trees.iter().all(|tree| tree.same_remote(destination)) {
        return refuse("parameter to --copy-dest has to be on the same remote as destination");
    }
    Ok(())
}

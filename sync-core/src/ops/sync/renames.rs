//! Finds files of the source that the destination has under another name: a rename there saves a
//! transfer. What two files must have in common is for the user to say; their size always.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::deletion::Removals;
use crate::compare::Rules;
use crate::context::Tracking;
use crate::entry::{Entry, Modified};
use crate::execute::remove::Doomed;
use crate::journal::Fact;
use crate::path::Path;
use crate::plan::{Action, Step};
use crate::remote::Tree;
use crate::run::Run;

/// Files that only one side has, until both sides are known whole.
#[derive(Debug)]
pub(super) struct Renames<'a> {
    run: &'a Run,
    source: &'a Tree,
    destination: &'a Tree,
    rules: &'a Rules,
    tracking: Tracking,
    /// Copies of files that the destination has not.
    new: Vec<Step>,
    /// When the files changed that only the destination has, and what is remembered of them.
    there: BTreeMap<Path, (Option<Modified>, Option<Box<Fact>>)>,
    /// Hashes of these, as far as they were asked for; none where there is none to be had.
    hashes: Mutex<BTreeMap<Path, Option<Vec<u8>>>>,
}

impl<'a> Renames<'a> {
    /// Returns nothing where renames are not wanted or cannot be found.
    pub(super) fn new(
        run: &'a Run,
        source: &'a Tree,
        destination: &'a Tree,
        rules: &'a Rules,
    ) -> Option<Self> {
        let tracking = run.ctx.options.track_renames?;
        let trouble = if !destination.remote.capability().rename {
            "the destination cannot rename"
        } else if tracking.hash && rules.hash.is_none() {
            "the source and destination do not have a common hash"
        } else {
            let (new, there, hashes) = (Vec::new(), BTreeMap::new(), Mutex::default());
            return Some(Self { run, source, destination, rules, tracking, new, there, hashes });
        };
        run.notice(None, &format!("Ignoring --track-renames as {trouble}"));
        None
    }

    /// Holds a step back that may be a rename, or the half of one; returns all others.
    pub(super) fn hold(&mut self, mut step: Step) -> Option<Step> {
        let path = step.target().clone();
        match &mut step.action {
            Action::Copy { replaces: None, .. } => {
                self.new.push(step);
                return None;
            }
            Action::Remove { modified, copied, .. } => {
                self.there.insert(path, (*modified, copied.take()));
            }
            _ => {}
        }
        Some(step)
    }

    /// Returns the steps held back, those as renames that have their like among the removals.
    pub(super) async fn resolve(mut self, removals: &mut Removals) -> Vec<Step> {
        let mut by_size: BTreeMap<u64, Vec<Doomed>> = BTreeMap::new();
        for doomed in std::mem::take(&mut removals.files) {
            by_size.entry(doomed.size.unwrap_or(u64::MAX)).or_default().push(doomed);
        }
        let mut steps = Vec::with_capacity(self.new.len());
        for step in &self.new {
            let found = match &step.action {
                Action::Copy { source, .. } => self.find(step, source, &mut by_size).await,
                _ => None,
            };
            steps.push(found);
        }
        removals.files = by_size.into_values().flatten().collect();
        removals.files.sort_by(|a, b| a.path.cmp(&b.path));
        let renamed = |(mut step, found): (Step, Option<Doomed>)| {
            if let Some(found) = found {
                let copied = self.there.remove(&found.path).and_then(|(_, copied)| copied);
                step.action = step.action.renaming(found.path, copied);
            }
            step
        };
        self.new.into_iter().zip(steps).map(renamed).collect()
    }

    /// Takes the first file of the destination that is what `source` is.
    async fn find(
        &self,
        step: &Step,
        source: &Entry,
        by_size: &mut BTreeMap<u64, Vec<Doomed>>,
    ) -> Option<Doomed> {
        let alike = by_size.get_mut(&source.size?)?;
        let mut hash = None;
        for index in 0..alike.len() {
            let there = &alike[index].path;
            if self.may_be_same(step, source, there)
                && self.has_same_hash(step, there, &mut hash).await
            {
                return Some(alike.swap_remove(index));
            }
        }
        None
    }

    fn may_be_same(&self, step: &Step, source: &Entry, there: &Path) -> bool {
        let Tracking { leaf, modified, .. } = self.tracking;
        if leaf && step.path.name() != there.name() {
            return false;
        }
        if modified {
            let there = self.there.get(there).and_then(|(modified, _)| *modified);
            if there.is_none() || !self.rules.same_time(source.modified, there) {
                return false;
            }
        }
        true
    }

    /// Compares the hashes where these are wanted. Each file is asked for its own once; `here` is what the
    /// source's was found to be.
    async fn has_same_hash(
        &self,
        step: &Step,
        there: &Path,
        here: &mut Option<Option<Vec<u8>>>,
    ) -> bool {
        if !self.tracking.hash {
            return true;
        }
        let Some(algorithm) = self.rules.hash else { return false };
        let of_source = async {
            match here.take() {
                Some(known) => known,
                None => hash_of(self.source, &step.path, algorithm).await,
            }
        };
        let (own, other) =
            futures_util::future::join(of_source, self.hash_there(there, algorithm)).await;
        self.run.ctx.progress.event(crate::Event::Checked { path: &step.path });
        let same = own.is_some() && own == other;
        *here = Some(own);
        same
    }

    async fn hash_there(&self, path: &Path, algorithm: &str) -> Option<Vec<u8>> {
        let known = self.hashes.lock().expect("no holder of the lock panics").get(path).cloned();
        if let Some(known) = known {
            return known;
        }
        let hash = hash_of(self.destination, path, algorithm).await;
        let mut hashes = self.hashes.lock().expect("no holder of the lock panics");
        hashes.insert(path.clone(), hash.clone());
        hash
    }
}

async fn hash_of(tree: &Tree, path: &Path, algorithm: &str) -> Option<Vec<u8>> {
    tree.remote.hash(&tree.path(path), algorithm).await.ok()
}

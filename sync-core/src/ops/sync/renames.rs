//! Finds files of the source that the destination has under another name: a rename there saves a
//! transfer. What two files must have in common is for the user to say; their size always.

use std::collections::BTreeMap;

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
            let (new, there) = (Vec::new(), BTreeMap::new());
            return Some(Self { run, source, destination, rules, tracking, new, there });
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
        for index in 0..alike.len() {
            if self.is_same(step, source, &alike[index].path).await {
                return Some(alike.swap_remove(index));
            }
        }
        None
    }

    async fn is_same(&self, step: &Step, source: &Entry, there: &Path) -> bool {
        let Tracking { hash, leaf, modified } = self.tracking;
        if leaf && step.path.name() != there.name() {
            return false;
        }
        if modified {
            let there = self.there.get(there).and_then(|(modified, _)| *modified);
            if there.is_none() || !self.rules.same_time(source.modified, there) {
                return false;
            }
        }
        match self.rules.hash.filter(|_| hash) {
            None => !hash,
            Some(algorithm) => {
                let (from, to) = (self.source.path(&step.path), self.destination.path(there));
                let (here, there) = futures_util::future::join(
                    self.source.remote.hash(&from, algorithm),
                    self.destination.remote.hash(&to, algorithm),
                )
                .await;
                self.run.ctx.progress.event(crate::Event::Checked { path: &step.path });
                here.ok().zip(there.ok()).is_some_and(|(here, there)| here == there)
            }
        }
    }
}

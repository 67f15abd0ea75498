//! The planning side of a run: hands work to the executor, keeps removals, tells the rest.

use tokio::sync::mpsc::Sender;

use super::Mode;
use super::deletion::{Removals, remove_early};
use super::renames::Renames;
use crate::compare::Rules;
use crate::context::Deletion;
use crate::execute::Executor;
use crate::execute::remove::Doomed;
use crate::path::Name;
use crate::plan::{Action, Dating, Extent, Step, plan};
use crate::progress::Event;
use crate::remote::Tree;
use crate::run::Run;
use crate::walk::{Pair, Side, Walk};

pub(super) struct Planning<'a> {
    pub(super) run: &'a Run,
    pub(super) executor: &'a Executor,
    pub(super) destination: &'a Tree,
    pub(super) mode: Mode,
    pub(super) deletion: Deletion,
    pub(super) steps: Sender<Step>,
}

impl Planning<'_> {
    /// Plans all directories and returns what is still to be removed.
    pub(super) async fn all(
        self,
        first: Pair,
        mut walk: Walk,
        rules: &Rules,
        extent: Extent,
        mut renames: Option<Renames<'_>>,
    ) -> Removals {
        let mut removals = Removals::default();
        let mut next = Some(first);
        while let Some(pair) = next {
            look_at(&pair, &mut removals);
            self.misspelt(&pair, &mut removals);
            for step in plan(pair, rules, extent) {
                let step = match &mut renames {
                    Some(renames) => renames.hold(step),
                    None => Some(step),
                };
                self.pass_on(step, &mut removals).await;
            }
            if self.deletion == Deletion::During {
                let doomed = std::mem::take(&mut removals.files);
                removals.kept.extend(remove_early(self.run, self.destination, doomed).await);
            }
            next = if self.run.is_over() { None } else { walk.next().await };
        }
        if let Some(renames) = renames {
            for step in renames.resolve(&mut removals).await {
                self.pass_on(Some(step), &mut removals).await;
            }
        }
        removals
    }

    async fn pass_on(&self, step: Option<Step>, removals: &mut Removals) {
        if let Some(step) = step.and_then(|step| self.here(step, removals)) {
            // The executor takes steps until there are no more.
            let _ = self.steps.send(step).await;
        }
    }

    /// Takes note of names of the destination that are to be those of the source.
    fn misspelt(&self, pair: &Pair, removals: &mut Removals) {
        if self.run.ctx.options.fix_case {
            let fix = |(name, other): &(Name, Name)| (pair.there.child(other), name.clone());
            removals.misspelt.extend(pair.aliases.iter().map(fix));
        }
    }

    /// Takes note of a directory to be dated, under the name it has at the end of the run.
    fn dated(&self, step: &Step, dating: Dating, removals: &mut Removals) {
        let respelt = self.run.ctx.options.fix_case;
        let path = if respelt { &step.path } else { step.target() };
        removals.dated.push((path.clone(), dating));
    }

    /// Does what needs no remote, and returns the other steps.
    fn here(&self, step: Step, removals: &mut Removals) -> Option<Step> {
        match &step.action {
            Action::Settle { .. } => self.run.event(Event::CheckQueued),
            Action::Keep { same, learnt, .. } => {
                if let Some(learnt) = learnt {
                    self.executor.learn(step.target(), learnt);
                }
                self.run.event(Event::CheckQueued);
                self.run.event(Event::Checked { path: &step.path });
                self.run.event(Event::Left { path: &step.path, same: *same });
                if !same || self.mode != Mode::Move {
                    return None;
                }
            }
            Action::LeaveDirectory | Action::Remove { .. } | Action::RemoveDirectory => {
                collect(&step, removals);
                return None;
            }
            Action::DateDirectory(dating) => {
                self.dated(&step, *dating, removals);
                return None;
            }
            Action::Leave => {
                self.run.event(Event::Extra { path: &step.path });
                return None;
            }
            Action::Tell(message) => {
                self.run.notice(Some(&step.path), message);
                return None;
            }
            Action::Copy { in_new_directory, .. } | Action::Rename { in_new_directory, .. } => {
                if let Action::Copy { replaces: Some(_), .. } = &step.action {
                    self.run.event(Event::CheckQueued);
                    self.run.event(Event::Checked { path: &step.path });
                }
                if let Some(parent) = step.target().parent().filter(|_| *in_new_directory) {
                    self.executor.announce(parent);
                }
            }
            Action::Discard { .. }
            | Action::Doubt(_)
            | Action::MakeDirectory
            | Action::MoveDirectory
            | Action::Refuse(_) => {}
        }
        Some(step)
    }
}

fn collect(step: &Step, removals: &mut Removals) {
    let path = step.target().clone();
    match step.action {
        Action::Discard { size } | Action::Remove { size, .. } => {
            removals.files.push(Doomed { path, size });
        }
        Action::LeaveDirectory => {
            removals.kept.keep(&path);
            removals.directories.push(path);
        }
        Action::RemoveDirectory => removals.directories.push(path),
        _ => {}
    }
}

/// Takes note of what a directory of the destination holds, as far as removals must know of it.
fn look_at(pair: &Pair, removals: &mut Removals) {
    let files = pair.destination.entries().iter().filter(|entry| entry.is_file());
    removals.out_of += files.count() as u64;
    if pair.in_doubt || matches!(pair.destination, Side::Failed(_)) {
        removals.kept.keep(&pair.there);
    }
}

/// Walks both trees and returns what only the destination has; nothing if anything fails or is in
/// doubt. The walk that follows tells of that, except of what concerns deletions alone, which is told
/// here.
pub(super) async fn extras(
    run: &Run,
    first: Pair,
    mut walk: Walk,
    rules: &Rules,
) -> Option<Removals> {
    let extent = Extent { remove_extras: true, ..Extent::default() };
    let mut removals = Removals::default();
    let mut next = Some(first);
    while let Some(pair) = next {
        look_at(&pair, &mut removals);
        let is_extra = matches!(pair.source, Side::Absent);
        let withholds = is_extra || pair.source.doubts().is_empty();
        for step in plan(pair, rules, extent) {
            match step.action {
                Action::Doubt(error) if withholds => {
                    run.doubt(&step.path, error);
                    return None;
                }
                Action::Refuse(error) if is_extra => {
                    run.fail(&step.path, error);
                    return None;
                }
                Action::Doubt(_) | Action::Refuse(_) => return None,
                _ => collect(&step, &mut removals),
            }
        }
        next = walk.next().await;
    }
    Some(removals)
}

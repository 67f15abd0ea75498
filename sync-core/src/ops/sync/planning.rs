//! The planning side of a run: hands work to the executor, keeps removals, tells the rest.

use tokio::sync::mpsc::Sender;

use super::Mode;
use super::deletion::{Removals, remove_early};
use crate::compare::Rules;
use crate::context::Deletion;
use crate::execute::Executor;
use crate::execute::remove::Doomed;
use crate::path::Path;
use crate::plan::{Action, Extent, Step, plan};
use crate::progress::Event;
use crate::remote::Tree;
use crate::run::Run;
use crate::walk::{Pair, Walk};

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
    pub(super) async fn all(self, first: Pair, mut walk: Walk, rules: &Rules) -> Removals {
        let options = &self.run.ctx.options;
        let extent = Extent {
            remove_extras: self.mode == Mode::Sync && self.deletion != Deletion::Before,
            tell_extras: options.tell_extras,
            empty_directories: options.create_empty_source_directories,
            immutable: options.immutable,
        };
        let mut removals = Removals::default();
        let mut next = Some(first);
        while let Some(pair) = next {
            removals.out_of += files_of(&pair);
            for step in plan(pair, rules, extent) {
                let Some(step) = self.here(step, &mut removals) else { continue };
                if self.steps.send(step).await.is_err() {
                    return removals;
                }
            }
            if self.deletion == Deletion::During {
                let doomed = std::mem::take(&mut removals.files);
                remove_early(self.run, self.destination, doomed).await;
            }
            next = walk.next().await;
        }
        removals
    }

    /// Does what needs no remote, and returns the other steps.
    fn here(&self, step: Step, removals: &mut Removals) -> Option<Step> {
        let Step { path, action } = step;
        match action {
            Action::Copy { ref source, in_new_directory, .. } => {
                self.run.event(Event::TransferQueued { size: source.size });
                if let Some(parent) = path.parent().filter(|_| in_new_directory) {
                    self.executor.announce(parent);
                }
            }
            Action::Settle { .. } => self.run.event(Event::CheckQueued),
            Action::Keep { same, .. } => {
                self.run.event(Event::CheckQueued);
                self.run.event(Event::Checked { path: &path });
                self.run.event(Event::Left { path: &path, same });
                if !same || self.mode != Mode::Move {
                    return None;
                }
            }
            Action::Remove { .. } | Action::RemoveDirectory => {
                collect(path, &action, removals);
                return None;
            }
            Action::Leave => {
                self.run.event(Event::Extra { path: &path });
                return None;
            }
            Action::Tell(message) => {
                self.run.notice(Some(&path), &message);
                return None;
            }
            Action::Discard { .. }
            | Action::Doubt(_)
            | Action::MakeDirectory
            | Action::Refuse(_) => {}
        }
        Some(Step { path, action })
    }
}

fn collect(path: Path, action: &Action, removals: &mut Removals) {
    match *action {
        Action::Discard { size } | Action::Remove { size } => {
            removals.files.push(Doomed { path, size });
        }
        Action::RemoveDirectory => removals.directories.push(path),
        _ => {}
    }
}

fn files_of(pair: &Pair) -> u64 {
    pair.destination.entries().iter().filter(|entry| entry.is_file()).count() as u64
}

/// Walks both trees and returns what only the destination has; nothing if anything fails or is in
/// doubt, which the walk that follows will tell of.
pub(super) async fn extras(first: Pair, mut walk: Walk, rules: &Rules) -> Option<Removals> {
    let extent = Extent { remove_extras: true, ..Extent::default() };
    let mut removals = Removals::default();
    let mut next = Some(first);
    while let Some(pair) = next {
        removals.out_of += files_of(&pair);
        for Step { path, action } in plan(pair, rules, extent) {
            match action {
                Action::Doubt(_) | Action::Refuse(_) => return None,
                action => collect(path, &action, &mut removals),
            }
        }
        next = walk.next().await;
    }
    Some(removals)
}

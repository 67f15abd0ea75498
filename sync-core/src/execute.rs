//! Carries out the steps of a plan: copies and moves `transfers` at once as the steps come, and
//! keeps removals for the end.

pub(crate) mod copy;
pub(crate) mod parents;
pub(crate) mod remove;
mod resume;
pub(crate) mod target;

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use tokio::sync::mpsc::Receiver;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use crate::compare::{Rules, Verdict};
use crate::entry::Entry;
use crate::error::ErrorKind;
use crate::path::Path;
use crate::plan::{Action, Step};
use crate::progress::{Deed, Event};
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::{Change, Run};

use copy::{Copier, Job, Slot};
use parents::Parents;

/// Carries out steps from one tree to another.
#[derive(Debug)]
pub(crate) struct Executor {
    run: Run,
    source: Tree,
    destination: Tree,
    rules: Rules,
    /// Whether the source's files go away.
    moves: bool,
    copier: Copier,
    parents: Parents,
    /// Whether the destination was seen to keep a time it was given.
    keeps_times: OnceCell<bool>,
}

impl Executor {
    pub(crate) fn new(
        run: &Run,
        source: &Tree,
        destination: &Tree,
        rules: Rules,
        moves: bool,
    ) -> Self {
        Self {
            run: run.clone(),
            source: source.clone(),
            destination: destination.clone(),
            rules,
            moves,
            copier: Copier::new(run, source, destination),
            parents: Parents::new(destination),
            keeps_times: OnceCell::new(),
        }
    }

    /// Tells that a directory will be needed, so that the first who needs one makes all.
    pub(crate) fn announce(&self, directory: Path) {
        self.parents.announce(directory);
    }

    /// Carries out all steps that come, `transfers` at once.
    pub(crate) async fn carry_out(self: Arc<Self>, steps: Receiver<Step>) {
        let limit = self.run.ctx.options.transfers.max(1);
        let slots = Arc::new(Semaphore::new(limit));
        let steps = unfold(steps, async |mut steps| steps.recv().await.map(|step| (step, steps)));
        // Besides those at work there are those who only wait for what came of their file.
        steps
            .for_each_concurrent(2 * limit, |step| {
                let (executor, slots) = (Arc::clone(&self), Arc::clone(&slots));
                async move {
                    let path = step.path.clone();
                    let work = tokio::spawn({
                        let executor = Arc::clone(&executor);
                        async move { executor.step(step, Slot::among(&slots).await).await }
                    });
                    if let Err(lost) = AbortOnDropHandle::new(work).await {
                        let error = crate::Error::new(ErrorKind::Other, "the work broke off");
                        executor.run.fail(&path, error.caused_by(lost));
                    }
                }
            })
            .await;
    }

    async fn step(&self, step: Step, slot: Slot) {
        if !self.run.ctx.cancel.is_cancelled() {
            self.act(step.path.clone(), step.path, step.action, slot).await;
        }
    }

    /// Carries out one action on a file, whose path may differ between the sides.
    pub(crate) async fn act(&self, from: Path, to: Path, action: Action, slot: Slot) {
        match action {
            Action::Copy { source, replaces, in_new_directory, begun, reason } => {
                let job = Job { from, to, source, replaces, begun, reason, slot };
                self.transfer(&job, in_new_directory).await;
            }
            Action::Discard { size } => self.discard(&to, size).await,
            Action::Settle { source, destination, begun, reason } => {
                let replaces = Some(destination);
                self.settle(Job { from, to, source, replaces, begun, reason, slot }).await;
            }
            Action::Keep { source, same: true } if self.moves => {
                self.remove_source(&from, &source).await;
            }
            Action::MakeDirectory => self.make_directory(&to).await,
            Action::Doubt(error) => self.run.doubt(&to, error),
            Action::Refuse(error) => self.run.fail(&to, error),
            Action::Tell(message) => self.run.notice(Some(&to), &message),
            Action::Keep { .. }
            | Action::Leave
            | Action::Remove { .. }
            | Action::RemoveDirectory => {}
        }
    }

    /// Copies or moves one file.
    async fn transfer(&self, job: &Job, in_new_directory: bool) {
        if self.moves && self.source.same_remote(&self.destination) {
            let renames = self.source.remote.capability().rename;
            if renames && self.rename(job, in_new_directory).await {
                return;
            }
        }
        if !self.run.may(job.change()).await {
            return;
        }
        if in_new_directory && !self.make_parent(job).await {
            return;
        }
        if self.copier.copy(job).await && self.moves {
            self.remove_source(&job.from, &job.source).await;
        }
    }

    /// Lets the remote move a file. Returns whether that settled the matter, well or not.
    async fn rename(&self, job: &Job, in_new_directory: bool) -> bool {
        let change = Change { deed: Deed::Moved, ..job.change() };
        if !self.run.may(change).await {
            return true;
        }
        if in_new_directory && !self.make_parent(job).await {
            return true;
        }
        if self.run.take(&job.to, self.copier.keep_replaced(job).await).is_none() {
            return true;
        }
        let (from, to) = (self.source.path(&job.from), self.destination.path(&job.to));
        let remote = &self.destination.remote;
        let result = retry(&self.run.ctx, &job.from, || remote.rename(&from, &to)).await;
        if matches!(&result, Err(error) if error.kind() == ErrorKind::Unsupported) {
            return false;
        }
        self.run.settle(change, result);
        true
    }

    async fn make_parent(&self, job: &Job) -> bool {
        let Some(parent) = job.to.parent() else { return true };
        let made = self.parents.ensure(&self.run, &parent).await;
        self.run.take(&job.to, made).is_some()
    }

    async fn make_directory(&self, directory: &Path) {
        let change = Change::new(Deed::MadeDirectory, directory, "new");
        if self.run.may(change).await {
            let made = self.parents.ensure(&self.run, directory).await;
            self.run.settle(change, made);
        }
    }

    /// Removes what is left of a copy that will not be continued.
    async fn discard(&self, path: &Path, size: Option<u64>) {
        let reason = "left of a copy whose source has changed, is gone or is complete";
        let change = Change::new(Deed::Deleted, path, reason).sized(size);
        if self.run.may(change).await {
            let at = self.destination.path(path);
            let removed = retry(&self.run.ctx, path, || self.destination.remote.remove(&at)).await;
            self.run.settle(change, removed);
        }
    }

    /// Removes a file from the source of a move, once it stands on the destination.
    async fn remove_source(&self, path: &Path, source: &Entry) {
        let reason = "stands on the destination";
        let change = Change::new(Deed::Deleted, path, reason).sized(source.size);
        if self.run.may(change).await {
            let at = self.source.path(path);
            let removed = retry(&self.run.ctx, path, || self.source.remote.remove(&at)).await;
            self.run.settle(change, removed);
        }
    }

    /// Settles by content, as far as that is to be had, whether two files of one size differ.
    async fn settle(&self, job: Job) {
        let same = self.same(&job).await;
        self.run.event(Event::Checked { path: &job.to });
        if !matches!(same, Sameness::Different) {
            self.run.event(Event::Left { path: &job.to, same: true });
        }
        match same {
            Sameness::Different => self.transfer(&job, false).await,
            Sameness::Same if self.moves => self.remove_source(&job.from, &job.source).await,
            Sameness::Same => {}
            Sameness::ContentOnly => {
                self.set_modified(&job).await;
                if self.moves {
                    self.remove_source(&job.from, &job.source).await;
                }
            }
        }
    }

    async fn same(&self, job: &Job) -> Sameness {
        if let Some(hash) = self.rules.hash {
            return match self.same_hash(job, hash).await {
                Ok(true) if self.run.ctx.options.checksum => Sameness::Same,
                Ok(true) => Sameness::ContentOnly,
                Ok(false) | Err(_) => Sameness::Different,
            };
        }
        let Some(there) = &job.replaces else { return Sameness::Different };
        if self.keeps_times(&job.to, there).await {
            return Sameness::Different;
        }
        match self.rules.with_own_stamps().compare(&job.source, there) {
            Verdict::Same | Verdict::Left(_) => Sameness::Same,
            Verdict::Differs(_) | Verdict::Unsettled(_) => Sameness::Different,
        }
    }

    async fn same_hash(&self, job: &Job, hash: &str) -> crate::Result<bool> {
        let (here, there) = (self.source.path(&job.from), self.destination.path(&job.to));
        let (here, there) = futures_util::future::try_join(
            self.source.remote.hash(&here, hash),
            self.destination.remote.hash(&there, hash),
        )
        .await?;
        Ok(here == there)
    }

    /// Tells whether the destination keeps the times it is given. Some servers offer to and then
    /// refuse; then every copy would look changed on the next run. So before the first copy that is
    /// made for its time alone, a file is given the very time it has.
    async fn keeps_times(&self, path: &Path, there: &Entry) -> bool {
        let remote = &self.destination.remote;
        let Some(modified) = there.modified.filter(|_| !self.run.ctx.options.dry_run) else {
            return true;
        };
        let probe = async || {
            let at = self.destination.path(path);
            match remote.set_modified(&at, modified.at).await {
                Ok(()) => true,
                Err(error) => {
                    !matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported)
                }
            }
        };
        remote.capability().local || *self.keeps_times.get_or_init(probe).await
    }

    async fn set_modified(&self, job: &Job) {
        let Some(modified) = job.source.modified else { return };
        let change = Change { deed: Deed::SetModified, ..job.change() };
        if self.run.may(change).await {
            let at = self.destination.path(&job.to);
            let remote = &self.destination.remote;
            let set = retry(&self.run.ctx, &job.to, || remote.set_modified(&at, modified.at)).await;
            self.run.settle(change, set);
        }
    }
}

/// What was found out about two files of one size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sameness {
    /// The content is the same, the time is not.
    ContentOnly,
    Different,
    Same,
}

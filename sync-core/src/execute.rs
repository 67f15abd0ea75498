//! Carries out the steps of a plan as they come: settles what only content or the remote can tell,
//! then copies and moves. Removals are left to the end of the run.

mod allowance;
mod backlog;
pub(crate) mod copy;
pub(crate) mod elsewhere;
pub(crate) mod kept;
pub(crate) mod parents;
mod record;
pub(crate) mod remove;
mod resume;
pub(crate) mod target;
mod verify;
mod within;

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::unfold;
use tokio::sync::mpsc::Receiver;
use tokio::sync::{OnceCell, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use crate::compare::{Rules, Verdict};
use crate::entry::Entry;
use crate::error::ErrorKind;
use crate::journal::{CONTENT, Fact};
use crate::path::Path;
use crate::plan::{Action, Learnt, Step};
use crate::progress::{Cause, Deed, Event, Reason};
use crate::remote::Tree;
use crate::retry::retry;
use crate::run::{Change, Run};

use allowance::Allowance;
use backlog::{Backlog, Waiting};
use copy::{Copier, Job, Slot};
use elsewhere::Elsewhere;
use kept::Kept;
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
    allowance: Allowance,
    elsewhere: Option<Elsewhere>,
    /// Whether the destination was seen to keep a time it was given.
    keeps_times: OnceCell<bool>,
    /// Directories of the destination that hold what was to go and did not.
    kept: Mutex<Kept>,
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
            moves,
            copier: Copier::new(run, source, destination, rules.hash),
            rules,
            parents: Parents::new(destination),
            allowance: Allowance::new(&run.ctx),
            elsewhere: Elsewhere::new(run, source),
            keeps_times: OnceCell::new(),
            kept: Mutex::default(),
        }
    }

    /// Tells that a directory will be needed, so that the first who needs one makes all.
    pub(crate) fn announce(&self, directory: Path) {
        self.parents.announce(directory);
    }

    /// Carries out all steps that come: compares `checkers` at once and transfers `transfers`.
    pub(crate) async fn carry_out(self: Arc<Self>, steps: Receiver<Step>) {
        let backlog = Arc::new(Backlog::new(&self.run.ctx.options));
        let workers = (0..self.run.ctx.options.transfers.max(1)).map(|worker| {
            let (executor, backlog) = (Arc::clone(&self), Arc::clone(&backlog));
            async move { executor.work(worker, &backlog).await }
        });
        let checks = async {
            self.clone().check(steps, &backlog).await;
            backlog.close();
        };
        tokio::join!(checks, join_all(workers));
    }

    /// Does what is no transfer, and adds the transfers to the backlog.
    async fn check(self: Arc<Self>, steps: Receiver<Step>, backlog: &Arc<Backlog>) {
        let limit = self.run.ctx.options.checkers.max(1);
        let steps = unfold(steps, async |mut steps| steps.recv().await.map(|step| (step, steps)));
        steps
            .for_each_concurrent(limit, async |step| {
                let (executor, backlog) = (Arc::clone(&self), Arc::clone(backlog));
                let path = step.path.clone();
                let work = async move { executor.begin(step, &backlog).await };
                self.guard(path, work).await;
            })
            .await;
    }

    async fn begin(&self, step: Step, backlog: &Backlog) {
        if !self.run.ctx.cancel.is_cancelled() {
            let to = step.target().clone();
            let waiting = self.prepare(step.path, to, step.action).await;
            self.enqueue(waiting, backlog).await;
        }
    }

    async fn enqueue(&self, waiting: Option<Waiting>, backlog: &Backlog) {
        let Some(waiting) = waiting else { return };
        self.run.event(Event::TransferQueued { size: waiting.job.source.size });
        backlog.add(waiting).await;
    }

    /// Carries out transfers as long as some come, one after the other; the next begins while it is
    /// still to be known what came of the last.
    async fn work(self: Arc<Self>, worker: usize, backlog: &Backlog) {
        let place = Arc::new(Semaphore::new(1));
        let mut last = None;
        backlog.begin().await;
        loop {
            let slot = Slot::among(&place).await;
            let Some(mut waiting) = backlog.take(worker).await else { break };
            waiting.job.slot = slot;
            if self.run.ctx.cancel.is_cancelled() {
                continue;
            }
            let executor = Arc::clone(&self);
            let path = waiting.job.from.clone();
            let work = self.guard(path, async move { executor.transfer(&waiting).await });
            if let Some(last) = last.replace(work) {
                last.await;
            }
        }
        if let Some(last) = last {
            last.await;
        }
    }

    /// Begins some work as a task of its own, so that others go on if it breaks off.
    fn guard<W>(&self, path: Path, work: W) -> impl Future<Output = ()> + use<W>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let run = self.run.clone();
        let work = AbortOnDropHandle::new(tokio::spawn(work));
        async move {
            if let Err(lost) = work.await {
                let error = crate::Error::new(ErrorKind::Other, "the work broke off");
                run.fail(&path, error.caused_by(lost));
            }
        }
    }

    /// Carries out one action on a file, whose path may differ between the sides.
    pub(crate) async fn act(&self, from: Path, to: Path, action: Action) {
        if let Some(waiting) = self.prepare(from, to, action).await {
            self.transfer(&waiting).await;
        }
    }

    /// Carries out what is no transfer, and returns what is one and stands nowhere else.
    async fn prepare(&self, from: Path, to: Path, action: Action) -> Option<Waiting> {
        let waiting = self.decide(from, to, action).await?;
        let Some(elsewhere) = &self.elsewhere else { return Some(waiting) };
        match elsewhere.find(&waiting.job).await {
            Ok(None) => Some(waiting),
            Ok(Some(tree)) if elsewhere.copies => self.copy_from(tree, waiting).await,
            Ok(Some(_)) => {
                let (path, message) = (&waiting.job.to, "stands in --compare-dest already");
                self.run.event(Event::Remark { path, message });
                None
            }
            Err(error) => {
                self.run.fail(&waiting.job.to, error);
                Some(waiting)
            }
        }
    }

    /// Has the destination's remote copy a file that another tree on it holds; returns the transfer
    /// where that fails.
    async fn copy_from(&self, tree: &Tree, waiting: Waiting) -> Option<Waiting> {
        let Waiting { job, in_new_directory } = &waiting;
        let change = Change { reason: "stands in --copy-dest already", ..job.change() };
        if !self.run.may(change).await || *in_new_directory && !self.make_parent(job).await {
            return None;
        }
        if let Err(error) = self.copier.copy_there(&tree.path(&job.to), job).await {
            let message = format!("cannot be copied from --copy-dest, is transferred: {error}");
            self.run.notice(Some(&job.to), &message);
            return Some(waiting);
        }
        self.run.settle(change, Ok(()));
        if self.moves {
            self.remove_source(&job.from, &job.source).await;
        }
        None
    }

    /// Carries out what is no transfer, and returns what is one.
    async fn decide(&self, from: Path, to: Path, action: Action) -> Option<Waiting> {
        match action {
            Action::Copy { source, replaces, in_new_directory, begun, reason } => {
                let slot = Slot::default();
                let job = Job { from, to, source, replaces, begun, reason, slot };
                return Some(Waiting { job, in_new_directory });
            }
            Action::Discard { size } => self.discard(&to, size).await,
            Action::Settle { source, destination, begun, reason } => {
                let replaces = Some(destination);
                let slot = Slot::default();
                let job = Job { from, to, source, replaces, begun, reason, slot };
                return self.settle(job).await;
            }
            Action::Keep { source, same: true, .. } if self.moves => {
                self.remove_source(&from, &source).await;
            }
            Action::Rename { from: old, source, in_new_directory, copied } => {
                let (slot, reason) = (Slot::default(), Reason::new(Cause::New, "new"));
                let job = Job { from, to, source, replaces: None, begun: None, reason, slot };
                match self.rename_there(&old, &job, in_new_directory).await {
                    Renamed::Done => self.copier.recorder.renamed(&job.to, copied),
                    Renamed::Not => return Some(Waiting { job, in_new_directory }),
                    Renamed::Never => {}
                }
            }
            Action::MakeDirectory => self.make_directory(&to).await,
            Action::MoveDirectory => self.move_directory(&from, &to).await,
            Action::Doubt(error) => self.run.doubt(&to, error),
            Action::Refuse(error) => self.run.fail(&to, error),
            Action::Tell(message) => self.run.notice(Some(&to), &message),
            Action::DateDirectory(_)
            | Action::Keep { .. }
            | Action::Leave
            | Action::LeaveDirectory
            | Action::Remove { .. }
            | Action::RemoveDirectory => {}
        }
        None
    }

    /// Returns the directories of the destination that hold what was to go and did not.
    pub(crate) fn take_kept(&self) -> Kept {
        std::mem::take(&mut *self.kept())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no holder of the lock panics")
    }

    /// Notes what a comparison has found that the journal did not know.
    pub(crate) fn learn(&self, path: &Path, learnt: &Learnt) {
        self.copier.recorder.learn(path, learnt);
    }

    /// Ends what is to be done once all files are copied.
    pub(crate) async fn finish(&self) {
        self.copier.recorder.finish().await;
    }

    /// Copies or moves one file, as far as limits allow.
    async fn transfer(&self, waiting: &Waiting) {
        let Waiting { job, in_new_directory } = waiting;
        if self.moves && self.source.same_remote(&self.destination) {
            let renames = self.source.remote.capability().rename;
            if renames && self.rename(job, *in_new_directory).await {
                return;
            }
        }
        let size = job.source.size.unwrap_or(0);
        if let Err(limit) = self.allowance.begin(size) {
            let reason = limit.to_string();
            self.run.skip(Change { reason: &reason, ..job.change() });
            return self.run.stop_at(limit);
        }
        if self.run.may(job.change()).await
            && (!in_new_directory || self.make_parent(job).await)
            && (self.copier.copy_on_server(job).await || self.copier.copy(job).await)
            && self.moves
        {
            self.remove_source(&job.from, &job.source).await;
        }
        self.allowance.end(size);
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
        let may = self.run.may(change).await;
        let at = self.destination.path(path);
        let remove = || self.destination.remote.remove(&at);
        let gone = may && self.run.settle(change, retry(&self.run.ctx, path, remove).await);
        if !gone && !self.run.ctx.options.dry_run {
            self.kept().keep_above([path]);
        }
    }

    /// Lets the destination rename what it has as `old`.
    async fn rename_there(&self, old: &Path, job: &Job, in_new_directory: bool) -> Renamed {
        let reason = format!("renamed from {old}");
        let change = Change { deed: Deed::Moved, reason: &reason, ..job.change() };
        let may = self.run.may(change).await;
        if self.run.ctx.options.dry_run {
            return Renamed::Never;
        }
        if !may || in_new_directory && !self.make_parent(job).await {
            self.kept().keep_above([old]);
            return Renamed::Never;
        }
        let remote = &self.destination.remote;
        let (from, to) = (self.destination.path(old), self.destination.path(&job.to));
        let renamed = retry(&self.run.ctx, &job.to, || remote.rename(&from, &to)).await;
        match old.parent() {
            Some(parent) if renamed.is_ok() => self.run.has_changed(parent),
            _ => self.kept().keep_above([old]),
        }
        match renamed.is_ok() && self.run.settle(change, renamed) {
            true => Renamed::Done,
            false => Renamed::Not,
        }
    }

    /// Lets the remote move a directory with all it holds.
    pub(crate) async fn move_directory(&self, from: &Path, to: &Path) {
        let change = Change::new(Deed::MovedDirectory, to, "new");
        if !self.run.may(change).await {
            return;
        }
        let remote = &self.destination.remote;
        let (here, there) = (self.source.path(from), self.destination.path(to));
        let made = match (to.parent(), there.parent()) {
            (Some(parent), _) => self.parents.ensure(&self.run, &parent).await,
            (None, Some(above)) if !above.is_root() => {
                retry(&self.run.ctx, to, || remote.mkdir(&above)).await
            }
            (None, _) => Ok(()),
        };
        if self.run.take(to, made).is_none() {
            return;
        }
        let moved = retry(&self.run.ctx, from, || remote.rename(&here, &there)).await;
        self.run.settle(change, moved);
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

    /// Settles by content, as far as that is to be had, whether two files of one size differ, and
    /// returns the transfer if so.
    async fn settle(&self, job: Job) -> Option<Waiting> {
        let same = match self.same_as_copied(&job).await {
            Some(same) => same,
            None => self.same(&job).await,
        };
        self.run.event(Event::Checked { path: &job.to });
        if !matches!(same, Sameness::Different) {
            self.learn_settled(&job, same);
            self.run.event(Event::Left { path: &job.to, same: true });
        }
        match same {
            Sameness::Different => return Some(Waiting { job, in_new_directory: false }),
            Sameness::Same if self.moves => self.remove_source(&job.from, &job.source).await,
            Sameness::Same => {}
            Sameness::ContentOnly => {
                self.set_modified(&job).await;
                if self.moves {
                    self.remove_source(&job.from, &job.source).await;
                }
            }
        }
        None
    }

    /// Notes that a file was found to be the same.
    fn learn_settled(&self, job: &Job, same: Sameness) {
        let Some(there) = &job.replaces else { return };
        let learnt = Learnt::from(&job.source, there);
        if let Some(learnt) = learnt.filter(|_| same == Sameness::Same) {
            self.learn(&job.to, &learnt);
        }
    }

    /// Holds the source's content against what the journal knows was copied; nothing where that
    /// decides nothing, or the user wants the destination to be asked.
    async fn same_as_copied(&self, job: &Job) -> Option<Sameness> {
        if self.run.ctx.options.checksum && self.rules.hash.is_some() {
            return None;
        }
        let (there, at) = (job.replaces.as_ref()?, self.source.path(&job.from));
        let fact = self.rules.copied_content(there)?;
        let hash = self.source.remote.hash(&at, CONTENT).await.ok()?;
        if fact.sha256.as_deref() != Some(&hash[..]) {
            return Some(Sameness::Different);
        }
        if let Some(source) = job.source.modified {
            let fact = Fact { source, ..fact.clone() };
            self.copier.recorder.learn_time(&job.to, fact);
        }
        Some(Sameness::Same)
    }

    async fn same(&self, job: &Job) -> Sameness {
        if let Some(hash) = self.rules.hash {
            let options = &self.run.ctx.options;
            return match self.same_hash(job, hash).await {
                Ok(true) if options.no_update_modified => Sameness::Same,
                // The times were not what was in doubt.
                Ok(true) if job.reason.cause == Cause::Hash => Sameness::Same,
                Ok(true) => Sameness::ContentOnly,
                Ok(false) | Err(_) => Sameness::Different,
            };
        }
        let Some(there) = &job.replaces else { return Sameness::Different };
        if self.run.ctx.options.refresh_times
            && self.destination.remote.capability().write_precision.is_some()
        {
            return Sameness::ContentOnly;
        }
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

/// What came of a rename on the destination.
enum Renamed {
    Done,
    /// It is not to be, and neither is a copy.
    Never,
    /// It failed.
    Not,
}

/// What was found out about two files of one size.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sameness {
    /// The content is the same, the time is not.
    ContentOnly,
    Different,
    Same,
}

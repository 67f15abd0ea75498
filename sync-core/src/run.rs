//! One run of a verb: tells the listener, asks before changes, counts what failed.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::context::{Answer, Context};
use crate::journal::{Journal, OnServer};
use crate::partial::Partials;
use crate::progress::{Cause, Deed, Event};
use crate::retry::retry;
use crate::{Error, ErrorKind, Path, Tree};

/// What a verb ends with when not all went well. Each failure on a path was told to the listener as
/// [`Event::Failed`] when it happened.
#[derive(Debug)]
pub struct Failures {
    /// How many there were.
    pub count: u64,
    /// The last of them.
    pub last: Error,
}

impl From<Error> for Failures {
    fn from(last: Error) -> Self {
        Self { count: 1, last }
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "{}", self.last),
            count => write!(f, "{count} errors: last error was: {}", self.last),
        }
    }
}

impl std::error::Error for Failures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.last)
    }
}

/// A run under way. Clones share the tally.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) ctx: Context,
    tally: Arc<Mutex<Tally>>,
    partials: Arc<Partials>,
    /// What is remembered of the two trees; held to the end of the run.
    journal: Option<Arc<Journal>>,
    /// Where the destination keeps its own, once that was read.
    on_server: Arc<OnceLock<OnServer>>,
    /// Cancelled when a limit was reached.
    limit: CancellationToken,
    /// Directories of which something was changed, relative to their tree.
    changed: Arc<Mutex<HashSet<Path>>>,
}

#[derive(Debug, Default)]
struct Tally {
    count: u64,
    /// How many of them stand in the way of deletions.
    grave: u64,
    last: Option<Error>,
    /// How many copies were left for the next run to go on with.
    unfinished: u64,
}

impl Run {
    /// Returns a run that remembers nothing.
    pub(crate) fn new(ctx: &Context) -> Self {
        Self::with(ctx, None)
    }

    /// Returns a run that copies from one tree to another, with the journal of both.
    pub(crate) fn between(ctx: &Context, source: &Tree, destination: &Tree) -> Self {
        let journal = Self::own_journal(ctx, source, destination);
        // What the server remembers has to be somewhere while the run goes on.
        let on_server = ctx.options.journal_remote.as_ref();
        let in_memory = || on_server.and_then(|_| Journal::in_memory().ok());
        Self::with(ctx, journal.or_else(in_memory))
    }

    fn own_journal(ctx: &Context, source: &Tree, destination: &Tree) -> Option<Journal> {
        let folder = ctx.options.journal.as_deref()?;
        let open = if ctx.options.dry_run { Journal::peek } else { Journal::open };
        let journal = open(folder, source, destination);
        let told = match &journal {
            Err(reason) => Some(format!("goes on without a journal: {reason}")),
            Ok(journal) => journal.notice().map(str::to_owned),
        };
        if let Some(message) = told {
            ctx.progress.event(Event::Notice { path: None, message: &message });
        }
        journal.ok()
    }

    /// Takes in what the server remembers of `destination`. Where that cannot be, the run goes on
    /// without.
    pub(crate) async fn learn_from(&self, destination: &Tree) {
        let (Some(journal), Some(name)) = (&self.journal, &self.ctx.options.journal_remote) else {
            return;
        };
        let on_server = OnServer::new(name.clone());
        let path = Path::root().child(name);
        let writes = !self.ctx.options.dry_run;
        let loaded = retry(&self.ctx, &path, || on_server.load(journal, destination, writes)).await;
        let told = match loaded {
            Err(error) => Some(format!("goes on without the journal there: {error}")),
            Ok(told) => {
                // Set once a run, which is the first to do so.
                let _ = self.on_server.set(on_server);
                told
            }
        };
        if let Some(message) = told {
            self.notice(None, &message);
        }
    }

    /// Shares with the server what was learnt, where it is time to.
    pub(crate) async fn share_step(&self, destination: &Tree) {
        if let (Some(journal), Some(on_server)) = (&self.journal, self.on_server.get()) {
            on_server.step(journal, destination, &self.partials).await;
        }
    }

    /// Shares with the server what was learnt in all; of a run that was stopped if that can be soon.
    pub(crate) async fn share(&self, destination: &Tree) {
        let (Some(journal), Some(on_server)) = (&self.journal, self.on_server.get()) else {
            return;
        };
        if self.ctx.options.dry_run {
            return;
        }
        let path = Path::root();
        let shared = match self.ctx.cancel.is_cancelled() {
            false => {
                retry(&self.ctx, &path, || on_server.finish(journal, destination, &self.partials))
                    .await
            }
            true => {
                let work = on_server.finish(journal, destination, &self.partials);
                let late = Error::new(ErrorKind::Timeout, "the run was stopped");
                tokio::time::timeout(PARTING, work).await.unwrap_or(Err(late))
            }
        };
        if let Err(error) = shared {
            self.notice(None, &format!("the journal there cannot be written: {error}"));
        }
    }

    fn with(ctx: &Context, journal: Option<Journal>) -> Self {
        let key = journal.as_ref().and_then(Journal::key);
        let partials = Partials::new(&ctx.options.partial_suffix, key, Timestamp::now());
        let (partials, journal) = (Arc::new(partials), journal.map(Arc::new));
        Self {
            ctx: ctx.clone(),
            tally: Arc::default(),
            partials,
            journal,
            on_server: Arc::default(),
            limit: CancellationToken::new(),
            changed: Arc::default(),
        }
    }

    /// Takes note that `directory` holds something else now, which gives it another time.
    pub(crate) fn has_changed(&self, directory: Path) {
        self.changed.lock().expect("no holder of the lock panics").insert(directory);
    }

    /// Tells whether `directory` holds something else now, or would without the dry run.
    pub(crate) fn is_changed(&self, directory: &Path) -> bool {
        self.changed.lock().expect("no holder of the lock panics").contains(directory)
    }

    /// Returns what names files on their way.
    pub(crate) fn partials(&self) -> &Partials {
        &self.partials
    }

    /// Returns what is remembered of the two trees.
    pub(crate) fn journal(&self) -> Option<&Arc<Journal>> {
        self.journal.as_ref()
    }

    /// Counts a copy that is left for the next run to go on with.
    pub(crate) fn keep_unfinished(&self) {
        self.tally().unfinished += 1;
    }

    /// Tells of a failure on `path` and counts it; the run goes on but deletes nothing.
    pub(crate) fn fail(&self, path: &Path, error: Error) {
        self.tally().grave += 1;
        self.doubt(path, error);
    }

    /// Takes note that a limit was reached: told once, and no more work is planned.
    pub(crate) fn stop_at(&self, limit: Error) {
        if !self.limit.is_cancelled() {
            self.limit.cancel();
            self.fail(&Path::root(), limit);
        }
    }

    /// Tells whether a limit was reached, so that no more work is planned.
    pub(crate) fn is_over(&self) -> bool {
        self.limit.is_cancelled() || self.ctx.cancel.is_cancelled()
    }

    /// Tells of a failure on `path` and counts it; it does not stand in the way of deletions
    /// elsewhere. What was given up when the run was stopped counts once, at the end.
    pub(crate) fn doubt(&self, path: &Path, error: Error) {
        if error.kind() == ErrorKind::Cancelled && self.ctx.cancel.is_cancelled() {
            return;
        }
        self.ctx.progress.event(Event::Failed { path, error: &error });
        let mut tally = self.tally();
        tally.count += 1;
        // What stopped the run is what it ends with.
        if tally.last.as_ref().is_none_or(|last| !matches!(last.kind(), ErrorKind::Limit(_))) {
            tally.last = Some(error);
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().expect("no holder of the lock panics")
    }

    /// Counts the failure of a result, if it is one.
    pub(crate) fn take<T>(&self, path: &Path, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.fail(path, error)).ok()
    }

    /// Tells whether anything failed so far that stands in the way of deletions.
    pub(crate) fn has_failed(&self) -> bool {
        self.tally().grave > 0
    }

    /// Returns how the run went, once nothing of it is under way any more.
    pub(crate) fn finish(&self) -> Result<(), Failures> {
        let mut tally = self.tally();
        if let count @ 1.. = std::mem::take(&mut tally.unfinished) {
            let files = if count == 1 { "file stays" } else { "files stay" };
            let message = format!("what was copied of {count} {files}; the next run goes on there");
            self.notice(None, &message);
        }
        if self.ctx.cancel.is_cancelled() {
            return Err(Failures { count: tally.count + 1, last: Error::cancelled() });
        }
        match tally.last.take() {
            Some(last) => Err(Failures { count: tally.count, last }),
            None => Ok(()),
        }
    }

    pub(crate) fn event(&self, event: Event<'_>) {
        self.ctx.progress.event(event);
    }

    pub(crate) fn notice(&self, path: Option<&Path>, message: &str) {
        self.event(Event::Notice { path, message });
    }

    /// Tells whether a change may be made: not in a dry run, nor against the user's answer.
    pub(crate) async fn may(&self, change: Change<'_>) -> bool {
        let dry_run = self.ctx.options.dry_run;
        if dry_run {
            self.note_changed(change);
        }
        if dry_run || !self.confirmed(change).await {
            self.skip(change);
            return false;
        }
        true
    }

    /// Takes note of the directories that a change leaves with another time.
    fn note_changed(&self, change: Change<'_>) {
        match change.deed {
            Deed::SetDirectoryModified | Deed::SetModified => return,
            Deed::MadeDirectory => self.has_changed(change.path.clone()),
            _ => {}
        }
        if let Some(parent) = change.path.parent() {
            self.has_changed(parent);
        }
    }

    /// Tells of a change that is not made.
    pub(crate) fn skip(&self, change: Change<'_>) {
        let Change { deed, path, size, cause, reason } = change;
        self.event(Event::Skipped { deed, path, size, cause, reason });
    }

    async fn confirmed(&self, change: Change<'_>) -> bool {
        let Some(confirm) = self.ctx.confirm.clone() else { return true };
        let (deed, path) = (change.deed, change.path.clone());
        let asked = tokio::task::spawn_blocking(move || confirm.confirm(deed, &path));
        // Who is asked may think for ever; a run that was stopped does not wait for the answer.
        let answer = tokio::select! {
            answer = asked => answer,
            () = self.ctx.cancel.cancelled() => return false,
        };
        if matches!(answer, Ok(Answer::Quit)) {
            self.ctx.cancel.cancel();
        }
        matches!(answer, Ok(Answer::Yes))
    }

    /// Takes the result of a change: tells that it was made, or counts its failure.
    pub(crate) fn settle(&self, change: Change<'_>, result: Result<(), Error>) -> bool {
        let Change { deed, path, size, cause, reason } = change;
        match result {
            Ok(()) => {
                self.note_changed(change);
                self.event(Event::Done { deed, path, size, cause, reason });
            }
            Err(error) => {
                self.fail(path, error);
                return false;
            }
        }
        true
    }
}

/// How long a run that was stopped may take to leave its journal on the server.
const PARTING: Duration = Duration::from_secs(5);

/// A change about to be made, as the listener and the user see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) deed: Deed,
    pub(crate) path: &'a Path,
    pub(crate) size: Option<u64>,
    pub(crate) cause: Cause,
    pub(crate) reason: &'a str,
}

impl<'a> Change<'a> {
    pub(crate) fn new(deed: Deed, path: &'a Path, reason: &'a str) -> Self {
        Self { deed, path, size: None, cause: Cause::default(), reason }
    }

    pub(crate) fn because(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }

    pub(crate) fn sized(self, size: Option<u64>) -> Self {
        Self { size, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_and_the_last_is_kept() {
        let run = Run::new(&Context::default());
        assert!(run.finish().is_ok());
        run.fail(&Path::root(), Error::new(ErrorKind::Other, "first"));
        run.fail(&Path::root(), Error::new(ErrorKind::Timeout, "second"));
        let failures = run.finish().unwrap_err();
        assert_eq!(failures.to_string(), "2 errors: last error was: second");
        assert_eq!(failures.last.kind(), ErrorKind::Timeout);
    }

    #[tokio::test]
    async fn quit_stops_the_run() {
        struct Quit;
        impl crate::context::Confirm for Quit {
            fn confirm(&self, _deed: Deed, _path: &Path) -> Answer {
                Answer::Quit
            }
        }
        let ctx = Context { confirm: Some(Arc::new(Quit)), ..Context::default() };
        let run = Run::new(&ctx);
        assert!(!run.may(Change::new(Deed::Deleted, &Path::root(), "")).await);
        assert_eq!(run.finish().unwrap_err().last.kind(), ErrorKind::Cancelled);
    }

    #[tokio::test]
    async fn a_stopped_run_waits_for_no_answer() {
        struct Silent(Mutex<std::sync::mpsc::Receiver<Answer>>);
        impl crate::context::Confirm for Silent {
            fn confirm(&self, _deed: Deed, _path: &Path) -> Answer {
                self.0.lock().unwrap().recv().unwrap_or(Answer::Yes)
            }
        }
        let (answers, silence) = std::sync::mpsc::channel();
        let confirm: Arc<dyn crate::context::Confirm> = Arc::new(Silent(silence.into()));
        let ctx = Context { confirm: Some(confirm), ..Context::default() };
        let run = Run::new(&ctx);
        let root = Path::root();
        let asked = run.may(Change::new(Deed::Deleted, &root, ""));
        let stopped = async { ctx.cancel.cancel() };
        assert!(!futures_util::join!(asked, stopped).0, "nobody has agreed");
        drop(answers);
    }
}

//! Copies one file: to a temporary name, verified by size, then given its time and its final name.
//! What was cut short goes on where it stopped, at the next attempt or in the next run.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::try_join;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::backup::Keeper;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::hash::Hasher;
use crate::journal::CONTENT;
use crate::partial::{self, Begun};
use crate::path::Path;
use crate::progress::{Deed, Event, Reason};
use crate::remote::{Commit, Committed, Reader, Tree, Writer};
use crate::retry::{persist_while_moving, until_cancelled};
use crate::run::{Change, Run};

use super::record::{Content, Recorder};
use super::resume::{Opened, from_the_start, from_where_it_stopped, is_interruption, is_refusal};
use super::target::Target;

/// One file to copy. Paths are relative to the trees.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) from: Path,
    pub(crate) to: Path,
    pub(crate) source: Entry,
    pub(crate) replaces: Option<Entry>,
    /// What an earlier run has copied of it.
    pub(crate) begun: Option<Begun>,
    pub(crate) reason: Reason,
    pub(crate) slot: Slot,
}

/// A place among those who transfer at once. It is free again when the remote is, which may be before
/// it is known what came of the file.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Option<OwnedSemaphorePermit>>);

impl Slot {
    pub(crate) async fn among(slots: &Arc<Semaphore>) -> Self {
        Self(Mutex::new(Arc::clone(slots).acquire_owned().await.ok()))
    }

    fn free(&self) {
        self.0.lock().expect("no holder of the lock panics").take();
    }
}

impl Job {
    pub(crate) fn change(&self) -> Change<'_> {
        let deed = if self.replaces.is_some() { Deed::CopiedOver } else { Deed::CopiedNew };
        let change = Change::new(deed, &self.to, self.reason.text());
        change.because(self.reason.cause).sized(self.source.size)
    }
}

/// Copies files from one tree to another.
#[derive(Debug)]
pub(crate) struct Copier {
    pub(super) run: Run,
    pub(super) source: Tree,
    pub(super) destination: Tree,
    /// What copies are verified by besides their size.
    pub(super) hash: Option<&'static str>,
    keeper: Option<Keeper>,
    pub(super) next_transfer: AtomicU64,
    /// Whether the server has refused to copy by itself.
    pub(super) refuses_to_copy: AtomicBool,
    told_of_times: AtomicBool,
    /// Whether the destination has refused to continue a file.
    starts_over: AtomicBool,
    pub(super) recorder: Recorder,
}

/// A copy under way, with what is known of it between its attempts.
struct Copy<'a> {
    job: &'a Job,
    transfer: u64,
    known: Mutex<Known>,
    /// How many bytes all attempts have moved.
    moved: AtomicU64,
}

#[derive(Clone, Debug)]
struct Known {
    source: Entry,
    left: Left,
    /// The SHA-256 of what was copied, where it is wanted.
    sha256: Option<Box<[u8]>>,
    /// How often the line broke while the copy was being continued.
    broken: u32,
}

/// What earlier attempts and runs have left of a copy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Left {
    Nothing,
    /// So many bytes.
    Length(u64),
    /// Something, and nobody has asked yet how much.
    Something,
}

/// How often the line may break before a copy is begun anew: some servers hang up on those who ask
/// to continue.
const PATIENCE: u32 = 3;

/// How many files each transfer has to itself before more connections are opened for it.
const FEW: u64 = 4;

impl Copy<'_> {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no holder of the lock panics")
    }
}

impl Copier {
    /// Returns what copies files, and where `hash` is common to both sides and content is what counts
    /// compares that of every copy.
    pub(crate) fn new(
        run: &Run,
        source: &Tree,
        destination: &Tree,
        hash: Option<&'static str>,
    ) -> Self {
        Self {
            hash: hash.filter(|_| run.ctx.options.checksum),
            refuses_to_copy: AtomicBool::new(false),
            run: run.clone(),
            source: source.clone(),
            destination: destination.clone(),
            keeper: Keeper::new(run, destination),
            next_transfer: AtomicU64::new(0),
            told_of_times: AtomicBool::new(false),
            starts_over: AtomicBool::new(false),
            recorder: Recorder::new(run, destination),
        }
    }

    /// Copies one file and tells how it went. Returns whether it stands on the destination.
    pub(crate) async fn copy(&self, job: &Job) -> bool {
        let (path, size) = (&job.to, job.source.size);
        let transfer = self.next_transfer.fetch_add(1, Ordering::Relaxed);
        self.run.event(Event::TransferStarted { transfer, path, size });
        let writes_over = !self.writes_aside();
        if writes_over && let Err(error) = self.keep_replaced(job).await {
            self.run.event(Event::TransferFinished { transfer, path, done: false });
            return self.run.settle(job.change(), Err(error));
        }
        let left = job.begun.as_ref().map_or(Left::Nothing, |begun| Left::Length(begun.length));
        let known = Mutex::new(Known { source: job.source.clone(), left, sha256: None, broken: 0 });
        let copy = Copy { job, transfer, known, moved: AtomicU64::new(0) };
        let result =
            persist_while_moving(&self.run.ctx, path, &copy.moved, || self.attempt(&copy)).await;
        let done = result.is_ok();
        match &result {
            Ok(committed) => {
                let dated = committed.time_not_set.is_none();
                let Known { source, sha256, .. } = copy.known().clone();
                let content = Content { entry: &source, sha256 };
                self.recorder.copied(path, content, dated).await;
            }
            Err(_) => self.leave(&copy).await,
        }
        self.run.event(Event::TransferFinished { transfer, path, done });
        self.run.settle(job.change(), result.map(|committed| self.tell(job, committed)))
    }

    /// Copies once, and notes what a failure has left. When the size is not what was known, looks at
    /// the source again, so that the next attempt knows better.
    async fn attempt(&self, copy: &Copy<'_>) -> Result<Committed> {
        let source = copy.known().source.clone();
        let target = self.target(copy.job, &source)?;
        let work = self.copy_once(copy, &target, &source);
        let result = until_cancelled(&self.run.ctx, work).await;
        let Err(error) = &result else { return result };
        if target.is_temporary() && partial::is_continuable(&source) && is_interruption(error) {
            copy.known().left = Left::Something;
            return result;
        }
        target.clean_up().await;
        copy.known().left = Left::Nothing;
        if error.kind() == ErrorKind::Corrupted
            && let Ok(Some(now)) = self.source.remote.stat(&self.source.path(&copy.job.from)).await
        {
            copy.known().source = now;
        }
        result
    }

    /// Keeps what a copy that failed for good has left if the next run will know it, or else removes
    /// it.
    async fn leave(&self, copy: &Copy<'_>) {
        let Known { source, left, .. } = copy.known().clone();
        if left == Left::Nothing {
            return;
        }
        let Ok(target) = self.target(copy.job, &source) else { return };
        if self.run.partials().are_lasting() && self.is_worth_keeping(copy, &target).await {
            self.run.keep_unfinished();
        } else {
            target.clean_up().await;
        }
    }

    /// Tells whether enough is there for the next run to go on with. A disk is asked, which may have
    /// less than was moved.
    async fn is_worth_keeping(&self, copy: &Copy<'_>, target: &Target<'_>) -> bool {
        let begun = copy.job.begun.as_ref().map_or(0, |begun| begun.length);
        let mut length = begun + copy.moved.load(Ordering::Relaxed);
        if target.remote().capability().local
            && let Ok(found) = target.remote().stat(target.written()).await
        {
            length = found.and_then(|entry| entry.size).unwrap_or(0);
        }
        length > partial::TAIL
    }

    pub(super) fn target(&self, job: &Job, source: &Entry) -> Result<Target<'_>> {
        let options = &self.run.ctx.options;
        Target::new(&self.destination, &job.to, source, self.run.partials(), options)
    }

    async fn copy_once(
        &self,
        copy: &Copy<'_>,
        target: &Target<'_>,
        source: &Entry,
    ) -> Result<Committed> {
        let (job, options) = (copy.job, &self.run.ctx.options);
        let told = self.hash_of_source(job).await?;
        let Opened { reader, writer, offset } = self.open(copy, target, source).await?;
        let verified = self.hash.filter(|_| offset == 0).and_then(Hasher::new);
        let mut hashers = [verified, self.hasher(copy, offset).await];
        let rest = source.size.map(|size| size.saturating_sub(offset));
        let (writer, moved) = self.pump(reader, writer, copy, rest, &mut hashers).await?;
        if self.may_overlap(&self.destination) {
            job.slot.free();
        }
        let [verified, content] = hashers;
        copy.known().sha256 = content.map(|hasher| hasher.finish().into());
        let size = offset + moved;
        let expected = source.size.filter(|_| !options.ignore_size);
        if let Some(expected) = expected.filter(|&expected| expected != size) {
            return Err(Error::wrong_size(size, expected).on(&job.to));
        }
        let modified = source.modified.map(|modified| modified.at);
        let hash = self.expected_hash(job, target, verified, told).await?;
        let commit = Commit { size: Some(size), modified, hash, rename_to: None };
        self.commit(job, target, writer, commit).await
    }

    /// Returns what computes the SHA-256 of a copy that begins at `offset`, where the journal on the
    /// server is to have it. What is there already was compared with the source, and is read of it.
    async fn hasher(&self, copy: &Copy<'_>, offset: u64) -> Option<Hasher> {
        self.run.ctx.options.journal_remote.as_ref()?;
        let mut hasher = Hasher::new(CONTENT)?;
        if offset > 0 {
            let remote = Some(&self.source.remote).filter(|remote| remote.capability().local)?;
            let from = self.source.path(&copy.job.from);
            let mut reader = remote.open(&from, 0, Some(offset)).await.ok()?;
            loop {
                let piece = reader.read().await.ok()?;
                if piece.is_empty() {
                    break;
                }
                hasher.update(&piece);
            }
        }
        Some(hasher)
    }

    /// Opens both files, where an earlier attempt or run has stopped if that can be.
    async fn open(&self, copy: &Copy<'_>, target: &Target<'_>, source: &Entry) -> Result<Opened> {
        let (remote, from) = (&*self.source.remote, self.source.path(&copy.job.from));
        let Some(length) = self.continuable(copy, target, source).await? else {
            return from_the_start(remote, &from, target).await;
        };
        let why = match from_where_it_stopped(remote, &from, target, length).await {
            Ok(Some(opened)) => {
                let (transfer, path) = (copy.transfer, &copy.job.to);
                self.run.event(Event::TransferContinued { transfer, path, offset: length });
                return Ok(opened);
            }
            Ok(None) => "what is there is not what the source holds".into(),
            Err(error) if is_refusal(&error) => {
                self.starts_over.store(true, Ordering::Relaxed);
                error.to_string()
            }
            Err(error) => {
                copy.known().broken += 1;
                return Err(error);
            }
        };
        self.run.notice(Some(&copy.job.to), &format!("starts over: {why}"));
        from_the_start(remote, &from, target).await
    }

    /// Returns how much is there to be continued.
    async fn continuable(
        &self,
        copy: &Copy<'_>,
        target: &Target<'_>,
        source: &Entry,
    ) -> Result<Option<u64>> {
        let Known { left, broken, .. } = *copy.known();
        let (here, there) = (self.source.remote.capability(), target.remote().capability());
        let able = here.read_at && there.read_at && there.write_at && target.is_temporary();
        if !able || self.starts_over.load(Ordering::Relaxed) || broken >= PATIENCE {
            return Ok(None);
        }
        let length = match left {
            Left::Nothing => None,
            Left::Length(length) => Some(length),
            Left::Something => {
                let found = target.remote().stat(target.written()).await?;
                found.and_then(|entry| entry.size)
            }
        };
        let worth = |&length: &u64| length > partial::TAIL && source.size >= Some(length);
        Ok(length.filter(|_| partial::is_continuable(source)).filter(worth))
    }

    /// Ends the file. One that it replaces and that is to be kept makes room at the last moment, and
    /// comes back if its place stays empty.
    async fn commit(
        &self,
        job: &Job,
        target: &Target<'_>,
        writer: Box<dyn Writer>,
        commit: Commit,
    ) -> Result<Committed> {
        let keeps = self.keeper.is_some() && job.replaces.is_some();
        if !keeps || !target.is_temporary() {
            let committing = target.begin_commit(writer, commit).await?;
            job.slot.free();
            return committing.await;
        }
        let committed = target.commit_without_name(writer, commit).await?;
        self.name(job, target).await?;
        Ok(committed)
    }

    /// Gives a file that is complete its name, once the one it replaces was kept where that is wanted.
    pub(super) async fn name(&self, job: &Job, target: &Target<'_>) -> Result<()> {
        self.keep_replaced(job).await?;
        let Err(error) = target.rename().await else { return Ok(()) };
        if let Some(keeper) = self.keeper.as_ref().filter(|_| job.replaces.is_some()) {
            keeper.put_back(&self.run, &job.to).await?;
        }
        Err(error)
    }

    /// Moves a file that is about to be replaced to its backup, where one is wanted.
    pub(crate) async fn keep_replaced(&self, job: &Job) -> Result<()> {
        match self.keeper.as_ref().filter(|_| job.replaces.is_some()) {
            Some(keeper) => keeper.keep(&self.run, &job.to).await,
            None => Ok(()),
        }
    }

    /// Moves all bytes, reading the next piece while the last is written. Once the `rest` that is
    /// expected is here, the next file may begin while the end of this one is on its way.
    async fn pump(
        &self,
        mut reader: Box<dyn Reader>,
        mut writer: Box<dyn Writer>,
        copy: &Copy<'_>,
        rest: Option<u64>,
        hashers: &mut [Option<Hasher>],
    ) -> Result<(Box<dyn Writer>, u64)> {
        let (transfer, mut moved) = (copy.transfer, 0);
        let mut piece = reader.read().await?;
        while !piece.is_empty() {
            let bytes = piece.len() as u64;
            if rest == Some(moved + bytes) && self.may_overlap(&self.source) {
                copy.job.slot.free();
            }
            for hasher in hashers.iter_mut().flatten() {
                hasher.update(&piece);
            }
            let (next, ()) = try_join(reader.read(), writer.write(piece)).await?;
            moved += bytes;
            copy.moved.fetch_add(bytes, Ordering::Relaxed);
            self.run.ctx.moved.fetch_add(bytes, Ordering::Relaxed);
            self.run.event(Event::Transferred { transfer, bytes });
            // Whoever counts may have stopped the run at this piece, though it is the last one.
            if self.run.ctx.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            piece = next;
        }
        Ok((writer, moved))
    }

    /// Tells whether the next file can begin while this side still has to confirm the end of one, as
    /// far as the other side is a disk.
    ///
    /// For a few files no connection is opened besides those there are; for many each transfer gets
    /// two to alternate between, as far as the listings leave them.
    fn may_overlap(&self, side: &Tree) -> bool {
        let options = &self.run.ctx.options;
        let (transfers, checkers) = (options.transfers.max(1), options.checkers.max(1));
        let begun = self.next_transfer.load(Ordering::Relaxed);
        let many = begun >= FEW * transfers as u64;
        let at_most = if many { transfers + transfers.min(checkers) } else { 0 };
        let other = if side.same_remote(&self.source) { &self.destination } else { &self.source };
        other.remote.capability().local && side.remote.promise(at_most)
    }

    /// Tells whether files are written under a temporary name.
    fn writes_aside(&self) -> bool {
        !self.run.ctx.options.inplace && self.destination.remote.capability().rename
    }

    pub(super) fn tell(&self, job: &Job, committed: Committed) {
        let Some(error) = committed.time_not_set else { return };
        if !self.told_of_times.swap(true, Ordering::Relaxed) {
            let message = format!("the modification time could not be set there: {error}");
            self.run.notice(Some(&job.to), &message);
        }
    }
}

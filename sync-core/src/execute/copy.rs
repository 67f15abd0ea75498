//! Copies one file: to a temporary name, verified by size, then given its time and its final name.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::try_join;

use crate::backup::Keeper;
use crate::bandwidth::Bandwidth;
use crate::context::Options;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::path::{Name, Path};
use crate::progress::{Deed, Event, Reason};
use crate::remote::{Commit, Committed, Reader, Remote, Tree, Writer};
use crate::retry::{persist, until_cancelled};
use crate::run::{Change, Run};

/// One file to copy. Paths are relative to the trees.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) from: Path,
    pub(crate) to: Path,
    pub(crate) source: Entry,
    pub(crate) replaces: Option<Entry>,
    pub(crate) reason: Reason,
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
    run: Run,
    source: Tree,
    destination: Tree,
    bandwidth: Bandwidth,
    keeper: Option<Keeper>,
    next_transfer: AtomicU64,
    told_of_times: AtomicBool,
}

impl Copier {
    pub(crate) fn new(run: &Run, source: &Tree, destination: &Tree) -> Self {
        Self {
            run: run.clone(),
            source: source.clone(),
            destination: destination.clone(),
            bandwidth: Bandwidth::new(run.ctx.options.bandwidth),
            keeper: Keeper::new(run, destination),
            next_transfer: AtomicU64::new(0),
            told_of_times: AtomicBool::new(false),
        }
    }

    /// Copies one file and tells how it went. Returns whether it stands on the destination.
    pub(crate) async fn copy(&self, job: &Job) -> bool {
        let (path, size) = (&job.to, job.source.size);
        let transfer = self.next_transfer.fetch_add(1, Ordering::Relaxed);
        self.run.event(Event::TransferStarted { transfer, path, size, offset: 0 });
        let writes_over = !self.writes_aside();
        if writes_over && let Err(error) = self.keep_replaced(job).await {
            self.run.event(Event::TransferFinished { transfer, path, done: false });
            return self.run.settle(job.change(), Err(error));
        }
        let known = Mutex::new(job.source.clone());
        let attempts = || self.attempt(job, &known, transfer);
        let result = persist(&self.run.ctx, path, attempts).await;
        let done = result.is_ok();
        self.run.event(Event::TransferFinished { transfer, path, done });
        self.run.settle(job.change(), result.map(|committed| self.tell(job, committed)))
    }

    /// Copies once. When the size is not what `known` says, looks at the source again, so that the
    /// next attempt knows better.
    async fn attempt(&self, job: &Job, known: &Mutex<Entry>, transfer: u64) -> Result<Committed> {
        let from = self.source.path(&job.from);
        let source = known.lock().expect("no holder of the lock panics").clone();
        let result = self.copy_once(&from, job, &source, transfer).await;
        if matches!(&result, Err(error) if error.kind() == ErrorKind::Corrupted)
            && let Ok(Some(now)) = self.source.remote.stat(&from).await
        {
            *known.lock().expect("no holder of the lock panics") = now;
        }
        result
    }

    async fn copy_once(
        &self,
        from: &Path,
        job: &Job,
        source: &Entry,
        transfer: u64,
    ) -> Result<Committed> {
        let (ctx, options) = (&self.run.ctx, &self.run.ctx.options);
        let to = self.destination.path(&job.to);
        let target = Target::new(&*self.destination.remote, to, source, options)?;
        let reader = until_cancelled(ctx, self.source.remote.open(from, 0, None)).await?;
        let writer = until_cancelled(ctx, target.create()).await?;
        let expected = source.size.filter(|_| !options.ignore_size);
        let modified = source.modified.filter(|_| !options.no_update_modified);
        let work = async {
            let (writer, size) = self.pump(reader, writer, transfer).await?;
            if let Some(expected) = expected.filter(|&expected| expected != size) {
                return Err(Error::wrong_size(size, expected).on(&job.to));
            }
            self.commit(job, &target, writer, size, modified.map(|modified| modified.at)).await
        };
        let result = until_cancelled(ctx, work).await;
        if result.is_err() {
            target.clean_up().await;
        }
        result
    }

    /// Ends the file. One that it replaces and that is to be kept makes room at the last moment, and
    /// comes back if its place stays empty.
    async fn commit(
        &self,
        job: &Job,
        target: &Target<'_>,
        writer: Box<dyn Writer>,
        size: u64,
        modified: Option<jiff::Timestamp>,
    ) -> Result<Committed> {
        let kept = self.keeper.as_ref().filter(|_| job.replaces.is_some());
        let (Some(keeper), Some(partial)) = (kept, &target.partial) else {
            return target.commit(writer, size, modified).await;
        };
        let committed = target.commit_without_name(writer, size, modified).await?;
        keeper.keep(&self.run, &job.to).await?;
        if let Err(error) = self.destination.remote.rename(partial, &target.to).await {
            keeper.put_back(&self.run, &job.to).await?;
            return Err(error);
        }
        Ok(committed)
    }

    /// Moves a file that is about to be replaced to its backup, where one is wanted.
    pub(crate) async fn keep_replaced(&self, job: &Job) -> Result<()> {
        match self.keeper.as_ref().filter(|_| job.replaces.is_some()) {
            Some(keeper) => keeper.keep(&self.run, &job.to).await,
            None => Ok(()),
        }
    }

    /// Moves all bytes, reading the next piece while the last is written.
    async fn pump(
        &self,
        mut reader: Box<dyn Reader>,
        mut writer: Box<dyn Writer>,
        transfer: u64,
    ) -> Result<(Box<dyn Writer>, u64)> {
        let mut size = 0;
        let mut piece = reader.read().await?;
        while !piece.is_empty() {
            let bytes = piece.len() as u64;
            self.bandwidth.take(bytes).await;
            let (next, ()) = try_join(reader.read(), writer.write(piece)).await?;
            size += bytes;
            self.run.event(Event::Transferred { transfer, bytes });
            piece = next;
        }
        Ok((writer, size))
    }

    /// Tells whether files are written under a temporary name.
    fn writes_aside(&self) -> bool {
        !self.run.ctx.options.inplace && self.destination.remote.capability().rename
    }

    fn tell(&self, job: &Job, committed: Committed) {
        let Some(error) = committed.time_not_set else { return };
        if !self.told_of_times.swap(true, Ordering::Relaxed) {
            let message = format!("the modification time could not be set there: {error}");
            self.run.notice(Some(&job.to), &message);
        }
    }
}

/// Where a file is written: under a temporary name where the remote renames, else in place.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    remote: &'a dyn Remote,
    to: Path,
    partial: Option<Path>,
}

impl<'a> Target<'a> {
    /// Returns the target for `to`, its temporary name made from what is known of the source.
    ///
    /// # Errors
    /// When the suffix of temporary names cannot be part of a name.
    pub(crate) fn new(
        remote: &'a dyn Remote,
        to: Path,
        source: &Entry,
        options: &Options,
    ) -> Result<Self> {
        let partial = match to.split() {
            Some((parent, name)) if !options.inplace && remote.capability().rename => {
                let name = partial_name(&name, &to, source, &options.partial_suffix)?;
                Some(parent.child(&name))
            }
            _ => None,
        };
        Ok(Self { remote, to, partial })
    }

    pub(crate) async fn create(&self) -> Result<Box<dyn Writer>> {
        self.remote.create(self.written(), 0).await
    }

    /// Ends the file: checks its size, sets its time where the remote can, gives it its name.
    pub(crate) async fn commit(
        &self,
        writer: Box<dyn Writer>,
        size: u64,
        modified: Option<jiff::Timestamp>,
    ) -> Result<Committed> {
        let rename_to = self.partial.is_some().then(|| self.to.clone());
        self.end(writer, size, modified, rename_to).await
    }

    /// Like [`Target::commit`], but leaves the file under its temporary name.
    async fn commit_without_name(
        &self,
        writer: Box<dyn Writer>,
        size: u64,
        modified: Option<jiff::Timestamp>,
    ) -> Result<Committed> {
        self.end(writer, size, modified, None).await
    }

    async fn end(
        &self,
        writer: Box<dyn Writer>,
        size: u64,
        modified: Option<jiff::Timestamp>,
        rename_to: Option<Path>,
    ) -> Result<Committed> {
        let settable = self.remote.capability().write_precision.is_some();
        let modified = modified.filter(|_| settable);
        writer.commit(Commit { size: Some(size), modified, rename_to }).await
    }

    /// Removes what a failure left behind, if that can be done soon.
    pub(crate) async fn clean_up(&self) {
        let _ = tokio::time::timeout(CLEAN_UP, self.remote.remove(self.written())).await;
    }

    fn written(&self) -> &Path {
        self.partial.as_ref().unwrap_or(&self.to)
    }
}

const CLEAN_UP: Duration = Duration::from_secs(5);

/// Returns `NAME.<8 hex>SUFFIX`, NAME cut to 100 bytes; another source content or another directory
/// gives another name.
fn partial_name(name: &Name, to: &Path, source: &Entry, suffix: &str) -> Result<Name> {
    let mut fingerprint = crc32fast::Hasher::new();
    fingerprint.update(to.as_bytes());
    fingerprint.update(&source.size.unwrap_or(u64::MAX).to_le_bytes());
    let modified = source.modified.map_or(0, |modified| modified.at.as_nanosecond());
    fingerprint.update(&modified.to_le_bytes());
    let ending = format!(".{:08x}{suffix}", fingerprint.finalize());
    let mut bytes = cut(name.as_bytes(), 100).to_vec();
    bytes.extend_from_slice(ending.as_bytes());
    Name::new(bytes).map_err(|error| {
        let message = format!("`{suffix}` cannot end a temporary name: {error}");
        Error::new(ErrorKind::Usage, message)
    })
}

/// Cuts to at most `limit` bytes without cutting through a character.
fn cut(name: &[u8], limit: usize) -> &[u8] {
    let mut end = name.len().min(limit);
    while end > 0 && name.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn name_of(name: &str, suffix: &str) -> String {
        let name: Name = name.parse().unwrap();
        let to = Path::root().child(&name);
        partial_name(&name, &to, &Entry::root(), suffix).unwrap().to_string()
    }

    #[test]
    fn a_temporary_name_is_the_name_and_a_fingerprint() {
        let name = name_of("a.txt", ".partial");
        let middle = name.strip_prefix("a.txt.").unwrap().strip_suffix(".partial").unwrap();
        assert!(middle.len() == 8 && middle.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(name_of("b.txt", ".p")[5..], name_of("a.txt", ".p")[5..]);
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let name = name_of(&"ä".repeat(120), ".partial");
        assert_eq!(name.chars().filter(|&c| c == 'ä').count(), 50);
        let name = name_of(&format!("x{}", "ä".repeat(120)), ".partial");
        assert_eq!(name.chars().filter(|&c| c == 'ä').count(), 49);
    }

    #[test]
    fn a_suffix_stays_within_the_directory() {
        let name: Name = "a".parse().unwrap();
        let error = partial_name(&name, &Path::root(), &Entry::root(), "/x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
}

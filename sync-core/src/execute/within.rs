//! Copies that a remote makes by itself, where both sides are one server or `--copy-dest` has the file.

use std::sync::atomic::Ordering;

use super::copy::{Copier, Job};
use super::record::Content;
use super::target::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::CONTENT;
use crate::path::Path;
use crate::progress::Event;
use crate::remote::Committed;
use crate::retry::until_cancelled;

impl Copier {
    /// Lets the server that holds both sides copy a file. Returns whether it stands there; else it is to
    /// be transferred. A disk is not asked: what is read from it keeps the limits that the user set.
    pub(crate) async fn copy_on_server(&self, job: &Job) -> bool {
        let capability = self.destination.remote.capability();
        let able = capability.copy
            && !capability.local
            && job.begun.is_none()
            && self.source.same_remote(&self.destination)
            && !self.refuses_to_copy.load(Ordering::Relaxed);
        if !able {
            return false;
        }
        let transfer = self.next_transfer.fetch_add(1, Ordering::Relaxed);
        let (path, size) = (&job.to, job.source.size);
        self.run.event(Event::TransferStarted { transfer, path, size });
        let copied = self.copy_there(&self.source.path(&job.from), job).await;
        let done = copied.is_ok();
        if let Some(bytes) = size.filter(|_| done) {
            self.run.ctx.moved.fetch_add(bytes, Ordering::Relaxed);
            self.run.event(Event::Transferred { transfer, bytes });
        }
        self.run.event(Event::TransferFinished { transfer, path, done });
        let Err(error) = copied else { return self.run.settle(job.change(), Ok(())) };
        if error.kind() == ErrorKind::Unsupported {
            self.refuses_to_copy.store(true, Ordering::Relaxed);
        }
        let message = format!("is transferred, since the server does not copy it: {error}");
        self.run.event(Event::Remark { path, message: &message });
        false
    }

    /// Has the destination's remote copy the file at `from`, with the same care as any other copy.
    pub(crate) async fn copy_there(&self, from: &Path, job: &Job) -> Result<()> {
        let target = self.target(job, &job.source)?;
        let work = self.copy_on_remote(from, job, &target);
        let result = until_cancelled(&self.run.ctx, work).await;
        if result.is_err() && target.is_temporary() {
            target.clean_up().await;
        }
        let committed = result?;
        let dated = committed.time_not_set.is_none();
        let content = Content { entry: &job.source, sha256: self.content_of(job).await };
        self.recorder.copied(&job.to, content, dated).await;
        self.tell(job, committed);
        Ok(())
    }

    /// Returns the SHA-256 of the source for the journal on the server, where the source computes it.
    async fn content_of(&self, job: &Job) -> Option<Box<[u8]>> {
        self.run.ctx.options.journal_remote.as_ref()?;
        let remote = &self.source.remote;
        let able = remote.capability().hashes.contains(&CONTENT);
        let hash = async { remote.hash(&self.source.path(&job.from), CONTENT).await.ok() };
        if able { hash.await.map(Into::into) } else { None }
    }

    async fn copy_on_remote(
        &self,
        from: &Path,
        job: &Job,
        target: &Target<'_>,
    ) -> Result<Committed> {
        let (remote, to) = (target.remote(), target.written());
        if !target.is_temporary() {
            self.keep_replaced(job).await?;
        }
        remote.copy(from, to).await?;
        let size = remote.stat(to).await?.and_then(|entry| entry.size);
        if let (Some(size), Some(expected)) = (size, job.source.size)
            && size != expected
        {
            return Err(Error::wrong_size(size, expected).on(&job.to));
        }
        let settable = remote.capability().write_precision.is_some();
        let modified = job.source.modified.filter(|_| settable);
        let time_not_set = match modified {
            Some(modified) => remote.set_modified(to, modified.at).await.err(),
            None => None,
        };
        if target.is_temporary() {
            self.name(job, target).await?;
        }
        Ok(Committed { time_not_set })
    }
}

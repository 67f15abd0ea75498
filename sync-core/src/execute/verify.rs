//! Compares the content of a copy that is complete with what was sent, by a hash that a server computes.

use futures_util::future::OptionFuture;

use super::copy::{Copier, Job};
use super::target::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::hash::Hasher;
use crate::path::Path;
use crate::remote::Remote;

impl Copier {
    /// Verifies a copy before it gets its name. What was sent is known by `hasher` where all of it went
    /// through here; a copy that was continued is compared with the source instead.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupted`] when the content differs.
    pub(super) async fn verify(
        &self,
        job: &Job,
        target: &Target<'_>,
        algorithm: &str,
        hasher: Option<Hasher>,
    ) -> Result<()> {
        let (here, from) = (&*self.source.remote, self.source.path(&job.from));
        let sent = hasher.map(Hasher::finish);
        // A disk is not read again for what was just read from it or written to it.
        let asks = |remote: &dyn Remote| sent.is_none() || !remote.capability().local;
        let source = asks(here).then(|| self.hash_of(here, &from, algorithm));
        let there = target.remote();
        let copied = asks(there).then(|| self.hash_of(there, target.written(), algorithm));
        let (source, copied) =
            futures_util::join!(OptionFuture::from(source), OptionFuture::from(copied));
        let hashes = [Some(Ok(sent)), source, copied];
        let hashes = hashes.into_iter().flatten().collect::<Result<Vec<_>>>()?;
        let mut known = hashes.into_iter().flatten();
        let Some(first) = known.next() else { return Ok(()) };
        if known.all(|hash| hash == first) {
            return Ok(());
        }
        let message = format!("the {algorithm} hash of the copy is not that of what was sent");
        Err(Error::new(ErrorKind::Corrupted, message).on(&job.to))
    }

    /// Returns a hash; none where the server will not compute it for this file.
    async fn hash_of(
        &self,
        remote: &dyn Remote,
        path: &Path,
        algorithm: &str,
    ) -> Result<Option<Vec<u8>>> {
        match remote.hash(path, algorithm).await {
            Ok(hash) => Ok(Some(hash)),
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
            Err(error) => Err(error),
        }
    }
}

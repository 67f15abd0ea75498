//! Compares the content of a copy that is complete with what was sent, by a hash that a server computes.

use super::copy::{Copier, Job};
use super::target::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::hash::Hasher;
use crate::path::Path;
use crate::remote::Remote;

/// A hash, by this algorithm.
type Hash = (&'static str, Vec<u8>);

impl Copier {
    /// Returns the hash that a server tells of the source, where copies are verified. It is asked before
    /// the copy holds a session that it may need.
    pub(super) async fn hash_of_source(&self, job: &Job) -> Result<Option<Vec<u8>>> {
        let remote = &*self.source.remote;
        let Some(algorithm) = self.hash.filter(|_| !remote.capability().local) else {
            return Ok(None);
        };
        hash_of(remote, &self.source.path(&job.from), algorithm).await
    }

    /// Returns the hash that the destination must tell of a copy before it gets its name. What was sent
    /// is known by `hasher` where all of it went through here; `told` is what the source's server says.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupted`] when the two differ.
    pub(super) async fn expected_hash(
        &self,
        job: &Job,
        target: &Target<'_>,
        hasher: Option<Hasher>,
        told: Option<Vec<u8>>,
    ) -> Result<Option<Hash>> {
        let Some(algorithm) = self.hash else { return Ok(None) };
        let sent = hasher.map(Hasher::finish);
        if let (Some(sent), Some(told)) = (&sent, &told)
            && sent != told
        {
            let message = format!("the {algorithm} hash of what arrived is not that of the source");
            return Err(Error::new(ErrorKind::Corrupted, message).on(&job.from));
        }
        // A disk is not read again for what was just read from it or written to it.
        if sent.is_some() && target.remote().capability().local {
            return Ok(None);
        }
        let here = &*self.source.remote;
        let known = match sent.or(told) {
            None if here.capability().local => {
                hash_of(here, &self.source.path(&job.from), algorithm).await?
            }
            known => known,
        };
        Ok(known.map(|hash| (algorithm, hash)))
    }
}

/// Returns a hash; none where the server will not compute it for this file.
async fn hash_of(remote: &dyn Remote, path: &Path, algorithm: &str) -> Result<Option<Vec<u8>>> {
    match remote.hash(path, algorithm).await {
        Ok(hash) => Ok(Some(hash)),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}

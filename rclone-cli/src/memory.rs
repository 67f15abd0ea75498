//! What earlier runs have learnt about servers: a file each in the cache folder, with its age and
//! without a secret.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ftp_client::Personality;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::shown;

/// After how long what was learnt is found out again.
const LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The folder of these files, if there is one.
#[derive(Debug)]
pub(crate) struct Memory(Option<PathBuf>);

/// What stands in a file.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    server: String,
    learnt: Timestamp,
    facts: BTreeMap<String, String>,
}

impl Memory {
    /// Returns the memory in a cache folder.
    pub(crate) fn new(cache: Option<PathBuf>) -> Self {
        Self(cache.map(|cache| cache.join("ftp")))
    }

    /// Returns what is known of a server, unless that is too long ago.
    pub(crate) fn recall(&self, server: &str) -> Option<Personality> {
        self.recall_at(server, Timestamp::now())
    }

    fn recall_at(&self, server: &str, now: Timestamp) -> Option<Personality> {
        let text = fs::read(self.file(server)?).ok()?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        let fresh = now.duration_since(kept.learnt).abs() < LASTS && kept.server == server;
        let facts = kept.facts.iter().map(|(name, value)| (&**name, &**value));
        fresh.then(|| Personality::recalled(facts))
    }

    /// Keeps what is known of a server that was talked to. That it cannot be kept is no failure.
    pub(crate) fn keep(&self, server: &str, personality: &Personality) {
        let facts = personality.facts().into_iter().map(|(name, value)| (name.into(), value));
        let facts: BTreeMap<String, String> = facts.collect();
        let (Some(file), false) = (self.file(server), personality.greeting.is_empty()) else {
            return;
        };
        let kept = Kept { server: server.into(), learnt: Timestamp::now(), facts };
        if let Err(error) = write(&file, &kept) {
            tracing::debug!("cannot keep what was learnt about {server}: {error}");
        }
    }

    fn file(&self, server: &str) -> Option<PathBuf> {
        let name = shown::hex(&Sha256::digest(server)[..8]);
        Some(self.0.as_ref()?.join(format!("{name}.json")))
    }
}

/// Replaces a file as a whole: another run may read it now.
fn write(file: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(&serde_json::to_vec_pretty(kept)?)?;
    fresh.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "ftp://me@host:21";

    fn kept() -> (tempfile::TempDir, Memory) {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(Some(folder.path().join("cache")));
        let facts = [("greeting", "hello"), ("mlsd", "no")];
        memory.keep(SERVER, &Personality::recalled(facts));
        (folder, memory)
    }

    #[test]
    fn what_was_learnt_is_recalled_for_a_month() {
        let (_folder, memory) = kept();
        let later = |hours| Timestamp::now() + SignedDuration::from_hours(hours);
        let known = memory.recall_at(SERVER, later(29 * 24)).expect("it is fresh");
        assert_eq!((known.greeting.as_str(), known.mlsd), ("hello", Some(false)));
        assert!(memory.recall_at(SERVER, later(31 * 24)).is_none());
        assert!(memory.recall("ftp://me@host:22").is_none());
    }

    #[test]
    fn a_server_that_was_never_reached_is_not_kept() {
        let (folder, memory) = kept();
        memory.keep("ftp://me@other:21", &Personality::default());
        let files = fs::read_dir(folder.path().join("cache/ftp")).unwrap();
        assert_eq!(files.count(), 1);
        Memory::new(None).keep(SERVER, &Personality::default());
        assert!(Memory::new(None).recall(SERVER).is_none());
    }

    #[test]
    fn a_file_that_does_not_read_is_nothing() {
        let (_folder, memory) = kept();
        fs::write(memory.file(SERVER).unwrap(), "{").unwrap();
        assert!(memory.recall(SERVER).is_none());
    }
}

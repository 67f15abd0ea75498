//! Files on an FTP server: the one place where the engine meets FTP.
//!
//! Each operation takes one session from the pool and gives it back. Names pass through an
//! [`Encoder`]; what a listing holds and nobody understood becomes a doubt; errors keep the server's
//! words and gain a way out.

mod clock;
mod directories;
mod entry;
mod error;
mod probe;
mod together;
mod transfer;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use ftp_client::ftp_proto::hash::Algorithm;
use ftp_client::options::ListingMethod;
use ftp_client::personality::{StatusListing, TimeSetting};
use ftp_client::{Lease, Personality, Pool, Room};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::encoding::Encoder;
use crate::entry::{Entry, Listing, Modified};
use crate::error::{Error, ErrorKind, Result};
use crate::hash::COMPUTED;
use crate::path::Path;
use crate::remote::{About, Capability, Reader, Remote, Writer};
use clock::Clock;
use directories::Directories;
use entry::{entry, listing};
use error::{explain, explain_directory};
pub use probe::Finding;
use together::{AT_ONCE, Together};
use transfer::{Incoming, Outgoing};

/// An FTP server, seen through one login.
#[derive(Debug)]
pub struct Ftp {
    pool: Pool,
    encoder: Encoder,
    label: String,
    identity: String,
    known: Directories,
    /// Directories to be listed, and files whose times are asked for, at the same time.
    listings: Together<Vec<u8>, ftp_client::Result<ftp_client::Listing>>,
    times: Together<Vec<Vec<u8>>, Vec<ftp_client::Result<Timestamp>>>,
    /// The server's clock as `LIST` shows it, as far as it was measured.
    clock: Mutex<Clock>,
}

impl Ftp {
    /// Returns the server these options name, without connecting to it.
    ///
    /// # Errors
    /// When the options make no sense together.
    pub fn new(options: ftp_client::Options, encoder: Encoder) -> Result<Self> {
        let label = format!("ftp://{}:{}", options.host, options.port);
        let identity = format!("ftp://{}@{}:{}", options.user, options.host, options.port);
        let pool = Pool::new(options).map_err(|error| explain(error, ""))?;
        let (listings, times) = (Together::default(), Together::default());
        let (known, clock) = (Directories::default(), Mutex::default());
        Ok(Self { pool, encoder, label, identity, known, listings, times, clock })
    }

    /// Returns what was learnt about the server so far.
    pub fn personality(&self) -> Personality {
        self.pool.personality()
    }

    async fn session(&self, path: &Path) -> Result<Lease> {
        self.pool.session().await.map_err(|error| explain(error, path))
    }

    fn encode(&self, path: &Path) -> Vec<u8> {
        self.encoder.to_server(path.as_bytes())
    }

    fn encode_all(&self, paths: &[Path]) -> Vec<Vec<u8>> {
        paths.iter().map(|path| self.encode(path)).collect()
    }

    /// Takes what an earlier run has learnt about the server, before the first operation.
    pub fn recall(&self, personality: Personality) {
        self.pool.recall(personality);
    }

    /// Measures how far times in `LIST` are ahead, by asking for the time in UTC of one file of each
    /// season. Whoever comes meanwhile waits, and asks nothing.
    async fn clock(
        &self,
        directory: &Path,
        found: &[ftp_client::ftp_proto::listing::Entry],
    ) -> Result<Clock> {
        let mut clock = self.clock.lock().await;
        let sticks = clock.yardsticks(found);
        if sticks.is_empty() {
            return Ok(*clock);
        }
        let mut session = self.session(directory).await?;
        let mut above = self.encode(directory);
        if !above.is_empty() && !above.ends_with(b"/") {
            above.push(b'/');
        }
        let paths: Vec<_> = sticks.iter().map(|stick| [&*above, stick.name].concat()).collect();
        let told = session.modified_all(&paths).await;
        for (stick, told) in sticks.into_iter().zip(told) {
            match told {
                Ok(utc) => clock.learn(stick.season, clock::ahead(stick.shown, utc)),
                // A server that does not tell is not asked again.
                Err(error) if error.reply().is_some() => {
                    clock.learn(stick.season, SignedDuration::ZERO);
                }
                Err(_) => {}
            }
        }
        Ok(*clock)
    }

    async fn measured(&self) -> Clock {
        *self.clock.lock().await
    }

    /// Makes directories in one flight, and returns the failures. Whatever stands there already fails
    /// too, and is looked at afterwards: a directory is no failure.
    async fn make(&self, session: &mut Lease, chain: Vec<Path>) -> HashMap<Path, Error> {
        let results = session.mkdir_all(&self.encode_all(&chain)).await;
        let mut failed = Vec::new();
        for (directory, result) in chain.into_iter().zip(results) {
            match result {
                Ok(()) => self.known.add(&directory),
                Err(error) => failed.push((directory, error)),
            }
        }
        failed.retain(|(directory, _)| !self.known.has(directory));
        let paths: Vec<Path> = failed.iter().map(|(directory, _)| directory.clone()).collect();
        let there = self.stat_in(session, &paths).await;
        let mut failures = HashMap::new();
        for ((directory, error), there) in failed.into_iter().zip(there) {
            let error = match there {
                Ok(Some(entry)) if entry.is_file() => Error::not_a_directory(&directory),
                // A link serves as what it points to.
                Ok(Some(_)) => {
                    self.known.add(&directory);
                    continue;
                }
                _ => explain_directory(error, &directory),
            };
            failures.insert(directory, error);
        }
        failures
    }

    /// Lists a directory along with those that others wait for.
    async fn list_together(&self, directory: Vec<u8>) -> ftp_client::Result<ftp_client::Listing> {
        let all = async |directories: Vec<Vec<u8>>| {
            Ok(self.pool.session().await?.list_all(&directories).await)
        };
        match self.listings.ask(directory.clone(), all).await? {
            Some(listing) => listing,
            None => self.pool.session().await?.list(&directory).await,
        }
    }

    /// Asks for times along with those that others wait for, where many directories are listed at
    /// the same time.
    async fn ask_times(
        &self,
        paths: Vec<Vec<u8>>,
    ) -> ftp_client::Result<Vec<ftp_client::Result<Timestamp>>> {
        let all = async |questions: Vec<Vec<Vec<u8>>>| {
            let mut session = self.pool.session().await?;
            let mut times = session.modified_all(&questions.concat()).await.into_iter();
            let answers = questions.iter().map(|paths| times.by_ref().take(paths.len()).collect());
            Ok(answers.collect())
        };
        if self.listings_at_once().is_some()
            && let Some(times) = self.times.ask(paths.clone(), all).await?
        {
            return Ok(times);
        }
        Ok(self.pool.session().await?.modified_all(&paths).await)
    }

    /// Gives many things their times on one session.
    async fn set_times<F>(
        &self,
        times: &[(Path, Timestamp)],
        set: impl FnOnce(Lease, Vec<(Vec<u8>, Timestamp)>) -> F,
    ) -> Vec<Result<()>>
    where
        F: Future<Output = Vec<ftp_client::Result<()>>>,
    {
        let Some((path, _)) = times.first() else { return Vec::new() };
        let session = match self.session(path).await {
            Ok(session) => session,
            Err(error) => return same_for_all(error, times.len()),
        };
        let encoded = times.iter().map(|(path, time)| (self.encode(path), *time)).collect();
        let results = set(session, encoded).await;
        let explained = |((path, _), result): (&(Path, _), Result<_, _>)| {
            result.map_err(|error| explain(error, path))
        };
        times.iter().zip(results).map(explained).collect()
    }

    async fn stat_in(&self, session: &mut Lease, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        let results = session.stat_all(&self.encode_all(paths)).await;
        let clock = self.measured().await;
        let found = paths.iter().zip(results).map(|(path, found)| match found {
            Ok(None) => Ok(None),
            Ok(Some(found)) => Ok(path.name().map(|name| entry(name, &found, clock))),
            Err(error) => Err(explain(error, path)),
        });
        found.collect()
    }
}

#[async_trait]
impl Remote for Ftp {
    fn capability(&self) -> Capability {
        let personality = self.pool.personality();
        let second = Duration::from_secs(1);
        let options = self.pool.options();
        let by_mlsd = !options.disable_mlsd
            && !options.force_list_hidden
            && matches!(options.listing, ListingMethod::Auto | ListingMethod::Mlsd);
        let lists_seconds =
            by_mlsd && personality.features.mlst() && personality.mlsd != Some(false);
        let features = &personality.features;
        let settable = personality.time_setting.map_or_else(
            || features.has("MFMT") || features.has("MDTM") || features.offers("SITE", "UTIME"),
            |setting| setting != TimeSetting::Never,
        );
        Capability {
            read_precision: Some(if lists_seconds { second } else { second * 60 }),
            asked_precision: (!lists_seconds && features.has("MDTM")).then_some(second),
            write_precision: settable.then_some(second),
            set_directory_modified: settable && personality.directory_times != Some(false),
            case_sensitive: true,
            read_at: true,
            write_at: true,
            rename: true,
            copy: personality.copies(),
            hashes: hashes(&personality),
            concurrency: personality.connection_limit,
            ..Capability::default()
        }
    }

    async fn connect(&self) -> Result<()> {
        self.session(&Path::root()).await.map(drop)
    }

    fn label(&self) -> String {
        self.label.clone()
    }

    fn identity(&self) -> String {
        self.identity.clone()
    }

    async fn list(&self, directory: &Path) -> Result<Listing> {
        let found = self.session(directory).await?.list(&self.encode(directory)).await;
        let found = found.map_err(|error| explain_directory(error, directory))?;
        self.known.add(directory);
        let clock = self.clock(directory, &found.entries).await?;
        Ok(listing(found, &self.encoder, clock))
    }

    async fn list_briefly(&self, directory: &Path) -> Result<Listing> {
        let encoded = self.encode(directory);
        let found = match self.pool.personality().status_listing {
            Some(StatusListing::Never) => self.session(directory).await?.list(&encoded).await,
            Some(_) => self.list_together(encoded).await,
            None => {
                let mut all = self.session(directory).await?.list_all(&[encoded]).await;
                all.pop().unwrap_or_else(|| Ok(ftp_client::Listing::default()))
            }
        };
        let found = found.map_err(|error| explain_directory(error, directory))?;
        self.known.add(directory);
        let clock = match self.capability().asked_precision {
            Some(_) => self.clock(directory, &found.entries).await?,
            None => self.measured().await,
        };
        Ok(listing(found, &self.encoder, clock))
    }

    async fn list_links(&self, directory: &Path) -> Result<Listing> {
        let found = self.session(directory).await?.list_links(&self.encode(directory)).await;
        let found = found.map_err(|error| explain_directory(error, directory))?;
        self.known.add(directory);
        let clock = self.clock(directory, &found.entries).await?;
        Ok(listing(found, &self.encoder, clock))
    }

    fn promise(&self, at_most: usize) -> bool {
        self.pool.promise(at_most)
    }

    fn listings_at_once(&self) -> Option<usize> {
        let form = self.pool.personality().status_listing;
        form.filter(|form| *form != StatusListing::Never).map(|_| AT_ONCE)
    }

    async fn stat(&self, path: &Path) -> Result<Option<Entry>> {
        if path.name().is_none() {
            return Ok(Some(Entry::root()));
        }
        let mut session = self.session(path).await?;
        let found = session.stat(&self.encode(path)).await;
        let found = found.map_err(|error| explain(error, path))?;
        let clock = self.measured().await;
        Ok(found.zip(path.name()).map(|(found, name)| entry(name, &found, clock)))
    }

    async fn open(&self, path: &Path, offset: u64, length: Option<u64>) -> Result<Box<dyn Reader>> {
        let session = self.session(path).await?;
        let download = session.retrieve(&self.encode(path), offset).await;
        let download = download.map_err(|error| explain(error, path))?;
        Ok(Box::new(Incoming::new(path.clone(), download, length)))
    }

    async fn create(&self, path: &Path, offset: u64) -> Result<Box<dyn Writer>> {
        let session = self.session(path).await?;
        let upload = session.store(&self.encode(path), offset).await;
        let upload = upload.map_err(|error| explain(error, path))?;
        Ok(Box::new(Outgoing { path: path.clone(), encoder: self.encoder, upload }))
    }

    async fn mkdir(&self, directory: &Path) -> Result<()> {
        let made = self.mkdir_all(std::slice::from_ref(directory)).await;
        made.into_iter().next().unwrap_or(Ok(()))
    }

    async fn rmdir(&self, directory: &Path) -> Result<()> {
        let mut session = self.session(directory).await?;
        self.known.forget(directory);
        let removed = session.rmdir(&self.encode(directory)).await;
        removed.map_err(|error| explain_directory(error, directory))
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        let mut session = self.session(path).await?;
        session.remove(&self.encode(path)).await.map_err(|error| explain(error, path))
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut session = self.session(from).await?;
        self.known.forget(from);
        let renamed = session.rename(&self.encode(from), &self.encode(to)).await;
        renamed.map_err(|error| explain(error, from))
    }

    async fn set_modified(&self, path: &Path, modified: Timestamp) -> Result<()> {
        let mut session = self.session(path).await?;
        let set = session.set_modified(&self.encode(path), modified).await;
        set.map_err(|error| explain(error, path))
    }

    async fn stat_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        match self.session(&first(paths)).await {
            Ok(mut session) => self.stat_in(&mut session, paths).await,
            Err(error) => same_for_all(error, paths.len()),
        }
    }

    async fn follow_all(&self, paths: &[Path]) -> Vec<Result<Option<Entry>>> {
        let mut session = match self.session(&first(paths)).await {
            Ok(session) => session,
            Err(error) => return same_for_all(error, paths.len()),
        };
        let results = session.follow_all(&self.encode_all(paths)).await;
        let clock = self.measured().await;
        let found = paths.iter().zip(results).map(|(path, found)| match found {
            Ok(found) => {
                let name = path.name().unwrap_or_else(|| Entry::root().name);
                Ok(found.map(|found| entry(name, &found, clock)))
            }
            Err(error) => Err(explain(error, path)),
        });
        found.collect()
    }

    async fn modified_all(&self, paths: &[Path]) -> Vec<Result<Option<Modified>>> {
        let times = match self.ask_times(self.encode_all(paths)).await {
            Ok(times) => times,
            Err(error) => return same_for_all(explain(error, first(paths)), paths.len()),
        };
        let precision = Duration::from_secs(1);
        let told = paths.iter().zip(times).map(|(path, time)| match time {
            Ok(at) => Ok(Some(Modified { at, precision })),
            Err(error) => Err(explain(error, path)),
        });
        told.collect()
    }

    async fn remove_all(&self, paths: &[Path]) -> Vec<Result<()>> {
        self.remove_tree(paths, &[]).await
    }

    async fn mkdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        let chain = self.known.unknown(directories);
        let mut failures = HashMap::new();
        if !chain.is_empty() {
            let mut session = match self.session(&first(directories)).await {
                Ok(session) => session,
                Err(error) => return same_for_all(error, directories.len()),
            };
            failures = self.make(&mut session, chain).await;
        }
        let mut made = |directory: &Path| match failures.remove(directory) {
            _ if self.known.has(directory) => Ok(()),
            Some(error) => Err(error),
            None => Err(Error::new(ErrorKind::Other, "a parent could not be made").on(directory)),
        };
        directories.iter().map(&mut made).collect()
    }

    async fn rmdir_all(&self, directories: &[Path]) -> Vec<Result<()>> {
        self.remove_tree(&[], directories).await
    }

    async fn remove_tree(&self, files: &[Path], directories: &[Path]) -> Vec<Result<()>> {
        let count = files.len() + directories.len();
        let mut session = match self.session(&first(files.iter().chain(directories))).await {
            Ok(session) => session,
            Err(error) => return same_for_all(error, count),
        };
        directories.iter().for_each(|directory| self.known.forget(directory));
        let (doomed, emptied) = (self.encode_all(files), self.encode_all(directories));
        let mut results = session.remove_tree(&doomed, &emptied).await.into_iter();
        let mut explained = Vec::with_capacity(count);
        for (path, result) in files.iter().zip(results.by_ref()) {
            explained.push(result.map_err(|error| explain(error, path)));
        }
        for (path, result) in directories.iter().zip(results) {
            explained.push(result.map_err(|error| explain_directory(error, path)));
        }
        explained
    }

    async fn set_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        let set = async |mut session: Lease, times: Vec<_>| session.set_modified_all(&times).await;
        self.set_times(times, set).await
    }

    async fn set_directory_modified_all(&self, times: &[(Path, Timestamp)]) -> Vec<Result<()>> {
        let set = async |mut session: Lease, times: Vec<_>| {
            session.set_directory_modified_all(&times).await
        };
        self.set_times(times, set).await
    }

    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        let mut session = self.session(from).await?;
        let copied = session.copy(&self.encode(from), &self.encode(to)).await;
        copied.map_err(|error| explain(error, from))
    }

    async fn hash(&self, path: &Path, algorithm: &str) -> Result<Vec<u8>> {
        let known = Algorithm::named(algorithm).ok_or_else(|| {
            let message = format!("no server is asked for {algorithm}");
            Error::new(ErrorKind::Unsupported, message).on(path)
        })?;
        let mut session = self.session(path).await?;
        session.hash(&self.encode(path), known).await.map_err(|error| explain(error, path))
    }

    async fn about(&self) -> Result<About> {
        let mut session = self.session(&Path::root()).await?;
        let Room { total, used, free } =
            session.room().await.map_err(|error| explain(error, ""))?;
        Ok(About { total, used, free })
    }

    async fn shutdown(&self) {
        self.pool.close().await;
    }
}

/// Returns the names of the hashes that both the server and this program compute.
fn hashes(personality: &Personality) -> Vec<&'static str> {
    let offered = personality.hashes();
    let common = |name: &&str| Algorithm::named(name).is_some_and(|known| offered.contains(&known));
    COMPUTED.into_iter().filter(common).collect()
}

fn first<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Path {
    paths.into_iter().next().cloned().unwrap_or_default()
}

/// Returns one error for many paths: itself first, then its likes.
fn same_for_all<T>(error: Error, count: usize) -> Vec<Result<T>> {
    let (kind, message) = (error.kind(), error.to_string());
    let likes = (1..count).map(|_| Err(Error::new(kind, message.clone())));
    std::iter::once(Err(error)).take(count.min(1)).chain(likes).collect()
}

#[cfg(test)]
mod tests {
    use ftp_client::Options;

    use super::*;

    /// Which way of listing shows seconds decides what has to be asked for.
    #[test]
    fn times_are_asked_for_where_the_way_of_listing_does_not_show_them() {
        let asked = |options: Options| {
            let options = Options { host: "h".into(), ..options };
            let server = Ftp::new(options, Encoder::default()).expect("options that make sense");
            let facts = [("features", "MLST type*;size*;modify*; | MDTM")];
            server.recall(Personality::recalled(facts));
            server.capability().asked_precision.is_some()
        };
        assert!(!asked(Options::default()));
        assert!(!asked(Options { listing: ListingMethod::Mlsd, ..Options::default() }));
        assert!(asked(Options { listing: ListingMethod::List, ..Options::default() }));
        assert!(asked(Options { listing: ListingMethod::Stat, ..Options::default() }));
        assert!(asked(Options { disable_mlsd: true, ..Options::default() }));
        assert!(asked(Options { force_list_hidden: true, ..Options::default() }));
    }
}

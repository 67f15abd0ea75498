//! Holds remotes to a bandwidth and to a number of calls a second: `--bwlimit`, `--bwlimit-file` and
//! `--tpslimit`.
//!
//! As in rclone, two of the three rates are those of the network, towards servers and from them; the
//! third, over all that is read anywhere, holds only where both of these are limited, and is the
//! larger of them. So a copy from disk to disk keeps a rate that was given for both directions.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::bucket::{Bucket, take};
use crate::error::Result;
use crate::path::Path;
use crate::remote::watch::{Call, Watch};

/// Bytes a second in each direction; none for no limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rates {
    /// Towards servers.
    pub upload: Option<u64>,
    /// From servers.
    pub download: Option<u64>,
}

impl Rates {
    /// Tells whether anything is limited.
    pub fn is_limited(self) -> bool {
        self.upload.is_some() || self.download.is_some()
    }

    /// Returns the rate of all that is read anywhere.
    fn total(self) -> Option<u64> {
        Some(self.upload?.max(self.download?))
    }
}

/// Calls a second, and how many of them may come at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// So many a second.
    pub calls: f64,
    /// So many at once, at least 1.
    pub burst: usize,
}

/// The limits that all remotes of a run keep together. Clones share them.
#[derive(Clone, Debug)]
pub struct Limits {
    shared: Arc<Buckets>,
    /// What each file that is opened from now on keeps by itself.
    each: Arc<Mutex<Rates>>,
    calls: Option<(Arc<Bucket>, usize)>,
}

impl Limits {
    /// Returns limits without any bandwidth, and with this pace.
    pub fn new(pace: Option<Pace>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^50 calls at once")]
        let calls = pace.map(|Pace { calls, burst }| {
            let burst = burst.max(1);
            (Arc::new(Bucket::new(Some(calls), burst as f64)), burst)
        });
        Self { shared: Arc::new(Buckets::new(Rates::default())), each: Arc::default(), calls }
    }

    /// Changes what all transfers may take together, those under way included.
    pub fn set(&self, rates: Rates) {
        self.shared.set(rates);
    }

    /// Changes what each transfer may take that begins from now on.
    pub fn set_each(&self, rates: Rates) {
        *self.each.lock().expect("no holder of the lock panics") = rates;
    }

    /// Returns the watcher that holds this machine's files to these limits.
    pub fn of_disk(&self) -> Limit {
        Limit { limits: self.clone(), is_server: false }
    }

    /// Returns the watcher that holds a server to these limits.
    pub fn of_server(&self) -> Limit {
        Limit { limits: self.clone(), is_server: true }
    }
}

/// Has calls and bytes wait until they may go.
#[derive(Debug)]
pub struct Limit {
    limits: Limits,
    is_server: bool,
}

/// The buckets of one set of [`Rates`].
#[derive(Debug)]
pub struct Buckets {
    upload: Bucket,
    download: Bucket,
    total: Bucket,
}

impl Buckets {
    fn new(rates: Rates) -> Self {
        Self {
            upload: Bucket::of_bytes(rates.upload),
            download: Bucket::of_bytes(rates.download),
            total: Bucket::of_bytes(rates.total()),
        }
    }

    fn set(&self, rates: Rates) {
        self.upload.set_bytes(rates.upload);
        self.download.set_bytes(rates.download);
        self.total.set_bytes(rates.total());
    }

    /// Returns those that count for what is read from or written to a place.
    fn of(&self, call: Call, is_server: bool) -> impl Iterator<Item = &Bucket> {
        let buckets = match (call, is_server) {
            (Call::Read, true) => [Some(&self.download), Some(&self.total)],
            (Call::Read, false) => [Some(&self.total), None],
            (_, true) => [Some(&self.upload), None],
            (_, false) => [None, None],
        };
        buckets.into_iter().flatten()
    }
}

impl Limit {
    /// Returns the buckets that count for a file.
    fn buckets<'a>(&'a self, file: &'a Buckets, call: Call) -> impl Iterator<Item = &'a Bucket> {
        self.limits.shared.of(call, self.is_server).chain(file.of(call, self.is_server))
    }
}

#[async_trait]
impl Watch for Limit {
    type File = Buckets;

    fn opened(&self) -> Buckets {
        Buckets::new(*self.limits.each.lock().expect("no holder of the lock panics"))
    }

    fn at_once(&self) -> usize {
        match &self.limits.calls {
            Some((_, burst)) if self.is_server => *burst,
            _ => usize::MAX,
        }
    }

    async fn before(&self, call: Call, _: &Path) -> Result<()> {
        if let Some((bucket, _)) = &self.limits.calls
            && self.is_server
            && !matches!(call, Call::Read | Call::Write)
        {
            take(std::iter::once(&**bucket), 1).await;
        }
        Ok(())
    }

    /// Pieces are small where the rate is, so that bytes flow rather than come in gushes.
    fn piece(&self, file: &Buckets, call: Call) -> usize {
        let tenths = self.buckets(file, call).filter_map(Bucket::tenth);
        tenths.min().map_or(usize::MAX, |tenth| tenth.max(SMALLEST))
    }

    async fn moved(&self, file: &Buckets, call: Call, bytes: usize) {
        take(self.buckets(file, call), bytes).await;
    }
}

/// Below this, what goes with each piece would weigh more than the piece.
const SMALLEST: usize = 512;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::time::Instant;

    use super::*;
    use crate::remote::memory::Memory;
    use crate::remote::watch::Watched;
    use crate::remote::{Commit, Remote};

    const SIZE: usize = 100_000;

    fn rates(upload: u64, download: u64) -> Rates {
        let some = |rate| Some(rate).filter(|&rate| rate > 0);
        Rates { upload: some(upload), download: some(download) }
    }

    fn memory() -> Arc<dyn Remote> {
        let memory = Memory::new();
        for name in ["a", "b"] {
            memory.put(name, vec![b'x'; SIZE], jiff::Timestamp::UNIX_EPOCH);
        }
        Arc::new(memory)
    }

    async fn read(remote: &dyn Remote, name: &str) {
        let mut reader = remote.open(&name.parse().unwrap(), 0, None).await.unwrap();
        while !reader.read().await.unwrap().is_empty() {}
    }

    async fn write(remote: &dyn Remote, name: &str) {
        let mut writer = remote.create(&name.parse().unwrap(), 0).await.unwrap();
        for _ in 0..10 {
            writer.write(Bytes::from(vec![b'x'; SIZE / 10])).await.unwrap();
        }
        writer.commit(Commit::default()).await.unwrap();
    }

    /// Returns how many whole seconds it takes to read a file twice at once, and then to write it
    /// twice at once.
    async fn seconds(watch: Limit) -> (u64, u64) {
        let remote = Watched::new(memory(), watch);
        let begun = Instant::now();
        tokio::join!(read(&remote, "a"), read(&remote, "b"));
        let read = begun.elapsed();
        tokio::join!(write(&remote, "c"), write(&remote, "d"));
        let written = begun.elapsed() - read;
        let rounded = |span: Duration| (span + Duration::from_millis(500)).as_secs();
        (rounded(read), rounded(written))
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_keeps_the_rate_of_each_direction() {
        for (upload, download, expected) in
            [(0, 0, (0, 0)), (10_000, 0, (0, 20)), (0, 10_000, (20, 0)), (10_000, 20_000, (10, 20))]
        {
            let limits = Limits::new(None);
            limits.set(rates(upload, download));
            assert_eq!(seconds(limits.of_server()).await, expected, "{upload}:{download}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_keeps_the_larger_where_both_are_limited() {
        for (upload, download, expected) in
            [(10_000, 0, (0, 0)), (0, 10_000, (0, 0)), (10_000, 20_000, (10, 0))]
        {
            let limits = Limits::new(None);
            limits.set(rates(upload, download));
            assert_eq!(seconds(limits.of_disk()).await, expected, "{upload}:{download}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_file_keeps_its_own_rate() {
        let limits = Limits::new(None);
        limits.set_each(rates(10_000, 20_000));
        assert_eq!(seconds(limits.of_server()).await, (5, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_flow_rather_than_gush() {
        let limits = Limits::new(None);
        limits.set(rates(10_000, 20_000));
        let remote = Watched::new(memory(), limits.of_server());
        let mut reader = remote.open(&"a".parse().unwrap(), 0, None).await.unwrap();
        let mut pieces = Vec::new();
        while pieces.last() != Some(&0) {
            pieces.push(reader.read().await.unwrap().len());
        }
        assert!(pieces[0] == 2000 && pieces.iter().all(|&piece| piece <= 2000), "{pieces:?}");
        assert_eq!(pieces.iter().sum::<usize>(), SIZE);
        limits.set(rates(1, 1));
        let mut reader = remote.open(&"a".parse().unwrap(), 0, None).await.unwrap();
        assert_eq!(reader.read().await.unwrap().len(), SMALLEST);
    }

    #[tokio::test(start_paused = true)]
    async fn all_remotes_share_a_rate() {
        let limits = Limits::new(None);
        limits.set(rates(10_000, 10_000));
        let [one, other] = [(); 2].map(|()| Watched::new(memory(), limits.of_server()));
        let begun = Instant::now();
        tokio::join!(read(&one, "a"), read(&other, "a"));
        assert_eq!(begun.elapsed().as_millis().div_ceil(1000), 20);
    }

    /// Returns after how many milliseconds each of the calls came that the remote behind the limit
    /// saw.
    async fn calls(burst: usize) -> Vec<u128> {
        let limits = Limits::new(Some(Pace { calls: 10.0, burst }));
        let remote = Watched::new(memory(), limits.of_server());
        let begun = Instant::now();
        let paths: Vec<Path> = ["a", "b", "c"].map(|name| name.parse().unwrap()).into();
        let mut came = Vec::new();
        remote.list(&Path::root()).await.unwrap();
        came.push(begun.elapsed().as_millis());
        remote.stat_all(&paths).await;
        came.push(begun.elapsed().as_millis());
        read(&remote, "a").await;
        came.push(begun.elapsed().as_millis());
        came
    }

    #[tokio::test(start_paused = true)]
    async fn calls_keep_their_pace_and_bytes_are_no_calls() {
        assert_eq!(calls(1).await, [0, 300, 400]);
        assert_eq!(calls(4).await, [0, 0, 100]);
        assert_eq!(calls(100).await, [0, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_is_called_as_often_as_it_pays() {
        let limits = Limits::new(Some(Pace { calls: 0.1, burst: 1 }));
        let remote = Watched::new(memory(), limits.of_disk());
        let begun = Instant::now();
        for _ in 0..10 {
            remote.list(&Path::root()).await.unwrap();
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}

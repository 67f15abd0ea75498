//! Counts what happens, for whoever shows it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sync_core::Event;
use sync_core::progress::Deed;

/// What has happened so far.
#[derive(Clone, Debug)]
pub(crate) struct Stats {
    pub(crate) started: Instant,
    pub(crate) bytes: u64,
    pub(crate) errors: u64,
    pub(crate) last_error: Option<String>,
    /// Whether one of the errors may not come again.
    pub(crate) retry_may_help: bool,
    pub(crate) retries: u64,
    pub(crate) listed: u64,
    pub(crate) checks: u64,
    pub(crate) checks_queued: u64,
    pub(crate) transfers: u64,
    pub(crate) transfers_queued: u64,
    /// Sizes of the transfers decided on and not begun.
    bytes_queued: u64,
    pub(crate) deleted_files: u64,
    pub(crate) deleted_directories: u64,
    pub(crate) freed: u64,
    /// Whether copies are the first half of moves.
    pub(crate) moving: bool,
    /// Files that were moved, by the server or by a copy.
    pub(crate) renamed: u64,
    pub(crate) moved: u64,
    pub(crate) moved_bytes: u64,
    pub(crate) moved_directories: u64,
    pub(crate) active: BTreeMap<u64, Transfer>,
    /// How many connections a server allows, where that is known.
    pub(crate) limit: Option<usize>,
    speed: Speed,
}

/// A transfer under way.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub(crate) name: String,
    pub(crate) size: Option<u64>,
    /// Bytes that stand on the destination, those of an earlier run included.
    pub(crate) done: u64,
    speed: Speed,
}

impl Stats {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            started: now,
            bytes: 0,
            errors: 0,
            last_error: None,
            retry_may_help: false,
            retries: 0,
            listed: 0,
            checks: 0,
            checks_queued: 0,
            transfers: 0,
            transfers_queued: 0,
            bytes_queued: 0,
            deleted_files: 0,
            deleted_directories: 0,
            freed: 0,
            moving: false,
            renamed: 0,
            moved: 0,
            moved_bytes: 0,
            moved_directories: 0,
            active: BTreeMap::new(),
            limit: None,
            speed: Speed::new(now),
        }
    }

    /// Counts one event.
    pub(crate) fn take(&mut self, event: &Event<'_>, now: Instant) {
        match *event {
            Event::Listed { entries } => self.listed += entries,
            Event::CheckQueued => self.checks_queued += 1,
            Event::Checked { .. } => {
                self.checks += 1;
                self.checks_queued = self.checks_queued.saturating_sub(1);
            }
            Event::TransferQueued { size } => {
                self.transfers_queued += 1;
                self.bytes_queued += size.unwrap_or(0);
            }
            Event::TransferStarted { transfer, path, size } => {
                self.unqueue(size);
                let name = path.to_string();
                let speed = Speed::new(now);
                self.active.insert(transfer, Transfer { name, size, done: 0, speed });
            }
            Event::TransferContinued { transfer, offset, .. } => {
                if let Some(transfer) = self.active.get_mut(&transfer) {
                    transfer.done = offset;
                }
            }
            Event::Transferred { transfer, bytes } => {
                self.bytes += bytes;
                self.speed.add(bytes);
                if let Some(transfer) = self.active.get_mut(&transfer) {
                    transfer.done += bytes;
                    transfer.speed.add(bytes);
                }
            }
            Event::TransferFinished { transfer, done, .. } => {
                self.active.remove(&transfer);
                self.transfers += u64::from(done);
            }
            Event::Done { deed, size, .. } => {
                self.done(deed, size);
                if deed == Deed::Moved {
                    self.moved += 1;
                    self.moved_bytes += size.unwrap_or(0);
                }
            }
            Event::Skipped { deed, size, .. } => self.skipped(deed, size),
            Event::Failed { error, .. } => {
                self.errors += 1;
                self.last_error = Some(error.to_string());
                self.retry_may_help |= error.is_temporary();
            }
            Event::Retrying { .. } => self.retries += 1,
            _ => {}
        }
    }

    fn unqueue(&mut self, size: Option<u64>) {
        self.transfers_queued = self.transfers_queued.saturating_sub(1);
        self.bytes_queued = self.bytes_queued.saturating_sub(size.unwrap_or(0));
    }

    fn done(&mut self, deed: Deed, size: Option<u64>) {
        match deed {
            Deed::BackedUp | Deed::Deleted => {
                self.checks += 1;
                self.deleted_files += 1;
                self.freed += size.unwrap_or(0);
            }
            Deed::CopiedNew | Deed::CopiedOver if self.moving => self.renamed += 1,
            Deed::Moved => {
                self.renamed += 1;
                self.transferred_at_once(size);
            }
            Deed::MovedDirectory => self.moved_directories += 1,
            Deed::RemovedDirectory => self.deleted_directories += 1,
            _ => {}
        }
    }

    /// Counts what a dry run left undone as if it had been done, as rclone does.
    fn skipped(&mut self, deed: Deed, size: Option<u64>) {
        self.done(deed, size);
        if matches!(deed, Deed::CopiedNew | Deed::CopiedOver) {
            self.transferred_at_once(size);
        }
    }

    /// Counts a transfer that moved no bytes through here.
    fn transferred_at_once(&mut self, size: Option<u64>) {
        self.unqueue(size);
        self.transfers += 1;
        self.bytes += size.unwrap_or(0);
    }

    /// Takes the rates of the second that has passed into account.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.speed.tick(now);
        for transfer in self.active.values_mut() {
            transfer.speed.tick(now);
        }
    }

    pub(crate) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    pub(crate) fn total_checks(&self) -> u64 {
        self.checks + self.checks_queued
    }

    pub(crate) fn total_transfers(&self) -> u64 {
        self.transfers + self.transfers_queued + self.active.len() as u64
    }

    pub(crate) fn total_bytes(&self) -> u64 {
        self.bytes + self.remaining_bytes()
    }

    pub(crate) fn remaining_bytes(&self) -> u64 {
        self.bytes_queued + self.active.values().map(Transfer::remaining).sum::<u64>()
    }

    /// Returns the rate of the last seconds, in bytes a second.
    pub(crate) fn speed(&self, now: Instant) -> f64 {
        self.speed.at(now)
    }
}

impl Transfer {
    pub(crate) fn remaining(&self) -> u64 {
        self.size.unwrap_or(0).saturating_sub(self.done)
    }

    pub(crate) fn speed(&self, now: Instant) -> f64 {
        self.speed.at(now)
    }

    pub(crate) fn percent(&self) -> u64 {
        match self.size {
            Some(size) if size > 0 => self.done.min(size) * 100 / size,
            _ => 0,
        }
    }
}

/// A rate that follows the last quarter of a minute.
#[derive(Clone, Copy, Debug)]
struct Speed {
    average: f64,
    /// How many ticks the average is over, up to [`PERIOD`].
    ticks: f64,
    /// Bytes since `since`, which the average does not hold yet.
    bytes: u64,
    since: Instant,
}

const PERIOD: f64 = 16.0;

impl Speed {
    fn new(now: Instant) -> Self {
        Self { average: 0.0, ticks: 0.0, bytes: 0, since: now }
    }

    fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    fn tick(&mut self, now: Instant) {
        let Some(rate) = self.current(now) else { return };
        self.ticks = (self.ticks + 1.0).min(PERIOD);
        self.average = (rate + self.average * (self.ticks - 1.0)) / self.ticks;
        (self.bytes, self.since) = (0, now);
    }

    /// Returns the average; before the first tick the rate so far.
    fn at(&self, now: Instant) -> f64 {
        if self.ticks > 0.0 { self.average } else { self.current(now).unwrap_or(0.0) }
    }

    fn current(&self, now: Instant) -> Option<f64> {
        let seconds = now.saturating_duration_since(self.since).as_secs_f64();
        (seconds > 0.0).then(|| self.bytes as f64 / seconds)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use sync_core::progress::Cause;
    use sync_core::{Error, ErrorKind, Path};

    use super::*;

    pub(crate) fn path(text: &str) -> Path {
        text.parse().expect(text)
    }

    /// Returns statistics after one transfer of three is done and one is half way, at second 2.
    pub(crate) fn half_way(start: Instant) -> (Stats, Instant) {
        let mut stats = Stats::new(start);
        let (small, big) = (path("dir/small"), path("big.bin"));
        for event in [
            Event::Listed { entries: 5 },
            Event::CheckQueued,
            Event::CheckQueued,
            Event::Checked { path: &small },
            Event::TransferQueued { size: Some(1 << 20) },
            Event::TransferQueued { size: Some(4 << 20) },
            Event::TransferQueued { size: Some(3 << 20) },
            Event::TransferStarted { transfer: 1, path: &small, size: Some(1 << 20) },
            Event::TransferStarted { transfer: 2, path: &big, size: Some(4 << 20) },
            Event::Transferred { transfer: 1, bytes: 1 << 20 },
            Event::TransferFinished { transfer: 1, path: &small, done: true },
            Event::Transferred { transfer: 2, bytes: 2 << 20 },
        ] {
            stats.take(&event, start);
        }
        let now = start + Duration::from_secs(2);
        stats.tick(now);
        (stats, now)
    }

    #[test]
    fn totals_count_what_is_to_come() {
        let (stats, now) = half_way(Instant::now());
        assert_eq!((stats.bytes, stats.total_bytes()), (3 << 20, 8 << 20));
        assert_eq!((stats.transfers, stats.total_transfers()), (1, 3));
        assert_eq!((stats.checks, stats.total_checks()), (1, 2));
        assert_eq!(stats.active[&2].percent(), 50);
        assert_eq!(stats.speed(now), f64::from(3 << 19));
        assert_eq!(stats.elapsed(now), Duration::from_secs(2));
    }

    #[test]
    fn what_an_earlier_run_sent_is_not_sent_again() {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        let path = path("a");
        stats.take(&Event::TransferQueued { size: Some(100) }, start);
        stats.take(&Event::TransferStarted { transfer: 1, path: &path, size: Some(100) }, start);
        stats.take(&Event::TransferContinued { transfer: 1, path: &path, offset: 60 }, start);
        assert_eq!((stats.bytes, stats.total_bytes(), stats.active[&1].percent()), (0, 40, 60));
    }

    #[test]
    fn a_failed_transfer_is_no_transfer() {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        let path = path("a");
        stats.take(&Event::TransferQueued { size: None }, start);
        stats.take(&Event::TransferStarted { transfer: 1, path: &path, size: None }, start);
        let event = Event::TransferFinished { transfer: 1, path: &path, done: false };
        stats.take(&event, start);
        let error = Error::new(ErrorKind::Timeout, "silent");
        stats.take(&Event::Failed { path: &path, error: &error }, start);
        assert_eq!((stats.transfers, stats.total_transfers(), stats.errors), (0, 0, 1));
        assert!(stats.retry_may_help);
    }

    #[test]
    fn a_dry_run_counts_as_if_done() {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        let path = path("a");
        stats.take(&Event::TransferQueued { size: Some(7) }, start);
        for deed in [Deed::CopiedNew, Deed::Deleted, Deed::RemovedDirectory] {
            stats.take(
                &Event::Skipped {
                    deed,
                    path: &path,
                    size: Some(7),
                    cause: Cause::Request,
                    reason: "",
                },
                start,
            );
        }
        assert_eq!((stats.transfers, stats.total_transfers(), stats.bytes), (1, 1, 7));
        assert_eq!((stats.deleted_files, stats.freed, stats.deleted_directories), (1, 7, 1));
        assert_eq!(stats.total_bytes(), 7);
    }

    #[test]
    fn a_move_by_copy_is_a_renaming() {
        let start = Instant::now();
        let path = path("a");
        let (deed, size, cause) = (Deed::CopiedNew, Some(7), Cause::New);
        for (moving, renamed) in [(true, 2), (false, 0)] {
            let mut stats = Stats { moving, ..Stats::new(start) };
            stats.take(&Event::Done { deed, path: &path, size, cause, reason: "" }, start);
            stats.take(&Event::Skipped { deed, path: &path, size, cause, reason: "" }, start);
            assert_eq!((stats.renamed, stats.moved), (renamed, 0));
        }
    }

    #[test]
    fn a_move_on_the_server_is_a_transfer() {
        let start = Instant::now();
        let mut stats = Stats::new(start);
        let path = path("a");
        stats.take(&Event::TransferQueued { size: Some(7) }, start);
        let deed = Deed::Moved;
        stats.take(
            &Event::Done { deed, path: &path, size: Some(7), cause: Cause::Request, reason: "" },
            start,
        );
        assert_eq!((stats.renamed, stats.moved, stats.moved_bytes), (1, 1, 7));
        assert_eq!((stats.transfers, stats.total_transfers(), stats.total_bytes()), (1, 1, 7));
    }

    #[test]
    fn speed_follows_but_does_not_jump() {
        let start = Instant::now();
        let mut speed = Speed::new(start);
        speed.add(1000);
        assert_eq!(speed.at(start), 0.0);
        assert_eq!(speed.at(start + Duration::from_millis(500)), 2000.0);
        speed.tick(start + Duration::from_secs(1));
        assert_eq!(speed.at(start + Duration::from_secs(1)), 1000.0);
        speed.add(2000);
        speed.tick(start + Duration::from_secs(2));
        assert_eq!(speed.at(start + Duration::from_secs(2)), 1500.0);
    }

    #[test]
    fn the_rate_that_the_time_left_is_told_by_converges() {
        let mut now = Instant::now();
        let mut speed = Speed::new(now);
        for (seconds, mean) in [(16, 1000), (40, 3000)] {
            let mut run = |seconds| {
                for second in 0..seconds {
                    speed.add(if second % 2 == 0 { mean / 2 } else { mean * 3 / 2 });
                    now += Duration::from_secs(1);
                    speed.tick(now);
                }
                (speed.at(now) / mean as f64 - 1.0).abs()
            };
            assert!(run(seconds) < 0.1, "{speed:?}");
            assert!(run(60) < 0.05, "{speed:?}");
        }
    }
}

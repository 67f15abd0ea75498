//! Keeps all transfers together below a number of bytes a second.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A limit that transfers share. Clock time is booked ahead for every piece, so that pieces of any
/// size average out.
#[derive(Debug)]
pub(crate) struct Bandwidth {
    /// Bytes a second; none for no limit.
    rate: Option<u64>,
    /// When everything booked so far has had its time.
    booked_until: Mutex<Instant>,
}

impl Bandwidth {
    pub(crate) fn new(rate: Option<u64>) -> Self {
        Self { rate: rate.filter(|&rate| rate > 0), booked_until: Mutex::new(Instant::now()) }
    }

    /// Waits until `bytes` more may move.
    pub(crate) async fn take(&self, bytes: u64) {
        let Some(rate) = self.rate else { return };
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(rate);
        let span = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let begin = {
            let mut booked = self.booked_until.lock().expect("no holder of the lock panics");
            let begin = (*booked).max(Instant::now());
            *booked = begin + span;
            begin
        };
        sleep_until(begin + span).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_takers_together_keep_the_rate() {
        let bandwidth = Bandwidth::new(Some(1000));
        let begun = Instant::now();
        let take = || async {
            for _ in 0..5 {
                bandwidth.take(500).await;
            }
        };
        tokio::join!(take(), take());
        let error = begun.elapsed().abs_diff(Duration::from_secs(5));
        assert!(error < Duration::from_millis(20), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_never_waits() {
        let begun = Instant::now();
        Bandwidth::new(None).take(u64::MAX).await;
        Bandwidth::new(Some(0)).take(u64::MAX).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}

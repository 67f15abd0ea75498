//! A token bucket on the clock: so many a second on average, and so many at once at most.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A rate that many keep together. Whoever takes books a span of the clock and waits for it, in the
/// order of asking; what was not taken for a while may be taken at once, as far as the burst goes.
#[derive(Debug)]
pub(crate) struct Bucket(Mutex<State>);

#[derive(Debug)]
struct State {
    /// So many a second; none for no limit.
    rate: Option<f64>,
    /// How long nobody took when a whole burst can be taken.
    burst: Duration,
    /// When everything booked so far has had its time.
    booked_until: Instant,
}

impl Bucket {
    /// Returns a bucket for so many a second, of which the first `burst` go at once.
    pub(crate) fn new(rate: Option<f64>, burst: f64) -> Self {
        let burst = rate.map_or(Duration::ZERO, |rate| span(burst, rate));
        Self(Mutex::new(State { rate, burst, booked_until: Instant::now() }))
    }

    /// Returns a bucket for so many bytes a second. A clock that wakes late costs nothing of them.
    pub(crate) fn of_bytes(rate: Option<u64>) -> Self {
        let bucket = Self::new(None, 0.0);
        bucket.set_bytes(rate);
        bucket
    }

    /// Changes the number of bytes a second for all that is booked from now on.
    pub(crate) fn set_bytes(&self, rate: Option<u64>) {
        let mut state = self.state();
        #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact beyond 50 bits")]
        let rate = rate.filter(|&rate| rate > 0).map(|rate| rate as f64);
        *state = State { rate, burst: LATENESS, ..*state };
    }

    /// Returns how many are a tenth of a second's worth.
    pub(crate) fn tenth(&self) -> Option<usize> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was whole")]
        self.state().rate.map(|rate| (rate / 10.0) as usize)
    }

    /// Books the time for so many, and returns when they may go; nothing where there is no limit.
    pub(crate) fn book(&self, count: usize) -> Option<Instant> {
        let mut state = self.state();
        #[expect(clippy::cast_precision_loss, reason = "what is counted is in memory")]
        let span = span(count as f64, state.rate?);
        let now = Instant::now();
        state.booked_until = state.booked_until.max(now) + span;
        Some(state.booked_until.checked_sub(state.burst).unwrap_or(now))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no holder of the lock panics")
    }
}

/// Books so many in each of some buckets, and waits until all of them let these go.
pub(crate) async fn take(buckets: impl Iterator<Item = &Bucket>, count: usize) {
    if let Some(begin) = buckets.filter_map(|bucket| bucket.book(count)).max() {
        sleep_until(begin).await;
    }
}

/// Returns how long so many take.
fn span(count: f64, rate: f64) -> Duration {
    Duration::try_from_secs_f64(count / rate).unwrap_or(LONGEST)
}

/// How late a sleeper may wake without the rate falling.
const LATENESS: Duration = Duration::from_millis(50);
/// The span of a rate next to nothing; far enough, and no clock overflows.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that it took so many milliseconds since `begun`, give or take the granularity of
    /// the timer and what may go at once.
    #[track_caller]
    fn took(begun: Instant, milliseconds: u64) {
        let off = begun.elapsed().abs_diff(Duration::from_millis(milliseconds));
        assert!(off <= LATENESS + Duration::from_millis(2), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn all_takers_together_keep_the_rate() {
        let bucket = Bucket::of_bytes(Some(1000));
        let begun = Instant::now();
        let taker = || async {
            for _ in 0..5 {
                take([&bucket].into_iter(), 500).await;
            }
        };
        tokio::join!(taker(), taker());
        took(begun, 5000);
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_of_any_size_average_out() {
        for piece in [1, 7, 999, 1000, 64 * 1024] {
            let bucket = Bucket::of_bytes(Some(1000));
            let begun = Instant::now();
            let mut left = 64 * 1024;
            while left > 0 {
                take([&bucket].into_iter(), piece.min(left)).await;
                left -= piece.min(left);
            }
            took(begun, 65_536);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_rate_is_not_slowed_by_a_coarse_timer() {
        let bucket = Bucket::of_bytes(Some(1 << 30));
        let begun = Instant::now();
        for _ in 0..16 * 1024 {
            take([&bucket].into_iter(), 64 * 1024).await;
        }
        took(begun, 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn time_nobody_used_is_gone() {
        let bucket = Bucket::of_bytes(Some(1000));
        tokio::time::sleep(Duration::from_secs(60)).await;
        let begun = Instant::now();
        take([&bucket].into_iter(), 2000).await;
        took(begun, 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_never_waits() {
        let begun = Instant::now();
        for rate in [None, Some(0)] {
            take([&Bucket::of_bytes(rate)].into_iter(), usize::MAX).await;
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_changed_rate_holds_for_what_comes_then() {
        let bucket = Bucket::of_bytes(Some(10));
        let begun = Instant::now();
        for (rate, bytes, milliseconds) in
            [(Some(10), 100, 10_000), (Some(1000), 5000, 15_000), (None, 1 << 30, 15_000)]
        {
            bucket.set_bytes(rate);
            take([&bucket].into_iter(), bytes).await;
            took(begun, milliseconds);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_several_buckets_the_slowest_counts() {
        let [slow, fast] = [100, 1000].map(|rate| Bucket::of_bytes(Some(rate)));
        let begun = Instant::now();
        for _ in 0..10 {
            take([&fast, &slow].into_iter(), 100).await;
        }
        took(begun, 10_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_then_the_rate_holds() {
        let bucket = Bucket::new(Some(2.0), 3.0);
        let begun = Instant::now();
        for milliseconds in [0, 0, 0, 500, 1000, 1500] {
            take([&bucket].into_iter(), 1).await;
            took(begun, milliseconds);
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        let begun = Instant::now();
        for milliseconds in [0, 0, 0, 500] {
            take([&bucket].into_iter(), 1).await;
            took(begun, milliseconds);
        }
    }
}

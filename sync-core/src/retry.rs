//! Tries an operation again while its failure is temporary, and gives up when the user does.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::path::Path;
use crate::progress::Event;

/// Runs `operation` until it succeeds, fails for good, or was tried `low_level_retries` times, with
/// pauses that grow: see [`Backoff`].
pub(crate) async fn retry<T, F>(
    ctx: &Context,
    path: &Path,
    mut operation: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    persist(ctx, path, || until_cancelled(ctx, operation())).await
}

/// Like [`retry`], for an operation that watches the user's wish itself because it has to clean up.
pub(crate) async fn persist<T, F>(
    ctx: &Context,
    path: &Path,
    operation: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    persist_while_moving(ctx, path, &AtomicU64::new(0), operation).await
}

/// The same, with pauses that begin anew when `moved` has grown: the line is slow, not dead.
pub(crate) async fn persist_while_moving<T, F>(
    ctx: &Context,
    path: &Path,
    moved: &AtomicU64,
    mut operation: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut backoff = Backoff::default();
    for attempt in 2..=ctx.options.low_level_retries.max(1) {
        let before = moved.load(Ordering::Relaxed);
        let pause = match operation().await {
            Err(error) if error.is_temporary() => {
                ctx.progress.event(Event::Retrying { path, attempt, error: &error });
                if moved.load(Ordering::Relaxed) > before {
                    backoff = Backoff::default();
                }
                backoff.pause(error.kind())
            }
            result => return result,
        };
        rest(ctx, pause).await?;
    }
    operation().await
}

/// The pauses between attempts, each twice as long as the one before, up to a limit.
///
/// Half of a pause is left to chance, so that those whom a server turned away together do not come
/// back together. A server that is busy is left alone for longer than a line that broke.
#[derive(Debug, Default)]
struct Backoff(Option<Duration>);

impl Backoff {
    fn pause(&mut self, kind: ErrorKind) -> Duration {
        let (first, longest) = match kind {
            kind if is_busy(kind) => (BUSY, LONGEST_BUSY),
            _ => (FIRST_PAUSE, LONGEST_PAUSE),
        };
        let pause = self.0.map_or(first, |last| last * 2).clamp(first, longest);
        self.0 = Some(pause);
        let chance = u32::try_from(RandomState::new().hash_one(()) % 1000).unwrap_or_default();
        pause / 2 + pause / 2 * chance / 1000
    }
}

/// Runs a many-at-once removal, and again on those items that failed for the moment. The results are
/// in the order of `items`.
///
/// A connection may be lost after the server has removed something and before it said so: what is
/// not there at a further try was removed. A directory is not empty because of what is tried again.
pub(crate) async fn retry_removals<T: Clone, F>(
    ctx: &Context,
    items: &[T],
    operation: impl Fn(Vec<T>) -> F,
) -> Vec<Result<()>>
where
    F: Future<Output = Vec<Result<()>>>,
{
    let mut results: Vec<Result<()>> = items.iter().map(|_| Err(Error::cancelled())).collect();
    let mut pending: Vec<usize> = (0..items.len()).collect();
    let mut backoff = Backoff::default();
    let mut pause = Duration::ZERO;
    for attempt in 1..=ctx.options.low_level_retries.max(1) {
        if attempt > 1 && rest(ctx, pause).await.is_err() {
            break;
        }
        let batch = pending.iter().map(|&index| items[index].clone()).collect();
        let answers = until_cancelled(ctx, async { Ok(operation(batch).await) }).await;
        for (&index, answer) in pending.iter().zip(answers.unwrap_or_default()) {
            let gone = matches!(&answer, Err(error) if error.is_not_found());
            results[index] = if gone && attempt > 1 { Ok(()) } else { answer };
        }
        let fails = |index: &usize, of: fn(&Error) -> bool| results[*index].as_ref().is_err_and(of);
        let again = pending.iter().any(|index| fails(index, Error::is_temporary));
        pending.retain(|index| {
            again
                && fails(index, |error| error.is_temporary() || error.kind() == ErrorKind::NotEmpty)
        });
        let failures = pending.iter().filter_map(|&index| results[index].as_ref().err());
        let Some(worst) = failures.map(Error::kind).max_by_key(|kind| is_busy(*kind)) else {
            break;
        };
        pause = backoff.pause(worst);
    }
    results
}

async fn rest(ctx: &Context, pause: Duration) -> Result<()> {
    let resting = async {
        tokio::time::sleep(pause).await;
        Ok(())
    };
    until_cancelled(ctx, resting).await
}

/// Gives up `operation` when the run is cancelled.
pub(crate) async fn until_cancelled<T>(
    ctx: &Context,
    operation: impl Future<Output = Result<T>>,
) -> Result<T> {
    let done = ctx.cancel.run_until_cancelled(operation).await;
    done.unwrap_or_else(|| Err(Error::cancelled()))
}

fn is_busy(kind: ErrorKind) -> bool {
    kind == ErrorKind::Temporary
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const BUSY: Duration = Duration::from_millis(250);
const LONGEST_BUSY: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    async fn tries_until(kind: ErrorKind) -> (Result<u32>, u32) {
        let mut tries = 0;
        let ctx = Context::default();
        let result = retry(&ctx, &Path::root(), || {
            tries += 1;
            async move { if tries == 3 { Ok(tries) } else { Err(Error::new(kind, "no")) } }
        })
        .await;
        (result, tries)
    }

    #[tokio::test(start_paused = true)]
    async fn only_temporary_failures_are_tried_again() {
        assert_eq!(tries_until(ErrorKind::Timeout).await.0.unwrap(), 3);
        let (result, tries) = tries_until(ErrorKind::PermissionDenied).await;
        assert_eq!((result.unwrap_err().kind(), tries), (ErrorKind::PermissionDenied, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_tries_is_the_option() {
        let mut ctx = Context::default();
        ctx.options.low_level_retries = 4;
        let mut tries = 0;
        let begun = tokio::time::Instant::now();
        let result: Result<()> = retry(&ctx, &Path::root(), || {
            tries += 1;
            async { Err(Error::new(ErrorKind::Timeout, "no")) }
        })
        .await;
        assert_eq!((result.unwrap_err().kind(), tries), (ErrorKind::Timeout, 4));
        let most = Duration::from_millis(10 + 20 + 40 + 3);
        assert!((most / 3..most).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }

    #[track_caller]
    fn check(backoff: &mut Backoff, kind: ErrorKind, milliseconds: u64) {
        let (pause, whole) = (backoff.pause(kind), Duration::from_millis(milliseconds));
        assert!((whole / 2..=whole).contains(&pause), "{pause:?}");
    }

    #[test]
    fn pauses_grow_to_a_limit_and_are_longer_where_the_server_is_busy() {
        let mut backoff = Backoff::default();
        for (kind, pauses) in [
            (ErrorKind::Connection, &[10, 20, 40, 80][..]),
            (ErrorKind::Temporary, &[250, 500, 1000]),
            (ErrorKind::Timeout, &[2000, 2000]),
            (ErrorKind::Temporary, &[4000, 8000, 8000]),
        ] {
            pauses.iter().for_each(|pause| check(&mut backoff, kind, *pause));
        }
    }

    #[test]
    fn pauses_differ() {
        let pause = || Backoff(Some(LONGEST_BUSY)).pause(ErrorKind::Temporary);
        let first = pause();
        assert!((0..64).any(|_| pause() != first));
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_begin_anew_when_something_has_moved() {
        let (ctx, moved) = (Context::default(), AtomicU64::new(0));
        let begun = tokio::time::Instant::now();
        let result: Result<()> = persist_while_moving(&ctx, &Path::root(), &moved, || {
            moved.fetch_add(1, Ordering::Relaxed);
            async { Err(Error::new(ErrorKind::Connection, "cut")) }
        })
        .await;
        assert!(result.is_err());
        let most = Duration::from_millis(11) * ctx.options.low_level_retries;
        assert!(begun.elapsed() < most, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_gone_at_a_further_try_was_removed() {
        let tries = std::cell::Cell::new(0);
        let results = retry_removals(&Context::default(), &["lost", "missing"], |items| {
            tries.set(tries.get() + 1);
            let first = tries.get() == 1;
            async move {
                let kind = |item| match item {
                    "lost" if first => ErrorKind::Connection,
                    _ => ErrorKind::NotFound,
                };
                items.into_iter().map(|item| Err(Error::new(kind(item), item))).collect()
            }
        })
        .await;
        assert_eq!((results[0].is_ok(), results[1].is_ok(), tries.get()), (true, false, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_directory_is_tried_again_with_what_is_in_it() {
        let tries = std::cell::Cell::new(0);
        let results = retry_removals(&Context::default(), &["file", "above", "full"], |items| {
            tries.set(tries.get() + 1);
            let first = tries.get() == 1;
            async move {
                let result = |item| match item {
                    "file" if first => Err(Error::new(ErrorKind::Temporary, "busy")),
                    "file" => Ok(()),
                    "above" if !first => Ok(()),
                    _ => Err(Error::new(ErrorKind::NotEmpty, "not empty")),
                };
                items.into_iter().map(result).collect()
            }
        })
        .await;
        let gone: Vec<_> = results.iter().map(Result::is_ok).collect();
        assert_eq!((&gone[..], tries.get()), (&[true, true, false][..], 2));
    }

    #[tokio::test]
    async fn cancelling_ends_a_wait() {
        let ctx = Context::default();
        ctx.cancel.cancel();
        let result: Result<()> = retry(&ctx, &Path::root(), std::future::pending).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    }
}

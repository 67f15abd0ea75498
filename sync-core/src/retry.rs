//! Tries an operation again while its failure is temporary, and gives up when the user does.

use std::time::Duration;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::path::Path;
use crate::progress::Event;

/// Runs `operation` until it succeeds, fails for good, or was tried `low_level_retries` times.
/// Pauses grow from 10 ms to 2 s.
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
    mut operation: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let tries = ctx.options.low_level_retries.max(1);
    let mut pause = FIRST_PAUSE;
    for attempt in 2..=tries {
        match operation().await {
            Err(error) if error.is_temporary() => {
                ctx.progress.event(Event::Retrying { path, attempt, error: &error });
            }
            result => return result,
        }
        rest(ctx, pause).await?;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    operation().await
}

/// Runs a many-at-once removal, and again on those items that failed for the moment. The results are
/// in the order of `items`.
///
/// A connection may be lost after the server has removed something and before it said so: what is
/// not there at a further try was removed.
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
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=ctx.options.low_level_retries.max(1) {
        if attempt > 1 {
            if rest(ctx, pause).await.is_err() {
                break;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let batch = pending.iter().map(|&index| items[index].clone()).collect();
        let answers = until_cancelled(ctx, async { Ok(operation(batch).await) }).await;
        for (&index, answer) in pending.iter().zip(answers.unwrap_or_default()) {
            let gone = matches!(&answer, Err(error) if error.is_not_found());
            results[index] = if gone && attempt > 1 { Ok(()) } else { answer };
        }
        pending.retain(|&index| matches!(&results[index], Err(error) if error.is_temporary()));
        if pending.is_empty() {
            break;
        }
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

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

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
        assert_eq!(begun.elapsed(), Duration::from_millis(10 + 20 + 40));
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

    #[tokio::test]
    async fn cancelling_ends_a_wait() {
        let ctx = Context::default();
        ctx.cancel.cancel();
        let result: Result<()> = retry(&ctx, &Path::root(), std::future::pending).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    }
}

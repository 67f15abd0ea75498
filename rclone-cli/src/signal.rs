//! Ctrl-C and the request to terminate: the first stops the engine, the second the process.

use std::sync::atomic::{AtomicI32, Ordering};

use tokio_util::sync::CancellationToken;

/// What a process that a signal ended is reported as, before the signal's number is added.
const SIGNALLED: i32 = 128;

/// Returns a token that the first signal cancels. A second signal ends the process at once.
pub(crate) fn cancellation() -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        let Some((name, number)) = next().await else { return };
        RECEIVED.store(number, Ordering::Relaxed);
        tracing::warn!("Signal received: {name}, stopping; once more stops at once");
        cancelled.cancel();
        if let Some((_, number)) = next().await {
            end(number);
        }
    });
    token
}

/// The number of the signal that stopped the engine; 0 for none.
static RECEIVED: AtomicI32 = AtomicI32::new(0);

/// Returns the exit code of a run that a signal stopped.
pub(crate) fn exit_code() -> Option<u8> {
    let number = RECEIVED.load(Ordering::Relaxed);
    if number == 0 { None } else { u8::try_from(SIGNALLED + number).ok() }
}

#[expect(clippy::exit, reason = "the user asked twice")]
fn end(number: i32) {
    std::process::exit(SIGNALLED + number);
}

/// Waits for a signal and returns its name and number.
#[cfg(unix)]
async fn next() -> Option<(&'static str, i32)> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).ok()?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.ok().map(|()| ("interrupt", 2)),
        _ = terminate.recv() => Some(("terminated", 15)),
    }
}

#[cfg(not(unix))]
async fn next() -> Option<(&'static str, i32)> {
    tokio::signal::ctrl_c().await.ok().map(|()| ("interrupt", 2))
}

//! What stops the engine before its end, and the exit code that tells so: a signal, `--max-duration`,
//! `--max-transfer`. A second signal stops the process.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sync_core::{Event, Progress};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

/// What a process that a signal ended is reported as, before the signal's number is added.
const SIGNALLED: u8 = 128;
/// `--max-transfer` was reached.
const TRANSFER_LIMIT: u8 = 8;
/// `--max-duration` was reached.
const DURATION_LIMIT: u8 = 10;

/// The exit code of a run that was stopped; 0 while it was not.
static STOPPED: AtomicU8 = AtomicU8::new(0);

/// Returns the exit code of a run that was stopped.
pub(crate) fn exit_code() -> Option<u8> {
    Some(STOPPED.load(Ordering::Relaxed)).filter(|&code| code != 0)
}

/// Stops the engine; the first reason counts.
fn stop(token: &CancellationToken, code: u8) {
    let _ = STOPPED.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
    token.cancel();
}

/// Returns a token that the first signal cancels. A second signal ends the process at once.
pub(crate) fn by_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    // From here on a signal waits to be heard, and does not end the process.
    let Ok(mut signals) = Signals::listen() else { return token };
    tokio::spawn(async move {
        let Some((name, number)) = signals.next().await else { return };
        tracing::warn!("Signal received: {name}, stopping; once more stops at once");
        stop(&cancelled, SIGNALLED + number);
        if let Some((_, number)) = signals.next().await {
            end(SIGNALLED + number);
        }
    });
    token
}

/// Does something that Ctrl-C breaks off, and nothing else with it; afterwards a signal ends the
/// process as before. Returns nothing where it was broken off.
pub(crate) async fn breakable<T>(work: impl Future<Output = T>) -> Option<T> {
    static WATCH: Mutex<Option<AbortHandle>> = Mutex::new(None);
    let Ok(mut signals) = Signals::listen() else { return Some(work.await) };
    let before = WATCH.lock().unwrap_or_else(PoisonError::into_inner).take();
    before.iter().for_each(AbortHandle::abort);
    let result = tokio::select! {
        result = work => Some(result),
        _ = signals.next() => None,
    };
    // A process that has listened once is not ended by a signal any more: so it must go on listening.
    let watch = tokio::spawn(async move {
        if let Some((_, number)) = signals.next().await {
            end(SIGNALLED + number);
        }
    });
    *WATCH.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch.abort_handle());
    result
}

#[expect(clippy::exit, reason = "the user asked for it")]
fn end(code: u8) {
    std::process::exit(code.into());
}

/// The signals that ask to stop.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for a signal and returns its name and number.
    async fn next(&mut self) -> Option<(&'static str, u8)> {
        tokio::select! {
            heard = self.interrupt.recv() => heard.map(|()| ("interrupt", 2)),
            heard = self.terminate.recv() => heard.map(|()| ("terminated", 15)),
        }
    }
}

/// The one signal there is.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> Option<(&'static str, u8)> {
        self.0.recv().await.map(|()| ("interrupt", 2))
    }
}

/// Stops the engine after a while.
pub(crate) fn after(duration: Duration, token: &CancellationToken) {
    let token = token.clone();
    tokio::spawn(async move {
        tokio::time::sleep(duration).await;
        tracing::error!("max transfer duration reached as set by --max-duration");
        stop(&token, DURATION_LIMIT);
    });
}

/// Listens for another, and stops the engine once so many bytes have moved.
pub(crate) struct Capped {
    listener: Arc<dyn Progress>,
    left: AtomicU64,
    token: CancellationToken,
}

impl Capped {
    pub(crate) fn new(listener: Arc<dyn Progress>, most: u64, token: CancellationToken) -> Self {
        Self { listener, left: AtomicU64::new(most), token }
    }
}

impl Progress for Capped {
    fn event(&self, event: Event<'_>) {
        if let Event::Transferred { bytes, .. } = event {
            let take = |left: u64| left.checked_sub(bytes);
            let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
            if taken.is_err() && !self.token.is_cancelled() {
                tracing::error!("max transfer limit reached as set by --max-transfer");
                stop(&self.token, TRANSFER_LIMIT);
            }
        }
        self.listener.event(event);
    }
}

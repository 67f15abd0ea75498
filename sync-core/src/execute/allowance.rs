//! How much a run may still transfer, and for how long: `--max-transfer` and `--max-duration`, where
//! what is under way is carried to its end. Cutting transfers short is left to whoever cancels.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use crate::context::{Context, Cutoff};
use crate::error::{Error, ErrorKind, Limit};

/// What is left of the limits.
#[derive(Debug)]
pub(super) struct Allowance {
    ctx: Context,
    /// Bytes of transfers that began and are not done.
    promised: Mutex<u64>,
}

impl Allowance {
    pub(super) fn new(ctx: &Context) -> Self {
        Self { ctx: ctx.clone(), promised: Mutex::default() }
    }

    /// Lets a transfer of this size begin.
    ///
    /// # Errors
    /// When a limit is reached, or would be by this transfer where that counts.
    pub(super) fn begin(&self, size: u64) -> Result<(), Error> {
        let options = &self.ctx.options;
        if options.cutoff == Cutoff::Hard {
            return Ok(());
        }
        let over = |longest| Instant::now().duration_since(self.ctx.begun) >= longest;
        if options.max_duration.is_some_and(over) {
            let message = "max transfer duration reached as set by --max-duration";
            return Err(Error::new(ErrorKind::Limit(Limit::Duration), message));
        }
        let Some(most) = options.max_transfer else { return Ok(()) };
        let moved = self.ctx.moved.load(Ordering::Relaxed);
        let mut promised = self.promised();
        let reached = match options.cutoff {
            Cutoff::Cautious => moved + *promised + size > most,
            Cutoff::Hard | Cutoff::Soft => moved >= most,
        };
        if reached {
            let message = "max transfer limit reached as set by --max-transfer";
            return Err(Error::new(ErrorKind::Limit(Limit::Transfer), message));
        }
        *promised += size;
        Ok(())
    }

    /// Takes note that a transfer has ended, whose bytes were counted as they moved.
    pub(super) fn end(&self, size: u64) {
        let mut promised = self.promised();
        *promised = promised.saturating_sub(size);
    }

    fn promised(&self) -> std::sync::MutexGuard<'_, u64> {
        self.promised.lock().expect("no holder of the lock panics")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn allowance(cutoff: Cutoff) -> Allowance {
        let mut ctx = Context::default();
        ctx.options.cutoff = cutoff;
        ctx.options.max_transfer = Some(10);
        ctx.options.max_duration = Some(Duration::from_secs(60));
        Allowance::new(&ctx)
    }

    #[tokio::test(start_paused = true)]
    async fn a_soft_limit_is_overstepped_by_what_is_under_way() {
        let allowance = allowance(Cutoff::Soft);
        assert!(allowance.begin(8).is_ok() && allowance.begin(8).is_ok());
        allowance.ctx.moved.fetch_add(10, Ordering::Relaxed);
        assert_eq!(allowance.begin(0).unwrap_err().kind(), ErrorKind::Limit(Limit::Transfer));
    }

    #[tokio::test(start_paused = true)]
    async fn a_cautious_limit_is_never_overstepped() {
        let allowance = allowance(Cutoff::Cautious);
        assert!(allowance.begin(8).is_ok() && allowance.begin(3).is_err());
        assert!(allowance.begin(2).is_ok());
        allowance.ctx.moved.fetch_add(8, Ordering::Relaxed);
        allowance.end(8);
        assert!(allowance.begin(1).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn time_runs_out() {
        let (soft, hard) = (allowance(Cutoff::Soft), allowance(Cutoff::Hard));
        assert!(soft.begin(1).is_ok());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(soft.begin(1).is_err());
        assert!(hard.begin(1).is_ok(), "cut by whoever cancels the run");
    }
}

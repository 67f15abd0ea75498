//! The control connection kept in use while data moves for long: routers forget one that is silent, and
//! with it the end of the transfer.
//!
//! A `NOOP` is counted like any command, whether it is answered at once (ProFTPD, pyftpdlib), behind the
//! transfer (vsftpd) or refused (Pure-FTPd, `500`). Whether it does no harm is tried once, on a
//! download, which can be repeated: an upload has it only where one was answered. Leaves out transfers
//! with a question queued behind them, which ProFTPD would read and refuse then; there it is TCP alone
//! that keeps the connection alive.

use std::time::Duration;

use ftp_proto::Command;
use ftp_proto::system::System;
use tokio::time::{Instant, sleep_until};

use super::Session;
use crate::error::Result;

/// When the control connection is due to be used.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// Zero is never.
    interval: Duration,
    last: Instant,
}

impl Pulse {
    /// Counts from now on.
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, last: Instant::now() }
    }

    /// Waits until it is due.
    pub(crate) async fn due(&self) {
        match self.last.checked_add(self.interval) {
            Some(due) if !self.interval.is_zero() => sleep_until(due).await,
            _ => std::future::pending().await,
        }
    }

    /// Counts anew.
    pub(crate) fn restart(&mut self) {
        self.last = Instant::now();
    }
}

impl Session {
    /// Uses the control connection during a transfer, where that is known to do no harm, or is to be
    /// found out.
    pub(crate) async fn keep_alive(&mut self, uploads: bool) -> Result<()> {
        let known = self.learnt().answers_noop;
        let harmless = known.unwrap_or(!uploads) && self.asked_ahead.is_none() && self.queues();
        if !*self.keeps_alive.get_or_insert(harmless) {
            return Ok(());
        }
        if known.is_none() {
            // Where the transfer breaks, nobody tries again.
            self.learn(|learnt| learnt.answers_noop = Some(false));
        }
        self.control.send_aside(Command::Noop);
        self.control.flush().await
    }

    /// Takes note of what came of it, and of other questions whose answers nobody waits for.
    pub(super) fn learn_from_asides(&mut self) {
        while let Some(reply) = self.control.noted(&Command::Noop) {
            self.learn(|learnt| learnt.answers_noop = Some(reply.code().is_completion()));
        }
        if let Some(reply) = self.control.noted(&Command::Syst) {
            self.learn(|learnt| learnt.system = System::parse(&reply));
        }
    }
}

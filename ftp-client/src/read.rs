//! A file on its way from the server.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ftp_proto::{Command, size};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::error::{Error, ErrorKind, Result};
use crate::pool::Lease;
use crate::session::{Pulse, REASON};
use crate::stream::Stream;

/// How long our own end of TLS may take to be sent.
pub(crate) const GOODBYE: Duration = Duration::from_secs(2);

/// How long a server may take to answer a transfer that was cut off: longer than that, another
/// login is cheaper. Pure-FTPd with TLS says nothing for minutes.
const CUT: Duration = Duration::from_secs(3);

/// How long the end of a download is waited for that nobody can tell to be one, before the size is
/// asked for elsewhere: a server that has sent all has no more to do.
const UNSURE: Duration = Duration::from_secs(10);

/// How much is read at once.
const PIECE: usize = 128 * 1024;

/// A file on its way from the server. Dropping it gives the transfer up, and its session.
#[derive(Debug)]
pub struct Download {
    /// None once the transfer is over.
    lease: Option<Lease>,
    stream: Stream,
    path: Vec<u8>,
    buffer: BytesMut,
    offset: u64,
    received: u64,
    /// The size of the whole file, or of what was left of it, where the server mentioned one.
    hint: Option<u64>,
    /// Whether the final reply is here already.
    finished: bool,
    pulse: Pulse,
}

impl Lease {
    /// Begins to fetch a file, from `offset` on.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::IsADirectory`] and [`ErrorKind::PermissionDenied`]
    /// are told apart also where the server's reply is bare.
    pub async fn retrieve(mut self, path: &[u8], offset: u64) -> Result<Download> {
        let pulse = Pulse::new(self.options().noop_interval);
        match Box::pin(self.transfer_file(path, offset, Command::Retr)).await {
            Ok(transfer) => Ok(Download {
                lease: Some(self),
                stream: transfer.stream,
                path: path.to_vec(),
                buffer: BytesMut::new(),
                offset,
                received: 0,
                hint: transfer.begun.as_ref().and_then(size::hint),
                finished: transfer.finished,
                pulse,
            }),
            Err(error) => Err(Box::pin(self.explain_file(error, path)).await),
        }
    }
}

impl Download {
    /// Returns how many bytes the server says the file has, where it says so.
    pub fn size_hint(&self) -> Option<u64> {
        self.hint
    }

    /// Returns the next piece. An empty one is the end, and then the server has confirmed it and
    /// the session is back in its pool.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when the data ended in a way that may hide a cut.
    pub async fn read(&mut self) -> Result<Bytes> {
        if self.lease.is_none() {
            return Ok(Bytes::new());
        }
        self.buffer.reserve(PIECE);
        match self.receive().await {
            Ok(0) => self.end(true).await,
            Ok(count) => {
                self.received += count as u64;
                Ok(self.buffer.split().freeze())
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.end(false).await,
            Err(error) => Err(self.failed(error).await),
        }
    }

    /// Reads, and uses the control connection meanwhile.
    async fn receive(&mut self) -> io::Result<usize> {
        loop {
            tokio::select! {
                biased;
                () = self.pulse.due() => {}
                read = self.stream.read_buf(&mut self.buffer) => return read,
            }
            self.pulse.restart();
            if let Some(lease) = &mut self.lease
                && let Err(error) = lease.keep_alive(false).await
            {
                debug!("the control connection cannot be used during a download: {error}");
            }
        }
    }

    /// Stops early, and brings the session back where the server goes along.
    ///
    /// Servers answer a transfer that is cut off with anything from 150 to 550: what they say does
    /// not matter, only that they say something in time.
    pub async fn stop(mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        drop(self.stream);
        if self.finished {
            return;
        }
        // A server that never said anything to that is not waited for again.
        if lease.learnt().stops == Some(false) {
            return;
        }
        let cut = lease.cut_transfer(CUT).await;
        if let Err(error) = &cut {
            debug!("the session is lost with the transfer that was stopped: {error}");
        }
        let silent = matches!(&cut, Err(error) if *error.kind() == ErrorKind::Timeout);
        if cut.is_ok() || silent {
            lease.learn(|learnt| learnt.stops = Some(!silent));
        }
    }

    async fn end(&mut self, goodbye: bool) -> Result<Bytes> {
        let Some(mut lease) = self.lease.take() else { return Ok(Bytes::new()) };
        let resumed = self.stream.handshake().map(|handshake| handshake.resumed);
        // Servers with TLS 1.3 take a missing goodbye for a cut; that it cannot be sent any more
        // is no failure.
        let _ = timeout(GOODBYE, self.stream.shutdown()).await;
        let complete = self.is_complete();
        if !self.finished {
            let patience = patience(&lease, complete, goodbye);
            lease.ask_ahead();
            match lease.end_transfer(patience).await {
                Ok(_) => {}
                // All bytes are here, and the end of them alone was lost.
                Err(error) if complete == Some(true) && says_nothing(&error) => {
                    warn!("the end of a complete download was not confirmed: {error}");
                }
                Err(error) if complete.is_none() && goodbye && error.reply().is_none() => {
                    self.settle(lease, error).await?;
                    return Ok(Bytes::new());
                }
                Err(error) => return Err(error),
            }
        }
        if !goodbye {
            self.judge_by_size(&mut lease, complete).await?;
        } else if self.is_short() {
            let message = format!("{} bytes came of what the server had announced", self.received);
            return Err(Error::new(ErrorKind::Truncated, message));
        }
        lease.learn_from_handshake(resumed);
        Ok(Bytes::new())
    }

    /// Tells whether data that ended without the goodbye of TLS, as some servers end all data and any
    /// cut does, is complete: by the size the server mentioned, or else the one it is asked for.
    async fn judge_by_size(&self, lease: &mut Lease, complete: Option<bool>) -> Result<()> {
        let complete = match complete {
            Some(known) => known,
            None => lease.size(&self.path).await? == self.offset + self.received,
        };
        if !complete {
            let message = "the data ended without the goodbye of TLS, short of its size";
            return Err(Error::new(ErrorKind::Truncated, message));
        }
        let before = lease.lessons().now().ends_abruptly.replace(true);
        if before.is_none() {
            warn!("the server ends data without the goodbye of TLS: its end is judged by size");
        }
        Ok(())
    }

    /// Finds out on another session whether a download without confirmation is complete.
    async fn settle(&self, lease: Lease, error: Error) -> Result<()> {
        let pool = lease.pool();
        drop(lease);
        let Ok(mut lease) = pool.session().await else { return Err(error) };
        match lease.size(&self.path).await {
            Ok(size) if size == self.offset + self.received => {
                warn!("the end of a download was not confirmed, but it is complete: {error}");
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Compares with what the server said; `None` where it said nothing that fits.
    fn is_complete(&self) -> Option<bool> {
        let hint = self.hint?;
        Some(hint == self.received || hint == self.offset + self.received)
    }

    /// Tells whether there must be more than what came. That the server has sent all of it does not
    /// mean that it arrived.
    fn is_short(&self) -> bool {
        self.hint.is_some_and(|hint| self.offset + self.received < hint)
    }

    /// Prefers what the server says to what the socket says.
    async fn failed(&mut self, error: io::Error) -> Error {
        let error = Error::io("read from the data connection", error);
        let Some(lease) = &mut self.lease else { return error };
        let error = lease.lost_data(error).await;
        self.lease = None;
        error
    }
}

/// Returns how long the confirmation may take: what is cut off already is not waited for at leisure,
/// nor what may be, where the size can be asked for.
fn patience(lease: &Lease, complete: Option<bool>, goodbye: bool) -> Duration {
    let leisure = lease.options().close_timeout;
    match complete {
        Some(false) => REASON,
        None if !goodbye => REASON,
        None if !leisure.is_zero() && lease.learnt().size != Some(false) => leisure.min(UNSURE),
        _ => leisure,
    }
}

/// Tells whether the server has not said what became of a transfer.
fn says_nothing(error: &Error) -> bool {
    error.reply().is_none_or(|reply| reply.code().is_preliminary())
}

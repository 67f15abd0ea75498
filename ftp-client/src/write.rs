//! A file on its way to the server, until its last byte is confirmed.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use ftp_proto::refusal::{Refusal, refusal};
use ftp_proto::{Argument, Command, Reply};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::ending::{Ending, Finish, Finished, Stored};
use crate::error::{Error, ErrorKind, Result};
use crate::pool::Lease;
use crate::session::{Pulse, REASON, Session, Transfer};
use crate::stream::Stream;

/// A file on its way to the server. Dropping it gives the transfer up, and its session; what was
/// written stays under the name it was given.
#[derive(Debug)]
pub struct Upload {
    lease: Lease,
    stream: Stream,
    path: Vec<u8>,
    /// How long the file is so far.
    length: u64,
    /// Whether the final reply is here already.
    finished: bool,
    pulse: Pulse,
}

impl Lease {
    /// Begins to store a file, replacing what is there, or from `offset` on.
    ///
    /// Where the server refuses only after its data connection is open, [`Upload::write`] or
    /// [`Upload::finish`] tells so.
    ///
    /// # Errors
    /// As [`Session::mkdir`] for what stands in the way.
    pub async fn store(self, path: &[u8], offset: u64) -> Result<Upload> {
        self.upload(path, offset, Command::Stor, offset).await
    }

    /// Begins to go on behind the end of a file by `APPE`, for servers that take no `REST` before a
    /// `STOR`. The file must be `offset` bytes long.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when it is not that long; then nothing was sent.
    pub async fn append(mut self, path: &[u8], offset: u64) -> Result<Upload> {
        let size = self.size(path).await?;
        if size != offset {
            let message = format!("the file has {size} bytes where {offset} are to be followed");
            return Err(Error::new(ErrorKind::Truncated, message));
        }
        self.upload(path, 0, Command::Appe, offset).await
    }

    /// Begins an upload behind the `length` bytes that the file has; `restart` is what the server is told of them.
    async fn upload(
        mut self,
        path: &[u8],
        restart: u64,
        command: fn(Argument) -> Command,
        length: u64,
    ) -> Result<Upload> {
        let pulse = Pulse::new(self.options().noop_interval);
        match Box::pin(self.transfer_file(path, restart, command)).await {
            Ok(Transfer { stream, finished, .. }) => {
                Ok(Upload { lease: self, stream, path: path.to_vec(), length, finished, pulse })
            }
            Err(error) => Err(Box::pin(self.explain_store(error, path)).await),
        }
    }
}

impl Upload {
    /// Writes all of `data`.
    ///
    /// # Errors
    /// With the server's own words where it has said why, such as [`ErrorKind::NoSpace`], and those
    /// of [`Lease::store`].
    pub async fn write(&mut self, data: Bytes) -> Result<()> {
        let count = data.len() as u64;
        match self.write_or_hear(data).await {
            Ok(()) => {
                self.length += count;
                Ok(())
            }
            Err(error) => Err(Box::pin(self.lease.explain_store(error, &self.path)).await),
        }
    }

    /// Writes, and hears meanwhile whether the server goes along.
    async fn write_or_hear(&mut self, data: Bytes) -> Result<()> {
        let mut writing = pin!(self.stream.write_all_harvesting(data));
        loop {
            tokio::select! {
                biased;
                said = self.lease.final_reply(), if !self.finished => {
                    let (command, reply) = said?;
                    self.lease.concluded(command, reply).await?;
                    self.finished = true;
                }
                () = self.pulse.due(), if !self.finished => {
                    self.pulse.restart();
                    self.lease.keep_alive(true).await?;
                }
                written = &mut writing => {
                    let Err(error) = written else { return Ok(()) };
                    let error = Error::io("write to the data connection", error);
                    return Err(self.lease.lost_data(error).await);
                }
            }
        }
    }

    /// Ends the transfer, and once the server has confirmed it, verifies the size, sets the time
    /// and gives the file its name, in one flight where the server has earned that trust.
    ///
    /// A confirmation that is lost is settled by asking for the size on another session.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when the server has another size than was sent; the file does not
    /// get its final name then.
    pub async fn finish(self, finish: Finish) -> Result<Finished> {
        self.end(finish).await?.outcome().await
    }

    /// Like [`Self::finish`], and returns as soon as the session is free for the next file: on a
    /// server that keeps commands for later, what remains to be said about this file leaves with
    /// what begins the next one. [`Ending::outcome`] tells what came of it.
    ///
    /// # Errors
    /// As [`Self::finish`], for what is known by then.
    pub async fn end(mut self, finish: Finish) -> Result<Ending> {
        if let Some(size) = finish.size.filter(|size| *size != self.length) {
            let message = format!("{} bytes were sent where {size} are due", self.length);
            self.lease.discard();
            return Err(Error::new(ErrorKind::Truncated, message));
        }
        let resumed = self.stream.handshake().map(|handshake| handshake.resumed);
        let Self { mut lease, stream, path, length, finished, .. } = self;
        match Box::pin(end(&mut lease, stream, finished, length == 0)).await {
            Ok(()) => lease.learn_from_handshake(resumed),
            Err(error) => lease = Box::pin(settle(lease, error, &path, length)).await?,
        }
        Box::pin(lease.conclude(Stored { path, length, finish })).await
    }
}

/// Has the server begin before the data ends of which there is none: pyftpdlib forgets a data connection
/// that was closed before it has read the `STOR`, and then waits for another. Returns whether the
/// transfer is over already.
async fn begin_empty(lease: &mut Lease) -> Result<bool> {
    let limit = lease.options().shut_timeout;
    let limit = if limit.is_zero() { Duration::MAX } else { limit };
    // Who does not say that it has begun may still end well.
    let Ok(told) = timeout(limit, lease.beginning()).await else { return Ok(false) };
    let Some((command, reply)) = told? else { return Ok(false) };
    lease.concluded(command, reply).await?;
    Ok(true)
}

/// Ends the data and waits for the confirmation, reading from the data connection until the server
/// closes it: what TLS 1.3 sends an uploader must not be left unread, or closing resets the
/// connection and the file is dropped (vsftpd says `426 Failure reading network stream`).
async fn end(lease: &mut Lease, mut stream: Stream, finished: bool, empty: bool) -> Result<()> {
    let finished = finished || (empty && begin_empty(lease).await?);
    if let Err(error) = stream.shutdown().await {
        let error = Error::io("end the data connection", error);
        return Err(lease.lost_data(error).await);
    }
    if finished {
        return Ok(());
    }
    let shut = lease.options().shut_timeout;
    let said = tokio::select! {
        biased;
        patience = patience_behind(&mut stream, shut) => Err(patience),
        said = lease.closing_reply() => Ok(said),
    };
    drop(stream);
    match said {
        Ok(said) => {
            let (command, reply) = said?;
            lease.concluded(command, reply).await.map(drop)
        }
        Err(patience) => lease.end_transfer(patience).await.map(drop),
    }
}

/// Reads until the server closes the data connection, and returns how long its reply may take: it
/// may have much to do with what it has read to the end, and nothing with what was cut off.
async fn patience_behind(stream: &mut Stream, shut: Duration) -> Duration {
    let mut scratch = [0; 4096];
    let closed = async {
        loop {
            let read = stream.read(&mut scratch).await;
            if !matches!(read, Ok(1..)) {
                return read;
            }
        }
    };
    let limit = if shut.is_zero() { Duration::MAX } else { shut };
    match timeout(limit, closed).await {
        Ok(Ok(_)) => shut,
        Ok(Err(error)) => {
            debug!("the data connection did not end well: {error}");
            REASON
        }
        Err(_) => {
            debug!("the server does not end the data connection");
            REASON
        }
    }
}

/// Finds out whether an upload without confirmation is complete, and returns a session to go on
/// with.
///
/// A server that says that the transfer was cut is asked too: some say so after every byte has
/// arrived (FRITZ!Box).
async fn settle(mut lease: Lease, error: Error, path: &[u8], length: u64) -> Result<Lease> {
    let cut = |reply: &Reply| matches!(refusal(reply), Refusal::Data | Refusal::Busy);
    if error.reply().is_some_and(|reply| !cut(reply)) {
        return Err(lease.explain_store(error, path).await);
    }
    if !lease.is_reusable() {
        let pool = lease.pool();
        drop(lease);
        lease = match pool.session().await {
            Ok(lease) => lease,
            Err(_) => return Err(error),
        };
    }
    match lease.size(path).await {
        Ok(size) if size == length => {
            warn!("the end of an upload was not confirmed, but the file is complete: {error}");
            Ok(lease)
        }
        _ => Err(error),
    }
}

impl Session {
    /// Finds out why a file could not be stored.
    async fn explain_store(&mut self, error: Error, path: &[u8]) -> Error {
        let error = self.explain_file(error, path).await;
        if *error.kind() != ErrorKind::NotFound {
            return error;
        }
        let parent = crate::session::split(path).map_or(&b""[..], |(parent, _)| parent);
        match self.stat(parent).await {
            Ok(Some(_)) => error.known_as(ErrorKind::PermissionDenied, "the server forbids it"),
            _ => error.known_as(ErrorKind::NotFound, "the directory is missing"),
        }
    }
}

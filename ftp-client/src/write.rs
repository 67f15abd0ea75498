//! A file on its way to the server, and its end: confirmed, verified, dated, renamed.

use std::io;

use bytes::Bytes;
use ftp_proto::refusal::{Refusal, refusal};
use ftp_proto::{Command, Reply, size};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tracing::{debug, warn};

use crate::error::{Error, ErrorKind, Result};
use crate::pool::Lease;
use crate::retry::refused;
use crate::session::{Session, renamed, times_unsupported};
use crate::stream::Stream;

/// After how many uploads whose size was right the question for it no longer holds the rename up.
const TRUST: u32 = 3;

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
}

/// How an [`Upload`] ends.
#[derive(Clone, Debug, Default)]
pub struct Finish {
    /// The size the file must have now.
    pub size: Option<u64>,
    /// The time to give it.
    pub modified: Option<Timestamp>,
    /// The final name.
    pub rename_to: Option<Vec<u8>>,
}

/// What came of an [`Upload`] that succeeded.
#[derive(Debug, Default)]
pub struct Finished {
    /// Why the time could not be set, where that was asked for.
    pub time_not_set: Option<Error>,
}

impl Lease {
    /// Begins to store a file, replacing what is there, or from `offset` on.
    ///
    /// # Errors
    /// As [`Session::mkdir`] for what stands in the way.
    pub async fn store(mut self, path: &[u8], offset: u64) -> Result<Upload> {
        let begun = async {
            self.begin_transfer().await?;
            let command = Command::Stor(self.named(path)?);
            self.transfer(Vec::new(), offset, command).await
        };
        match Box::pin(begun).await {
            Ok(transfer) => Ok(Upload {
                lease: self,
                stream: transfer.stream,
                path: path.to_vec(),
                length: offset,
                finished: transfer.finished,
            }),
            Err(error) => Err(Box::pin(self.explain_store(error, path)).await),
        }
    }
}

impl Upload {
    /// Writes all of `data`.
    ///
    /// # Errors
    /// With the server's own words where it has said why, such as [`ErrorKind::NoSpace`].
    pub async fn write(&mut self, data: Bytes) -> Result<()> {
        let count = data.len() as u64;
        match self.stream.write_all_harvesting(data).await {
            Ok(()) => {
                self.length += count;
                Ok(())
            }
            Err(error) => {
                let error = Error::io("write to the data connection", error);
                Err(self.lease.lost_data(error).await)
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
    pub async fn finish(mut self, finish: Finish) -> Result<Finished> {
        if let Some(size) = finish.size.filter(|size| *size != self.length) {
            let message = format!("{} bytes were sent where {size} are due", self.length);
            self.lease.discard();
            return Err(Error::new(ErrorKind::Truncated, message));
        }
        let resumed = self.stream.handshake().map(|handshake| handshake.resumed);
        let Self { mut lease, stream, path, length, finished } = self;
        match Box::pin(end(&mut lease, stream, finished)).await {
            Ok(()) => lease.learn_from_handshake(resumed),
            Err(error) => lease = Box::pin(settle(lease, error, &path, length)).await?,
        }
        Box::pin(lease.complete(&path, length, finish)).await
    }
}

/// Ends the data and waits for the confirmation, reading from the data connection until the server
/// closes it: what TLS 1.3 sends an uploader must not be left unread, or closing resets the
/// connection and the file is dropped (vsftpd says `426 Failure reading network stream`).
async fn end(lease: &mut Lease, mut stream: Stream, finished: bool) -> Result<()> {
    if let Err(error) = stream.shutdown().await {
        let error = Error::io("end the data connection", error);
        return Err(lease.lost_data(error).await);
    }
    if finished {
        return Ok(());
    }
    let patience = lease.options().shut_timeout;
    let mut confirmed = std::pin::pin!(lease.end_transfer(patience));
    let mut scratch = [0; 4096];
    loop {
        tokio::select! {
            biased;
            read = stream.read(&mut scratch) => if is_over(&read) { break },
            reply = &mut confirmed => return reply.map(drop),
        }
    }
    drop(stream);
    confirmed.await.map(drop)
}

fn is_over(read: &io::Result<usize>) -> bool {
    !matches!(read, Ok(count) if *count > 0)
}

/// Finds out whether an upload without confirmation is complete, and returns a session to go on
/// with.
///
/// A server that says that the transfer was cut is asked too: some say so after every byte has
/// arrived (FRITZ!Box).
async fn settle(mut lease: Lease, error: Error, path: &[u8], length: u64) -> Result<Lease> {
    let cut = |reply: &Reply| matches!(refusal(reply), Refusal::Data | Refusal::Busy);
    if error.reply().is_some_and(|reply| !cut(reply)) {
        return Err(error);
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
    /// Verifies, dates and names a file whose upload is over.
    async fn complete(&mut self, path: &[u8], length: u64, finish: Finish) -> Result<Finished> {
        let asks = finish.size.is_some() || finish.rename_to.is_some();
        let learnt = self.learnt();
        let asks = asks && learnt.size != Some(false);
        let trusted = learnt.sizes_confirmed >= TRUST && self.window() > 1;
        let mut finished = Finished::default();
        let mut commands = Vec::new();
        if asks {
            commands.push(Command::Size(self.named(path)?));
        }
        if let Some(modified) = finish.modified {
            match self.known_time_command(path, modified)? {
                Some(command) => commands.push(command),
                None => finished.time_not_set = self.set_first_time(path, modified).await?,
            }
        }
        let rename = match &finish.rename_to {
            Some(to) => self.rename_commands(path, to)?,
            None => Vec::new(),
        };
        let (at_once, later) =
            if trusted || !asks { (rename, Vec::new()) } else { (Vec::new(), rename) };
        commands.extend(at_once);
        let mut naming = Vec::new();
        let mut mismatch = None;
        if trusted {
            // There were uploads before, so there may be more.
            self.ask_ahead();
        }
        for answer in self.ask_queued(commands).await? {
            match answer? {
                (Command::Size(_), reply) => mismatch = self.compare(&reply, length),
                (command @ (Command::Rnfr(_) | Command::Rnto(_)), reply) => {
                    naming.push(Ok((command, reply)));
                }
                (Command::Dele(_), _) => {}
                (command, reply) if reply.code().is_failure() => {
                    finished.time_not_set = Some(refused(&command, reply));
                }
                _ => {}
            }
        }
        if let (Some(error), to) = (mismatch, &finish.rename_to) {
            if let (Some(to), false) = (to, naming.is_empty()) {
                self.rename(to, path).await?;
            }
            return Err(error);
        }
        naming.extend(self.ask_queued(later).await?);
        match (renamed(naming), &finish.rename_to) {
            (Err(error), Some(to)) => self.rename_again(error, path, to).await?,
            (result, _) => result?,
        }
        Ok(finished)
    }

    /// Sets a time where it is not known yet which command does.
    async fn set_first_time(&mut self, path: &[u8], modified: Timestamp) -> Result<Option<Error>> {
        if self.learnt().time_setting.is_some() {
            return Ok(Some(times_unsupported()));
        }
        match self.set_modified(path, modified).await {
            Ok(()) => Ok(None),
            Err(error) if self.is_reusable() => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }

    /// Compares the answer to `SIZE` with what was sent.
    fn compare(&self, reply: &Reply, length: u64) -> Option<Error> {
        let Ok(size) = size::size(reply) else {
            if refusal(reply) == Refusal::Unsupported {
                self.learn(|learnt| learnt.size = Some(false));
            }
            debug!("the size of an upload cannot be asked: {reply}");
            return None;
        };
        if size == length {
            self.learn(|learnt| learnt.sizes_confirmed = learnt.sizes_confirmed.saturating_add(1));
            return None;
        }
        let message = format!("the server has {size} bytes where {length} were sent");
        Some(Error::new(ErrorKind::Truncated, message).replied(reply.clone()))
    }

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

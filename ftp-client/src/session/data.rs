//! Data connections: the command that uses one, the connection and its TLS.
//!
//! Before the first data connection of a server has come about, the connection is made before the
//! command is sent, so that a port that cannot be reached costs nothing but the attempt. After
//! that the command leaves together with the connection, and what has to be said before it, too.
//! Leaves out active mode.

use std::pin::pin;
use std::sync::Arc;

use ftp_proto::{Argument, Command, Reply};
use tokio::time::sleep;
use tracing::debug;

use super::Session;
use super::closing::REASON;
use super::passive::Endpoint;
use crate::control::Told;
use crate::error::{Error, ErrorKind, Result};
use crate::stream::{Stream, Transport};

/// A transfer whose data connection is open.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) stream: Stream,
    /// The preliminary reply, or the final one of a server that left it out; none where the data
    /// need not wait for it.
    pub(crate) begun: Option<Reply>,
    /// Whether `begun` is the final reply already.
    pub(crate) finished: bool,
    /// Why what is transferred is not what was asked for.
    pub(crate) amiss: Option<Error>,
}

impl Session {
    /// Brings the session in step and sees to it that the next data connection can resume.
    ///
    /// A TLS 1.3 ticket is good for one connection. When they have run out, on a server that is
    /// not known to do without, the session is opened again with TLS 1.2, which resumes for ever,
    /// before a transfer fails.
    pub(crate) async fn begin_transfer(&mut self) -> Result<()> {
        self.begin().await?;
        let Some(tls) = &self.tls else { return Ok(()) };
        let tls13 = self.control.stream().handshake().is_some_and(|handshake| handshake.tls13);
        let spent = tls13 && self.had_tickets && tls.tickets() == 0;
        if !spent || self.server.learnt.now().accepts_full_handshake == Some(true) {
            return Ok(());
        }
        debug!("the TLS 1.3 tickets are used up: opening the session again with TLS 1.2");
        self.server.learnt.now().needs_tls12 = true;
        let renewed = Box::pin(Self::open(Arc::clone(&self.server))).await?;
        std::mem::replace(self, renewed).quit().await;
        Ok(())
    }

    /// Begins the transfer of a file, a second time where the server was caught answering out of
    /// order and only then is known not to keep commands for later.
    pub(crate) async fn transfer_file(
        &mut self,
        path: &[u8],
        offset: u64,
        command: fn(Argument) -> Command,
    ) -> Result<Transfer> {
        loop {
            self.begin_transfer().await?;
            let command = command(self.argument(path)?);
            match self.transfer(Vec::new(), offset, command).await {
                Err(_) if self.surprised => self.reopen().await?,
                transfer => return transfer,
            }
        }
    }

    /// Replaces a session that is lost by a new one.
    pub(super) async fn reopen(&mut self) -> Result<()> {
        *self = Box::pin(Self::open(Arc::clone(&self.server))).await?;
        Ok(())
    }

    /// Sends `before`, asks for a data connection, and begins the transfer that `command` is.
    ///
    /// An upload has begun when its data connection is open: the preliminary reply, or a refusal,
    /// is read beside the writing.
    ///
    /// # Errors
    /// A refusal leaves the session in step; a data connection that fails loses it.
    pub(crate) async fn transfer(
        &mut self,
        mut before: Vec<Command>,
        offset: u64,
        command: Command,
    ) -> Result<Transfer> {
        let (endpoint, dialed) = self.data_endpoint(&mut before, &command).await?;
        let restarts = offset > 0 || self.offset_pending;
        let uploads = matches!(command, Command::Appe(_) | Command::Stor(_));
        let early = uploads && self.queues() && !restarts;
        self.control.flush().await?;
        self.transferring = true;
        (self.begun, self.begun_again, self.keeps_alive) = (false, None, None);
        before.into_iter().for_each(|command| self.control.send(command));
        if restarts {
            self.offset_pending = true;
            let rest = Command::Rest(offset);
            if self.queues() { self.control.send(rest) } else { self.restart_at(rest).await? }
        }
        self.control.send(command.clone());
        self.ask_behind(&command);
        let opening = self.open_data(endpoint.clone(), dialed);
        let transfer = Box::pin(self.watch(opening, early)).await?;
        self.learn_from(&endpoint);
        self.offset_pending = false;
        Ok(transfer)
    }

    async fn restart_at(&mut self, rest: Command) -> Result<()> {
        let restarted = self.control.order(rest).await;
        self.transferring = restarted.is_ok();
        restarted.map(drop)
    }

    /// Connects and does the handshake, apart from the control connection.
    fn open_data(
        &self,
        endpoint: Endpoint,
        dialed: Option<Transport>,
    ) -> impl Future<Output = Result<Stream>> + Send + 'static {
        let server = Arc::clone(&self.server);
        let tls = self.tls.clone();
        async move {
            let transport = match dialed {
                Some(transport) => transport,
                None => server.dialer.data(&endpoint.peer, endpoint.port).await?,
            };
            let idle = server.options.idle_timeout;
            let Some(tls) = tls else { return Ok(Stream::plain(transport, idle)) };
            let resumes = server.learnt.now().resumes;
            let secured = match resumes {
                Some(true) => tls.resume(transport).await?,
                _ => tls.handshake(transport).await?,
            };
            Ok(Stream::tls(secured, idle))
        }
    }

    /// Waits for the connection, and unless `early` for the preliminary reply, whichever comes
    /// first; a refusal ends both, and so does a connection that is closed without a word.
    async fn watch(
        &mut self,
        opening: impl Future<Output = Result<Stream>>,
        early: bool,
    ) -> Result<Transfer> {
        let mut opening = pin!(opening);
        let mut opened: Option<Stream> = None;
        let (mut begun, mut finished, mut amiss) = (None, false, None);
        loop {
            if (begun.is_some() || early)
                && let Some(stream) = opened.take()
            {
                self.transferring = !finished;
                return Ok(Transfer { stream, begun, finished, amiss });
            }
            tokio::select! {
                told = self.control.told(), if begun.is_none() => match told? {
                    Told::Begun(reply) => {
                        self.begun = true;
                        begun = Some(reply);
                    }
                    Told::Done(command, reply) if command.is_transfer() => {
                        match self.concluded(command, reply).await {
                            Ok(reply) => (begun, finished) = (Some(reply), true),
                            Err(error) => return Err(amiss.unwrap_or(error)),
                        }
                    }
                    Told::Done(command, reply) => amiss = self.misled(command, reply)?.or(amiss),
                },
                stream = &mut opening, if opened.is_none() => match stream {
                    Ok(stream) => opened = Some(stream),
                    Err(error) => return Err(self.lost_data(error).await),
                },
                () = unexplained(opened.as_ref()), if begun.is_none() && opened.is_some() => {
                    self.control.give_up();
                    let message = "the data connection ended and the server does not say why";
                    return Err(Error::new(ErrorKind::Connection, message));
                }
            }
        }
    }

    /// Judges the answer to what was sent in front of a transfer that is on its way by now.
    fn misled(&mut self, command: Command, reply: Reply) -> Result<Option<Error>> {
        let from_the_wrong_place = matches!(command, Command::Rest(_));
        match self.prepared(command, reply) {
            Err(error) if from_the_wrong_place => {
                self.control.give_up();
                Err(error)
            }
            prepared => Ok(prepared.err()),
        }
    }

    fn learn_from(&self, endpoint: &Endpoint) {
        let mut learnt = self.server.learnt.now();
        learnt.data_reachable = true;
        if endpoint.extended {
            learnt.extended_passive = Some(true);
        }
    }
}

/// Waits until a connection is closed and its peer had the time to say why.
async fn unexplained(stream: Option<&Stream>) {
    if let Some(stream) = stream {
        stream.closed().await;
    }
    sleep(REASON).await;
}

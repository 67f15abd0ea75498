//! Data connections: the command that uses one, the connection, its TLS, and how it ends.
//!
//! Before the first data connection of a server has come about, the connection is made before the
//! command is sent, so that a port that cannot be reached costs nothing but the attempt. After
//! that the command leaves together with the connection, and what has to be said before it, too.
//! Leaves out active mode.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::refusal::{Refusal, refusal};
use ftp_proto::{Argument, Command, Reply};
use tokio::time::timeout;
use tracing::debug;

use super::Session;
use super::passive::Endpoint;
use crate::control::Told;
use crate::error::{Error, ErrorKind, Result};
use crate::retry::refused;
use crate::stream::{Stream, Transport};

/// How long the server may take to say why a data connection failed.
const REASON: Duration = Duration::from_secs(5);

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
    /// first; a refusal ends both.
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
                    Told::Begun(reply) => begun = Some(reply),
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

    /// Judges the final reply of a transfer.
    pub(crate) async fn concluded(&mut self, command: Command, reply: Reply) -> Result<Reply> {
        let reply = self.in_order(reply).await?;
        self.transferring = false;
        self.restart_ahead();
        if !reply.code().is_failure() {
            return Ok(reply);
        }
        self.learn_from_refusal(&reply);
        Err(refused(&command, reply))
    }

    /// Waits for the final reply of a transfer, which [`Self::concluded`] judges.
    pub(crate) async fn final_reply(&mut self) -> Result<(Command, Reply)> {
        loop {
            let (command, reply) = self.control.done().await?;
            if command.is_transfer() {
                return Ok((command, reply));
            }
        }
    }

    fn learn_from(&self, endpoint: &Endpoint) {
        let mut learnt = self.server.learnt.now();
        learnt.data_reachable = true;
        if endpoint.extended {
            learnt.extended_passive = Some(true);
        }
    }

    /// A server that wants its session resumed says so in many ways.
    fn learn_from_refusal(&self, reply: &Reply) {
        let tls13 = self.control.stream().handshake().is_some_and(|handshake| handshake.tls13);
        let about_tls = matches!(refusal(reply), Refusal::Tls);
        if tls13 && about_tls {
            self.server.learnt.now().needs_tls12 = true;
        }
    }

    /// Says why a data connection failed, in the server's words where it has some; where it has
    /// none, the session is lost.
    pub(crate) async fn lost_data(&mut self, error: Error) -> Error {
        let said = async {
            let (command, reply) = self.final_reply().await?;
            self.concluded(command, reply).await
        };
        match timeout(REASON, said).await {
            Ok(Err(said)) if said.reply().is_some() || self.surprised => said.caused_by(error),
            _ => {
                self.control.give_up();
                error
            }
        }
    }

    /// Waits for the final reply of the transfer that runs, for at most `patience`.
    pub(crate) async fn end_transfer(&mut self, patience: Duration) -> Result<Reply> {
        let patience = if patience.is_zero() { Duration::MAX } else { patience };
        let Ok(told) = timeout(patience, self.final_reply()).await else {
            self.control.give_up();
            let message = format!("the end of the transfer is not confirmed within {patience:?}");
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        let (command, reply) = told?;
        self.concluded(command, reply).await
    }

    /// Waits for whatever a server says to a transfer that was cut off, for at most `patience`.
    pub(crate) async fn cut_transfer(&mut self, patience: Duration) -> Result<()> {
        match timeout(patience, self.control.cut_off()).await {
            Ok(Ok(())) => {
                self.transferring = false;
                self.restart_ahead();
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                self.control.give_up();
                let message = "the server does not answer a transfer that was cut off";
                return Err(Error::new(ErrorKind::Timeout, message));
            }
        }
        Ok(())
    }

    /// Writes down what the TLS of a data connection showed, once its transfer has succeeded.
    pub(crate) fn learn_from_handshake(&self, resumed: Option<bool>) {
        let Some(resumed) = resumed else { return };
        let mut learnt = self.server.learnt.now();
        if resumed {
            learnt.resumes = Some(true);
        } else {
            learnt.accepts_full_handshake = Some(true);
        }
    }
}

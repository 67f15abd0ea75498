//! Data connections: `EPSV` with `PASV` behind it ([RFC 2428]), the command that uses them, TLS.
//!
//! Before the first data connection of a server has come about, the connection is made before the
//! command is sent, so that a port that cannot be reached costs nothing but the attempt. After
//! that the command leaves together with the connection. Leaves out active mode.
//!
//! [RFC 2428]: https://www.rfc-editor.org/rfc/rfc2428

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::address::{self, Passive};
use ftp_proto::refusal::{Refusal, refusal};
use ftp_proto::{Command, Reply};
use tokio::time::{Instant, timeout};
use tracing::debug;

use super::Session;
use crate::control::Told;
use crate::dial::Peer;
use crate::error::{Error, ErrorKind, Result};
use crate::retry::refused;
use crate::stream::{Stream, Transport};

/// How long a port that was asked for in advance is taken to be still open.
const AHEAD: Duration = Duration::from_secs(5);

/// How long the server may take to say why a data connection failed.
const REASON: Duration = Duration::from_secs(5);

/// A transfer that has begun.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) stream: Stream,
    /// The preliminary reply, or the final one of a server that left it out.
    pub(crate) begun: Reply,
    /// Whether `begun` is the final reply already.
    pub(crate) finished: bool,
}

/// Where the server awaits a data connection.
#[derive(Clone, Debug)]
struct Endpoint {
    peer: Peer,
    port: u16,
    extended: bool,
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

    /// Sends `before`, asks for a data connection, and begins the transfer that `command` is.
    ///
    /// # Errors
    /// A refusal leaves the session in step; a data connection that fails loses it.
    pub(crate) async fn transfer(
        &mut self,
        before: Vec<Command>,
        offset: u64,
        command: Command,
    ) -> Result<Transfer> {
        let (endpoint, dialed) = self.data_endpoint(before, &command).await?;
        if offset > 0 || self.offset_pending {
            self.offset_pending = true;
            let rest = Command::Rest(offset);
            if self.queues() { self.control.send(rest) } else { self.restart_at(rest).await? }
        }
        self.transferring = true;
        self.control.send(command);
        let opening = self.open_data(endpoint.clone(), dialed);
        let transfer = Box::pin(self.watch(opening)).await?;
        self.learn_from(&endpoint);
        self.offset_pending = false;
        Ok(transfer)
    }

    async fn restart_at(&mut self, rest: Command) -> Result<()> {
        self.control.order(rest).await.map(drop)
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
            match tls {
                Some(tls) => Ok(Stream::tls(tls.handshake(transport).await?, idle)),
                None => Ok(Stream::plain(transport, idle)),
            }
        }
    }

    /// Waits for the connection and the preliminary reply, whichever comes first; a refusal ends
    /// both.
    async fn watch(&mut self, opening: impl Future<Output = Result<Stream>>) -> Result<Transfer> {
        let mut opening = pin!(opening);
        let mut stream: Option<Stream> = None;
        let mut begun: Option<(Reply, bool)> = None;
        loop {
            match (stream.take(), begun.take()) {
                (Some(stream), Some((begun, finished))) => {
                    self.transferring = !finished;
                    return Ok(Transfer { stream, begun, finished });
                }
                half => (stream, begun) = half,
            }
            tokio::select! {
                told = self.control.told(), if begun.is_none() => match told? {
                    Told::Begun(reply) => begun = Some((reply, false)),
                    Told::Done(command, reply) => {
                        if let Some(reply) = self.judge(&command, reply)? {
                            begun = Some((reply, true));
                        }
                    }
                },
                opened = &mut opening, if stream.is_none() => match opened {
                    Ok(opened) => stream = Some(opened),
                    Err(error) => return Err(self.lost_data(error).await),
                },
            }
        }
    }

    /// Judges a final reply that comes before any data, and returns the one that ends a transfer.
    fn judge(&mut self, command: &Command, reply: Reply) -> Result<Option<Reply>> {
        let is_rest = matches!(command, Command::Rest(_));
        if !reply.code().is_failure() {
            return Ok((!is_rest).then_some(reply));
        }
        if is_rest {
            // The transfer behind it is on its way, from the wrong place.
            self.control.give_up();
        } else {
            self.transferring = false;
            self.learn_from_refusal(&reply);
        }
        Err(refused(command, reply))
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

    /// Gives the session up and says why, in the server's words where it has some.
    pub(crate) async fn lost_data(&mut self, error: Error) -> Error {
        let said = timeout(REASON, self.control.done()).await;
        self.control.give_up();
        match said {
            Ok(Ok((command, reply))) if reply.code().is_failure() => {
                self.learn_from_refusal(&reply);
                refused(&command, reply).caused_by(error)
            }
            _ => error,
        }
    }

    /// Asks for a data connection until an answer can be used, and connects to it where that has
    /// not been seen to work yet.
    async fn data_endpoint(
        &mut self,
        mut before: Vec<Command>,
        command: &Command,
    ) -> Result<(Endpoint, Option<Transport>)> {
        let pret = Command::Pret(Box::new(command.clone()));
        if self.server.learnt.now().needs_pret {
            before.push(pret.clone());
        }
        loop {
            let endpoint = match self.passive(std::mem::take(&mut before)).await {
                Err(error) if self.may_need_pret(&error) => {
                    debug!("no data connection without PRET: {error}");
                    self.server.learnt.now().needs_pret = true;
                    before.push(pret.clone());
                    continue;
                }
                endpoint => endpoint?,
            };
            if self.queues() && self.server.learnt.now().data_reachable {
                return Ok((endpoint, None));
            }
            match self.server.dialer.data(&endpoint.peer, endpoint.port).await {
                Ok(transport) => return Ok((endpoint, Some(transport))),
                Err(error) if endpoint.extended && self.may_use_pasv() => {
                    debug!("EPSV leads nowhere ({error}): using PASV");
                    self.server.learnt.now().extended_passive = Some(false);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// DrFTPD has to hear what the data connection is for; Pure-FTPd offers to and does without.
    fn may_need_pret(&self, error: &Error) -> bool {
        let asked = matches!(error.command(), Some("EPSV" | "PASV"));
        let refused = error.reply().is_some_and(|reply| reply.code().is_failure());
        asked && refused && self.has_feature("PRET") && !self.server.learnt.now().needs_pret
    }

    /// Asks for the next data connection while the end of a transfer is on its way: that saves the
    /// next transfer a round trip, and a port nobody comes to costs the server nothing.
    pub(crate) fn ask_ahead(&mut self) {
        let learnt = self.learnt();
        let proven = learnt.extended_passive == Some(true) && !learnt.needs_pret;
        if self.queues() && proven && self.uses_epsv() {
            self.control.send_aside(Command::Epsv);
            self.asked_ahead = Some(Instant::now());
        }
    }

    /// Takes what [`Self::ask_ahead`] was told, while it is fresh.
    async fn passive_ahead(&mut self) -> Result<Option<Endpoint>> {
        let Some(asked) = self.asked_ahead.take() else { return Ok(None) };
        let Some((_, reply)) = self.control.aside().await? else { return Ok(None) };
        self.control.noted();
        let fresh = asked.elapsed() < AHEAD && reply.code().is_completion();
        let passive = address::passive(&reply).ok().filter(|_| fresh);
        Ok(passive.map(|passive| self.endpoint(passive, true)))
    }

    async fn passive(&mut self, before: Vec<Command>) -> Result<Endpoint> {
        if let Some(endpoint) = self.passive_ahead().await? {
            self.prepare(before).await?;
            return Ok(endpoint);
        }
        let mut commands = before;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let extended = self.uses_epsv();
            commands.push(if extended { Command::Epsv } else { Command::Pasv });
            let window = self.server.window();
            let mut answers = self.control.ask_all(std::mem::take(&mut commands), window).await;
            let answer = answers.pop();
            self.prepared(answers)?;
            let Some(answer) = answer else { continue };
            let (command, reply) = answer?;
            let passive = address::passive(&reply);
            match passive {
                Ok(passive) if reply.code().is_completion() => {
                    return Ok(self.endpoint(passive, extended));
                }
                _ if extended && !is_transient(&reply) && self.may_use_pasv() => {
                    self.server.learnt.now().extended_passive = Some(false);
                }
                // ProFTPD may find the port it had in mind in use.
                _ if is_transient(&reply) && attempts < 3 => {}
                Err(misread) if reply.code().is_completion() => return Err(misread.into()),
                _ => return Err(refused(&command, reply)),
            }
        }
    }

    async fn prepare(&mut self, before: Vec<Command>) -> Result<()> {
        let answers = self.control.ask_all(before, self.server.window()).await;
        self.prepared(answers)
    }

    /// Judges the answers to what comes before a transfer.
    fn prepared(&mut self, answers: Vec<Result<(Command, Reply)>>) -> Result<()> {
        for answer in answers {
            let (command, reply) = answer?;
            if reply.code().is_failure() && !matches!(command, Command::Pret(_)) {
                return Err(refused(&command, reply));
            }
            if let Command::Cwd(directory) = command {
                self.working = Some(directory.as_bytes().to_vec());
            }
        }
        Ok(())
    }

    fn endpoint(&self, passive: Passive, extended: bool) -> Endpoint {
        let peer = match passive {
            Passive::Address(address) if self.server.options.trust_passive_address => {
                match &self.peer {
                    Peer::Direct(_) => Peer::Direct((*address.ip()).into()),
                    Peer::Behind(_) => Peer::Behind(address.ip().to_string()),
                }
            }
            _ => self.peer.clone(),
        };
        Endpoint { peer, port: passive.port(), extended }
    }

    fn uses_epsv(&self) -> bool {
        let refused = self.server.learnt.now().extended_passive == Some(false);
        !self.may_use_pasv() || !(refused || self.server.options.disable_epsv)
    }

    /// `PASV` knows IPv4 only.
    fn may_use_pasv(&self) -> bool {
        !matches!(self.peer, Peer::Direct(address) if address.is_ipv6())
    }

    /// Waits for the final reply of the transfer that runs, for at most `patience`.
    pub(crate) async fn end_transfer(&mut self, patience: Duration) -> Result<Reply> {
        let patience = if patience.is_zero() { Duration::MAX } else { patience };
        match timeout(patience, self.control.done()).await {
            Ok(Ok((_, reply))) if !reply.code().is_failure() => {
                self.transferring = false;
                Ok(reply)
            }
            Ok(Ok((command, reply))) => {
                self.transferring = false;
                self.learn_from_refusal(&reply);
                Err(refused(&command, reply))
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                self.control.give_up();
                let message =
                    format!("the end of the transfer is not confirmed within {patience:?}");
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }

    /// Waits for whatever a server says to a transfer that was cut off, for at most `patience`.
    pub(crate) async fn cut_transfer(&mut self, patience: Duration) -> Result<()> {
        match timeout(patience, self.control.cut_off()).await {
            Ok(Ok(())) => self.transferring = false,
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

fn is_transient(reply: &Reply) -> bool {
    reply.code().class() == ftp_proto::reply::Class::TransientFailure
}

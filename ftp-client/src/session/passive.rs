//! Where the server awaits a data connection: `EPSV` with `PASV` behind it ([RFC 2428]), asked for
//! when it is needed or in advance.
//!
//! In advance is either when a transfer ends, or, on a server that keeps commands for later, in
//! the very write that begins the transfer before: later than that, ProFTPD and Pure-FTPd look at
//! the control connection while they receive a file, and refuse. pyftpdlib answers at once and
//! drops the data connection it has. So that is tried on a listing first, which can be repeated,
//! and given up for good at the first reply out of order.
//!
//! [RFC 2428]: https://www.rfc-editor.org/rfc/rfc2428

use std::time::Duration;

use ftp_proto::address::{self, Passive};
use ftp_proto::refusal::{Refusal, refusal};
use ftp_proto::reply::Class;
use ftp_proto::{Command, Reply};
use tokio::time::{Instant, timeout};
use tracing::{debug, info};

use super::Session;
use crate::control::PIECE;
use crate::dial::Peer;
use crate::error::{Error, ErrorKind, Result};
use crate::options::Pipelining;
use crate::retry::refused;
use crate::stream::Transport;

/// How long a port that was asked for in advance is taken to be still open.
const FRESH: Duration = Duration::from_secs(5);

/// How long the answer to a question asked in advance may take once its turn has come.
const ANSWER: Duration = Duration::from_secs(10);

/// On a line as long as this a flight costs more than a port that nobody comes to.
const LONG: Duration = Duration::from_millis(20);

/// On a shorter line than this nothing is gained, and a server that answers at once might have
/// ended a short listing before it got there: then it looks like one that keeps commands.
pub(super) const WORTHWHILE: Duration = Duration::from_millis(1);

/// Where the server awaits a data connection.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) peer: Peer,
    pub(super) port: u16,
    pub(super) extended: bool,
}

/// A data connection asked for in advance.
#[derive(Debug)]
pub(super) struct Asked {
    /// When the answer was due at the earliest.
    at: Instant,
    /// Whether a transfer was running.
    behind: bool,
    /// The answer, where it has been taken already.
    answer: Option<Reply>,
}

impl Session {
    /// Asks for the next data connection while the end of a transfer is on its way: that saves the
    /// next transfer a round trip, and a port nobody comes to costs the server nothing.
    pub(crate) fn ask_ahead(&mut self) {
        if self.asked_ahead.is_none() && self.queues() && self.knows_epsv() {
            self.send_epsv(false);
        }
    }

    /// Asks for the next data connection in the write that begins a transfer, where this server
    /// keeps commands for later or it is time to find out.
    pub(super) fn ask_behind(&mut self, command: &Command) {
        let fits = self.control.queued() + Command::Epsv.to_string().len() + 2 <= PIECE;
        let tries = matches!(command, Command::List { .. } | Command::Mlsd(_)) && self.may_try();
        let keeps = self.server.level() == Pipelining::Ahead;
        if (keeps || tries) && fits && self.knows_epsv() {
            self.send_epsv(true);
        }
    }

    /// Tells whether to ask for the first data connection of a session behind all else that is said
    /// after the login, which saves its first transfer a round trip. Nobody waits for the answer
    /// there: a server that writes each line of `FEAT` by itself (ProFTPD) may have filled the line.
    pub(super) fn asks_at_login(&self) -> bool {
        let learnt = self.server.learnt.now();
        let open = learnt.extended_passive != Some(false) && !learnt.needs_pret;
        let far = learnt.round_trip.is_some_and(|time| time >= LONG);
        drop(learnt);
        open && far && self.queues() && !self.server.options.disable_epsv
    }

    /// Notes that it is asked for.
    pub(super) fn asked_at_login(&mut self) {
        self.asked_ahead = Some(Asked { at: Instant::now(), behind: false, answer: None });
    }

    fn send_epsv(&mut self, behind: bool) {
        self.control.send_aside(Command::Epsv);
        self.asked_ahead = Some(Asked { at: Instant::now(), behind, answer: None });
    }

    fn knows_epsv(&self) -> bool {
        let learnt = self.server.learnt.now();
        let proven = learnt.extended_passive == Some(true) && learnt.data_reachable;
        proven && !learnt.needs_pret && !self.server.options.disable_epsv
    }

    fn may_try(&self) -> bool {
        let open = self.learnt().ahead.is_none();
        let chosen = self.server.options.pipelining == Pipelining::Auto;
        open && chosen && self.is_far() && self.queues()
    }

    pub(super) fn is_far(&self) -> bool {
        self.server.is_far()
    }

    /// Finds out, on the listing of one file, whether this server keeps commands for later, where
    /// no listing has shown it yet. An upload is never put at risk for that.
    pub(crate) async fn find_out(&mut self, file: &[u8]) {
        if self.found_out || !self.may_try() || !self.knows_epsv() {
            return;
        }
        self.found_out = true;
        let listed = async {
            self.begin_transfer().await?;
            let path = Some(self.argument(file)?);
            let command = Command::List { hidden: false, path };
            let transfer = self.transfer(Vec::new(), 0, command).await?;
            self.read_to_no_end(transfer.stream, transfer.finished).await
        };
        if let Err(error) = listed.await {
            debug!("whether the server keeps commands for later was not found out: {error}");
        }
    }

    /// Takes the answer to a question asked in advance, where it has come.
    pub(super) fn keep_port(&mut self) {
        if let Some(asked) = self.asked_ahead.as_mut().filter(|asked| asked.answer.is_none()) {
            asked.answer = self.control.noted(&Command::Epsv);
        }
    }

    /// Notes that a transfer is over, so that the answer to what was queued behind it is due now.
    pub(super) fn restart_ahead(&mut self) {
        if let Some(asked) = &mut self.asked_ahead {
            asked.at = Instant::now();
        }
    }

    /// Says which of two commands in flight the final reply of a transfer answers, when a question
    /// was queued behind it.
    pub(super) async fn in_order(&mut self, reply: Reply) -> Result<Reply> {
        let Some(behind) = self.asked_ahead.as_ref().map(|asked| asked.behind) else {
            return Ok(reply);
        };
        if reply.code() == 229 {
            return Err(self.lower());
        }
        // `426` is about the transfer, whatever comes behind it.
        if !reply.code().is_failure() || refusal(&reply) == Refusal::Data {
            return Ok(reply);
        }
        // `450 EPSV: data transfer in progress` refuses the question, and the transfer goes on.
        match timeout(ANSWER, self.control.aside(&Command::Epsv)).await {
            Ok(Ok(Some(answer))) if answer.code().is_completion() && answer.code() != 229 => {
                self.asked_ahead = None;
                if behind {
                    self.learn(|learnt| learnt.ahead = Some(false));
                }
                Ok(answer)
            }
            Ok(Ok(answer)) => {
                if let Some(asked) = &mut self.asked_ahead {
                    asked.answer = answer;
                }
                Ok(reply)
            }
            Ok(Err(_)) => Ok(reply),
            Err(_) => Err(self.lower()),
        }
    }

    /// Takes note that this server does not keep commands for later, and gives the session up,
    /// since nobody knows what became of its transfer.
    fn lower(&mut self) -> Error {
        info!("the server does not keep commands until a transfer is over: none are sent ahead");
        self.learn(|learnt| learnt.ahead = Some(false));
        self.surprised = true;
        self.control.give_up();
        let message = "the server answered the next command before the transfer was over";
        Error::new(ErrorKind::Protocol, message)
    }

    /// Takes what was asked for in advance, while it is fresh.
    async fn passive_ahead(&mut self) -> Result<Option<Endpoint>> {
        let Some(asked) = self.asked_ahead.take() else { return Ok(None) };
        let answer = match asked.answer {
            Some(answer) => Some(answer),
            None => match timeout(ANSWER, self.control.aside(&Command::Epsv)).await {
                Ok(answer) => answer?,
                Err(_) => return Err(self.lower()),
            },
        };
        let Some(reply) = answer else { return Ok(None) };
        if asked.behind {
            self.learn_from_answer(&reply)?;
        }
        let open = self.learnt().extended_passive.is_none() && self.may_use_pasv();
        if open && reply.code().class() == Class::PermanentFailure {
            self.learn(|learnt| learnt.extended_passive = Some(false));
        }
        let fresh = asked.at.elapsed() < FRESH && reply.code().is_completion();
        let passive = address::passive(&reply).ok().filter(|_| fresh);
        Ok(passive.map(|passive| self.endpoint(passive, true)))
    }

    fn learn_from_answer(&mut self, reply: &Reply) -> Result<()> {
        match reply.code().class() {
            Class::Completion if reply.code() == 229 => {
                self.learn(|learnt| learnt.ahead = learnt.ahead.or(Some(true)));
            }
            // ProFTPD may find the port it had in mind in use.
            Class::TransientFailure => {}
            Class::PermanentFailure => self.learn(|learnt| learnt.ahead = Some(false)),
            _ => return Err(self.lower()),
        }
        Ok(())
    }

    /// Returns where to connect to, and the connection where it has been made already. What has to
    /// be said `before` the transfer is taken when it has been said.
    pub(super) async fn data_endpoint(
        &mut self,
        before: &mut Vec<Command>,
        command: &Command,
    ) -> Result<(Endpoint, Option<Transport>)> {
        if let Some(endpoint) = self.passive_ahead().await?
            && let Some(reached) = self.reach(endpoint).await?
        {
            return Ok(reached);
        }
        let mut before = std::mem::take(before);
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
            if let Some(reached) = self.reach(endpoint).await? {
                return Ok(reached);
            }
        }
    }

    /// Connects where no data connection of this server has come about yet; none where `PASV` may
    /// lead to one.
    async fn reach(&mut self, endpoint: Endpoint) -> Result<Option<(Endpoint, Option<Transport>)>> {
        if self.queues() && self.server.learnt.now().data_reachable {
            return Ok(Some((endpoint, None)));
        }
        match self.server.dialer.data(&endpoint.peer, endpoint.port).await {
            Ok(transport) => Ok(Some((endpoint, Some(transport)))),
            Err(error) if endpoint.extended && self.may_use_pasv() => {
                debug!("EPSV leads nowhere ({error}): using PASV");
                self.server.learnt.now().extended_passive = Some(false);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// DrFTPD has to hear what the data connection is for; Pure-FTPd offers to and does without.
    fn may_need_pret(&self, error: &Error) -> bool {
        let asked = matches!(error.command(), Some("EPSV" | "PASV"));
        let refused = error.reply().is_some_and(|reply| reply.code().is_failure());
        asked && refused && self.has_feature("PRET") && !self.server.learnt.now().needs_pret
    }

    async fn passive(&mut self, before: Vec<Command>) -> Result<Endpoint> {
        let mut commands = before;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let extended = self.uses_epsv();
            commands.push(if extended { Command::Epsv } else { Command::Pasv });
            let window = self.server.window();
            let mut answers = self.control.ask_all(std::mem::take(&mut commands), window).await;
            let answer = answers.pop();
            for answer in answers {
                let (command, reply) = answer?;
                self.prepared(command, reply)?;
            }
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

    /// Judges the answer to what comes before a transfer.
    pub(super) fn prepared(&mut self, command: Command, reply: Reply) -> Result<()> {
        if matches!(command, Command::Stat(_)) {
            self.beside = Some((command, reply));
            return Ok(());
        }
        if reply.code().is_failure() && !matches!(command, Command::Pret(_)) {
            return Err(refused(&command, reply));
        }
        if let Command::Cwd(directory) = command {
            self.working = Some(directory.as_bytes().to_vec());
        }
        Ok(())
    }

    fn endpoint(&self, passive: Passive, extended: bool) -> Endpoint {
        let peer = match passive {
            Passive::Address(address) if self.server.options.trust_passive_address => {
                match &self.peer {
                    Peer::Direct(_) => Peer::Direct(address.ip()),
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
}

fn is_transient(reply: &Reply) -> bool {
    reply.code().class() == Class::TransientFailure
}

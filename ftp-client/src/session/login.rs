//! From a TCP connection to a session that can work: greeting, TLS, login, and all that a server
//! must be asked or told before the first file, in one flight ([RFC 4217], [RFC 2640]).
//!
//! Nothing is queued before the login is done: a server that refuses TLS never sees the user.
//!
//! [RFC 4217]: https://www.rfc-editor.org/rfc/rfc4217
//! [RFC 2640]: https://www.rfc-editor.org/rfc/rfc2640

use std::sync::Arc;

use ftp_proto::command::{Mechanism, Opts, Protection, Type};
use ftp_proto::system::System;
use ftp_proto::{Argument, Command, Features, Reply, path, quota};
use tokio::time::Instant;
use tracing::{Instrument as _, debug};

use super::{Server, Session};
use crate::control::Control;
use crate::dial::Peer;
use crate::error::{Error, ErrorKind, Result};
use crate::options::TlsMode;
use crate::retry::{refused, turned_away};
use crate::stream::{Stream, Transport};
use crate::tls::TlsSession;
use crate::trace;

/// How the client calls itself where a server wants to know before it turns to UTF-8.
const NAME: &str = "rclone";

/// Facts worth turning on where a server leaves them off.
const FACTS: &str = "type;size;modify;perm;unique;unix.mode;";

impl Session {
    /// Connects and logs in.
    pub(crate) async fn open(server: Arc<Server>) -> Result<Self> {
        let span = trace::session(&server.options);
        Self::open_traced(server).instrument(span).await
    }

    async fn open_traced(server: Arc<Server>) -> Result<Self> {
        let options = &server.options;
        let (transport, peer) = server.dialer.control(&options.host, options.port).await?;
        let tls12 = server.learnt.now().needs_tls12;
        let tls = server.tls.as_ref().map(|tls| tls.session(tls12));
        let control = Box::pin(connect(&server, transport, tls.as_ref())).await?;
        let mut session = Self::new(control, Arc::clone(&server), peer, tls);
        if server.options.name_host {
            session.name_host().await?;
        }
        session.log_in().await?;
        session.settle_in().await?;
        session.had_tickets = session.tls.as_ref().is_some_and(|tls| tls.tickets() > 0);
        Ok(session)
    }

    fn new(control: Control, server: Arc<Server>, peer: Peer, tls: Option<TlsSession>) -> Self {
        Self {
            control,
            server,
            peer,
            tls,
            had_tickets: false,
            quota: None,
            home: None,
            working: None,
            transferring: false,
            begun: false,
            begun_again: None,
            keeps_alive: None,
            doubtful: false,
            offset_pending: false,
            hashing: None,
            asked_ahead: None,
            asks_beside: None,
            beside: None,
            found_out: false,
            surprised: false,
            used: Instant::now(),
        }
    }

    /// Names the host ([RFC 7151]), behind the start of TLS, whose certificate it must fit.
    ///
    /// A server that does not know the command serves one host only.
    ///
    /// [RFC 7151]: https://www.rfc-editor.org/rfc/rfc7151
    async fn name_host(&mut self) -> Result<()> {
        let host = &self.server.options.host;
        let name = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let command = Command::Host(Argument::new(name)?);
        let reply = self.control.ask(command.clone()).await?;
        match reply.code().get() {
            500 | 502 => Ok(()),
            _ if reply.code().is_failure() => Err(refused(&command, reply)),
            _ => Ok(()),
        }
    }

    async fn log_in(&mut self) -> Result<()> {
        let server = Arc::clone(&self.server);
        let user = match &server.options.user[..] {
            "" => "anonymous",
            user => user,
        };
        let asked = Instant::now();
        let reply = self.control.ask(Command::User(Argument::new(user)?)).await?;
        let taken = server.options.round_trip.unwrap_or_else(|| asked.elapsed());
        self.learn(|learnt| learnt.answered_in(taken));
        let reply = match reply.code().get() {
            331 => {
                let password = match server.options.password.expose() {
                    // Servers that want an address here take anything like one.
                    "" if matches!(user, "anonymous" | "ftp") => "anonymous@",
                    password => password,
                };
                self.control.ask(Command::Pass(Argument::new(password)?)).await?
            }
            _ => reply,
        };
        let reply = match (reply.code().get(), &server.options.account) {
            (332, Some(account)) => {
                self.control.ask(Command::Acct(Argument::new(account.expose())?)).await?
            }
            (332, None) => {
                let message = "the server asks for an account besides user and password";
                return Err(Error::new(ErrorKind::Login, message).replied(reply));
            }
            _ => reply,
        };
        if !reply.code().is_completion() {
            return Err(login_refused(reply));
        }
        self.quota = quota::quota(&reply);
        Ok(())
    }

    /// Asks and tells everything else, in one flight; a second one only where the first shows need.
    async fn settle_in(&mut self) -> Result<()> {
        let mut commands = vec![Command::Feat, Command::Type(Type::Image)];
        if self.tls.is_some() {
            commands.extend([Command::Pbsz(0), Command::Prot(Protection::Private)]);
        }
        let known = self.features();
        if known.has("CLNT") {
            commands.push(Command::Clnt(Argument::new(NAME)?));
        }
        let utf8 = Command::Opts(Opts::Utf8(true));
        if !self.server.options.disable_utf8 {
            commands.push(utf8.clone());
        }
        commands.push(Command::Pwd);
        let mut aside = Vec::new();
        if self.asks_at_login() {
            aside.push(Command::Epsv);
            self.asked_at_login();
        }
        if self.server.learnt.now().system.is_none() {
            let nobody_waits = !aside.is_empty();
            if nobody_waits { &mut aside } else { &mut commands }.push(Command::Syst);
        }
        let answers = match self.queues() {
            true => self.control.ask_before(commands, aside).await?,
            false => self.control.ask_all(commands, 1).await.into_iter().collect::<Result<_>>()?,
        };
        let mut utf8_refused = false;
        for (command, reply) in answers {
            utf8_refused |= command == utf8 && reply.code().is_failure();
            self.take_in(command, reply)?;
        }
        self.ask_again(utf8_refused && !known.has("CLNT"), utf8).await
    }

    fn take_in(&mut self, command: Command, reply: Reply) -> Result<()> {
        let mut learnt = self.server.learnt.now();
        match command {
            Command::Feat => learnt.features = Arc::new(Features::parse(&reply)),
            Command::Syst => learnt.system = System::parse(&reply),
            Command::Pwd => {
                self.home = path::path(&reply).ok().filter(|_| reply.code().is_completion());
                self.working.clone_from(&self.home);
            }
            Command::Prot(_) if reply.code().is_failure() => {
                let message = "the server does not protect data connections";
                return Err(Error::new(ErrorKind::Tls, message)
                    .command_sent(command)
                    .replied(reply));
            }
            Command::Type(_) if reply.code().is_failure() => return Err(refused(&command, reply)),
            _ => {}
        }
        Ok(())
    }

    /// Some servers turn to UTF-8 only for a client with a name, and hide facts until asked.
    async fn ask_again(&mut self, utf8_refused: bool, utf8: Command) -> Result<()> {
        let features = self.features();
        let mut commands = Vec::new();
        if utf8_refused && features.has("CLNT") {
            commands.extend([Command::Clnt(Argument::new(NAME)?), utf8]);
        }
        let needed = |fact: &ftp_proto::feature::Fact| {
            !fact.enabled && matches!(&fact.name[..], "type" | "size" | "modify")
        };
        if features.facts().iter().any(needed) {
            commands.push(Command::Opts(Opts::Mlst(Some(Argument::new(FACTS)?))));
        }
        for answer in self.control.ask_all(commands, self.server.window()).await {
            answer?;
        }
        Ok(())
    }
}

/// Greets, with TLS before or after as the options ask.
async fn connect(
    server: &Server,
    transport: Transport,
    tls: Option<&TlsSession>,
) -> Result<Control> {
    let idle = server.options.idle_timeout;
    let handshake = async |transport: Transport, tls: &TlsSession| {
        Ok(Stream::tls(tls.handshake(transport).await?, idle))
    };
    let (control, greeting) = match (server.options.tls, tls) {
        (TlsMode::Implicit, Some(tls)) => {
            Control::greeted(handshake(transport, tls).await?).await?
        }
        _ => Control::greeted(Stream::plain(transport, idle)).await?,
    };
    server.learnt.now().greet(greeting.message());
    match (server.options.tls, tls) {
        (TlsMode::Explicit, Some(tls)) => {
            let control = ask_for_tls(control).await?;
            let control = control.secure(|transport| handshake(transport, tls)).await?;
            if let Some(handshake) = control.stream().handshake() {
                let version = if handshake.tls13 { "1.3" } else { "1.2" };
                debug!("the control connection speaks TLS {version}");
            }
            Ok(control)
        }
        _ => Ok(control),
    }
}

/// Sends `AUTH`. Servers older than RFC 4217 know TLS by the name of its forebear.
async fn ask_for_tls(mut control: Control) -> Result<Control> {
    let mut reply = control.ask(Command::Auth(Mechanism::Tls)).await?;
    if reply.code() == 504 {
        reply = control.ask(Command::Auth(Mechanism::Ssl)).await?;
    }
    if reply.code() == 234 {
        return Ok(control);
    }
    let message = "the server does not offer TLS, and nothing is sent to it in the clear";
    Err(Error::new(ErrorKind::Tls, message)
        .command_sent(Command::Auth(Mechanism::Tls))
        .replied(reply))
}

fn login_refused(reply: Reply) -> Error {
    let error = turned_away(reply);
    match error.kind() {
        ErrorKind::Connection => {
            error.known_as(ErrorKind::Login, "the server refused user or password")
        }
        _ => error,
    }
}

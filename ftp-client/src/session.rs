//! One logged-in session: a control connection and what can be done with it.
//!
//! Every operation leaves the session in step or marks it as lost. That holds for an operation
//! whose future is dropped too: answers still due are read before the next one, and a session
//! dropped within a transfer is not used again.

mod batch;
mod change;
mod closing;
mod copy;
mod data;
mod dates;
mod hash;
mod links;
mod list;
mod login;
mod passive;
mod pulse;
mod room;
mod stat;
mod status;

use std::sync::Arc;
use std::task::Context;

use ftp_proto::hash::Algorithm;
use ftp_proto::quota::Quota;
use ftp_proto::{Argument, Command, Features, Reply};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

pub(crate) use self::change::{renamed, times_unsupported};
pub(crate) use self::closing::REASON;
pub(crate) use self::data::Transfer;
pub(crate) use self::hash::{offered, read as read_hash};
pub use self::list::Listing;
use self::passive::{Asked, WORTHWHILE};
pub(crate) use self::pulse::Pulse;
pub use self::room::Room;
use crate::control::{Answered, Control, WINDOW};
use crate::dial::{Dialer, Peer};
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Options, Pipelining, TlsMode};
use crate::personality::{Learnt, Personality};
use crate::tls::{Tls, TlsSession};

/// What all sessions of a server share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) options: Options,
    pub(crate) learnt: Learnt,
    dialer: Dialer,
    tls: Option<Tls>,
}

impl Server {
    pub(crate) fn new(options: Options) -> Result<Self> {
        let host = bare(&options.host).to_owned();
        if host.is_empty() {
            return Err(Error::new(ErrorKind::Misuse, "no host is given"));
        }
        let options = Options { host, ..options };
        let dialer = Dialer::new(&options);
        let tls = match options.tls {
            TlsMode::None => None,
            TlsMode::Explicit | TlsMode::Implicit => {
                Some(Tls::new(&options.tls_options, &options.host, options.connect_timeout)?)
            }
        };
        Ok(Self { options, learnt: Learnt::default(), dialer, tls })
    }

    /// Returns how far commands may overlap by now.
    pub(crate) fn level(&self) -> Pipelining {
        let learnt = self.learnt.now();
        match (self.options.pipelining, learnt.ahead) {
            (Pipelining::Auto, _) if !learnt.answers_in_order() => Pipelining::LockStep,
            (Pipelining::Auto, Some(true)) => Pipelining::Ahead,
            (Pipelining::Auto, _) | (Pipelining::Ahead, Some(false)) => Pipelining::Overlap,
            (chosen, _) => chosen,
        }
    }

    /// Tells whether the line is long enough for a flight to count.
    pub(crate) fn is_far(&self) -> bool {
        self.learnt.now().round_trip.is_some_and(|time| time >= WORTHWHILE)
    }

    /// Returns how many commands may be in flight.
    pub(crate) fn window(&self) -> usize {
        if self.level() == Pipelining::LockStep { 1 } else { WINDOW }
    }
}

/// Returns a host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    let host = host.trim();
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// A logged-in session.
///
/// Paths are bytes, separated by `/`, relative to the directory of the login or absolute.
#[derive(Debug)]
pub struct Session {
    control: Control,
    server: Arc<Server>,
    peer: Peer,
    tls: Option<TlsSession>,
    /// Whether the login brought TLS 1.3 tickets.
    had_tickets: bool,
    /// How much may be stored, where the server told it at the login.
    quota: Option<Quota>,
    /// The directory of the login, where the server told it.
    home: Option<Vec<u8>>,
    /// The working directory, where it is known.
    working: Option<Vec<u8>>,
    /// Whether a data connection is in use, or may be.
    transferring: bool,
    /// Whether the transfer had a preliminary reply, and the second one where it came at its end.
    begun: bool,
    begun_again: Option<Reply>,
    /// Whether `NOOP` is sent during the transfer, once that was decided.
    keeps_alive: Option<bool>,
    /// Whether the server may have more to say to a transfer that broke off, or less.
    doubtful: bool,
    /// Whether the server may still hold the offset of a `REST`.
    offset_pending: bool,
    /// The algorithm `OPTS HASH` has chosen, where it is known.
    hashing: Option<Algorithm>,
    /// The next data connection, where it was asked for in advance.
    asked_ahead: Option<Asked>,
    /// What is to be asked about the next directory that is listed, beside the listing, and the
    /// answer.
    asks_beside: Option<Command>,
    beside: Option<Answered>,
    /// Whether it was tried whether the server keeps commands for later.
    found_out: bool,
    /// Whether the session was lost because the server answered out of order.
    surprised: bool,
    used: Instant,
}

impl Session {
    /// Tells whether the server lists this feature.
    pub fn has_feature(&self, name: &str) -> bool {
        self.features().has(name)
    }

    /// Returns what the server says it can do.
    pub fn features(&self) -> Arc<Features> {
        self.server.learnt.features()
    }

    /// Returns the directory of the login, where the server told it.
    pub fn home(&self) -> Option<&[u8]> {
        self.home.as_deref()
    }

    /// Sends any command that needs no data connection and returns its final reply, whatever it
    /// says.
    ///
    /// # Errors
    /// When the session is lost, or the command is one that moves data.
    pub async fn command(&mut self, command: Command) -> Result<Reply> {
        if command.is_transfer() {
            return Err(Error::new(ErrorKind::Misuse, "this command needs a data connection"));
        }
        self.begin().await?;
        if matches!(command, Command::Cwd(_) | Command::Cdup | Command::Raw(_)) {
            self.working = None;
        }
        self.control.ask(command).await
    }

    /// Checks that the server answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&mut self) -> Result<()> {
        self.begin().await?;
        self.control.ask(Command::Noop).await.map(drop)
    }

    /// Says goodbye and closes.
    pub async fn quit(self) {
        let patience = std::time::Duration::from_secs(2);
        self.control.quit(patience).await;
    }

    /// Brings the session in step, whatever the operation before it left behind.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        if self.transferring {
            self.control.give_up();
        }
        match self.doubtful {
            true => self.find_step().await?,
            false => self.control.settle().await?,
        }
        self.learn_from_asides();
        self.used = Instant::now();
        Ok(())
    }

    /// Tells whether the session can serve another operation, perhaps after settling.
    pub(crate) fn is_reusable(&self) -> bool {
        !self.transferring && !self.control.is_broken()
    }

    /// Tells, without waiting, whether the server is still there.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.is_reusable() && (self.doubtful || self.control.is_alive())
    }

    /// Takes what has arrived while the session had no work, and tells whether it can have more.
    pub(crate) fn poll_idle(&mut self, cx: &mut Context<'_>) -> bool {
        // What a server says more than it was asked is for who finds the step again.
        let alive = self.is_reusable() && (self.doubtful || self.control.poll_idle(cx));
        self.learn_from_asides();
        alive
    }

    pub(crate) fn used(&self) -> Instant {
        self.used
    }

    /// Returns the argument that names `path` whatever the working directory is.
    ///
    /// An absolute path is also free of a leading dash, blank or tilde, which servers take for
    /// something else.
    fn argument(&self, path: &[u8]) -> Result<Argument> {
        Ok(Argument::new(self.absolute(path))?)
    }

    fn absolute(&self, path: &[u8]) -> Vec<u8> {
        match &self.home {
            Some(home) if home.starts_with(b"/") && !path.starts_with(b"/") => join(home, path),
            _ if path.is_empty() => self.home.clone().unwrap_or_default(),
            _ => path.to_vec(),
        }
    }

    /// Tells whether paths can be made absolute, so that the working directory is free to change.
    fn is_rooted(&self) -> bool {
        self.home.as_ref().is_some_and(|home| home.starts_with(b"/"))
    }

    /// Returns the argument that names `path` to [`Self::command`], whatever directory the session is
    /// in.
    ///
    /// # Errors
    /// When the path cannot stand in a command.
    pub fn named(&self, path: &[u8]) -> Result<Argument> {
        self.argument(path)
    }

    pub(crate) fn learnt(&self) -> Personality {
        self.server.learnt.now().clone()
    }

    pub(crate) fn learn(&self, lesson: impl FnOnce(&mut Personality)) {
        lesson(&mut self.server.learnt.now());
    }

    pub(crate) fn lessons(&self) -> &Learnt {
        &self.server.learnt
    }

    pub(crate) fn window(&self) -> usize {
        self.server.window()
    }

    /// Tells whether the size of an upload is to be asked.
    pub(crate) fn checks_uploads(&self) -> bool {
        !self.server.options.no_check_upload
    }

    pub(crate) fn level(&self) -> Pipelining {
        self.server.level()
    }

    /// Sends commands whose answers are heard by whoever uses the session then.
    pub(crate) fn send_for_later(&mut self, commands: Vec<Command>) -> UnboundedReceiver<Answered> {
        self.control.send_for_later(commands)
    }

    pub(crate) fn give_up(&mut self) {
        self.control.give_up();
    }

    /// Sends the commands, as many at once as the window allows.
    pub(crate) async fn ask_queued(
        &mut self,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<(Command, Reply)>>> {
        self.begin().await?;
        Ok(self.control.ask_all(commands, self.server.window()).await)
    }

    /// Sends the commands, of which some may have the server read a file of so many bytes, as many at
    /// once as the window allows.
    pub(crate) async fn ask_patiently(
        &mut self,
        commands: Vec<Command>,
        bytes: u64,
    ) -> Result<Vec<Answered>> {
        self.begin().await?;
        let queues = commands.len() <= self.server.window();
        if queues {
            commands.iter().cloned().for_each(|command| self.control.send(command));
        }
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            if !queues {
                self.control.send(command);
            }
            self.control.bear_silence_over(bytes);
            answers.push(self.control.done().await?);
        }
        Ok(answers)
    }

    fn queues(&self) -> bool {
        self.server.window() > 1
    }
}

/// Returns `directory/name`; either may be empty.
pub(crate) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = directory.to_vec();
    if !path.is_empty() && !path.ends_with(b"/") && !name.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// Splits a path into its parent and its last component; the root has no parent.
pub(crate) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = path.iter().rposition(|byte| *byte != b'/')? + 1;
    let path = &path[..end];
    let slash = path.iter().rposition(|byte| *byte == b'/');
    Some(match slash {
        None => (b"", path),
        Some(0) => (b"/", &path[1..]),
        Some(slash) => (&path[..slash], &path[slash + 1..]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_and_split() {
        assert_eq!(join(b"/", b"a"), b"/a");
        assert_eq!(join(b"/a", b"b"), b"/a/b");
        assert_eq!(join(b"", b"b"), b"b");
        assert_eq!(join(b"/a", b""), b"/a");
        assert_eq!(split(b"/a/b/"), Some((&b"/a"[..], &b"b"[..])));
        assert_eq!(split(b"/a"), Some((&b"/"[..], &b"a"[..])));
        assert_eq!(split(b"a"), Some((&b""[..], &b"a"[..])));
        assert_eq!(split(b"/"), None);
        assert_eq!(split(b""), None);
    }

    #[test]
    fn an_ipv6_host_may_stand_in_brackets() {
        assert_eq!(bare("[::1]"), "::1");
        assert_eq!(bare("::1"), "::1");
        assert_eq!(bare(" ftp.example "), "ftp.example");
    }
}

//! What went wrong with a session, and whose fault it is.

use std::fmt;
use std::io;

use ftp_proto::command::ArgumentError;
use ftp_proto::error::Misread;
use ftp_proto::exchange::OutOfStep;
use ftp_proto::reply::{DecodeError, Reply};

use crate::retry::Cure;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, with the command it answers and the server's own words where there are any.
///
/// Messages are lowercase fragments fit for "failed to {error}".
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    command: Option<String>,
    reply: Option<Reply>,
    outcome_unknown: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure. The comment says whose fault it is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Server refused: the target exists already.
    AlreadyExists,
    /// Environment: the server's certificate is not trusted. Holds its SHA-256 fingerprint.
    Certificate {
        /// SHA-256 of the certificate as sent.
        fingerprint: [u8; 32],
    },
    /// Environment: the connection could not be made or was lost.
    Connection,
    /// Server misbehaved: what it holds is not what was sent.
    Corrupted,
    /// Environment: the port where the server awaits a data connection cannot be reached.
    DataPort,
    /// Server refused: a directory stands where a file is due.
    IsADirectory,
    /// Server refused the login.
    Login,
    /// Caller: the options or arguments make no sense.
    Misuse,
    /// Environment: the host has no address.
    UnknownHost,
    /// Server refused: a file stands where a directory is due.
    NotADirectory,
    /// Server refused: the directory is not empty.
    NotEmpty,
    /// Server refused: there is no such file or directory, certainly.
    NotFound,
    /// Server refused: disk or quota is full.
    NoSpace,
    /// Server refused: not allowed.
    PermissionDenied,
    /// Server misbehaved: what it said makes no sense here.
    Protocol,
    /// Server refused, for a reason it alone knows.
    Refused,
    /// Server refused for now.
    Temporary,
    /// Environment: silence for too long.
    Timeout,
    /// Environment: TLS failed, the certificate aside.
    Tls,
    /// Environment: the server speaks no version of TLS, or no cipher, that the options allow.
    TlsVersion,
    /// Server refused: too many connections.
    TooManyConnections,
    /// Server misbehaved: a transfer ended short.
    Truncated,
    /// Server refused: it does not know how.
    Unsupported,
}

impl Error {
    /// Returns an error of this kind that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            command: None,
            reply: None,
            outcome_unknown: false,
            source: None,
        }))
    }

    /// Returns the error of an I/O operation named by `what`, such as "connect to host:21".
    pub fn io(what: impl fmt::Display, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::TimedOut => ErrorKind::Timeout,
            _ => ErrorKind::Connection,
        };
        Self::new(kind, format!("{what}: {}", in_words(&source))).caused_by(source)
    }

    /// Names the command it answers, secrets masked.
    #[must_use]
    pub fn command_sent(mut self, command: impl fmt::Display) -> Self {
        self.0.command = Some(command.to_string());
        self
    }

    /// Keeps the reply that says it.
    #[must_use]
    pub fn replied(mut self, reply: Reply) -> Self {
        self.0.reply = Some(reply);
        self
    }

    /// Says that the command was sent and its answer lost.
    #[must_use]
    pub(crate) fn of_unknown_outcome(mut self) -> Self {
        self.0.outcome_unknown = true;
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Replaces kind and message by what was found out since.
    #[must_use]
    pub(crate) fn known_as(mut self, kind: ErrorKind, message: impl Into<String>) -> Self {
        self.0.kind = kind;
        self.0.message = message.into();
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Returns what failed, without the server's words.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the server's own words and what they answer, where it said something.
    pub fn words(&self) -> Option<String> {
        let reply = self.reply()?;
        Some(match self.command() {
            Some(command) => format!("`{command}` got `{reply}`"),
            None => format!("`{reply}`"),
        })
    }

    /// Returns the command it answers, secrets masked.
    pub fn command(&self) -> Option<&str> {
        self.0.command.as_deref()
    }

    /// Returns the reply that says it.
    pub fn reply(&self) -> Option<&Reply> {
        self.0.reply.as_ref()
    }

    /// Tells whether the server may have done what it was asked to: its answer was lost with the
    /// connection, so whoever must know looks at what is there.
    pub fn outcome_is_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Returns what helps against it.
    pub fn cure(&self) -> Cure {
        Cure::of(self.kind())
    }

    /// Tells whether the same operation may succeed when tried again.
    pub fn is_temporary(&self) -> bool {
        self.cure() != Cure::Tell
    }
}

/// Returns what the system says, without its number, which is for those who have the source.
fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|number| format!(" (os error {number})"));
    let words = number.and_then(|number| text.strip_suffix(&number).map(str::to_owned));
    words.unwrap_or(text)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        self.words().map_or(Ok(()), |words| write!(f, ": {words}"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::io("the connection failed", error)
    }
}

/// Keeps the error: `into_inner` and `downcast` bring it back.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::AlreadyExists => io::ErrorKind::AlreadyExists,
            ErrorKind::IsADirectory => io::ErrorKind::IsADirectory,
            ErrorKind::NotADirectory => io::ErrorKind::NotADirectory,
            ErrorKind::NotEmpty => io::ErrorKind::DirectoryNotEmpty,
            ErrorKind::NotFound => io::ErrorKind::NotFound,
            ErrorKind::NoSpace => io::ErrorKind::StorageFull,
            ErrorKind::PermissionDenied => io::ErrorKind::PermissionDenied,
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Corrupted => io::ErrorKind::InvalidData,
            ErrorKind::Truncated => io::ErrorKind::UnexpectedEof,
            ErrorKind::Unsupported => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        let kind = match error {
            DecodeError::Truncated => ErrorKind::Connection,
            _ => ErrorKind::Protocol,
        };
        Self::new(kind, error.to_string()).caused_by(error)
    }
}

impl From<OutOfStep> for Error {
    fn from(error: OutOfStep) -> Self {
        Self::new(ErrorKind::Protocol, error.to_string()).caused_by(error)
    }
}

impl From<Misread> for Error {
    fn from(error: Misread) -> Self {
        Self::new(ErrorKind::Protocol, error.to_string()).caused_by(error)
    }
}

impl From<ArgumentError> for Error {
    fn from(error: ArgumentError) -> Self {
        Self::new(ErrorKind::Misuse, error.to_string()).caused_by(error)
    }
}

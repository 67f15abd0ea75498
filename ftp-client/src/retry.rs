//! What a refusal means and what helps: the one table from reply to [`ErrorKind`] and [`Cure`].

use ftp_proto::refusal::{Refusal, refusal};
use ftp_proto::{Command, Reply};

use crate::error::{Error, ErrorKind};

/// What helps against a failure.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Cure {
    /// The same again on another session.
    Anew,
    /// The same again on one of fewer sessions.
    Fewer,
    /// Nothing: somebody has to be told.
    Tell,
    /// The same again after a while.
    Wait,
}

impl Cure {
    /// Returns what helps against an error of this kind.
    pub(crate) fn of(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::Connection
            | ErrorKind::Corrupted
            | ErrorKind::DataPort
            | ErrorKind::Protocol
            | ErrorKind::Timeout
            | ErrorKind::Truncated => Self::Anew,
            ErrorKind::Temporary => Self::Wait,
            ErrorKind::TooManyConnections => Self::Fewer,
            _ => Self::Tell,
        }
    }
}

/// Returns the error that `reply` to `command` is.
pub(crate) fn refused(command: &Command, reply: Reply) -> Error {
    let (kind, message) = match forgets_login(command, &reply) {
        true => (ErrorKind::Connection, "the server has forgotten the login"),
        false => meaning(command, refusal(&reply)),
    };
    Error::new(kind, message).command_sent(command).replied(reply)
}

/// Tells whether the server takes a session that is logged in for one that is not: nothing will
/// succeed on it any more.
pub(crate) fn forgets_login(command: &Command, reply: &Reply) -> bool {
    let early = [Command::Feat, Command::Noop, Command::Quit, Command::Syst];
    let during_login = early.contains(command)
        || matches!(
            command,
            Command::Acct(_)
                | Command::Auth(_)
                | Command::Host(_)
                | Command::Pass(_)
                | Command::Pbsz(_)
                | Command::Prot(_)
                | Command::User(_)
        );
    !during_login && reply.code() == 530 && refusal(reply) == Refusal::Login
}

/// Returns the error of a reply that ends the session, or its login.
pub(crate) fn turned_away(reply: Reply) -> Error {
    let (kind, message) = match refusal(&reply) {
        Refusal::TooMany => (ErrorKind::TooManyConnections, "the server takes no more connections"),
        Refusal::Tls => (ErrorKind::Tls, "the server wants TLS, or another kind of it"),
        Refusal::Login => (ErrorKind::Login, "the server refused user or password"),
        Refusal::Busy if reply.code() == 530 => {
            (ErrorKind::Temporary, "the server takes no logins for now")
        }
        _ => (ErrorKind::Connection, "the server closes the connection"),
    };
    Error::new(kind, message).replied(reply)
}

fn meaning(command: &Command, refusal: Refusal) -> (ErrorKind, &'static str) {
    match refusal {
        Refusal::Busy => (ErrorKind::Temporary, "the server is busy"),
        Refusal::Data => (ErrorKind::Connection, "the data connection failed"),
        Refusal::Exists => (ErrorKind::AlreadyExists, "it exists already"),
        Refusal::Forbidden => (ErrorKind::PermissionDenied, "the server forbids it"),
        Refusal::IsADirectory => (ErrorKind::IsADirectory, "it is a directory"),
        Refusal::Login => (ErrorKind::Login, "the server wants another login"),
        Refusal::Missing => (ErrorKind::NotFound, missing(command)),
        Refusal::NoSpace => (ErrorKind::NoSpace, "the server has no space left"),
        Refusal::NotADirectory => (ErrorKind::NotADirectory, "it is not a directory"),
        Refusal::NotEmpty => (ErrorKind::NotEmpty, "the directory is not empty"),
        Refusal::Tls => (ErrorKind::Tls, "the server wants TLS, or another kind of it"),
        Refusal::TooMany => (ErrorKind::TooManyConnections, "too many connections are open"),
        Refusal::Unsupported => (ErrorKind::Unsupported, "the server cannot do that"),
        _ => (ErrorKind::Refused, "the server refused"),
    }
}

fn missing(command: &Command) -> &'static str {
    match command {
        Command::Cwd(_) | Command::Rmd(_) | Command::Mlsd(_) => "there is no such directory",
        _ => "there is no such file or directory",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ftp_proto::Argument;

    #[track_caller]
    fn check(line: &str, kind: &ErrorKind, cure: Cure) {
        let reply = Reply::parse(line.as_bytes()).expect("a reply");
        let command = Command::Dele(Argument::new("x").expect("an argument"));
        let error = refused(&command, reply);
        assert_eq!((error.kind(), error.cure()), (kind, cure), "{line}");
        assert_eq!(error.is_temporary(), cure != Cure::Tell);
        assert_eq!(error.command(), Some("DELE x"));
    }

    #[test]
    fn replies_have_a_kind_and_a_cure() {
        use ErrorKind::{Connection, IsADirectory, NoSpace, NotFound, PermissionDenied};
        use ErrorKind::{Refused, Temporary, Tls, TooManyConnections, Unsupported};
        // Pure-FTPd, vsftpd, and wu-ftpd with its 530.
        let line = "421 I can't accept more than 3 connections as the same user";
        check(line, &TooManyConnections, Cure::Fewer);
        check("421 There are too many connected users", &TooManyConnections, Cure::Fewer);
        check("530 User x access denied: too many sessions", &TooManyConnections, Cure::Fewer);
        // ProFTPD without a free port, vsftpd that wants TLS on the data connection.
        check(
            "425 Unable to build data connection: Address already in use",
            &Connection,
            Cure::Anew,
        );
        check("522 Data connections must be encrypted", &Tls, Cure::Tell);
        check("425 Can't open data connection.", &Connection, Cure::Anew);
        check("426 Connection closed; transfer aborted", &Connection, Cure::Anew);
        check("426 Failure reading network stream.", &Connection, Cure::Anew);
        // A file that somebody writes to; IIS says it with 550.
        check("450 x: Text file busy", &Temporary, Cure::Wait);
        check("450 STOR: data transfer in progress", &Temporary, Cure::Wait);
        check("550 The file is being used by another process.", &Temporary, Cure::Wait);
        check("450 x: No such file or directory", &NotFound, Cure::Tell);
        check("451 Local error in processing", &Temporary, Cure::Wait);
        check("452 Insufficient storage", &NoSpace, Cure::Tell);
        check("451 Error during write to file: No space left on device", &NoSpace, Cure::Tell);
        check("552 Disc quota exceeded", &NoSpace, Cure::Tell);
        // vsftpd and pyftpdlib after a restart behind a proxy that kept the connection.
        check("530 Please login with USER and PASS.", &Connection, Cure::Anew);
        check("530 Permission denied.", &PermissionDenied, Cure::Tell);
        check("550 Delete operation failed.", &Refused, Cure::Tell);
        check("550 x: Permission denied", &PermissionDenied, Cure::Tell);
        check("550 x: is a directory", &IsADirectory, Cure::Tell);
        check("553 Could not create file.", &Refused, Cure::Tell);
        check("553 Prohibited file name: a", &PermissionDenied, Cure::Tell);
        check("553 x: File exists", &ErrorKind::AlreadyExists, Cure::Tell);
        check("553 Permission denied on server.", &PermissionDenied, Cure::Tell);
        check("502 Not implemented", &Unsupported, Cure::Tell);
    }

    #[test]
    fn being_turned_away_has_its_reason() {
        let kind = |line: &str| {
            turned_away(Reply::parse(line.as_bytes()).expect("a reply")).kind().clone()
        };
        assert_eq!(kind("421 Too many users"), ErrorKind::TooManyConnections);
        assert_eq!(kind("530 Login incorrect"), ErrorKind::Login);
        assert_eq!(kind("421 Idle timeout"), ErrorKind::Connection);
        assert_eq!(kind("530 Server overloaded, try again later"), ErrorKind::Temporary);
    }

    #[test]
    fn the_message_names_command_and_reply() {
        let reply = Reply::parse(b"550 no\x1b such file").expect("a reply");
        let shown = refused(&Command::Pwd, reply).to_string();
        assert_eq!(shown, "the server refused: `PWD` got `550 no  such file`");
    }
}

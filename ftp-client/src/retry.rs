//! What a refusal means for the caller: the one table from reply to [`ErrorKind`].

use ftp_proto::refusal::{Refusal, refusal};
use ftp_proto::{Command, Reply};

use crate::error::{Error, ErrorKind};

/// Returns the error that `reply` to `command` is.
pub(crate) fn refused(command: &Command, reply: Reply) -> Error {
    let (kind, message) = meaning(command, refusal(&reply));
    Error::new(kind, message).command_sent(command).replied(reply)
}

/// Returns the error of a reply that ends the session, or its login.
pub(crate) fn turned_away(reply: Reply) -> Error {
    let (kind, message) = match refusal(&reply) {
        Refusal::TooMany => (ErrorKind::TooManyConnections, "the server takes no more connections"),
        Refusal::Tls => (ErrorKind::Tls, "the server wants TLS, or another kind of it"),
        Refusal::Login => (ErrorKind::Login, "the server refused user or password"),
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
    fn check(line: &str, kind: &ErrorKind, temporary: bool) {
        let reply = Reply::parse(line.as_bytes()).expect("a reply");
        let command = Command::Dele(Argument::new("x").expect("an argument"));
        let error = refused(&command, reply);
        assert_eq!((error.kind(), error.is_temporary()), (kind, temporary), "{line}");
        assert_eq!(error.command(), Some("DELE x"));
    }

    #[test]
    fn replies_have_a_kind_and_a_cure() {
        check("550 Delete operation failed.", &ErrorKind::Refused, false);
        check("550 x: No such file or directory", &ErrorKind::NotFound, false);
        check("550 x: Permission denied", &ErrorKind::PermissionDenied, false);
        check("450 File unavailable", &ErrorKind::Temporary, true);
        check("425 Cannot open data connection", &ErrorKind::Connection, true);
        check("426 Connection closed; transfer aborted", &ErrorKind::Connection, true);
        check("452 Insufficient storage", &ErrorKind::NoSpace, false);
        check("502 Not implemented", &ErrorKind::Unsupported, false);
    }

    #[test]
    fn being_turned_away_has_its_reason() {
        let kind = |line: &str| {
            turned_away(Reply::parse(line.as_bytes()).expect("a reply")).kind().clone()
        };
        assert_eq!(kind("421 Too many users"), ErrorKind::TooManyConnections);
        assert_eq!(kind("530 Login incorrect"), ErrorKind::Login);
        assert_eq!(kind("421 Idle timeout"), ErrorKind::Connection);
    }

    #[test]
    fn the_message_names_command_and_reply() {
        let reply = Reply::parse(b"550 no\x1b such file").expect("a reply");
        let shown = refused(&Command::Pwd, reply).to_string();
        assert_eq!(shown, "the server refused: `PWD` got `550 no  such file`");
    }
}

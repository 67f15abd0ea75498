//! What a failure of the client means for a path of the user, and the flag or option that helps.

use std::fmt;

use ftp_client::ErrorKind as Client;

use crate::error::{Error, ErrorKind};
use crate::path::Path;

/// Returns the engine's error, with the server's words and a way out where there is one.
pub(super) fn explain(error: ftp_client::Error, path: impl fmt::Display) -> Error {
    let (kind, hint) = meaning(&error);
    let path = path.to_string();
    let mut explained = Error::new(kind, error.message());
    if let Some(words) = error.words() {
        explained = explained.said(words);
    }
    explained = explained.caused_by(error);
    if !path.is_empty() {
        explained = explained.on(path);
    }
    match hint {
        Some(hint) => explained.hint(hint),
        None => explained,
    }
}

/// Like [`explain`], for an operation on a directory: what is not there is a directory.
pub(super) fn explain_directory(error: ftp_client::Error, path: &Path) -> Error {
    match error.kind() {
        Client::NotFound => Error::directory_not_found(path).caused_by(error),
        _ => explain(error, path),
    }
}

fn meaning(error: &ftp_client::Error) -> (ErrorKind, Option<String>) {
    let hint = |text: &str| Some(text.to_owned());
    match error.kind() {
        Client::AlreadyExists => (ErrorKind::AlreadyExists, None),
        Client::Certificate { fingerprint } => (ErrorKind::Tls, Some(certificate(fingerprint))),
        Client::Connection => (ErrorKind::Connection, hint(lost(error))),
        Client::DataPort => {
            let way = "passive mode is blocked: the server's owner can open its passive ports; \
                       `socks_proxy` goes around a firewall on this side; behind a load balancer \
                       try `trust_passive_address = true`";
            (ErrorKind::Connection, hint(way))
        }
        Client::IsADirectory => (ErrorKind::IsADirectory, None),
        Client::Login => {
            let way =
                "check `user`, and set the password with `rclone config password REMOTE pass`";
            (ErrorKind::Login, hint(way))
        }
        Client::Misuse => (ErrorKind::Usage, None),
        Client::NoSpace => (ErrorKind::NoSpace, hint("free some space there and run again")),
        Client::NotADirectory => (ErrorKind::NotADirectory, None),
        Client::NotEmpty => {
            (ErrorKind::NotEmpty, hint("`rclone purge` removes it with all that is in it"))
        }
        Client::NotFound => (ErrorKind::NotFound, None),
        Client::PermissionDenied => {
            let way = "check the path, or ask the server's owner for the right to it";
            (ErrorKind::PermissionDenied, hint(way))
        }
        Client::Protocol => {
            let way = "if it is another kind of server, check `host` and `port`: FTP is 21, and \
                       SFTP (22) is not FTP";
            (ErrorKind::Protocol, hint(way))
        }
        Client::Temporary => (ErrorKind::Temporary, None),
        Client::Timeout => {
            let way = "raise --timeout or --contimeout if the line is slow; a server on port 990 \
                       awaits `tls = true`";
            (ErrorKind::Timeout, hint(way))
        }
        Client::Tls if error.command().is_some_and(|command| command.starts_with("AUTH")) => {
            let way = "without `explicit_tls` the password and the files go in the clear; a server \
                       on port 990 wants `tls = true` instead";
            (ErrorKind::Tls, hint(way))
        }
        Client::Tls => {
            let way = "set `explicit_tls = true`, or `tls = true` for port 990; where that is so \
                       already, try `disable_tls13 = true`";
            (ErrorKind::Tls, hint(way))
        }
        Client::TlsVersion => {
            let way = "TLS 1.2 and 1.3 are spoken here, less with `tls_min_version` or \
                       `disable_tls13`; a server that is older than both has to be updated";
            (ErrorKind::Tls, hint(way))
        }
        Client::TooManyConnections => {
            (ErrorKind::Temporary, hint("lower --transfers, --checkers or `concurrency`"))
        }
        Client::Corrupted | Client::Truncated => (ErrorKind::Corrupted, None),
        Client::UnknownHost => (ErrorKind::Other, hint("check `host`")),
        Client::Unsupported => (ErrorKind::Unsupported, None),
        _ => (ErrorKind::Other, None),
    }
}

/// A port where nobody listens has another cure than a line that broke.
fn lost(error: &ftp_client::Error) -> &'static str {
    let cause = std::error::Error::source(error);
    let cause = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match cause.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::ConnectionRefused) => {
            "check `host` and `port`, and whether the server runs"
        }
        _ => "run it again: it goes on where it stopped",
    }
}

fn certificate(fingerprint: &[u8; 32]) -> String {
    let hex: Vec<String> = fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "if it is the server's own, trust it with `tls_fingerprint = {}`, or its authority with \
         --ca-cert; `no_check_certificate` trusts anybody on the line",
        hex.join("")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Client, expected: ErrorKind, message: &str) {
        let error = explain(ftp_client::Error::new(kind, "it failed"), "d/f");
        assert_eq!((error.kind(), error.to_string()), (expected, message.into()));
    }

    #[test]
    fn errors_name_the_path_and_the_way_out() {
        check(Client::Refused, ErrorKind::Other, "d/f: it failed");
        let way = "check `user`, and set the password with `rclone config password REMOTE pass`";
        check(Client::Login, ErrorKind::Login, &format!("d/f: it failed ({way})"));
    }

    #[test]
    fn a_certificate_that_is_not_trusted_shows_its_fingerprint() {
        let kind = Client::Certificate { fingerprint: [0xab; 32] };
        let error = explain(ftp_client::Error::new(kind, "not trusted"), "");
        assert_eq!(error.kind(), ErrorKind::Tls);
        let shown = error.to_string();
        assert!(shown.contains("tls_fingerprint = abab"), "{shown}");
        assert!(shown.contains("--ca-cert") && shown.contains("no_check_certificate"), "{shown}");
    }

    #[test]
    fn a_server_too_old_for_tls_is_not_told_to_use_an_older_one() {
        let error = explain(ftp_client::Error::new(Client::TlsVersion, "no version"), "");
        assert_eq!(error.kind(), ErrorKind::Tls);
        assert!(error.to_string().contains("`tls_min_version`"), "{error}");
        assert!(!error.to_string().contains("try `disable_tls13"), "{error}");
    }

    #[test]
    fn a_missing_directory_is_told_from_a_missing_file() {
        let missing = || ftp_client::Error::new(Client::NotFound, "no");
        let path: Path = "d".parse().unwrap();
        assert_eq!(explain(missing(), &path).kind(), ErrorKind::NotFound);
        assert_eq!(explain_directory(missing(), &path).kind(), ErrorKind::DirectoryNotFound);
    }
}

//! The servers themselves: each starts, logs a user in over its kind of connection and ends.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use tests::servers::PASSWORD;
use tests::{Security, Server, Software};

fn logs_in(software: Software) {
    let Some(server) = Server::start(software, Security::Plain) else { return };
    let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    write!(&stream, "USER {}\r\nPASS {PASSWORD}\r\n", server.user()).unwrap();
    let login = replies.find(|reply| reply.starts_with("230") || reply.starts_with('5'));
    assert!(login.as_deref().is_some_and(|reply| reply.starts_with("230")), "{login:?}");
    let port = server.port();
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "it ends when dropped");
}

#[test]
fn proftpd_logs_in() {
    logs_in(Software::Proftpd);
}

#[test]
fn pure_ftpd_logs_in() {
    logs_in(Software::PureFtpd);
}

#[test]
fn pyftpdlib_logs_in() {
    logs_in(Software::Pyftpdlib);
}

#[test]
fn vsftpd_logs_in() {
    logs_in(Software::Vsftpd);
}

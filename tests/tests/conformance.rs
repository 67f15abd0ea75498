//! The suite that every backend of the engine runs, on the FTP backend over real servers.

use std::sync::Arc;

use ftp_client::Options;
use ftp_client::options::{TlsMode, TlsOptions};
use sync_core::Tree;
use sync_core::encoding::Encoder;
use sync_core::remote::conformance::{Limits, all};
use sync_core::remote::ftp::Ftp;
use tests::servers::PASSWORD;
use tests::{Security, Server, Software};

fn options(server: &Server, security: Security) -> Options {
    let tls = if security == Security::Tls { TlsMode::Explicit } else { TlsMode::None };
    let tls_options = TlsOptions { extra_roots: vec![server.authority()], ..TlsOptions::default() };
    Options {
        host: "127.0.0.1".into(),
        port: server.port(),
        user: server.user().into(),
        password: PASSWORD.to_owned().into(),
        tls,
        tls_options,
        ..Options::default()
    }
}

/// The encoding that suits a server, as rclone's manual has it, and the names that even then it
/// stores under another one.
fn habits(software: Software) -> (Encoder, Limits) {
    let (flags, names) = match software {
        Software::Proftpd => ("Asterisk,Ctl,Dot,Slash", vec![]),
        Software::PureFtpd => {
            ("BackSlash,Ctl,Del,Dot,RightSpace,Slash,SquareBracket", vec![" leading"])
        }
        Software::Pyftpdlib => ("Slash,Del,Ctl,RightSpace,Dot", vec![]),
        Software::Vsftpd => ("Ctl,LeftPeriod,Slash", vec![]),
    };
    (Encoder::parse(flags).unwrap(), Limits { names })
}

async fn conforms(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    let (encoder, limits) = habits(software);
    let remote = Arc::new(Ftp::new(options(&server, security), encoder).unwrap());
    let tree = Tree::new(remote, "suite".parse().unwrap());
    all(&tree, &limits).await;
    tree.remote.shutdown().await;
}

#[tokio::test]
async fn proftpd() {
    conforms(Software::Proftpd, Security::Plain).await;
}

#[tokio::test]
async fn proftpd_with_tls() {
    conforms(Software::Proftpd, Security::Tls).await;
}

#[tokio::test]
async fn pure_ftpd() {
    conforms(Software::PureFtpd, Security::Plain).await;
}

#[tokio::test]
async fn pure_ftpd_with_tls() {
    conforms(Software::PureFtpd, Security::Tls).await;
}

#[tokio::test]
async fn pyftpdlib() {
    conforms(Software::Pyftpdlib, Security::Plain).await;
}

#[tokio::test]
async fn pyftpdlib_with_tls() {
    conforms(Software::Pyftpdlib, Security::Tls).await;
}

#[tokio::test]
async fn vsftpd() {
    conforms(Software::Vsftpd, Security::Plain).await;
}

#[tokio::test]
async fn vsftpd_with_tls() {
    conforms(Software::Vsftpd, Security::Tls).await;
}

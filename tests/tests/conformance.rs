//! The suite that every backend of the engine runs, on the FTP backend over real servers.

use std::collections::BTreeMap;
use std::sync::Arc;

use ftp_client::Options;
use ftp_client::options::{TlsMode, TlsOptions};
use jiff::Timestamp;
use sync_core::encoding::Encoder;
use sync_core::ops::{Mode, sync};
use sync_core::progress::{Event, Progress};
use sync_core::remote::conformance::{Limits, all};
use sync_core::remote::ftp::Ftp;
use sync_core::remote::memory::Memory;
use sync_core::remote::record::Record;
use sync_core::remote::watch::{Call, Watched};
use sync_core::{Context, Path, Tree};
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

/// Tells why something was tried again, where a test that counts has failed.
struct Tries;

impl Progress for Tries {
    #[expect(clippy::print_stderr, reason = "a failed test shows it")]
    fn event(&self, event: Event<'_>) {
        if let Event::Retrying { path, error, .. } = event {
            eprintln!("{path} is tried again: {error}");
        }
    }
}

/// What is asked of a server that tells all in its listings, when nothing has changed.
async fn a_second_sync_only_lists(software: Software) {
    let Some(server) = Server::start(software, Security::Plain) else { return };
    let ftp = Ftp::new(options(&server, Security::Plain), Encoder::default()).unwrap();
    let watched = Arc::new(Watched::new(Arc::new(ftp), Record::default()));
    let memory = Memory::new();
    for number in 0..1000 {
        let time = Timestamp::from_second(1_700_000_000 + number).unwrap();
        memory.put(&format!("d{}/f{number}", number % 20), "content", time);
    }
    let source = Tree::new(Arc::new(memory), Path::root());
    let destination = Tree::new(watched.clone(), "copy".parse().unwrap());
    let cache = tempfile::tempdir().unwrap();
    let calls = watched.watch();
    for journal in [None, Some(cache.path().into()), Some(cache.path().into())] {
        let first = journal.is_none();
        let context = Context {
            options: sync_core::Options { journal, ..sync_core::Options::default() },
            progress: Arc::new(Tries),
            ..Context::default()
        };
        sync(&context, &source, &destination, Mode::Sync).await.unwrap();
        let sent = calls.take().remove(&Call::Create).unwrap_or_default();
        assert_eq!(sent, if first { 1000 } else { 0 }, "the first run alone sends each file once");
    }
    sync(&Context::default(), &source, &destination, Mode::Sync).await.unwrap();
    assert_eq!(calls.take(), BTreeMap::from([(Call::List, 21)]));
    destination.remote.shutdown().await;
}

#[tokio::test]
async fn a_second_sync_only_lists_on_proftpd() {
    a_second_sync_only_lists(Software::Proftpd).await;
}

#[tokio::test]
async fn a_second_sync_only_lists_on_pure_ftpd() {
    a_second_sync_only_lists(Software::PureFtpd).await;
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

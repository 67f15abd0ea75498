//! The control connection during long transfers: where it is used, and what the answers do to the end of
//! a transfer.
//!
//! The time is tokio's: it passes at once where everybody waits.

use tests::servers::PASSWORD;
use tests::{Security, Server, Software};
use tokio::time::{Instant, advance, sleep};

use super::*;

const BEGUN: &str = "C: EPSV\nS: 229 ({port})\nC: RETR /a\nS: 150 here\nA\n";
const NEXT: &str = "C: EPSV\nS: 226 done\nS: 229 ({port})\n";

fn patient(script: &Script) -> Pool {
    let idle_timeout = Duration::from_secs(600);
    Pool::new(Options { idle_timeout, ..options(script.port()) }).expect("options that make sense")
}

/// A file that begins to come after more than a minute.
fn slow(noop: &str, rest: &str) -> String {
    [BEGUN, noop, "D: one\n", rest].concat()
}

async fn download(rest: &str) -> (Pool, Script, ftp_client::Result<Vec<u8>>) {
    let script = Script::start(&[&with_login(rest)]).await;
    let pool = patient(&script);
    let begun = Instant::now();
    let fetched = fetch(&pool, b"a").await;
    assert_eq!(begun.elapsed().as_secs(), 60);
    (pool, script, fetched)
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_come_during_a_download_or_behind_it() {
    let step = "C: SIZE /a\nS: 213 3\n";
    let behind = "C: EPSV\nS: 226 done\nS: 200 NOOP ok\nS: 229 ({port})\n";
    for (noop, rest) in [("C: NOOP\nS: 200 busy\n", NEXT), ("C: NOOP\n", behind)] {
        let (pool, script, fetched) = download(&slow(noop, &[rest, step].concat())).await;
        assert_eq!(fetched.expect("a file"), b"one");
        assert_eq!(pool.session().await.expect("it").size(b"a").await.expect("in step"), 3);
        assert_eq!(pool.personality().answers_noop, Some(true));
        script.finish().await;
    }
}

/// Pure-FTPd answers so, and goes on.
#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_is_not_asked_again() {
    let again = BEGUN.replace("C: EPSV\nS: 229 ({port})\n", "") + "W: 200000\nD: two\n" + NEXT;
    let all = slow("C: NOOP\nS: 500 Unknown command\n", NEXT) + &again;
    let (pool, script, fetched) = download(&all).await;
    assert_eq!(fetched.expect("a file"), b"one");
    assert_eq!(pool.personality().answers_noop, Some(false));
    assert_eq!(fetch(&pool, b"a").await.expect("a file"), b"two");
    script.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_breaks_is_not_asked_again() {
    let (pool, _script, fetched) = download(&slow("C: NOOP\n", "S: 426 what?\n")).await;
    assert!(fetched.expect_err("cut").is_temporary());
    assert_eq!(pool.personality().answers_noop, Some(false));
}

/// An upload that rests for more than a minute.
async fn upload(pool: &Pool) {
    let session = pool.session().await.expect("a session");
    let mut upload = session.store(b"f.partial", 0).await.expect("an upload");
    upload.write(Bytes::from_static(b"he")).await.expect("room");
    advance(Duration::from_secs(61)).await;
    upload.write(Bytes::from_static(b"llo")).await.expect("room");
    let finish = Finish { size: Some(5), ..Finish::default() };
    upload.finish(finish).await.expect("five bytes");
}

const UPLOAD: &str = "C: EPSV\nS: 229 ({port})\nC: STOR /f.partial\nA\nS: 150 go\n";
const STORED: &str = "D?\nS: 226 done\nC: SIZE /f.partial\nS: 213 5\n";

#[tokio::test(start_paused = true)]
async fn an_upload_has_no_part_in_finding_out() {
    let script = Script::start(&[&with_login(&[UPLOAD, STORED].concat())]).await;
    let pool = patient(&script);
    upload(&pool).await;
    assert_eq!(pool.personality().answers_noop, None);
    script.finish().await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_uses_what_a_download_has_shown() {
    let taken = UPLOAD.replace("C: EPSV\nS: 229 ({port})\n", "");
    let all = [&slow("C: NOOP\nS: 200 ok\n", NEXT), &taken[..], "C: NOOP\nS: 200 ok\n", STORED];
    let (pool, script, fetched) = download(&all.concat()).await;
    fetched.expect("a file");
    upload(&pool).await;
    script.finish().await;
}

/// What nobody can tell to be the end is not waited for at leisure.
#[tokio::test]
async fn an_end_of_unknown_size_is_asked_for_after_a_while() {
    for (size, whole) in [("3", true), ("5", false)] {
        let first = with_login(&[BEGUN, "D: one\nC: EPSV\nZ"].concat());
        let second = later_login() + &format!("C: SIZE /a\nS: 213 {size}\n");
        let script = Script::start(&[&first, &second]).await;
        let begun = Instant::now();
        let fetched = fetch(&patient(&script), b"a").await;
        assert_eq!(fetched.is_ok(), whole, "{fetched:?}");
        assert_eq!(begun.elapsed().as_secs(), 10);
        script.finish().await;
        tokio::time::resume();
    }
}

/// Sends a file with rests, and fetches it so.
async fn at_leisure(software: Software, security: Security) {
    let Some(server) = Server::start(software, security) else { return };
    let base = Options {
        host: server.host().to_string(),
        port: server.port(),
        user: server.user().into(),
        password: PASSWORD.into(),
        noop_interval: Duration::from_millis(30),
        ..Options::default()
    };
    let options = match security {
        Security::Plain => base,
        Security::Tls => {
            let verify = ftp_client::options::Verify::DangerAcceptAny;
            let tls_options = ftp_client::options::TlsOptions { verify, ..Default::default() };
            Options { tls: TlsMode::Explicit, tls_options, ..base }
        }
    };
    let pool = Pool::new(options).expect("options that make sense");
    let content = tests::tree::content(12 << 20, 3);
    for round in 0..2 {
        let session = pool.session().await.expect("a session");
        let mut up = session.store(b"f", 0).await.expect("an upload");
        for piece in content.chunks(2 << 20) {
            up.write(Bytes::copy_from_slice(piece)).await.expect("room");
            sleep(Duration::from_millis(40)).await;
        }
        let finish = Finish { size: Some(content.len() as u64), ..Finish::default() };
        up.finish(finish).await.unwrap_or_else(|error| panic!("{software:?} {round}: {error}"));
        let session = pool.session().await.expect("a session");
        let mut down = session.retrieve(b"f", 0).await.expect("a download");
        let mut fetched = Vec::new();
        loop {
            let piece = down.read().await;
            let piece = piece.unwrap_or_else(|error| panic!("{software:?} {round}: {error}"));
            if piece.is_empty() {
                break;
            }
            if fetched.len() / (3 << 20) < (fetched.len() + piece.len()) / (3 << 20) {
                sleep(Duration::from_millis(40)).await;
            }
            fetched.extend_from_slice(&piece);
        }
        assert!(fetched == content, "{software:?} {round}: {} bytes came", fetched.len());
        let mut session = pool.session().await.expect("a session");
        assert_eq!(session.size(b"f").await.expect("in step"), content.len() as u64);
    }
    let answers = software != Software::PureFtpd;
    assert_eq!(pool.personality().answers_noop, Some(answers), "{software:?} {security:?}");
}

#[tokio::test]
async fn real_servers_bear_it_and_pure_ftpd_is_spared() {
    for software in [Software::Proftpd, Software::Vsftpd, Software::PureFtpd, Software::Pyftpdlib] {
        for security in [Security::Plain, Security::Tls] {
            at_leisure(software, security).await;
        }
    }
}

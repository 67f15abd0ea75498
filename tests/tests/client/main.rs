//! What the client says on the wire, word for word, and what it makes of servers that misbehave.

mod batches;
mod closing;
mod flights;
mod hashes;
mod healing;
mod login_port;
mod overlap;
mod pulse;
mod reach;
mod room;
mod status;
mod streams;
mod truncation;
mod twice;

use std::time::Duration;

use bytes::Bytes;
use ftp_client::ftp_proto::hash::Algorithm;
use ftp_client::options::{Pipelining, TlsMode};
use ftp_client::{ErrorKind, Finish, Options, Pool};
use futures_util::FutureExt as _;
use tests::script::Script;

/// A login, everything after the 230 in one flight.
const LOGIN: &str = "
    S: 220 ready
    C: USER me
    S: 331 password, please
    C: PASS secret
    S: 230 welcome
    C: FEAT
    C: TYPE I
    C: OPTS UTF8 ON
    C: PWD
    C: SYST
    S: 211-Features:
    S:  MLST type*;size*;modify*;
    S:  MDTM
    S:  MFMT
    S:  SIZE
    S: 211 End
    S: 200 binary
    S: 200 UTF-8
    S: 257 \"/\"
    S: 215 UNIX Type: L8
";

/// The same for a later session: the system is known.
fn later_login() -> String {
    LOGIN.replace("C: SYST\n", "").replace("S: 215 UNIX Type: L8\n", "")
}

fn with_login(rest: &str) -> String {
    format!("{LOGIN}{rest}")
}

fn options(port: u16) -> Options {
    Options {
        host: "127.0.0.1".into(),
        port,
        user: "me".into(),
        password: "secret".into(),
        idle_timeout: Duration::from_secs(10),
        // A machine with much to do would look like a long line.
        round_trip: Some(Duration::ZERO),
        ..Options::default()
    }
}

fn pool(script: &Script) -> Pool {
    Pool::new(options(script.port())).expect("options that make sense")
}

#[tokio::test]
async fn a_server_without_passive_mode_does_not_lack_mlsd() {
    let refused = "
        C: CWD /d
        C: EPSV
        S: 250 there
        S: 500 EPSV not understood
        C: PASV
        S: 500 PASV not understood";
    let script = Script::start(&[&with_login(refused)]).await;
    let pool = pool(&script);
    let error = pool.session().await.expect("a session").list(b"d").await.expect_err("no way");
    assert_eq!(error.command(), Some("PASV"), "{error}");
    assert_eq!(pool.personality().mlsd, None);
    script.finish().await;
}

/// What is seen of a directory that another connection makes between the refusal and the look at what is
/// there.
const MADE_MEANWHILE: &str = "
        C: CWD /d
        C: EPSV
        S: 550 /d: cannot be had
        S: 229 ({port})
        C: CWD /
        C: EPSV
        S: 250 there
        S: 229 ({port})
        C: MLSD
        S: 150 here
        D: type=dir; d\n
        C: EPSV
        S: 226 done
        S: 229 ({port})
        C: CWD /d
        C: MLSD
        S: 250 there
        S: 150 here
        D: type=file;size=1; g\n
        C: EPSV
        S: 226 done
        S: 229 ({port})";

#[tokio::test]
async fn a_directory_made_meanwhile_is_listed() {
    let script = Script::start(&[&with_login(MADE_MEANWHILE)]).await;
    let mut session = pool(&script).session().await.expect("a session");
    let listing = session.list(b"d").await.expect("it is there now");
    assert_eq!(listing.entries[0].name(), b"g");
    drop(session);
    script.finish().await;
}

#[tokio::test]
async fn a_directory_that_has_just_been_made_is_not_forbidden() {
    let looked = "C: MLST /d/f\nS: 550 /d/f: cannot be had";
    let script = Script::start(&[&with_login(&format!("{looked}{MADE_MEANWHILE}"))]).await;
    let mut session = pool(&script).session().await.expect("a session");
    assert!(session.stat(b"d/f").await.expect("an answer").is_none());
    drop(session);
    script.finish().await;
}

async fn fetch(pool: &Pool, name: &[u8]) -> ftp_client::Result<Vec<u8>> {
    let mut download = pool.session().await?.retrieve(name, 0).await?;
    let mut content = Vec::new();
    loop {
        let piece = download.read().await?;
        if piece.is_empty() {
            return Ok(content);
        }
        content.extend_from_slice(&piece);
    }
}

/// A file on its way, up to its last byte.
const STORE: &str = "
    C: EPSV
    S: 229 ({port})
    C: STOR /f.partial
    S: 150 go
    D?
";

async fn store(pool: &Pool, finish: Finish) -> ftp_client::Result<ftp_client::Finished> {
    let session = pool.session().await?;
    let mut upload = session.store(b"f.partial", 0).await?;
    upload.write(Bytes::from_static(b"hello")).await?;
    upload.finish(finish).await
}

fn named(size: u64) -> Finish {
    let modified = "2020-02-03T04:05:06Z".parse().expect("a time");
    Finish {
        size: Some(size),
        modified: Some(modified),
        hash: None,
        rename_to: Some(b"f".to_vec()),
    }
}

#[tokio::test]
async fn a_directory_is_entered_and_listed_without_an_argument() {
    let script = Script::start(&[&with_login(
        "C: CWD /-d
         C: EPSV
         S: 250 there
         S: 229 ({port})
         C: MLSD
         S: 150 here
         D: type=cdir; .\\ntype=file;size=3;modify=20200203040506; a b\\nnonsense\\n
         S: 226 done",
    )])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    let listing = session.list(b"-d").await.expect("a listing");
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(listing.entries[0].name(), b"a b");
    assert_eq!(listing.entries[0].size, Some(3));
    assert_eq!(listing.unread.len(), 1);
    script.finish().await;
}

#[tokio::test]
async fn an_upload_is_confirmed_verified_dated_and_named() {
    let script = Script::start(&[&with_login(&format!(
        "{STORE}
         S: 226 done
         C: MFMT 20200203040506 /f.partial
         S: 213 Modify=20200203040506; /f.partial
         C: SIZE /f.partial
         S: 213 5
         C: RNFR /f.partial
         C: RNTO /f
         S: 350 and?
         S: 250 renamed"
    ))])
    .await;
    let finished = store(&pool(&script), named(5)).await.expect("an upload");
    assert!(finished.time_not_set.is_none());
    script.finish().await;
}

#[tokio::test]
async fn a_trusted_server_gets_the_epilogue_in_one_flight() {
    let upload = |epilogue: &str| format!("{STORE}\nS: 226 done\n{epilogue}");
    let careful = "
        C: SIZE /f.partial
        C: MFMT 20200203040506 /f.partial
        S: 213 5
        S: 213 dated
        C: RNFR /f.partial
        C: RNTO /f
        S: 350 and?
        S: 250 renamed";
    let first = careful
        .replace("C: SIZE /f.partial\n", "")
        .replace("S: 213 5\n", "")
        .replace("S: 213 dated", "S: 213 dated\nC: SIZE /f.partial\nS: 213 5");
    // The next port is asked for in the same flight.
    let trusting = "
        C: EPSV
        C: SIZE /f.partial
        C: MFMT 20200203040506 /f.partial
        C: RNFR /f.partial
        C: RNTO /f
        S: 229 ({port})
        S: 213 5
        S: 213 dated
        S: 350 and?
        S: 250 renamed";
    let mut all = [&first[..], careful, careful, trusting].map(upload).concat();
    let (_, next) = STORE.split_once("S: 229 ({port})").expect("a port");
    all.push_str(&format!("{next}\nS: 226 done\n{trusting}"));
    let script = Script::start(&[&with_login(&all)]).await;
    let pool = pool(&script);
    for _ in 0..5 {
        store(&pool, named(5)).await.expect("an upload");
    }
    script.finish().await;
}

#[tokio::test]
async fn a_file_of_the_wrong_size_gets_no_name() {
    let script = Script::start(&[&with_login(&format!(
        "{STORE}
         S: 226 done
         C: SIZE /f.partial
         S: 213 4
         C: NOOP
         S: 200 ok"
    ))])
    .await;
    let pool = pool(&script);
    let finish = Finish { modified: None, ..named(5) };
    let error = store(&pool, finish).await.expect_err("four bytes are not five");
    assert_eq!(*error.kind(), ErrorKind::Truncated);
    pool.session().await.expect("the session").check().await.expect("in step");
    script.finish().await;
}

#[tokio::test]
async fn a_lost_confirmation_is_settled_on_another_session() {
    let first = with_login(&format!("{STORE}\nX"));
    let second = later_login()
        + "
        C: SIZE /f.partial
        S: 213 5
        C: SIZE /f.partial
        S: 213 5
        C: RNFR /f.partial
        C: RNTO /f
        S: 350 and?
        S: 250 renamed";
    let script = Script::start(&[&first, &second]).await;
    store(&pool(&script), Finish { modified: None, ..named(5) }).await.expect("a complete file");
    script.finish().await;
}

#[tokio::test]
async fn a_cut_upload_is_an_error_with_the_servers_words() {
    let script = Script::start(&[&with_login(&format!(
        "{STORE}
         S: 426 Failure reading network stream.
         C: NOOP
         S: 200 ok
         C: SIZE /f.partial
         S: 213 3"
    ))])
    .await;
    let error = store(&pool(&script), named(5)).await.expect_err("cut");
    assert!(error.to_string().contains("426 Failure reading"), "{error}");
    assert!(error.is_temporary());
    script.finish().await;
}

#[tokio::test]
async fn a_file_is_not_replaced_by_a_server_that_will_not() {
    let script = Script::start(&[&with_login(
        "C: RNFR /a
         C: RNTO /b
         S: 350 and?
         S: 550 Rename failed.
         C: MLST /a
         S: 250-Listing
         S:  type=file;size=1; /a
         S: 250 End
         C: MLST /b
         S: 250-Listing
         S:  type=file;size=1; /b
         S: 250 End
         C: DELE /b
         S: 250 gone
         C: RNFR /a
         C: RNTO /b
         S: 350 and?
         S: 250 renamed
         C: DELE /b
         C: RNFR /a
         C: RNTO /b
         S: 550 File not found
         S: 350 and?
         S: 250 renamed",
    )])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    session.rename(b"a", b"b").await.expect("renamed");
    session.rename(b"a", b"b").await.expect("renamed at once");
    script.finish().await;
}

#[tokio::test]
async fn epsv_refused_is_not_asked_for_again() {
    let listing = "
        S: 227 Entering ({port})
        C: MLSD
        S: 150 here
        D: type=file; a\\n
        S: 226 done";
    let script = Script::start(&[&with_login(&format!(
        "C: EPSV
         S: 500 What?
         C: PASV {listing}
         C: PASV {listing}"
    ))])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    for _ in 0..2 {
        assert_eq!(session.list(b"").await.expect("a listing").entries.len(), 1);
    }
    script.finish().await;
}

#[tokio::test]
async fn pret_is_sent_where_nothing_goes_without() {
    let listing = "
        C: PRET MLSD
        C: PASV
        S: 200 go on
        S: 227 Entering ({port})
        C: MLSD
        S: 150 here
        D: type=file; a\\n
        S: 226 done";
    let login = with_login(&format!(
        "C: EPSV
         S: 500 What?
         C: PASV
         S: 500 You need to use a client supporting PRET (PRE Transfer) to use PASV
         {listing}
         {listing}"
    ));
    let script = Script::start(&[&login.replace("S:  MLST", "S:  PRET\nS:  MLST")]).await;
    let mut session = pool(&script).session().await.expect("a session");
    for _ in 0..2 {
        assert_eq!(session.list(b"").await.expect("a listing").entries.len(), 1);
    }
    script.finish().await;
}

#[tokio::test]
async fn epsv_that_leads_nowhere_falls_back_to_pasv() {
    let script = Script::start(&[&with_login(
        "C: EPSV
         S: 229 (|||1|)
         C: PASV
         S: 227 Entering ({port})
         C: MLSD
         S: 150 here
         D: type=file; a\\n
         S: 226 done",
    )])
    .await;
    let pool = pool(&script);
    let mut session = pool.session().await.expect("a session");
    assert_eq!(session.list(b"").await.expect("a listing").entries.len(), 1);
    assert_eq!(pool.personality().extended_passive, Some(false));
    script.finish().await;
}

#[tokio::test]
async fn a_bare_550_is_looked_into() {
    let script = Script::start(&[&with_login(
        "C: RMD /d
         S: 550 Remove directory operation failed.
         C: CWD /d
         C: EPSV
         S: 250 there
         S: 229 ({port})
         C: MLSD
         S: 150 here
         D: type=file; a\\n
         C: EPSV
         S: 226 done
         S: 229 ({port})
         C: CWD /
         C: RMD /d
         S: 250 home
         S: 550 /d: No such file or directory",
    )])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    let full = session.rmdir(b"d").await.expect_err("not empty");
    assert_eq!(*full.kind(), ErrorKind::NotEmpty);
    let missing = session.rmdir(b"d").await.expect_err("not there");
    assert_eq!(*missing.kind(), ErrorKind::NotFound);
    script.finish().await;
}

#[tokio::test]
async fn many_commands_leave_before_the_first_answer() {
    let names: Vec<_> = (0..100).map(|n| format!("d{n}")).collect();
    let asked: String = names.iter().map(|name| format!("C: MKD /{name}\n")).collect();
    let mut told = "S: 257 made\n".repeat(99);
    told.push_str("S: 550 File exists\n");
    let script = Script::start(&[&with_login(&format!("{asked}{told}"))]).await;
    let mut session = pool(&script).session().await.expect("a session");
    let results = session.mkdir_all(&names).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 99);
    let last = results.into_iter().last().expect("a hundred").expect_err("it is there");
    assert_eq!(*last.kind(), ErrorKind::AlreadyExists);
    script.finish().await;
}

#[tokio::test]
async fn in_lock_step_each_answer_is_awaited() {
    let greeted = "
        S: 220 ready
        C: USER me
        S: 230 welcome
        C: FEAT
        S: 502 no
        C: TYPE I
        S: 200 binary
        C: OPTS UTF8 ON
        S: 502 no
        C: PWD
        S: 257 \"/\"
        C: SYST
        S: 215 UNIX
        C: DELE /a
        S: 250 gone
        C: DELE /b
        S: 250 gone";
    let script = Script::start(&[greeted]).await;
    let pipelining = Pipelining::LockStep;
    let pool = Pool::new(Options { pipelining, ..options(script.port()) }).expect("a pool");
    let mut session = pool.session().await.expect("a session");
    assert!(session.remove_all(&["a", "b"]).await.iter().all(Result::is_ok));
    script.finish().await;
}

#[tokio::test]
async fn an_operation_given_up_leaves_the_session_in_step() {
    let script = Script::start(&[&with_login(
        "C: SIZE /a
         S: 213 1
         C: SIZE /b
         S: 213 2",
    )])
    .await;
    let pool = pool(&script);
    let mut session = pool.session().await.expect("a session");
    assert!(session.size(b"a").now_or_never().is_none());
    drop(session);
    let mut session = pool.session().await.expect("the same session");
    assert_eq!(session.size(b"b").await.expect("a size"), 2);
    script.finish().await;
}

#[tokio::test]
async fn a_download_given_up_takes_its_session_with_it() {
    let first = with_login(
        "C: EPSV
         S: 229 ({port})
         C: RETR /a
         S: 150 here",
    );
    let second = later_login() + "C: NOOP\nS: 200 ok";
    let script = Script::start(&[&first, &second]).await;
    let pool = pool(&script);
    let session = pool.session().await.expect("a session");
    drop(session.retrieve(b"a", 0).await.expect("a download"));
    pool.session().await.expect("another session").check().await.expect("in step");
    script.finish().await;
}

#[tokio::test]
async fn the_next_port_is_asked_for_while_a_download_ends() {
    let script = Script::start(&[&with_login(
        "C: EPSV
         S: 229 ({port})
         C: RETR /a
         S: 150 here
         D: one
         C: EPSV
         S: 226 done
         S: 229 ({port})
         C: RETR /b
         S: 150 here
         D: two
         C: EPSV
         S: 226 done
         S: 229 (|||1|)
         C: SIZE /b
         S: 213 3",
    )])
    .await;
    let pool = pool(&script);
    for (name, content) in [("a", "one"), ("b", "two")] {
        let session = pool.session().await.expect("a session");
        let mut download = session.retrieve(name.as_bytes(), 0).await.expect("a download");
        assert_eq!(download.read().await.expect("data"), content);
        assert!(download.read().await.expect("the end").is_empty());
    }
    let mut session = pool.session().await.expect("a session");
    assert_eq!(session.size(b"b").await.expect("a size"), 3);
    script.finish().await;
}

#[tokio::test]
async fn a_restart_that_is_refused_moves_no_data() {
    let script = Script::start(&[&with_login(
        "C: EPSV
         S: 229 ({port})
         C: REST 7
         C: RETR /a
         S: 502 What?",
    )])
    .await;
    let session = pool(&script).session().await.expect("a session");
    let error = session.retrieve(b"a", 7).await.expect_err("from the wrong place");
    assert_eq!(error.command(), Some("REST 7"));
    script.finish().await;
}

#[tokio::test]
async fn without_tls_nobody_logs_in() {
    let refusing = "S: 220 ready\nC: AUTH TLS\nS: 502 What?";
    let script = Script::start(&[refusing]).await;
    let options = Options { tls: TlsMode::Explicit, ..options(script.port()) };
    let error = Pool::new(options).expect("a pool").session().await.expect_err("no TLS");
    assert_eq!(*error.kind(), ErrorKind::Tls);
    script.finish().await;
}

/// A login at a server that computes hashes and copies files.
fn with_hashing_login(rest: &str) -> String {
    with_login(rest).replace("S:  SIZE", "S:  SIZE\nS:  HASH MD5;SHA-1*\nS:  XCRC\nS:  SITE COPY")
}

#[tokio::test]
async fn a_copy_is_made_on_the_server() {
    let script = Script::start(&[&with_hashing_login(
        "C: SIZE /a
         C: SITE CPFR /a
         S: 213 12
         S: 350 ready for destination name
         C: SITE CPTO /b
         S: 250 Copy successful
         C: SIZE /a
         C: SITE CPFR /a
         S: 550 /a: No such file or directory
         S: 550 /a: No such file or directory",
    )])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    session.copy(b"a", b"b").await.expect("a copy");
    let error = session.copy(b"a", b"b").await.expect_err("nothing there");
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    script.finish().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_full_server() {
    for (line, kind) in [
        ("530 Login incorrect.", ErrorKind::Login),
        ("530 Sorry, the maximum number of clients is connected.", ErrorKind::TooManyConnections),
    ] {
        let refusing = format!("S: 220 hi\nC: USER me\nS: 331 ?\nC: PASS secret\nS: {line}");
        let script = Script::start(&[&refusing]).await;
        let error = pool(&script).session().await.expect_err("no session");
        assert_eq!(*error.kind(), kind, "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        script.finish().await;
    }
}

#[tokio::test]
async fn a_host_that_speaks_no_ftp_is_named_as_such() {
    let script = Script::start(&["S: HTTP/1.1 400 Bad Request\nX"]).await;
    let error = pool(&script).session().await.expect_err("no session");
    assert_eq!(*error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("HTTP/1.1 400"), "{error}");
    script.finish().await;
}

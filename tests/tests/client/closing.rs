//! What comes of a transfer whose data has ended: every order of what servers say, and silence.
//!
//! What is waited for in silence is told by tokio's time, which passes at once then.

use tokio::time::Instant;

use super::*;

/// A download of five bytes of which three arrive.
const CUT: &str = "
    C: EPSV
    S: 229 ({port})
    C: RETR /a
    S: 150 here (5 bytes)
    D: one
    C: EPSV
";

/// What shows that a session is in step.
const STEP: &str = "\nC: NOOP\nS: 200 ok\n";
/// How long a client waits in silence for a reason, in seconds.
const REASON: u64 = 5;
const SIZE: &str = "\nC: SIZE /a\nS: 213 5\n";

fn patient(script: &Script) -> Pool {
    let idle_timeout = Duration::from_secs(300);
    Pool::new(Options { idle_timeout, ..options(script.port()) }).expect("options that make sense")
}

/// Fetches a file that is cut short, then asks for its size. Returns the error, and how many seconds
/// passed.
async fn cut(sessions: &[&str]) -> (ftp_client::Error, u64) {
    let script = Script::start(sessions).await;
    let pool = patient(&script);
    let begun = Instant::now();
    let error = fetch(&pool, b"a").await.expect_err("three bytes of five");
    assert!(error.is_temporary(), "{error}");
    let waited = begun.elapsed().as_secs();
    if waited >= REASON {
        tokio::time::resume();
    }
    assert_eq!(pool.session().await.expect("a session").size(b"a").await.expect("in step"), 5);
    script.finish().await;
    (error, waited)
}

#[tokio::test]
async fn a_download_cut_short_is_an_error_whatever_is_said_and_its_session_in_step() {
    for (said, error) in [
        // Pure-FTPd ends it with a second 150.
        ("S: 150 0.001 seconds (measured here)\nS: 229 ({port})", "broke off"),
        // The same, where it was still sending when the question came, and refused that.
        ("S: 500 Unknown command\nS: 500 0.001 seconds (measured here)", "broke off"),
        ("S: 426 Connection closed\nS: 229 ({port})", "426"),
        ("S: 426 Connection closed\nS: 226 Abort successful\nS: 229 ({port})", "426"),
        ("S: 426 Connection closed\nS: 226 Abort successful\nS: 450 not now", "426"),
        ("S: 425 Data connection broken\nS: 550 and again\nS: 229 ({port})", "425"),
        ("S: 451 Local error\nS: 229 ({port})", "451"),
    ] {
        let (found, waited) = cut(&[&with_login(&[CUT, said, STEP, SIZE].concat())]).await;
        assert!(found.to_string().contains(error), "{said}: {found}");
        assert_eq!(waited, 0, "{said}");
    }
}

#[tokio::test]
async fn a_download_that_the_server_takes_for_whole_may_be_short() {
    for said in
        ["S: 226 sent\nS: 229 ({port})", "S: 450 EPSV: data transfer in progress\nS: 226 sent"]
    {
        let (error, waited) = cut(&[&with_login(&[CUT, said, SIZE].concat())]).await;
        assert_eq!((error.kind(), waited), (&ErrorKind::Truncated, 0), "{said}");
    }
}

#[tokio::test]
async fn silence_after_a_cut_costs_the_session_and_little_time() {
    let (_, waited) = cut(&[&with_login(&[CUT, "Z"].concat()), &(later_login() + SIZE)]).await;
    assert_eq!(waited, REASON);
}

#[tokio::test]
async fn a_second_150_with_silence_behind_it_is_the_end() {
    let said = [CUT, "S: 150 0.001 seconds\n", STEP, SIZE].concat();
    assert_eq!(cut(&[&with_login(&said)]).await.1, 2);
}

/// Where nobody listens any more, the next login fails after the idle timeout.
#[tokio::test]
async fn a_session_that_does_not_find_its_step_is_discarded() {
    let script = Script::start(&[&with_login(&[CUT, "S: 426 cut\nC: NOOP\nZ"].concat())]).await;
    let pool = pool(&script);
    fetch(&pool, b"a").await.expect_err("three bytes of five");
    let begun = Instant::now();
    pool.session().await.expect_err("nobody answers");
    assert_eq!(begun.elapsed().as_secs(), REASON + 10);
}

#[tokio::test]
async fn another_answer_than_the_end_costs_the_session_at_once() {
    let answered = with_login(&[CUT, "S: 229 ({port})"].concat());
    let (error, waited) = cut(&[&answered, &(later_login() + SIZE)]).await;
    assert_eq!((error.kind(), waited), (&ErrorKind::Protocol, 0));
}

#[tokio::test]
async fn the_confirmation_may_come_before_the_data_and_the_data_before_the_150() {
    let file = |said: &str| {
        let head = "C: EPSV\nS: 229 ({port})\nC: RETR /a\nA\n";
        with_login(&[head, said, "\nC: EPSV\nS: 229 ({port})\n", SIZE].concat())
    };
    for (said, content) in [
        ("S: 150 here\nS: 226 sent\nW: 100\nD: one", "one"),
        ("D: one\nW: 90\nS: 150 here\nS: 226 sent", "one"),
        ("D!\nW: 90\nS: 150 here\nS: 226 sent", ""),
    ] {
        let script = Script::start(&[&file(said)]).await;
        let pool = patient(&script);
        assert_eq!(fetch(&pool, b"a").await.expect("a file"), content.as_bytes(), "{said}");
        assert_eq!(pool.session().await.expect("it").size(b"a").await.expect("in step"), 5);
        script.finish().await;
    }
}

#[tokio::test]
async fn a_data_connection_closed_without_a_word_is_not_waited_for() {
    let silent = "C: EPSV\nS: 229 ({port})\nC: RETR /a\nA\nD!\nZ";
    let script = Script::start(&[&with_login(silent)]).await;
    let pool = patient(&script);
    let begun = Instant::now();
    let error = fetch(&pool, b"a").await.expect_err("nothing came");
    assert!(error.is_temporary(), "{error}");
    assert_eq!(begun.elapsed().as_secs(), REASON);
}

const FINISH: Finish = Finish { size: Some(5), modified: None, hash: None, rename_to: None };

/// pyftpdlib, where the connection was reset before it was accepted.
#[tokio::test]
async fn an_upload_whose_connection_was_reset_is_not_waited_for_at_leisure() {
    let first = "C: EPSV\nS: 229 ({port})\nC: STOR /f.partial\nS: 150 go\nA\nW: 10\nD!\nZ";
    let script = Script::start(&[&with_login(first)]).await;
    let begun = Instant::now();
    let error = store(&pool(&script), FINISH).await.expect_err("nothing arrived");
    assert!(error.is_temporary(), "{error}");
    // That the size cannot be asked for elsewhere shows after the idle timeout.
    assert_eq!(begun.elapsed().as_secs(), REASON + 10);
}

#[tokio::test]
async fn a_server_may_think_about_an_upload_it_has_read_to_the_end() {
    let late = format!("{STORE}\nW: 300\nS: 226 done\nC: SIZE /f.partial\nS: 213 5");
    let script = Script::start(&[&with_login(&late)]).await;
    store(&patient(&script), FINISH).await.expect("stored");
    script.finish().await;
}

/// pyftpdlib forgets a data connection that ends before it has read the `STOR`, and waits for another.
#[tokio::test]
async fn an_empty_upload_does_not_end_before_the_server_has_begun() {
    for said in [
        "D~\nS: 150 go\nD?\nS: 226 done\n",
        // One that says nothing before its end has begun, too.
        "D~\nS: 226 done\nD?\n",
    ] {
        let stored = "C: EPSV\nS: 229 ({port})\nC: STOR /f.partial\n";
        let size = "C: SIZE /f.partial\nS: 213 0";
        let script = Script::start(&[&with_login(&[stored, said, size].concat())]).await;
        let session = pool(&script).session().await.expect("a session");
        let upload = session.store(b"f.partial", 0).await.expect("an open data connection");
        upload.finish(Finish { size: Some(0), ..FINISH }).await.expect(said);
        script.finish().await;
    }
}

//! The port that a distant server is asked for at the login, for the first listing.

use tests::script::{Script, flights};

use super::LOGIN;
use super::flights::{distant, list_all};

/// A login that asks for a port behind all else, whose answers are still to be said.
fn login_with_port() -> String {
    LOGIN.replace("C: SYST\n", "C: EPSV\nC: SYST\n").replace("S: 215 UNIX Type: L8\n", "")
}

/// A copy asks what its source is before it lists it.
#[tokio::test]
async fn a_port_from_the_login_outlasts_a_question() {
    let rest = "S: 229 ({port})
        S: 215 UNIX Type: L8
        C: SIZE /d0
        S: 550 no
        C: CWD /d0
        C: MLSD
        A
        S: 250 there
        S: 150 here
        D: type=file; d0\n
        C: EPSV
        S: 226 done
        S: 229 ({port})";
    let script = Script::start(&[&(login_with_port() + rest)]).await;
    let pool = distant(&script, 25);
    let mut session = pool.session().await.expect("a session");
    session.size_all(&["d0"]).await.pop().expect("an answer").expect_err("a directory");
    drop(session);
    list_all(&pool, &["d0"]).await;
    script.finish().await;
}

/// The first listing of a run takes a flight less where the port is asked for at the login.
#[tokio::test]
async fn a_distant_server_is_asked_for_a_port_at_the_login() {
    let login = login_with_port();
    let listed = |port: &str| {
        format!(
            "S: {port}
             S: 215 UNIX Type: L8
             C: CWD /d0
             C: MLSD
             A
             S: 250 there
             S: 150 here
             D: type=file; d0\\n
             C: EPSV
             S: 226 done
             S: 229 ({{port}})"
        )
    };
    // One for what follows the login, then the same as for a session that has its port.
    assert_eq!(flights(&listed("229 ({port})")), 3);
    let script = Script::start(&[&(login.clone() + &listed("229 ({port})"))]).await;
    list_all(&distant(&script, 25), &["d0"]).await;
    script.finish().await;

    let refused = "S: 500 What?
        S: 215 UNIX Type: L8
        C: CWD /d0
        C: PASV
        S: 250 there
        S: 227 Entering ({port})
        C: MLSD
        S: 150 here
        D: type=file; d0\\n
        S: 226 done";
    let script = Script::start(&[&(login + refused)]).await;
    let pool = distant(&script, 25);
    list_all(&pool, &["d0"]).await;
    assert_eq!(pool.personality().extended_passive, Some(false));
    script.finish().await;
}

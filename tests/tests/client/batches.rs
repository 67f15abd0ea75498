//! Many at once, and the connection lost in the middle: what is known, what goes on, what is unknown.

use ftp_client::ftp_proto::{Argument, Command};
use ftp_client::options::Pipelining;
use tests::script::flights;

use super::*;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Lines for so many of the names, `{}` being each.
fn each(line: &str, names: &[&str]) -> String {
    names.iter().map(|name| line.replace("{}", name) + "\n").collect()
}

/// A session that is asked about all names, answers some, and dies.
fn cut_after(known: usize, asked: &str, told: &str) -> String {
    with_login(&[each(asked, &NAMES), each(told, &NAMES[..known]), "X".into()].concat())
}

#[tokio::test]
async fn questions_are_asked_again_on_another_connection() {
    for known in 1..NAMES.len() {
        let rest = &NAMES[known..];
        let second = [later_login(), each("C: SIZE /{}", rest), each("S: 213 7", rest)].concat();
        let script = Script::start(&[&cut_after(known, "C: SIZE /{}", "S: 213 7"), &second]).await;
        let mut session = pool(&script).session().await.expect("a session");
        for size in session.size_all(&NAMES).await {
            assert_eq!(size.expect("a size"), 7, "{known}");
        }
        script.finish().await;
    }
}

#[tokio::test]
async fn a_change_without_an_answer_is_unknown_and_not_made_twice() {
    for known in 0..NAMES.len() {
        let script = Script::start(&[&cut_after(known, "C: DELE /{}", "S: 250 gone")]).await;
        let mut session = pool(&script).session().await.expect("a session");
        let results = session.remove_all(&NAMES).await;
        for (index, result) in results.into_iter().enumerate() {
            let unknown = result.is_err_and(|error| {
                assert!(error.is_temporary(), "{error}");
                error.outcome_is_unknown()
            });
            assert_eq!(unknown, index >= known, "{index} of {known}");
        }
        script.finish().await;
    }
}

/// The login where each command waits for the answer to the one before.
fn lock_step_login() -> String {
    LOGIN
        .replace("C: TYPE I\n    C: OPTS UTF8 ON\n    C: PWD\n    C: SYST\n", "")
        .replace("S: 200 binary", "C: TYPE I\nS: 200 binary\nC: OPTS UTF8 ON")
        .replace("S: 257", "C: PWD\nS: 257")
        .replace("S: 215", "C: SYST\nS: 215")
}

/// One command at a time, so that those behind the lost answer were not sent.
#[tokio::test]
async fn changes_go_on_behind_the_one_whose_answer_is_lost() {
    let login = lock_step_login();
    let later = login.replace("C: SYST\nS: 215 UNIX Type: L8\n", "");
    for known in 1..NAMES.len() {
        let made = each("C: MKD /{}\nS: 257 made", &NAMES[..known]);
        let first = [&login, &made, "C: MKD /", NAMES[known], "\nX"].concat();
        let rest = &NAMES[known + 1..];
        let second = [&later[..], &each("C: MKD /{}\nS: 257 made", rest)].concat();
        let sessions = if rest.is_empty() { vec![&first[..]] } else { vec![&first[..], &second] };
        let script = Script::start(&sessions).await;
        let pipelining = Pipelining::LockStep;
        let pool = Pool::new(Options { pipelining, ..options(script.port()) }).expect("a pool");
        let mut session = pool.session().await.expect("a session");
        for (index, made) in session.mkdir_all(&NAMES).await.into_iter().enumerate() {
            let unknown = made.as_ref().is_err_and(ftp_client::Error::outcome_is_unknown);
            assert_eq!((made.is_ok(), unknown), (index != known, index == known), "{known}");
        }
        script.finish().await;
    }
}

/// libunftp answers neither where a command is queued behind `CWD`.
#[tokio::test]
async fn in_lock_step_nothing_is_queued_behind_leaving_a_directory() {
    let removal = "C: CWD /
        S: 250 home
        C: DELE /t/a
        S: 250 gone
        C: RMD /t
        S: 250 gone";
    let login = lock_step_login();
    let script = Script::start(&[&format!("{login}C: CWD /t\nS: 250 there\n{removal}")]).await;
    let pipelining = Pipelining::LockStep;
    let pool = Pool::new(Options { pipelining, ..options(script.port()) }).expect("a pool");
    let mut session = pool.session().await.expect("a session");
    let there = Command::Cwd(Argument::new("/t").expect("a path"));
    session.command(there).await.expect("an answer");
    let results = session.remove_tree(&["t/a"], &["t"]).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    script.finish().await;
}

#[tokio::test]
async fn many_are_renamed_in_one_flight_and_a_refusal_spoils_no_neighbour() {
    let script = Script::start(&[&with_login(
        "C: RNFR /a
         C: RNTO /1
         C: RNFR /b
         C: RNTO /2
         C: RNFR /c
         C: RNTO /3
         S: 350 and?
         S: 250 renamed
         S: 550 /b: No such file or directory
         S: 503 RNFR first
         S: 350 and?
         S: 250 renamed
         C: MLST /b
         S: 550 /b: No such file or directory",
    )])
    .await;
    let mut session = pool(&script).session().await.expect("a session");
    let renamed = session.rename_all(&[("a", "1"), ("b", "2"), ("c", "3")]).await;
    let kinds: Vec<_> =
        renamed.iter().map(|one| one.as_ref().err().map(ftp_client::Error::kind)).collect();
    assert_eq!(kinds, [None, Some(&ErrorKind::NotFound), None]);
    script.finish().await;
}

/// What a refused file is in is not empty, which the server says by itself.
#[tokio::test]
async fn a_tree_is_removed_in_one_flight() {
    let all = "C: CWD /
        C: DELE /t/d/a
        C: DELE /t/e/b
        C: RMD /t/e
        C: RMD /t/d
        C: RMD /t
        S: 250 home
        S: 550 /t/d/a: Permission denied
        S: 250 gone
        S: 250 gone
        S: 550 /t/d: Directory not empty
        S: 550 /t: Directory not empty";
    assert_eq!(flights(all), 1);
    let script = Script::start(&[&with_login(&format!("C: CWD /t\nS: 250 there\n{all}"))]).await;
    let mut session = pool(&script).session().await.expect("a session");
    let there = Command::Cwd(Argument::new("/t").expect("a path"));
    session.command(there).await.expect("an answer");
    let results = session.remove_tree(&["t/d/a", "t/e/b"], &["t/e", "t/d", "t"]).await;
    let kinds: Vec<_> =
        results.iter().map(|one| one.as_ref().err().map(ftp_client::Error::kind)).collect();
    let full = Some(&ErrorKind::NotEmpty);
    assert_eq!(kinds, [Some(&ErrorKind::PermissionDenied), None, None, full, full]);
    script.finish().await;
}

/// No command waits for an answer while fewer than a window of them are in flight.
#[tokio::test]
async fn a_thousand_deletions_take_two_flights() {
    const WINDOW: usize = 512;
    let names: Vec<_> = (0..1000).map(|number| format!("f{number}")).collect();
    let flight = |names: &[String]| {
        let asked: String = names.iter().map(|name| format!("C: DELE /{name}\n")).collect();
        asked + &"S: 250 gone\n".repeat(names.len())
    };
    let all: String = names.chunks(WINDOW).map(flight).collect();
    assert_eq!(flights(&all), 2);
    let script = Script::start(&[&with_login(&all)]).await;
    let mut session = pool(&script).session().await.expect("a session");
    let results = session.remove_all(&names).await;
    assert!(results.len() == names.len() && results.iter().all(Result::is_ok));
    script.finish().await;
}

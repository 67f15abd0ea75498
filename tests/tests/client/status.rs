//! Listings over the control connection: when they are trusted, and what they cost.

use ftp_client::options::ListingMethod;
use ftp_client::personality::StatusListing;
use ftp_client::{ErrorKind, Options, Pool};
use tests::script::{Script, flights};

use super::{later_login, options, with_login};

/// A directory listed over a data connection, as what `facts` say, and shown by `STAT` beside that.
fn by_both(directory: &str, facts: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("S: {line}\n")).collect();
    format!(
        "C: CWD /{directory}
         C: STAT -a .
         C: EPSV
         S: 250 there
         S: 213-Status follows:
         {lines}S: 213 End of status
         S: 229 ({{port}})
         C: MLSD
         S: 150 here
         D: {facts}
         C: EPSV
         S: 226 done
         S: 229 ({{port}})\n"
    )
}

/// The same directory shown by the other form of `STAT`.
fn shown(directory: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("S: {line}\n")).collect();
    format!(
        "C: CWD /{directory}
         C: STAT .
         C: NOOP
         S: 250 there
         S: 213-Status follows:
         {lines}S: 213 End of status
         S: 200 ok\n"
    )
}

const FILE: &str = "-rw-r--r--    1 ftp      ftp             3 Nov 22 20:14 a b";
const HIDDEN: &str = "-rw-r--r--    1 ftp      ftp             3 Nov 22 20:14 .h";
const ITSELF: &str = "drwxr-xr-x    2 ftp      ftp          4096 Nov 22 20:14 .";
const FACTS: &str = "type=file;size=3; a b\\n";

fn pool(script: &Script) -> Pool {
    let listing = ListingMethod::Stat;
    Pool::new(Options { listing, ..options(script.port()) }).expect("options that make sense")
}

#[track_caller]
fn check(
    facts: &'static str,
    all: &'static [&'static str],
    plain: Option<&'static [&'static str]>,
    form: Option<StatusListing>,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let plain = plain.map(|lines| shown("d", lines)).unwrap_or_default();
        let all = [by_both("d", facts, all), plain].concat();
        let script = Script::start(&[&with_login(&all)]).await;
        let pool = pool(&script);
        let mut session = pool.session().await.expect("a session");
        let listings = session.list_all(&["d"]).await;
        assert!(listings[0].is_ok(), "at {caller}: {listings:?}");
        assert_eq!(pool.personality().status_listing, form, "at {caller}");
        script.finish().await;
    }
}

#[tokio::test]
async fn a_status_is_trusted_when_it_shows_what_a_listing_does() {
    let both = "type=file;size=3; a b\\ntype=file;size=3; .h\\n";
    check(FACTS, &[ITSELF, FILE], None, Some(StatusListing::All)).await;
    check(both, &[FILE, HIDDEN], None, Some(StatusListing::All)).await;
    check(both, &[FILE], Some(&[FILE, HIDDEN]), Some(StatusListing::Plain)).await;
    check(both, &[ITSELF, FILE], Some(&[FILE]), Some(StatusListing::Never)).await;
    // Nothing shows that it hides nothing.
    check(FACTS, &[FILE], Some(&[FILE]), Some(StatusListing::Never)).await;
}

/// Directories shown in one flight, the second of which is missing.
fn many(end: &str) -> String {
    format!(
        "C: CWD /e
         C: STAT -a .
         C: CWD /-no
         C: STAT -a .
         C: CWD /f
         C: STAT -a .
         C: NOOP
         S: 250 there
         S: 212-Status of .:
         S:  {ITSELF}
         S:  {FILE}
         S: 212 End of status
         S: 550 /-no: No such file or directory
         S: 212-Status of .:
         S:  {FILE}
         S: 212 End of status
         S: 250 there
         S: 213-Status follows:
         S: 213 End of status
         {end}\n"
    )
}

#[tokio::test]
async fn many_directories_take_one_flight() {
    let many = many("S: 200 ok");
    assert_eq!(flights(&many), 1);
    let all = [by_both("d", FACTS, &[ITSELF, FILE]), many].concat();
    let script = Script::start(&[&with_login(&all)]).await;
    let mut session = pool(&script).session().await.expect("a session");
    let listings = session.list_all(&["d", "e", "-no", "f"]).await;
    let [Ok(_), Ok(full), Err(missing), Ok(empty)] = &listings[..] else { panic!("{listings:?}") };
    assert_eq!(full.entries[0].name(), b"a b");
    assert_eq!(*missing.kind(), ErrorKind::NotFound);
    assert!(empty.entries.is_empty());
    script.finish().await;
}

#[tokio::test]
async fn a_name_that_ends_a_reply_too_soon_is_found_out() {
    for end in ["S: 213 End of status\n S: 200 ok", "S: no reply at all"] {
        distrusts_after(end).await;
    }
}

async fn distrusts_after(end: &str) {
    let all = [by_both("d", FACTS, &[ITSELF, FILE]), many(end)].concat();
    let script = Script::start(&[&with_login(&all)]).await;
    let pool = pool(&script);
    let mut session = pool.session().await.expect("a session");
    let listings = session.list_all(&["d", "e", "-no", "f"]).await;
    assert_eq!(listings.iter().filter(|listing| listing.is_ok()).count(), 1, "{listings:?}");
    assert_eq!(pool.personality().status_listing, Some(StatusListing::Never));
    script.finish().await;
}

/// What a name with a line end in it makes of the first answer costs the session, and `STAT` alone.
#[tokio::test]
async fn a_status_out_of_step_leaves_the_listing_as_it_is() {
    let first = "C: CWD /d
        C: STAT -a .
        C: EPSV
        S: 250 there
        S: 213-Status follows:
        S: 213 End of status
        S: -rw-r--r-- 1 ftp ftp 3 Nov 22 20:14 .h
        X";
    let listed = "C: CWD /d
        C: EPSV
        S: 250 there
        S: 229 ({port})
        C: MLSD
        S: 150 here
        D: type=file;size=3; a b\\n
        C: EPSV
        S: 226 done
        S: 229 ({port})";
    let script = Script::start(&[&with_login(first), &(later_login() + listed)]).await;
    let pool = pool(&script);
    let listings = pool.session().await.expect("a session").list_all(&["d"]).await;
    let [Ok(listing)] = &listings[..] else { panic!("{listings:?}") };
    assert_eq!(listing.entries[0].name(), b"a b");
    assert_eq!(pool.personality().status_listing, Some(StatusListing::Never));
    script.finish().await;
}

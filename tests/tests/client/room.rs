//! How much room there is, in the words of each server that says so.

use ftp_client::Room;

use super::*;

/// Asks with these answers to `AVBL` and `SITE QUOTA`, after this login.
#[track_caller]
fn check(
    login: &str,
    avbl: &str,
    quota: &str,
    expected: Option<(Option<u64>, u64)>,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let script = format!("{login}C: AVBL\nC: SITE QUOTA\nS: {avbl}\n{quota}");
    async move {
        let script = Script::start(&[&script]).await;
        let mut session = pool(&script).session().await.expect("a session");
        match (session.room().await, expected) {
            (Ok(room), Some((total, free))) => {
                let used = total.map(|total| total - free);
                assert_eq!(room, Room { total, used, free: Some(free) }, "at {caller}");
            }
            (Err(error), None) => {
                assert_eq!(*error.kind(), ErrorKind::Unsupported, "at {caller}");
                assert!(error.to_string().contains("AVBL"), "{error}");
            }
            (told, _) => panic!("{told:?} at {caller}"),
        }
        script.finish().await;
    }
}

/// ProFTPD with mod_quotatab.
const QUOTA: &str = "S: 200-The current quota for this session are [current/limit]:
    S:  Name: me
    S:    Uploaded Kb:\t\t512.00/2048.00
    S:    Downloaded Kb:\tunlimited
    S: 200 Please contact root@host if these entries are inaccurate";

#[tokio::test]
async fn free_space_and_quotas_are_told_together() {
    check(LOGIN, "213 1000000", "S: 500 'SITE QUOTA' not understood", Some((None, 1_000_000)))
        .await;
    check(LOGIN, "500 AVBL not understood", QUOTA, Some((Some(2048 << 10), 1536 << 10))).await;
}

#[tokio::test]
async fn pure_ftpd_has_told_its_quota_at_the_login() {
    let told = "S: 230-OK. Current restricted directory is /
        S: 230 345 Kbytes used (3%) - authorized: 10240 Kb";
    let login = LOGIN.replace("S: 230 welcome", told);
    let expected = Some((Some(10_240 << 10), (10_240 - 345) << 10));
    check(&login, "500 Unknown command", "S: 500 SITE QUOTA is unknown", expected).await;
}

#[tokio::test]
async fn a_server_that_tells_nothing_is_named() {
    check(LOGIN, "500 Unknown command.", "S: 202 No quotas in effect", None).await;
}

//! What is said at a login that wants more, and where a file or a session has to be taken up again.

use ftp_client::Cure;

use super::*;

#[tokio::test]
async fn an_upload_goes_on_behind_the_end_of_a_file() {
    let script = Script::start(&[&with_login(
        "C: SIZE /f
         S: 213 7
         C: EPSV
         S: 229 ({port})
         C: APPE /f
         S: 150 go
         D?
         S: 226 done
         C: SIZE /f
         S: 213 12
         C: SIZE /f
         S: 213 7",
    )])
    .await;
    let pool = pool(&script);
    let session = pool.session().await.expect("a session");
    let mut upload = session.append(b"f", 7).await.expect("an upload");
    upload.write(Bytes::from_static(b"hello")).await.expect("room");
    let finish = Finish { size: Some(12), ..Finish::default() };
    upload.finish(finish).await.expect("twelve bytes");
    let session = pool.session().await.expect("a session");
    let error = session.append(b"f", 9).await.expect_err("a file that is shorter");
    assert_eq!(*error.kind(), ErrorKind::Truncated);
    script.finish().await;
}

#[tokio::test]
async fn host_and_account_are_named_where_they_are_wanted() {
    let login = LOGIN
        .replace("C: USER me", "C: HOST 127.0.0.1\nS: 220 that one\nC: USER me")
        .replace("S: 230 welcome", "S: 332 account, please\nC: ACCT secret too\nS: 230 welcome");
    let script = Script::start(&[&login]).await;
    let account = Some("secret too".to_owned().into());
    let options = Options { name_host: true, account, ..options(script.port()) };
    Pool::new(options).expect("a pool").session().await.expect("a session");
    script.finish().await;
}

#[tokio::test]
async fn a_download_without_its_end_is_settled_on_another_session() {
    let first = with_login(
        "C: EPSV
         S: 229 ({port})
         C: RETR /a
         S: 150 here
         D: one
         X",
    );
    let later = |size: &str| later_login() + &format!("C: SIZE /a\nS: 213 {size}");
    for (size, complete) in [("3", true), ("4", false)] {
        let script = Script::start(&[&first, &later(size)]).await;
        let pool = pool(&script);
        let session = pool.session().await.expect("a session");
        let mut download = session.retrieve(b"a", 0).await.expect("a download");
        assert_eq!(download.read().await.expect("data"), "one");
        assert_eq!(download.read().await.is_ok(), complete);
        script.finish().await;
    }
}

#[tokio::test]
async fn a_session_whose_login_is_forgotten_is_not_used_again() {
    let first = with_login("C: SIZE /a\nS: 530 Please login with USER and PASS.");
    let second = later_login() + "C: SIZE /a\nS: 213 7";
    let script = Script::start(&[&first, &second]).await;
    let pool = pool(&script);
    let error = pool.session().await.expect("a session").size(b"a").await.expect_err("no login");
    assert_eq!(error.cure(), Cure::Anew);
    assert_eq!(pool.session().await.expect("another").size(b"a").await.expect("a size"), 7);
    script.finish().await;
}

/// Serv-U and its likes; a later session knows that they want it.
#[tokio::test]
async fn a_server_that_wants_a_name_first_turns_to_utf8() {
    let features = |login: &str| login.replace("S:  SIZE", "S:  SIZE\nS:  CLNT");
    let refused = features(LOGIN).replace("S: 200 UTF-8", "S: 501 who are you?")
        + "C: CLNT rclone
           C: OPTS UTF8 ON
           S: 200 noted
           S: 200 UTF-8
           C: NOOP
           X";
    let known = features(&later_login())
        .replace("C: OPTS UTF8 ON", "C: CLNT rclone\nC: OPTS UTF8 ON")
        .replace("S: 200 UTF-8", "S: 200 noted\nS: 200 UTF-8");
    let script = Script::start(&[&refused, &known]).await;
    let pool = pool(&script);
    pool.session().await.expect("a session").check().await.expect_err("closed");
    drop(pool.session().await.expect("another"));
    script.finish().await;
}

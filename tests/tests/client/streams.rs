//! Transfers as tokio's streams: what they carry, how they end, and what is left of one that was
//! dropped.

use std::io;

use tests::Peer;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, copy};

use super::*;

async fn peer() -> (Peer, Pool) {
    let peer = Peer::start().await;
    let pool = Pool::new(options(peer.port())).expect("options that make sense");
    (peer, pool)
}

fn content(length: u32) -> Vec<u8> {
    (0..length).map(|n| n.to_le_bytes()[(n % 3) as usize]).collect()
}

#[tokio::test]
async fn a_file_is_copied_up_and_down() {
    let (peer, pool) = peer().await;
    let content = content(700_000);
    let session = pool.session().await.expect("a session");
    let mut up = session.store(b"/f.partial", 0).await.expect("an upload").into_writer();
    let size = copy(&mut &content[..], &mut up).await.expect("room");
    let finish = Finish { size: Some(size), rename_to: Some(b"/f".to_vec()), ..Finish::default() };
    up.finish(finish).await.expect("confirmed");
    assert_eq!(peer.files(), ["/f"]);
    let session = pool.session().await.expect("a session");
    let mut down = session.retrieve(b"/f", 0).await.expect("a download").into_reader();
    let mut copied = Vec::new();
    down.read_to_end(&mut copied).await.expect("data");
    assert!(copied == content, "{} bytes came back", copied.len());
    assert_eq!(down.read(&mut [0; 8]).await.expect("still the end"), 0);
    assert_eq!(peer.opened(), 1, "the session is back after each");
}

#[tokio::test]
async fn lines_are_read_from_the_middle_of_a_file() {
    let (peer, pool) = peer().await;
    peer.put("/f", b"one\ntwo\nthree");
    let session = pool.session().await.expect("a session");
    let down = session.retrieve(b"/f", 4).await.expect("a download").into_reader();
    let mut lines = down.lines();
    assert_eq!(lines.next_line().await.expect("data").as_deref(), Some("two"));
    assert_eq!(lines.next_line().await.expect("data").as_deref(), Some("three"));
    assert_eq!(lines.next_line().await.expect("the end"), None);
}

#[tokio::test]
async fn a_shutdown_ends_and_confirms_nothing() {
    let (peer, pool) = peer().await;
    let session = pool.session().await.expect("a session");
    let mut up = session.store(b"/f", 0).await.expect("an upload").into_writer();
    up.write_all(b"one, ").await.expect("room");
    up.shutdown().await.expect("nothing to do");
    up.write_all(b"two").await.expect("the data goes on");
    up.finish(Finish { size: Some(8), ..Finish::default() }).await.expect("confirmed");
    assert_eq!(peer.get("/f").as_deref(), Some(&b"one, two"[..]));
}

#[tokio::test]
async fn a_stream_dropped_half_way_takes_its_session_along() {
    let (peer, pool) = peer().await;
    peer.put("/f", &content(3 << 20));
    let session = pool.session().await.expect("a session");
    let mut down = session.retrieve(b"/f", 0).await.expect("a download").into_reader();
    down.read_exact(&mut [0; 1000]).await.expect("data");
    drop(down);
    peer.falls_to(0).await;
    let session = pool.session().await.expect("another");
    let mut up = session.store(b"/g", 0).await.expect("an upload").into_writer();
    up.write_all(b"half").await.expect("room");
    // Also in the middle of a turn.
    assert!(up.write_all(&content(64 << 20)).now_or_never().is_none());
    drop(up);
    peer.falls_to(0).await;
    assert_eq!(pool.session().await.expect("a third").size(b"/f").await.expect("in step"), 3 << 20);
    assert_eq!(peer.opened(), 3);
}

#[tokio::test]
async fn a_failure_is_told_again_and_never_taken_for_an_end() {
    let script = Script::start(&[&with_login(
        "C: EPSV
         S: 229 ({port})
         C: RETR /f
         S: 150 here
         D: half
         S: 426 the disk broke",
    )])
    .await;
    let session = pool(&script).session().await.expect("a session");
    let mut down = session.retrieve(b"f", 0).await.expect("a download").into_reader();
    let error = down.read_to_end(&mut Vec::new()).await.expect_err("cut");
    let cause = error.downcast::<ftp_client::Error>().expect("the error itself");
    assert_eq!(cause.command(), Some("RETR /f"));
    assert_eq!(cause.reply().map(|reply| reply.code().get()), Some(426));
    let error = down.read(&mut [0; 8]).await.expect_err("still no end");
    assert_eq!(error.kind(), io::ErrorKind::Other);
    script.finish().await;
}

#[tokio::test]
async fn a_refused_upload_fails_in_the_servers_words() {
    let script = Script::start(&[&with_login(
        "C: EPSV
         S: 229 ({port})
         C: STOR /f
         A
         S: 150 go
         S: 452 no space left
         D?",
    )])
    .await;
    let session = pool(&script).session().await.expect("a session");
    let mut up = session.store(b"f", 0).await.expect("an upload").into_writer();
    let error = loop {
        if let Err(error) = up.write_all(&[0; 4096]).await {
            break error;
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(error.to_string().contains("`452 no space left`"), "{error}");
    let again = up.finish(Finish::default()).await.expect_err("it has failed");
    assert_eq!(*again.kind(), ErrorKind::Misuse);
}

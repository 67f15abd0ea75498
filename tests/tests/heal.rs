//! An operation given up at any await leaves its session in step, or gone, and no half file under a
//! final name.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use ftp_client::{ErrorKind, Finish, Options, Pool, Result};
use futures_util::future::{join_all, poll_fn};
use tests::Peer;

const TIME: &str = "2020-02-03T04:05:06Z";

async fn peer() -> Peer {
    let peer = Peer::start().await;
    for (name, size) in FILES {
        peer.put(name, &vec![b'x'; size]);
    }
    peer
}

/// Files of different sizes: an answer to another question shows.
const FILES: [(&str, usize); 3] = [("/one", 1), ("/two", 22), ("/many", 200_003)];

fn pool(peer: &Peer) -> Pool {
    let options = Options {
        host: "127.0.0.1".into(),
        port: peer.port(),
        user: "me".into(),
        concurrency: 4,
        idle_timeout: Duration::from_secs(10),
        ..Options::default()
    };
    Pool::new(options).expect("options that make sense")
}

/// Polls `future` so many times and drops it, unless it has ended by then.
async fn given_up_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => {
            left -= 1;
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

/// Asks each of the pool's sessions questions whose answers differ.
async fn all_are_in_step(pool: &Pool) {
    let sessions: Vec<_> = join_all((0..2).map(|_| pool.session())).await;
    for session in sessions {
        let mut session = session.expect("a session");
        for (name, size) in FILES {
            assert_eq!(session.size(name.as_bytes()).await.expect("a size"), size as u64);
        }
        assert!(session.stat(b"/nothing").await.expect("an answer").is_none());
        let listing = session.list(b"/").await.expect("a listing");
        let names: Vec<_> = listing.entries.iter().map(|entry| entry.name_lossy()).collect();
        assert!(FILES.iter().all(|(name, _)| names.iter().any(|found| **found == name[1..])));
        let mut download = session.retrieve(b"/two", 0).await.expect("a download");
        assert_eq!(download.read().await.expect("data").len(), 22);
        assert!(download.read().await.expect("the end").is_empty());
    }
}

/// Gives an operation up after every possible number of polls, on a fresh pool and on one with a
/// session at hand.
async fn may_be_given_up(peer: &Peer, operation: impl AsyncFn(&Pool) -> Result<()>) {
    let mut awaits = 0;
    for warm in [false, true] {
        for polls in 1.. {
            let pool = pool(peer);
            if warm {
                drop(pool.session().await.expect("a session"));
            }
            let result = given_up_after(polls, operation(&pool)).await;
            all_are_in_step(&pool).await;
            pool.close().await;
            drop(pool);
            peer.falls_to(0).await;
            match result {
                None => assert!(polls < 1000, "it does not end"),
                Some(result) => {
                    result.expect("an operation left alone succeeds");
                    awaits += polls - 1;
                    break;
                }
            }
        }
    }
    assert!(awaits > 3, "it was given up {awaits} times only");
}

#[tokio::test]
async fn a_login_may_be_given_up() {
    may_be_given_up(&peer().await, async |pool| pool.session().await.map(drop)).await;
}

#[tokio::test]
async fn questions_may_be_given_up() {
    let peer = peer().await;
    may_be_given_up(&peer, async |pool| {
        let mut session = pool.session().await?;
        for found in session.stat_all(&["/one", "/nothing", "/"]).await {
            found?;
        }
        session.size(b"/one").await.map(drop)
    })
    .await;
}

#[tokio::test]
async fn a_listing_may_be_given_up() {
    let peer = peer().await;
    may_be_given_up(&peer, async |pool| pool.session().await?.list(b"/").await.map(drop)).await;
}

#[tokio::test]
async fn a_download_may_be_given_up() {
    let peer = peer().await;
    may_be_given_up(&peer, async |pool| {
        let mut download = pool.session().await?.retrieve(b"/many", 3).await?;
        let mut size = 3;
        loop {
            let piece = download.read().await?;
            size += piece.len();
            if piece.is_empty() {
                assert_eq!(size, 200_003);
                return Ok(());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_download_may_be_stopped_at_any_await() {
    let peer = peer().await;
    may_be_given_up(&peer, async |pool| {
        let mut download = pool.session().await?.retrieve(b"/many", 0).await?;
        download.read().await?;
        download.stop().await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn an_upload_may_be_given_up() {
    let peer = peer().await;
    let content = vec![b'y'; 70_000];
    may_be_given_up(&peer, async |pool| {
        let before = peer.get("/new");
        assert!(before.is_none_or(|found| found == content), "half a file has the final name");
        let mut upload = pool.session().await?.store(b"/new.partial", 0).await?;
        for piece in content.chunks(30_000) {
            upload.write(Bytes::copy_from_slice(piece)).await?;
        }
        let finish = Finish {
            size: Some(content.len() as u64),
            modified: Some(TIME.parse().expect("a time")),
            rename_to: Some(b"/new".to_vec()),
        };
        upload.finish(finish).await.map(drop)
    })
    .await;
    assert_eq!(peer.get("/new"), Some(content));
}

#[tokio::test]
async fn a_rename_may_be_given_up() {
    let peer = peer().await;
    peer.put("/here", b"content");
    may_be_given_up(&peer, async |pool| {
        let places = ["/here", "/there"].map(|path| peer.get(path));
        assert_eq!(places.iter().flatten().count(), 1, "a file is in one place");
        let (from, to) = if places[0].is_some() { ("here", "there") } else { ("there", "here") };
        let mut session = pool.session().await?;
        session.rename(from.as_bytes(), to.as_bytes()).await
    })
    .await;
}

#[tokio::test]
async fn batches_may_be_given_up() {
    let peer = peer().await;
    let names: Vec<_> = (0..10).map(|number| format!("/d{number}")).collect();
    let times: Vec<_> =
        FILES.iter().map(|(name, _)| (*name, TIME.parse().expect("a time"))).collect();
    let fine = |results: Vec<Result<()>>, but: ErrorKind| {
        for result in results {
            assert!(result.is_ok() || result.is_err_and(|error| *error.kind() == but));
        }
    };
    may_be_given_up(&peer, async |pool| {
        let mut session = pool.session().await?;
        fine(session.mkdir_all(&names).await, ErrorKind::AlreadyExists);
        fine(session.set_modified_all(&times).await, ErrorKind::NotFound);
        fine(session.rmdir_all(&names).await, ErrorKind::NotFound);
        fine(session.remove_all(&["/x", "/y"]).await, ErrorKind::NotFound);
        Ok(())
    })
    .await;
}

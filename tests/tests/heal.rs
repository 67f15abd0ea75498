//! An operation given up at any await leaves its session in step, or gone, and no half file under a
//! final name.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use ftp_client::options::{Pipelining, TlsMode, TlsOptions, Verify};
use ftp_client::{ErrorKind, Finish, Options, Pool, Result};
use futures_util::future::{join_all, poll_fn};
use tests::Peer;

const TIME: &str = "2020-02-03T04:05:06Z";

/// Files of different sizes: an answer to another question shows.
const FILES: [(&str, usize); 3] = [("/one", 1), ("/two", 22), ("/many", 200_003)];

/// A server, and how far commands overlap on the way to it.
struct Place {
    peer: Peer,
    tls: bool,
    pipelining: Pipelining,
}

impl Place {
    async fn new(tls: bool, pipelining: Pipelining) -> Self {
        let peer = if tls { Peer::start_secured().await } else { Peer::start().await };
        for (name, size) in FILES {
            peer.put(name, &vec![b'x'; size]);
        }
        Self { peer, tls, pipelining }
    }

    async fn all() -> [Self; 4] {
        [
            Self::new(false, Pipelining::LockStep).await,
            Self::new(false, Pipelining::Auto).await,
            Self::new(false, Pipelining::Ahead).await,
            Self::new(true, Pipelining::Ahead).await,
        ]
    }

    fn pool(&self) -> Pool {
        let options = Options {
            host: "127.0.0.1".into(),
            port: self.peer.port(),
            user: "me".into(),
            concurrency: 4,
            idle_timeout: Duration::from_secs(10),
            pipelining: self.pipelining,
            tls: if self.tls { TlsMode::Implicit } else { TlsMode::None },
            tls_options: TlsOptions { verify: Verify::DangerAcceptAny, ..TlsOptions::default() },
            ..Options::default()
        };
        Pool::new(options).expect("options that make sense")
    }
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
async fn may_be_given_up(place: &Place, operation: impl AsyncFn(&Pool) -> Result<()>) {
    let mut awaits = 0;
    for warm in [false, true] {
        for polls in 1.. {
            let pool = place.pool();
            if warm {
                drop(pool.session().await.expect("a session"));
            }
            let result = given_up_after(polls, operation(&pool)).await;
            all_are_in_step(&pool).await;
            pool.close().await;
            drop(pool);
            place.peer.falls_to(0).await;
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
    for place in Place::all().await {
        may_be_given_up(&place, async |pool| pool.session().await.map(drop)).await;
    }
}

#[tokio::test]
async fn questions_may_be_given_up() {
    for place in Place::all().await {
        may_be_given_up(&place, async |pool| {
            let mut session = pool.session().await?;
            for found in session.stat_all(&["/one", "/nothing", "/"]).await {
                found?;
            }
            session.size(b"/one").await.map(drop)
        })
        .await;
    }
}

#[tokio::test]
async fn a_listing_may_be_given_up() {
    for place in Place::all().await {
        may_be_given_up(&place, async |pool| pool.session().await?.list(b"/").await.map(drop))
            .await;
    }
}

#[tokio::test]
async fn a_download_may_be_given_up() {
    for place in Place::all().await {
        may_be_given_up(&place, async |pool| {
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
}

#[tokio::test]
async fn a_download_may_be_stopped_at_any_await() {
    for place in Place::all().await {
        may_be_given_up(&place, async |pool| {
            let mut download = pool.session().await?.retrieve(b"/many", 0).await?;
            download.read().await?;
            download.stop().await;
            Ok(())
        })
        .await;
    }
}

#[tokio::test]
async fn an_upload_may_be_given_up() {
    for place in Place::all().await {
        let content = vec![b'y'; 70_000];
        may_be_given_up(&place, async |pool| {
            let before = place.peer.get("/new");
            assert!(before.is_none_or(|found| found == content), "half a file has the final name");
            let mut upload = pool.session().await?.store(b"/new.partial", 0).await?;
            for piece in content.chunks(30_000) {
                upload.write(Bytes::copy_from_slice(piece)).await?;
            }
            let finish = Finish {
                size: Some(content.len() as u64),
                modified: Some(TIME.parse().expect("a time")),
                rename_to: Some(b"/new".to_vec()),
                ..Finish::default()
            };
            upload.finish(finish).await.map(drop)
        })
        .await;
        assert_eq!(place.peer.get("/new"), Some(content));
    }
}

#[tokio::test]
async fn a_rename_may_be_given_up() {
    for place in Place::all().await {
        place.peer.put("/here", b"content");
        may_be_given_up(&place, async |pool| {
            let places = ["/here", "/there"].map(|path| place.peer.get(path));
            assert_eq!(places.iter().flatten().count(), 1, "a file is in one place");
            let (from, to) =
                if places[0].is_some() { ("here", "there") } else { ("there", "here") };
            let mut session = pool.session().await?;
            session.rename(from.as_bytes(), to.as_bytes()).await
        })
        .await;
    }
}

#[tokio::test]
async fn batches_may_be_given_up() {
    for place in Place::all().await {
        let names: Vec<_> = (0..10).map(|number| format!("/d{number}")).collect();
        let times: Vec<_> =
            FILES.iter().map(|(name, _)| (*name, TIME.parse().expect("a time"))).collect();
        let fine = |results: Vec<Result<()>>, but: ErrorKind| {
            for result in results {
                assert!(result.is_ok() || result.is_err_and(|error| *error.kind() == but));
            }
        };
        may_be_given_up(&place, async |pool| {
            let mut session = pool.session().await?;
            fine(session.mkdir_all(&names).await, ErrorKind::AlreadyExists);
            fine(session.set_modified_all(&times).await, ErrorKind::NotFound);
            fine(session.rmdir_all(&names).await, ErrorKind::NotFound);
            fine(session.remove_tree(&["/x"], &names).await, ErrorKind::NotFound);
            fine(session.remove_all(&["/x", "/y"]).await, ErrorKind::NotFound);
            Ok(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_goodbye_may_be_given_up() {
    for place in Place::all().await {
        for polls in 1..8 {
            let pool = place.pool();
            all_are_in_step(&pool).await;
            given_up_after(polls, pool.close()).await;
            drop(pool);
            place.peer.falls_to(0).await;
        }
    }
}

//! Operations given up at every await there is: what comes of the next ones is right, on the same
//! session or another, and nothing is left behind.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use ftp_client::Result;
use ftp_client::ftp_proto::listing::Entry;
use ftp_client::options::{TlsMode, TlsOptions, Verify};
use tests::Peer;

use super::*;

/// What an operation is tried with.
type Operation = for<'a> fn(&'a Pool) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

const KEPT: &[u8] = b"kept";
const OTHER: &[u8] = b"another";

/// Polls a future so often, and drops it if it is not done then.
async fn give_up_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = Box::pin(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

/// What a server is and how it is used.
#[derive(Clone, Copy, Debug)]
struct Way {
    tls: bool,
    pipelining: Pipelining,
}

const WAYS: [Way; 4] = [
    Way { tls: false, pipelining: Pipelining::LockStep },
    Way { tls: false, pipelining: Pipelining::Overlap },
    Way { tls: false, pipelining: Pipelining::Ahead },
    Way { tls: true, pipelining: Pipelining::Ahead },
];

impl Way {
    async fn peer(self) -> Peer {
        let peer = if self.tls { Peer::start_secured().await } else { Peer::start().await };
        peer.put("/kept", KEPT);
        peer.put("/other", OTHER);
        peer.put("/moved", OTHER);
        peer
    }

    fn pool(self, peer: &Peer) -> Pool {
        let tls = if self.tls { TlsMode::Implicit } else { TlsMode::None };
        let tls_options = TlsOptions { verify: Verify::DangerAcceptAny, ..TlsOptions::default() };
        let pipelining = self.pipelining;
        Pool::new(Options { tls, tls_options, pipelining, ..options(peer.port()) }).expect("a pool")
    }
}

/// Gives the operation up at its first await, then at its second, until it runs to its end.
#[track_caller]
fn at_every_await(operation: Operation) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        for way in WAYS {
            let peer = way.peer().await;
            // One pool goes on whatever happens to it, and one is new to every try.
            let lasting = way.pool(&peer);
            let mut polls = 0;
            loop {
                let fresh = way.pool(&peer);
                let mut done = 0;
                for pool in [&lasting, &fresh] {
                    let outcome = give_up_after(polls, operation(pool)).await;
                    if let Some(outcome) = outcome {
                        outcome.unwrap_or_else(|error| panic!("{error}: {way:?} at {caller}"));
                        done += 1;
                    }
                    is_in_step(pool, &format!("{polls} polls, {way:?} at {caller}")).await;
                }
                fresh.close().await;
                if done == 2 {
                    break;
                }
                polls += 1;
            }
            assert!(polls > 1, "it waits for nothing at {caller}");
            lasting.close().await;
            peer.falls_to(0).await;
        }
    }
}

/// Asks what only the right answers fit.
async fn is_in_step(pool: &Pool, what: &str) {
    let mut session = pool.session().await.expect("a session");
    let sizes: Vec<_> =
        session.size_all(&["/other", "/kept"]).await.into_iter().flatten().collect();
    assert_eq!(sizes, [7, 4], "{what}");
    drop(session);
    assert_eq!(fetch(pool, b"/kept").await.expect("a file"), KEPT, "{what}");
}

#[tokio::test]
async fn a_login_may_be_given_up() {
    at_every_await(|pool| Box::pin(async { pool.session().await.map(drop) })).await;
}

#[tokio::test]
async fn a_listing_may_be_given_up() {
    at_every_await(|pool| {
        Box::pin(async {
            let listing = pool.session().await?.list(b"/").await?;
            let names: Vec<_> = listing.entries.iter().map(Entry::name).collect();
            assert!([&b"kept"[..], b"other"].iter().all(|name| names.contains(name)), "{names:?}");
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn a_download_may_be_given_up() {
    at_every_await(|pool| {
        Box::pin(async {
            assert_eq!(fetch(pool, b"/other").await?, OTHER);
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn an_upload_may_be_given_up() {
    at_every_await(|pool| {
        Box::pin(async {
            let session = pool.session().await?;
            let mut upload = session.store(b"/f.partial", 0).await?;
            upload.write(Bytes::from_static(b"hello")).await?;
            upload.write(Bytes::from_static(b", all")).await?;
            upload.finish(Finish { rename_to: Some(b"/f".to_vec()), ..named(10) }).await?;
            assert_eq!(fetch(pool, b"/f").await?, b"hello, all");
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn many_at_once_may_be_given_up() {
    at_every_await(|pool| {
        Box::pin(async {
            let mut session = pool.session().await?;
            let paths = ["/d", "/d/e", "/d/e/f"];
            // What a try before has made is there.
            drop(session.mkdir_all(&paths).await);
            let found = session.stat_all(&["/kept", "/missing", "/d/e"]).await;
            let found: Vec<_> = found.into_iter().flatten().map(|entry| entry.is_some()).collect();
            assert_eq!(found, [true, false, true]);
            drop(session.remove_tree(&["/nothing"], &["/d/e/f", "/d/e", "/d"]).await);
            Ok(())
        })
    })
    .await;
}

#[tokio::test]
async fn a_rename_may_be_given_up() {
    at_every_await(|pool| {
        Box::pin(async {
            let mut session = pool.session().await?;
            // A try before may have come half the way.
            drop(session.rename(b"/moved", b"/aside").await);
            session.rename(b"/aside", b"/moved").await
        })
    })
    .await;
}

#[tokio::test]
async fn a_goodbye_may_be_given_up() {
    for way in WAYS {
        for polls in 0..8 {
            let peer = way.peer().await;
            let pool = way.pool(&peer);
            is_in_step(&pool, "before the goodbye").await;
            give_up_after(polls, pool.close()).await;
            drop(pool);
            peer.falls_to(0).await;
        }
    }
}

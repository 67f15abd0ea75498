//! Transfers that begin while the end of another is on its way, on a connection of their own.

use std::fs;
use std::sync::Arc;

use sync_core::encoding::Encoder;
use sync_core::ops::{Mode, sync};
use sync_core::remote::ftp::Ftp;
use sync_core::remote::local::Local;
use sync_core::{Context, Path, Remote, Tree};
use tests::Peer;
use tokio::time::timeout;

use super::*;
use Direction::{Down, Up};

/// How long the peer waits for what should come.
const PATIENCE: Duration = Duration::from_millis(300);

/// As seen from far away, where a flight is worth a connection.
fn far(peer: &Peer) -> Options {
    Options { round_trip: Some(Duration::from_millis(50)), ..options(peer.port()) }
}

#[derive(Clone, Copy)]
enum Direction {
    Down,
    Up,
}

/// Copies so many files, one transfer at a time, from or to a peer that confirms late.
async fn copied(direction: Direction, files: usize, limit: usize) -> Peer {
    let peer = Peer::start().await;
    peer.confirm_late(PATIENCE);
    let here = tempfile::tempdir().expect("a folder");
    let at = |number: usize| (format!("/f{number}"), here.path().join(format!("f{number}")));
    for (there, here) in (0..files).map(at) {
        match direction {
            Down => peer.put(&there, b"hello"),
            Up => fs::write(here, b"hello").expect("written"),
        }
    }
    let server = Ftp::new(Options { concurrency: limit, ..far(&peer) }, Encoder::default());
    let server: Arc<dyn Remote> = Arc::new(server.expect("options"));
    let local: Arc<dyn Remote> = Arc::new(Local::at(here.path()));
    let [server, local] = [server, local].map(|remote| Tree::new(remote, Path::root()));
    let mut ctx = Context::default();
    ctx.options.transfers = 1;
    ctx.options.checkers = 1;
    let (from, to) = match direction {
        Down => (&server, &local),
        Up => (&local, &server),
    };
    sync(&ctx, from, to, Mode::Copy).await.expect("copied");
    for (there, here) in (0..files).map(at) {
        assert_eq!(fs::read(here).expect("there"), b"hello");
        assert_eq!(peer.get(&there).expect("there"), b"hello");
    }
    peer
}

#[tokio::test]
async fn a_transfer_begins_while_the_end_of_the_last_is_on_its_way() {
    for direction in [Down, Up] {
        let peer = copied(direction, 20, 0).await;
        // The first ones have no second connection yet. Here data is through at once, and finds the
        // session before last just as busy: so only every other one overlaps.
        assert!(peer.overlaps() >= 5, "{}", peer.overlaps());
        assert_eq!(peer.opened(), 2);
    }
}

#[tokio::test]
async fn a_few_files_open_no_more_connections() {
    for direction in [Down, Up] {
        let peer = copied(direction, 3, 0).await;
        assert_eq!((peer.opened(), peer.overlaps()), (1, 0));
    }
}

#[tokio::test]
async fn one_connection_is_enough_where_no_more_are_allowed() {
    for direction in [Down, Up] {
        let peer = copied(direction, 8, 1).await;
        assert_eq!((peer.opened(), peer.overlaps()), (1, 0));
    }
}

#[tokio::test]
async fn one_session_is_promised_to_one_operation() {
    let peer = Peer::start().await;
    let pool = Pool::new(far(&peer)).expect("options that make sense");
    let busy = pool.session().await.expect("a session");
    assert!(!pool.promise(1));
    assert_eq!(peer.opened(), 1, "there may be one");
    assert!(!pool.promise(2));
    let promised = async {
        while !pool.promise(2) {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), promised).await.expect("one is opened meanwhile");
    assert!(!pool.promise(2), "it is promised already");
    let taken = pool.session().await.expect("the one that was promised");
    drop((busy, taken));
    assert!(pool.promise(2) && pool.promise(2) && !pool.promise(2));
    assert_eq!(peer.opened(), 2);
}

//! Ten thousand operations against a server that keeps dying: no result is lost, and no session, task
//! or descriptor is left behind. Descriptors are counted by process, so this is a program of its own.

use std::time::Duration;

use bytes::Bytes;
use ftp_client::{ErrorKind, Finish, Options, Pool, Result};
use futures_util::future::join_all;
use tests::Peer;

/// How many operations, by how many workers over four sessions.
const OPERATIONS: usize = 10_000;
const WORKERS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_operations_survive_a_server_that_keeps_dying() {
    let peer = Peer::start().await;
    let idle = tasks();
    // What only the first use opens is there before counting.
    let first = pool(&peer);
    drop(first.session().await.expect("a session"));
    first.close().await;
    drop(first);
    settles(|| tasks() == idle).await;
    let before = (descriptors(), idle);
    peer.kill_one_in(60);
    let pool = pool(&peer);
    join_all((0..WORKERS).map(|worker| work(worker, &peer, &pool))).await;
    assert!(peer.kills() > OPERATIONS / 60, "{} kills", peer.kills());
    peer.kill_one_in(0);

    assert_eq!(peer.files(), Vec::<String>::new());
    pool.close().await;
    drop(pool);
    settles(|| (descriptors(), tasks()) == before).await;
    assert_eq!((descriptors(), tasks()), before, "descriptors and tasks are left behind");
}

/// Waits until a count is what it should be, or for twice the idle timeout, the longest wait there is.
async fn settles(settled: impl Fn() -> bool) {
    for _ in 0..4000 {
        if settled() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

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

/// Uploads, looks, downloads, renames and removes a file of its own, again and again.
async fn work(worker: usize, peer: &Peer, pool: &Pool) {
    for round in 0..OPERATIONS / WORKERS / 5 {
        let (name, other) = (format!("/f{worker}"), format!("/g{worker}"));
        let content = vec![b'a' + u8::try_from(round % 26).expect("a letter"); round * 37 % 40_000];
        persist(async || upload(pool, &name, &content).await).await;
        assert_eq!(peer.get(&name).as_ref(), Some(&content), "what was confirmed is there");

        let size = persist(async || pool.session().await?.size(name.as_bytes()).await).await;
        assert_eq!(size, content.len() as u64);
        let got = persist(async || download(pool, &name).await).await;
        assert!(got == content, "another file came");

        persist(async || {
            let mut session = pool.session().await?;
            let renamed = session.rename(name.as_bytes(), other.as_bytes()).await;
            was_done(renamed, peer.get(&other).is_some())
        })
        .await;
        assert!(peer.get(&name).is_none() && peer.get(&other).as_ref() == Some(&content));

        persist(async || {
            let mut session = pool.session().await?;
            was_done(session.remove(other.as_bytes()).await, peer.get(&other).is_none())
        })
        .await;
        let partial = format!("{name}.partial");
        assert!(peer.get(&other).is_none() && peer.get(&partial).is_none());
    }
}

/// A connection lost after the command was carried out: the next try finds nothing to do.
fn was_done(result: Result<()>, done: bool) -> Result<()> {
    result.or_else(|error| match error.kind() {
        ErrorKind::NotFound if done => Ok(()),
        _ => Err(error),
    })
}

async fn upload(pool: &Pool, name: &str, content: &[u8]) -> Result<()> {
    let partial = format!("{name}.partial");
    let mut upload = pool.session().await?.store(partial.as_bytes(), 0).await?;
    upload.write(Bytes::copy_from_slice(content)).await?;
    let rename_to = Some(name.as_bytes().to_vec());
    let finish = Finish { size: Some(content.len() as u64), rename_to, ..Finish::default() };
    upload.finish(finish).await.map(drop)
}

async fn download(pool: &Pool, name: &str) -> Result<Vec<u8>> {
    let mut download = pool.session().await?.retrieve(name.as_bytes(), 0).await?;
    let mut content = Vec::new();
    loop {
        let piece = download.read().await?;
        if piece.is_empty() {
            return Ok(content);
        }
        content.extend_from_slice(&piece);
    }
}

/// Tries again as long as the failure is temporary.
#[track_caller]
fn persist<T>(operation: impl AsyncFn() -> Result<T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..50 {
            match operation().await {
                Ok(value) => return value,
                Err(error) => assert!(error.is_temporary(), "{error} at {caller}"),
            }
        }
        panic!("fifty tries failed at {caller}");
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("Linux").count()
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

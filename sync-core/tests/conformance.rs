//! The one suite, on every backend that needs no server, and through the decorators.

use std::sync::Arc;
use std::time::Duration;

use sync_core::path::Path;
use sync_core::remote::conformance::{Limits, all};
use sync_core::remote::fault::Fault;
use sync_core::remote::limit::{self, Pace, Rates};
use sync_core::remote::links::{Links, Policy};
use sync_core::remote::local::Local;
use sync_core::remote::memory::Memory;
use sync_core::remote::record::Record;
use sync_core::remote::watch::Watched;
use sync_core::{Capability, Remote, Tree};

async fn check(remote: impl Remote + 'static) {
    let tree = Tree::new(Arc::new(remote), "suite".parse().unwrap());
    all(&tree, &Limits::default()).await;
}

#[tokio::test]
async fn memory() {
    check(Memory::new()).await;
    check(Memory::server()).await;
}

#[tokio::test]
async fn memory_without_times_or_renames() {
    let minute = Some(Duration::from_secs(60));
    let capability = Capability { read_precision: minute, ..Capability::default() };
    check(Memory::with(capability)).await;
}

#[tokio::test]
async fn local() {
    let folder = tempfile::tempdir().unwrap();
    check(Local::at(folder.path())).await;
}

#[tokio::test]
async fn local_by_absolute_paths() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(folder.path().as_os_str().as_encoded_bytes()).unwrap();
    all(&Tree::new(Arc::new(Local::new()), root), &Limits::default()).await;
}

#[tokio::test]
async fn decorators_change_nothing() {
    let memory: Arc<dyn Remote> = Arc::new(Memory::new());
    let recorded = Watched::new(memory, Record::default());
    check(Watched::new(Arc::new(recorded), Fault::default())).await;
}

#[tokio::test(start_paused = true)]
async fn limits_change_nothing_but_the_pace() {
    let limits = limit::Limits::new(Some(Pace { calls: 100.0, burst: 2 }));
    limits.set(Rates { upload: Some(100_000), download: Some(200_000) });
    limits.set_each(Rates { upload: Some(50_000), download: None });
    check(Watched::new(Arc::new(Memory::server()), limits.of_server())).await;
    check(Watched::new(Arc::new(Memory::new()), limits.of_disk())).await;
}

#[tokio::test]
async fn whatever_becomes_of_links() {
    for policy in [Policy::Follow, Policy::Skip, Policy::Translate] {
        check(Links::new(Arc::new(Memory::server()), policy)).await;
        let folder = tempfile::tempdir().unwrap();
        check(Links::new(Arc::new(Local::at(folder.path())), policy)).await;
    }
}

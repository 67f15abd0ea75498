//! A name that a server lists twice: what is meant nobody knows, so nothing is copied or replaced
//! under it, nothing is deleted beside it, and it is told by name.

use std::sync::Arc;

use ftp_client::Options;
use sync_core::encoding::Encoder;
use sync_core::ops::{Mode, sync};
use sync_core::remote::ftp::Ftp;
use sync_core::remote::memory::Memory;
use sync_core::{Context, Path, Remote, Tree};
use tests::script::Script;

use super::{options, with_login};

const LISTING: &str = "
    C: EPSV
    S: 229 ({port})
    C: MLSD
    S: 150 here
    D: type=file;size=1;modify=20200203040506; twice\\ntype=file;size=2;modify=20200203040506; twice\\n
    C: EPSV
    S: 226 done
    S: 229 ({port})";

/// Syncs between a server and a store that holds these files, and returns what is told and what the
/// store holds then.
async fn told(stored: &[&str], from_server: bool) -> (String, Vec<String>) {
    let script = Script::start(&[&with_login(LISTING)]).await;
    let options = Options { concurrency: 1, ..options(script.port()) };
    let server: Arc<dyn Remote> = Arc::new(Ftp::new(options, Encoder::default()).expect("options"));
    let memory = Memory::new();
    for name in stored {
        memory.put(name, name.as_bytes().to_vec(), jiff::Timestamp::UNIX_EPOCH);
    }
    let store: Arc<dyn Remote> = Arc::new(memory.clone());
    let [server, store] = [server, store].map(|remote| Tree::new(remote, Path::root()));
    let (source, destination) = if from_server { (&server, &store) } else { (&store, &server) };
    let ctx = Context::default();
    let failures = sync(&ctx, source, destination, Mode::Sync).await.expect_err("it is in doubt");
    script.finish().await;
    (failures.to_string(), memory.files().into_keys().collect())
}

#[tokio::test]
async fn it_is_neither_downloaded_nor_deleted() {
    for stored in [&["other", "twice"][..], &["other"], &[]] {
        let (said, left) = told(stored, true).await;
        assert!(said.contains("twice") || said.contains("not fully understood"), "{said}");
        assert_eq!(left, stored);
    }
}

#[tokio::test]
async fn it_is_not_replaced() {
    let (said, left) = told(&["twice"], false).await;
    assert!(said.contains("the name `twice` is listed twice"), "{said}");
    assert_eq!(left, ["twice"]);
}

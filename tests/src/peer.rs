//! A whole FTP server in this process, over files in memory, that dies when it is told to.
//!
//! It answers in order, as vsftpd does: a command that comes during a transfer waits for its end.
//! How many connections are open is counted, so that a test sees what a client leaves behind. With
//! [`Peer::kill_one_in`] it breaks connections by a die that falls the same way in every run: before
//! a command, after it was carried out, within its reply, within a transfer. With
//! [`Peer::confirm_late`] it keeps the end of each transfer until another one begins.

mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use crate::certs::Authority;
use session::Session;

/// A running server. It ends, with all its connections, when dropped.
#[derive(Debug)]
pub struct Peer {
    port: u16,
    state: Arc<State>,
    _accept: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    tree: Mutex<Tree>,
    open: watch::Sender<usize>,
    opened: AtomicUsize,
    kills: AtomicUsize,
    /// Of how many events one kills; 0 for none.
    one_in: AtomicU64,
    events: AtomicU64,
    /// How many transfers have begun, how long the end of each waits for another, and how often one came.
    begun: watch::Sender<usize>,
    patience: Mutex<Duration>,
    overlaps: AtomicUsize,
    /// What does its part of TLS, from the first byte of every connection.
    tls: Option<TlsAcceptor>,
}

/// What the server holds, by absolute path.
#[derive(Debug, Default)]
struct Tree {
    files: BTreeMap<String, Vec<u8>>,
    directories: BTreeSet<String>,
}

impl Peer {
    /// Starts a server without files.
    pub async fn start() -> Self {
        Self::start_with(State::default()).await
    }

    /// The same with TLS from the first byte on.
    pub async fn start_secured() -> Self {
        let tls = Some(Authority::new().identity().acceptor());
        Self::start_with(State { tls, ..State::default() }).await
    }

    async fn start_with(state: State) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let state = Arc::new(state);
        state.tree().directories.insert("/".into());
        let shared = Arc::clone(&state);
        let accept = tokio::spawn(async move {
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while sessions.try_join_next().is_some() {}
                sessions.spawn(Session::serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, _accept: AbortOnDropHandle::new(accept) }
    }

    /// Returns the port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts a file there.
    pub fn put(&self, path: &str, content: &[u8]) {
        self.state.tree().files.insert(path.into(), content.into());
    }

    /// Returns what a file holds, where there is one.
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.state.tree().files.get(path).cloned()
    }

    /// Returns the paths of all files.
    pub fn files(&self) -> Vec<String> {
        self.state.tree().files.keys().cloned().collect()
    }

    /// Breaks a connection at one in so many events; 0 ends that.
    pub fn kill_one_in(&self, events: u64) {
        self.state.one_in.store(events, Ordering::Relaxed);
    }

    /// Returns how many connections were broken.
    pub fn kills(&self) -> usize {
        self.state.kills.load(Ordering::Relaxed)
    }

    /// Confirms the end of each transfer of a file when another has begun, at the latest after so long.
    pub fn confirm_late(&self, patience: Duration) {
        *self.state.patience.lock().expect("no holder of the lock panics") = patience;
    }

    /// Returns before the end of how many transfers was confirmed another has begun.
    pub fn overlaps(&self) -> usize {
        self.state.overlaps.load(Ordering::Relaxed)
    }

    /// Returns how many control connections there were.
    pub fn opened(&self) -> usize {
        self.state.opened.load(Ordering::Relaxed)
    }

    /// Returns how many control connections are open.
    pub fn open(&self) -> usize {
        *self.state.open.borrow()
    }

    /// Waits until only so many control connections are open.
    #[track_caller]
    pub fn falls_to(&self, open: usize) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let mut count = self.state.open.subscribe();
            let falls = count.wait_for(|count| *count <= open);
            let fell = tokio::time::timeout(Duration::from_secs(10), falls).await;
            assert!(fell.is_ok(), "{} connections are left at {caller}", self.open());
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl State {
    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().expect("no holder of the lock panics")
    }

    /// Counts a transfer that begins, and returns which one it is.
    fn begin(&self) -> usize {
        self.begun.send_modify(|begun| *begun += 1);
        *self.begun.borrow()
    }

    /// Waits for another transfer to begin, as long as the peer was told to.
    async fn overlap(&self, transfer: usize) {
        let patience = *self.patience.lock().expect("no holder of the lock panics");
        if patience.is_zero() {
            return;
        }
        let mut begun = self.begun.subscribe();
        let another = begun.wait_for(|begun| *begun > transfer);
        let came = tokio::time::timeout(patience, another).await.is_ok();
        self.overlaps.fetch_add(usize::from(came), Ordering::Relaxed);
    }

    /// Tells whether this event kills.
    fn strikes(&self) -> bool {
        let one_in = self.one_in.load(Ordering::Relaxed);
        let event = self.events.fetch_add(1, Ordering::Relaxed);
        let struck = one_in > 0 && scattered(event).is_multiple_of(one_in);
        self.kills.fetch_add(usize::from(struck), Ordering::Relaxed);
        struck
    }
}

/// Scatters neighbouring numbers, as splitmix64 does.
fn scattered(number: u64) -> u64 {
    let mut x = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

//! Sessions of one server, lent to one operation each.
//!
//! The pool opens as many sessions as the options and the server allow. A server that refuses one
//! more (421, 530 "too many") shrinks the budget to what is open; it grows again slowly. Whoever
//! waits is served in order, and since no operation holds a session while it asks for another, a
//! budget of one is enough for everything.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::future::{join_all, poll_fn};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, info};

use crate::error::{Error, ErrorKind, Result};
use crate::options::Options;
use crate::personality::Personality;
use crate::session::{Server, Session};

/// How many sessions a pool without a limit of its own may open.
const UNLIMITED: usize = 256;

/// How long after the first refusal one more session is tried again, and after many.
const RECOVERY: Duration = Duration::from_secs(120);
const LONGEST_RECOVERY: Duration = Duration::from_secs(30 * 60);

/// What is shorter is no limit on sessions without work.
const SHORTEST: Duration = Duration::from_secs(5);

/// After how long without use a session is asked whether its server is still there.
const DOUBT: Duration = Duration::from_secs(30);

/// How long that may take.
const PROBE: Duration = Duration::from_secs(10);

/// The sessions of one server. Clones share them.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: Arc<Server>,
    budget: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Sessions without work, the one used last at the end.
    idle: Vec<Session>,
    /// How many of these are promised to operations that have not asked yet.
    promised: usize,
    /// Permits in circulation: how many sessions may be at work at once.
    total: usize,
    /// How many permits a refusing server has taken away, and when the last one.
    taken: usize,
    taken_at: Instant,
    /// How long no more without work the server was seen to bear a session.
    tolerated: Option<Duration>,
    /// How long after a refusal one more session is tried.
    recovery: Duration,
    /// Whether a task waits to close idle sessions.
    reaping: bool,
    /// Whether a task watches the idle sessions, and how to call it to a new one.
    tended: bool,
    tender: Option<Waker>,
    /// That task, which ends with the pool.
    reaper: Option<AbortOnDropHandle<()>>,
    /// Sessions being opened that nobody waits for; they end with the pool.
    openings: JoinSet<()>,
    closed: bool,
}

impl Pool {
    /// Returns a pool for the server that the options name; it connects when first asked to.
    ///
    /// # Errors
    /// When the options make no sense, or files they name cannot be read.
    pub fn new(options: Options) -> Result<Self> {
        let total = match options.concurrency {
            0 => UNLIMITED,
            limit => limit,
        };
        let server = Arc::new(Server::new(options)?);
        let state = State {
            idle: Vec::new(),
            promised: 0,
            total,
            taken: 0,
            taken_at: Instant::now(),
            tolerated: None,
            recovery: RECOVERY,
            reaping: false,
            tended: false,
            tender: None,
            reaper: None,
            openings: JoinSet::new(),
            closed: false,
        };
        let budget = Arc::new(Semaphore::new(total));
        Ok(Self(Arc::new(Inner { server, budget, state: Mutex::new(state) })))
    }

    /// Lends a session, once one is free or may be opened.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the login.
    pub async fn session(&self) -> Result<Lease> {
        loop {
            self.0.recover();
            let permit = Arc::clone(&self.0.budget).acquire_owned().await.map_err(|_| closed())?;
            if let Some(session) = self.idle_session().await {
                return Ok(self.lend(session, permit));
            }
            match Box::pin(Session::open(Arc::clone(&self.0.server))).await {
                Ok(session) => {
                    self.0.accepted();
                    return Ok(self.lend(session, permit));
                }
                Err(error) if *error.kind() == ErrorKind::TooManyConnections => {
                    self.0.shrink(permit, error)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Tells whether a session is open and without work, and keeps it in mind for the operation that is
    /// about to ask for one: so that many who begin at the same time do not count on the same session.
    ///
    /// Where there is none, and the line is long enough for a flight to count, one more is opened in the
    /// meantime as long as that makes no more than `at_most` in all.
    pub fn promise(&self, at_most: usize) -> bool {
        let mut state = self.0.state();
        let free = state.idle.len() > state.promised;
        state.promised += usize::from(free);
        if !free && self.0.server.is_far() && self.0.open_sessions(&state) < at_most {
            self.0.open_aside(&mut state);
        }
        free
    }

    /// Returns the options it was made of, such as to make another one of them.
    pub fn options(&self) -> &Options {
        &self.0.server.options
    }

    /// Returns what was learnt about the server so far.
    pub fn personality(&self) -> Personality {
        self.0.server.learnt.now().clone()
    }

    /// Takes what another run has learnt about the server, before the first session.
    pub fn recall(&self, personality: Personality) {
        *self.0.server.learnt.now() = personality;
    }

    pub(crate) fn server(&self) -> &Server {
        &self.0.server
    }

    /// Closes the sessions without work and lends no more.
    pub async fn close(&self) {
        let idle = {
            let mut state = self.0.state();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        self.0.budget.close();
        join_all(idle.into_iter().map(Session::quit)).await;
    }

    fn lend(&self, session: Session, permit: OwnedSemaphorePermit) -> Lease {
        Lease { session: Some(session), pool: self.clone(), _permit: permit }
    }

    /// Takes a session without work whose server is still there.
    async fn idle_session(&self) -> Option<Session> {
        loop {
            let mut session = {
                let mut state = self.0.state();
                state.promised = state.promised.saturating_sub(1);
                state.idle.pop()?
            };
            if !session.is_alive() {
                debug!("a session was closed by the server while it had no work");
                self.0.closed_after(session.used().elapsed());
                continue;
            }
            // What an operation given up still has to be told comes first.
            let idle = session.used().elapsed();
            let answers = async {
                match idle < DOUBT {
                    true => session.begin().await,
                    false => session.check().await,
                }
            };
            if matches!(timeout(PROBE, answers).await, Ok(Ok(()))) {
                return Some(session);
            }
            debug!("a session without work no longer answers");
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the permit of a session that was refused out of circulation, and those nobody uses.
    ///
    /// Where no other session is at work there is nothing to wait for: then the refusal stands.
    fn shrink(&self, permit: OwnedSemaphorePermit, error: Error) -> Result<()> {
        let mut state = self.state();
        let unused = self.budget.forget_permits(UNLIMITED);
        let others = state.total.saturating_sub(unused + 1);
        if others == 0 {
            self.budget.add_permits(unused);
            return Err(error);
        }
        permit.forget();
        state.total = others;
        state.taken += unused + 1;
        state.taken_at = Instant::now();
        drop(state);
        info!("the server allows {others} connections: {error}");
        self.server.learnt.now().connection_limit = Some(others);
        Ok(())
    }

    /// Returns how many sessions there are, those that are being opened included.
    fn open_sessions(&self, state: &State) -> usize {
        state.idle.len() + state.total.saturating_sub(self.budget.available_permits())
    }

    /// Opens a session that nobody waits for, where another is allowed.
    fn open_aside(self: &Arc<Self>, state: &mut State) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let Ok(permit) = Arc::clone(&self.budget).try_acquire_owned() else { return };
        let (pool, server) = (Arc::downgrade(self), Arc::clone(&self.server));
        while state.openings.try_join_next().is_some() {}
        let opening = async move {
            let opened = Box::pin(Session::open(server)).await;
            let Some(pool) = pool.upgrade() else { return };
            match opened {
                Ok(session) => {
                    pool.accepted();
                    pool.put(session);
                }
                Err(error) if *error.kind() == ErrorKind::TooManyConnections => {
                    let _ = pool.shrink(permit, error);
                }
                Err(error) => debug!("one more session cannot be opened: {error}"),
            }
        };
        state.openings.spawn_on(opening, &runtime);
    }

    /// Gives one permit back when the last refusal is some time ago, and the next one only after
    /// twice that time, unless the server accepts the session.
    fn recover(&self) {
        let mut state = self.state();
        if state.taken > 0 && state.taken_at.elapsed() >= state.recovery {
            state.taken -= 1;
            state.total += 1;
            state.taken_at = Instant::now();
            state.recovery = (state.recovery * 2).min(LONGEST_RECOVERY);
            self.budget.add_permits(1);
        }
    }

    /// Takes note that the server has accepted a session; one more than the limit raises that.
    fn accepted(&self) {
        let mut state = self.state();
        let at_work = state.total - self.budget.available_permits().min(state.total);
        let mut learnt = self.server.learnt.now();
        if learnt.connection_limit.is_some_and(|limit| at_work > limit) {
            learnt.connection_limit = Some(at_work);
            state.recovery = RECOVERY;
        }
    }

    /// Takes note that the server closed a session without work, so that the others are closed
    /// before it does.
    fn closed_after(&self, idle: Duration) {
        let mut state = self.state();
        if idle >= SHORTEST && state.tolerated.is_none_or(|known| idle < known) {
            state.tolerated = Some(idle);
        }
    }

    /// Takes a session back.
    fn put(self: &Arc<Self>, session: Session) {
        let mut state = self.state();
        let keep = state.keep(self.server.options.pool_idle_timeout);
        if state.closed {
            return;
        }
        state.idle.push(session);
        if let Some(tender) = state.tender.take() {
            tender.wake();
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !state.tended {
            state.tended = true;
            runtime.spawn(tend(Arc::downgrade(self)));
        }
        if !keep.is_zero() && !state.reaping {
            state.reaping = true;
            let reaper = runtime.spawn(reap(Arc::downgrade(self), keep));
            state.reaper = Some(AbortOnDropHandle::new(reaper));
        }
    }

    /// Takes out the sessions that had no work for `keep`, and tells when to look again.
    fn expired(&self, keep: Duration) -> (Vec<Session>, Option<Duration>) {
        let mut state = self.state();
        let all = std::mem::take(&mut state.idle);
        let (old, young): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|session| session.used().elapsed() >= keep);
        state.idle = young;
        let oldest = state.idle.iter().map(|session| session.used().elapsed()).max();
        state.reaping = oldest.is_some();
        (old, oldest.map(|age| keep.saturating_sub(age)))
    }
}

/// Hears what the servers of sessions without work have to say, as long as the pool lives: answers
/// that someone waits for who has left the session to others, or a farewell.
async fn tend(pool: Weak<Inner>) {
    poll_fn(|cx| {
        let Some(pool) = pool.upgrade() else { return Poll::Ready(()) };
        let mut state = pool.state();
        state.tender = Some(cx.waker().clone());
        state.idle.retain_mut(|session| session.poll_idle(cx));
        Poll::Pending
    })
    .await;
}

impl State {
    /// Returns how long sessions without work are kept: as the options say, and less where the
    /// server was seen to close them; zero is for ever.
    fn keep(&self, wanted: Duration) -> Duration {
        let tolerated = self.tolerated.map(|tolerated| tolerated / 4 * 3);
        match (wanted.is_zero(), tolerated) {
            (true, tolerated) => tolerated.unwrap_or_default(),
            (false, tolerated) => tolerated.map_or(wanted, |tolerated| tolerated.min(wanted)),
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(tender) = self.tender.take() {
            tender.wake();
        }
    }
}

/// Closes sessions that have had no work for `keep`, until there is none left.
async fn reap(pool: Weak<Inner>, keep: Duration) {
    let mut wait = keep;
    loop {
        sleep(wait).await;
        let Some(pool) = pool.upgrade() else { return };
        let (old, next) = pool.expired(keep);
        drop(pool);
        join_all(old.into_iter().map(Session::quit)).await;
        let Some(next) = next else { return };
        wait = next.max(Duration::from_millis(10));
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Misuse, "the pool is closed")
}

/// A session lent by a [`Pool`]: dropping it gives it back, or closes it when it is out of step.
#[derive(Debug)]
pub struct Lease {
    /// None only while it is given back.
    session: Option<Session>,
    pool: Pool,
    /// Held until the session is back.
    _permit: OwnedSemaphorePermit,
}

impl Session {
    /// Logs in on one connection, for who needs no more: its pool has room for no other.
    ///
    /// # Errors
    /// When the options make no sense, the server cannot be reached, or it refuses the login.
    pub async fn connect(options: Options) -> Result<Lease> {
        Pool::new(Options { concurrency: 1, ..options })?.session().await
    }
}

impl Lease {
    /// Returns the pool it came from.
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }

    /// Closes the session rather than giving it back.
    pub(crate) fn discard(&mut self) {
        self.give_up();
    }

    pub(crate) fn options(&self) -> &Options {
        &self.pool.0.server.options
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session.as_ref().expect("a lease holds its session until it is dropped")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect("a lease holds its session until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(session) = self.session.take().filter(Session::is_reusable) {
            self.pool.0.put(session);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// A server of logins and `SIZE` with room for some connections.
    struct Room {
        port: u16,
        room: Arc<Semaphore>,
    }

    impl Room {
        async fn new(limit: usize) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let room = Arc::new(Semaphore::new(limit));
            tokio::spawn(accept(listener, Arc::clone(&room)));
            Self { port, room }
        }
    }

    async fn serve(limit: usize) -> u16 {
        Room::new(limit).await.port
    }

    async fn accept(listener: TcpListener, room: Arc<Semaphore>) {
        while let Ok((mut stream, _)) = listener.accept().await {
            match Arc::clone(&room).try_acquire_owned() {
                Ok(place) => drop(tokio::spawn(async move {
                    // The client may leave at any time.
                    let _ = talk(stream).await;
                    drop(place);
                })),
                Err(_) => {
                    let refusal = b"421 Too many connections from your address.\r\n";
                    let _ = stream.write_all(refusal).await;
                }
            }
        }
    }

    async fn talk(stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 hi\r\n").await?;
        let mut line = String::new();
        while stream.read_line(&mut line).await? > 0 {
            let reply: &[u8] = match &line[..4] {
                "USER" => b"230 in\r\n",
                "PWD\r" => b"257 \"/\"\r\n",
                "SIZE" => b"213 7\r\n",
                "QUIT" => return stream.write_all(b"221 bye\r\n").await,
                _ => b"200 ok\r\n",
            };
            stream.write_all(reply).await?;
            line.clear();
        }
        Ok(())
    }

    fn pool(port: u16, concurrency: usize) -> Pool {
        let host = "127.0.0.1".to_owned();
        Pool::new(Options { host, port, concurrency, ..Options::default() }).expect("a pool")
    }

    async fn work(pool: &Pool, tasks: usize) -> Vec<Result<u64>> {
        let one = || async { pool.session().await?.size(b"a").await };
        join_all((0..tasks).map(|_| one())).await
    }

    #[tokio::test]
    async fn a_refused_connection_shrinks_the_pool_and_fails_nothing() {
        let pool = pool(serve(3).await, 0);
        let first = pool.session().await.expect("a session");
        let results = work(&pool, 40).await;
        assert!(results.iter().all(|size| matches!(size, Ok(7))), "{results:?}");
        assert!(pool.personality().connection_limit.is_some_and(|limit| limit <= 3));
        drop(first);
        assert!(work(&pool, 10).await.iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn a_budget_of_one_serves_everybody() {
        let pool = pool(serve(1).await, 1);
        assert!(work(&pool, 20).await.iter().all(Result::is_ok));
        assert_eq!(pool.0.state().idle.len(), 1);
    }

    #[tokio::test]
    async fn a_server_without_room_is_an_error_not_a_wait() {
        let pool = pool(serve(0).await, 0);
        let error = pool.session().await.expect_err("no room");
        assert_eq!(*error.kind(), ErrorKind::TooManyConnections);
        assert!(error.is_temporary());
    }

    #[tokio::test]
    async fn a_session_that_is_out_of_step_is_not_given_back() {
        let pool = pool(serve(9).await, 0);
        let mut session = pool.session().await.expect("a session");
        session.discard();
        drop(session);
        assert!(pool.0.state().idle.is_empty());
        drop(pool.session().await.expect("another session"));
        assert_eq!(pool.0.state().idle.len(), 1);
    }

    #[tokio::test]
    async fn sessions_without_work_are_closed_in_time() {
        let pool = pool(serve(9).await, 0);
        drop(pool.session().await.expect("a session"));
        let (old, next) = pool.0.expired(Duration::from_secs(3600));
        assert!(old.is_empty() && next.is_some());
        let (old, next) = pool.0.expired(Duration::ZERO);
        assert_eq!((old.len(), next), (1, None));
    }

    #[tokio::test]
    async fn sessions_are_closed_before_the_server_does() {
        let pool = pool(serve(9).await, 0);
        let keep = |wanted| pool.0.state().keep(Duration::from_secs(wanted)).as_secs();
        assert_eq!([keep(0), keep(60)], [0, 60]);
        pool.0.closed_after(Duration::from_secs(1));
        assert_eq!(keep(0), 0, "a server that restarts has no limit of a second");
        pool.0.closed_after(Duration::from_secs(40));
        pool.0.closed_after(Duration::from_secs(400));
        assert_eq!([keep(0), keep(60), keep(20)], [30, 30, 20]);
    }

    #[tokio::test]
    async fn the_budget_grows_back() {
        let server = Room::new(2).await;
        let pool = pool(server.port, 0);
        assert!(work(&pool, 9).await.iter().all(Result::is_ok));
        let limit = pool.personality().connection_limit.expect("a limit");
        assert!(limit <= 2);
        server.room.add_permits(5);
        let before = pool.0.state().total;
        pool.0.state().taken_at -= RECOVERY;
        let leases = join_all((0..=before).map(|_| pool.session())).await;
        assert!(leases.iter().all(Result::is_ok));
        assert_eq!(pool.0.state().total, before + 1);
        assert_eq!(pool.personality().connection_limit, Some(before + 1));
    }

    #[tokio::test]
    async fn a_closed_pool_lends_nothing() {
        let pool = pool(serve(9).await, 0);
        let session = pool.session().await.expect("a session");
        pool.close().await;
        drop(session);
        assert!(pool.0.state().idle.is_empty());
        assert!(pool.session().await.is_err());
    }
}

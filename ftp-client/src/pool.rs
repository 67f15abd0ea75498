//! Sessions of one server, lent to one operation each.
//!
//! The pool opens as many sessions as the options and the server allow. A server that refuses one
//! more (421, 530 "too many") shrinks the budget to what is open; it grows again slowly. Whoever
//! waits is served in order, and since no operation holds a session while it asks for another, a
//! budget of one is enough for everything.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, info};

use crate::error::{Error, ErrorKind, Result};
use crate::options::Options;
use crate::personality::Personality;
use crate::session::{Server, Session};

/// How many sessions a pool without a limit of its own may open.
const UNLIMITED: usize = 256;

/// How long after a refusal one more session is tried again.
const RECOVERY: Duration = Duration::from_secs(120);

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
    /// Permits in circulation: how many sessions may be at work at once.
    total: usize,
    /// How many permits a refusing server has taken away, and when the last one.
    taken: usize,
    taken_at: Instant,
    /// Whether a task waits to close idle sessions.
    reaping: bool,
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
            total,
            taken: 0,
            taken_at: Instant::now(),
            reaping: false,
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
                Ok(session) => return Ok(self.lend(session, permit)),
                Err(error) if *error.kind() == ErrorKind::TooManyConnections => {
                    self.0.shrink(permit, error)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns what was learnt about the server so far.
    pub fn personality(&self) -> Personality {
        self.0.server.learnt.now().clone()
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
            let mut session = self.0.state().idle.pop()?;
            if !session.is_alive() {
                debug!("a session was closed by the server while it had no work");
                continue;
            }
            if session.used().elapsed() < DOUBT {
                return Some(session);
            }
            if matches!(timeout(PROBE, session.check()).await, Ok(Ok(()))) {
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

    /// Gives one permit back when the last refusal is some time ago.
    fn recover(&self) {
        let mut state = self.state();
        if state.taken > 0 && state.taken_at.elapsed() >= RECOVERY {
            state.taken -= 1;
            state.total += 1;
            state.taken_at = Instant::now();
            self.budget.add_permits(1);
        }
    }

    /// Takes a session back.
    fn put(self: &Arc<Self>, session: Session) {
        let keep = self.server.options.pool_idle_timeout;
        let mut state = self.state();
        if state.closed {
            return;
        }
        state.idle.push(session);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !keep.is_zero() && !state.reaping {
            state.reaping = true;
            runtime.spawn(reap(Arc::downgrade(self), keep));
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

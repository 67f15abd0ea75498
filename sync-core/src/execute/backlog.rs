//! Transfers that wait for their turn: in the order they come or another one, so many at most.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::sync::Semaphore;

use super::copy::Job;
use crate::context::{Direction, Options, Order, OrderBy};
use crate::path::Path;

/// A transfer that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) job: Job,
    /// Whether its directory is still to be made.
    pub(super) in_new_directory: bool,
}

/// Transfers in their order. Who adds one waits for room, who takes one for the next.
#[derive(Debug)]
pub(super) struct Backlog {
    order: Option<Order>,
    workers: usize,
    room: Semaphore,
    /// A permit for every transfer that waits, and one for each worker once no more will come.
    ready: Semaphore,
    /// Opened once transfers may begin.
    begun: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<(Rank, u64), Waiting>,
    added: u64,
}

/// What transfers are ordered by.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Rank {
    Arrival,
    Modified(Option<jiff::Timestamp>),
    Name(Path),
    Size(Option<u64>),
}

impl Backlog {
    pub(super) fn new(options: &Options) -> Self {
        let workers = options.transfers.max(1);
        let room = if options.check_first { Semaphore::MAX_PERMITS } else { options.max_backlog };
        Self {
            order: options.order,
            workers,
            room: Semaphore::new(room.clamp(1, Semaphore::MAX_PERMITS)),
            ready: Semaphore::new(0),
            begun: Semaphore::new(if options.check_first { 0 } else { workers }),
            state: Mutex::default(),
        }
    }

    /// Adds a transfer once there is room for it.
    pub(super) async fn add(&self, waiting: Waiting) {
        if let Ok(permit) = self.room.acquire().await {
            permit.forget();
        }
        let rank = self.rank(&waiting.job);
        let mut state = self.state();
        state.added += 1;
        let key = (rank, state.added);
        state.waiting.insert(key, waiting);
        drop(state);
        self.ready.add_permits(1);
    }

    /// Says that no more transfers will come.
    pub(super) fn close(&self) {
        self.ready.add_permits(self.workers);
        self.begun.add_permits(self.workers);
    }

    /// Waits until transfers may begin: at once, or after all checks.
    pub(super) async fn begin(&self) {
        if let Ok(permit) = self.begun.acquire().await {
            permit.forget();
        }
    }

    /// Takes the transfer that is next for a worker; none once all are taken and no more will come.
    pub(super) async fn take(&self, worker: usize) -> Option<Waiting> {
        self.ready.acquire().await.ok()?.forget();
        let mut state = self.state();
        let next = if self.takes_first(worker) {
            state.waiting.pop_first()
        } else {
            state.waiting.pop_last()
        };
        drop(state);
        let (_, waiting) = next?;
        self.room.add_permits(1);
        Some(waiting)
    }

    /// Tells whether a worker takes from the small end.
    fn takes_first(&self, worker: usize) -> bool {
        match self.order.map(|order| order.direction) {
            None | Some(Direction::Ascending) => true,
            Some(Direction::Descending) => false,
            Some(Direction::Mixed(percent)) => 100 * worker / self.workers < usize::from(percent),
        }
    }

    fn rank(&self, job: &Job) -> Rank {
        match self.order.map(|order| order.by) {
            None => Rank::Arrival,
            Some(OrderBy::Modified) => Rank::Modified(job.source.modified.map(|time| time.at)),
            Some(OrderBy::Name) => Rank::Name(job.from.clone()),
            Some(OrderBy::Size) => Rank::Size(job.source.size),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the lock panics")
    }
}

#[cfg(test)]
mod tests {
    use super::super::copy::Slot;
    use super::*;
    use crate::entry::Entry;

    fn waiting(name: &str, size: u64) -> Waiting {
        let path: Path = name.parse().unwrap();
        let source = Entry { size: Some(size), ..Entry::directory(name.parse().unwrap()) };
        let (from, to, reason) = (path.clone(), path, "new".into());
        let slot = Slot::default();
        let job = Job { from, to, source, replaces: None, begun: None, reason, slot };
        Waiting { job, in_new_directory: false }
    }

    /// Returns the names in the order in which two workers take them, the second every other time.
    async fn taken(order: Option<Order>) -> String {
        let backlog = Backlog::new(&Options { transfers: 2, order, ..Options::default() });
        for (name, size) in [("b", 2), ("d", 4), ("a", 3), ("c", 1)] {
            backlog.add(waiting(name, size)).await;
        }
        backlog.close();
        let mut names = String::new();
        for worker in [0, 1].into_iter().cycle() {
            let Some(next) = backlog.take(worker).await else { return names };
            names += &next.job.from.to_string();
        }
        names
    }

    #[tokio::test]
    async fn transfers_come_in_the_order_asked_for() {
        use Direction::{Ascending, Descending, Mixed};
        let by = |by, direction| Some(Order { by, direction });
        assert_eq!(taken(None).await, "bdac");
        assert_eq!(taken(by(OrderBy::Name, Ascending)).await, "abcd");
        assert_eq!(taken(by(OrderBy::Name, Descending)).await, "dcba");
        assert_eq!(taken(by(OrderBy::Size, Ascending)).await, "cbad");
        assert_eq!(taken(by(OrderBy::Size, Mixed(50))).await, "cdba");
        assert_eq!(taken(by(OrderBy::Size, Mixed(100))).await, "cbad");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_adds_waits_for_room() {
        let backlog = Backlog::new(&Options { max_backlog: 1, ..Options::default() });
        backlog.add(waiting("a", 1)).await;
        let wait = std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout(wait, backlog.add(waiting("b", 1))).await.is_err());
        assert!(backlog.take(0).await.is_some());
        backlog.add(waiting("b", 1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn check_first_holds_transfers_back() {
        let options = Options { check_first: true, max_backlog: 1, ..Options::default() };
        let backlog = Backlog::new(&options);
        backlog.add(waiting("a", 1)).await;
        backlog.add(waiting("b", 1)).await;
        let wait = std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout(wait, backlog.begin()).await.is_err());
        backlog.close();
        backlog.begin().await;
    }
}

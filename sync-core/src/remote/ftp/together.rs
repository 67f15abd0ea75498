//! Listings that are asked for at the same time share one session and its flights.

use std::sync::Mutex;

use ftp_client::{Listing, Pool, Result};
use tokio::sync::oneshot;

/// How many directories one session lists in one go.
pub(super) const AT_ONCE: usize = 64;

/// Who waits for which listing.
#[derive(Debug, Default)]
pub(super) struct Together {
    waiting: Mutex<Vec<Wanted>>,
    /// Held by the one who lists for all.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Wanted {
    directory: Vec<u8>,
    listed: oneshot::Sender<Result<Listing>>,
}

impl Together {
    /// Lists a directory along with those that others wait for.
    pub(super) async fn list(&self, pool: &Pool, directory: Vec<u8>) -> Result<Listing> {
        let (listed, mut listing) = oneshot::channel();
        self.waiting().push(Wanted { directory: directory.clone(), listed });
        // Those who come at the same time come along.
        tokio::task::yield_now().await;
        let turn = self.turn.lock().await;
        if let Ok(listing) = listing.try_recv() {
            return listing;
        }
        self.list_for_all(pool).await?;
        drop(turn);
        match listing.try_recv() {
            Ok(listing) => listing,
            // There were too many before it, or whoever listed for it was given up.
            Err(_) => pool.session().await?.list(&directory).await,
        }
    }

    async fn list_for_all(&self, pool: &Pool) -> Result<()> {
        let batch: Vec<Wanted> = {
            let mut waiting = self.waiting();
            waiting.retain(|wanted| !wanted.listed.is_closed());
            let count = waiting.len().min(AT_ONCE);
            waiting.drain(..count).collect()
        };
        let directories: Vec<&[u8]> = batch.iter().map(|wanted| &wanted.directory[..]).collect();
        let listings = pool.session().await?.list_all(&directories).await;
        for (wanted, listing) in batch.into_iter().zip(listings) {
            // Who does not wait any more does not want to know.
            let _ = wanted.listed.send(listing);
        }
        Ok(())
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Wanted>> {
        self.waiting.lock().expect("no holder of the lock panics")
    }
}

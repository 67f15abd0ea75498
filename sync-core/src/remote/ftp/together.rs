//! Questions that are asked at the same time share one session and its flights.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use ftp_client::Result;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// How many questions one session answers in one go.
pub(super) const AT_ONCE: usize = 64;

/// How long nobody else has to come before it is asked for those who have.
const MOMENT: Duration = Duration::from_millis(1);

/// Who waits for which answer.
#[derive(Debug)]
pub(super) struct Together<Q, A> {
    waiting: Mutex<Vec<Asked<Q, A>>>,
    /// Held by the one who asks for all.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Asked<Q, A> {
    question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q, A> Default for Together<Q, A> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }
}

impl<Q, A> Together<Q, A> {
    /// Asks a question along with those of others: whoever comes first has `ask_all` answer them, in
    /// their order. None where there were too many before it, or whoever asked for it was given up.
    pub(super) async fn ask<F>(
        &self,
        question: Q,
        ask_all: impl FnOnce(Vec<Q>) -> F,
    ) -> Result<Option<A>>
    where
        F: Future<Output = Result<Vec<A>>>,
    {
        let (answer, mut answered) = oneshot::channel();
        self.waiting().push(Asked { question, answer });
        self.gather().await;
        let turn = self.turn.lock().await;
        if let Ok(answer) = answered.try_recv() {
            return Ok(Some(answer));
        }
        let (questions, askers) = self.batch();
        for (asker, answer) in askers.into_iter().zip(ask_all(questions).await?) {
            // Who does not wait any more does not want to know.
            let _ = asker.send(answer);
        }
        drop(turn);
        Ok(answered.try_recv().ok())
    }

    /// Waits as long as others come: to ask for all of them together saves a round trip, on a line
    /// where that takes much longer.
    async fn gather(&self) {
        let mut before = 0;
        loop {
            let waiting = self.waiting().len();
            if waiting <= before || waiting >= AT_ONCE {
                return;
            }
            before = waiting;
            sleep(MOMENT).await;
        }
    }

    fn batch(&self) -> (Vec<Q>, Vec<oneshot::Sender<A>>) {
        let mut waiting = self.waiting();
        waiting.retain(|asked| !asked.answer.is_closed());
        let count = waiting.len().min(AT_ONCE);
        waiting.drain(..count).map(|Asked { question, answer }| (question, answer)).unzip()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Asked<Q, A>>> {
        self.waiting.lock().expect("no holder of the lock panics")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn what_is_asked_at_the_same_time_is_asked_once() {
        let together: Together<usize, usize> = Together::default();
        let rounds = AtomicUsize::new(0);
        let ask = async |number: usize| {
            let all = async |numbers: Vec<usize>| {
                rounds.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(numbers.into_iter().map(|number| number * 2).collect())
            };
            together.ask(number, all).await.expect("no failure")
        };
        let answers = join_all((0..AT_ONCE).map(ask)).await;
        let expected: Vec<_> = (0..AT_ONCE).map(|number| Some(number * 2)).collect();
        assert_eq!((answers, rounds.into_inner()), (expected, 1));
    }

    #[tokio::test]
    async fn nobody_is_asked_for_who_has_gone() {
        let together: Together<u8, u8> = Together::default();
        let asked = async |questions: Vec<u8>| Ok(questions);
        let gone = together.ask(1, asked);
        give_up(gone).await;
        assert_eq!(together.ask(2, asked).await.expect("no failure"), Some(2));
        assert!(together.waiting().is_empty());
    }

    /// Polls a future once and gives it up.
    async fn give_up(future: impl Future) {
        let mut future = Box::pin(future);
        std::future::poll_fn(|cx| {
            let _ = future.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
    }
}

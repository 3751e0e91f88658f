//! The questions of one reconciliation: how many there may be, until when, and what was answered.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::answer::{Question, Response};
use super::unknown::{Known, Unknown};

/// The most queries that one reconciliation sends. A query that is sent again, to another resolver or over
/// TCP, counts again.
pub const MOST: usize = 60;

/// The questions of one reconciliation. Each is asked once, however often its answer is needed.
///
/// Nothing is kept from one reconciliation to the next: what the world sees may have changed.
#[derive(Debug)]
pub struct Questions {
    until: Instant,
    most: usize,
    asked: AtomicUsize,
    preferred: AtomicUsize,
    answers: Mutex<BTreeMap<Question, Arc<OnceCell<Answer>>>>,
}

type Answer = Known<Arc<Response>>;

impl Questions {
    /// No questions yet. None is asked from this time on, and the wait for an answer ends.
    pub fn new(until: Instant) -> Self {
        Self::at_most(MOST, until)
    }

    /// As [`Self::new`], with this many queries instead of [`MOST`].
    pub fn at_most(most: usize, until: Instant) -> Self {
        Self {
            until,
            most,
            asked: AtomicUsize::new(0),
            preferred: AtomicUsize::new(0),
            answers: Mutex::default(),
        }
    }

    /// The most queries that are sent.
    pub fn most(&self) -> usize {
        self.most
    }

    /// How many queries were sent.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The answer to a question. It is asked if it was not yet; who needs the answer at the same time waits
    /// for the same one.
    pub(super) async fn once(
        &self,
        question: Question,
        ask: impl Future<Output = Known<Response>>,
    ) -> Answer {
        let cell = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(question).or_default())
        };
        if let Some(answer) = cell.get() {
            return answer.clone();
        }
        let ask = async { ask.await.map(Arc::new) };
        self.in_time(async { cell.get_or_init(|| ask).await.clone() }).await
    }

    /// Counts a query that is about to be sent.
    pub(super) fn count(&self) -> Known<()> {
        let most = self.most;
        let more = |asked| (asked < most).then_some(asked + 1);
        match self.asked.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(()),
            Err(_) => Err(Unknown::new(format!("all {most} questions were asked already"))),
        }
    }

    /// The index of the resolver to ask first.
    pub(super) fn preferred(&self) -> usize {
        self.preferred.load(Ordering::Relaxed)
    }

    /// Asks this resolver first from now on, since it answered: so a silent one costs its time once.
    pub(super) fn prefer(&self, index: usize) {
        self.preferred.store(index, Ordering::Relaxed);
    }

    /// Asks until the time is over.
    async fn in_time<T>(&self, ask: impl Future<Output = Known<T>>) -> Known<T> {
        tokio::select! {
            biased;
            // First, since a timeout around the question would begin to ask even if the time is over.
            _ = timeout_at(self.until, pending::<()>()) => {
                Err(Unknown::new("there was no time left to ask public DNS"))
            }
            answer = ask => answer,
        }
    }
}

//! The rate at which checks are scheduled, over all places that a sweep visits at the same time.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::flows::deadline::Deadline;
use crate::flows::pause::pause;

/// How many schedules are created at the same time.
pub(super) const AT_ONCE: usize = 40;

/// How far apart they begin. Where Scheduler allows least, it allows `CreateSchedule` 250 times a second;
/// this leaves a part of that to the checks that run meanwhile.
///
/// Source: [quotas](https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html).
const STEP: TimeDelta = TimeDelta::milliseconds(5);

/// Gives turns to create schedules.
#[derive(Debug)]
pub(super) struct Pace {
    permits: Semaphore,
    next: Mutex<DateTime<Utc>>,
}

impl Pace {
    /// Nobody has had a turn yet.
    pub(super) fn new() -> Self {
        Self { permits: Semaphore::new(AT_ONCE), next: Mutex::new(DateTime::<Utc>::MIN_UTC) }
    }

    /// Waits for a turn, which lasts until it is dropped; `None` if it does not come before `limit`.
    pub(super) async fn turn(&self, limit: &Deadline) -> Option<SemaphorePermit<'_>> {
        let waiting = async {
            let permit = self.permits.acquire().await;
            let now = limit.now();
            let begin = {
                let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                let begin = now.max(*next);
                *next = begin + STEP;
                begin
            };
            pause((begin - now).to_std().unwrap_or_default()).await;
            permit
        };
        if limit.left() <= TimeDelta::zero() {
            return None;
        }
        limit.bound(waiting).await?.ok()
    }
}

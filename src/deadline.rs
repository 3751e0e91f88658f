//! Until when an invocation may work: what is not done by then is told, not cut off.

use std::future::Future;
use std::time::Duration;

use aws_smithy_async::time::SharedTimeSource;
use chrono::{DateTime, TimeDelta, Utc};

/// A point in time at which some work has to be over.
#[derive(Clone, Debug)]
pub struct Deadline {
    clock: SharedTimeSource,
    at: DateTime<Utc>,
}

impl Deadline {
    /// The point at which Lambda ends the invocation.
    pub fn new(clock: &SharedTimeSource, at: DateTime<Utc>) -> Self {
        Self { clock: clock.clone(), at }
    }

    /// What time it is.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().into()
    }

    /// How much time is left.
    pub fn left(&self) -> TimeDelta {
        self.at - self.now()
    }

    /// The point at which this many percent of what is left now will be used up.
    pub fn percent(&self, percent: i32) -> Self {
        let now = self.now();
        Self { clock: self.clock.clone(), at: now + (self.at - now) * percent / 100 }
    }

    /// What comes of this work if it is done in time.
    pub async fn bound<F: Future>(&self, work: F) -> Option<F::Output> {
        let left = self.left().to_std().unwrap_or(Duration::ZERO);
        tokio::time::timeout(left, work).await.ok()
    }
}

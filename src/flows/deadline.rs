//! The deadline of an invocation: work that is not done by then is reported, not cut off.

use std::future::Future;
use std::time::Duration;

use aws_smithy_async::time::SharedTimeSource;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// A time at which some work must be over.
#[derive(Clone, Debug)]
pub struct Deadline {
    clock: SharedTimeSource,
    at: DateTime<Utc>,
}

impl Deadline {
    /// The time at which Lambda ends the invocation.
    pub fn new(clock: &SharedTimeSource, at: DateTime<Utc>) -> Self {
        Self { clock: clock.clone(), at }
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().into()
    }

    /// The time that is left.
    pub fn left(&self) -> TimeDelta {
        self.at - self.now()
    }

    /// A deadline after this many percent of the time that is left now.
    pub fn percent(&self, percent: i32) -> Self {
        let now = self.now();
        Self { clock: self.clock.clone(), at: now + (self.at - now) * percent / 100 }
    }

    /// A deadline this much earlier.
    pub fn earlier(&self, by: TimeDelta) -> Self {
        Self { clock: self.clock.clone(), at: self.at - by }
    }

    /// The same time on the clock of the process.
    #[expect(clippy::disallowed_methods, reason = "the other clock counts from here")]
    pub fn instant(&self) -> Instant {
        Instant::now() + self.left().to_std().unwrap_or(Duration::ZERO)
    }

    /// The result of this work, if it is done in time.
    pub async fn bound<F: Future>(&self, work: F) -> Option<F::Output> {
        let left = self.left().to_std().unwrap_or(Duration::ZERO);
        tokio::time::timeout(left, work).await.ok()
    }
}

//! Virtual time, shared by the simulated AWS and its callers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// The clock of a simulation.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Follows tokio's clock, which a test has paused.
    Paused { epoch: DateTime<Utc>, start: Instant },
    /// Moves only when somebody moves it.
    Stepped(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that starts at `epoch` and follows tokio's clock, for tests that pause it.
    #[expect(clippy::disallowed_methods, reason = "virtual time is read from tokio's paused clock")]
    pub fn paused(epoch: DateTime<Utc>) -> Self {
        Self(Kind::Paused { epoch, start: Instant::now() })
    }

    /// A clock that starts at `epoch` and moves only when somebody moves it. It is for real
    /// connections: they take real time, during which nothing should become due.
    pub fn stepped(epoch: DateTime<Utc>) -> Self {
        Self(Kind::Stepped(Arc::new(Mutex::new(epoch))))
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Kind::Paused { epoch, start } => {
                *epoch + TimeDelta::from_std(start.elapsed()).unwrap_or(TimeDelta::MAX)
            }
            Kind::Stepped(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a stepped clock forward to this time, never back. Only tokio moves a paused clock.
    pub fn advance_to(&self, time: DateTime<Utc>) {
        if let Kind::Stepped(now) = &self.0 {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = time.max(*now);
        }
    }

    /// Lets this much time pass: sleeps on tokio's clock, or moves the stepped clock.
    #[expect(clippy::disallowed_methods, reason = "virtual time passes on tokio's paused clock")]
    pub async fn pass(&self, duration: Duration) {
        match &self.0 {
            Kind::Paused { .. } => tokio::time::sleep(duration).await,
            Kind::Stepped(_) => {
                let duration = TimeDelta::from_std(duration).unwrap_or_default();
                self.advance_to(self.now() + duration);
            }
        }
    }

    /// Whether it moves only when somebody moves it.
    pub fn is_stepped(&self) -> bool {
        matches!(self.0, Kind::Stepped(_))
    }

    /// This clock for the SDK and the function.
    pub fn time_source(&self) -> SharedTimeSource {
        SharedTimeSource::new(self.clone())
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        Self::now(self).into()
    }
}

//! Virtual time, shared by AWS and everybody who calls it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// What time it is in the simulation.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Goes with tokio's clock, which a test has paused.
    Paused { epoch: DateTime<Utc>, start: Instant },
    /// Moves only when told to.
    Stepped(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that begins at `epoch` and goes with tokio's own, to be used where that is paused.
    #[expect(clippy::disallowed_methods, reason = "virtual time is read from tokio's paused clock")]
    pub fn paused(epoch: DateTime<Utc>) -> Self {
        Self(Kind::Paused { epoch, start: Instant::now() })
    }

    /// A clock that begins at `epoch` and moves only when told to, for real connections: they
    /// take real time, in which nothing should happen.
    pub fn stepped(epoch: DateTime<Utc>) -> Self {
        Self(Kind::Stepped(Arc::new(Mutex::new(epoch))))
    }

    /// What time it is.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Kind::Paused { epoch, start } => {
                *epoch + TimeDelta::from_std(start.elapsed()).unwrap_or(TimeDelta::MAX)
            }
            Kind::Stepped(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a stepped clock forward to this time; it never goes back. A paused one is tokio's to
    /// move.
    pub fn advance_to(&self, time: DateTime<Utc>) {
        if let Kind::Stepped(now) = &self.0 {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = time.max(*now);
        }
    }

    /// Lets this much time pass: waits for it on tokio's clock, or steps over it.
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

    /// Whether it moves only when told to.
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

//! EventBridge Scheduler.

use chrono::{DateTime, Utc};
use http::Request;
use serde_json::Value;

use crate::aws::Caller;
use crate::wire::Failure;

/// Every account's schedules.
#[derive(Debug, Default)]
pub struct Scheduler {}

/// A schedule that came due.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// The target's ARN: a function.
    pub target: String,
    /// The payload.
    pub input: Value,
}

impl Scheduler {
    /// Answers one call.
    pub fn respond(
        &mut self,
        operation: &str,
        _caller: &Caller,
        _request: &Request<Vec<u8>>,
        _now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        Err(Failure::new(400, "ValidationException", operation))
    }

    /// The schedules that come due at `at`.
    pub fn fire(&mut self, _at: DateTime<Utc>) -> Vec<Firing> {
        Vec::new()
    }

    /// When the next schedule comes due, or a spent one is deleted.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// The operation a request asks for.
pub fn operation(_request: &Request<Vec<u8>>) -> &'static str {
    "unknown"
}

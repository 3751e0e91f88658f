//! Attempts to run a function: those that start, those that have ended, and events that Lambda gives up.

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// One attempt, for whoever runs the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The same for every attempt at one event.
    pub request_id: String,
    /// The ARN that was invoked.
    pub function_arn: String,
    /// The event.
    pub payload: Value,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// When it times out.
    pub deadline: DateTime<Utc>,
}

/// One attempt that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The invocation.
    pub invocation: Invocation,
    /// When it started.
    pub began: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// The function's response, or how it failed.
    pub outcome: Result<Value, String>,
    /// The range of `Aws::calls` that were made during the attempt. Attempts that run concurrently
    /// share calls.
    pub calls: Range<usize>,
}

/// An event that Lambda gave up.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// When Lambda gave it up.
    pub at: DateTime<Utc>,
    /// The same for every attempt at one event.
    pub request_id: String,
    /// The ARN that was invoked.
    pub function_arn: String,
    /// The event.
    pub payload: Value,
    /// How many attempts it had.
    pub attempts: u32,
    /// Why it was given up.
    pub condition: Condition,
    /// How the last attempt failed.
    pub error: Option<String>,
}

/// Why an event was given up: `requestContext.condition` of the invocation record.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// `EventAgeExceeded`
    EventAgeExceeded,
    /// `RetriesExhausted`
    RetriesExhausted,
}

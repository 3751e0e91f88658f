//! Lambda's asynchronous invocations.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Functions, what waits for them, and what they could not do.
#[derive(Debug, Default)]
pub struct Lambda {}

impl Lambda {
    /// Queues an asynchronous invocation.
    pub fn invoke(&mut self, _function_arn: &str, _payload: Value, _at: DateTime<Utc>) {}

    /// Does what falls due at `at`.
    pub fn advance(&mut self, _at: DateTime<Utc>) {}

    /// When something happens by itself next.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        None
    }
}

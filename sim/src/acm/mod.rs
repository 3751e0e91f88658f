//! AWS Certificate Manager.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::aws::Caller;
use crate::eventbridge::Event;
use crate::route53::Route53;
use crate::wire::Failure;

/// Every account's certificates.
#[derive(Debug, Default)]
pub struct Acm {}

impl Acm {
    /// Answers one call.
    pub fn respond(
        &mut self,
        operation: &str,
        _caller: &Caller,
        _body: &[u8],
        _now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        Err(Failure::new(400, "UnknownOperationException", operation))
    }

    /// Does what falls due at `at`, and tells what EventBridge hears of it.
    pub fn advance(&mut self, _at: DateTime<Utc>, _dns: &Route53) -> Vec<Event> {
        Vec::new()
    }

    /// When something happens by itself next.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        None
    }
}

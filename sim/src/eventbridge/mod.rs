//! EventBridge.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::aws::Caller;
use crate::wire::Failure;

/// Every account's event buses and rules.
#[derive(Debug, Default)]
pub struct EventBridge {}

/// What a service has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The account it happened in.
    pub account: String,
    /// The region it happened in.
    pub region: String,
    /// For example `aws.acm`.
    pub source: String,
    /// For example `AWS API Call via CloudTrail`.
    pub detail_type: String,
    /// ARNs it is about.
    pub resources: Vec<String>,
    /// The rest.
    pub detail: Value,
}

/// An event that reached a rule's target.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The target's ARN: a function.
    pub target: String,
    /// The event with its envelope.
    pub event: Value,
}

impl EventBridge {
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

    /// Takes an event of a service on its way to the default bus of its account and region.
    pub fn emit(&mut self, _event: Event, _at: DateTime<Utc>) {}

    /// What reaches targets that are functions at `at`.
    pub fn deliver(&mut self, _at: DateTime<Utc>) -> Vec<Delivery> {
        Vec::new()
    }

    /// When the next event is delivered.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        None
    }
}

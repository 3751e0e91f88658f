//! Events that services emit to EventBridge.

use serde_json::Value;

/// An event of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The account in which it occurred.
    pub account: String,
    /// The region in which it occurred.
    pub region: String,
    /// For example `aws.acm`.
    pub source: String,
    /// For example `AWS API Call via CloudTrail`.
    pub detail_type: String,
    /// The ARNs that it is about.
    pub resources: Vec<String>,
    /// The detail.
    pub detail: Value,
}

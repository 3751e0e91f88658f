//! The rate limits of Route 53: token buckets for each account.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::service::Service;
use crate::token_bucket::TokenBucket;
use crate::wire::Failure;

/// The rate limits of one account.
///
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html>
#[derive(Clone, Debug)]
pub(super) struct Limits {
    calls: TokenBucket,
    actions: BTreeMap<String, TokenBucket>,
    changes: TokenBucket,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: TokenBucket::new(50, 10),
            actions: BTreeMap::new(),
            changes: TokenBucket::new(1500, 100),
        }
    }
}

impl Limits {
    /// Admits one call, or rejects it because the rate is exceeded. A rejected call takes no tokens.
    pub(super) fn admit_call(&mut self, action: &str, now: DateTime<Utc>) -> Result<(), Failure> {
        let of_action =
            self.actions.entry(action.to_owned()).or_insert_with(|| TokenBucket::new(50, 10));
        if self.calls.has(1, now) && of_action.take(1, now) && self.calls.take(1, now) {
            Ok(())
        } else {
            Err(Service::Route53.throttled())
        }
    }

    /// Admits a batch of changes that costs this many tokens.
    pub(super) fn admit_changes(&mut self, cost: u64, now: DateTime<Utc>) -> Result<(), Failure> {
        if self.changes.take(cost, now) { Ok(()) } else { Err(Service::Route53.throttled()) }
    }
}

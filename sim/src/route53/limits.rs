//! Slows callers down the way Route 53 does: token buckets of an account.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::aws::Service;
use crate::wire::Failure;

/// A token bucket on virtual time, in whole thousandths of tokens: nothing is rounded away.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenBucket {
    capacity: u64,
    per_second: u64,
    /// Thousandths of a token, as of `since`.
    level: u64,
    /// `None` until the first look: a bucket is born full.
    since: Option<DateTime<Utc>>,
}

impl TokenBucket {
    /// A full bucket of `capacity` tokens that regains `per_second` of them every second.
    pub fn new(capacity: u64, per_second: u64) -> Self {
        Self { capacity, per_second, level: capacity * 1000, since: None }
    }

    /// Takes this many tokens if they are there, all or none.
    pub fn take(&mut self, tokens: u64, now: DateTime<Utc>) -> bool {
        let enough = self.has(tokens, now);
        if enough {
            self.level -= tokens * 1000;
        }
        enough
    }

    /// Whether this many tokens are there.
    pub fn has(&mut self, tokens: u64, now: DateTime<Utc>) -> bool {
        // A rate of n tokens a second is n thousandths a millisecond. Time that runs backwards
        // gives nothing, and fractions of a millisecond are left for the next look.
        let since = self.since.unwrap_or(now);
        let elapsed = (now - since).num_milliseconds().max(0);
        let gained = u64::try_from(elapsed).unwrap_or(0).saturating_mul(self.per_second);
        self.level = self.level.saturating_add(gained).min(self.capacity * 1000);
        self.since = Some(since + chrono::TimeDelta::milliseconds(elapsed));
        self.level >= tokens * 1000
    }
}

/// What one account may still do.
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
    /// Admits one call, or says that the rate is exceeded; a refused call costs nothing.
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

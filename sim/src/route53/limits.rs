//! The rate limits of Route 53: token buckets for each account.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::service::Service;
use crate::token_bucket::TokenBucket;
use crate::wire::Failure;

/// The rate limits of every account.
#[derive(Clone, Debug, Default)]
pub(super) struct AllLimits {
    accounts: BTreeMap<String, Limits>,
    /// Whether nothing is limited.
    pub(super) unlimited: bool,
}

impl AllLimits {
    /// Admits one call, or rejects it because the rate is exceeded. A rejected call takes no tokens.
    pub(super) fn admit_call(
        &mut self,
        account: &str,
        action: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let admitted = self.unlimited || self.account(account).admits_call(action, now);
        if admitted { Ok(()) } else { Err(Service::Route53.throttled()) }
    }

    /// Admits a batch of changes that costs this many tokens.
    pub(super) fn admit_changes(
        &mut self,
        account: &str,
        cost: u64,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let admitted = self.unlimited || self.account(account).changes.take(cost, now);
        if admitted { Ok(()) } else { Err(Service::Route53.throttled()) }
    }

    fn account(&mut self, account: &str) -> &mut Limits {
        self.accounts.entry(account.to_owned()).or_default()
    }
}

/// The rate limits of one account.
///
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html>
#[derive(Clone, Debug)]
struct Limits {
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
    fn admits_call(&mut self, action: &str, now: DateTime<Utc>) -> bool {
        let of_action =
            self.actions.entry(action.to_owned()).or_insert_with(|| TokenBucket::new(50, 10));
        self.calls.has(1, now) && of_action.take(1, now) && self.calls.take(1, now)
    }
}

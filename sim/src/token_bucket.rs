//! Token buckets, with which AWS limits the rate of calls.

use chrono::{DateTime, Utc};

#[cfg(test)]
mod tests;

/// A token bucket on virtual time. It counts thousandths of tokens, so that nothing is lost by rounding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TokenBucket {
    capacity: u64,
    per_second: u64,
    /// Thousandths of a token, as of `since`.
    level: u64,
    /// `None` until the first call: a new bucket is full.
    since: Option<DateTime<Utc>>,
}

impl TokenBucket {
    /// A full bucket of `capacity` tokens that gets `per_second` tokens every second.
    pub(crate) fn new(capacity: u64, per_second: u64) -> Self {
        Self { capacity, per_second, level: capacity * 1000, since: None }
    }

    /// Takes this many tokens, all or none.
    pub(crate) fn take(&mut self, tokens: u64, now: DateTime<Utc>) -> bool {
        let enough = self.has(tokens, now);
        if enough {
            self.level -= tokens * 1000;
        }
        enough
    }

    /// Whether the bucket has this many tokens.
    pub(crate) fn has(&mut self, tokens: u64, now: DateTime<Utc>) -> bool {
        // A rate of n tokens a second is n thousandths of a token a millisecond. Time that goes
        // backwards adds nothing, and fractions of a millisecond count in the next call.
        let since = self.since.unwrap_or(now);
        let elapsed = (now - since).num_milliseconds().max(0);
        let gained = u64::try_from(elapsed).unwrap_or(0).saturating_mul(self.per_second);
        self.level = self.level.saturating_add(gained).min(self.capacity * 1000);
        self.since = Some(since + chrono::TimeDelta::milliseconds(elapsed));
        self.level >= tokens * 1000
    }
}

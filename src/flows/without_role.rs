//! The accounts whose role the function cannot assume: each is named and counted once, not for every region.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::warn;

use crate::domain::text::report;
use crate::flows::error::Error;

/// The accounts whose role could not be assumed in one invocation.
#[derive(Debug, Default)]
pub(super) struct WithoutRole(Mutex<BTreeSet<String>>);

impl WithoutRole {
    /// Whether the role of this account could not be assumed in another region: it cannot be here.
    pub(super) fn has(&self, account: &str) -> bool {
        self.accounts().contains(account)
    }

    /// Adds an account, if this error means that its role cannot be assumed, and logs that the first time.
    pub(super) fn add(&self, account: &str, error: &Error) {
        if error.lacks_role() && self.accounts().insert(account.to_owned()) {
            warn!(account, error = report(error), "cannot assume the role in this account");
        }
    }

    /// How many accounts there are.
    pub(super) fn count(&self) -> usize {
        self.accounts().len()
    }

    fn accounts(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

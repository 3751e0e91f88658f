//! The roles that the function assumes: it uses their credentials as long as they last, and no longer.

use chrono::{DateTime, TimeDelta, Utc};

use super::origin::Origin;
use super::state::State;

/// A session of a role lasts an hour. The SDK renews it a little before.
const SESSION: TimeDelta = TimeDelta::minutes(55);

impl State {
    /// Checks what was answered to a call, as far as credentials matter.
    pub(super) fn check_role(
        &mut self,
        now: DateTime<Utc>,
        origin: &Origin,
        status: Option<u16>,
        body: &[u8],
    ) {
        let has_expired = status.is_some_and(|status| status >= 400)
            && String::from_utf8_lossy(body).contains("ExpiredToken");
        if has_expired && !self.has_skews {
            let invariant = "No call is made with credentials that have expired.";
            self.violate(now, invariant, format!("one of {} was", origin.account));
        }
        if origin.operation == "AssumeRole" && status == Some(200) {
            let before = self.assumed.insert(origin.account.clone(), now);
            if self.without_faults && before.is_some_and(|before| now - before < SESSION) {
                let invariant = "A process assumes a role once in each session.";
                self.violate(now, invariant, format!("that of {} twice", origin.account));
            }
        }
    }
}

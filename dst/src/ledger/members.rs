//! The accounts of the organization, which come and go.

use chrono::{DateTime, TimeDelta, Utc};
use sim::aws::Aws;
use sim::organizations::AccountState;

use crate::act::Membership;
use crate::deployment::member_role;
use crate::names::{MEMBER, OURS};
use crate::scenario::Scenario;

/// The members of the organization, if the function serves those.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// Whether it does.
    are_served: bool,
    /// Whether the role stays when its account leaves, so that nothing but the function refuses it.
    keeps_role: bool,
    /// Since when the account is active, and when it was last.
    active_since: Option<DateTime<Utc>>,
    active_until: Option<DateTime<Utc>>,
}

/// How long the function may go by an older answer, or by a session of the role: an hour on its clock,
/// which may be wrong by five minutes, and the time of one attempt.
const KEPT: TimeDelta = TimeDelta::minutes(66);

impl Members {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let accounts = scenario.settings.get("ACCOUNTS");
        Self {
            are_served: accounts.is_some_and(|accounts| accounts == "organization"),
            // Where AWS Organizations does not answer, IAM decides.
            keeps_role: scenario.without_faults,
            ..Self::default()
        }
    }

    /// Performs an act; `None` if nothing changes.
    pub(super) fn perform(
        &mut self,
        act: Membership,
        aws: &mut Aws,
        now: DateTime<Utc>,
        is_first: bool,
    ) -> Option<()> {
        let is_active = act == Membership::Active;
        if !self.are_served || is_active == self.active_since.is_some() {
            return None;
        }
        if is_active {
            aws.organizations.leave(MEMBER);
            aws.organizations.join(MEMBER, AccountState::Active, now);
            aws.sts.add_role(&member_role(), OURS);
            // Who was there from the beginning is in every list.
            self.active_since = Some(if is_first { now - KEPT } else { now });
            return Some(());
        }
        match act {
            Membership::Suspended => {
                aws.organizations.set_state(MEMBER, AccountState::Suspended);
            }
            _ => aws.organizations.leave(MEMBER),
        }
        if !self.keeps_role {
            aws.sts.revoke_role(&member_role());
        }
        self.active_since = None;
        self.active_until = Some(now);
        Some(())
    }

    /// Whether the function serves the accounts of the organization.
    pub(crate) fn are_served(&self) -> bool {
        self.are_served
    }

    /// Whether the function may serve the account.
    pub(super) fn may(&self, now: DateTime<Utc>) -> bool {
        let was = self.active_until.is_some_and(|until| now - until < KEPT);
        !self.are_served || self.active_since.is_some() || was
    }

    /// Whether it must.
    pub(crate) fn must(&self, now: DateTime<Utc>) -> bool {
        !self.are_served || self.active_since.is_some_and(|since| now - since >= KEPT)
    }
}

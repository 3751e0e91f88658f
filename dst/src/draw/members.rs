//! Draws an organization whose accounts come and go. It has random numbers of its own, so that the other
//! worlds stay as they were.

use std::collections::BTreeMap;

use fastrand::Rng;
use sim::aws::Service;
use sim::faults::{Fault, FaultKind};

use super::draft::Draft;
use crate::act::{Act, Membership};
use crate::names::{AWAY, HOME, MANAGEMENT, MEMBER};
use crate::scenario::{HOUR, MINUTE};

/// The organization of a world.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) rng: Rng,
    /// Whether the function serves the accounts of an organization.
    are_served: bool,
    /// Whether it lists them with a role.
    by_role: bool,
    /// Whether there are two regions.
    two_regions: bool,
}

/// What AWS Organizations does wrong for a while.
const CLOSED: [FaultKind; 6] = [
    FaultKind::Denied,
    FaultKind::InternalError,
    FaultKind::Reset,
    FaultKind::Silence,
    FaultKind::Throttled,
    FaultKind::Unavailable,
];

/// How long before the faults end an account joins at the latest: the function keeps a list for an hour.
const LISTED: i64 = 70 * MINUTE;

impl Members {
    pub(super) fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed.rotate_left(32) ^ 0x006f_7267);
        let mut chance = |percent| rng.u8(..100) < percent;
        let (are_served, by_role, two_regions) = (chance(12), chance(40), chance(50));
        Self { rng, are_served, by_role, two_regions }
    }

    /// Adds the settings of a function that serves an organization.
    pub(super) fn require(&self, settings: &mut BTreeMap<&'static str, String>) {
        if !self.are_served {
            return;
        }
        settings.insert("ACCOUNTS", "organization".to_owned());
        settings.insert("CERTIFICATE_ROLE_NAME", "certificates".to_owned());
        if self.by_role {
            let role = format!("arn:aws:iam::{MANAGEMENT}:role/accounts");
            settings.insert("ORGANIZATION_ROLE_ARN", role);
        }
        if self.two_regions {
            settings.insert("REGIONS", format!("{HOME},{AWAY}"));
        }
    }
}

impl Draft {
    /// An account that joins, leaves, and joins again; certificates there that only a sweep finds; and times
    /// at which AWS Organizations fails.
    pub(super) fn members(&mut self, members: &Members, without_faults: bool) {
        if !members.are_served {
            return;
        }
        let last = (self.faults_end - LISTED).max(1);
        let mut at = if self.chance(60) { 0 } else { self.rng.i64(0..last) };
        let mut next = Membership::Active;
        while at < last && self.chance(if at == 0 { 100 } else { 70 }) {
            self.act(at, Act::Member(next));
            next = match next {
                Membership::Active if self.chance(50) => Membership::Gone,
                Membership::Active => Membership::Suspended,
                _ => Membership::Active,
            };
            at += self.rng.i64(MINUTE..3 * HOUR);
        }
        // It may leave at any time.
        if next != Membership::Active && self.chance(30) {
            let at = self.rng.i64(at.min(self.faults_end - 1)..self.faults_end);
            self.act(at, Act::Member(next));
        }
        for certificate in 200..200 + self.rng.usize(1..=4) {
            let name = self.pick(&["d0.com", "*.d0.com", "www.d0.com", "d1.com", "nowhere.net"]);
            let region = if members.two_regions { self.pick(&[HOME, AWAY]) } else { HOME };
            let at = self.rng.i64(1..self.faults_end);
            self.act(at, Act::AddPending { certificate, account: MEMBER, region, name });
        }
        for _ in 0..self.rng.usize(..=2) {
            let fault = Fault::new(self.pick(&CLOSED)).of(Service::Organizations);
            if !without_faults {
                self.close(fault);
            }
        }
    }
}

//! Draws which accounts hosted zones take. It has random numbers of its own, so that the other worlds stay as
//! they were.

use std::collections::BTreeMap;

use fastrand::Rng;
use sim::faults::Fault;

use super::draft::Draft;
use super::extras::CLOSED;
use crate::act::{Act, Method, Request};
use crate::names::{ACCOUNTS_TAG, HOSTED_ZONES, MEMBER};
use crate::scenario::HOUR;

/// Which accounts hosted zones take.
#[derive(Debug)]
pub(super) struct ZoneAccounts {
    pub(super) rng: Rng,
    /// Whether the setting is there.
    is_set: bool,
}

/// Values of the tag: with the member or without, and nonsense.
const VALUES: [&str; 9] = [
    "777788889999",
    "777788889999",
    "444455556666 777788889999",
    "  777788889999  111122223333 ",
    "444455556666",
    "111122223333",
    "444455556666,777788889999",
    "all 7777-8888-9999",
    "",
];

const NAMES: [&str; 7] =
    ["d0.com", "*.d0.com", "www.d0.com", "a.d0.com", "x.a.d0.com", "d1.com", "w.d1.com"];

impl ZoneAccounts {
    pub(super) fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x00ac_c0de);
        let is_set = rng.u8(..100) < 20;
        Self { rng, is_set }
    }

    /// Adds the settings that the function needs.
    pub(super) fn require(&self, settings: &mut BTreeMap<&'static str, String>) {
        if self.is_set {
            settings.insert("HOSTED_ZONE_ACCOUNTS_TAG", ACCOUNTS_TAG.to_owned());
            settings.insert("CERTIFICATE_ROLE_NAME", "certificates".to_owned());
        }
    }
}

impl Draft {
    /// Draws the tags of zones, how people change them, and certificates of another account.
    pub(super) fn zone_accounts(
        &mut self,
        accounts: &ZoneAccounts,
        settings: &BTreeMap<&'static str, String>,
        without_faults: bool,
    ) {
        if !accounts.is_set {
            return;
        }
        for zone in 0..self.zones {
            if self.chance(60) {
                let accounts = Some(self.pick(&VALUES));
                self.act(1, Act::TagAccounts { zone, accounts });
            }
            for _ in 0..self.pick(&[0, 0, 1, 2]) {
                let at = self.rng.i64(2..self.faults_end);
                let accounts = if self.chance(75) { Some(self.pick(&VALUES)) } else { None };
                self.act(at, Act::TagAccounts { zone, accounts });
                if self.chance(50) {
                    self.act(at + 20, Act::ReportZone { zone, tagged: true });
                }
            }
        }
        for certificate in 200..200 + self.rng.usize(1..=4) {
            let at = self.rng.i64(2..self.faults_end.min(6 * HOUR));
            let mut names = vec![self.pick(&NAMES)];
            let more = self.pick(&NAMES);
            if self.chance(30) && !names.contains(&more) {
                names.push(more);
            }
            let mut request = self.request(certificate, names, settings);
            if self.chance(30) {
                request.tags.retain(|(key, _)| *key != HOSTED_ZONES);
                request.tags.push((HOSTED_ZONES, self.ids()));
            }
            self.act(at, Act::Request(Request { account: MEMBER, method: Method::Dns, ..request }));
            self.changes_by_people(certificate, at, settings);
        }
        if !without_faults && self.chance(35) {
            let fault = Fault::new(self.pick(&CLOSED)).on("ListTagsForResources");
            self.close(fault);
        }
    }
}

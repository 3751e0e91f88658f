//! As long as an account that may have the right hosted zone cannot be read, a record is written only where
//! the world sees it.

use chrono::{DateTime, Utc};

use super::attempt::ATTEMPT;
use super::choice::name_and_zone;
use super::state::State;
use crate::names::{DNS, OURS};

impl State {
    /// Checks the records that are about to be written: `NAME by PATH`.
    pub(super) fn check_reading(&mut self, now: DateTime<Utc>, names: &[String]) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        let mut unread = self.attempts.get(&key).into_iter().flat_map(|attempt| &attempt.unread);
        let reads_tags = self.ledger.is_set("HOSTED_ZONE_TAG");
        let of_zones = |(account, operation): &&(String, &str)| {
            // Without that setting, tags do not decide which zone is the right one.
            if *operation == "ListTagsForResources" && !reads_tags {
                return false;
            }
            // The roles of other accounts are for certificates.
            account == DNS || (account == OURS && *operation != "AssumeRole")
        };
        let Some((account, operation)) = unread.find(of_zones).cloned() else { return };
        let Some(facts) = self.recent.back() else { return };
        let is_asked = |name: &str, zone: &str| {
            self.recent.iter().any(|facts| facts.has_resolver && facts.is_asked(name, zone))
        };
        let written = names.iter().filter_map(|it| name_and_zone(it));
        let unsure = written.filter(|(name, zone)| !is_asked(name, zone));
        let by_name = unsure.map(|(name, _)| name.trim_end_matches('.')).find(|name| {
            let wants = facts.certificates.iter().filter(|it| {
                let mut needed = it.wanted.iter().chain(&it.records);
                needed.any(|want| want.name.trim_end_matches('.') == *name)
            });
            let ids: Vec<_> = wants.map(|certificate| certificate.ids.is_empty()).collect();
            !ids.is_empty() && ids.into_iter().all(|is_empty| is_empty)
        });
        if let Some(name) = by_name {
            let invariant = "While an account that may have the right hosted zone cannot be read, a \
                             record is written only into a zone that public DNS asks.";
            let but = format!("{name} is, after {operation} failed in {account}");
            self.violate(now, invariant, but);
        }
    }
}

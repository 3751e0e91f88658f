//! No record is written as long as an account that may have the right hosted zone cannot be read.

use chrono::{DateTime, Utc};

use super::attempt::ATTEMPT;
use super::state::State;
use crate::names::{DNS, OURS};

impl State {
    /// Checks the records that are about to be written: `NAME by PATH`.
    pub(super) fn check_reading(&mut self, now: DateTime<Utc>, names: &[String]) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        let mut unread = self.attempts.get(&key).into_iter().flat_map(|attempt| &attempt.unread);
        let of_zones = |(account, operation): &&(String, &str)| {
            // The roles of other accounts are for certificates.
            account == DNS || (account == OURS && *operation != "AssumeRole")
        };
        let Some((account, operation)) = unread.find(of_zones).cloned() else { return };
        let Some(facts) = self.recent.back() else { return };
        let written = names.iter().filter_map(|name| name.split(' ').next());
        let by_name = written.map(|name| name.trim_end_matches('.')).find(|name| {
            let wants = facts
                .certificates
                .iter()
                .filter(|it| it.wanted.iter().any(|want| want.name.trim_end_matches('.') == *name));
            let ids: Vec<_> = wants.map(|certificate| certificate.ids.is_empty()).collect();
            !ids.is_empty() && ids.into_iter().all(|is_empty| is_empty)
        });
        if let Some(name) = by_name {
            let invariant = "No record is written while an account that may have the right hosted \
                             zone cannot be read.";
            let but = format!("{name} is, after {operation} failed in {account}");
            self.violate(now, invariant, but);
        }
    }
}

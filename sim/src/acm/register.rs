//! Stores certificates, and finds those for which something is due without asking each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::certificate::Certificate;
use crate::arn::partition;

/// Certificates by ARN, with an agenda of what is due.
#[derive(Clone, Debug, Default)]
pub(super) struct Register {
    by_arn: BTreeMap<String, Certificate>,
    agenda: BTreeSet<(DateTime<Utc>, String)>,
    /// The time of each in the agenda.
    planned: BTreeMap<String, DateTime<Utc>>,
    /// Certificates that may have been changed since they were planned.
    changed: BTreeSet<String>,
}

impl Register {
    pub(super) fn contains(&self, arn: &str) -> bool {
        self.by_arn.contains_key(arn)
    }

    pub(super) fn get(&self, arn: &str) -> Option<&Certificate> {
        self.by_arn.get(arn)
    }

    pub(super) fn get_mut(&mut self, arn: &str) -> Option<&mut Certificate> {
        self.unplan(arn);
        self.by_arn.get_mut(arn)
    }

    pub(super) fn insert(&mut self, certificate: Certificate) {
        self.unplan(&certificate.arn);
        self.by_arn.insert(certificate.arn.clone(), certificate);
    }

    pub(super) fn remove(&mut self, arn: &str) {
        self.unplan(arn);
        self.by_arn.remove(arn);
    }

    fn unplan(&mut self, arn: &str) {
        if let Some(due) = self.planned.remove(arn) {
            self.agenda.remove(&(due, arn.to_owned()));
        }
        self.changed.insert(arn.to_owned());
    }

    /// In the order of ARNs.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Certificate> {
        self.by_arn.values()
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        let planned = self.agenda.first().map(|(due, _)| *due);
        let changed = self.changed.iter().filter_map(|arn| self.by_arn.get(arn)?.next_due());
        planned.into_iter().chain(changed).min()
    }

    /// The certificates of an account in a region, in the order of ARNs.
    pub(super) fn of(&self, account: &str, region: &str) -> impl Iterator<Item = &Certificate> {
        let prefix = arn_prefix(account, region);
        let here = self.by_arn.range(prefix.clone()..);
        here.take_while(move |(arn, _)| arn.starts_with(&prefix)).map(|(_, it)| it)
    }

    /// Adds the changed certificates to the agenda.
    pub(super) fn plan(&mut self) {
        for arn in std::mem::take(&mut self.changed) {
            if let Some(due) = self.by_arn.get(&arn).and_then(Certificate::next_due) {
                self.agenda.insert((due, arn.clone()));
                self.planned.insert(arn, due);
            }
        }
    }

    /// The ARNs of the certificates for which something is due by `at`.
    pub(super) fn due(&mut self, at: DateTime<Utc>) -> Vec<String> {
        self.plan();
        let due = self.agenda.iter().take_while(|(due, _)| *due <= at);
        let mut arns: Vec<_> = due.map(|(_, arn)| arn.clone()).collect();
        arns.sort_unstable();
        arns
    }
}

/// The prefix of the ARNs of an account's certificates in a region.
pub(super) fn arn_prefix(account: &str, region: &str) -> String {
    format!("arn:{}:acm:{region}:{account}:certificate/", partition(region))
}

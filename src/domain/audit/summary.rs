//! What an audit found in all.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::audit::finding::{Finding, FindingKind};

/// The detail-type of the event that publishes what an audit found in all.
pub const AUDIT_SUMMARY: &str = "Certificate Audit Summary";

/// What an audit found in all, and the worst of it; the detail of the event `Certificate Audit Summary`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditSummary {
    /// When the audit began.
    pub began: DateTime<Utc>,
    /// When this was said.
    pub at: DateTime<Utc>,
    /// In how many invocations it was done.
    pub invocations: usize,
    /// Public certificates, whatever their state.
    pub certificates_audited: usize,
    /// Those of them that are in use and will not be renewed unless somebody acts.
    pub certificates_at_risk: usize,
    /// Hosted zones of which all validation records were read.
    pub hosted_zones: usize,
    /// Validation records that no certificate within reach asks for.
    pub records_unused: usize,
    /// Missing validation records that the audit put back.
    pub records_repaired: usize,
    /// How many findings there are of each kind.
    pub findings: BTreeMap<FindingKind, usize>,
    /// The worst findings: what is at risk and expires first comes first.
    pub worst: Vec<Finding>,
    /// What could not be read.
    pub unread: Vec<UnreadPart>,
    /// How much more could not be read.
    pub unread_not_shown: usize,
    /// Why records are not called unused, if some are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_unknown: Option<String>,
}

/// Something that an audit could not read: a region of an account, the hosted zones of an account, one hosted
/// zone, or one certificate.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadPart {
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The hosted zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<String>,
    /// The certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    /// Why.
    pub reason: String,
}

/// How many findings a summary shows.
pub const WORST: usize = 20;

/// How many unread parts a summary names.
pub const UNREAD: usize = 50;

impl AuditSummary {
    /// The summary of an audit that begins now.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            began: now,
            at: now,
            invocations: 0,
            certificates_audited: 0,
            certificates_at_risk: 0,
            hosted_zones: 0,
            records_unused: 0,
            records_repaired: 0,
            findings: BTreeMap::new(),
            worst: Vec::new(),
            unread: Vec::new(),
            unread_not_shown: 0,
            unused_unknown: None,
        }
    }

    /// Adds findings.
    pub fn add(&mut self, findings: &[Finding]) {
        for finding in findings {
            *self.findings.entry(finding.finding).or_default() += 1;
            self.records_unused += usize::from(finding.finding == FindingKind::RecordUnused);
            self.worst.push(finding.clone());
        }
        self.worst.sort_by_key(Finding::urgency);
        self.worst.truncate(WORST);
    }

    /// Adds something that could not be read, once.
    pub fn add_unread(&mut self, part: UnreadPart) {
        let is_same = |known: &UnreadPart| {
            let key = |it: &UnreadPart| {
                let UnreadPart { account, region, hosted_zone_id, certificate_arn, .. } =
                    it.clone();
                (account, region, hosted_zone_id, certificate_arn)
            };
            key(known) == key(&part)
        };
        if self.unread.iter().any(is_same) {
            return;
        }
        match self.unread.len() < UNREAD {
            true => self.unread.push(part),
            false => self.unread_not_shown += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::name::DomainName;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(day * 86_400, 0).expect("a time")
    }

    fn finding(finding: FindingKind, not_after: Option<i64>, repaired: bool) -> Finding {
        Finding {
            finding,
            certificate_arn: None,
            domain_name: Some(DomainName::new("example.com")),
            record: None,
            hosted_zone_id: None,
            not_after: not_after.map(at),
            advice: String::new(),
            repaired,
        }
    }

    #[test]
    fn what_is_at_risk_and_expires_first_is_the_worst() {
        use FindingKind::{CaaForbids, NotInUse, RecordMissing, RecordUnused, RenewalFailed};
        let sorted = [
            finding(RecordMissing, Some(1), false),
            finding(RenewalFailed, Some(2), false),
            finding(CaaForbids, Some(2), false),
            finding(CaaForbids, None, false),
            finding(NotInUse, Some(1), false),
            finding(RecordUnused, None, false),
            finding(RecordMissing, Some(1), true),
        ];
        let mut summary = AuditSummary::new(at(0));
        let mut mixed = sorted.to_vec();
        mixed.rotate_left(3);
        mixed.reverse();
        summary.add(&mixed);
        assert_eq!(summary.worst, sorted);
        assert_eq!(summary.records_unused, 1);
        assert_eq!(summary.findings[&CaaForbids], 2);
    }

    #[test]
    fn a_summary_goes_through_a_schedule_as_it_is() {
        let mut summary = AuditSummary::new(at(0));
        summary.add(&vec![finding(FindingKind::RecordMissing, Some(1), false); 30]);
        summary.add_unread(UnreadPart { reason: "denied".to_owned(), ..UnreadPart::default() });
        summary.add_unread(UnreadPart { reason: "again".to_owned(), ..UnreadPart::default() });
        assert_eq!((summary.worst.len(), summary.unread.len()), (WORST, 1));
        let json = serde_json::to_value(&summary).expect("JSON");
        assert_eq!(json["findings"], json!({"RECORD_MISSING": 30}));
        assert_eq!(serde_json::from_value::<AuditSummary>(json).expect("a summary"), summary);
    }
}

//! Reads the state of the world for the oracle.

use chrono::{DateTime, Utc};
use sim::acm::{self, DomainStatus, KeyPairOrigin, Kind, RenewalStatus, Status, UpdateStatus};
use sim::aws::Aws;

use super::Ledger;
use crate::checks::began;
use crate::names::{CERTIFICATE_TAG, DNS, HOSTED_ZONES, OURS};
use crate::oracle::{CertificateFact, Facts, WantedRecord, ZoneFact, lies_in};

impl Ledger {
    /// The current state of the world.
    pub(crate) fn facts(&self, aws: &Aws, at: DateTime<Utc>) -> Facts {
        let set = |name| self.is_set(name);
        let zones = self.zones.iter().map(|(number, (id, zone))| {
            let listed = self.accounts.get(number).copied();
            let records = aws
                .route53
                .records(id)
                .map(|set| (set.name.to_string(), set.record_type.clone(), set.values.clone()));
            ZoneFact {
                id: id.clone(),
                name: zone.name.to_owned(),
                kind: zone.kind,
                accessible: zone.account == OURS
                    || (zone.account == DNS && set("HOSTED_ZONE_ROLE_ARNS")),
                has_accounts_tag: listed.is_some(),
                takes: set("HOSTED_ZONE_ACCOUNTS_TAG").then(|| {
                    let listed = listed.unwrap_or_default().split(' ').map(str::to_owned);
                    listed.chain([OURS.to_owned()]).collect()
                }),
                has_required_tag: zone.tagged || !set("HOSTED_ZONE_TAG"),
                records: records.collect(),
            }
        });
        let certificates = aws.acm.certificates().map(|it| self.certificate(aws, it, at));
        Facts {
            at,
            zones: zones.collect(),
            certificates: certificates.collect(),
            has_resolver: self.settings.get("DNS_RESOLVERS").is_none_or(|it| it != "none"),
        }
    }

    fn certificate(&self, aws: &Aws, it: &acm::Certificate, at: DateTime<Utc>) -> CertificateFact {
        let set = |name| self.settings.get(name);
        let skipped = it.tags.get("acm-dns-validator:skip").is_some_and(|value| value != "false");
        let opted_in = set("CERTIFICATE_TAG").is_none()
            || it.tags.get(CERTIFICATE_TAG.0).is_some_and(|value| value == CERTIFICATE_TAG.1);
        let is_ours = it.account == OURS;
        let reached = is_ours || set("CERTIFICATE_ROLE_NAME").is_some();
        let update = it.update.as_ref();
        let update = update.filter(|it| it.status == UpdateStatus::PendingDomainValidation);
        let renewal = it.renewal.as_ref();
        let renewal = renewal.filter(|it| it.status == RenewalStatus::PendingValidation);
        let by_dns = it.validation_method == Some(acm::Method::Dns);
        let domains = match (it.status, update, renewal) {
            (Status::PendingValidation | Status::ValidationTimedOut, ..) if by_dns => {
                &it.domains[..]
            }
            (Status::Issued, Some(update), _) => &update.domains,
            (Status::Issued, None, Some(renewal)) if by_dns => &renewal.domains,
            _ => &[],
        };
        let allowed = |name: &str| {
            let name = name.trim_start_matches("*.");
            let domains = set("ALLOWED_DOMAINS").map(String::as_str);
            domains.is_none_or(|them| them.split(',').any(|domain| lies_in(name, domain)))
        };
        let pending = domains.iter().filter(|it| it.status != DomainStatus::Success);
        let record = |domain: &acm::Domain| {
            let (name, value) = acm::validation_record(&it.account, &domain.name);
            let has_record = domain.record_at.is_some_and(|since| since <= at);
            WantedRecord {
                open: has_record && allowed(&domain.name),
                answering: aws.route53.answering(&name),
                resolves: aws.route53.resolve_validation(&name, &value),
                name,
                value,
            }
        };
        let is_public = it.kind == Kind::AmazonIssued && it.managed_by.is_none();
        let is_valid = matches!(it.status, Status::Issued | Status::PendingValidation);
        let audited = match self.has_audits && by_dns && is_public && is_valid {
            true => &it.domains[..],
            false => &[],
        };
        let managed = is_public
            && it.key_pair_origin == KeyPairOrigin::AwsManaged
            && !skipped
            && opted_in
            && reached
            && it.domains.iter().any(|domain| allowed(&domain.name));
        CertificateFact {
            arn: it.arn.clone(),
            account: it.account.clone(),
            names: it
                .domains
                .iter()
                .map(|it| it.name.trim_start_matches("*.").to_owned())
                .collect(),
            managed: managed && (is_ours || self.members.may(at)),
            served: managed && (is_ours || self.members.must(at)),
            began: began(it),
            timed_out: it.status == Status::ValidationTimedOut,
            wanted: pending.map(record).collect(),
            in_reach: is_ours || (set("ACCOUNTS").is_some() && reached && self.members.must(at)),
            renewable: it.status == Status::Issued && it.in_use() && update.is_none(),
            records: audited.iter().map(record).collect(),
            ids: it
                .tags
                .get(HOSTED_ZONES)
                .map(|ids| ids.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
        }
    }
}

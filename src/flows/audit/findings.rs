//! What is wrong with one certificate: why it will not be renewed.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::audit::finding::{AuditedRecord, Finding, FindingKind};
use crate::domain::certificate::{Certificate, Domain, Phase, Progress, Status};
use crate::domain::name::DomainName;
use crate::domain::text::shorten;
use crate::flows::diagnosis::answer::{
    Diagnosis, NameDiagnosis, PublicView, RecordDiagnosis, RecordStatus,
};

/// How long before it expires a certificate should be renewed: ACM begins 45 days before, and from the
/// thirtieth day on calls for help.
///
/// Source: [events](https://docs.aws.amazon.com/acm/latest/userguide/supported-events.html).
const LATE: TimeDelta = TimeDelta::days(30);

/// How long before a certificate expires ACM begins to renew it.
///
/// Source: [DNS renewal](https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html).
const RENEWAL_WINDOW: TimeDelta = TimeDelta::days(45);

/// How many characters of an advice are published.
const TEXT: usize = 1_000;

/// Whether somebody needs the certificate: it is in use, or ACM would renew it all the same, since it was
/// exported.
///
/// Source: [managed renewal](https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html).
pub(super) fn is_needed(certificate: &Certificate) -> bool {
    certificate.in_use || certificate.eligible
}

/// Whether the records of a certificate must be in place for its next renewal. Those of a first validation
/// are checked, and what is wrong with them is published, as long as it is pending.
pub(super) fn is_examined(certificate: &Certificate) -> bool {
    certificate.status == Status::Issued && is_needed(certificate)
}

/// What is wrong with a certificate. Certificates whose first validation is pending, and those that ACM gave
/// up, have no findings: they are not renewed.
pub(super) fn findings(
    certificate: &Certificate,
    diagnosis: &Diagnosis,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    let found = Found { certificate, now };
    match &certificate.status {
        Status::Issued if !is_needed(certificate) => vec![found.not_in_use()],
        Status::Issued => found.of_issued(diagnosis),
        Status::Closed(word) if word == EXPIRED && certificate.in_use => vec![found.expired()],
        _ => Vec::new(),
    }
}

const EXPIRED: &str = "EXPIRED";

struct Found<'a> {
    certificate: &'a Certificate,
    now: DateTime<Utc>,
}

impl Found<'_> {
    fn of_issued(&self, diagnosis: &Diagnosis) -> Vec<Finding> {
        let mut findings: Vec<_> = self.renewal().into_iter().chain(self.by_email()).collect();
        let mut records = BTreeSet::new();
        let mut caa = BTreeSet::new();
        for name in &diagnosis.names {
            if let Some(finding) = self.record(name)
                && finding.record.as_ref().is_none_or(|it| records.insert(it.name.clone()))
            {
                findings.push(finding);
            }
            // The names of one zone are often governed by one record set.
            if let Some(set) = name.caa.as_ref().filter(|set| caa.insert((*set).clone())) {
                let advice = format!(
                    "A CAA record does not allow Amazon to issue for {} ({set}), so ACM cannot renew \
                     the certificate: allow amazon.com there.",
                    name.name
                );
                findings.push(self.about(FindingKind::CaaForbids, &name.name, advice));
            }
        }
        findings
    }

    fn not_in_use(&self) -> Finding {
        let advice = "No AWS service uses the certificate, and ACM renews only those that are in use or were \
                      exported: delete it if nobody needs it. Its records are not put back."
            .to_owned();
        self.in_all(FindingKind::NotInUse, advice)
    }

    fn expired(&self) -> Finding {
        let advice =
            "The certificate is expired, and it is still in use: request a new one, and use that."
                .to_owned();
        self.in_all(FindingKind::ExpiresUnrenewed, advice)
    }

    /// What became of the renewal, if that is a risk by itself.
    fn renewal(&self) -> Option<Finding> {
        let Certificate { eligible, not_after, renewal, .. } = self.certificate;
        let expires = (*not_after)?;
        let phase = renewal.as_ref().map(|renewal| &renewal.phase);
        if let Some(Phase::Failed(reason)) = phase {
            let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let advice = format!(
                "ACM did not renew the certificate{reason}: remove the cause, or request a new \
                 certificate before this one expires."
            );
            return Some(self.in_all(FindingKind::RenewalFailed, advice));
        }
        if !eligible {
            let advice = "ACM calls the certificate not eligible for renewal although it is in use: \
                          request a new one before it expires, unless it was taken into use just now."
                .to_owned();
            return Some(self.in_all(FindingKind::ExpiresUnrenewed, advice));
        }
        let is_under_way = match phase {
            Some(Phase::Pending) => true,
            // ACM may tell the new expiry later than the success.
            Some(Phase::Succeeded) => {
                renewal.as_ref().is_some_and(|it| it.updated_at > expires - RENEWAL_WINDOW)
            }
            Some(Phase::Failed(_)) | None => false,
        };
        let is_late = expires - self.now <= LATE;
        (is_late && !is_under_way).then(|| {
            let advice = "The certificate expires soon, and ACM has not begun to renew it: see that all its \
                          records are in place, or request a new one."
                .to_owned();
            self.in_all(FindingKind::ExpiresUnrenewed, advice)
        })
    }

    /// The finding that names are validated by e-mail, unless that is about to change.
    fn by_email(&self) -> Option<Finding> {
        let Certificate { domains, migration, .. } = self.certificate;
        let migrates = migration.as_ref().is_some_and(|it| it.phase == Phase::Pending);
        let by_email = |domain: &&Domain| domain.progress == Progress::NotDns;
        let name = domains.iter().find(by_email).filter(|_| !migrates)?;
        let advice = format!(
            "{} is validated by e-mail, so a person must approve each renewal: change the certificate to DNS \
             validation (`aws acm update-certificate-options --options ValidationMethod=DNS`).",
            name.name
        );
        Some(self.about(FindingKind::EmailValidated, &name.name, advice))
    }

    /// What is wrong with the record of one name.
    fn record(&self, name: &NameDiagnosis) -> Option<Finding> {
        let Some(record) = &name.record else {
            let refused = self.certificate.domains.iter().find(|it| it.name == name.name)?;
            let Progress::Refused(refused) = &refused.progress else { return None };
            return Some(self.about(FindingKind::RecordBlocked, &name.name, refused.to_string()));
        };
        if is_visible(name, record) {
            return None;
        }
        let why = record.reason.as_deref();
        let because = why.map(|why| format!(": {why}")).unwrap_or_default();
        let (kind, advice) = match record.state {
            RecordStatus::Present | RecordStatus::Unknown => return None,
            RecordStatus::Missing => (
                FindingKind::RecordMissing,
                format!("The record does not exist, so ACM cannot renew the certificate{because}."),
            ),
            RecordStatus::Different => (
                FindingKind::RecordDifferent,
                format!(
                    "A CNAME with another value exists at the name of the record, so ACM cannot renew the \
                     certificate: correct its value{because}."
                ),
            ),
            RecordStatus::Unseen => (
                FindingKind::RecordUnseen,
                format!("The record exists where public DNS does not ask{because}."),
            ),
            RecordStatus::Blocked => (
                FindingKind::RecordBlocked,
                format!(
                    "The record is not in public DNS as far as is known, and it cannot be written{because}."
                ),
            ),
        };
        let finding = self.about(kind, &name.name, advice);
        let audited =
            AuditedRecord { name: record.name.clone(), value: record.value.clone(), ttl: None };
        let hosted_zone_id = record.hosted_zone_id.clone();
        Some(Finding { record: Some(audited), hosted_zone_id, ..finding })
    }

    /// A finding about the certificate.
    fn in_all(&self, finding: FindingKind, advice: String) -> Finding {
        Finding {
            finding,
            certificate_arn: Some(self.certificate.arn.to_string()),
            domain_name: self.certificate.names.first().cloned(),
            record: None,
            hosted_zone_id: None,
            not_after: self.certificate.not_after,
            advice: shorten(&advice, TEXT),
            repaired: false,
        }
    }

    /// A finding about one name.
    fn about(&self, finding: FindingKind, name: &DomainName, advice: String) -> Finding {
        Finding { domain_name: Some(name.clone()), ..self.in_all(finding, advice) }
    }
}

/// Whether public DNS has the record although the function cannot find it, or write it, where it belongs: the
/// name may be served elsewhere. What a zone that public DNS asks does not hold, a resolver may only remember.
fn is_visible(name: &NameDiagnosis, record: &RecordDiagnosis) -> bool {
    let is_asked = name.zones.iter().any(|zone| zone.chosen && zone.seen == Some(true));
    let Some(PublicView::Known { cname: Some(target), .. }) = &name.public_dns else {
        return false;
    };
    !is_asked && *target == DomainName::new(&record.value)
}

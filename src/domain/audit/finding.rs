//! What an audit finds.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::name::DomainName;

/// The detail-type of the event that publishes one finding.
pub const AUDIT_FINDING: &str = "Certificate Audit Finding";

/// Something that an audit finds: why a certificate will not be renewed, or a record that nobody within
/// reach asks for; the detail of the event `Certificate Audit Finding`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is.
    pub finding: FindingKind,
    /// The certificate; none for an unused record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    /// The name on the certificate that it is about, or its main name; for an unused record, the name that
    /// the record validates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_name: Option<DomainName>,
    /// The validation record, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<AuditedRecord>,
    /// The hosted zone that holds the record, or should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<String>,
    /// When the certificate expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<DateTime<Utc>>,
    /// What is wrong and what to do.
    pub advice: String,
    /// Whether the audit put the missing record back.
    pub repaired: bool,
}

/// A validation record that a finding is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditedRecord {
    /// The name: `_x1.example.com.`
    pub name: String,
    /// The value: `_x2.….acm-validations.aws.`, as ACM asks for it; of an unused record, as the hosted zone
    /// has it.
    pub value: String,
    /// The TTL of an unused record, without which a change batch cannot name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
}

/// The kinds of findings. The most urgent come first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingKind {
    /// ACM did not renew the certificate.
    RenewalFailed,
    /// A certificate that is in use is expired, expires within 30 days without a renewal under way, or is
    /// not eligible for renewal.
    ExpiresUnrenewed,
    /// A validation record does not exist, so ACM cannot renew the certificate.
    RecordMissing,
    /// A CNAME with another value exists at the name of a validation record.
    RecordDifferent,
    /// A validation record exists in a hosted zone that public DNS does not ask.
    RecordUnseen,
    /// A validation record cannot be written until somebody acts, and public DNS does not have it.
    RecordBlocked,
    /// A CAA record does not allow Amazon to issue for one of the names.
    CaaForbids,
    /// A name is validated by e-mail: a person must approve each renewal.
    EmailValidated,
    /// Nothing uses the certificate, so ACM does not renew it.
    NotInUse,
    /// No certificate within reach asks for a validation record.
    RecordUnused,
}

impl FindingKind {
    /// Its word in events and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RenewalFailed => "RENEWAL_FAILED",
            Self::ExpiresUnrenewed => "EXPIRES_UNRENEWED",
            Self::RecordMissing => "RECORD_MISSING",
            Self::RecordDifferent => "RECORD_DIFFERENT",
            Self::RecordUnseen => "RECORD_UNSEEN",
            Self::RecordBlocked => "RECORD_BLOCKED",
            Self::CaaForbids => "CAA_FORBIDS",
            Self::EmailValidated => "EMAIL_VALIDATED",
            Self::NotInUse => "NOT_IN_USE",
            Self::RecordUnused => "RECORD_UNUSED",
        }
    }

    /// Whether it puts a certificate that somebody uses at risk.
    pub fn is_risk(self) -> bool {
        !matches!(self, Self::NotInUse | Self::RecordUnused)
    }
}

impl Finding {
    /// Whether a certificate is at risk because of it, now that the audit has done what it can.
    pub fn is_risk(&self) -> bool {
        self.finding.is_risk() && !self.repaired
    }

    /// The more urgent a finding is, the smaller this is: what is at risk and expires first comes first.
    pub fn urgency(&self) -> impl Ord + use<> {
        let expires = self.not_after.map(|at| Reverse(-at.timestamp()));
        // None sorts before everything else: what never expires comes last.
        let record = self.record.as_ref().map(|record| record.name.clone());
        let arn = self.certificate_arn.clone();
        (!self.is_risk(), self.repaired, expires.is_none(), expires, self.finding, arn, record)
    }
}

//! A certificate as a plain value.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::arn::CertificateArn;
use crate::domain::name::DomainName;
use crate::domain::origin::Origin;
use crate::domain::record::{Refused, ValidationRecord};

/// A certificate, as ACM describes it at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// Its ARN.
    pub arn: CertificateArn,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// The validation of each name; empty for some seconds after the request.
    pub domains: Vec<Domain>,
    /// Whether ACM calls it eligible for renewal.
    pub eligible: bool,
    /// Whether an AWS service uses it.
    pub in_use: bool,
    /// When it was issued, if it was.
    pub issued_at: Option<DateTime<Utc>>,
    /// Its change from e-mail to DNS validation, if there was one.
    pub migration: Option<Migration>,
    /// Its names, the main one first.
    pub names: Vec<DomainName>,
    /// When it expires, if it was issued.
    pub not_after: Option<DateTime<Utc>>,
    /// Where it comes from.
    pub origin: Origin,
    /// Its latest renewal, if there was one.
    pub renewal: Option<Renewal>,
    /// Its status.
    pub status: Status,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// The status of a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
    /// Expired, revoked or inactive; the word is ACM's.
    Closed(String),
    /// ACM did not issue it, for this reason if ACM gives one.
    Failed(Option<String>),
    /// Issued.
    Issued,
    /// Pending validation.
    Pending,
    /// ACM ended the validation after 72 hours.
    TimedOut,
    /// A status that this code does not know.
    Unknown(String),
}

/// One name on the certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Domain {
    /// The name, `*.` included.
    pub name: DomainName,
    /// The progress of its validation.
    pub progress: Progress,
}

/// The progress of the validation of one name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// ACM waits for this record.
    Awaiting(ValidationRecord),
    /// The name is validated by e-mail or over HTTP, so there is nothing to do.
    NotDns,
    /// ACM asks for a record that the guard refuses.
    Refused(Refused),
    /// ACM has not created the record yet.
    Unready,
    /// ACM has seen the record. It is this one, if ACM still shows it; renewals need it.
    Validated(Option<ValidationRecord>),
}

/// A renewal. The certificate stays issued meanwhile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renewal {
    /// The validation of each name in this renewal.
    pub domains: Vec<Domain>,
    /// The phase of the renewal.
    pub phase: Phase,
    /// When ACM last updated it.
    pub updated_at: DateTime<Utc>,
}

/// The change of a certificate from e-mail to DNS validation. The certificate stays issued meanwhile.
///
/// Source: [migrating from e-mail to DNS](https://docs.aws.amazon.com/acm/latest/userguide/email-to-dns-overview.html).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Migration {
    /// The validation of each name; empty unless the change is pending.
    pub domains: Vec<Domain>,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// The phase of the change.
    pub phase: Phase,
    /// When ACM last updated it.
    pub updated_at: DateTime<Utc>,
}

/// The phase of a renewal or of a change to DNS validation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Phase {
    /// ACM ended it without success, for this reason if ACM gives one.
    Failed(Option<String>),
    /// Pending validation.
    Pending,
    /// Completed.
    Succeeded,
}

impl Certificate {
    /// The records that its validations ask for: the first one, that of a renewal, and that of a change to DNS.
    pub fn records(&self) -> impl Iterator<Item = &ValidationRecord> {
        self.validated().filter_map(Domain::record)
    }

    /// Its names in every validation: the first one, that of a renewal, and that of a change to DNS.
    pub fn validated(&self) -> impl Iterator<Item = &Domain> {
        let renewing = self.renewal.iter().flat_map(|renewal| &renewal.domains);
        let migrating = self.migration.iter().flat_map(|migration| &migration.domains);
        self.domains.iter().chain(renewing).chain(migrating)
    }
}

impl Domain {
    /// The record of the name, if ACM tells.
    pub fn record(&self) -> Option<&ValidationRecord> {
        match &self.progress {
            Progress::Awaiting(record) | Progress::Validated(Some(record)) => Some(record),
            Progress::NotDns
            | Progress::Refused(_)
            | Progress::Unready
            | Progress::Validated(None) => None,
        }
    }
}

impl Status {
    /// ACM's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Closed(word) | Self::Unknown(word) => word,
            Self::Failed(_) => "FAILED",
            Self::Issued => "ISSUED",
            Self::Pending => "PENDING_VALIDATION",
            Self::TimedOut => "VALIDATION_TIMED_OUT",
        }
    }
}

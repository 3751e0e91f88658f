//! A certificate as a plain value: the one place where ACM's open enums and optional fields are read.

use std::collections::BTreeMap;

use aws_sdk_acm::types::{
    CertificateDetail, CertificateKeyPairOrigin, CertificateManagedBy, CertificateStatus,
    CertificateType, DomainStatus, DomainValidation, DomainValidationSummary, RenewalStatus,
    ResourceRecord, UpdateStatus, ValidationChallenge, ValidationMethod,
};
use aws_smithy_types::DateTime as AwsDateTime;
use chrono::{DateTime, Utc};

use crate::arn::CertificateArn;
use crate::name::DomainName;
use crate::record::{Refused, ValidationRecord};

/// What ACM says of a certificate at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// Its ARN.
    pub arn: CertificateArn,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// How far each name has come; empty for some seconds after the request.
    pub domains: Vec<Domain>,
    /// When it was issued, if it was.
    pub issued_at: Option<DateTime<Utc>>,
    /// Its change from e-mail to DNS, if there ever was one.
    pub migration: Option<Migration>,
    /// The names it is for, the main one first.
    pub names: Vec<DomainName>,
    /// When it ends, if it was issued.
    pub not_after: Option<DateTime<Utc>>,
    /// Where it comes from.
    pub origin: Origin,
    /// Its renewal, if one ever began.
    pub renewal: Option<Renewal>,
    /// How far the whole has come.
    pub status: Status,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Where a certificate comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Asked for over ACME; ACM validates those by records of their own.
    Acme,
    /// Managed by CloudFront, validated over HTTP.
    CloudFront,
    /// Brought along by its owner.
    Imported,
    /// Issued by a private authority.
    Private,
    /// Issued by Amazon, for the public: the kind that is validated.
    Public,
}

/// How far a certificate has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
    /// Over: expired, revoked or inactive, in ACM's word.
    Closed(String),
    /// ACM gave up, for this reason if it names one.
    Failed(Option<String>),
    /// Issued.
    Issued,
    /// Waiting for validation.
    Pending,
    /// The validation took longer than ACM waits.
    TimedOut,
    /// Something ACM has learnt to say since this was written.
    Unknown(String),
}

/// One name on the certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Domain {
    /// The name, `*.` included.
    pub name: DomainName,
    /// How far it has come.
    pub progress: Progress,
}

/// How far one name has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// ACM is waiting for this record.
    Awaiting(ValidationRecord),
    /// Validated by e-mail or over HTTP, so none of our business.
    Elsewhere,
    /// ACM asks for something that we do not write.
    Refused(Refused),
    /// ACM has not made the record yet.
    Unready,
    /// ACM has seen the record, which is this one if ACM still shows it. Renewals will need it.
    Validated(Option<ValidationRecord>),
}

/// A renewal of a certificate that stays issued meanwhile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renewal {
    /// How far each name has come in this renewal.
    pub domains: Vec<Domain>,
    /// How far the whole has come.
    pub status: Proceeding,
    /// When ACM last said so.
    pub updated_at: DateTime<Utc>,
}

/// The change of a certificate from validation by e-mail to validation by DNS. It stays issued
/// meanwhile.
///
/// Source: [migrating from e-mail to DNS](https://docs.aws.amazon.com/acm/latest/userguide/email-to-dns-overview.html).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Migration {
    /// How far each name has come; empty unless the change is pending.
    pub domains: Vec<Domain>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// How far the whole has come.
    pub status: Proceeding,
    /// When ACM last said so.
    pub updated_at: DateTime<Utc>,
}

/// How far something has come that happens to an issued certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Proceeding {
    /// Over, and well.
    Done,
    /// ACM gave up, for this reason if it names one.
    Failed(Option<String>),
    /// Waiting for validation.
    Pending,
}

impl Certificate {
    /// Reads ACM's answer; `migrating` is what it says of the names while [`is_migrating`].
    /// `first_heard` stands in for a request time ACM does not tell.
    pub fn new(
        arn: &CertificateArn,
        detail: &CertificateDetail,
        migrating: &[DomainValidationSummary],
        tags: BTreeMap<String, String>,
        first_heard: DateTime<Utc>,
    ) -> Self {
        let main = detail.domain_name().map(DomainName::new);
        let others = detail.subject_alternative_names().iter().map(|name| DomainName::new(name));
        let others = others.filter(|name| Some(name) != main.as_ref());
        let time = |at: Option<&AwsDateTime>| at.and_then(|at| at_seconds(at.secs()));
        let domains = |options: &[DomainValidation]| {
            options.iter().map(|option| Domain::new(&arn.home.partition, option)).collect()
        };
        Self {
            created_at: time(detail.created_at()).unwrap_or(first_heard),
            domains: domains(detail.domain_validation_options()),
            issued_at: time(detail.issued_at()),
            migration: detail.update_summary().map(|update| {
                let requested_at = time(update.requested_at()).unwrap_or(first_heard);
                let domain = |summary| Domain::migrating(&arn.home.partition, summary);
                Migration {
                    domains: migrating.iter().map(domain).collect(),
                    requested_at,
                    status: match update.status() {
                        Some(UpdateStatus::Failed) => Proceeding::Failed(None),
                        Some(UpdateStatus::PendingDomainValidation) => Proceeding::Pending,
                        _ => Proceeding::Done,
                    },
                    updated_at: time(update.updated_at()).unwrap_or(requested_at),
                }
            }),
            names: main.iter().cloned().chain(others).collect(),
            not_after: time(detail.not_after()),
            origin: Origin::new(detail),
            renewal: detail.renewal_summary().map(|renewal| Renewal {
                domains: domains(renewal.domain_validation_options()),
                status: match renewal.renewal_status() {
                    RenewalStatus::Failed => {
                        let reason = renewal.renewal_status_reason();
                        Proceeding::Failed(reason.map(|reason| reason.as_str().to_owned()))
                    }
                    // While ACM tries by itself, a missing record is as missing as afterwards.
                    RenewalStatus::PendingAutoRenewal | RenewalStatus::PendingValidation => {
                        Proceeding::Pending
                    }
                    _ => Proceeding::Done,
                },
                updated_at: at_seconds(renewal.updated_at().secs()).unwrap_or(first_heard),
            }),
            status: Status::new(detail),
            tags,
            arn: arn.clone(),
        }
    }
}

/// Whether this certificate is on its way from e-mail to DNS, so that what ACM says of its names has
/// to be asked for by itself.
pub fn is_migrating(detail: &CertificateDetail) -> bool {
    let status = detail.update_summary().and_then(|update| update.status());
    status == Some(&UpdateStatus::PendingDomainValidation)
}

impl Origin {
    fn new(detail: &CertificateDetail) -> Self {
        match (detail.r#type(), detail.certificate_key_pair_origin(), detail.managed_by()) {
            (Some(CertificateType::Imported), ..) => Self::Imported,
            (Some(CertificateType::Private), ..) => Self::Private,
            (_, Some(CertificateKeyPairOrigin::Acme), _) => Self::Acme,
            (_, _, Some(CertificateManagedBy::Cloudfront)) => Self::CloudFront,
            _ => Self::Public,
        }
    }
}

impl Status {
    fn new(detail: &CertificateDetail) -> Self {
        match detail.status() {
            Some(CertificateStatus::Failed) => {
                Self::Failed(detail.failure_reason().map(|reason| reason.as_str().to_owned()))
            }
            Some(CertificateStatus::Issued) => Self::Issued,
            // A certificate without a status is too young to have one.
            Some(CertificateStatus::PendingValidation) | None => Self::Pending,
            Some(CertificateStatus::ValidationTimedOut) => Self::TimedOut,
            Some(
                status @ (CertificateStatus::Expired
                | CertificateStatus::Inactive
                | CertificateStatus::Revoked),
            ) => Self::Closed(status.as_str().to_owned()),
            Some(status) => Self::Unknown(status.as_str().to_owned()),
        }
    }

    /// ACM's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Closed(word) | Self::Unknown(word) => word,
            Self::Failed(_) => CertificateStatus::Failed.as_str(),
            Self::Issued => CertificateStatus::Issued.as_str(),
            Self::Pending => CertificateStatus::PendingValidation.as_str(),
            Self::TimedOut => CertificateStatus::ValidationTimedOut.as_str(),
        }
    }
}

impl Domain {
    fn new(partition: &str, option: &DomainValidation) -> Self {
        let name = DomainName::new(option.domain_name());
        let by_dns = matches!(option.validation_method(), Some(ValidationMethod::Dns) | None)
            && option.validation_emails().is_empty()
            && option.http_redirect().is_none();
        let record = option.resource_record();
        let progress = Progress::new(partition, &name, by_dns, option.validation_status(), record);
        Self { name, progress }
    }

    fn migrating(partition: &str, summary: &DomainValidationSummary) -> Self {
        let name = DomainName::new(summary.domain_name());
        let requested = summary.requested_validation_configuration();
        let status = requested.and_then(|requested| requested.validation_status());
        let record = match requested.and_then(|requested| requested.validation_challenge()) {
            Some(ValidationChallenge::DnsValidationChallenge(dns)) => dns.resource_record(),
            _ => None,
        };
        let progress = Progress::new(partition, &name, true, status, record);
        Self { name, progress }
    }
}

impl Progress {
    fn new(
        partition: &str,
        name: &DomainName,
        by_dns: bool,
        status: Option<&DomainStatus>,
        record: Option<&ResourceRecord>,
    ) -> Self {
        if !by_dns {
            return Self::Elsewhere;
        }
        let domain = name.without_wildcard();
        let record = record.map(|record| {
            let kind = record.r#type().as_str();
            ValidationRecord::parse(partition, &domain, record.name(), kind, record.value())
        });
        match (status, record) {
            (Some(DomainStatus::Success), record) => Self::Validated(record.and_then(Result::ok)),
            (_, None) => Self::Unready,
            (_, Some(Ok(record))) => Self::Awaiting(record),
            (_, Some(Err(refused))) => Self::Refused(refused),
        }
    }
}

fn at_seconds(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

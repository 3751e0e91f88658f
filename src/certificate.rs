//! A certificate as a plain value: the one place where ACM's open enums and optional fields are read.

use std::collections::BTreeMap;

use aws_sdk_acm::types::{
    CertificateDetail, CertificateKeyPairOrigin, CertificateManagedBy, CertificateStatus,
    CertificateType, DomainStatus, DomainValidation, RenewalStatus, ValidationMethod,
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
    /// ACM has seen the record.
    Validated,
}

/// A renewal of a certificate that stays issued meanwhile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renewal {
    /// How far each name has come in this renewal.
    pub domains: Vec<Domain>,
    /// How far the whole has come.
    pub status: Renewing,
    /// When ACM last said so.
    pub updated_at: DateTime<Utc>,
}

/// How far a renewal has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Renewing {
    /// ACM gave up, for this reason if it names one.
    Failed(Option<String>),
    /// Done, or nothing that waits for us.
    NotWaiting,
    /// Waiting for validation.
    Pending,
}

impl Certificate {
    /// Reads ACM's answer. `first_heard` stands in for a request time ACM does not tell.
    pub fn new(
        arn: &CertificateArn,
        detail: &CertificateDetail,
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
            names: main.iter().cloned().chain(others).collect(),
            not_after: time(detail.not_after()),
            origin: Origin::new(detail),
            renewal: detail.renewal_summary().map(|renewal| Renewal {
                domains: domains(renewal.domain_validation_options()),
                status: match renewal.renewal_status() {
                    RenewalStatus::Failed => {
                        let reason = renewal.renewal_status_reason();
                        Renewing::Failed(reason.map(|reason| reason.as_str().to_owned()))
                    }
                    RenewalStatus::PendingValidation => Renewing::Pending,
                    _ => Renewing::NotWaiting,
                },
                updated_at: at_seconds(renewal.updated_at().secs()).unwrap_or(first_heard),
            }),
            status: Status::new(detail),
            tags,
            arn: arn.clone(),
        }
    }
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
        let progress = match (by_dns, option.validation_status(), option.resource_record()) {
            (false, ..) => Progress::Elsewhere,
            (true, Some(DomainStatus::Success), _) => Progress::Validated,
            (true, _, None) => Progress::Unready,
            (true, _, Some(record)) => {
                let domain = name.without_wildcard();
                let kind = record.r#type().as_str();
                match ValidationRecord::parse(
                    partition,
                    &domain,
                    record.name(),
                    kind,
                    record.value(),
                ) {
                    Ok(record) => Progress::Awaiting(record),
                    Err(refused) => Progress::Refused(refused),
                }
            }
        };
        Self { name, progress }
    }
}

fn at_seconds(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

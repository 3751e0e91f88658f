//! Describes one certificate as a plain value. ACM's open enums and optional fields are read here and
//! nowhere else.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use aws_sdk_acm::types::{
    CertificateDetail, CertificateKeyPairOrigin, CertificateManagedBy, CertificateStatus,
    CertificateType, DomainStatus, DomainValidation, DomainValidationSummary, RenewalEligibility,
    RenewalStatus, ResourceRecord, UpdateStatus, ValidationChallenge, ValidationMethod,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime as AwsDateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use chrono::{DateTime, Utc};

use crate::aws::acm::place::{Acm, send};
use crate::aws::error::Error;
use crate::aws::pace::{self, Operation};
use crate::aws::problem::{cause, error_text};
use crate::domain::arn::CertificateArn;
use crate::domain::certificate::{
    Certificate, Domain, Migration, Phase, Progress, Renewal, Status,
};
use crate::domain::name::DomainName;
use crate::domain::origin::Origin;
use crate::domain::problem::Cause;
use crate::domain::record::ValidationRecord;

/// A certificate with its tags; `None` if ACM knows no such certificate. `first_heard` stands in for
/// a request time that ACM does not tell.
///
/// # Errors
///
/// [`Error::Describe`] or [`Error::Tags`], for everything else that ACM refuses.
pub async fn describe_with_tags(
    acm: &Acm,
    arn: &CertificateArn,
    first_heard: DateTime<Utc>,
) -> Result<Option<Certificate>, Error> {
    let (detail, tags) = tokio::try_join!(describe(acm, arn), tags(acm, arn))?;
    let Some((detail, tags)) = detail.zip(tags) else { return Ok(None) };
    let migrating = match is_migrating(&detail) {
        true => domain_validations(acm, arn).await?,
        false => Vec::new(),
    };
    Ok(Some(convert(arn, &detail, &migrating, tags, first_heard)))
}

/// A certificate without its tags and without the details of a change to DNS validation: enough to
/// tell when a renewal began.
///
/// # Errors
///
/// [`Error::Describe`], for everything that ACM refuses but an unknown certificate.
pub async fn describe_alone(
    acm: &Acm,
    arn: &CertificateArn,
    first_heard: DateTime<Utc>,
) -> Result<Option<Certificate>, Error> {
    let detail = describe(acm, arn).await?;
    Ok(detail.map(|it| convert(arn, &it, &[], BTreeMap::new(), first_heard)))
}

async fn describe(acm: &Acm, arn: &CertificateArn) -> Result<Option<CertificateDetail>, Error> {
    let call = acm.client().describe_certificate().certificate_arn(arn.to_string());
    pace::acm(Operation::Describe, &arn.scope).await;
    match send!(acm, call) {
        Ok(output) => Ok(output.certificate),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(None),
            _ => Err(not_described(arn, &error)),
        },
    }
}

async fn tags(acm: &Acm, arn: &CertificateArn) -> Result<Option<BTreeMap<String, String>>, Error> {
    let call = acm.client().list_tags_for_certificate().certificate_arn(arn.to_string());
    pace::acm(Operation::Tags, &arn.scope).await;
    match send!(acm, call) {
        Ok(output) => Ok(Some(
            output
                .tags()
                .iter()
                .map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned()))
                .collect(),
        )),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(None),
            _ => Err(Error::Tags {
                certificate: arn.clone(),
                denied: cause(&error) == Cause::Denied,
                source: error_text(&error).into(),
            }),
        },
    }
}

/// What ACM says of each name of a certificate that changes from e-mail to DNS validation.
async fn domain_validations(
    acm: &Acm,
    arn: &CertificateArn,
) -> Result<Vec<DomainValidationSummary>, Error> {
    let mut summaries = Vec::new();
    let mut token = None;
    loop {
        let call = acm.client().list_certificate_domain_validations();
        let call = call.certificate_arn(arn.to_string()).set_next_token(token);
        pace::acm(Operation::ListValidations, &arn.scope).await;
        let page = send!(acm, call).map_err(|error| not_described(arn, &error))?;
        summaries.extend_from_slice(page.domain_validation_summary_list());
        token = page.next_token;
        if token.is_none() {
            return Ok(summaries);
        }
    }
}

fn not_described<E>(arn: &CertificateArn, error: &SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    Error::Describe {
        certificate: arn.clone(),
        denied: cause(error) == Cause::Denied,
        source: error_text(error).into(),
    }
}

/// Reads ACM's answer; `migrating` is what ACM says of the names while the certificate
/// [is migrating](is_migrating). `first_heard` stands in for a request time that ACM does not tell.
fn convert(
    arn: &CertificateArn,
    detail: &CertificateDetail,
    migrating: &[DomainValidationSummary],
    tags: BTreeMap<String, String>,
    first_heard: DateTime<Utc>,
) -> Certificate {
    let partition = &arn.scope.partition;
    let main = detail.domain_name().map(DomainName::new);
    let others = detail.subject_alternative_names().iter().map(|name| DomainName::new(name));
    let others = others.filter(|name| Some(name) != main.as_ref());
    let time = |at: Option<&AwsDateTime>| at.and_then(at_seconds);
    let domains = |options: &[DomainValidation]| {
        options.iter().map(|option| domain(partition, option)).collect()
    };
    Certificate {
        created_at: time(detail.created_at()).unwrap_or(first_heard),
        domains: domains(detail.domain_validation_options()),
        in_use: !detail.in_use_by().is_empty(),
        issued_at: time(detail.issued_at()),
        migration: detail.update_summary().map(|update| {
            let requested_at = time(update.requested_at()).unwrap_or(first_heard);
            Migration {
                domains: migrating.iter().map(|it| migrating_domain(partition, it)).collect(),
                requested_at,
                phase: match update.status() {
                    Some(UpdateStatus::Failed) => Phase::Failed(None),
                    Some(UpdateStatus::PendingDomainValidation) => Phase::Pending,
                    _ => Phase::Succeeded,
                },
                updated_at: time(update.updated_at()).unwrap_or(requested_at),
            }
        }),
        names: main.iter().cloned().chain(others).collect(),
        eligible: detail.renewal_eligibility() == Some(&RenewalEligibility::Eligible),
        not_after: time(detail.not_after()),
        origin: origin(detail),
        renewal: detail.renewal_summary().map(|renewal| Renewal {
            domains: domains(renewal.domain_validation_options()),
            phase: match renewal.renewal_status() {
                RenewalStatus::Failed => {
                    let reason = renewal.renewal_status_reason();
                    Phase::Failed(reason.map(|reason| reason.as_str().to_owned()))
                }
                // While ACM still tries by itself, a missing record is already missing.
                RenewalStatus::PendingAutoRenewal | RenewalStatus::PendingValidation => {
                    Phase::Pending
                }
                _ => Phase::Succeeded,
            },
            updated_at: at_seconds(renewal.updated_at()).unwrap_or(first_heard),
        }),
        status: status(detail),
        tags,
        arn: arn.clone(),
    }
}

/// Whether the certificate changes from e-mail to DNS validation. Then ACM tells the validation of
/// its names by a call of its own.
fn is_migrating(detail: &CertificateDetail) -> bool {
    let status = detail.update_summary().and_then(|update| update.status());
    status == Some(&UpdateStatus::PendingDomainValidation)
}

/// A time of ACM's, which has whole seconds.
pub(super) fn at_seconds(at: &AwsDateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), 0)
}

fn origin(detail: &CertificateDetail) -> Origin {
    match (detail.r#type(), detail.certificate_key_pair_origin(), detail.managed_by()) {
        (Some(CertificateType::Imported), ..) => Origin::Imported,
        (Some(CertificateType::Private), ..) => Origin::Private,
        (_, Some(CertificateKeyPairOrigin::Acme), _) => Origin::Acme,
        (_, _, Some(CertificateManagedBy::Cloudfront)) => Origin::CloudFront,
        _ => Origin::Public,
    }
}

fn status(detail: &CertificateDetail) -> Status {
    match detail.status() {
        Some(CertificateStatus::Failed) => {
            Status::Failed(detail.failure_reason().map(|reason| reason.as_str().to_owned()))
        }
        Some(CertificateStatus::Issued) => Status::Issued,
        // A certificate without a status is seconds old.
        Some(CertificateStatus::PendingValidation) | None => Status::Pending,
        Some(CertificateStatus::ValidationTimedOut) => Status::TimedOut,
        Some(
            status @ (CertificateStatus::Expired
            | CertificateStatus::Inactive
            | CertificateStatus::Revoked),
        ) => Status::Closed(status.as_str().to_owned()),
        Some(status) => Status::Unknown(status.as_str().to_owned()),
    }
}

fn domain(partition: &str, option: &DomainValidation) -> Domain {
    let name = DomainName::new(option.domain_name());
    let by_dns = matches!(option.validation_method(), Some(ValidationMethod::Dns) | None)
        && option.validation_emails().is_empty()
        && option.http_redirect().is_none();
    let progress = match by_dns {
        true => progress(partition, &name, option.validation_status(), option.resource_record()),
        false => Progress::NotDns,
    };
    Domain { name, progress }
}

fn migrating_domain(partition: &str, summary: &DomainValidationSummary) -> Domain {
    let name = DomainName::new(summary.domain_name());
    let requested = summary.requested_validation_configuration();
    let status = requested.and_then(|requested| requested.validation_status());
    let record = match requested.and_then(|requested| requested.validation_challenge()) {
        Some(ValidationChallenge::DnsValidationChallenge(dns)) => dns.resource_record(),
        _ => None,
    };
    let progress = progress(partition, &name, status, record);
    Domain { name, progress }
}

fn progress(
    partition: &str,
    name: &DomainName,
    status: Option<&DomainStatus>,
    record: Option<&ResourceRecord>,
) -> Progress {
    let domain = name.without_wildcard();
    let record = record.map(|record| {
        let kind = record.r#type().as_str();
        ValidationRecord::parse(partition, &domain, record.name(), kind, record.value())
    });
    match (status, record) {
        (Some(DomainStatus::Success), record) => Progress::Validated(record.and_then(Result::ok)),
        (_, None) => Progress::Unready,
        (_, Some(Ok(record))) => Progress::Awaiting(record),
        (_, Some(Err(refused))) => Progress::Refused(refused),
    }
}

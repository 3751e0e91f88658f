//! ACM: what a certificate is now, and which of them wait for validation.

use std::collections::BTreeMap;

use aws_sdk_acm::Client;
use aws_sdk_acm::types::{
    AcmCertificateMetadataFilter as Metadata, CertificateDetail, CertificateFilter,
    CertificateFilterStatement, CertificateStatus, CertificateType, DomainValidationSummary,
    Filters, KeyAlgorithm, RenewalEligibility, RenewalStatus, ValidationMethod,
};
use aws_smithy_types::DateTime as AwsDateTime;
use chrono::{DateTime, TimeDelta, Utc};
use tracing::info;

use crate::arn::{CertificateArn, Home};
use crate::aws::is_standing;
use crate::error::{BoxError, Error, report};
use crate::name::DomainName;
use crate::waiting::{Names, Waiting};

/// Describes a certificate; `None` if ACM knows none.
///
/// # Errors
///
/// [`Error::Describe`] for whatever else ACM refuses.
pub async fn describe(
    client: &Client,
    arn: &CertificateArn,
) -> Result<Option<CertificateDetail>, Error> {
    match client.describe_certificate().certificate_arn(arn.to_string()).send().await {
        Ok(output) => Ok(output.certificate),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(None),
            _ => Err(Error::Describe { certificate: arn.clone(), source: error.into() }),
        },
    }
}

/// Lists a certificate's tags; `None` if ACM knows no such certificate.
///
/// # Errors
///
/// [`Error::Tags`] for whatever else ACM refuses.
pub async fn tags(
    client: &Client,
    arn: &CertificateArn,
) -> Result<Option<BTreeMap<String, String>>, Error> {
    match client.list_tags_for_certificate().certificate_arn(arn.to_string()).send().await {
        Ok(output) => Ok(Some(
            output
                .tags()
                .iter()
                .map(|tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned()))
                .collect(),
        )),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(None),
            _ => Err(Error::Tags { certificate: arn.clone(), source: error.into() }),
        },
    }
}

/// What ACM says of each name of a certificate that moves from e-mail to DNS.
///
/// # Errors
///
/// [`Error::Describe`] if ACM refuses.
pub async fn domain_validations(
    client: &Client,
    arn: &CertificateArn,
) -> Result<Vec<DomainValidationSummary>, Error> {
    let pages = client.list_certificate_domain_validations().certificate_arn(arn.to_string());
    let summaries = pages.into_paginator().items().send().try_collect().await;
    summaries.map_err(|error| Error::Describe { certificate: arn.clone(), source: error.into() })
}

/// One page of the certificates that wait for validation, and the token of the next page, by a
/// search that finds just those; `None` if ACM does not let us search here.
///
/// # Errors
///
/// [`Error::List`] if ACM fails.
pub async fn search_waiting(
    client: &Client,
    place: &Home,
    token: Option<&str>,
) -> Result<Option<(Vec<Waiting>, Option<String>)>, Error> {
    use CertificateFilterStatement::{Filter, Or};
    let of = |filter| Filter(CertificateFilter::AcmCertificateMetadataFilter(filter));
    // These filters alone: whether one on an attribute leaves out the certificates that lack it is
    // not documented, and nothing else would find those.
    let waiting = Or(vec![
        of(Metadata::Status(CertificateStatus::PendingValidation)),
        of(Metadata::RenewalStatus(RenewalStatus::PendingValidation)),
    ]);
    // https://docs.aws.amazon.com/acm/latest/APIReference/API_SearchCertificates.html
    let call = client.search_certificates().filter_statement(waiting).max_results(500);
    let output = match call.set_next_token(token.map(str::to_owned)).send().await {
        Ok(output) => output,
        Err(error) if is_standing(&error) => {
            let Home { account, region, .. } = place;
            info!(account, region, error = report(&error), "cannot search here, so it is listed");
            return Ok(None);
        }
        Err(error) => return Err(failed(place, error.into())),
    };
    let waiting = output.results().iter().filter_map(|result| {
        let metadata = result.certificate_metadata()?.as_acm_certificate_metadata().ok()?;
        let public = metadata.r#type().is_none_or(|it| *it == CertificateType::AmazonIssued);
        let by_dns = metadata.validation_method().is_none_or(|it| *it == ValidationMethod::Dns);
        if !(public && by_dns) {
            return None;
        }
        let pending = metadata.status() == Some(&CertificateStatus::PendingValidation);
        let attributes = result.x509_attributes();
        let names = attributes.map_or(&[][..], |attributes| attributes.subject_alternative_names());
        let names = names.iter().filter_map(|name| Some(DomainName::new(name.as_dns_name().ok()?)));
        let names: Vec<_> = names.collect();
        Some(Waiting {
            certificate: result.certificate_arn()?.parse().ok()?,
            names: if names.is_empty() { Names::Unknown } else { Names::All(names) },
            since: if pending { Some(time(metadata.created_at()?)?) } else { None },
        })
    });
    Ok(Some((waiting.collect(), output.next_token.clone())))
}

/// The same by a listing, which does not tell whose renewal waits: those near their end that are in
/// use may, since ACM would have renewed them by now.
///
/// # Errors
///
/// [`Error::List`] if ACM refuses.
pub async fn list_waiting(
    client: &Client,
    place: &Home,
    token: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(Vec<Waiting>, Option<String>), Error> {
    // By default ACM lists RSA keys only.
    // https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
    let every_key = Filters::builder().set_key_types(Some(vec![
        KeyAlgorithm::Rsa1024,
        KeyAlgorithm::Rsa2048,
        KeyAlgorithm::Rsa3072,
        KeyAlgorithm::Rsa4096,
        KeyAlgorithm::EcPrime256v1,
        KeyAlgorithm::EcSecp384r1,
        KeyAlgorithm::EcSecp521r1,
    ]));
    let output = client
        .list_certificates()
        .certificate_statuses(CertificateStatus::PendingValidation)
        .certificate_statuses(CertificateStatus::Issued)
        .includes(every_key.build())
        .max_items(1000)
        .set_next_token(token.map(str::to_owned))
        .send()
        .await
        .map_err(|error| failed(place, error.into()))?;
    let summaries = output.certificate_summary_list().iter();
    let public = summaries.filter(|summary| {
        summary.r#type() == Some(&CertificateType::AmazonIssued) && summary.managed_by().is_none()
    });
    let waiting = public.filter_map(|summary| {
        let since = match summary.status()? {
            CertificateStatus::PendingValidation => Some(time(summary.created_at()?)?),
            _ => {
                let eligible = summary.renewal_eligibility() == Some(&RenewalEligibility::Eligible);
                let near = time(summary.not_after()?)? - now < RENEWAL_WINDOW;
                if !(eligible && near) {
                    return None;
                }
                // The listing does not tell when its renewal began.
                None
            }
        };
        let names = summary.subject_alternative_name_summaries();
        let all = summary.has_additional_subject_alternative_names() == Some(false);
        let names = match all && !names.is_empty() {
            true => Names::All(names.iter().map(|name| DomainName::new(name)).collect()),
            false => Names::Unknown,
        };
        Some(Waiting { certificate: summary.certificate_arn()?.parse().ok()?, names, since })
    });
    Ok((waiting.collect(), output.next_token.clone()))
}

/// Source: [DNS renewal](https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html).
const RENEWAL_WINDOW: TimeDelta = TimeDelta::days(45);

fn failed(place: &Home, source: BoxError) -> Error {
    Error::List { account: place.account.clone(), region: place.region.clone(), source }
}

fn time(at: &AwsDateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), 0)
}

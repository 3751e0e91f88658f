//! ACM: what a certificate is now, and which of them wait for validation.

use std::collections::BTreeMap;

use aws_sdk_acm::Client;
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus, Filters, KeyAlgorithm};
use chrono::{DateTime, Utc};

use crate::arn::{CertificateArn, Home};
use crate::error::Error;

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

/// A certificate that waits for validation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// Which one.
    pub certificate: CertificateArn,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// One page of the public certificates that wait for validation, and the token of the next page.
///
/// # Errors
///
/// [`Error::List`] if ACM refuses.
pub async fn waiting(
    client: &Client,
    place: &Home,
    token: Option<&str>,
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
        .includes(every_key.build())
        .max_items(1000)
        .set_next_token(token.map(str::to_owned))
        .send()
        .await
        .map_err(|error| Error::List {
            account: place.account.clone(),
            region: place.region.clone(),
            source: error.into(),
        })?;
    let waiting = output.certificate_summary_list().iter().filter_map(|summary| {
        let since = summary.created_at()?.secs();
        Some(Waiting {
            certificate: summary.certificate_arn()?.parse().ok()?,
            since: DateTime::from_timestamp(since, 0)?,
        })
    });
    Ok((waiting.collect(), output.next_token.clone()))
}

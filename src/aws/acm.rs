//! ACM: what a certificate is now.

use std::collections::BTreeMap;

use aws_sdk_acm::Client;
use aws_sdk_acm::types::CertificateDetail;

use crate::arn::CertificateArn;
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

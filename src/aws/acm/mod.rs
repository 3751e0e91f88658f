//! ACM: describing a certificate, and listing the pending ones.

use std::collections::BTreeMap;

use aws_sdk_acm::Client;
use aws_sdk_acm::types::{CertificateDetail, DomainValidationSummary};
use chrono::{DateTime, Utc};

use crate::aws::error::Error;
use crate::aws::problem::error_text;
use crate::domain::arn::CertificateArn;
use crate::domain::certificate::Certificate;

mod convert;
pub mod list;

/// A certificate with its tags; `None` if ACM knows no such certificate. `first_heard` stands in for
/// a request time that ACM does not tell.
///
/// # Errors
///
/// [`Error::Describe`] or [`Error::Tags`], for everything else that ACM refuses.
pub async fn certificate(
    client: &Client,
    arn: &CertificateArn,
    first_heard: DateTime<Utc>,
) -> Result<Option<Certificate>, Error> {
    let (detail, tags) = tokio::try_join!(describe(client, arn), tags(client, arn))?;
    let Some((detail, tags)) = detail.zip(tags) else { return Ok(None) };
    let migrating = match convert::is_migrating(&detail) {
        true => domain_validations(client, arn).await?,
        false => Vec::new(),
    };
    Ok(Some(convert::certificate(arn, &detail, &migrating, tags, first_heard)))
}

/// A certificate without its tags and without the details of a change to DNS validation: enough to
/// tell when a renewal began.
///
/// # Errors
///
/// [`Error::Describe`], for everything that ACM refuses but an unknown certificate.
pub async fn certificate_alone(
    client: &Client,
    arn: &CertificateArn,
    first_heard: DateTime<Utc>,
) -> Result<Option<Certificate>, Error> {
    let detail = describe(client, arn).await?;
    Ok(detail.map(|it| convert::certificate(arn, &it, &[], BTreeMap::new(), first_heard)))
}

async fn describe(
    client: &Client,
    arn: &CertificateArn,
) -> Result<Option<CertificateDetail>, Error> {
    match client.describe_certificate().certificate_arn(arn.to_string()).send().await {
        Ok(output) => Ok(output.certificate),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(None),
            _ => {
                Err(Error::Describe { certificate: arn.clone(), source: error_text(&error).into() })
            }
        },
    }
}

async fn tags(
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
            _ => Err(Error::Tags { certificate: arn.clone(), source: error_text(&error).into() }),
        },
    }
}

/// What ACM says of each name of a certificate that changes from e-mail to DNS validation.
async fn domain_validations(
    client: &Client,
    arn: &CertificateArn,
) -> Result<Vec<DomainValidationSummary>, Error> {
    let pages = client.list_certificate_domain_validations().certificate_arn(arn.to_string());
    let summaries = pages.into_paginator().items().send().try_collect().await;
    summaries.map_err(|error| Error::Describe {
        certificate: arn.clone(),
        source: error_text(&error).into(),
    })
}

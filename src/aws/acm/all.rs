//! Lists all public certificates of an account and region, one page a call.

use std::collections::BTreeSet;

use aws_sdk_acm::types::{
    CertificateKeyPairOrigin, CertificateManagedBy, CertificateStatus, CertificateType,
};

use super::listing::{every_key, failed};
use super::place::{Acm, send};
use crate::aws::error::Error;
use crate::aws::pace::{self, Operation};
use crate::aws::problem::{cause, error_text};
use crate::domain::arn::Scope;
use crate::domain::audit::listed::ListedCertificate;
use crate::domain::name::DomainName;
use crate::domain::problem::Cause;

/// A page of certificates, and the token of the next page if there is one.
pub type AllPage = (Vec<ListedCertificate>, Option<String>);

/// One page of the public certificates, by `SearchCertificates`; `None` if ACM refuses the search in this
/// account and region.
///
/// # Errors
///
/// [`Error::List`], for a failure that passes.
pub async fn search_all(
    acm: &Acm,
    scope: &Scope,
    token: Option<&str>,
) -> Result<Option<AllPage>, Error> {
    pace::acm(Operation::Search, scope).await;
    // https://docs.aws.amazon.com/acm/latest/APIReference/API_SearchCertificates.html
    let call = acm.client().search_certificates().max_results(PAGE);
    let output = match send!(acm, call.set_next_token(token.map(str::to_owned))) {
        Ok(output) => output,
        // The listing replaces it; what it is told is reported there.
        Err(error) if cause(&error) != Cause::Transient => {
            tracing::debug!(error = error_text(&error), "cannot search");
            return Ok(None);
        }
        Err(error) => return Err(failed(scope, &error)),
    };
    let listed = output.results().iter().filter_map(|result| {
        let metadata = result.certificate_metadata()?.as_acm_certificate_metadata().ok()?;
        let is_public = is_public(
            metadata.r#type(),
            metadata.managed_by(),
            metadata.certificate_key_pair_origin(),
        );
        if !is_public {
            return None;
        }
        let attributes = result.x509_attributes();
        let names = attributes.map_or(&[][..], |attributes| attributes.subject_alternative_names());
        let names: BTreeSet<_> = names
            .iter()
            .filter_map(|name| Some(DomainName::new(name.as_dns_name().ok()?)))
            .collect();
        Some(ListedCertificate {
            certificate: result.certificate_arn()?.parse().ok()?,
            all_names: !names.is_empty(),
            names,
            renewable: is_renewable(metadata.status(), metadata.in_use()),
        })
    });
    Ok(Some((listed.collect(), output.next_token.clone())))
}

/// One page of the public certificates, by `ListCertificates`.
///
/// # Errors
///
/// [`Error::List`] if ACM refuses.
pub async fn list_all(acm: &Acm, scope: &Scope, token: Option<&str>) -> Result<AllPage, Error> {
    pace::acm(Operation::List, scope).await;
    let call = acm
        .client()
        .list_certificates()
        .includes(every_key())
        .max_items(PAGE)
        .set_next_token(token.map(str::to_owned));
    let output = send!(acm, call).map_err(|error| failed(scope, &error))?;
    let listed = output.certificate_summary_list().iter().filter_map(|summary| {
        let origin = summary.certificate_key_pair_origin();
        if !is_public(summary.r#type(), summary.managed_by(), origin) {
            return None;
        }
        let others = summary.subject_alternative_name_summaries();
        let names = summary.domain_name().into_iter().chain(others.iter().map(String::as_str));
        Some(ListedCertificate {
            certificate: summary.certificate_arn()?.parse().ok()?,
            names: names.map(DomainName::new).collect(),
            all_names: summary.has_additional_subject_alternative_names() == Some(false)
                && !others.is_empty(),
            renewable: is_renewable(summary.status(), summary.in_use()),
        })
    });
    Ok((listed.collect(), output.next_token.clone()))
}

/// How many certificates one page has: few enough that many places can be listed at the same time in
/// little memory. Most places have fewer.
const PAGE: i32 = 250;

/// Whether it is a public certificate that is validated by DNS or by e-mail. Those that CloudFront manages
/// are validated over HTTP, and those of ACME by records of their own.
fn is_public(
    kind: Option<&CertificateType>,
    managed_by: Option<&CertificateManagedBy>,
    origin: Option<&CertificateKeyPairOrigin>,
) -> bool {
    kind.is_none_or(|it| *it == CertificateType::AmazonIssued)
        && managed_by.is_none()
        && origin != Some(&CertificateKeyPairOrigin::Acme)
}

/// A status that this code does not know is asked about.
fn is_renewable(status: Option<&CertificateStatus>, in_use: Option<bool>) -> bool {
    match status {
        Some(CertificateStatus::Expired) => in_use != Some(false),
        Some(
            CertificateStatus::Failed
            | CertificateStatus::Inactive
            | CertificateStatus::PendingValidation
            | CertificateStatus::Revoked
            | CertificateStatus::ValidationTimedOut,
        ) => false,
        _ => true,
    }
}

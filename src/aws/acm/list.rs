//! Lists the certificates that are pending validation, one page a call.

use aws_sdk_acm::types::{
    AcmCertificateMetadataFilter as Metadata, CertificateFilter, CertificateFilterStatement,
    CertificateStatus, CertificateType, RenewalEligibility, RenewalStatus, ValidationMethod,
};
use chrono::{DateTime, TimeDelta, Utc};
use tracing::info;

use super::certificate::at_seconds;
use super::listing::{every_key, failed};
use super::place::{Acm, send};
use crate::aws::error::Error;
use crate::aws::problem::{cause, error_text, lacks_role};
use crate::domain::arn::{CertificateArn, Scope};
use crate::domain::name::DomainName;
use crate::domain::problem::Cause;

/// A certificate that is pending validation, or may be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingCertificate {
    /// The certificate.
    pub certificate: CertificateArn,
    /// Its names, as far as the listing tells.
    pub names: Names,
    /// When its validation began. `None` if the listing does not tell, as for a renewal.
    pub since: Option<DateTime<Utc>>,
}

/// The names of a certificate, as far as a listing tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Names {
    /// All its names.
    All(Vec<DomainName>),
    /// The listing does not tell all its names.
    Unknown,
}

/// A page of pending certificates, and the token of the next page if there is one.
pub type Page = (Vec<PendingCertificate>, Option<String>);

/// One page of the pending certificates, by `SearchCertificates`, which finds only these; `None` if ACM
/// refuses the search in this account and region.
///
/// # Errors
///
/// [`Error::List`], for a failure that passes, or if the role of the account cannot be assumed.
pub async fn search_pending(
    acm: &Acm,
    scope: &Scope,
    token: Option<&str>,
    most: i32,
) -> Result<Option<Page>, Error> {
    use CertificateFilterStatement::{Filter, Or};
    let of = |filter| Filter(CertificateFilter::AcmCertificateMetadataFilter(filter));
    // No filter on other attributes: it is undocumented whether such a filter leaves out certificates
    // that lack the attribute, and nothing else would find those.
    let pending = Or(vec![
        of(Metadata::Status(CertificateStatus::PendingValidation)),
        of(Metadata::RenewalStatus(RenewalStatus::PendingValidation)),
    ]);
    // https://docs.aws.amazon.com/acm/latest/APIReference/API_SearchCertificates.html
    let call =
        acm.client().search_certificates().filter_statement(pending).max_results(most.min(500));
    let output = match send!(acm, call.set_next_token(token.map(str::to_owned))) {
        Ok(output) => output,
        Err(error) if cause(&error) != Cause::Transient && !lacks_role(&error) => {
            let Scope { account, region, .. } = scope;
            info!(
                account,
                region,
                error = error_text(&error),
                "cannot search, so certificates are listed"
            );
            return Ok(None);
        }
        Err(error) => return Err(failed(scope, &error)),
    };
    let pending = output.results().iter().filter_map(|result| {
        let metadata = result.certificate_metadata()?.as_acm_certificate_metadata().ok()?;
        let public = metadata.r#type().is_none_or(|it| *it == CertificateType::AmazonIssued);
        let by_dns = metadata.validation_method().is_none_or(|it| *it == ValidationMethod::Dns);
        if !(public && by_dns) {
            return None;
        }
        let is_new = metadata.status() == Some(&CertificateStatus::PendingValidation);
        let attributes = result.x509_attributes();
        let names = attributes.map_or(&[][..], |attributes| attributes.subject_alternative_names());
        let names = names.iter().filter_map(|name| Some(DomainName::new(name.as_dns_name().ok()?)));
        let names: Vec<_> = names.collect();
        Some(PendingCertificate {
            certificate: result.certificate_arn()?.parse().ok()?,
            names: if names.is_empty() { Names::Unknown } else { Names::All(names) },
            since: if is_new { Some(at_seconds(metadata.created_at()?)?) } else { None },
        })
    });
    Ok(Some((pending.collect(), output.next_token.clone())))
}

/// One page of the pending certificates, by `ListCertificates`. It does not tell which renewals are
/// pending. Those of certificates near their end that are eligible for renewal may be: ACM would have
/// renewed them by now.
///
/// # Errors
///
/// [`Error::List`] if ACM refuses.
pub async fn list_pending(
    acm: &Acm,
    scope: &Scope,
    token: Option<&str>,
    most: i32,
    now: DateTime<Utc>,
) -> Result<Page, Error> {
    let call = acm
        .client()
        .list_certificates()
        .certificate_statuses(CertificateStatus::PendingValidation)
        .certificate_statuses(CertificateStatus::Issued)
        .includes(every_key())
        .max_items(most)
        .set_next_token(token.map(str::to_owned));
    let output = send!(acm, call).map_err(|error| failed(scope, &error))?;
    let summaries = output.certificate_summary_list().iter();
    let public = summaries.filter(|summary| {
        summary.r#type() == Some(&CertificateType::AmazonIssued) && summary.managed_by().is_none()
    });
    let pending = public.filter_map(|summary| {
        let since = match summary.status()? {
            CertificateStatus::PendingValidation => Some(at_seconds(summary.created_at()?)?),
            _ => {
                let eligible = summary.renewal_eligibility() == Some(&RenewalEligibility::Eligible);
                let near = at_seconds(summary.not_after()?)? - now < RENEWAL_WINDOW;
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
        let certificate = summary.certificate_arn()?.parse().ok()?;
        Some(PendingCertificate { certificate, names, since })
    });
    Ok((pending.collect(), output.next_token.clone()))
}

/// How long before a certificate expires ACM begins to renew it.
///
/// Source: [DNS renewal](https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html).
const RENEWAL_WINDOW: TimeDelta = TimeDelta::days(45);

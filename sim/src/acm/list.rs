//! Answers the calls that list and search certificates.

use serde_json::{Value, json};

use super::certificate::{Certificate, KeyPairOrigin};
use super::request::{
    Filter, Includes, Incoming, KEY_ALGORITHMS, ListCertificateDomainValidations, ListCertificates,
    Metadata, SearchCertificates, Statement, constraint, page_size, read, validation,
};
use super::{Acm, answer};
use crate::wire::Failure;

/// The most statements of `And` and `Or`.
const MAX_STATEMENTS: usize = 15;

impl Acm {
    /// <https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html>
    pub(super) fn list(&self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: ListCertificates = read(call.body)?;
        let size = page_size(request.max_items, "maxItems", 1000, 1000)?;
        let key_types = key_types(&request.includes)?;
        let wanted = |certificate: &Certificate| {
            let origin = certificate.key_pair_origin;
            let statuses = request.certificate_statuses.as_ref();
            statuses.is_none_or(|them| them.contains(&certificate.status))
                && key_types.contains(&certificate.key_algorithm.as_str())
                && request.includes.managed_by.as_ref().is_none_or(|managed_by| {
                    certificate.managed_by.as_ref() == Some(managed_by)
                })
                // Hidden unless requested: the API reference, `CertificateKeyPairOrigins`.
                && match &request.certificate_key_pair_origins {
                    None => origin != KeyPairOrigin::Acme,
                    Some(origins) => origins.contains(&origin),
                }
        };
        let mut found: Vec<_> = self.visible_to(call).filter(|it| wanted(it)).collect();
        let descending = request.sort_order.as_deref() == Some("DESCENDING");
        if descending {
            found.reverse();
        }
        let (page, next) = page(found, request.next_token.as_deref(), size, descending)?;
        let summaries: Vec<Value> = page.into_iter().map(answer::summary).collect();
        Ok(with_next(json!({"CertificateSummaryList": summaries}), next))
    }

    /// <https://docs.aws.amazon.com/acm/latest/APIReference/API_SearchCertificates.html>
    ///
    /// Nothing is hidden by default: the documentation has no default filter.
    pub(super) fn search(&self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: SearchCertificates = read(call.body)?;
        let size = page_size(request.max_results, "maxResults", 100, 500)?;
        if let Some(statement) = &request.filter_statement {
            check_width(statement)?;
        }
        let wanted = |certificate: &Certificate| {
            request.filter_statement.as_ref().is_none_or(|them| holds(them, certificate))
        };
        let found = self.visible_to(call).filter(|it| wanted(it)).collect();
        let (page, next) = page(found, request.next_token.as_deref(), size, false)?;
        let results: Vec<Value> = page.into_iter().map(answer::search_result).collect();
        Ok(with_next(json!({"Results": results}), next))
    }

    /// From the model of the API; the page size is an assumption.
    pub(super) fn list_domain_validations(&self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: ListCertificateDomainValidations = read(call.body)?;
        let size = page_size(request.max_items, "maxItems", 100, 1000)?;
        let certificate = self.find(call, &request.certificate_arn)?;
        let offset = match request.next_token.as_deref().map(str::parse::<usize>) {
            None => 0,
            Some(Ok(offset)) => offset,
            Some(Err(_)) => return Err(validation("The NextToken is invalid.")),
        };
        let page = certificate.domains.iter().skip(offset).take(size);
        let summaries: Vec<Value> = page
            .map(|domain| answer::domain_validation_summary(certificate, domain, call.now))
            .collect();
        let end = offset + summaries.len();
        let next = (end < certificate.domains.len()).then(|| end.to_string());
        Ok(with_next(json!({"DomainValidationSummaryList": summaries}), next))
    }
}

/// "Default filtering returns only RSA_1024 and RSA_2048 certificates":
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html>
fn key_types(includes: &Includes) -> Result<Vec<&str>, Failure> {
    let Some(asked) = &includes.key_types else {
        return Ok(vec!["RSA_1024", "RSA_2048"]);
    };
    match asked.iter().find(|key_type| !KEY_ALGORITHMS.contains(&key_type.as_str())) {
        Some(unknown) => {
            Err(constraint(unknown, "includes.keyTypes", "satisfy enum value set: [KeyAlgorithm]"))
        }
        None => Ok(asked.iter().map(String::as_str).collect()),
    }
}

fn check_width(statement: &Statement) -> Result<(), Failure> {
    match statement {
        Statement::And(them) | Statement::Or(them) => {
            if !(1..=MAX_STATEMENTS).contains(&them.len()) {
                let must = format!("have length between 1 and {MAX_STATEMENTS}");
                return Err(constraint(&them.len().to_string(), "filterStatement", &must));
            }
            them.iter().try_for_each(check_width)
        }
        Statement::Not(it) => check_width(it),
        Statement::Filter(_) => Ok(()),
    }
}

fn holds(statement: &Statement, certificate: &Certificate) -> bool {
    match statement {
        Statement::And(them) => them.iter().all(|it| holds(it, certificate)),
        Statement::Or(them) => them.iter().any(|it| holds(it, certificate)),
        Statement::Not(it) => !holds(it, certificate),
        Statement::Filter(Filter::CertificateArn(arn)) => certificate.arn == *arn,
        Statement::Filter(Filter::AcmCertificateMetadataFilter(metadata)) => match metadata {
            Metadata::Status(status) => certificate.status == *status,
            Metadata::RenewalStatus(status) => {
                certificate.renewal.as_ref().is_some_and(|renewal| renewal.status == *status)
            }
            Metadata::Type(kind) => certificate.kind == *kind,
            Metadata::InUse(in_use) => certificate.in_use() == *in_use,
            Metadata::ManagedBy(by) => certificate.managed_by.as_ref() == Some(by),
            Metadata::ValidationMethod(method) => certificate.validation_method == Some(*method),
            Metadata::CertificateKeyPairOrigin(origin) => certificate.key_pair_origin == *origin,
        },
    }
}

/// The page after `token`, and the token of the next page: the last ARN of this page, so that changes
/// between two calls do not shift the pages.
fn page<'a>(
    mut found: Vec<&'a Certificate>,
    token: Option<&str>,
    size: usize,
    descending: bool,
) -> Result<(Vec<&'a Certificate>, Option<String>), Failure> {
    if let Some(last) = token {
        if !last.starts_with("arn:") {
            return Err(validation("The NextToken is invalid."));
        }
        let seen = |arn: &str| if descending { arn >= last } else { arn <= last };
        found.retain(|certificate| !seen(&certificate.arn));
    }
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|certificate| certificate.arn.clone());
    Ok((found, next))
}

fn with_next(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["NextToken"] = Value::String(next);
    }
    answer
}

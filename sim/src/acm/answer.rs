//! Writes certificates in the shapes of the API.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::certificate::{
    Certificate, Domain, DomainStatus, KeyPairOrigin, Kind, Method, RenewalStatus, Status,
};
use super::record::validation_record;

/// `CertificateDetail`:
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html>
pub(super) fn detail(certificate: &Certificate, now: DateTime<Utc>) -> Value {
    let mut detail = json!({
        "CertificateArn": certificate.arn,
        "DomainName": certificate.name(),
        "SubjectAlternativeNames": names(certificate),
        "ManagedBy": certificate.managed_by,
        "Subject": format!("CN={}", certificate.name()),
        "Issuer": issuer(certificate),
        "CreatedAt": stamp(Some(certificate.created_at)),
        "IssuedAt": stamp(certificate.issued_at),
        "Status": certificate.status,
        "NotBefore": stamp(certificate.not_before),
        "NotAfter": stamp(certificate.not_after),
        "KeyAlgorithm": key_algorithm(certificate),
        "SignatureAlgorithm": "SHA256WITHRSA",
        "InUseBy": certificate.in_use_by,
        "Type": certificate.kind,
        "RenewalEligibility": renewal_eligibility(certificate),
        "Options": {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"},
        "CertificateAuthorityArn": certificate.authority_arn,
        "CertificateKeyPairOrigin": certificate.key_pair_origin,
    });
    // The model: "This value exists only when the certificate status is FAILED".
    if certificate.status == Status::Failed {
        detail["FailureReason"] = json!(certificate.failure_reason);
    }
    // The model, of both summaries: "This field exists only when the certificate type is AMAZON_ISSUED".
    if certificate.kind == Kind::AmazonIssued {
        if now >= certificate.created_at + certificate.behaviour.options_after {
            let unsettled = now < certificate.created_at + certificate.behaviour.method_after;
            let method = match unsettled {
                true => Some(Method::Email),
                false => certificate.validation_method,
            };
            detail["DomainValidationOptions"] =
                options(certificate, &certificate.domains, method, now);
        }
        detail["RenewalSummary"] = renewal_summary(certificate, now);
        detail["UpdateSummary"] = update_summary(certificate);
    }
    without_nulls(detail)
}

/// `CertificateSummary`:
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateSummary.html>
pub(super) fn summary(certificate: &Certificate) -> Value {
    without_nulls(json!({
        "CertificateArn": certificate.arn,
        "DomainName": certificate.name(),
        "SubjectAlternativeNameSummaries": names(certificate),
        "HasAdditionalSubjectAlternativeNames": false,
        "Status": certificate.status,
        "Type": certificate.kind,
        "KeyAlgorithm": key_algorithm(certificate),
        "InUse": certificate.in_use(),
        "RenewalEligibility": renewal_eligibility(certificate),
        "NotBefore": stamp(certificate.not_before),
        "NotAfter": stamp(certificate.not_after),
        "CreatedAt": stamp(Some(certificate.created_at)),
        "IssuedAt": stamp(certificate.issued_at),
        "ManagedBy": certificate.managed_by,
        "CertificateKeyPairOrigin": certificate.key_pair_origin,
    }))
}

/// `CertificateSearchResult`:
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateSearchResult.html>
pub(super) fn search_result(certificate: &Certificate) -> Value {
    let names: Vec<Value> =
        names(certificate).into_iter().map(|name| json!({"DnsName": name})).collect();
    let attributes = json!({
        "Subject": {"CommonName": certificate.name()},
        "SubjectAlternativeNames": names,
        "KeyAlgorithm": certificate.key_algorithm,
        "NotAfter": stamp(certificate.not_after),
        "NotBefore": stamp(certificate.not_before),
    });
    let metadata = json!({
        "CreatedAt": stamp(Some(certificate.created_at)),
        "Exported": certificate.exported,
        "ExportOption": "DISABLED",
        "InUse": certificate.in_use(),
        "IssuedAt": stamp(certificate.issued_at),
        "RenewalEligibility": renewal_eligibility(certificate),
        "Status": certificate.status,
        "RenewalStatus": certificate.renewal.as_ref().map(|renewal| renewal.status),
        "Type": certificate.kind,
        "ManagedBy": certificate.managed_by,
        "ValidationMethod": certificate.validation_method,
        "CertificateKeyPairOrigin": certificate.key_pair_origin,
    });
    json!({
        "CertificateArn": certificate.arn,
        "X509Attributes": without_nulls(attributes),
        "CertificateMetadata": {"AcmCertificateMetadata": without_nulls(metadata)},
    })
}

/// `DomainValidationSummary` of one name that moves from email to DNS:
/// <https://docs.aws.amazon.com/acm/latest/userguide/email-to-dns-migrate.html>
pub(super) fn domain_validation_summary(
    certificate: &Certificate,
    domain: &Domain,
    now: DateTime<Utc>,
) -> Value {
    let configuration = |method: Option<Method>, domain: &Domain| {
        let validation_domain = domain.validation_domain.as_deref().unwrap_or(&domain.name);
        let challenge = match method {
            Some(Method::Dns) => resource_record(certificate, domain, now)
                .map(|record| json!({"DnsValidationChallenge": {"ResourceRecord": record}})),
            Some(Method::Email) => Some(json!({"EmailValidationChallenge": {
                "ValidationDomain": validation_domain,
                "ValidationEmails": emails(validation_domain),
            }})),
            _ => None,
        };
        without_nulls(json!({
            "ValidationMethod": method,
            "ValidationStatus": domain.status,
            "ValidationChallenge": challenge,
        }))
    };
    let requested = certificate
        .update
        .iter()
        .flat_map(|update| &update.domains)
        .find(|requested| requested.name == domain.name)
        .map(|requested| configuration(Some(Method::Dns), requested));
    without_nulls(json!({
        "DomainName": domain.name,
        "ActiveValidationConfiguration": configuration(certificate.validation_method, domain),
        "RequestedValidationConfiguration": requested,
    }))
}

fn options(
    certificate: &Certificate,
    domains: &[Domain],
    method: Option<Method>,
    now: DateTime<Utc>,
) -> Value {
    domains.iter().map(|domain| option(certificate, domain, method, now)).collect()
}

/// `DomainValidation`. Before the record of a name exists, there is no `ValidationStatus` either; observed
/// in <https://github.com/aws/aws-sdk-js/issues/2133>
fn option(
    certificate: &Certificate,
    domain: &Domain,
    method: Option<Method>,
    now: DateTime<Utc>,
) -> Value {
    let validation_domain = domain.validation_domain.as_deref().unwrap_or(&domain.name);
    let mut option = json!({
        "DomainName": domain.name,
        "ValidationDomain": validation_domain,
        "ValidationMethod": method,
    });
    let has_record = domain.record_at.is_some_and(|at| now >= at);
    if has_record
        || method == Some(Method::Email)
        || domain.status != DomainStatus::PendingValidation
    {
        option["ValidationStatus"] = json!(domain.status);
    }
    match method {
        Some(Method::Dns) => {
            option["ResourceRecord"] = json!(resource_record(certificate, domain, now));
        }
        Some(Method::Email) => option["ValidationEmails"] = emails(validation_domain),
        Some(Method::Http) if has_record => option["HttpRedirect"] = redirect(certificate, domain),
        _ => {}
    }
    without_nulls(option)
}

fn resource_record(
    certificate: &Certificate,
    domain: &Domain,
    now: DateTime<Utc>,
) -> Option<Value> {
    domain.record_at.filter(|at| now >= *at)?;
    let (name, value) = validation_record(&certificate.account, &domain.name);
    Some(json!({"Name": name, "Type": "CNAME", "Value": value}))
}

/// The five addresses of <https://docs.aws.amazon.com/acm/latest/userguide/email-validation.html>
fn emails(domain: &str) -> Value {
    let domain = domain.strip_prefix("*.").unwrap_or(domain);
    let mailboxes = ["administrator", "hostmaster", "postmaster", "webmaster", "admin"];
    mailboxes.iter().map(|mailbox| format!("{mailbox}@{domain}")).collect()
}

/// <https://docs.aws.amazon.com/acm/latest/userguide/http-validation.html>
fn redirect(certificate: &Certificate, domain: &Domain) -> Value {
    let (name, _) = validation_record(&certificate.account, &domain.name);
    let token = name.trim_start_matches('_').split('.').next().unwrap_or_default();
    let path = format!(".well-known/pki-validation/{token}.txt");
    let Certificate { region, account, .. } = certificate;
    json!({
        "RedirectFrom": format!("http://{}/{path}", domain.name),
        "RedirectTo": format!("https://validation.{region}.acm-validations.aws/{account}/{path}"),
    })
}

/// `RenewalStatusReason` has the values of `FailureReason`, none of which says that it is pending.
fn renewal_summary(certificate: &Certificate, now: DateTime<Utc>) -> Value {
    certificate.renewal.as_ref().map_or(Value::Null, |renewal| {
        let failed = renewal.status == RenewalStatus::Failed;
        without_nulls(json!({
            "RenewalStatus": renewal.status,
            "RenewalStatusReason": renewal.reason.as_ref().filter(|_| failed),
            "DomainValidationOptions":
                options(certificate, &renewal.domains, certificate.validation_method, now),
            "UpdatedAt": stamp(Some(renewal.updated_at)),
        }))
    })
}

fn update_summary(certificate: &Certificate) -> Value {
    certificate.update.as_ref().map_or(Value::Null, |update| {
        json!({
            "Status": update.status,
            "Type": "DOMAIN_VALIDATION_METHOD",
            "DomainValidationMethodUpdateSummary": {"From": "EMAIL", "To": "DNS"},
            "RequestedAt": stamp(Some(update.requested_at)),
            "UpdatedAt": stamp(Some(update.updated_at)),
        })
    })
}

fn names(certificate: &Certificate) -> Vec<&str> {
    certificate.domains.iter().map(|domain| domain.name.as_str()).collect()
}

fn issuer(certificate: &Certificate) -> Option<&'static str> {
    certificate.issued_at.filter(|_| certificate.kind == Kind::AmazonIssued).map(|_| "Amazon")
}

/// `RSA-2048` where the model has `RSA_2048`, as in the samples of
/// <https://docs.aws.amazon.com/acm/latest/userguide/gs-acm-list.html>
fn key_algorithm(certificate: &Certificate) -> String {
    certificate.key_algorithm.replace("RSA_", "RSA-")
}

/// <https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html>
fn renewal_eligibility(certificate: &Certificate) -> &'static str {
    let managed = certificate.kind != Kind::Imported
        && certificate.key_pair_origin == KeyPairOrigin::AwsManaged;
    if managed && (certificate.in_use() || certificate.exported) {
        "ELIGIBLE"
    } else {
        "INELIGIBLE"
    }
}

/// Whole seconds since 1970: the SDKs read any number in AWS JSON 1.1.
fn stamp(time: Option<DateTime<Utc>>) -> Option<i64> {
    time.map(|time| time.timestamp())
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

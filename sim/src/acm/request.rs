//! Reads requests, as strictly as the model of the API.
//!
//! Source of every constraint: the model `acm/2015-12-08`, for example
//! <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::certificate::{KeyPairOrigin, Kind, Method, RenewalStatus, Status};
use crate::call::Caller;
use crate::wire::Failure;

/// A call as it arrives.
pub(super) struct Incoming<'a> {
    pub(super) caller: &'a Caller,
    pub(super) body: &'a [u8],
    pub(super) now: DateTime<Utc>,
}

pub(super) const KEY_ALGORITHMS: [&str; 7] = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
];

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RequestCertificate {
    pub(super) domain_name: String,
    #[serde(default)]
    pub(super) subject_alternative_names: Vec<String>,
    pub(super) validation_method: Option<Method>,
    pub(super) idempotency_token: Option<String>,
    #[serde(default)]
    pub(super) domain_validation_options: Vec<DomainValidationOption>,
    pub(super) options: Option<Options>,
    pub(super) certificate_authority_arn: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
    pub(super) key_algorithm: Option<String>,
    pub(super) managed_by: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DomainValidationOption {
    pub(super) domain_name: String,
    pub(super) validation_domain: String,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Options {
    #[serde(rename = "CertificateTransparencyLoggingPreference")]
    pub(super) _transparency: Option<String>,
    #[serde(rename = "Export")]
    pub(super) _export: Option<String>,
    pub(super) validation_method: Option<Method>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: Option<String>,
}

/// A request that names a certificate and nothing else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfCertificate {
    pub(super) certificate_arn: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TagsOfCertificate {
    pub(super) certificate_arn: String,
    pub(super) tags: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct UpdateCertificateOptions {
    pub(super) certificate_arn: String,
    pub(super) options: Options,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ListCertificateDomainValidations {
    pub(super) certificate_arn: String,
    pub(super) max_items: Option<usize>,
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ListCertificates {
    pub(super) certificate_statuses: Option<Vec<Status>>,
    pub(super) certificate_key_pair_origins: Option<Vec<KeyPairOrigin>>,
    #[serde(default)]
    pub(super) includes: Includes,
    pub(super) max_items: Option<usize>,
    pub(super) next_token: Option<String>,
    #[serde(rename = "SortBy")]
    pub(super) _sort_by: Option<String>,
    pub(super) sort_order: Option<String>,
}

/// The filters of `ListCertificates`; those that are not modelled are rejected, not ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Includes {
    pub(super) key_types: Option<Vec<String>>,
    pub(super) managed_by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct SearchCertificates {
    pub(super) filter_statement: Option<Statement>,
    pub(super) max_results: Option<usize>,
    pub(super) next_token: Option<String>,
}

/// A filter statement of `SearchCertificates`: exactly one member, as in every union.
#[derive(Debug, Deserialize)]
pub(super) enum Statement {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Filter(Filter),
}

#[derive(Debug, Deserialize)]
pub(super) enum Filter {
    CertificateArn(String),
    AcmCertificateMetadataFilter(Metadata),
}

#[derive(Debug, Deserialize)]
pub(super) enum Metadata {
    Status(Status),
    RenewalStatus(RenewalStatus),
    Type(Kind),
    InUse(bool),
    ManagedBy(String),
    ValidationMethod(Method),
    CertificateKeyPairOrigin(KeyPairOrigin),
}

/// Reads a body; an empty body is an empty structure.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| validation(&error.to_string()))
}

/// The page size, or an error if it is out of range.
pub(super) fn page_size(
    asked: Option<usize>,
    member: &str,
    default: usize,
    most: usize,
) -> Result<usize, Failure> {
    let size = asked.unwrap_or(default);
    if (1..=most).contains(&size) {
        return Ok(size);
    }
    Err(constraint(&size.to_string(), member, &format!("have value between 1 and {most}")))
}

/// Whether ACM accepts this name: at least two labels of letters, digits and inner hyphens, the last
/// label of at least two characters, with or without `*.`.
pub(super) fn is_domain_name(name: &str) -> bool {
    let labels: Vec<&str> = name.strip_prefix("*.").unwrap_or(name).split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = labels.last().map_or(0, |label| label.len());
    (1..=253).contains(&name.len()) && labels.len() >= 2 && last >= 2 && labels.iter().all(fits)
}

/// Whether this can be the ARN of a certificate: `arn:P:acm:REGION:ACCOUNT:certificate/ID`.
pub(super) fn is_certificate_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, _, service, _, account, resource] = parts[..] else { return false };
    prefix == "arn"
        && service == "acm"
        && !account.is_empty()
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && resource.strip_prefix("certificate/").is_some_and(|id| !id.is_empty())
}

/// The error of AWS for a value that its model forbids.
pub(super) fn constraint(value: &str, member: &str, must: &str) -> Failure {
    validation(&format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         Member must {must}"
    ))
}

pub(super) fn validation(message: &str) -> Failure {
    Failure::new(400, "ValidationException", message)
}

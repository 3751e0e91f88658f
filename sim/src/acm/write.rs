//! Answers the calls that request, tag, change and delete certificates.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::certificate::{Certificate, Domain, DomainStatus, KeyPairOrigin, Kind, Method, Status};
use super::register::arn_prefix;
use super::request::{
    Incoming, KEY_ALGORITHMS, OfCertificate, RequestCertificate, Tag, TagsOfCertificate,
    UpdateCertificateOptions, constraint, is_domain_name, read, validation,
};
use super::{Acm, Token};
use crate::call::Caller;
use crate::wire::Failure;

/// The most names of a certificate, if the quota of 10 is raised:
/// <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>
const MAX_NAMES: usize = 100;
/// <https://docs.aws.amazon.com/acm/latest/userguide/tags-restrictions.html>
const MAX_TAGS: usize = 50;
/// RFC 5280's limit for a common name, by
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>
const MAX_COMMON_NAME: usize = 64;
/// How long an idempotency token is valid; source as above.
const TOKEN_LIFE: TimeDelta = TimeDelta::hours(1);

impl Acm {
    /// <https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html>
    pub(super) fn request(&mut self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: RequestCertificate = read(call.body)?;
        let names = names(&request)?;
        check(&request, &names)?;
        let tags = merged(&BTreeMap::new(), &request.tags)?;

        let Caller { account, region } = call.caller;
        let token = request.idempotency_token.clone().map(|token| Token {
            account: account.clone(),
            region: region.clone(),
            token,
        });
        if let Some(arn) = token.as_ref().and_then(|token| self.remembered(token, call.now)) {
            return Ok(json!({"CertificateArn": arn}));
        }

        let mut certificate = self.new_certificate(account, region, &names, call.now);
        certificate.tags = tags;
        if let Some(key_algorithm) = request.key_algorithm {
            certificate.key_algorithm = key_algorithm;
        }
        if request.certificate_authority_arn.is_some() {
            certificate.kind = Kind::Private;
            certificate.authority_arn = request.certificate_authority_arn;
            certificate.validation_method = None;
            certificate.issue_at = Some(call.now + certificate.behaviour.private_issuance_delay);
        } else {
            // The service falls back to email; the model has no default.
            let asked = request.validation_method.unwrap_or(Method::Email);
            let managed = request.managed_by.is_some();
            certificate.validation_method = Some(if managed { Method::Http } else { asked });
            certificate.managed_by = request.managed_by;
        }
        if certificate.validation_method != Some(Method::Dns) {
            certificate.check_at = None;
        }
        for option in request.domain_validation_options {
            let of_option = |domain: &&mut Domain| domain.name == option.domain_name;
            if let Some(domain) = certificate.domains.iter_mut().find(of_option) {
                domain.validation_domain = Some(option.validation_domain);
            }
        }
        let arn = certificate.arn.clone();
        if let Some(token) = token {
            self.tokens.insert(token, (arn.clone(), call.now));
        }
        self.certificates.insert(certificate);
        Ok(json!({"CertificateArn": arn}))
    }

    /// The certificate that this token requested within the last hour, if it still exists. The rest of
    /// a repeated request is ignored: an assumption.
    fn remembered(&self, token: &Token, now: DateTime<Utc>) -> Option<String> {
        let (arn, asked_at) = self.tokens.get(token)?;
        let known = now < *asked_at + TOKEN_LIFE && self.certificates.contains(arn);
        known.then(|| arn.clone())
    }

    /// A new certificate, pending DNS validation.
    pub(super) fn new_certificate(
        &mut self,
        account: &str,
        region: &str,
        names: &[String],
        now: DateTime<Utc>,
    ) -> Certificate {
        self.requested += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.requested);
        let mut record_at = now + self.behaviour.record_after;
        let mut domain = |name: &String| {
            let domain = Domain {
                name: name.clone(),
                status: DomainStatus::PendingValidation,
                record_at: Some(record_at),
                validation_domain: None,
            };
            record_at += self.behaviour.record_step;
            domain
        };
        let mut certificate = Certificate {
            arn: arn_prefix(account, region) + &id,
            account: account.to_owned(),
            region: region.to_owned(),
            domains: names.iter().map(&mut domain).collect(),
            status: Status::PendingValidation,
            kind: Kind::AmazonIssued,
            validation_method: Some(Method::Dns),
            key_algorithm: "RSA_2048".to_owned(),
            key_pair_origin: KeyPairOrigin::AwsManaged,
            managed_by: None,
            failure_reason: None,
            created_at: now,
            issued_at: None,
            not_before: None,
            not_after: None,
            in_use_by: Vec::new(),
            exported: false,
            tags: BTreeMap::new(),
            authority_arn: None,
            renewal: None,
            update: None,
            behaviour: self.behaviour.clone(),
            check_at: None,
            issue_at: None,
            renew_at: None,
        };
        certificate.schedule_check(now);
        certificate
    }

    /// <https://docs.aws.amazon.com/acm/latest/APIReference/API_AddTagsToCertificate.html>
    pub(super) fn add_tags(&mut self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: TagsOfCertificate = read(call.body)?;
        let certificate = self.find_mut(call, &request.certificate_arn)?;
        certificate.tags = merged(&certificate.tags, &request.tags)?;
        Ok(json!({}))
    }

    /// <https://docs.aws.amazon.com/acm/latest/APIReference/API_RemoveTagsFromCertificate.html>: a tag
    /// given with a value is removed only if it has that value.
    pub(super) fn remove_tags(&mut self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: TagsOfCertificate = read(call.body)?;
        let certificate = self.find_mut(call, &request.certificate_arn)?;
        certificate.tags.retain(|key, value| {
            !request
                .tags
                .iter()
                .any(|tag| tag.key == *key && tag.value.as_ref().is_none_or(|asked| asked == value))
        });
        Ok(json!({}))
    }

    /// <https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html>
    pub(super) fn delete_certificate(&mut self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: OfCertificate = read(call.body)?;
        let certificate = self.find(call, &request.certificate_arn)?;
        if certificate.in_use() {
            let message = format!(
                "Certificate {} in account {} is in use.",
                certificate.arn, certificate.account
            );
            return Err(Failure::new(400, "ResourceInUseException", message));
        }
        self.certificates.remove(&request.certificate_arn);
        Ok(json!({}))
    }

    /// From email to DNS, for issued certificates, one update at a time:
    /// <https://docs.aws.amazon.com/acm/latest/userguide/email-to-dns-migrate.html>
    pub(super) fn update_options(&mut self, call: &Incoming<'_>) -> Result<Value, Failure> {
        let request: UpdateCertificateOptions = read(call.body)?;
        let certificate = self.find_mut(call, &request.certificate_arn)?;
        match request.options.validation_method {
            None => return Ok(json!({})),
            Some(Method::Dns) => {}
            Some(_) => return Err(validation("Only DNS can become the validation method.")),
        }
        if certificate.updating().is_some() {
            let message = "An update of the certificate is in progress.";
            return Err(Failure::new(400, "ConflictException", message));
        }
        let eligible = certificate.kind == Kind::AmazonIssued
            && certificate.status == Status::Issued
            && certificate.validation_method == Some(Method::Email);
        if !eligible {
            let message = "The certificate is not an issued one validated by email.";
            return Err(Failure::new(400, "InvalidStateException", message));
        }
        certificate.start_update(call.now);
        Ok(json!({}))
    }

    fn find_mut(&mut self, call: &Incoming<'_>, arn: &str) -> Result<&mut Certificate, Failure> {
        self.find(call, arn)?;
        self.certificates.get_mut(arn).ok_or_else(|| {
            Failure::new(400, "ResourceNotFoundException", format!("Could not find {arn}."))
        })
    }
}

/// The main name and the others, each once.
fn names(request: &RequestCertificate) -> Result<Vec<String>, Failure> {
    let mut names: Vec<String> = Vec::new();
    for name in std::iter::once(&request.domain_name).chain(&request.subject_alternative_names) {
        if !is_domain_name(name) {
            let must = "satisfy regular expression pattern: (\\*\\.)?(((?!-)[A-Za-z0-9-]{0,62}\
                        [A-Za-z0-9])\\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])";
            return Err(constraint(name, "domainName", must));
        }
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

fn check(request: &RequestCertificate, names: &[String]) -> Result<(), Failure> {
    if names.len() > MAX_NAMES {
        let message = format!("A certificate has at most {MAX_NAMES} names.");
        return Err(Failure::new(400, "LimitExceededException", message));
    }
    if request.domain_name.len() > MAX_COMMON_NAME {
        return Err(validation("The first domain name can be no longer than 64 characters."));
    }
    if let Some(token) = &request.idempotency_token {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !(1..=32).contains(&token.len()) || !token.bytes().all(word) {
            let must = "satisfy regular expression pattern: \\w+, with 1 to 32 characters";
            return Err(constraint(token, "idempotencyToken", must));
        }
    }
    if let Some(algorithm) = &request.key_algorithm
        && !KEY_ALGORITHMS.contains(&algorithm.as_str())
    {
        let must = format!("satisfy enum value set: [{}]", KEY_ALGORITHMS.join(", "));
        return Err(constraint(algorithm, "keyAlgorithm", &must));
    }
    if let Some(by) = request.managed_by.as_ref().filter(|by| *by != "CLOUDFRONT") {
        return Err(constraint(by, "managedBy", "satisfy enum value set: [CLOUDFRONT]"));
    }
    // <https://docs.aws.amazon.com/acm/latest/userguide/http-validation.html>
    let by_http = request.managed_by.is_some() || request.validation_method == Some(Method::Http);
    if by_http && names.iter().any(|name| name.starts_with("*.")) {
        return Err(validation("Wildcard names cannot be validated by HTTP."));
    }
    // <https://docs.aws.amazon.com/acm/latest/APIReference/API_DomainValidationOption.html>
    let invalid = request.domain_validation_options.iter().find(|option| {
        let base = option.domain_name.strip_prefix("*.").unwrap_or(&option.domain_name);
        let within = base.strip_suffix(&option.validation_domain);
        let above = within.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        !above || !names.contains(&option.domain_name)
    });
    if let Some(option) = invalid {
        let message = format!("Invalid validation domain of {}.", option.domain_name);
        return Err(Failure::new(400, "InvalidDomainValidationOptionsException", message));
    }
    Ok(())
}

/// The existing tags, merged with these.
fn merged(
    tags: &BTreeMap<String, String>,
    more: &[Tag],
) -> Result<BTreeMap<String, String>, Failure> {
    let mut merged = tags.clone();
    for Tag { key, value } in more {
        let value = value.clone().unwrap_or_default();
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 {
            let must = "have length between 1 and 128, its value at most 256";
            return Err(constraint(key, "tags.member.key", must));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            let message = "Tag keys cannot begin with aws:";
            return Err(Failure::new(400, "InvalidTagException", message));
        }
        merged.insert(key.clone(), value);
    }
    if merged.len() > MAX_TAGS {
        let message = format!("A certificate has at most {MAX_TAGS} tags.");
        return Err(Failure::new(400, "TooManyTagsException", message));
    }
    Ok(merged)
}

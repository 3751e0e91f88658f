//! A certificate and its state.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The delays of a certificate. A certificate keeps the values that were set when it was requested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Behaviour {
    /// From the request until API calls see the certificate.
    ///
    /// "There is a delay of several seconds before you can retrieve information about it":
    /// <https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html>
    pub visible_after: TimeDelta,
    /// From the request until `DomainValidationOptions` exists.
    ///
    /// Observed in <https://github.com/aws/aws-sdk-js/issues/2133>
    pub options_after: TimeDelta,
    /// From the request until ACM shows how the names are validated. Until then it shows e-mail.
    ///
    /// Observed in <https://github.com/binxio/cfn-certificate-provider/issues/41>
    pub method_after: TimeDelta,
    /// From the request until the first name has its record.
    ///
    /// Observed in <https://github.com/aws/aws-sdk-js/issues/2133>
    pub record_after: TimeDelta,
    /// From the record of one name to that of the next.
    ///
    /// The Terraform provider waits until *any* name has one: records come one at a time.
    pub record_step: TimeDelta,
    /// From one check of public DNS to the next. An assumption: AWS gives no figure.
    pub validation_interval: TimeDelta,
    /// From the last name's validation to the certificate. An assumption: AWS gives no figure.
    pub issuance_delay: TimeDelta,
    /// From the request to the certificate, if a private authority issues it. An assumption.
    pub private_issuance_delay: TimeDelta,
    /// From the request until the validation times out.
    ///
    /// Source: <https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html>
    pub validation_timeout: TimeDelta,
    /// From the start of a renewal until ACM asks for the missing records. Zero by default:
    /// AWS gives no figure.
    ///
    /// Source: <https://docs.aws.amazon.com/acm/latest/userguide/check-certificate-renewal-status.html>
    pub auto_renewal: TimeDelta,
    /// From `NotBefore` to `NotAfter` of a public certificate.
    ///
    /// Source: <https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html>
    pub validity: TimeDelta,
    /// The same of a private certificate.
    pub private_validity: TimeDelta,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            visible_after: TimeDelta::zero(),
            options_after: TimeDelta::zero(),
            method_after: TimeDelta::zero(),
            record_after: TimeDelta::zero(),
            record_step: TimeDelta::zero(),
            validation_interval: TimeDelta::seconds(60),
            issuance_delay: TimeDelta::seconds(60),
            private_issuance_delay: TimeDelta::seconds(5),
            validation_timeout: TimeDelta::hours(72),
            auto_renewal: TimeDelta::zero(),
            validity: TimeDelta::days(198),
            private_validity: TimeDelta::days(395),
        }
    }
}

/// One certificate. Tests may set every field, due times included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// For example `arn:aws:acm:eu-west-1:111111111111:certificate/00000000-0000-4000-8000-000000000001`.
    pub arn: String,
    /// The account it belongs to.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its names, the main one first.
    pub domains: Vec<Domain>,
    /// Its status.
    pub status: Status,
    /// Who issues it.
    pub kind: Kind,
    /// How its names are validated; `None` for private and imported certificates.
    pub validation_method: Option<Method>,
    /// In the spelling of requests, for example `EC_prime256v1`.
    pub key_algorithm: String,
    /// Where its key pair comes from.
    pub key_pair_origin: KeyPairOrigin,
    /// The service that manages it, for example `CLOUDFRONT`.
    pub managed_by: Option<String>,
    /// Why it failed, for example `CAA_ERROR`; returned only while it is `FAILED`.
    pub failure_reason: Option<String>,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// When it was issued.
    pub issued_at: Option<DateTime<Utc>>,
    /// From when on it is valid.
    pub not_before: Option<DateTime<Utc>>,
    /// Until when it is valid.
    pub not_after: Option<DateTime<Utc>>,
    /// The ARNs of the resources that use it, for example of a load balancer.
    pub in_use_by: Vec<String>,
    /// Whether it was exported since it was issued or last renewed: then ACM renews it although nothing uses it.
    ///
    /// Source: <https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html>
    pub exported: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The authority of a private certificate.
    pub authority_arn: Option<String>,
    /// Its latest renewal.
    pub renewal: Option<Renewal>,
    /// Its latest change of validation method.
    pub update: Option<Update>,
    /// Its delays.
    pub behaviour: Behaviour,
    /// When ACM checks public DNS next.
    pub check_at: Option<DateTime<Utc>>,
    /// When it is issued, once its names are valid.
    pub issue_at: Option<DateTime<Utc>>,
    /// When its next renewal starts, if one is planned.
    pub renew_at: Option<DateTime<Utc>>,
}

impl Certificate {
    /// The main name, as it was requested.
    pub fn name(&self) -> &str {
        self.domains.first().map_or("", |domain| &domain.name)
    }

    /// When its validation times out.
    pub fn expires_unvalidated_at(&self) -> DateTime<Utc> {
        self.created_at + self.behaviour.validation_timeout
    }

    /// Whether an AWS service uses it.
    pub fn in_use(&self) -> bool {
        !self.in_use_by.is_empty()
    }

    /// Whether API calls can see it yet.
    pub fn is_visible(&self, now: DateTime<Utc>) -> bool {
        now >= self.created_at + self.behaviour.visible_after
    }
}

/// One name of a certificate and its validation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Domain {
    /// As it was requested, for example `*.example.com`.
    pub name: String,
    /// The status of its validation.
    pub status: DomainStatus,
    /// From when on ACM returns its record; `None` for never.
    pub record_at: Option<DateTime<Utc>>,
    /// The domain of its validation emails, if not the name itself.
    pub validation_domain: Option<String>,
}

/// A renewal of a public certificate.
///
/// Source: <https://docs.aws.amazon.com/acm/latest/APIReference/API_RenewalSummary.html>
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renewal {
    /// Its status.
    pub status: RenewalStatus,
    /// Why it is pending or failed, for example `PENDING_DOMAIN_VALIDATION`, as in events.
    pub reason: Option<String>,
    /// The validation of every name for this renewal.
    pub domains: Vec<Domain>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When ACM sends `Renewal Action Required` next, while it is pending.
    pub remind_at: Option<DateTime<Utc>>,
}

/// A change of the validation method from email to DNS. The certificate stays `ISSUED`.
///
/// Source: <https://docs.aws.amazon.com/acm/latest/userguide/email-to-dns-migrate.html>
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Update {
    /// Its status.
    pub status: UpdateStatus,
    /// The DNS validation of every name.
    pub domains: Vec<Domain>,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The status of a certificate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values are those of the API")]
pub enum Status {
    PendingValidation,
    Issued,
    Inactive,
    Expired,
    ValidationTimedOut,
    Revoked,
    Failed,
}

/// The status of the validation of one name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values are those of the API")]
pub enum DomainStatus {
    PendingValidation,
    Success,
    Failed,
}

/// The status of a renewal.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values are those of the API")]
pub enum RenewalStatus {
    PendingAutoRenewal,
    PendingValidation,
    Success,
    Failed,
}

/// The status of a change of the validation method.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values are those of the API")]
pub enum UpdateStatus {
    PendingDomainValidation,
    Success,
    Failed,
}

/// Who issues a certificate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values are those of the API")]
pub enum Kind {
    AmazonIssued,
    Private,
    Imported,
}

/// How names are validated.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values are those of the API")]
pub enum Method {
    Dns,
    Email,
    Http,
}

/// Where a certificate's key pair comes from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the values are those of the API")]
pub enum KeyPairOrigin {
    AwsManaged,
    Acme,
    CustomerProvided,
}

//! Why a certificate needs no further checks.

use std::fmt;

use crate::domain::origin::Origin;
use crate::domain::outcome::State;
use crate::domain::policy::SKIP_TAG;
use crate::domain::tag::Tag;

/// Why a certificate needs no further checks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StopReason {
    /// The certificate is expired, revoked or inactive; the word is ACM's.
    Closed(String),
    /// ACM does not know the certificate, or no longer.
    Deleted,
    /// ACM did not issue the certificate, for this reason if ACM gives one.
    Failed(Option<String>),
    /// The certificate is issued.
    Issued,
    /// The certificate was validated by e-mail, and is validated by DNS from now on.
    Migrated,
    /// ACM did not change the certificate from e-mail to DNS, for this reason if ACM gives one.
    MigrationFailed(Option<String>),
    /// None of the certificate's names is under a domain of `ALLOWED_DOMAINS`.
    NotAllowed,
    /// The certificate is validated by e-mail or over HTTP.
    NotDns,
    /// The certificate lacks the tag of `CERTIFICATE_TAG`.
    NotOptedIn(Tag),
    /// The certificate is not a public one issued by Amazon.
    NotPublic(Origin),
    /// The certificate has the tag by which its owner opts out.
    OptedOut,
    /// The certificate is in an account or partition that the function cannot read, for this reason.
    OutOfReach(String),
    /// The validation has lasted longer than ACM allows, and ACM has not ended it.
    Overdue,
    /// ACM did not renew the certificate, for this reason if ACM gives one.
    RenewalFailed(Option<String>),
    /// The certificate is renewed.
    Renewed,
    /// ACM ended the validation after 72 hours.
    TimedOut,
}

impl StopReason {
    /// Whether ACM says that CAA records forbid it to issue the certificate.
    pub fn is_caa_error(&self) -> bool {
        match self {
            Self::Failed(reason) | Self::MigrationFailed(reason) | Self::RenewalFailed(reason) => {
                reason.as_deref() == Some(CAA_ERROR)
            }
            _ => false,
        }
    }
}

/// Source: [troubleshooting](https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-caa.html).
const CAA_ERROR: &str = "CAA_ERROR";

impl From<&StopReason> for State {
    fn from(reason: &StopReason) -> Self {
        match reason {
            StopReason::Failed(_)
            | StopReason::MigrationFailed(_)
            | StopReason::RenewalFailed(_) => Self::Failed,
            StopReason::Overdue | StopReason::TimedOut => Self::TimedOut,
            StopReason::Issued | StopReason::Migrated | StopReason::Renewed => Self::Issued,
            StopReason::Closed(_)
            | StopReason::Deleted
            | StopReason::NotAllowed
            | StopReason::NotDns
            | StopReason::NotOptedIn(_)
            | StopReason::NotPublic(_)
            | StopReason::OptedOut
            | StopReason::OutOfReach(_) => Self::Ignored,
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let because = |reason: &Option<String>| match reason.as_deref() {
            Some(CAA_ERROR) => ": CAA_ERROR: a CAA record of one of its names does not allow \
                                  Amazon to issue certificates; allow amazon.com there and request \
                                  a new certificate"
                .to_owned(),
            Some(reason) => format!(": {reason}"),
            None => String::new(),
        };
        match self {
            Self::Closed(word) => write!(f, "the certificate is {word}"),
            Self::Deleted => f.write_str("ACM knows no such certificate"),
            Self::Failed(reason) => {
                write!(f, "ACM did not issue the certificate{}", because(reason))
            }
            Self::Issued => f.write_str("the certificate is issued"),
            Self::Migrated => f.write_str("the certificate is validated by DNS from now on"),
            Self::MigrationFailed(reason) => {
                write!(f, "ACM did not change the validation from e-mail to DNS{}", because(reason))
            }
            Self::NotAllowed => {
                f.write_str("none of its names is under a domain of ALLOWED_DOMAINS")
            }
            Self::NotDns => {
                f.write_str("the certificate is validated by e-mail or over HTTP, not by DNS")
            }
            Self::NotOptedIn(tag) => {
                write!(f, "the certificate does not have the tag {tag} (CERTIFICATE_TAG)")
            }
            Self::NotPublic(origin) => f.write_str(match origin {
                Origin::Acme => {
                    "the certificate was requested over ACME, which has its own validation"
                }
                Origin::CloudFront => {
                    "the certificate is managed by CloudFront and validated over HTTP"
                }
                Origin::Imported => "the certificate is imported, so it needs no validation",
                Origin::Private => "the certificate is private, so it needs no validation",
                Origin::Public => "the certificate is public",
            }),
            Self::OptedOut => write!(f, "the certificate has the tag {SKIP_TAG}"),
            Self::OutOfReach(why) => f.write_str(why),
            Self::Overdue => {
                f.write_str("ACM should have ended the validation by now, and has not said so")
            }
            Self::RenewalFailed(reason) => {
                write!(f, "ACM did not renew the certificate{}", because(reason))
            }
            Self::Renewed => f.write_str("the certificate is renewed"),
            Self::TimedOut => {
                f.write_str("ACM ended the validation after 72 hours: request a new certificate")
            }
        }
    }
}

//! The errors of the calls that the next check depends on.

use std::error::Error as StdError;

use crate::domain::arn::CertificateArn;

/// A call failed, after the SDK's own retries, that the next check depends on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// ACM did not describe the certificate.
    #[error("cannot describe {certificate}")]
    Describe {
        /// The certificate.
        certificate: CertificateArn,
        /// Whether AWS refuses the call until somebody acts.
        denied: bool,
        /// The SDK's error.
        #[source]
        source: BoxError,
    },
    /// ACM did not list certificates.
    #[error("cannot list the certificates of account {account} in {region}")]
    List {
        /// The account.
        account: String,
        /// The region.
        region: String,
        /// Whether AWS refuses the call until somebody acts.
        denied: bool,
        /// Whether that is since the role of the account cannot be assumed.
        no_role: bool,
        /// The SDK's error.
        #[source]
        source: BoxError,
    },
    /// AWS Organizations did not answer.
    #[error("cannot ask AWS Organizations which accounts are active{advice}")]
    Organization {
        /// What to do, if somebody must act.
        advice: &'static str,
        /// The SDK's error.
        #[source]
        source: BoxError,
    },
    /// Scheduler did not create the schedule.
    #[error("cannot create the schedule {name}")]
    Schedule {
        /// The name of the schedule.
        name: String,
        /// The SDK's error.
        #[source]
        source: BoxError,
    },
    /// ACM did not list the tags of the certificate.
    #[error("cannot list the tags of {certificate}")]
    Tags {
        /// The certificate.
        certificate: CertificateArn,
        /// Whether AWS refuses the call until somebody acts.
        denied: bool,
        /// The SDK's error.
        #[source]
        source: BoxError,
    },
}

impl Error {
    /// Whether AWS refuses to show the certificate, or the list, until somebody acts.
    pub fn is_denied(&self) -> bool {
        match self {
            Self::Describe { denied, .. }
            | Self::List { denied, .. }
            | Self::Tags { denied, .. } => *denied,
            Self::Organization { .. } | Self::Schedule { .. } => false,
        }
    }

    /// Whether no list was read since the role of the account cannot be assumed, in no region.
    pub fn lacks_role(&self) -> bool {
        matches!(self, Self::List { no_role: true, .. })
    }
}

/// The text of an error of the SDK. Outside the aws layer, no code depends on its kind.
pub type BoxError = Box<dyn StdError + Send + Sync>;

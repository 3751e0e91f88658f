//! Why a flow fails.

use crate::aws;
use crate::domain::arn::CertificateArn;
use crate::domain::certificate_access::OutOfReach;

/// Why a flow fails.
///
/// An error means that *no check is scheduled*: the event must come again, and somebody be alarmed if
/// that does not help. A fact that no retry changes is no error: see
/// [`StopReason`](crate::domain::stop::StopReason). Neither is a problem that occurs after a check is
/// scheduled: see [`Problem`](crate::domain::problem::Problem).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A call failed that the next check depends on.
    #[error(transparent)]
    Aws(#[from] aws::error::Error),
    /// The function cannot access the certificate.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
    /// The invocation ran out of time before it scheduled the next check.
    #[error("the invocation ran out of time before it scheduled a check of {certificate}")]
    OutOfTime {
        /// The certificate.
        certificate: CertificateArn,
    },
}

impl Error {
    /// Whether an account cannot be read, in no region, since its role cannot be assumed.
    pub(super) fn lacks_role(&self) -> bool {
        matches!(self, Self::Aws(error) if error.lacks_role())
    }

    /// Whether the certificates of an account cannot be read until somebody acts there.
    pub fn is_out_of_reach(&self) -> bool {
        match self {
            Self::Aws(error) => error.is_denied(),
            Self::OutOfReach(_) => true,
            Self::OutOfTime { .. } => false,
        }
    }
}

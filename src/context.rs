//! What every piece of work needs: the way to AWS, the settings, and the invocation it is part of.

use crate::arn::Home;
use crate::aws::clients::Clients;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::zone::Access;

/// What lives as long as the process.
#[derive(Debug)]
pub struct Context {
    /// The way to AWS.
    pub clients: Clients,
    /// Where what was done is counted.
    pub metrics: Metrics,
    /// What the environment says.
    pub settings: Settings,
}

/// What belongs to one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// When Lambda ends it.
    pub deadline: Deadline,
    /// What checks are sent to: the function's ARN, or that of the queue through which its event
    /// came, so that the next looks come together too.
    pub door: String,
    /// Where the function lives, and whose it is.
    pub home: Home,
    /// Lambda's id of it.
    pub request: String,
}

impl Context {
    /// Whose credentials reach the certificates of `theirs`, if we are in `ours`.
    ///
    /// # Errors
    ///
    /// [`Error::Foreign`] if nobody's do.
    pub fn certificate_access(&self, ours: &Home, theirs: &Home) -> Result<Access, Error> {
        let Home { partition, account, .. } = theirs;
        match &self.settings.certificate_role_name {
            _ if *partition != ours.partition => Err(Error::Foreign {
                whose: format!(
                    "partition {partition}, and no role of {} reaches there",
                    ours.partition
                ),
            }),
            _ if *account == ours.account => Ok(Access::Own),
            Some(role) => Ok(Access::Role(format!("arn:{partition}:iam::{account}:role/{role}"))),
            None => Err(Error::Foreign {
                whose: format!(
                    "account {account}, and this function in {}: set CERTIFICATE_ROLE_NAME to a \
                     role there that it may assume, or run it there",
                    ours.account
                ),
            }),
        }
    }
}

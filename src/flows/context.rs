//! What every flow needs: access to AWS, the settings, and the current invocation.

use crate::aws::clients::Clients;
use crate::aws::cloudwatch::Metrics;
use crate::dns::resolver::Resolver;
use crate::domain::access::Access;
use crate::domain::arn::Scope;
use crate::domain::certificate_access::{OutOfReach, certificate_access};
use crate::domain::settings::Settings;
use crate::flows::deadline::Deadline;

/// What lives as long as the process.
#[derive(Debug)]
pub struct Context {
    /// The SDK's clients.
    pub clients: Clients,
    /// Where metrics are written.
    pub metrics: Metrics,
    /// What asks public DNS.
    pub resolver: Resolver,
    /// The settings.
    pub settings: Settings,
}

/// What belongs to one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// When Lambda ends the invocation.
    pub deadline: Deadline,
    /// The ARN that checks are sent to: that of the function, or of the queue through which the event
    /// came, so that the next checks come in batches too.
    pub check_target: String,
    /// The partition, region and account of the function.
    pub scope: Scope,
    /// Lambda's id of the invocation.
    pub request_id: String,
}

impl Context {
    /// The credentials that a function in `ours` uses for the certificates in `theirs`.
    ///
    /// # Errors
    ///
    /// [`OutOfReach`] if there are none.
    pub fn certificate_access(&self, ours: &Scope, theirs: &Scope) -> Result<Access, OutOfReach> {
        let Settings { accounts, certificate_role_name, .. } = &self.settings;
        certificate_access(ours, theirs, certificate_role_name.as_deref(), accounts)
    }
}

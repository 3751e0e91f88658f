//! What every flow needs: access to AWS, the settings, and the current invocation.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::aws::clients::Clients;
use crate::aws::cloudwatch::Metrics;
use crate::dns::resolver::Resolver;
use crate::domain::access::Access;
use crate::domain::arn::Scope;
use crate::domain::certificate_access::{OutOfReach, certificate_access};
use crate::domain::served_accounts::ServedAccounts;
use crate::domain::settings::Settings;
use crate::flows::deadline::Deadline;
use crate::flows::error::Error;
use crate::flows::organization::{Asking, Organization};

/// What lives as long as the process.
#[derive(Debug)]
pub struct Context {
    /// The SDK's clients.
    pub clients: Clients,
    /// Where metrics are written.
    pub metrics: Metrics,
    /// What is known of the organization.
    pub organization: Organization,
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
    /// The credentials that a function in `ours` uses for the certificates in `theirs`. With
    /// `ACCOUNTS=organization` it asks AWS Organizations about the account, unless that is known.
    ///
    /// # Errors
    ///
    /// [`OutOfReach`] if there are none.
    pub async fn certificate_access(
        &self,
        ours: &Scope,
        theirs: &Scope,
        now: DateTime<Utc>,
    ) -> Result<Access, OutOfReach> {
        let Settings { accounts, certificate_role_name, .. } = &self.settings;
        let is_asked = *accounts == ServedAccounts::Organization && theirs.account != ours.account;
        let is_member = match is_asked {
            true => self.organization.is_member(&self.asking(), &theirs.account, now).await,
            false => None,
        };
        certificate_access(ours, theirs, certificate_role_name.as_deref(), accounts, is_member)
    }

    /// The active accounts of the organization.
    ///
    /// # Errors
    ///
    /// [`Error::Aws`] if they cannot be listed, and never could.
    pub(super) async fn active_accounts(
        &self,
        deadline: &Deadline,
    ) -> Result<BTreeSet<String>, Error> {
        Ok(self.organization.active_accounts(&self.asking(), deadline).await?)
    }

    fn asking(&self) -> Asking<'_> {
        let Self { clients, metrics, settings, .. } = self;
        let role = settings.organization_role_arn.clone();
        Asking { access: role.map_or(Access::Own, Access::Role), clients, metrics }
    }
}

//! AWS Organizations: which accounts are active.

use std::collections::BTreeSet;
use std::error::Error as StdError;

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState, AccountStatus};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::error::Error;
use super::problem::{cause, error_text};
use crate::domain::problem::Cause;

/// The ids of the active accounts of the organization, all pages of them.
///
/// # Errors
///
/// [`Error::Organization`] if a page cannot be read: no list is better than half of one.
pub async fn active_accounts(client: &Client) -> Result<BTreeSet<String>, Error> {
    // https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    let mut pages = client.list_accounts().max_results(20).into_paginator().send();
    let mut active = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed(&error))?;
        let accounts = page.accounts.unwrap_or_default().into_iter();
        active.extend(accounts.filter(is_active).filter_map(|account| account.id));
    }
    Ok(active)
}

/// Whether this account belongs to the organization and is active.
///
/// # Errors
///
/// [`Error::Organization`] if AWS Organizations does not answer.
pub async fn is_active_account(client: &Client, account: &str) -> Result<bool, Error> {
    match client.describe_account().account_id(account).send().await {
        Ok(output) => Ok(output.account.as_ref().is_some_and(is_active)),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_account_not_found_exception() => Ok(false),
            _ => Err(failed(&error)),
        },
    }
}

/// `State` replaces `Status`, which AWS retired in September 2026. Where both are missing, the account is a
/// member all the same, and IAM decides.
fn is_active(account: &Account) -> bool {
    match (account.state(), account.status()) {
        (Some(state), _) => *state == AccountState::Active,
        (None, Some(status)) => *status == AccountStatus::Active,
        (None, None) => true,
    }
}

fn failed<E>(error: &SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    let is_in_use = error.as_service_error().and_then(ProvideErrorMetadata::code)
        != Some("AWSOrganizationsNotInUseException");
    let advice = match cause(error) {
        _ if !is_in_use => NO_ORGANIZATION,
        Cause::Denied => DENIED,
        _ => "",
    };
    Error::Organization { advice, source: error_text(error).into() }
}

const DENIED: &str = ": give ORGANIZATION_ROLE_ARN the ARN of a role, of the management account or of a \
    delegated administrator's, that the function may assume and that may call organizations:ListAccounts \
    and organizations:DescribeAccount; or make the function's account a delegated administrator";

const NO_ORGANIZATION: &str = ": the account that is asked belongs to no organization; give ACCOUNTS the \
    ids of the accounts, or ORGANIZATION_ROLE_ARN the ARN of a role in the organization";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_an_account_counts_and_where_it_is_missing_its_status() {
        use {AccountState as State, AccountStatus as Status};
        for (state, status, active) in [
            (Some(State::Active), None, true),
            (Some(State::Suspended), Some(Status::Active), false),
            (Some(State::PendingClosure), None, false),
            (Some(State::PendingActivation), None, false),
            (Some(State::from("NEW")), Some(Status::Active), false),
            (None, Some(Status::Active), true),
            (None, Some(Status::Suspended), false),
            (None, None, true),
        ] {
            let account = Account::builder().set_state(state).set_status(status).build();
            assert_eq!(is_active(&account), active, "{account:?}");
        }
    }
}

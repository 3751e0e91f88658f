//! AWS Organizations: one organization, and who may ask for its accounts.
//!
//! Public API: <https://docs.aws.amazon.com/organizations/latest/APIReference/Welcome.html>

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::arn::partition;
use crate::call::Caller;
use crate::iam::Facts;
use crate::service::Service;
use crate::token_bucket::TokenBucket;
use crate::wire::Failure;

#[cfg(test)]
mod tests;

/// The organization, if there is one.
#[derive(Clone, Debug, Default)]
pub struct Organizations {
    organization: Option<Organization>,
    buckets: BTreeMap<String, TokenBucket>,
}

#[derive(Clone, Debug)]
struct Organization {
    management: String,
    administrators: BTreeSet<String>,
    /// In the order in which they joined.
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    account: String,
    state: AccountState,
    joined: DateTime<Utc>,
}

/// The state of an account.
///
/// Source: [account states](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccountState {
    /// The account can be used.
    Active,
    /// It was closed, and is kept for 90 days.
    Suspended,
    /// It is about to be closed.
    PendingClosure,
    /// It was created, and is not ready yet.
    PendingActivation,
}

/// The id of the organization.
pub const ORGANIZATION_ID: &str = "o-simulated0";

impl AccountState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::PendingActivation => "PENDING_ACTIVATION",
        }
    }
}

impl Organizations {
    /// Creates the organization of this management account, which is its first member.
    pub fn create(&mut self, management: &str, now: DateTime<Utc>) {
        let (management, administrators) = (management.to_owned(), BTreeSet::new());
        let organization = Organization { management, administrators, members: Vec::new() };
        let management = organization.management.clone();
        self.organization = Some(organization);
        self.join(&management, AccountState::Active, now);
    }

    /// Adds an account.
    ///
    /// # Panics
    ///
    /// If there is no organization.
    pub fn join(&mut self, account: &str, state: AccountState, now: DateTime<Utc>) {
        let account = account.to_owned();
        self.members().push(Member { account, state, joined: now });
    }

    /// Removes an account.
    ///
    /// # Panics
    ///
    /// If there is no organization.
    pub fn leave(&mut self, account: &str) {
        self.members().retain(|member| member.account != account);
    }

    /// Changes the state of an account.
    ///
    /// # Panics
    ///
    /// If there is no organization.
    pub fn set_state(&mut self, account: &str, state: AccountState) {
        let members = self.members().iter_mut();
        members.filter(|member| member.account == account).for_each(|member| member.state = state);
    }

    /// Makes an account a delegated administrator of some service.
    ///
    /// # Panics
    ///
    /// If there is no organization.
    pub fn delegate(&mut self, account: &str) {
        let organization = self.organization.as_mut().expect("an organization");
        organization.administrators.insert(account.to_owned());
    }

    /// Whether an account belongs to the organization and is active.
    pub fn is_active(&self, account: &str) -> bool {
        let active = |it: &Member| it.account == account && it.state == AccountState::Active;
        self.organization.iter().flat_map(|organization| &organization.members).any(active)
    }

    fn members(&mut self) -> &mut Vec<Member> {
        &mut self.organization.as_mut().expect("an organization").members
    }

    /// Answers one call.
    ///
    /// # Errors
    ///
    /// The errors of AWS Organizations.
    pub fn respond(
        &mut self,
        operation: &str,
        caller: &Caller,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        check_region(&caller.region)?;
        self.admit(operation, now)?;
        let organization = self.organization_of(caller)?;
        match operation {
            "DescribeAccount" => organization.describe_account(&read(body)?, &caller.region),
            "ListAccounts" => organization.list_accounts(&read(body)?, &caller.region),
            _ => Err(Failure::new(400, "UnknownOperationException", operation)),
        }
    }

    /// Admits a call, or rejects it because the rate is exceeded.
    ///
    /// AWS documents that the rate of each operation is limited for the whole organization:
    /// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>. The rate
    /// and the size of bursts here are an assumption.
    fn admit(&mut self, operation: &str, now: DateTime<Utc>) -> Result<(), Failure> {
        let new = || TokenBucket::new(10, 5);
        match self.buckets.entry(operation.to_owned()).or_insert_with(new).take(1, now) {
            true => Ok(()),
            false => Err(Service::Organizations.throttled()),
        }
    }

    /// The organization, if the caller may ask: "from the organization's management account or by a member
    /// account that is a delegated administrator".
    fn organization_of(&self, caller: &Caller) -> Result<&Organization, Failure> {
        let account = &caller.account;
        let of = |it: &&Organization| it.members.iter().any(|member| member.account == *account);
        let Some(organization) = self.organization.as_ref().filter(of) else {
            let message = "Your account is not a member of an organization.";
            return Err(Failure::new(400, "AWSOrganizationsNotInUseException", message));
        };
        if *account == organization.management || organization.administrators.contains(account) {
            return Ok(organization);
        }
        let message = "You don't have permissions to access this resource.";
        Err(Failure::new(400, "AccessDeniedException", message))
    }

    /// What IAM evaluates. A list has no resource.
    pub(crate) fn facts(&self, operation: &str, caller: &Caller, body: &[u8]) -> Option<Facts> {
        let organization = self.organization.as_ref().filter(|_| operation == "DescribeAccount")?;
        let DescribeAccount { account_id } = serde_json::from_slice(body).ok()?;
        Some(Facts::On(organization.arn(&account_id, &caller.region).into()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeAccount {
    account_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListAccounts {
    max_results: Option<usize>,
    next_token: Option<String>,
}

impl Organization {
    /// <https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html>
    fn describe_account(&self, request: &DescribeAccount, region: &str) -> Result<Value, Failure> {
        let member = self.members.iter().find(|member| member.account == request.account_id);
        let member = member.ok_or_else(|| {
            let message = "You specified an account that doesn't exist.";
            Failure::new(400, "AccountNotFoundException", message)
        })?;
        Ok(json!({"Account": self.describe(member, region)}))
    }

    /// <https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html>
    ///
    /// A page has at most 20 accounts.
    fn list_accounts(&self, request: &ListAccounts, region: &str) -> Result<Value, Failure> {
        let size = request.max_results.unwrap_or(PAGE);
        if !(1..=PAGE).contains(&size) {
            return Err(invalid("You specified an invalid value for MaxResults."));
        }
        let offset = match request.next_token.as_deref().map(|it| it.strip_prefix("page-")) {
            None => 0,
            Some(token) => {
                let offset = token.and_then(|offset| offset.parse().ok());
                offset.ok_or_else(|| invalid("You provided an invalid NextToken."))?
            }
        };
        let page = self.members.iter().skip(offset).take(size);
        let accounts: Vec<_> = page.map(|member| self.describe(member, region)).collect();
        let end = offset + accounts.len();
        Ok(match end < self.members.len() {
            true => json!({"Accounts": accounts, "NextToken": format!("page-{end}")}),
            false => json!({"Accounts": accounts}),
        })
    }

    /// <https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>
    ///
    /// There is no `Status`: AWS retired it in September 2026.
    fn describe(&self, member: &Member, region: &str) -> Value {
        let Member { account, state, joined } = member;
        json!({
            "Arn": self.arn(account, region),
            "Email": format!("{account}@example.com"),
            "Id": account,
            "JoinedMethod": "CREATED",
            "JoinedTimestamp": joined.timestamp(),
            "Name": format!("account {account}"),
            "State": state.as_str(),
        })
    }

    fn arn(&self, account: &str, region: &str) -> String {
        let (partition, management) = (partition(region), &self.management);
        format!("arn:{partition}:organizations::{management}:account/{ORGANIZATION_ID}/{account}")
    }
}

/// The most accounts of a page.
const PAGE: usize = 20;

/// There is one endpoint in each partition:
/// <https://docs.aws.amazon.com/general/latest/gr/ao.html>
fn check_region(region: &str) -> Result<(), Failure> {
    match region {
        "us-east-1" | "cn-northwest-1" | "us-gov-west-1" | "eusc-de-east-1" => Ok(()),
        _ => {
            let message = "Credential should be scoped to a valid region.";
            Err(Failure::new(400, "InvalidSignatureException", message))
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::new(400, "SerializationException", error.to_string()))
}

fn invalid(message: &str) -> Failure {
    Failure::new(400, "InvalidInputException", message)
}

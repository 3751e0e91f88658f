//! What is known of the organization: which of its accounts are active.
//!
//! AWS Organizations is asked as little as possible, and nothing waits for it for long: IAM decides about
//! an account of which it does not tell.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::sync::Mutex;
use tracing::warn;

use crate::aws::clients::Clients;
use crate::aws::cloudwatch::Metrics;
use crate::aws::error::Error;
use crate::aws::organizations;
use crate::domain::access::Access;
use crate::domain::text::report;
use crate::flows::deadline::Deadline;

/// The answers of AWS Organizations. They live as long as the process.
///
/// It is asked one question after the other: it refuses a request while it answers another one
/// ([an example](https://github.com/aws/aws-sdk-js/issues/2135)).
#[derive(Debug, Default)]
pub struct Organization(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    /// The active accounts.
    listed: Option<(DateTime<Utc>, BTreeSet<String>)>,
    /// Why they could not be listed again.
    not_listed: Option<(DateTime<Utc>, String)>,
    /// Whether single accounts are active.
    described: BTreeMap<String, (DateTime<Utc>, bool)>,
    /// When an account could not be described.
    not_described: Option<DateTime<Utc>>,
}

/// What it takes to ask AWS Organizations.
#[derive(Clone, Debug)]
pub(super) struct Asking<'a> {
    pub(super) access: Access,
    pub(super) clients: &'a Clients,
    pub(super) metrics: &'a Metrics,
}

/// How long an answer is kept.
const LONGEST: TimeDelta = TimeDelta::hours(1);

/// How long an account counts as no member, and how long AWS Organizations is left alone after it failed.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);

/// How many accounts are remembered that were described one by one.
const MOST: usize = 1_000;

impl Organization {
    /// The active accounts of the organization, as they were an hour ago or later. If they cannot be listed
    /// by `deadline`, they are given as they were when they could be.
    ///
    /// # Errors
    ///
    /// [`Error::Organization`] if they never could.
    pub(super) async fn active_accounts(
        &self,
        asking: &Asking<'_>,
        deadline: &Deadline,
    ) -> Result<BTreeSet<String>, Error> {
        let mut answers = self.0.lock().await;
        let now = deadline.now();
        if let Some((at, accounts)) = &answers.listed
            && is_younger(*at, LONGEST, now)
        {
            return Ok(accounts.clone());
        }
        if let Some((at, why)) = &answers.not_listed
            && is_younger(*at, SHORTEST, now)
        {
            return answers.last_listed().ok_or_else(|| unanswered(why));
        }
        let client = asking.clients.organizations(&asking.access);
        let listing = deadline.bound(organizations::active_accounts(&client));
        match listing.await.unwrap_or_else(|| Err(unanswered("it does not answer in time"))) {
            Ok(accounts) => {
                answers.listed = Some((now, accounts.clone()));
                Ok(accounts)
            }
            Err(error) => {
                let known = answers.listed.as_ref().map(|(at, _)| at.to_rfc3339());
                warn!(error = report(&error), known, "cannot list the organization's accounts");
                count_error(asking.metrics, now);
                answers.not_listed = Some((now, report(&error)));
                answers.last_listed().ok_or(error)
            }
        }
    }

    /// Whether an account is an active one of the organization; `None` if AWS Organizations does not tell.
    /// It is asked about an account that it did not list: that may have been created just now.
    pub(super) async fn is_member(
        &self,
        asking: &Asking<'_>,
        account: &str,
        now: DateTime<Utc>,
    ) -> Option<bool> {
        let mut answers = self.0.lock().await;
        if let Some(known) = answers.is_known_member(account, now) {
            return Some(known);
        }
        if answers.not_described.is_some_and(|at| is_younger(at, SHORTEST, now)) {
            return None;
        }
        let client = asking.clients.organizations(&asking.access);
        match organizations::is_active_account(&client, account).await {
            Ok(is_member) => {
                if answers.described.len() >= MOST {
                    answers.described.clear();
                }
                answers.described.insert(account.to_owned(), (now, is_member));
                Some(is_member)
            }
            Err(error) => {
                warn!(account, error = report(&error), "cannot describe an account: IAM decides");
                count_error(asking.metrics, now);
                answers.not_described = Some(now);
                None
            }
        }
    }
}

impl Answers {
    /// The accounts as they were when they could be listed.
    fn last_listed(&self) -> Option<BTreeSet<String>> {
        self.listed.as_ref().map(|(_, accounts)| accounts.clone())
    }

    /// Whether an account is a member, by the answers that still count.
    fn is_known_member(&self, account: &str, now: DateTime<Utc>) -> Option<bool> {
        match self.described.get(account) {
            Some((at, true)) if is_younger(*at, LONGEST, now) => return Some(true),
            Some((at, false)) if is_younger(*at, SHORTEST, now) => return Some(false),
            _ => {}
        }
        let (at, accounts) = self.listed.as_ref()?;
        (is_younger(*at, LONGEST, now) && accounts.contains(account)).then_some(true)
    }
}

/// Counts a question that AWS Organizations did not answer.
fn count_error(metrics: &Metrics, now: DateTime<Utc>) {
    metrics.put(None, &[("OrganizationErrors", "Count", json!(1))], now);
}

fn unanswered(why: &str) -> Error {
    Error::Organization { advice: "", source: why.into() }
}

/// Whether a time is less than this long ago. A clock that was set back makes it longer.
fn is_younger(at: DateTime<Utc>, than: TimeDelta, now: DateTime<Utc>) -> bool {
    let age = now - at;
    TimeDelta::zero() <= age && age < than
}

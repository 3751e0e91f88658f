//! Finds the pending certificates, page by page, in every account and region.

use std::collections::BTreeSet;
use std::slice;

use chrono::{DateTime, Utc};

use crate::aws::acm::list::{PendingCertificate, list_pending, search_pending};
use crate::domain::arn::Scope;
use crate::domain::request::{Listing, PageCursor};
use crate::flows::context::Context;
use crate::flows::error::Error;

/// A page of a listing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Page {
    /// The certificates of the page that are not done yet.
    pub(super) certificates: Vec<PendingCertificate>,
    /// The position of the page. It differs from the one asked for if ACM refuses the search.
    pub(super) cursor: PageCursor,
    /// The position of the next page, if there is one.
    pub(super) next: Option<PageCursor>,
}

/// The first position in every account and region: in the function's own account, then in those of
/// `ACCOUNTS` and of `accounts`, once each, if there is a role for them.
pub(super) fn cursors(context: &Context, ours: &Scope, accounts: &[String]) -> Vec<PageCursor> {
    let settings = &context.settings;
    let mut known = BTreeSet::from([&ours.account]);
    let foreign = settings.accounts.iter().chain(accounts);
    let foreign = foreign.filter(|account| known.insert(account));
    let foreign = foreign.filter(|_| settings.certificate_role_name.is_some());
    let regions = match settings.regions.as_slice() {
        [] => slice::from_ref(&ours.region),
        regions => regions,
    };
    // The search is known in the commercial partition only. Where it is missing there, too, the listing
    // replaces it.
    let by = if ours.partition == "aws" { Listing::Search } else { Listing::List };
    let cursor = |account: &String, region: &String| PageCursor {
        account: account.clone(),
        region: region.clone(),
        by,
        token: None,
        done: 0,
    };
    std::iter::once(&ours.account)
        .chain(foreign)
        .flat_map(|account| regions.iter().map(move |region| cursor(account, region)))
        .collect()
}

/// One page of the pending certificates. If ACM refuses the search, they are listed.
///
/// # Errors
///
/// [`Error::Aws`] if ACM refuses; [`Error::OutOfReach`] if no credentials give access.
pub(super) async fn page(
    context: &Context,
    ours: &Scope,
    mut cursor: PageCursor,
    now: DateTime<Utc>,
) -> Result<Page, Error> {
    let theirs = Scope {
        partition: ours.partition.clone(),
        region: cursor.region.clone(),
        account: cursor.account.clone(),
    };
    let access = context.certificate_access(ours, &theirs)?;
    let client = context.clients.acm(&access, &cursor.region);
    let searched = match cursor.by {
        Listing::List => None,
        Listing::Search => search_pending(&client, &theirs, cursor.token.as_deref()).await?,
    };
    let (mut certificates, token) = match searched {
        Some(page) => page,
        None => {
            if cursor.by == Listing::Search {
                cursor = PageCursor { by: Listing::List, token: None, done: 0, ..cursor };
            }
            list_pending(&client, &theirs, cursor.token.as_deref(), now).await?
        }
    };
    certificates.drain(..cursor.done.min(certificates.len()));
    let next = token.map(|token| PageCursor { token: Some(token), done: 0, ..cursor.clone() });
    Ok(Page { certificates, cursor, next })
}

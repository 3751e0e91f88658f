//! Finds the pending certificates of a region of an account, page by page.

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

/// The first position in each of these places.
pub(super) fn cursors(places: Vec<Scope>) -> Vec<PageCursor> {
    let cursor = |Scope { partition, region, account }| PageCursor {
        account,
        region,
        // The search is known in the commercial partition only. Where it is missing there, too, the listing
        // replaces it.
        by: if partition == "aws" { Listing::Search } else { Listing::List },
        token: None,
        done: 0,
    };
    places.into_iter().map(cursor).collect()
}

/// One page of the pending certificates, of at most so many. If ACM refuses the search, they are listed.
///
/// # Errors
///
/// [`Error::Aws`] if ACM refuses; [`Error::OutOfReach`] if no credentials give access.
pub(super) async fn page(
    context: &Context,
    ours: &Scope,
    mut cursor: PageCursor,
    most: i32,
    now: DateTime<Utc>,
) -> Result<Page, Error> {
    let theirs = Scope {
        partition: ours.partition.clone(),
        region: cursor.region.clone(),
        account: cursor.account.clone(),
    };
    let access = context.certificate_access(ours, &theirs, now).await?;
    let client = context.clients.acm(&access, &cursor.region);
    let searched = match cursor.by {
        Listing::List => None,
        Listing::Search => search_pending(&client, &theirs, cursor.token.as_deref(), most).await?,
    };
    let (mut certificates, token) = match searched {
        Some(page) => page,
        None => {
            if cursor.by == Listing::Search {
                cursor = PageCursor { by: Listing::List, token: None, done: 0, ..cursor };
            }
            list_pending(&client, &theirs, cursor.token.as_deref(), most, now).await?
        }
    };
    certificates.drain(..cursor.done.min(certificates.len()));
    let next = token.map(|token| PageCursor { token: Some(token), done: 0, ..cursor.clone() });
    Ok(Page { certificates, cursor, next })
}

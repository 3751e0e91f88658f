//! Lists what is pending in every place, and chooses what an overview shows.

use futures_util::stream::{self, StreamExt};
use tracing::warn;

use super::answer::Unread;
use crate::aws::acm::list::PendingCertificate;
use crate::domain::request::PageCursor;
use crate::domain::text::report;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::pending;
use crate::flows::places::{Places, places};

/// What is pending, and what could not be listed.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) certificates: Vec<PendingCertificate>,
    pub(super) unread: Vec<Unread>,
}

/// Lists the pending certificates of all accounts and regions until `deadline`. A place that cannot be
/// listed stops no other.
pub(super) async fn list(
    context: &Context,
    invocation: &Invocation,
    deadline: &Deadline,
) -> Listing {
    let Places { places, error } =
        places(context, &invocation.scope, &[], &deadline.percent(50)).await;
    let cursors = pending::cursors(places);
    let most = (PAGES / cursors.len().max(1)).max(1);
    let listing = cursors.into_iter().enumerate().map(async |(index, cursor)| {
        if index >= PAGES {
            return Listing::unread(&cursor, format!("an overview lists {PAGES} places at most"));
        }
        list_place(context, invocation, deadline, cursor, most).await
    });
    let places: Vec<_> = stream::iter(listing).buffered(PLACES_AT_ONCE).collect().await;
    let mut listing = Listing::default();
    listing.unread.extend(error.map(|error| Unread {
        account: "organization".to_owned(),
        region: invocation.scope.region.clone(),
        reason: report(&error),
    }));
    for place in places {
        listing.certificates.extend(place.certificates);
        listing.unread.extend(place.unread);
    }
    listing
}

/// Lists at most this many pages of one place.
async fn list_place(
    context: &Context,
    invocation: &Invocation,
    deadline: &Deadline,
    cursor: PageCursor,
    most: usize,
) -> Listing {
    let mut listing = Listing::default();
    let mut next = Some(cursor);
    let mut pages = 0;
    while let Some(cursor) = next.take() {
        if pages == most {
            listing.fails(&cursor, format!("an overview reads {most} pages of it"));
            break;
        }
        pages += 1;
        let page = pending::page(context, &invocation.scope, cursor.clone(), MOST, deadline.now());
        match deadline.bound(page).await {
            Some(Ok(page)) => {
                listing.certificates.extend(page.certificates);
                next = page.next;
            }
            Some(Err(error)) => listing.fails(&cursor, report(&error)),
            None => listing.fails(&cursor, "there was no time left to list it".to_owned()),
        }
    }
    listing
}

/// How many pages an overview reads, of all places together: so many places it can read.
const PAGES: usize = 50;

/// The most certificates that ACM puts into a page.
const MOST: i32 = 1000;

/// How many places are listed at the same time. ACM limits the rate of each place by itself.
const PLACES_AT_ONCE: usize = 5;

impl Listing {
    fn unread(cursor: &PageCursor, reason: String) -> Self {
        let mut listing = Self::default();
        listing.fails(cursor, reason);
        listing
    }

    fn fails(&mut self, PageCursor { account, region, .. }: &PageCursor, reason: String) {
        warn!(account, region, reason, "cannot list this region");
        self.unread.push(Unread { account: account.clone(), region: region.clone(), reason });
    }
}

/// Takes the oldest of these certificates. Renewals, of which a listing does not tell the beginning, are
/// older than any request, which ACM ends after 72 hours; but a listing without search has some that are
/// not pending, so they get half of the rows if others need the rest.
pub(super) fn oldest(
    certificates: Vec<PendingCertificate>,
    rows: usize,
) -> Vec<PendingCertificate> {
    let (mut requests, mut renewals): (Vec<_>, Vec<_>) =
        certificates.into_iter().partition(|it| it.since.is_some());
    requests.sort_by(|a, b| (a.since, &a.certificate).cmp(&(b.since, &b.certificate)));
    renewals.truncate((rows / 2).max(rows.saturating_sub(requests.len())));
    requests.truncate(rows - renewals.len());
    renewals.into_iter().chain(requests).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::aws::acm::list::Names;

    fn pending(index: usize, since: Option<i64>) -> PendingCertificate {
        let id = format!("12345678-1234-1234-1234-{index:012}");
        let arn = format!("arn:aws:acm:eu-west-1:111122223333:certificate/{id}");
        PendingCertificate {
            certificate: arn.parse().expect("an ARN"),
            names: Names::Unknown,
            since: since.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        }
    }

    #[track_caller]
    fn check(renewals: usize, requests: usize, expected: (usize, usize)) {
        let renewals = (0..renewals).map(|index| pending(index, None));
        let requests = (0..requests).map(|index| pending(index, Some(index as i64)));
        let taken = oldest(requests.chain(renewals).collect(), 10);
        let renewals = taken.iter().filter(|it| it.since.is_none()).count();
        assert_eq!((renewals, taken.len() - renewals), expected);
    }

    #[test]
    fn renewals_leave_room_for_requests() {
        check(0, 20, (0, 10));
        check(3, 20, (3, 7));
        check(20, 20, (5, 5));
        check(20, 2, (8, 2));
        check(20, 0, (10, 0));
    }

    #[test]
    fn the_oldest_requests_are_taken() {
        let taken = oldest((0..5).rev().map(|it| pending(it, Some(it as i64))).collect(), 2);
        let since: Vec<_> = taken.iter().filter_map(|it| it.since).collect();
        assert_eq!(since.iter().map(DateTime::timestamp).collect::<Vec<_>>(), [0, 1]);
    }
}

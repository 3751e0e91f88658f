//! Lists all public certificates of every account and region.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};
use tracing::warn;

use super::index::Index;
use crate::aws::acm::all::{AllPage, list_all, search_all};
use crate::domain::arn::Scope;
use crate::domain::audit::listed::ListedCertificate;
use crate::domain::audit::summary::UnreadPart;
use crate::domain::text::{a_few, report};
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::describe::describe;
use crate::flows::error::Error;
use crate::flows::places::{Places, places};

/// All certificates within reach, and what could not be listed.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) index: Index,
    pub(super) unread: Vec<UnreadPart>,
    /// The first error that a retry may help.
    pub(super) error: Option<Error>,
    /// The places that were listed.
    pub(super) places: Reached,
}

/// The accounts and regions that were listed.
#[derive(Debug, Default)]
pub(super) struct Reached {
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
}

impl Reached {
    fn add(&mut self, place: &Scope) {
        self.accounts.insert(place.account.clone());
        self.regions.insert(place.region.clone());
    }

    /// These places as they were listed at this time, in a sentence.
    pub(super) fn words(&self, at: DateTime<Utc>) -> String {
        let regions: Vec<_> = self.regions.iter().collect();
        let accounts = match self.accounts.len() {
            1 => "one account".to_owned(),
            count => format!("{count} accounts"),
        };
        let at = at.format("%Y-%m-%dT%H:%MZ");
        format!("of {accounts} within reach, in {}, as listed at {at},", a_few(&regions, ", "))
    }
}

/// Lists the certificates of all accounts and regions until `deadline`. A place that cannot be listed stops
/// no other.
pub(super) async fn list(
    context: &Context,
    invocation: &Invocation,
    deadline: &Deadline,
) -> Listing {
    let ours = &invocation.scope;
    let Places { places, error } = places(context, ours, &[], &deadline.percent(50)).await;
    let mut listing = Listing::default();
    if let Some(error) = error {
        warn!(error = report(&error), "cannot list the accounts of the organization");
        let reason = format!("the accounts of the organization: {}", report(&error));
        listing.unread.push(UnreadPart { reason, ..UnreadPart::default() });
        listing.error = Some(error);
    }
    let listed = places.into_iter().map(async |place| {
        let certificates = list_place(context, invocation, deadline, &place).await;
        (place, certificates)
    });
    let mut listed = stream::iter(listed).buffer_unordered(PLACES_AT_ONCE);
    while let Some((place, result)) = listed.next().await {
        match result {
            Ok(certificates) => {
                listing.places.add(&place);
                listing.index.add(&place, certificates);
            }
            Err(failure) => {
                let Scope { account, region, .. } = place;
                let (reason, error) = match failure {
                    Failure::Error(error) => (report(&error), Some(error)),
                    Failure::OutOfTime => ("there was no time left to list it".to_owned(), None),
                };
                warn!(account, region, reason, "cannot list the certificates of this region");
                // No retry helps another account that cannot be read.
                let is_foreign = account != ours.account;
                let error = error.filter(|it| !(is_foreign && it.is_out_of_reach()));
                listing.error = listing.error.or(error);
                listing.unread.push(UnreadPart {
                    account: Some(account),
                    region: Some(region),
                    reason,
                    ..UnreadPart::default()
                });
            }
        }
    }
    drop(listed);
    listing.index.finish();
    listing
}

/// How many places are listed at the same time. ACM limits the rate of each by itself; this limits memory.
const PLACES_AT_ONCE: usize = 32;

enum Failure {
    Error(Error),
    OutOfTime,
}

async fn list_place(
    context: &Context,
    invocation: &Invocation,
    deadline: &Deadline,
    place: &Scope,
) -> Result<Vec<ListedCertificate>, Failure> {
    let mut certificates = Vec::new();
    let listing = list_into(&mut certificates, context, invocation, place);
    match deadline.bound(listing).await {
        Some(Ok(())) => Ok(certificates),
        Some(Err(error)) => Err(Failure::Error(error)),
        None => Err(Failure::OutOfTime),
    }
}

async fn list_into(
    certificates: &mut Vec<ListedCertificate>,
    context: &Context,
    invocation: &Invocation,
    place: &Scope,
) -> Result<(), Error> {
    let now = invocation.deadline.now();
    let access = context.certificate_access(&invocation.scope, place, now).await?;
    let client = context.clients.acm(&access, &place.region);
    let mut token: Option<String> = None;
    let mut searches = place.partition == "aws";
    loop {
        let page: Option<AllPage> = match searches {
            true => search_all(&client, place, token.as_deref()).await?,
            false => None,
        };
        let (page, next) = match page {
            Some(page) => page,
            None => {
                // A token of the one call means nothing to the other.
                if searches {
                    searches = false;
                    token = None;
                    certificates.clear();
                }
                list_all(&client, place, token.as_deref()).await?
            }
        };
        for mut listed in page {
            if !listed.all_names {
                // Without its names, nothing could be said of records that it may need.
                let described = describe(context, invocation, &listed.certificate, None).await?;
                listed.names.extend(described.into_iter().flat_map(|it| it.names));
            }
            certificates.push(listed);
        }
        match next {
            Some(next) => token = Some(next),
            None => return Ok(()),
        }
    }
}

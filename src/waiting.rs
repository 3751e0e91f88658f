//! Finds the certificates that wait for validation, page by page, in every account and region.

use std::slice;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::arn::{CertificateArn, Home};
use crate::aws::acm;
use crate::context::Context;
use crate::error::Error;
use crate::name::DomainName;

/// A certificate that waits for validation, or may.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// Which one.
    pub certificate: CertificateArn,
    /// Its names, as far as the listing tells.
    pub names: Names,
    /// Since when it waits. `None` if the listing does not tell: a renewal has its own time.
    pub since: Option<DateTime<Utc>>,
}

/// The names of a certificate, as far as a listing tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Names {
    /// These, all of them.
    All(Vec<DomainName>),
    /// The listing does not tell all.
    Unknown,
}

/// How far a listing has come.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The account.
    pub account: String,
    /// The region in it.
    pub region: String,
    /// What lists its certificates.
    #[serde(default)]
    pub by: Listing,
    /// ACM's token for the page to go on with; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// How many of that page's certificates are done.
    #[serde(default)]
    pub done: usize,
}

/// A page of a listing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page {
    /// The certificates of it that are not done yet.
    pub waiting: Vec<Waiting>,
    /// Where it is. Not where it was asked for, if ACM does not let us search there.
    pub place: Place,
    /// Where the next page is, if there is one.
    pub next: Option<Place>,
}

/// What lists certificates.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Listing {
    /// `ListCertificates`, which every partition has.
    #[default]
    List,
    /// `SearchCertificates`, which finds just what waits, renewals included.
    Search,
}

/// Every account and region of the settings: the function's own account, then those of `accounts`
/// that its role reaches.
pub fn places(context: &Context, home: &Home, accounts: &[String]) -> Vec<Place> {
    let settings = &context.settings;
    let foreign = accounts.iter().filter(|account| **account != home.account);
    let foreign = foreign.filter(|_| settings.certificate_role_name.is_some());
    let regions = match settings.regions.as_slice() {
        [] => slice::from_ref(&home.region),
        regions => regions,
    };
    // Known of the commercial partition only; where it is missing there too, the listing takes over.
    let by = if home.partition == "aws" { Listing::Search } else { Listing::List };
    let place = |account: &String, region: &String| Place {
        account: account.clone(),
        region: region.clone(),
        by,
        token: None,
        done: 0,
    };
    std::iter::once(&home.account)
        .chain(foreign)
        .flat_map(|account| regions.iter().map(move |region| place(account, region)))
        .collect()
}

/// One page of the certificates that wait. Where ACM does not let us search, it is listed.
///
/// # Errors
///
/// [`Error::List`] if ACM refuses; [`Error::Foreign`] if nobody's credentials reach the place.
pub async fn page(
    context: &Context,
    home: &Home,
    mut place: Place,
    now: DateTime<Utc>,
) -> Result<Page, Error> {
    let there = Home {
        partition: home.partition.clone(),
        region: place.region.clone(),
        account: place.account.clone(),
    };
    let access = context.certificate_access(home, &there)?;
    let client = context.clients.acm(&access, &place.region);
    let searched = match place.by {
        Listing::List => None,
        Listing::Search => acm::search_waiting(&client, &there, place.token.as_deref()).await?,
    };
    let (mut waiting, token) = match searched {
        Some(page) => page,
        None => {
            if place.by == Listing::Search {
                place = Place { by: Listing::List, token: None, done: 0, ..place };
            }
            acm::list_waiting(&client, &there, place.token.as_deref(), now).await?
        }
    };
    waiting.drain(..place.done.min(waiting.len()));
    let next = token.map(|token| Place { token: Some(token), done: 0, ..place.clone() });
    Ok(Page { waiting, place, next })
}

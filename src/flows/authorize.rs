//! Asks hosted zones whether they take records for the account of a certificate
//! (`HOSTED_ZONE_ACCOUNTS_TAG`).
//!
//! It is asked once the zone of a record is chosen, and of that zone alone: a zone that refuses must never
//! make another one the target, and zones that hold nothing cost no call.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::domain::access::Access;
use crate::domain::arn::Scope;
use crate::domain::problem::Problem;
use crate::domain::settings::Settings;
use crate::domain::zone::HostedZone;
use crate::domain::zone::accounts::AccountsTag;
use crate::flows::ask_again::ask_again;
use crate::flows::deadline::Deadline;

/// The hosted zones into which no record of one certificate may be written, by the zones' ids, and why.
pub(super) type Refusals = BTreeMap<String, Problem>;

/// The account of a certificate, and the zones that its records are assigned to.
pub(super) type Asked<'a> = (&'a str, Vec<&'a HostedZone>);

/// The refusals for each of these certificates, in their order. Zones whose tags cannot be read in half of
/// the time refuse with what prevents it.
pub(super) async fn authorize(
    clients: &Clients,
    settings: &Settings,
    ours: &Scope,
    deadline: &Deadline,
    certificates: &[Asked<'_>],
) -> Vec<Refusals> {
    let Some(key) = &settings.hosted_zone_accounts_tag else {
        return vec![Refusals::new(); certificates.len()];
    };
    let rule = AccountsTag { key, own_account: &ours.account };
    let limited = certificates.iter().filter(|(account, _)| rule.decides_for(account));
    let zones: BTreeMap<_, _> =
        limited.flat_map(|(_, zones)| zones).map(|zone| (&zone.id, *zone)).collect();
    let tags = tags(clients, settings, &deadline.percent(50), zones.into_values()).await;
    let refusals = |(account, zones): &Asked<'_>| {
        let refusal = |zone: &&HostedZone| {
            let problem = match tags.get(&zone.id) {
                Some(Ok(tags)) => rule.refusal(account, zone, tags)?,
                Some(Err(why)) => AccountsTag::unknown(account, zone, why),
                // Tags that were not read allow nobody else.
                None => rule.refusal(account, zone, &BTreeMap::new())?,
            };
            Some((zone.id.clone(), problem))
        };
        zones.iter().filter_map(refusal).collect()
    };
    certificates.iter().map(refusals).collect()
}

/// The tags of each zone, by the zones' ids, or what prevented the reading.
type Tags = BTreeMap<String, Result<BTreeMap<String, String>, Problem>>;

/// Reads the tags of these zones: ten with each call.
async fn tags<'a>(
    clients: &Clients,
    settings: &Settings,
    deadline: &Deadline,
    zones: impl Iterator<Item = &'a HostedZone>,
) -> Tags {
    // A zone is assigned only if it has this tag, so its tags have been read.
    if settings.hosted_zone_tag.is_some() {
        return zones.map(|zone| (zone.id.clone(), Ok(zone.tags.clone()))).collect();
    }
    let mut accounts: BTreeMap<&Access, BTreeSet<String>> = BTreeMap::new();
    for zone in zones {
        accounts.entry(&zone.access).or_default().insert(zone.id.clone());
    }
    let reading = accounts.into_iter().map(async |(access, ids)| {
        let client = clients.route53(access);
        let reading = ask_again(async || route53::tags(&client, access, &ids).await);
        let read = deadline.bound(reading).await.unwrap_or_else(|| Err(Problem::out_of_time()));
        let of_zone = |id: String| {
            let tags = read.as_ref().map(|read| read.get(&id).cloned().unwrap_or_default());
            (id, tags.map_err(Problem::clone))
        };
        ids.iter().cloned().map(of_zone).collect::<Vec<_>>()
    });
    join_all(reading).await.into_iter().flatten().collect()
}

//! Finds out about hosted zones: asks every account that may hold those of some certificates.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::record::ValidationRecord;
use crate::settings::Settings;
use crate::zone::{self, Access, Claim, HostedZone, Survey, Tagged};

/// Asks every account that may hold zones for those that may hold the records of these
/// certificates: by the ids in their tags, and by name for the records that those cannot hold. What
/// several of them need is asked for once.
pub async fn survey(clients: &Clients, settings: &Settings, claims: &[&Claim<'_>]) -> Survey {
    let accounts: Vec<_> = accounts(settings).collect();
    let mut survey = Survey::default();
    let ids: BTreeSet<_> = claims.iter().flat_map(|claim| &claim.ids).copied().collect();
    let finding =
        ids.into_iter().map(async |id| (id.to_owned(), find(clients, &accounts, id).await));
    survey.tagged = stream::iter(finding).buffer_unordered(IDS_AT_ONCE).collect().await;
    let open = claims.iter().flat_map(|claim| {
        let tagged: Vec<_> = claim
            .ids
            .iter()
            .filter_map(|id| match survey.tagged.get(*id)? {
                Tagged::Zone(zone) => Some(&zone.name),
                Tagged::Missing | Tagged::Unseen(_) => None,
            })
            .collect();
        let open = move |record: &&ValidationRecord| {
            !tagged.iter().any(|zone| record.name().is_at_or_under(zone))
        };
        claim.records.iter().filter(open)
    });
    let names = zone::candidates(open);
    let listings = accounts.iter().map(async |access| {
        let client = clients.route53(access);
        route53::zones_named(&client, access, &names).await
    });
    let mut seen = BTreeSet::new();
    for listing in join_all(listings).await {
        match listing {
            Ok(zones) => {
                // Two roles may lead into one account.
                for zone in zones.into_iter().filter(|zone| seen.insert(zone.id.clone())) {
                    survey.zones.entry(zone.name.clone()).or_default().push(zone);
                }
            }
            Err(trouble) => survey.unseen.push(trouble),
        }
    }
    if settings.hosted_zone_tag.is_some() {
        for access in &accounts {
            read_tags(clients, access, &mut survey).await;
        }
    }
    survey
}

/// The hosted zone with this id, in whichever account it is.
pub async fn zone(clients: &Clients, settings: &Settings, id: &str) -> Tagged {
    let accounts: Vec<_> = accounts(settings).collect();
    find(clients, &accounts, id).await
}

/// How many ids are looked for at the same time; Route 53 takes ten calls a second from an account.
const IDS_AT_ONCE: usize = 3;

/// Whose zones may be written to.
fn accounts(settings: &Settings) -> impl Iterator<Item = Access> {
    let roles = settings.hosted_zone_role_arns.iter().cloned().map(Access::Role);
    std::iter::once(Access::Own).chain(roles)
}

/// Looks for a zone that the certificate's tag names, in one account after the other.
async fn find(clients: &Clients, accounts: &[Access], id: &str) -> Tagged {
    // Ids are `Z` and a dozen or more letters and digits. Anybody can set a tag: what is no id costs
    // no call.
    let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !(8..=32).contains(&id.len()) || !id.bytes().all(legal) {
        return Tagged::Missing;
    }
    let mut unseen = None;
    for access in accounts {
        let client = clients.route53(access);
        match route53::zone(&client, access, id).await {
            Ok(Some(zone)) => return Tagged::Zone(zone),
            Ok(None) => {}
            Err(trouble) => unseen = Some(trouble),
        }
    }
    unseen.map_or(Tagged::Missing, Tagged::Unseen)
}

/// Fills in the tags of the zones of one account.
async fn read_tags(clients: &Clients, access: &Access, survey: &mut Survey) {
    let tagged = survey.tagged.values().filter_map(|tagged| match tagged {
        Tagged::Zone(zone) => Some(zone),
        Tagged::Missing | Tagged::Unseen(_) => None,
    });
    let here = tagged.chain(survey.zones.values().flatten()).filter(|zone| zone.access == *access);
    let ids: BTreeSet<_> = here.map(|zone| zone.id.clone()).collect();
    let client = clients.route53(access);
    let read = route53::tags(&client, access, &ids).await;
    for tagged in survey.tagged.values_mut() {
        match (&read, &mut *tagged) {
            (Ok(tags), Tagged::Zone(zone)) => zone.tags.extend(tags_of(zone, tags)),
            (Err(trouble), Tagged::Zone(zone)) if zone.access == *access => {
                *tagged = Tagged::Unseen(trouble.clone());
            }
            _ => {}
        }
    }
    match read {
        Ok(tags) => {
            for zone in survey.zones.values_mut().flatten() {
                zone.tags.extend(tags_of(zone, &tags));
            }
        }
        Err(trouble) => survey.unseen.push(trouble),
    }
}

fn tags_of(
    zone: &HostedZone,
    read: &BTreeMap<String, BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    read.get(&zone.id).cloned().unwrap_or_default()
}

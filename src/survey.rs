//! Finds out about hosted zones: asks every account that may hold those of a certificate.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::certificate::Certificate;
use crate::record::ValidationRecord;
use crate::settings::Settings;
use crate::zone::{self, Access, HOSTED_ZONE_TAG, HostedZone, Survey, Tagged};

/// Asks every account that may hold zones for those that may hold these records: by the ids in the
/// certificate's tag, and by name for the records that those cannot hold.
pub async fn survey(
    clients: &Clients,
    settings: &Settings,
    certificate: &Certificate,
    records: &BTreeSet<ValidationRecord>,
) -> Survey {
    let roles = settings.hosted_zone_role_arns.iter().cloned().map(Access::Role);
    let accounts: Vec<_> = std::iter::once(Access::Own).chain(roles).collect();
    let mut survey = Survey::default();
    let ids = certificate.tags.get(HOSTED_ZONE_TAG).map_or("", String::as_str).split_whitespace();
    for id in ids.map(|id| id.strip_prefix("/hostedzone/").unwrap_or(id)) {
        survey.tagged.insert(id.to_owned(), find(clients, &accounts, id).await);
    }
    let open: BTreeSet<_> = records
        .iter()
        .filter(|record| {
            !survey.tagged.values().any(|tagged| {
                matches!(tagged, Tagged::Zone(zone) if record.name().is_at_or_under(&zone.name))
            })
        })
        .cloned()
        .collect();
    let names = zone::candidates(&open);
    let listings = accounts.iter().map(async |access| {
        let client = clients.route53(access).await;
        route53::zones_named(&client, access, &names).await
    });
    let mut seen = BTreeSet::new();
    for listing in join_all(listings).await {
        match listing {
            // Two roles may lead into one account.
            Ok(zones) => {
                survey.zones.extend(zones.into_iter().filter(|zone| seen.insert(zone.id.clone())))
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
        let client = clients.route53(access).await;
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
    let zones: BTreeMap<_, _> = tagged
        .chain(&survey.zones)
        .filter(|zone| zone.access == *access)
        .map(|zone| (zone.id.clone(), zone.clone()))
        .collect();
    let mut zones: Vec<_> = zones.into_values().collect();
    let client = clients.route53(access).await;
    let read = route53::read_tags(&client, access, &mut zones).await;
    for tagged in survey.tagged.values_mut() {
        let Tagged::Zone(zone) = tagged else { continue };
        match &read {
            Ok(()) => zone.tags.extend(tags_of(zone, &zones)),
            Err(trouble) if zone.access == *access => *tagged = Tagged::Unseen(trouble.clone()),
            Err(_) => {}
        }
    }
    for zone in &mut survey.zones {
        zone.tags.extend(tags_of(zone, &zones));
    }
    survey.unseen.extend(read.err());
}

fn tags_of(zone: &HostedZone, read: &[HostedZone]) -> BTreeMap<String, String> {
    let same = read.iter().find(|other| other.id == zone.id);
    same.map(|other| other.tags.clone()).unwrap_or_default()
}

//! Discovers hosted zones: asks every account that may hold those of some certificates.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use tracing::debug;

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::domain::access::Access;
use crate::domain::name::DomainName;
use crate::domain::record::ValidationRecord;
use crate::domain::settings::Settings;
use crate::domain::zone::HostedZone;
use crate::domain::zone::candidates;
use crate::domain::zone::discovery::{Discovery, TaggedZone};
use crate::domain::zone::requirements::{Requirements, zone_names};
use crate::flows::ask_again::ask_again;

/// Discovers the hosted zones that can hold the records of these certificates: by the ids in the
/// certificates' tags, and by name for the records that those zones cannot hold. What several
/// certificates need is asked for once.
pub(super) async fn discover(
    clients: &Clients,
    settings: &Settings,
    requirements: &[Requirements<'_>],
) -> Discovery {
    let requirements: Vec<_> = requirements.iter().filter(|it| !it.records.is_empty()).collect();
    if requirements.is_empty() {
        return Discovery::default();
    }
    let accounts: Vec<_> = accounts(settings).collect();
    let mut discovery = Discovery::default();
    let ids: BTreeSet<_> = requirements.iter().flat_map(|it| &it.zone_ids).copied().collect();
    let finding =
        ids.into_iter().map(async |id| (id.to_owned(), find(clients, &accounts, id).await));
    discovery.tagged = stream::iter(finding).buffer_unordered(IDS_AT_ONCE).collect().await;
    let records = requirements.iter().flat_map(|it| by_name(it, &discovery));
    let names = zone_names(records);
    let listings = accounts.iter().map(async |access| {
        let client = clients.route53(access);
        ask_again(async || route53::zones_named(&client, access, &names).await).await
    });
    let mut known = BTreeSet::new();
    for listing in join_all(listings).await {
        match listing {
            Ok(zones) => {
                // Two roles may lead into one account.
                for zone in zones.into_iter().filter(|zone| known.insert(zone.id.clone())) {
                    discovery.zones.entry(zone.name.clone()).or_default().push(zone);
                }
            }
            Err(problem) => discovery.unreadable.push(problem),
        }
    }
    if settings.hosted_zone_tag.is_some() {
        for access in &accounts {
            read_tags(clients, access, &mut discovery).await;
        }
    }
    debug!(
        zones = discovery.zones.values().flatten().count(),
        tagged = discovery.tagged.len(),
        unreadable = discovery.unreadable.len(),
        "discovered hosted zones"
    );
    discovery
}

/// What to do about a record below this zone cut, if a zone at the cut can be found: the zones were not
/// looked up by name if the certificate's tag names one.
pub(super) async fn child_zone_advice(
    clients: &Clients,
    settings: &Settings,
    discovery: &Discovery,
    cut: &DomainName,
) -> Option<String> {
    let required = settings.hosted_zone_tag.as_ref();
    if let Some(zones) = discovery.zones.get(cut) {
        return candidates::child_zone_advice(zones, required);
    }
    let names = BTreeSet::from([cut.clone()]);
    let mut found = Discovery::default();
    for access in accounts(settings) {
        let zones = route53::zones_named(&clients.route53(&access), &access, &names).await;
        found.zones.entry(cut.clone()).or_default().extend(zones.unwrap_or_default());
        if required.is_some() {
            read_tags(clients, &access, &mut found).await;
        }
    }
    candidates::child_zone_advice(found.zones.get(cut)?, required)
}

/// The hosted zone with this id, in whichever account it is.
pub(super) async fn zone(clients: &Clients, settings: &Settings, id: &str) -> TaggedZone {
    let accounts: Vec<_> = accounts(settings).collect();
    find(clients, &accounts, id).await
}

/// How many ids are looked up at the same time. Route 53 accepts ten calls a second from an account.
const IDS_AT_ONCE: usize = 3;

/// The accounts whose zones may be written to.
pub(super) fn accounts(settings: &Settings) -> impl Iterator<Item = Access> {
    let roles = settings.hosted_zone_role_arns.iter().cloned().map(Access::Role);
    std::iter::once(Access::Own).chain(roles)
}

/// The records that none of the zones in the certificate's tag can hold.
fn by_name<'a>(
    requirements: &Requirements<'a>,
    discovery: &Discovery,
) -> impl Iterator<Item = &'a ValidationRecord> {
    let tagged: Vec<_> = requirements
        .zone_ids
        .iter()
        .filter_map(|id| match discovery.tagged.get(*id)? {
            TaggedZone::Found(zone) => Some(zone.name.clone()),
            TaggedZone::Missing | TaggedZone::Unreadable(_) => None,
        })
        .collect();
    let held =
        move |it: &ValidationRecord| tagged.iter().any(|zone| it.name().is_at_or_under(zone));
    requirements.records.iter().filter(move |record| !held(record))
}

/// Finds the zone with this id, in one account after the other.
async fn find(clients: &Clients, accounts: &[Access], id: &str) -> TaggedZone {
    // An id is `Z` and a dozen or more capital letters and digits. Anybody can set a tag, so a text that
    // is no id must cost no call.
    let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !(8..=32).contains(&id.len()) || !id.bytes().all(legal) {
        return TaggedZone::Missing;
    }
    let mut unreadable = None;
    for access in accounts {
        let client = clients.route53(access);
        match ask_again(async || route53::zone(&client, access, id).await).await {
            Ok(Some(zone)) => return TaggedZone::Found(zone),
            Ok(None) => {}
            Err(problem) => unreadable = Some(problem),
        }
    }
    unreadable.map_or(TaggedZone::Missing, TaggedZone::Unreadable)
}

/// Fills in the tags of the zones of one account.
async fn read_tags(clients: &Clients, access: &Access, discovery: &mut Discovery) {
    let tagged = discovery.tagged.values().filter_map(|tagged| match tagged {
        TaggedZone::Found(zone) => Some(zone),
        TaggedZone::Missing | TaggedZone::Unreadable(_) => None,
    });
    let zones = tagged.chain(discovery.zones.values().flatten());
    let ids: BTreeSet<_> =
        zones.filter(|zone| zone.access == *access).map(|zone| zone.id.clone()).collect();
    let client = clients.route53(access);
    let read = ask_again(async || route53::tags(&client, access, &ids).await).await;
    for tagged in discovery.tagged.values_mut() {
        match (&read, &mut *tagged) {
            (Ok(tags), TaggedZone::Found(zone)) => zone.tags.extend(tags_of(zone, tags)),
            (Err(problem), TaggedZone::Found(zone)) if zone.access == *access => {
                *tagged = TaggedZone::Unreadable(problem.clone());
            }
            _ => {}
        }
    }
    match read {
        Ok(tags) => {
            for zone in discovery.zones.values_mut().flatten() {
                zone.tags.extend(tags_of(zone, &tags));
            }
        }
        Err(problem) => discovery.unreadable.push(problem),
    }
}

fn tags_of(
    zone: &HostedZone,
    read: &BTreeMap<String, BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    read.get(&zone.id).cloned().unwrap_or_default()
}

//! Makes validation records exist: finds their hosted zones, reads what is there, writes the rest.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::certificate::Certificate;
use crate::error::Trouble;
use crate::outcome::{RecordOutcome, RecordState};
use crate::plan::Plan;
use crate::record::ValidationRecord;
use crate::settings::Settings;
use crate::zone::content::{Standing, standing, waypoints};
use crate::zone::{self, Access, HOSTED_ZONE_TAG, HostedZone, Survey, Tagged, batch};

/// What became of a plan's records.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Published {
    /// One a record, in the order of their names.
    pub records: Vec<RecordOutcome>,
    /// What is wrong with the certificate's tags.
    pub remarks: Vec<String>,
}

/// Makes the records of a plan exist, as far as that is possible now. What is right already is left
/// alone, TTL included: somebody else may own it. One record never holds up another.
pub async fn publish(
    clients: &Clients,
    settings: &Settings,
    certificate: &Certificate,
    plan: &Plan,
) -> Published {
    let refused = plan.refuse.iter().map(|(name, reason)| RecordOutcome {
        name: name.to_string(),
        hosted_zone_id: None,
        state: RecordState::Blocked,
        reason: Some(reason.clone()),
    });
    let mut published = Published { records: refused.collect(), remarks: Vec::new() };
    if plan.publish.is_empty() {
        return published;
    }
    let survey = survey(clients, settings, certificate, &plan.publish).await;
    let names: Vec<_> = certificate.names.iter().map(|name| name.without_wildcard()).collect();
    let required = settings.hosted_zone_tag.as_ref();
    let assignment = zone::assign(&plan.publish, &names, &survey, required);
    let homeless = assignment.homeless.iter();
    published.records.extend(homeless.map(|(record, trouble)| failed(record, None, trouble)));
    let writing =
        assignment.homes.iter().map(|(zone, records)| publish_in(clients, settings, zone, records));
    published.records.extend(join_all(writing).await.into_iter().flatten());
    published.records.sort_by(|one, other| one.name.cmp(&other.name));
    published.remarks = assignment.remarks;
    published
}

/// Asks every account that may hold zones for those that may hold the records.
async fn survey(
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
    for listing in join_all(listings).await {
        match listing {
            Ok(zones) => survey.zones.extend(zones),
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
    // https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
    let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !(1..=32).contains(&id.len()) || !id.bytes().all(legal) {
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

/// Makes records exist in the zone that is their home.
async fn publish_in(
    clients: &Clients,
    settings: &Settings,
    zone: &HostedZone,
    records: &BTreeSet<ValidationRecord>,
) -> Vec<RecordOutcome> {
    let client = clients.route53(&zone.access).await;
    let content = match route53::read(&client, zone, &waypoints(&zone.name, records)).await {
        Ok(content) => content,
        Err(trouble) => {
            return records.iter().map(|record| failed(record, Some(zone), &trouble)).collect();
        }
    };
    let mut outcomes = Vec::new();
    let mut lacking = Vec::new();
    for record in records {
        match standing(record, &zone.name, &content) {
            Standing::Lacking => lacking.push(record.clone()),
            Standing::Right => outcomes.push(done(record, zone, RecordState::Present)),
            Standing::BelowCut { at, to } => {
                let trouble = Trouble::standing(format!(
                    "{at} is delegated to {}, so nobody sees what hosted zone {} ({}) holds below it: \
                     publish the record where {at} is served",
                    to.join(" "),
                    zone.id,
                    zone.name
                ));
                outcomes.push(failed(record, Some(zone), &trouble));
            }
            Standing::Taken { kind } => {
                let trouble = Trouble::standing(format!(
                    "a record of type {kind} stands at this name in hosted zone {} ({}), and a CNAME \
                     cannot stand beside it: remove it",
                    zone.id, zone.name
                ));
                outcomes.push(failed(record, Some(zone), &trouble));
            }
        }
    }
    if settings.dry_run {
        let would = lacking.iter().map(|record| done(record, zone, RecordState::WouldWrite));
        outcomes.extend(would);
        return outcomes;
    }
    let mut refused = BTreeMap::new();
    for batch in batch::batches(lacking.clone()) {
        refused.extend(route53::upsert(&client, zone, settings.record_ttl, batch).await);
    }
    outcomes.extend(lacking.iter().map(|record| match refused.get(record) {
        Some(trouble) => failed(record, Some(zone), trouble),
        None => done(record, zone, RecordState::Written),
    }));
    outcomes
}

fn done(record: &ValidationRecord, zone: &HostedZone, state: RecordState) -> RecordOutcome {
    let hosted_zone_id = Some(zone.id.clone());
    RecordOutcome { name: spell(record), hosted_zone_id, state, reason: None }
}

fn failed(
    record: &ValidationRecord,
    zone: Option<&HostedZone>,
    trouble: &Trouble,
) -> RecordOutcome {
    RecordOutcome {
        name: spell(record),
        hosted_zone_id: zone.map(|zone| zone.id.clone()),
        state: if trouble.standing { RecordState::Blocked } else { RecordState::Deferred },
        reason: Some(trouble.message.clone()),
    }
}

fn spell(record: &ValidationRecord) -> String {
    format!("{}.", record.name())
}

//! Makes validation records exist: reads what is in their hosted zones, writes the rest.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::certificate::Certificate;
use crate::error::Trouble;
use crate::outcome::{RecordOutcome, RecordState};
use crate::plan::Plan;
use crate::record::ValidationRecord;
use crate::settings::Settings;
use crate::survey::survey;
use crate::zone::content::{Standing, standing, waypoints};
use crate::zone::{self, HostedZone, batch};

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
    let written: Vec<_> = stream::iter(writing).buffered(ZONES_AT_ONCE).collect().await;
    published.records.extend(written.into_iter().flatten());
    published.records.sort_by(|one, other| one.name.cmp(&other.name));
    published.remarks = assignment.remarks;
    published
}

/// How many zones are read and written at the same time. Each takes two calls, and Route 53 takes
/// ten a second from the whole account.
const ZONES_AT_ONCE: usize = 5;

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

//! Makes validation records exist: reads what is in their hosted zones, writes the rest.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::certificate::Certificate;
use crate::deadline::Deadline;
use crate::error::{Cause, Trouble};
use crate::outcome::{RecordOutcome, RecordState};
use crate::plan::{self, Plan};
use crate::record::ValidationRecord;
use crate::settings::Settings;
use crate::survey::survey;
use crate::zone::content::{Content, Standing, standing, waypoints};
use crate::zone::{self, Assignment, Claim, HostedZone, Survey, batch};

/// What became of a plan's records.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Published {
    /// One a record, in the order of their names.
    pub records: Vec<RecordOutcome>,
    /// What is wrong with the certificate's tags.
    pub remarks: Vec<String>,
}

/// Makes the records of these plans exist, as far as that is possible now; the answers are in the
/// order of the plans. What is right already is left alone, TTL included: somebody else may own it.
/// One record never holds up another.
///
/// Zones are asked for once, read once and changed once, whatever the number of certificates: Route
/// 53 takes ten calls a second from a whole account. What is not done by `deadline` is deferred.
pub async fn publish(
    clients: &Clients,
    settings: &Settings,
    deadline: &Deadline,
    plans: &[(Option<&Certificate>, &Plan)],
) -> Vec<Published> {
    let claims: Vec<Option<Claim<'_>>> = plans
        .iter()
        .map(|(certificate, plan)| {
            let needed = certificate.filter(|_| !plan.publish.is_empty());
            needed.map(|certificate| Claim::new(certificate, &plan.publish))
        })
        .collect();
    let asking: Vec<_> = claims.iter().flatten().collect();
    let survey = match asking.as_slice() {
        [] => Survey::default(),
        asking => {
            let survey = deadline.percent(50).bound(survey(clients, settings, asking)).await;
            survey.unwrap_or_else(|| Survey { unseen: vec![late()], ..Survey::default() })
        }
    };
    let required = settings.hosted_zone_tag.as_ref();
    let assign = |claim: &Claim<'_>| zone::assign(claim, &survey, required);
    let assignments = claims.iter().map(|claim| claim.as_ref().map(assign).unwrap_or_default());
    let assignments: Vec<_> = assignments.collect();
    let mut homes: BTreeMap<&str, (&HostedZone, BTreeSet<ValidationRecord>)> = BTreeMap::new();
    for (record, zone) in assignments.iter().flat_map(|assignment| &assignment.homes) {
        let home = homes.entry(&zone.id).or_insert_with(|| (zone, BTreeSet::new()));
        home.1.insert(record.clone());
    }
    let writing = homes.into_values().map(async |(zone, records)| {
        let written = deadline.bound(publish_in(clients, settings, zone, &records)).await;
        let written = written.unwrap_or_else(|| all(&records, zone, &late()));
        (zone.id.clone(), written)
    });
    let mut written: BTreeMap<_, _> =
        stream::iter(writing).buffer_unordered(ZONES_AT_ONCE).collect().await;
    let plans = plans.iter().zip(assignments);
    plans.map(|((_, plan), assignment)| gather(plan, assignment, &mut written)).collect()
}

/// How many zones are read and written at the same time. Each takes two calls, and Route 53 takes
/// ten a second from the whole account.
const ZONES_AT_ONCE: usize = 5;

/// What became of the records in the zones that are their homes, by the zones' ids.
type Written = BTreeMap<String, BTreeMap<ValidationRecord, RecordOutcome>>;

/// Puts together what became of the records of one plan. A record that several certificates share is
/// written for the first of them; the others find it present.
fn gather(plan: &Plan, assignment: Assignment<'_>, written: &mut Written) -> Published {
    let refused = plan.refuse.iter().map(|(name, trouble)| failed(name.to_string(), None, trouble));
    let homeless = assignment.homeless.iter();
    let homeless = homeless.map(|(record, trouble)| failed(spell(record), None, trouble));
    let mut records: Vec<_> = refused.chain(homeless).collect();
    for (record, zone) in &assignment.homes {
        let in_zone = written.get_mut(&zone.id);
        if let Some(outcome) = in_zone.and_then(|in_zone| in_zone.get_mut(record)) {
            records.push(outcome.clone());
            if outcome.state == RecordState::Written {
                outcome.state = RecordState::Present;
            }
        }
    }
    records.sort_by(|one, other| one.name.cmp(&other.name));
    Published { records, remarks: assignment.remarks }
}

/// Makes records exist in the zone that is their home.
async fn publish_in(
    clients: &Clients,
    settings: &Settings,
    zone: &HostedZone,
    records: &BTreeSet<ValidationRecord>,
) -> BTreeMap<ValidationRecord, RecordOutcome> {
    let client = clients.route53(&zone.access);
    let content = match route53::read(&client, zone, &waypoints(&zone.name, records)).await {
        Ok(content) => content,
        Err(trouble) => return all(records, zone, &trouble),
    };
    let mut outcomes = BTreeMap::new();
    let mut lacking = Vec::new();
    let contradictions = plan::contradictions(records);
    for record in records {
        let outcome = match obstacle(record, zone, &content) {
            Ok(true) => RecordOutcome::new(record, zone, RecordState::Present),
            Ok(false) if contradictions.contains(record.name()) => {
                failed(spell(record), Some(zone), &plan::contradicted())
            }
            Ok(false) => {
                lacking.push(record.clone());
                continue;
            }
            Err(trouble) => failed(spell(record), Some(zone), &trouble),
        };
        outcomes.insert(record.clone(), outcome);
    }
    let mut refused = BTreeMap::new();
    let state = if settings.dry_run { RecordState::WouldWrite } else { RecordState::Written };
    if !settings.dry_run {
        for batch in batch::batches(lacking.clone()) {
            refused.extend(route53::upsert(&client, zone, settings.record_ttl, batch).await);
        }
    }
    outcomes.extend(lacking.into_iter().map(|record| {
        let outcome = match refused.get(&record) {
            Some(trouble) => failed(spell(&record), Some(zone), trouble),
            None => RecordOutcome::new(&record, zone, state),
        };
        (record, outcome)
    }));
    outcomes
}

/// Whether a record is right already, or else what keeps us from writing it.
pub(crate) fn obstacle(
    record: &ValidationRecord,
    zone: &HostedZone,
    content: &Content,
) -> Result<bool, Trouble> {
    match standing(record, &zone.name, content) {
        Standing::Lacking => Ok(false),
        Standing::Right => Ok(true),
        Standing::BelowCut { at, to } => Err(Trouble::new(
            Cause::BelowZoneCut,
            format!(
                "{at} is delegated to {}, so nobody sees what hosted zone {} ({}) holds below it: \
                 publish the record where {at} is served",
                to.join(" "),
                zone.id,
                zone.name
            ),
        )),
        Standing::Taken { kind } => Err(Trouble::new(
            Cause::Taken,
            format!(
                "a record of type {kind} stands at this name in hosted zone {} ({}), and a CNAME \
                 cannot stand beside it: remove it",
                zone.id, zone.name
            ),
        )),
    }
}

impl RecordOutcome {
    fn new(record: &ValidationRecord, zone: &HostedZone, state: RecordState) -> Self {
        let hosted_zone_id = Some(zone.id.clone());
        Self { name: spell(record), hosted_zone_id, state, reason: None, cause: None }
    }
}

fn all(
    records: &BTreeSet<ValidationRecord>,
    zone: &HostedZone,
    trouble: &Trouble,
) -> BTreeMap<ValidationRecord, RecordOutcome> {
    let outcome = |record| failed(spell(record), Some(zone), trouble);
    records.iter().map(|record| (record.clone(), outcome(record))).collect()
}

fn failed(name: String, zone: Option<&HostedZone>, trouble: &Trouble) -> RecordOutcome {
    let standing = trouble.is_standing();
    RecordOutcome {
        name,
        hosted_zone_id: zone.map(|zone| zone.id.clone()),
        state: if standing { RecordState::Blocked } else { RecordState::Deferred },
        reason: Some(trouble.message.clone()),
        cause: Some(trouble.cause),
    }
}

fn late() -> Trouble {
    Trouble::new(Cause::Passing, "the time of this invocation ran out: the next look goes on")
}

pub(crate) fn spell(record: &ValidationRecord) -> String {
    format!("{}.", record.name())
}

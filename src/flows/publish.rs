//! Publishes validation records: reads what their hosted zones hold, and writes what is missing.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::aws::route53::write::upsert;
use crate::domain::arn::Scope;
use crate::domain::outcome::{RecordOutcome, RecordState};
use crate::domain::problem::{Cause, Problem};
use crate::domain::record::{ValidationRecord, conflicting_names, conflicting_values};
use crate::domain::settings::Settings;
use crate::domain::zone::HostedZone;
use crate::domain::zone::choice::{Assignment, assign};
use crate::domain::zone::content::{Presence, names_to_read, presence, zone_cut};
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::in_zone::{InZone, by_zone};
use crate::domain::zone::requirements::Requirements;
use crate::flows::ask_again::{again_if_denied, ask_again};
use crate::flows::authorize::{Refusals, authorize};
use crate::flows::deadline::Deadline;
use crate::flows::discovery::child_zone_advice;

/// What became of the records of one certificate, in the order of their names, and what is wrong with
/// the certificate's tag.
pub(super) type Published = (Vec<RecordOutcome>, Vec<String>);

/// What becomes of a CNAME at the name of a record that has another value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OtherValue {
    /// It stays.
    Kept,
    /// The record takes its place.
    Replaced,
}

/// Publishes the records that these certificates require in the zones that were discovered, as far as
/// possible now; the results are in the order of the requirements. A record that is right is left alone, TTL included: somebody else
/// may own it. A problem with one record does not affect the others.
///
/// A record is written for certificates of accounts that its zone takes (`HOSTED_ZONE_ACCOUNTS_TAG`). For
/// others it is only looked for: one that is there has been allowed by whoever wrote it, and nothing has
/// to be written.
///
/// Each zone is read once and changed once, whatever the number of certificates: Route 53 accepts ten
/// calls a second from a whole account. What is not done by `deadline` is deferred.
pub(super) async fn publish(
    clients: &Clients,
    settings: &Settings,
    ours: &Scope,
    deadline: &Deadline,
    requirements: &[Requirements<'_>],
    discovery: &Discovery,
    other_value: OtherValue,
) -> Vec<Published> {
    let required = settings.hosted_zone_tag.as_ref();
    let assign = |it: &Requirements<'_>| match it.records.is_empty() {
        true => Assignment::default(),
        false => assign(it, discovery, required),
    };
    let assignments: Vec<_> = requirements.iter().map(assign).collect();
    let asked: Vec<_> = requirements
        .iter()
        .zip(&assignments)
        .map(|(it, assignment)| (it.account, assignment.zones()))
        .collect();
    let refusals = authorize(clients, settings, ours, deadline, &asked).await;
    let records = assignments.iter().zip(&refusals).flat_map(|(assignment, refusals)| {
        assignment.assigned.iter().map(|(record, zone)| (record, *zone, refusals.get(&zone.id)))
    });
    let writing = by_zone(records).into_values().map(async |in_zone| {
        let publishing = publish_in(clients, settings, discovery, &in_zone, other_value);
        let written = deadline.bound(publishing).await;
        let written = written.unwrap_or_else(|| all(&in_zone, &Problem::out_of_time()));
        (in_zone.zone.id.clone(), written)
    });
    let mut written: BTreeMap<_, _> =
        stream::iter(writing).buffer_unordered(ZONES_AT_ONCE).collect().await;
    let assignments = assignments.into_iter().zip(&refusals);
    assignments.map(|(assignment, refusals)| collect(assignment, refusals, &mut written)).collect()
}

/// How many zones are read and written at the same time. Each takes two calls, and Route 53 accepts ten
/// a second from the whole account.
const ZONES_AT_ONCE: usize = 5;

/// What became of the records in their zones, by the zones' ids.
type Written = BTreeMap<String, BTreeMap<ValidationRecord, RecordOutcome>>;

/// Collects the outcomes of the records of one certificate. A record that several certificates share is
/// written for the first of them that may have it; for the others it is present.
fn collect(assignment: Assignment<'_>, refusals: &Refusals, written: &mut Written) -> Published {
    let unassigned = assignment.unassigned.iter();
    let mut records: Vec<_> = unassigned
        .map(|(record, problem)| RecordOutcome::with_problem(record.fqdn(), None, problem))
        .collect();
    for (record, zone) in &assignment.assigned {
        let in_zone = written.get_mut(&zone.id);
        let Some(outcome) = in_zone.and_then(|in_zone| in_zone.get_mut(record)) else { continue };
        match (refusals.get(&zone.id), outcome.state) {
            (Some(problem), RecordState::Written | RecordState::WouldWrite) => {
                records.push(RecordOutcome::with_problem(record.fqdn(), Some(zone), problem));
            }
            (_, state) => {
                records.push(outcome.clone());
                if state == RecordState::Written {
                    outcome.state = RecordState::Present;
                }
            }
        }
    }
    (records, assignment.remarks)
}

/// Publishes records in the zone they are assigned to.
async fn publish_in(
    clients: &Clients,
    settings: &Settings,
    discovery: &Discovery,
    in_zone: &InZone<'_>,
    other_value: OtherValue,
) -> BTreeMap<ValidationRecord, RecordOutcome> {
    let InZone { zone, records, .. } = in_zone;
    let client = clients.route53(&zone.access);
    let names = names_to_read(&zone.name, records);
    let content = match ask_again(async || route53::read(&client, zone, &names).await).await {
        Ok(content) => content,
        Err(problem) => return all(in_zone, &problem),
    };
    let conflicting = conflicting_names(&in_zone.allowed());
    let with_problem = |record: &ValidationRecord, problem: &Problem| {
        RecordOutcome::with_problem(record.fqdn(), Some(zone), problem)
    };
    let mut outcomes = BTreeMap::new();
    let mut missing = Vec::new();
    for record in records {
        let outcome = match presence(record, zone, &content) {
            Ok(Presence::Present) => RecordOutcome::new(record.fqdn(), zone, RecordState::Present),
            Ok(Presence::Different) if other_value == OtherValue::Kept => {
                with_problem(record, &kept(zone))
            }
            Ok(Presence::Different | Presence::Missing) => match in_zone.refused.get(record) {
                Some(problem) => with_problem(record, problem),
                None if conflicting.contains(record.name()) => {
                    with_problem(record, &conflicting_values())
                }
                None => {
                    missing.push(record.clone());
                    continue;
                }
            },
            Err(mut problem) => {
                if let Some((cut, _)) = zone_cut(record, zone, &content) {
                    let advice = child_zone_advice(clients, settings, discovery, &cut).await;
                    problem.message.extend(advice.map(|advice| format!("; {advice}")));
                }
                with_problem(record, &problem)
            }
        };
        outcomes.insert(record.clone(), outcome);
    }
    let (state, refused) = match settings.dry_run {
        true => (RecordState::WouldWrite, BTreeMap::new()),
        false => {
            let upsert = async |records| upsert(&client, zone, settings.record_ttl, records).await;
            (RecordState::Written, again_if_denied(missing.clone(), upsert).await)
        }
    };
    outcomes.extend(missing.into_iter().map(|record| {
        let outcome = match refused.get(&record) {
            Some(problem) => with_problem(&record, problem),
            None => RecordOutcome::new(record.fqdn(), zone, state),
        };
        (record, outcome)
    }));
    outcomes
}

fn kept(HostedZone { id, name, .. }: &HostedZone) -> Problem {
    let message = format!("hosted zone {id} ({name}) has a CNAME with another value at its name");
    Problem::new(Cause::Taken, message)
}

/// The same problem for all records of a zone.
fn all(
    InZone { zone, records, .. }: &InZone<'_>,
    problem: &Problem,
) -> BTreeMap<ValidationRecord, RecordOutcome> {
    let outcome = |it: &ValidationRecord| {
        (it.clone(), RecordOutcome::with_problem(it.fqdn(), Some(zone), problem))
    };
    records.iter().map(outcome).collect()
}

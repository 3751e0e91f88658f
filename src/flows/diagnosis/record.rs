//! The state of one record, and the hosted zones that can hold it.

use super::answer::{Candidate, RecordDiagnosis, RecordStatus};
use crate::domain::access::Access;
use crate::domain::problem::{Cause, Problem};
use crate::domain::record::ValidationRecord;
use crate::domain::tag::Tag;
use crate::domain::zone::candidates::unusable;
use crate::domain::zone::choice::Assignment;
use crate::domain::zone::content::{Presence, presence};
use crate::domain::zone::delegation::not_delegated;
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::public_dns::Sight;
use crate::domain::zone::{Content, HostedZone};

/// The state of a record in the zone it is assigned to, which has this content. `refusal` says why the
/// record may not be written there for the certificate's account, if so.
pub(super) fn examine_record(
    record: &ValidationRecord,
    assignment: &Assignment<'_>,
    refusal: Option<&Problem>,
    content: Option<&Result<Content, Problem>>,
    discovery: &Discovery,
) -> RecordDiagnosis {
    let zone = assignment.assigned.get(record).copied();
    let status = match (zone, content) {
        (Some(zone), Some(Ok(content))) => match (presence(record, zone, content), refusal) {
            (Ok(Presence::Different | Presence::Missing), Some(problem)) => Err(problem.clone()),
            (presence, _) => presence.map(RecordStatus::of),
        },
        (_, Some(Err(problem))) => Err(problem.clone()),
        _ => match assignment.unassigned.get(record) {
            Some(problem) => Err(problem.clone()),
            None => Ok(RecordStatus::Unknown),
        },
    };
    let (state, reason) = match status {
        Ok(state) => (state, None),
        Err(problem) if problem.is_permanent() => (RecordStatus::Blocked, Some(problem.message)),
        Err(problem) => (RecordStatus::Unknown, Some(problem.message)),
    };
    let unseen = zone.and_then(|zone| not_delegated(record.name(), zone, discovery));
    let (state, reason) = match (state, unseen) {
        (RecordStatus::Present, Some(unseen)) => (RecordStatus::Unseen, Some(unseen.message)),
        (RecordStatus::Missing | RecordStatus::Different, Some(unseen)) => {
            (state, Some(unseen.message))
        }
        _ => (state, reason),
    };
    RecordDiagnosis {
        name: record.fqdn(),
        value: format!("{}.", record.value()),
        state,
        hosted_zone_id: zone.map(|zone| zone.id.clone()),
        reason,
    }
}

/// Every zone that can hold a record by its name, and why it is chosen or not. `refusal` says why the record
/// may not be written to the chosen one for the certificate's account, if so.
pub(super) fn candidates(
    record: Option<&ValidationRecord>,
    chosen: Option<&HostedZone>,
    refusal: Option<&Problem>,
    discovery: &Discovery,
    required: Option<&Tag>,
) -> Vec<Candidate> {
    let Some(record) = record else { return Vec::new() };
    let tagged = chosen.filter(|chosen| discovery.tagged.contains_key(&chosen.id));
    let others =
        discovery.above(record.name()).filter(|zone| Some(&zone.id) != tagged.map(|it| &it.id));
    let sight = |zone: &HostedZone| discovery.public.sight(record.name(), zone);
    let is_chosen = |zone: &HostedZone| chosen.is_some_and(|chosen| chosen.id == zone.id);
    let why = |zone: &HostedZone| match unusable(zone, required) {
        Some(why) => why,
        None if tagged.is_some_and(|tagged| tagged.id == zone.id) => {
            "the certificate's tag names it".to_owned()
        }
        None if tagged.is_some() => "the certificate's tag names another zone".to_owned(),
        None if is_chosen(zone) && sight(zone) == Sight::Seen => "public DNS asks it".to_owned(),
        None if !is_chosen(zone) && sight(zone) == Sight::Unseen => {
            "public DNS does not ask it".to_owned()
        }
        None => match chosen {
            Some(_) if is_chosen(zone) => "it is the longest match".to_owned(),
            Some(chosen) => format!("{} is a longer match", chosen.name),
            None => "several zones match equally well".to_owned(),
        },
    };
    let candidate = |zone: &HostedZone| Candidate {
        id: zone.id.clone(),
        name: zone.name.clone(),
        role: match &zone.access {
            Access::Own => None,
            Access::Role(arn) => Some(arn.clone()),
        },
        chosen: is_chosen(zone),
        seen: match sight(zone) {
            Sight::Seen => Some(true),
            Sight::Unseen => Some(false),
            Sight::Unknown => None,
        },
        why: match refusal.filter(|_| is_chosen(zone)) {
            Some(refusal) if refusal.cause == Cause::NotAllowed => {
                format!("{}, but it does not take the certificate's account", why(zone))
            }
            Some(_) => format!(
                "{}, but it is unknown whether it takes the certificate's account",
                why(zone)
            ),
            None => why(zone),
        },
    };
    tagged.into_iter().chain(others).map(candidate).collect()
}

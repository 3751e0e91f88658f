//! Diagnoses one certificate: answers, name by name, what prevents it from being issued or renewed, and
//! writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{FuturesUnordered, StreamExt};

use self::advice::advice;
use self::answer::{
    Candidate, Diagnosis, NameDiagnosis, RecordDiagnosis, RecordStatus, Validation,
};
use self::public::{Seen, compare_all, look};
use self::remarks::{foreign_servers, missing_delegations, only_wildcards};
use crate::aws::route53;
use crate::dns::questions::Questions;
use crate::domain::access::Access;
use crate::domain::arn::CertificateArn;
use crate::domain::certificate::{Certificate, Domain};
use crate::domain::name::DomainName;
use crate::domain::plan::{pending_validation, stopped_by};
use crate::domain::problem::Problem;
use crate::domain::record::ValidationRecord;
use crate::domain::stop::StopReason;
use crate::domain::zone::caa::governing;
use crate::domain::zone::candidates::unusable;
use crate::domain::zone::choice::{Assignment, assign};
use crate::domain::zone::content::{names_to_read, presence, wildcards_above, zone_cut};
use crate::domain::zone::delegation::not_delegated;
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::public_dns::Sight;
use crate::domain::zone::requirements::{HOSTED_ZONE_TAG, Requirements};
use crate::domain::zone::{Content, HostedZone};
use crate::flows::checks::scheduled_check;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::describe::describe;
use crate::flows::discovery::{child_zone_advice, discover};
use crate::flows::error::Error;
use crate::flows::public_dns::World;

mod advice;
pub mod answer;
mod public;
mod remarks;

/// Diagnoses a certificate: reads everything that a reconciliation reads, and CAA records and
/// delegations, asks public DNS about every name, and writes nothing.
///
/// # Errors
///
/// [`Error::OutOfReach`] before any call; [`Error::Aws`] if ACM refuses. Everything else that cannot be
/// read is part of the answer.
pub async fn diagnose(
    context: &Context,
    invocation: &Invocation,
    arn: &CertificateArn,
) -> Result<Diagnosis, Error> {
    let certificate = describe(context, invocation, arn, None).await?;
    let now = invocation.deadline.now();
    let reason = stopped_by(certificate.as_ref(), now, &context.settings.policy);
    let mut diagnosis = Diagnosis {
        certificate_arn: arn.to_string(),
        advice: String::new(),
        status: certificate.as_ref().map(|certificate| certificate.status.as_str().to_owned()),
        reason: reason.as_ref().map(StopReason::to_string),
        next_check: None,
        remarks: Vec::new(),
        names: Vec::new(),
    };
    if let Some(certificate) = &certificate {
        let validation = pending_validation(certificate);
        if let Some(validation) = &validation {
            let check_times = validation.check_times;
            diagnosis.next_check = scheduled_check(context, arn, check_times, now).await;
        }
        let domains = validation.map_or(certificate.domains.as_slice(), |it| it.domains);
        let deadline = invocation.deadline.percent(80);
        let examining = examine(context, &deadline, certificate, domains, &mut diagnosis);
        if deadline.bound(examining).await.is_none() {
            let remark = "the invocation ran out of time before it read the hosted zones";
            diagnosis.remarks.push(remark.to_owned());
        }
    }
    diagnosis.advice = advice(&diagnosis, reason.as_ref());
    Ok(diagnosis)
}

/// Examines the record of every name.
async fn examine(
    context: &Context,
    deadline: &Deadline,
    certificate: &Certificate,
    domains: &[Domain],
    diagnosis: &mut Diagnosis,
) {
    let Context { clients, resolver, settings, .. } = context;
    let world =
        World { clients, resolver, questions: Questions::new(deadline.percent(60).instant()) };
    let records: BTreeSet<_> = domains.iter().filter_map(Domain::record).cloned().collect();
    let tag = certificate.tags.get(HOSTED_ZONE_TAG);
    let requirements = Requirements::new(&records, &certificate.names, tag);
    let mut discovery = discover(clients, settings, std::slice::from_ref(&requirements)).await;
    discovery.public = compare_all(&world, domains, &discovery, deadline).await;
    let seen = look(&world, domains).await;
    let assignment = assign(&requirements, &discovery, settings.hosted_zone_tag.as_ref());
    let contents: BTreeMap<_, _> = reads(domains, &assignment, &discovery)
        .into_values()
        .map(async |(zone, names)| {
            let client = clients.route53(&zone.access);
            (zone.id.as_str(), route53::read(&client, zone, &names).await)
        })
        .collect::<FuturesUnordered<_>>()
        .collect()
        .await;
    diagnosis.remarks.clone_from(&assignment.remarks);
    diagnosis.remarks.extend(missing_delegations(context, &assignment, &discovery).await);
    diagnosis.remarks.extend(foreign_servers(&assignment, &discovery));
    diagnosis.remarks.extend(only_wildcards(domains, &assignment, &contents));
    let read: Content = contents.values().flatten().flat_map(|content| content.clone()).collect();
    for domain in domains {
        let name = &domain.name;
        let zone = domain.record().and_then(|record| assignment.assigned.get(record)).copied();
        let content = zone.and_then(|zone| contents.get(zone.id.as_str()));
        let (view, caa) = match seen.get(name) {
            Some(Seen { view, caa: Ok(caa) }) => (view.clone(), caa.clone()),
            Some(Seen { view, caa: Err(_) }) => (view.clone(), governing(name, &read)),
            None => (None, governing(name, &read)),
        };
        let mut record =
            domain.record().map(|it| examine_record(it, &assignment, content, &discovery));
        if let (Some(it), Some(Ok(content))) = (&mut record, content) {
            advise_below_cut(context, domain, zone, content, &discovery, it).await;
        }
        diagnosis.names.push(NameDiagnosis {
            name: name.clone(),
            validation: Validation::of(&domain.progress),
            record,
            zones: candidates(domain.record(), zone, &discovery, context),
            public_dns: view,
            caa: caa.filter(|set| set.forbids(name)).map(|set| set.to_string()),
        });
    }
}

/// Adds to the diagnosis of a record below a zone cut which zone can hold it, if one is found.
async fn advise_below_cut(
    context: &Context,
    domain: &Domain,
    zone: Option<&HostedZone>,
    content: &Content,
    discovery: &Discovery,
    diagnosis: &mut RecordDiagnosis,
) {
    let cut = domain.record().zip(zone).and_then(|(record, zone)| zone_cut(record, zone, content));
    let Some((cut, _)) = cut else { return };
    let Context { clients, settings, .. } = context;
    let advice = child_zone_advice(clients, settings, discovery, &cut).await;
    if let (Some(advice), Some(reason)) = (advice, &mut diagnosis.reason) {
        *reason = format!("{reason}; {advice}");
    }
}

/// The zones to read, and the names at which to read them: those of the records, those at which a CAA
/// record may be, each in the zone that is authoritative for it, and the wildcards that may answer.
fn reads<'a>(
    domains: &[Domain],
    assignment: &Assignment<'a>,
    discovery: &'a Discovery,
) -> BTreeMap<&'a str, (&'a HostedZone, BTreeSet<DomainName>)> {
    let mut reads: BTreeMap<&str, (&HostedZone, BTreeSet<DomainName>)> = BTreeMap::new();
    for domain in domains {
        let Some(record) = domain.record() else { continue };
        let assigned = assignment.assigned.get(record).copied();
        let public = discovery.above(record.name()).filter(|zone| unusable(zone, None).is_none());
        let zones: Vec<_> = assigned.into_iter().chain(public).collect();
        let mut read = |zone: &'a HostedZone, names: &mut dyn Iterator<Item = DomainName>| {
            reads.entry(&zone.id).or_insert_with(|| (zone, BTreeSet::new())).1.extend(names);
        };
        for name in domain.name.without_wildcard().lineage() {
            if let Some(zone) = zones.iter().find(|zone| name.is_at_or_under(&zone.name)) {
                read(zone, &mut std::iter::once(name));
            }
        }
        if let Some(zone) = assigned {
            let records = BTreeSet::from([record.clone()]);
            read(zone, &mut names_to_read(&zone.name, &records).into_iter());
            let name = domain.name.without_wildcard();
            read(zone, &mut wildcards_above(&zone.name, &name).into_iter());
        }
    }
    reads
}

fn examine_record(
    record: &ValidationRecord,
    assignment: &Assignment<'_>,
    content: Option<&Result<Content, Problem>>,
    discovery: &Discovery,
) -> RecordDiagnosis {
    let zone = assignment.assigned.get(record).copied();
    let status = match (zone, content) {
        (Some(zone), Some(Ok(content))) => presence(record, zone, content).map(RecordStatus::of),
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

/// Every zone that can hold a record by its name, and why it is chosen or not.
fn candidates(
    record: Option<&ValidationRecord>,
    chosen: Option<&HostedZone>,
    discovery: &Discovery,
    context: &Context,
) -> Vec<Candidate> {
    let Some(record) = record else { return Vec::new() };
    let required = context.settings.hosted_zone_tag.as_ref();
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
        why: why(zone),
    };
    tagged.into_iter().chain(others).map(candidate).collect()
}

//! Examines the records of certificates: in hosted zones, and in public DNS.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::answer::{NameDiagnosis, RecordDiagnosis, RecordStatus, Validation};
use super::case::Case;
use super::public::{Seen, look};
use super::record::{candidates, examine_record};
use super::remarks::{Delegations, foreign_servers, not_put_back, only_wildcards};
use crate::aws::route53;
use crate::dns::questions::Questions;
use crate::domain::arn::Scope;
use crate::domain::certificate::{Certificate, Domain};
use crate::domain::name::DomainName;
use crate::domain::problem::Problem;
use crate::domain::record::ValidationRecord;
use crate::domain::zone::caa::governing;
use crate::domain::zone::candidates::unusable;
use crate::domain::zone::choice::{Assignment, assign};
use crate::domain::zone::content::{names_to_read, wildcards_above, zone_cut};
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::requirements::{HOSTED_ZONE_TAG, Requirements};
use crate::domain::zone::{Content, HostedZone};
use crate::flows::authorize::authorize;
use crate::flows::context::Context;
use crate::flows::deadline::Deadline;
use crate::flows::discovery::{child_zone_advice, discover};
use crate::flows::public_dns::{World, compare_all};

/// Examines the records of several certificates together until `deadline`, with this many queries to
/// public DNS at most. What hosted zones hold is read, unless it is `given`: by the zones' ids, at all names
/// that matter.
pub(in crate::flows) async fn examine_all(
    context: &Context,
    ours: &Scope,
    deadline: &Deadline,
    queries: usize,
    given: &BTreeMap<String, Content>,
    cases: &mut [Case<'_>],
) {
    if cases.is_empty() {
        return;
    }
    let questions = Questions::at_most(queries, deadline.percent(60).instant());
    if deadline.bound(examine(context, ours, questions, deadline, given, cases)).await.is_none() {
        for Case { domains, diagnosis, .. } in cases {
            let rest = domains.get(diagnosis.names.len()..).unwrap_or_default();
            if !rest.is_empty() {
                diagnosis.remarks.push(OUT_OF_TIME.to_owned());
                diagnosis.names.extend(rest.iter().map(not_examined));
            }
        }
    }
}

const OUT_OF_TIME: &str = "the invocation ran out of time before it read the hosted zones";

/// What is known of a name for which there was no time.
fn not_examined(domain: &Domain) -> NameDiagnosis {
    NameDiagnosis {
        name: domain.name.clone(),
        validation: Validation::of(&domain.progress),
        record: domain.record().map(|record| RecordDiagnosis {
            name: record.fqdn(),
            value: format!("{}.", record.value()),
            state: RecordStatus::Unknown,
            hosted_zone_id: None,
            reason: Some(OUT_OF_TIME.to_owned()),
        }),
        zones: Vec::new(),
        public_dns: None,
        caa: None,
    }
}

/// Examines the record of every name. What several certificates need is asked for once, and each hosted
/// zone is read once.
async fn examine(
    context: &Context,
    ours: &Scope,
    questions: Questions,
    deadline: &Deadline,
    given: &BTreeMap<String, Content>,
    cases: &mut [Case<'_>],
) {
    let Context { clients, resolver, settings, .. } = context;
    let world = World { clients, resolver, questions, now: deadline.now() };
    let records = |case: &Case<'_>| -> BTreeSet<ValidationRecord> {
        case.domains.iter().filter_map(Domain::record).cloned().collect()
    };
    let records: Vec<_> = cases.iter().map(records).collect();
    let requirements = cases.iter().zip(&records).map(|(case, records)| {
        let Certificate { arn, names, tags, .. } = case.certificate;
        Requirements::new(&arn.scope.account, records, names, tags.get(HOSTED_ZONE_TAG))
    });
    let requirements: Vec<_> = requirements.collect();
    let domains: Vec<_> = cases.iter().flat_map(|case| case.domains).collect();
    let mut discovery = discover(clients, settings, &requirements).await;
    let names = records.iter().flatten().map(ValidationRecord::name).collect();
    discovery.public = compare_all(&world, &names, &discovery, deadline).await;
    let seen = look(resolver, &world.questions, &domains).await;
    let required = settings.hosted_zone_tag.as_ref();
    let assignments: Vec<_> =
        requirements.iter().map(|it| assign(it, &discovery, required)).collect();
    let asked: Vec<_> = requirements
        .iter()
        .zip(&assignments)
        .map(|(it, assignment)| (it.account, assignment.zones()))
        .collect();
    let refusals = authorize(clients, settings, ours, deadline, &asked).await;
    let contents = read_all(context, given, &reads(cases, &assignments, &discovery)).await;
    let read: Content = contents.values().flatten().flat_map(|content| content.clone()).collect();
    let mut delegations = Delegations::default();
    let parts = cases.iter_mut().zip(&assignments).zip(&refusals);
    for ((Case { domains, diagnosis, .. }, assignment), refusals) in parts {
        diagnosis.remarks.clone_from(&assignment.remarks);
        diagnosis.remarks.extend(delegations.missing(clients, assignment, &discovery).await);
        diagnosis.remarks.extend(foreign_servers(assignment, &discovery));
        diagnosis.remarks.extend(only_wildcards(domains, assignment, &contents));
        diagnosis.remarks.extend(not_put_back(domains, assignment, refusals, &contents));
        for domain in *domains {
            let name = &domain.name;
            let zone = domain.record().and_then(|record| assignment.assigned.get(record)).copied();
            let content = zone.and_then(|zone| contents.get(zone.id.as_str()));
            let key = (name.clone(), domain.record().map(|record| record.name().clone()));
            let (view, caa) = match seen.get(&key) {
                Some(Seen { view, caa: Ok(caa) }) => (view.clone(), caa.clone()),
                Some(Seen { view, caa: Err(_) }) => (view.clone(), governing(name, &read)),
                None => (None, governing(name, &read)),
            };
            let refusal = zone.and_then(|zone| refusals.get(&zone.id));
            let mut record = domain
                .record()
                .map(|it| examine_record(it, assignment, refusal, content, &discovery));
            if let (Some(it), Some(Ok(content))) = (&mut record, content) {
                advise_below_cut(context, domain, zone, content, &discovery, it).await;
            }
            diagnosis.names.push(NameDiagnosis {
                name: name.clone(),
                validation: Validation::of(&domain.progress),
                record,
                zones: candidates(domain.record(), zone, refusal, &discovery, required),
                public_dns: view,
                caa: caa.filter(|set| set.forbids(name)).map(|set| set.to_string()),
            });
        }
    }
}

/// The names to read in each zone, by the zones' ids.
type Reads<'a> = BTreeMap<&'a str, (&'a HostedZone, BTreeSet<DomainName>)>;

/// The content of each zone, by the zones' ids.
async fn read_all<'a>(
    context: &Context,
    given: &BTreeMap<String, Content>,
    reads: &Reads<'a>,
) -> BTreeMap<&'a str, Result<Content, Problem>> {
    let reading = reads.iter().map(async |(id, (zone, names))| {
        if let Some(given) = given.get(*id) {
            let at_names = given.iter().filter(|(name, _)| names.contains(name));
            return (*id, Ok(at_names.map(|(name, sets)| (name.clone(), sets.clone())).collect()));
        }
        let client = context.clients.route53(&zone.access);
        (*id, route53::read(&client, zone, names).await)
    });
    stream::iter(reading).buffer_unordered(ZONES_AT_ONCE).collect().await
}

/// How many zones are read at the same time. Route 53 accepts ten calls a second from an account.
const ZONES_AT_ONCE: usize = 5;

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
    cases: &[Case<'_>],
    assignments: &[Assignment<'a>],
    discovery: &'a Discovery,
) -> Reads<'a> {
    let mut reads = Reads::new();
    let cases = cases.iter().zip(assignments);
    let domains =
        cases.flat_map(|(case, assignment)| case.domains.iter().map(move |it| (it, assignment)));
    for (domain, assignment) in domains {
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

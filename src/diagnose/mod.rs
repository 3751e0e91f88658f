//! Says what stands in a certificate's way, name by name, and does nothing about it: the answer to
//! somebody who asks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde::Serialize;

use self::advice::advice;
use crate::arn::CertificateArn;
use crate::aws::{route53, scheduler};
use crate::certificate::{Certificate, Domain, Progress};
use crate::context::{Context, Invocation};
use crate::error::{Error, Trouble};
use crate::name::DomainName;
use crate::plan::{self, Reason, Underway};
use crate::publish::{obstacle, spell};
use crate::reconcile::observe;
use crate::record::ValidationRecord;
use crate::survey::survey;
use crate::zone::caa::forbidden;
use crate::zone::content::{Content, waypoints};
use crate::zone::{Access, Assignment, Claim, HostedZone, Survey, assign, unfit};

mod advice;

/// What stands in a certificate's way; the function's response to a `Certificate Diagnosis`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// The certificate.
    pub certificate_arn: String,
    /// One sentence for whoever has to act.
    pub advice: String,
    /// ACM's word for how far it has come; none if ACM knows no such certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How it has ended, or why it is not ours, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the next check of it is armed for; none if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_check: Option<DateTime<Utc>>,
    /// What is wrong with its tags, and where a delegation seems to be missing.
    pub remarks: Vec<String>,
    /// Each of its names.
    pub names: Vec<NameDiagnosis>,
}

/// What stands in the way of one name.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NameDiagnosis {
    /// The name, `*.` included.
    pub name: DomainName,
    /// What ACM says of it.
    pub validation: Validation,
    /// The record that it needs, if ACM tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordDiagnosis>,
    /// Hosted zones that could hold the record by their name, the longest first.
    pub zones: Vec<Candidate>,
    /// The CAA record set in our zones that keeps Amazon from issuing for it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caa: Option<String>,
}

/// What ACM says of one name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Validation {
    /// It waits for the record.
    Awaiting,
    /// It is validated by e-mail or over HTTP.
    Elsewhere,
    /// It asks for something that is not one of its validation records.
    Refused,
    /// It has not made the record yet.
    Unready,
    /// It has seen the record.
    Validated,
}

/// How a record stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordDiagnosis {
    /// Its name: `_x1.example.com.`
    pub name: String,
    /// What it points to.
    pub value: String,
    /// How it stands.
    pub state: Standing,
    /// The zone it is in, or belongs into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<String>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a record stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Standing {
    /// It cannot be written until somebody acts.
    Blocked,
    /// Another CNAME stands at its name, and would be replaced.
    Different,
    /// It is not there.
    Missing,
    /// It is there, and right.
    Present,
    /// Nobody could tell just now.
    Unknown,
}

/// A hosted zone that could hold a record.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: DomainName,
    /// The role that reaches it; none if it is in the function's own account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether the record belongs into it.
    pub chosen: bool,
    /// Why, or why not.
    pub why: String,
}

/// Looks at everything a look would look at, and some things more, and writes nothing.
///
/// # Errors
///
/// [`Error::Describe`] or [`Error::Tags`] if ACM refuses; [`Error::Foreign`] before any call.
/// What else could not be found out is said in the answer.
pub async fn diagnose(
    context: &Context,
    invocation: &Invocation,
    arn: &CertificateArn,
) -> Result<Diagnosis, Error> {
    let certificate = observe(context, invocation, arn, None).await?;
    let now = invocation.deadline.now();
    let reason = plan::stopped_by(certificate.as_ref(), now, &context.settings.policy);
    let mut diagnosis = Diagnosis {
        certificate_arn: arn.to_string(),
        advice: String::new(),
        status: certificate.as_ref().map(|certificate| certificate.status.as_str().to_owned()),
        reason: reason.as_ref().map(Reason::to_string),
        next_check: None,
        remarks: Vec::new(),
        names: Vec::new(),
    };
    if let Some(certificate) = &certificate {
        let underway = plan::underway(certificate);
        if let Some(underway) = &underway {
            diagnosis.next_check = next_check(context, arn, underway, now).await;
        }
        let domains = underway.map_or(certificate.domains.as_slice(), |underway| underway.domains);
        let examining = examine(context, certificate, domains, &mut diagnosis);
        if invocation.deadline.percent(80).bound(examining).await.is_none() {
            diagnosis.remarks.push("the time ran out before the hosted zones were read".to_owned());
        }
    }
    diagnosis.advice = advice(&diagnosis, reason.as_ref());
    Ok(diagnosis)
}

/// When the next check is armed for, if one is.
async fn next_check(
    context: &Context,
    arn: &CertificateArn,
    underway: &Underway<'_>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let client = context.clients.scheduler();
    for at in underway.grid.armed(now) {
        let name = scheduler::check_name(arn, at);
        if scheduler::is_armed(&client, &context.settings, &name).await == Ok(true) {
            return Some(at);
        }
    }
    None
}

/// Finds out how the record of every name stands.
async fn examine(
    context: &Context,
    certificate: &Certificate,
    domains: &[Domain],
    diagnosis: &mut Diagnosis,
) {
    let Context { clients, settings, .. } = context;
    let records: BTreeSet<_> = domains.iter().filter_map(record).cloned().collect();
    let claim = Claim::new(certificate, &records);
    let survey = match records.is_empty() {
        true => Survey::default(),
        false => survey(clients, settings, &[&claim]).await,
    };
    let assignment = assign(&claim, &survey, settings.hosted_zone_tag.as_ref());
    let contents: BTreeMap<_, _> = reads(domains, &assignment, &survey)
        .into_values()
        .map(async |(zone, names)| {
            let client = clients.route53(&zone.access);
            (zone.id.as_str(), route53::read(&client, zone, &names).await)
        })
        .collect::<FuturesUnordered<_>>()
        .collect()
        .await;
    let seen: Content = contents.values().flatten().flat_map(|content| content.clone()).collect();
    diagnosis.remarks.clone_from(&assignment.remarks);
    diagnosis.remarks.extend(undelegated(context, &assignment, &survey).await);
    diagnosis.names = domains
        .iter()
        .map(|domain| {
            let home = record(domain).and_then(|record| assignment.homes.get(record)).copied();
            let content = home.and_then(|zone| contents.get(zone.id.as_str()));
            NameDiagnosis {
                name: domain.name.clone(),
                validation: Validation::of(&domain.progress),
                record: record(domain).map(|it| stands(it, &assignment, content)),
                zones: candidates(record(domain), home, &survey, context),
                caa: forbidden(&domain.name, &seen)
                    .map(|it| format!("{} CAA {}", it.at, it.values.join(", "))),
            }
        })
        .collect();
}

/// Chosen zones that a shorter one within reach does not delegate to. That one need not be what the
/// world sees, so nothing is blocked.
async fn undelegated(
    context: &Context,
    assignment: &Assignment<'_>,
    survey: &Survey,
) -> Vec<String> {
    let homes: BTreeMap<_, _> =
        assignment.homes.iter().map(|(record, home)| (&home.id, (record, *home))).collect();
    let mut remarks = Vec::new();
    for (record, home) in homes.into_values() {
        let shorter = |zone: &&HostedZone| zone.name.depth() < home.name.depth();
        let mut public = survey.above(record).filter(|zone| unfit(zone, None).is_none());
        let Some(parent) = public.find(shorter) else { continue };
        let client = context.clients.route53(&parent.access);
        let apex = BTreeSet::from([home.name.clone()]);
        let Ok(content) = route53::read(&client, parent, &apex).await else { continue };
        if !content.values().flatten().any(|set| set.kind == "NS") {
            remarks.push(format!(
                "hosted zone {} ({}) does not delegate {}: unless another does, nobody sees hosted \
                 zone {}",
                parent.id, parent.name, home.name, home.id
            ));
        }
    }
    remarks
}

/// Which zones to read, and at which names: where the records belong, and where CAA records of the
/// names would stand, each in the zone that answers for it.
fn reads<'a>(
    domains: &[Domain],
    assignment: &Assignment<'a>,
    survey: &'a Survey,
) -> BTreeMap<&'a str, (&'a HostedZone, BTreeSet<DomainName>)> {
    let mut reads: BTreeMap<&str, (&HostedZone, BTreeSet<DomainName>)> = BTreeMap::new();
    for domain in domains {
        let Some(record) = record(domain) else { continue };
        let home = assignment.homes.get(record).copied();
        let public = survey.above(record).filter(|zone| unfit(zone, None).is_none());
        let zones: Vec<_> = home.into_iter().chain(public).collect();
        let mut read = |zone: &'a HostedZone, names: &mut dyn Iterator<Item = DomainName>| {
            reads.entry(&zone.id).or_insert_with(|| (zone, BTreeSet::new())).1.extend(names);
        };
        for name in domain.name.without_wildcard().lineage() {
            if let Some(zone) = zones.iter().find(|zone| name.is_at_or_under(&zone.name)) {
                read(zone, &mut std::iter::once(name));
            }
        }
        if let Some(zone) = home {
            let records = BTreeSet::from([record.clone()]);
            read(zone, &mut waypoints(&zone.name, &records).into_iter());
        }
    }
    reads
}

/// The record of a name, if ACM tells.
fn record(domain: &Domain) -> Option<&ValidationRecord> {
    match &domain.progress {
        Progress::Awaiting(record) | Progress::Validated(Some(record)) => Some(record),
        Progress::Elsewhere
        | Progress::Refused(_)
        | Progress::Unready
        | Progress::Validated(None) => None,
    }
}

fn stands(
    record: &ValidationRecord,
    assignment: &Assignment<'_>,
    content: Option<&Result<Content, Trouble>>,
) -> RecordDiagnosis {
    let home = assignment.homes.get(record);
    let standing = match (home, content) {
        (Some(zone), Some(Ok(content))) => obstacle(record, zone, content).map(|right| {
            let other = content.get(record.name()).is_some_and(|sets| !sets.is_empty());
            match (right, other) {
                (true, _) => Standing::Present,
                (false, true) => Standing::Different,
                (false, false) => Standing::Missing,
            }
        }),
        (_, Some(Err(trouble))) => Err(trouble.clone()),
        _ => assignment.homeless.get(record).map_or(Ok(Standing::Unknown), |it| Err(it.clone())),
    };
    let (state, reason) = match standing {
        Ok(state) => (state, None),
        Err(trouble) if trouble.is_standing() => (Standing::Blocked, Some(trouble.message)),
        Err(trouble) => (Standing::Unknown, Some(trouble.message)),
    };
    RecordDiagnosis {
        name: spell(record),
        value: format!("{}.", record.value()),
        state,
        hosted_zone_id: home.map(|zone| zone.id.clone()),
        reason,
    }
}

/// Every zone that could hold a record by its name, and why it is the one or not.
fn candidates(
    record: Option<&ValidationRecord>,
    home: Option<&HostedZone>,
    survey: &Survey,
    context: &Context,
) -> Vec<Candidate> {
    let Some(record) = record else { return Vec::new() };
    let required = context.settings.hosted_zone_tag.as_ref();
    let named = home.filter(|home| survey.tagged.contains_key(&home.id));
    let others =
        survey.above(record).filter(|zone| Some(zone.id.as_str()) != named.map(|it| &*it.id));
    let why = |zone: &HostedZone| match unfit(zone, required) {
        Some(why) => why,
        None if named.is_some_and(|named| named.id == zone.id) => {
            "the certificate's tag names it".to_owned()
        }
        None if named.is_some() => "the certificate's tag names another".to_owned(),
        None => match home {
            Some(home) if home.id == zone.id => "it is the longest match".to_owned(),
            Some(home) => format!("{} is a longer match", home.name),
            None => "nothing tells it from its equals".to_owned(),
        },
    };
    let candidate = |zone: &HostedZone| Candidate {
        id: zone.id.clone(),
        name: zone.name.clone(),
        role: match &zone.access {
            Access::Own => None,
            Access::Role(arn) => Some(arn.clone()),
        },
        chosen: home.is_some_and(|home| home.id == zone.id),
        why: why(zone),
    };
    named.into_iter().chain(others).map(candidate).collect()
}

impl Validation {
    fn of(progress: &Progress) -> Self {
        match progress {
            Progress::Awaiting(_) => Self::Awaiting,
            Progress::Elsewhere => Self::Elsewhere,
            Progress::Refused(_) => Self::Refused,
            Progress::Unready => Self::Unready,
            Progress::Validated(_) => Self::Validated,
        }
    }
}

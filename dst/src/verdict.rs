//! What must be true at the end of a world.

use chrono::{DateTime, TimeDelta, Utc};
use sim::Sim;
use sim::acm::{Certificate, RenewalStatus, Status, UpdateStatus};
use sim::aws::Aws;
use sim::eventbridge::Published;
use sim::scheduler::Progress;

use crate::act::{HOME, OURS};
use crate::draw::{BOUND, CHAIN, HOUR, Scenario};
use crate::oracle::CertificateFact;
use crate::watch::State;
use crate::world::{GROUP, QUEUE};

const PROMISED_REPORTS: usize = 6;
/// Points of the grid in 73 hours; after that a renewal has one a day.
const GRID: usize = 304 + 40;
const TIME_OUT: TimeDelta = TimeDelta::hours(72);
const MILESTONES: [i64; 5] = [15, 60, 360, 24 * 60, 48 * 60];

/// Judges a world that has come to its end.
pub(crate) fn judge(scenario: &Scenario, state: &mut State, sim: &Sim) {
    let now = sim.now();
    let aws = sim.aws();
    let facts = state.ledger.facts(&aws, now);
    let long = scenario.end - scenario.cease >= CHAIN;
    let dry_run = scenario.settings.contains_key("DRY_RUN");
    let ceased = now - TimeDelta::seconds(scenario.end - scenario.cease);
    for attempt in aws.lambda.finished() {
        if let Err(error) = &attempt.outcome
            && error.starts_with("panicked")
        {
            state.violate(attempt.ended, "The function never panics.", error.clone());
        }
    }
    for (number, arn) in state.ledger.certificates.clone() {
        let Some(certificate) = aws.acm.certificate(&arn) else { continue };
        let Some(fact) = facts.certificates.iter().find(|fact| fact.arn == arn) else { continue };
        let told =
            format!("certificate {number} ({}) is {}", certificate.name(), status(certificate));
        let checks = armed(&aws, &arn, now);
        let looks = looks(&aws, &arn);
        let touched =
            scenario.doors.count() * state.ledger.touched.get(&arn).copied().unwrap_or_default();
        let hours = usize::try_from(scenario.end / HOUR).unwrap_or_default();
        if scenario.calm && looks > GRID + touched + hours {
            let invariant = "A certificate is looked at no more often than the grid has points, and \
                             once more for each sweep and each touch.";
            state.violate(now, invariant, format!("{told} after {looks} looks"));
        }
        if !dry_run {
            let since = began(certificate);
            // ACM gave it up, or would have, before the world had to be well again.
            let in_time = since + TIME_OUT > ceased + TimeDelta::seconds(BOUND);
            let hopeless = facts.hopeless(fact);
            if in_time && waits(certificate, fact, checks) && hopeless.is_none() {
                let invariant = "Every certificate that can be validated is issued within two \
                                 hours after misfortune ends.";
                state.violate(now, invariant, told.clone());
            }
            let lost = migrates(certificate);
            if fact.ours
                && !lost
                && !fact.lapsed
                && !fact.wanted.is_empty()
                && now < since + TIME_OUT
                && checks == 0
            {
                let invariant = "A certificate of ours that waits has a check armed.";
                state.violate(now, invariant, format!("{told}: {}", hopeless.unwrap_or_default()));
            }
            reports(scenario, state, &aws, fact, since, ceased, &told);
        }
        let over = match &certificate.renewal {
            Some(_) => certificate.not_after.is_some_and(|end| end < now),
            None => long,
        };
        if over && checks > 0 {
            let invariant = "Every chain of checks ends: after 73 hours, or with the certificate.";
            state.violate(now, invariant, format!("{told}, and {checks} are armed"));
        }
    }
}

/// Whether blocks are told as promised: not too often, and at the milestones.
fn reports(
    scenario: &Scenario,
    state: &mut State,
    aws: &Aws,
    fact: &CertificateFact,
    since: DateTime<Utc>,
    ceased: DateTime<Utc>,
    told: &str,
) {
    let published = aws.eventbridge.published().iter();
    let about = published.filter(|event| event.resources.first() == Some(&fact.arn));
    let mut blocks: Vec<_> = about.filter(|event| event.detail["state"] == "BLOCKED").collect();
    // What a lost answer made the SDK send again is one report, delivered twice.
    blocks.dedup_by(|one, other| one.detail == other.detail);
    let touched = state.ledger.touched.get(&fact.arn).copied().unwrap_or_default();
    let touched = scenario.doors.count() * touched;
    // That a record was written is told whenever it happens, and what blocks the others with it.
    let wrote = |event: &&&Published| event.detail["records"].to_string().contains("WRITTEN");
    let written = blocks.iter().filter(wrote).count();
    // Bad luck may bring a look before the function as often as it likes: only calm worlds count.
    if scenario.calm && blocks.len() > PROMISED_REPORTS + touched + written {
        let invariant = "A standing block is reported at first and at five ages, and when somebody \
                         touches the certificate.";
        state.violate(ceased, invariant, format!("{told}: {} reports", blocks.len()));
    }
    let Some((from, alive)) = state.blocked.get(&fact.arn).copied() else { return };
    if !certificate_waits(aws, &fact.arn) {
        return;
    }
    // A chain that is alive tells at the ages promised; where there is none, the event or at the
    // latest a sweep begins one.
    let heard = from + TimeDelta::minutes(if alive { 1 } else { 80 });
    let end = ceased + TimeDelta::seconds(scenario.end - scenario.cease);
    for age in MILESTONES.map(TimeDelta::minutes) {
        let due = since + age;
        // By then the sweep has brought every chain back to life.
        let well = scenario.calm || due > ceased + TimeDelta::minutes(80);
        let well = well && due > heard && due + TimeDelta::minutes(17) < end;
        let reported = |from: DateTime<Utc>| {
            let until = from + TimeDelta::minutes(17);
            blocks.iter().any(|event| (from - TimeDelta::minutes(2)..until).contains(&event.at))
        };
        if well && !reported(due) {
            let invariant = "A standing block is reported when it reaches the ages promised.";
            state.violate(due, invariant, format!("{told}: nothing at the age of {age}"));
        }
    }
    let told_since = blocks.iter().any(|event| event.at >= from);
    if scenario.calm && !alive && !told_since && heard < end {
        let invariant = "A standing block that no chain of checks has seen begin is reported.";
        state.violate(ceased, invariant, told.to_owned());
    }
}

fn certificate_waits(aws: &Aws, arn: &str) -> bool {
    aws.acm.certificate(arn).is_some_and(|it| it.status == Status::PendingValidation)
}

/// When what is underway began.
fn began(certificate: &Certificate) -> DateTime<Utc> {
    match (&certificate.update, &certificate.renewal) {
        (Some(update), _) => update.requested_at,
        (None, Some(renewal)) => renewal.updated_at,
        (None, None) => certificate.created_at,
    }
}

fn migrates(certificate: &Certificate) -> bool {
    let update = certificate.update.as_ref();
    update.is_some_and(|update| update.status == UpdateStatus::PendingDomainValidation)
}

/// Whether ACM still waits, or gave up, for a validation that ought to be over. A move to DNS whose
/// event was lost is found by no sweep: that much is said in the function's own documentation.
fn waits(certificate: &Certificate, fact: &CertificateFact, checks: usize) -> bool {
    let renewal = certificate.renewal.as_ref().map(|renewal| renewal.status);
    match certificate.status {
        Status::PendingValidation => certificate.issue_at.is_none() && !fact.wanted.is_empty(),
        Status::ValidationTimedOut => !fact.wanted.is_empty(),
        Status::Issued if migrates(certificate) => checks > 0,
        Status::Issued => renewal == Some(RenewalStatus::PendingValidation),
        _ => false,
    }
}

/// How often a certificate was looked at.
fn looks(aws: &Aws, arn: &str) -> usize {
    let attempts = aws.lambda.finished().iter();
    let looks = attempts
        .filter(|it| it.outcome.as_ref().is_ok_and(|outcome| outcome["certificateArn"] == arn));
    looks.count()
}

/// How many checks of a certificate are armed, or on their way through the queue.
pub(crate) fn armed(aws: &Aws, arn: &str, now: DateTime<Utc>) -> usize {
    let id = arn.rsplit('/').next().unwrap_or_default();
    let schedules = aws.scheduler.schedules(OURS, HOME, GROUP).into_iter();
    let pending = schedules.filter(|it| matches!(it.progress, Progress::Pending(at) if at >= now));
    let queued = aws.sqs.messages(QUEUE).filter(|message| message.body.contains(id));
    pending.filter(|schedule| schedule.name.starts_with(id)).count() + queued.count()
}

fn status(certificate: &Certificate) -> String {
    serde_json::to_value(certificate.status).unwrap_or_default().to_string()
}

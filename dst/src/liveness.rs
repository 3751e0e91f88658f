//! The invariants of liveness: what must hold at the end of a world.

use chrono::{DateTime, TimeDelta, Utc};
use sim::Sim;
use sim::acm::{Certificate, RenewalStatus, Status};
use sim::aws::Aws;
use sim::eventbridge::Published;
use sim::scheduler::{Progress, Schedule};

use crate::audited;
use crate::checks::{TIME_OUT, began, migrates, must_be_scheduled, scheduled};
use crate::monitor::state::State;
use crate::names::{GROUP, HOME, NOBODYS, OURS};
use crate::oracle::CertificateFact;
use crate::scenario::{CHAIN_LENGTH, HOUR, RECOVERY_TIME, Scenario};

/// A blocked certificate is reported when first found, and at five ages.
const PROMISED_REPORTS: usize = 6;
/// The check times of 73 hours.
const CHECK_TIMES: usize = 304;
/// The ages, in minutes, at which a blocked certificate is reported again.
const REPORT_AGES: [i64; 5] = [15, 60, 360, 24 * 60, 48 * 60];

/// By the age of 20 minutes, the first of them is published.
const EARLY: TimeDelta = TimeDelta::minutes(15);

/// A certificate that does not exist is forgotten by the end of a world, two hours after its last event.
const GONE: &str = "Two hours after people stop, no check is scheduled of a certificate that does not \
                    exist, whatever time its events had.";

/// How long a schedule that has fired may exist.
const LINGER: TimeDelta = TimeDelta::minutes(5);

/// Checks a world that has ended.
pub(crate) fn check(scenario: &Scenario, state: &mut State, sim: &Sim) {
    let now = sim.now();
    let aws = sim.aws();
    let facts = state.ledger.facts(&aws, now);
    let long = scenario.end - scenario.faults_end >= CHAIN_LENGTH;
    let dry_run = scenario.settings.contains_key("DRY_RUN");
    let faults_ended = now - TimeDelta::seconds(scenario.end - scenario.faults_end);
    for attempt in aws.lambda.finished() {
        if let Err(error) = &attempt.outcome
            && error.starts_with("panicked")
        {
            state.violate(attempt.ended, "The function never panics.", error.clone());
        }
    }
    spent_schedules(state, &aws, now);
    if !dry_run {
        audited::check(state, &aws, &facts, faults_ended);
    }
    if scheduled(&aws, NOBODYS, now) > 0 {
        let but = "one is scheduled of a certificate that never existed".to_owned();
        state.violate(now, GONE, but);
    }
    for (number, arn) in state.ledger.certificates.clone() {
        let Some(certificate) = aws.acm.certificate(&arn) else {
            if scheduled(&aws, &arn, now) > 0 {
                state.violate(now, GONE, format!("certificate {number} still has one scheduled"));
            }
            continue;
        };
        let Some(fact) = facts.certificates.iter().find(|fact| fact.arn == arn) else { continue };
        let description =
            format!("certificate {number} ({}) is {}", certificate.name(), status(certificate));
        let checks = scheduled(&aws, &arn, now);
        let checks_made = checks_made(&aws, &arn);
        let touched =
            scenario.route.copies() * state.ledger.touched.get(&arn).copied().unwrap_or_default();
        let hours = usize::try_from(scenario.end / HOUR).unwrap_or_default();
        if scenario.without_faults
            && checks_made > check_times(certificate, hours) + touched + hours
        {
            let invariant = "A certificate is checked no more often than there are check times, and once \
                             more for each sweep and each event about it.";
            state.violate(now, invariant, format!("{description} after {checks_made} checks"));
        }
        if !dry_run {
            let since = began(certificate);
            // Otherwise ACM timed out, or would have, before the time allowed after the faults was over.
            let in_time = since + TIME_OUT > faults_ended + TimeDelta::seconds(RECOVERY_TIME);
            let obstacle = facts.obstacle(fact);
            if in_time && waits(certificate, fact, checks) && obstacle.is_none() {
                let invariant = "Every certificate that can be validated is issued within two \
                                 hours after the faults end.";
                state.violate(now, invariant, description.clone());
            }
            let unwritten = facts.unwritten(fact).filter(|_| waits(certificate, fact, checks));
            if let Some(name) = unwritten.filter(|_| in_time) {
                let invariant = "Two hours after the faults end, every record that has one right zone is in \
                                 it, whether the world sees that zone or not.";
                state.violate(now, invariant, format!("{description}: {name} is not"));
            }
            if must_be_scheduled(certificate, fact, now) && checks == 0 {
                let invariant =
                    "A pending certificate that the function manages has a check scheduled.";
                state.violate(
                    now,
                    invariant,
                    format!("{description}: {}", obstacle.unwrap_or_default()),
                );
            }
            reports(scenario, state, &aws, fact, faults_ended, &description);
        }
        let over = match &certificate.renewal {
            Some(_) => certificate.not_after.is_some_and(|end| end < now),
            None => long,
        };
        if over && checks > 0 {
            let invariant =
                "Every chain of checks ends: after 73 hours, or when the certificate expires.";
            state.violate(
                now,
                invariant,
                format!("{description}, and {checks} checks are scheduled"),
            );
        }
    }
}

/// Whether schedules that have fired are deleted.
fn spent_schedules(state: &mut State, aws: &Aws, now: DateTime<Utc>) {
    let schedules = aws.scheduler.schedules(OURS, HOME, GROUP).into_iter();
    let is_old = |it: &Schedule| matches!(it.progress, Progress::Spent(at) if at < now - LINGER);
    if let Some(spent) = schedules.into_iter().find(|it| is_old(it)) {
        let invariant = "A schedule that has fired is deleted.";
        state.violate(now, invariant, format!("{} still exists", spent.name));
    }
}

/// Whether blocked certificates are reported at the right times, and not more often.
fn reports(
    scenario: &Scenario,
    state: &mut State,
    aws: &Aws,
    fact: &CertificateFact,
    faults_ended: DateTime<Utc>,
    description: &str,
) {
    let published = aws.eventbridge.published().iter();
    let about = published.filter(|event| event.resources.first() == Some(&fact.arn));
    let mut blocks: Vec<_> = about.filter(|event| event.detail["state"] == "BLOCKED").collect();
    // If an answer is lost, the SDK sends the event again: that is one report, delivered twice.
    blocks.dedup_by(|one, other| one.detail == other.detail);
    let touched = state.ledger.touched.get(&fact.arn).copied().unwrap_or_default();
    let touched = scenario.route.copies() * touched;
    // An event is published whenever a record is written. It also reports the blocked records.
    let wrote = |event: &&&Published| event.detail["records"].to_string().contains("WRITTEN");
    let written = blocks.iter().filter(wrote).count();
    // Faults may start any number of checks, so only worlds without faults are counted.
    if scenario.without_faults && blocks.len() > PROMISED_REPORTS + touched + written {
        let invariant = "A blocked certificate is reported when first found, at five ages, and when \
                         there is an event about it.";
        state.violate(faults_ended, invariant, format!("{description}: {} reports", blocks.len()));
    }
    let Some(certificate) = aws.acm.certificate(&fact.arn) else { return };
    let end = faults_ended + TimeDelta::seconds(scenario.end - scenario.faults_end);
    for block in state.blocks.get(&fact.arn).cloned().unwrap_or_default() {
        let lasts = block.until.is_none();
        // The ages of a renewal are not those of a request.
        if block.began != certificate.created_at || (lasts && !is_pending(aws, &fact.arn)) {
            continue;
        }
        let until = block.until.unwrap_or(end);
        // If a check was scheduled when the block began, checks report it at the stated ages. Otherwise
        // an event, or at the latest a sweep, schedules the first check.
        let noticed = block.from + TimeDelta::minutes(if block.is_scheduled { 1 } else { 80 });
        for age in REPORT_AGES.map(TimeDelta::minutes) {
            let due = block.began + age;
            // By then a sweep has scheduled checks for every pending certificate.
            let must_report =
                scenario.without_faults || due > faults_ended + TimeDelta::minutes(80);
            let late =
                TimeDelta::minutes(if scenario.without_faults && age <= EARLY { 5 } else { 17 });
            let must_report = must_report && due > noticed && due + late < until;
            let window = due - TimeDelta::minutes(2)..due + late;
            if must_report && !blocks.iter().any(|event| window.contains(&event.at)) {
                let invariant =
                    "A blocked certificate is reported when the block reaches the stated ages.";
                let but = format!("{description}: no report at the age of {age}");
                state.violate(due, invariant, but);
            }
        }
        let reported_since = blocks.iter().any(|event| event.at >= block.from);
        // Of an account of the organization it is unknown since when exactly the function serves it, and so
        // whether a check was scheduled then.
        let is_known = !state.ledger.members.are_served();
        if scenario.without_faults
            && is_known
            && !block.is_scheduled
            && !reported_since
            && noticed < until
        {
            let invariant = "A block that began while no check was scheduled is reported.";
            state.violate(faults_ended, invariant, description.to_owned());
        }
    }
}

fn is_pending(aws: &Aws, arn: &str) -> bool {
    aws.acm.certificate(arn).is_some_and(|it| it.status == Status::PendingValidation)
}

/// How many check times a certificate has in a world of so many hours.
fn check_times(certificate: &Certificate, hours: usize) -> usize {
    match &certificate.renewal {
        // Every hour. Its first validation was before the world began.
        Some(renewal) if renewal.status == RenewalStatus::PendingValidation => hours + 2,
        _ => CHECK_TIMES,
    }
}

/// Whether ACM still waits for a validation that should be over, or timed out. No sweep finds a
/// migration to DNS whose event was lost; the documentation of the function says so.
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

/// How often a certificate was checked.
fn checks_made(aws: &Aws, arn: &str) -> usize {
    let attempts = aws.lambda.finished().iter();
    let checks = attempts
        .filter(|it| it.outcome.as_ref().is_ok_and(|outcome| outcome["certificateArn"] == arn));
    checks.count()
}

fn status(certificate: &Certificate) -> String {
    serde_json::to_value(certificate.status).unwrap_or_default().to_string()
}

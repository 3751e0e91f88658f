//! The scheduled checks of a certificate: creates, finds and cancels them.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tracing::warn;

use crate::aws::error::Error;
use crate::aws::scheduler::{self, Schedule, Scheduled};
use crate::domain::arn::CertificateArn;
use crate::domain::audit::request::{AuditRequest, audit_payload};
use crate::domain::check_times::CheckTimes;
use crate::domain::request::{SweepRequest, check_payload, sweep_payload};
use crate::flows::context::{Context, Invocation};

/// Schedules a check. With `since`, when the function first heard of the certificate, it follows up the
/// current one.
///
/// # Errors
///
/// [`Error::Schedule`] if Scheduler refuses.
pub(super) async fn schedule_check(
    context: &Context,
    invocation: &Invocation,
    certificate: &CertificateArn,
    at: DateTime<Utc>,
    since: Option<DateTime<Utc>>,
) -> Result<Scheduled, Error> {
    let input = check_payload(certificate, since);
    schedule(context, invocation, &check_name(certificate, at), at, &input).await
}

/// Makes sure that a check exists that Scheduler says exists: a name may be refused that no schedule has,
/// for instance since one was just deleted. Then the check is scheduled under another name.
///
/// # Errors
///
/// [`Error::Schedule`] if Scheduler refuses.
pub(super) async fn ensure_check(
    context: &Context,
    invocation: &Invocation,
    certificate: &CertificateArn,
    at: DateTime<Utc>,
    since: Option<DateTime<Utc>>,
) -> Result<Scheduled, Error> {
    let Context { clients, settings, .. } = context;
    let name = check_name(certificate, at);
    match scheduler::exists(&clients.scheduler(), &settings.schedule_group, &name).await {
        Ok(false) => {
            let input = check_payload(certificate, since);
            schedule(context, invocation, &format!("{name}-again"), at, &input).await
        }
        Ok(true) | Err(_) => Ok(Scheduled::Existing),
    }
}

/// Schedules a payload that the function sends to itself.
///
/// # Errors
///
/// [`Error::Schedule`] if Scheduler refuses.
async fn schedule(
    context: &Context,
    invocation: &Invocation,
    name: &str,
    at: DateTime<Utc>,
    input: &Value,
) -> Result<Scheduled, Error> {
    let Context { clients, settings, .. } = context;
    let schedule = Schedule {
        group: &settings.schedule_group,
        name,
        at,
        target: &invocation.check_target,
        role: &settings.schedule_role_arn,
        dead_letter_queue: settings.schedule_dead_letter_queue_arn.as_deref(),
        input,
    };
    scheduler::create(&clients.scheduler(), &schedule).await
}

/// Schedules a sweep that goes on where another ran out of time, in a minute or two.
///
/// # Errors
///
/// [`Error::Schedule`] if Scheduler refuses.
pub(super) async fn schedule_sweep(
    context: &Context,
    invocation: &Invocation,
    sweep: &SweepRequest,
) -> Result<Scheduled, Error> {
    let at = invocation.deadline.now() + TimeDelta::minutes(2);
    let payload = sweep_payload(sweep);
    let minute = at.timestamp().div_euclid(60);
    let place = sweep.places.first().or(sweep.from.as_ref());
    let place = place.map(|it| format!("{}-{}-", it.account, it.region)).unwrap_or_default();
    // Sweeps that go on from one place may differ in the rest.
    let mut hash = DefaultHasher::new();
    payload.to_string().hash(&mut hash);
    let kind = if sweep.zones.is_empty() { "sweep" } else { "zones" };
    let name = format!("{kind}-{place}{minute}-{:016x}", hash.finish());
    schedule(context, invocation, &name, at, &payload).await
}

/// Schedules an audit that goes on where this one ran out of time, as soon as Scheduler can.
///
/// # Errors
///
/// [`Error::Schedule`] if Scheduler refuses.
pub(super) async fn schedule_audit(
    context: &Context,
    invocation: &Invocation,
    audit: &AuditRequest,
) -> Result<Scheduled, Error> {
    let at = invocation.deadline.now() + TimeDelta::minutes(1);
    let minute = at.timestamp().div_euclid(60);
    let began = audit.detail.so_far.as_ref().map_or(0, |it| it.began.timestamp());
    // An event that is delivered twice begins two audits; they go on as one.
    let name = format!("audit-{began}-{}-{minute}", audit.certificates.len());
    schedule(context, invocation, &name, at, &audit_payload(audit)).await
}

/// Cancels the check that may be scheduled for a certificate whose end is published already.
pub(super) async fn cancel_check(
    context: &Context,
    certificate: &CertificateArn,
    check_times: CheckTimes,
    now: DateTime<Utc>,
) {
    let Context { clients, settings, .. } = context;
    let client = clients.scheduler();
    for at in check_times.candidates(now) {
        let name = check_name(certificate, at);
        match scheduler::delete(&client, &settings.schedule_group, &name).await {
            Ok(false) => {}
            Ok(true) => return,
            Err(problem) => {
                let error = problem.message;
                return warn!(error, "cannot cancel a check: it will publish the end again");
            }
        }
    }
}

/// When the next check of a certificate is scheduled, if one is.
pub(super) async fn scheduled_check(
    context: &Context,
    certificate: &CertificateArn,
    check_times: CheckTimes,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let Context { clients, settings, .. } = context;
    let client = clients.scheduler();
    for at in check_times.candidates(now) {
        let name = check_name(certificate, at);
        if scheduler::exists(&client, &settings.schedule_group, &name).await == Ok(true) {
            return Some(at);
        }
    }
    None
}

/// The name of a check: `<certificate uuid>-<unix minute>`. A check that exists is found by its name.
/// No name is used twice, since a schedule that has fired may still exist for a while.
fn check_name(certificate: &CertificateArn, at: DateTime<Utc>) -> String {
    format!("{}-{}", certificate.id, at.timestamp().div_euclid(60))
}

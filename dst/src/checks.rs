//! The scheduled checks of certificates.

use chrono::{DateTime, TimeDelta, Utc};
use sim::acm::{Certificate, UpdateStatus};
use sim::aws::Aws;
use sim::scheduler::Progress;

use crate::names::{GROUP, HOME, OURS, QUEUE};
use crate::oracle::CertificateFact;

/// ACM ends a validation after this time.
pub(crate) const TIME_OUT: TimeDelta = TimeDelta::hours(72);

/// How many checks of a certificate are scheduled, or wait in the queue.
pub(crate) fn scheduled(aws: &Aws, arn: &str, now: DateTime<Utc>) -> usize {
    let id = arn.rsplit('/').next().unwrap_or_default();
    let queued = aws.sqs.messages(QUEUE).filter(|message| message.body.contains(id));
    schedules(aws, arn, now) + queued.count()
}

/// How many checks of a certificate are scheduled.
pub(crate) fn schedules(aws: &Aws, arn: &str, now: DateTime<Utc>) -> usize {
    let id = arn.rsplit('/').next().unwrap_or_default();
    let schedules = aws.scheduler.schedules(OURS, HOME, GROUP).into_iter();
    let pending = schedules.filter(|it| matches!(it.progress, Progress::Pending(at) if at >= now));
    pending.filter(|schedule| schedule.name.starts_with(id)).count()
}

/// Whether a check of this certificate must be scheduled.
pub(crate) fn must_be_scheduled(
    certificate: &Certificate,
    fact: &CertificateFact,
    now: DateTime<Utc>,
) -> bool {
    fact.served
        && !migrates(certificate)
        && !fact.timed_out
        && !fact.wanted.is_empty()
        && now < began(certificate) + TIME_OUT
}

/// When the current validation began.
pub(crate) fn began(certificate: &Certificate) -> DateTime<Utc> {
    match (&certificate.update, &certificate.renewal) {
        (Some(update), _) => update.requested_at,
        (None, Some(renewal)) => renewal.updated_at,
        (None, None) => certificate.created_at,
    }
}

/// Whether it changes from e-mail to DNS validation.
pub(crate) fn migrates(certificate: &Certificate) -> bool {
    let update = certificate.update.as_ref();
    update.is_some_and(|update| update.status == UpdateStatus::PendingDomainValidation)
}

/// The id of the certificate that a schedule of this name is for.
pub(crate) fn certificate(schedule: &str) -> &str {
    schedule.rsplit_once('-').map_or("", |(id, _)| id)
}

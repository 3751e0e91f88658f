//! The scheduled checks of certificates.

use chrono::{DateTime, Utc};
use sim::aws::Aws;
use sim::scheduler::Progress;

use crate::names::{GROUP, HOME, OURS, QUEUE};

/// How many checks of a certificate are scheduled, or wait in the queue.
pub(crate) fn scheduled(aws: &Aws, arn: &str, now: DateTime<Utc>) -> usize {
    let id = arn.rsplit('/').next().unwrap_or_default();
    let schedules = aws.scheduler.schedules(OURS, HOME, GROUP).into_iter();
    let pending = schedules.filter(|it| matches!(it.progress, Progress::Pending(at) if at >= now));
    let queued = aws.sqs.messages(QUEUE).filter(|message| message.body.contains(id));
    pending.filter(|schedule| schedule.name.starts_with(id)).count() + queued.count()
}

/// The id of the certificate that a schedule of this name is for.
pub(crate) fn certificate(schedule: &str) -> &str {
    schedule.rsplit_once('-').map_or("", |(id, _)| id)
}

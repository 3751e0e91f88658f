//! Schedules the next checks of the certificates that a sweep found in a place.

use std::pin::pin;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt};
use tracing::warn;

use crate::aws::acm::certificate;
use crate::aws::acm::list::PendingCertificate;
use crate::aws::scheduler::Scheduled;
use crate::domain::arn::Scope;
use crate::domain::check_times::CheckTimes;
use crate::domain::plan::pending_validation;
use crate::domain::request::PageCursor;
use crate::domain::text::report;
use crate::flows::checks::schedule_check;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::error::Error;
use crate::flows::pace::{AT_ONCE, Pace};

/// What a sweep did in one place.
#[derive(Default)]
pub(super) struct Place {
    /// The account.
    pub(super) account: String,
    pub(super) found: usize,
    pub(super) scheduled: usize,
    pub(super) pages: usize,
    /// The first error.
    pub(super) error: Option<Error>,
    /// Where the sweep ran out of time.
    pub(super) stopped_at: Option<PageCursor>,
}

impl Place {
    /// Schedules the checks of these certificates, and returns how many of them, from the first on, it had
    /// time for. No check is begun after `limit`, and none is waited for after `end`.
    pub(super) async fn schedule_checks(
        &mut self,
        context: &Context,
        invocation: &Invocation,
        pace: &Pace,
        certificates: &[PendingCertificate],
        (limit, end): (&Deadline, &Deadline),
    ) -> usize {
        if context.settings.dry_run {
            self.found += certificates.len();
            return certificates.len();
        }
        let scheduling = stream::iter(certificates)
            .then(async |certificate| (pace.turn(limit).await, certificate))
            .map(async |(turn, certificate)| {
                let _turn = turn?;
                end.bound(schedule_next_check(context, invocation, certificate)).await
            })
            .buffered(AT_ONCE);
        let mut scheduling = pin!(scheduling);
        let mut done = 0;
        while let Some(Some(scheduled)) = scheduling.next().await {
            done += 1;
            match scheduled {
                Ok(Some(Scheduled::Created)) => self.scheduled += 1,
                Ok(_) => {}
                Err(error) => {
                    warn!(error = report(&error), "cannot schedule a check");
                    self.error.get_or_insert(error);
                }
            }
        }
        self.found += done;
        done
    }
}

/// Schedules the next check of a certificate; `None` if no validation is pending, or it is over.
async fn schedule_next_check(
    context: &Context,
    invocation: &Invocation,
    pending: &PendingCertificate,
) -> Result<Option<Scheduled>, Error> {
    let now = invocation.deadline.now();
    let validation = match pending.since {
        Some(since) => Some((since, CheckTimes::for_request(since))),
        None => describe_validation(context, &invocation.scope, pending, now).await?,
    };
    let Some((since, check_times)) = validation else { return Ok(None) };
    let Some(at) = check_times.next(now) else { return Ok(None) };
    // A check may be running now, about to schedule the next one. It is left to do so, and the sweep's
    // check comes after that one, to replace it if it is missing. If there is room, the sweep's check
    // waits until that one is over: if it can schedule a check then, no other check is scheduled, and it
    // publishes what nobody has published. If check times are closer, it may be first, and publishes
    // nothing.
    let (at, since) = match (check_times.is_near(now), check_times.has_room_after(at)) {
        (false, _) => (at, None),
        (true, true) => (at + TimeDelta::minutes(2), None),
        (true, false) => (at + TimeDelta::minutes(1), Some(since)),
    };
    let scheduled = schedule_check(context, invocation, &pending.certificate, at, since);
    Ok(Some(scheduled.await?))
}

/// When the pending validation of an issued certificate began, and its check times.
async fn describe_validation(
    context: &Context,
    ours: &Scope,
    pending: &PendingCertificate,
    now: DateTime<Utc>,
) -> Result<Option<(DateTime<Utc>, CheckTimes)>, Error> {
    let arn = &pending.certificate;
    let access = context.certificate_access(ours, &arn.scope, now).await?;
    let client = context.clients.acm(&access, &arn.scope.region);
    let described = certificate::describe_alone(&client, arn, now).await?;
    let validation = described.as_ref().and_then(pending_validation);
    Ok(validation.map(|validation| (validation.began, validation.check_times)))
}

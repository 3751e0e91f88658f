//! Sweeps: schedules the next check of every pending certificate, since events may be lost.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use tracing::{info, warn};

use crate::aws::acm::certificate;
use crate::aws::acm::list::PendingCertificate;
use crate::aws::scheduler::Scheduled;
use crate::domain::arn::Scope;
use crate::domain::check_times::CheckTimes;
use crate::domain::plan::pending_validation;
use crate::domain::request::{PageCursor, SweepRequest, sweep_payload};
use crate::domain::text::report;
use crate::flows::checks::{schedule, schedule_check};
use crate::flows::context::{Context, Invocation};
use crate::flows::error::Error;
use crate::flows::metrics::count_sweep;
use crate::flows::pending;

/// What a sweep did; the function's response.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SweepOutcome {
    /// Pending certificates.
    pub found: usize,
    /// Those of them that had no check scheduled, and have one now.
    #[serde(rename = "armed")]
    pub scheduled: usize,
    /// Pages of them that were read.
    pub pages: usize,
    /// Where the sweep ran out of time. Another sweep is scheduled that goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PageCursor>,
}

/// Schedules the next check of every pending certificate, in every account and region. It decides
/// nothing: the check does. If a check is scheduled already, it stays as it is.
///
/// It stops before the invocation's deadline and schedules a sweep that goes on from there. A dry run
/// counts the pending certificates and schedules nothing.
///
/// # Errors
///
/// The first error of a listing or a schedule, after all the others were tried: Lambda sweeps again,
/// which does no harm. If another sweep is scheduled to go on, errors are only logged.
pub async fn sweep(
    context: &Context,
    invocation: &Invocation,
    request: &SweepRequest,
) -> Result<SweepOutcome, Error> {
    let mut outcome = SweepOutcome::default();
    let result = sweep_into(&mut outcome, context, invocation, request).await;
    let SweepOutcome { found, scheduled, ref from, .. } = outcome;
    info!(found, scheduled, goes_on = from.is_some(), "swept");
    count_sweep(&context.metrics, found, scheduled, invocation.deadline.now());
    result.map(|()| outcome)
}

async fn sweep_into(
    outcome: &mut SweepOutcome,
    context: &Context,
    invocation: &Invocation,
    request: &SweepRequest,
) -> Result<(), Error> {
    let Invocation { deadline, scope, .. } = invocation;
    let is_late = || deadline.left() < MARGIN;
    let mut first_error = None;
    for cursor in cursors(context, scope, request) {
        let mut next = Some(cursor);
        while let Some(cursor) = next.take() {
            // The first page and the first certificates are always done, whatever time there is, so
            // that every sweep makes progress.
            let page = match outcome.pages > 0 && is_late() {
                true => None,
                false => {
                    let page = pending::page(context, scope, cursor.clone(), deadline.now());
                    deadline.percent(80).bound(page).await
                }
            };
            let Some(page) = page else {
                return go_on_later(outcome, context, invocation, request, cursor).await;
            };
            let mut page = match page {
                Ok(page) => page,
                Err(error) => {
                    let PageCursor { account, region, .. } = &cursor;
                    warn!(account, region, error = report(&error), "cannot sweep this region");
                    first_error.get_or_insert(error);
                    break;
                }
            };
            outcome.pages += 1;
            for certificates in page.certificates.chunks(BETWEEN_CLOCKS) {
                if outcome.found > 0 && is_late() {
                    return go_on_later(outcome, context, invocation, request, page.cursor).await;
                }
                page.cursor.done += certificates.len();
                outcome.found += certificates.len();
                if context.settings.dry_run {
                    continue;
                }
                let scheduling =
                    certificates.iter().map(|it| schedule_next_check(context, invocation, it));
                let scheduled: Vec<_> =
                    stream::iter(scheduling).buffer_unordered(AT_ONCE).collect().await;
                for scheduled in scheduled {
                    match scheduled {
                        Ok(Some(Scheduled::Created)) => outcome.scheduled += 1,
                        Ok(_) => {}
                        Err(error) => {
                            warn!(error = report(&error), "cannot schedule a check");
                            first_error.get_or_insert(error);
                        }
                    }
                }
            }
            next = page.next;
        }
    }
    first_error.map_or(Ok(()), Err)
}

/// How long before its deadline a sweep stops: enough to list a page, and to schedule the checks of
/// [`BETWEEN_CLOCKS`] certificates.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// After how many certificates a sweep reads the clock.
const BETWEEN_CLOCKS: usize = 100;

/// How many checks are scheduled at the same time.
const AT_ONCE: usize = 10;

/// The first position in every account and region to sweep, beginning where an earlier sweep stopped.
fn cursors(context: &Context, scope: &Scope, request: &SweepRequest) -> Vec<PageCursor> {
    let cursors = pending::cursors(context, scope, &request.accounts).into_iter();
    match &request.from {
        None => cursors.collect(),
        Some(from) => {
            let is_same =
                |it: &PageCursor| (&it.account, &it.region) == (&from.account, &from.region);
            let rest = cursors.skip_while(|cursor| !is_same(cursor)).skip(1);
            std::iter::once(from.clone()).chain(rest).collect()
        }
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
    let access = context.certificate_access(ours, &arn.scope)?;
    let client = context.clients.acm(&access, &arn.scope.region);
    let described = certificate::describe_alone(&client, arn, now).await?;
    let validation = described.as_ref().and_then(pending_validation);
    Ok(validation.map(|validation| (validation.began, validation.check_times)))
}

/// Schedules a sweep that goes on from here, in a minute or two.
async fn go_on_later(
    outcome: &mut SweepOutcome,
    context: &Context,
    invocation: &Invocation,
    request: &SweepRequest,
    cursor: PageCursor,
) -> Result<(), Error> {
    let at = invocation.deadline.now() + TimeDelta::minutes(2);
    let minute = at.timestamp().div_euclid(60);
    let name = format!("sweep-{}-{}-{minute}", cursor.account, cursor.region);
    outcome.from = Some(cursor);
    if context.settings.dry_run {
        return Ok(());
    }
    let rest = SweepRequest { from: outcome.from.clone(), ..request.clone() };
    schedule(context, invocation, &name, at, &sweep_payload(&rest)).await?;
    Ok(())
}

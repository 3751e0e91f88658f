//! Sweeps: schedules the next check of every pending certificate, since events may be lost.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use tracing::{info, warn};

use crate::aws;
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
    /// Places, each a region of an account, that could not be read or in which a check could not be
    /// scheduled.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed: usize,
    /// Where the sweep ran out of time. Another sweep is scheduled that goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PageCursor>,
}

/// Schedules the next check of every pending certificate, in every account and region. It decides
/// nothing: the check does. If a check is scheduled already, it stays as it is.
///
/// It stops before the invocation's deadline and schedules a sweep that goes on from there. A dry run
/// counts the pending certificates and schedules nothing. A place that fails stops no other; each is
/// logged and counted.
///
/// # Errors
///
/// The first error of a listing or a schedule that a retry may help, after all the others were tried:
/// Lambda sweeps again, which does no harm. If another sweep is scheduled to go on, this one succeeds: to sweep again would
/// schedule the rest twice.
pub async fn sweep(
    context: &Context,
    invocation: &Invocation,
    request: &SweepRequest,
) -> Result<SweepOutcome, Error> {
    let mut outcome = SweepOutcome::default();
    let result = sweep_into(&mut outcome, context, invocation, request).await;
    let SweepOutcome { found, scheduled, failed, ref from, .. } = outcome;
    info!(found, scheduled, failed, goes_on = from.is_some(), "swept");
    count_sweep(&context.metrics, found, scheduled, failed, invocation.deadline.now());
    result.map(|()| outcome)
}

async fn sweep_into(
    outcome: &mut SweepOutcome,
    context: &Context,
    invocation: &Invocation,
    request: &SweepRequest,
) -> Result<(), Error> {
    let mut first_error = None;
    let places = cursors(context, &invocation.scope, request);
    for (index, cursor) in places.iter().enumerate() {
        let place = sweep_place(context, invocation, cursor.clone(), index == 0).await;
        outcome.found += place.found;
        outcome.scheduled += place.scheduled;
        outcome.pages += place.pages;
        outcome.failed += usize::from(place.error.is_some());
        // No retry helps another account that cannot be read. It is counted, and there is an alarm for it.
        let is_foreign = cursor.account != invocation.scope.account;
        let error = place.error.filter(|error| !(is_foreign && error.is_out_of_reach()));
        first_error = first_error.or(error);
        if let Some(cursor) = place.stopped_at {
            let later = &places[index + 1..];
            return go_on_later(outcome, context, invocation, cursor, later).await;
        }
    }
    first_error.map_or(Ok(()), Err)
}

/// What a sweep did in one place: a region of an account.
#[derive(Default)]
struct Place {
    found: usize,
    scheduled: usize,
    pages: usize,
    /// The first error.
    error: Option<Error>,
    /// Where the sweep ran out of time.
    stopped_at: Option<PageCursor>,
}

/// Sweeps one place, or as much of it as there is time for. The first page and the first certificates of
/// the first place are always done, whatever time there is, so that every sweep makes progress.
async fn sweep_place(
    context: &Context,
    invocation: &Invocation,
    cursor: PageCursor,
    is_first: bool,
) -> Place {
    let Invocation { deadline, scope, .. } = invocation;
    let is_late = || deadline.left() < MARGIN;
    let mut place = Place::default();
    let mut next = Some(cursor);
    while let Some(cursor) = next.take() {
        let must_go_on = is_first && place.pages == 0;
        if !must_go_on && is_late() {
            return Place { stopped_at: Some(cursor), ..place };
        }
        let listing = pending::page(context, scope, cursor.clone(), deadline.now());
        let mut page = match deadline.percent(80).bound(listing).await {
            Some(Ok(page)) => page,
            Some(Err(error)) => return place.failed(&cursor, error),
            // The next sweep would wait in vain, too: the place must not hold up all others.
            None if must_go_on => return place.failed(&cursor, no_answer(&cursor)),
            None => return Place { stopped_at: Some(cursor), ..place },
        };
        place.pages += 1;
        for certificates in page.certificates.chunks(BETWEEN_CLOCKS) {
            let must_go_on = must_go_on && place.found == 0;
            if !must_go_on && is_late() {
                return Place { stopped_at: Some(page.cursor), ..place };
            }
            page.cursor.done += certificates.len();
            place.found += certificates.len();
            if context.settings.dry_run {
                continue;
            }
            let scheduling =
                certificates.iter().map(|it| schedule_next_check(context, invocation, it));
            let scheduled: Vec<_> =
                stream::iter(scheduling).buffer_unordered(AT_ONCE).collect().await;
            for scheduled in scheduled {
                match scheduled {
                    Ok(Some(Scheduled::Created)) => place.scheduled += 1,
                    Ok(_) => {}
                    Err(error) => {
                        warn!(error = report(&error), "cannot schedule a check");
                        place.error.get_or_insert(error);
                    }
                }
            }
        }
        next = page.next;
    }
    place
}

impl Place {
    /// This place, which cannot be read any further.
    fn failed(self, PageCursor { account, region, .. }: &PageCursor, error: Error) -> Self {
        warn!(account, region, error = report(&error), "cannot sweep this region");
        Self { error: self.error.or(Some(error)), ..self }
    }
}

fn no_answer(PageCursor { account, region, .. }: &PageCursor) -> Error {
    let (account, region) = (account.clone(), region.clone());
    let source = "ACM does not answer in time".into();
    aws::error::Error::List { account, region, denied: false, source }.into()
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

/// Schedules a sweep that goes on from here, in a minute or two, and then in the `later` places: several
/// sweeps if the accounts that are left are more than one schedule can name.
async fn go_on_later(
    outcome: &mut SweepOutcome,
    context: &Context,
    invocation: &Invocation,
    cursor: PageCursor,
    later: &[PageCursor],
) -> Result<(), Error> {
    outcome.from = Some(cursor.clone());
    if context.settings.dry_run {
        return Ok(());
    }
    let at = invocation.deadline.now() + TimeDelta::minutes(2);
    for (from, accounts) in rest(context, &invocation.scope, cursor, later) {
        let minute = at.timestamp().div_euclid(60);
        let name = format!("sweep-{}-{}-{minute}", from.account, from.region);
        let sweep = SweepRequest { accounts, from: Some(from) };
        schedule(context, invocation, &name, at, &sweep_payload(&sweep)).await?;
    }
    Ok(())
}

/// What is left of a sweep: where the sweeps that go on begin, and the accounts that each has to name.
fn rest(
    context: &Context,
    ours: &Scope,
    cursor: PageCursor,
    later: &[PageCursor],
) -> Vec<(PageCursor, Vec<String>)> {
    // Every sweep knows the function's account and those of the settings.
    let is_known =
        |account: &String| *account == ours.account || context.settings.accounts.contains(account);
    let places = std::iter::once(&cursor).chain(later);
    let accounts = places.map(|place| &place.account).filter(|account| !is_known(account));
    let mut accounts: Vec<String> = accounts.cloned().collect();
    accounts.dedup();
    let mut chunks = accounts.chunks(ACCOUNTS_TOGETHER);
    let first = chunks.next().unwrap_or_default().to_vec();
    let others = chunks.filter_map(|accounts| {
        let from = later.iter().find(|place| place.account == accounts[0])?;
        Some((from.clone(), accounts.to_vec()))
    });
    let others: Vec<_> = others.collect();
    std::iter::once((cursor, first)).chain(others).collect()
}

/// How many accounts one schedule names: 150 kB of the 256 kB that its input may have.
///
/// Source: [Scheduler's quotas](https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html).
const ACCOUNTS_TOGETHER: usize = 10_000;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

//! Sweeps: schedules the next check of every pending certificate, since events may be lost.

mod schedule;

use futures_util::future::join_all;
use serde::Serialize;
use tracing::{info, warn};

use crate::aws::acm::list::PendingCertificate;
use crate::domain::request::{PageCursor, SweepRequest};
use crate::domain::served_accounts::ServedAccounts;
use crate::domain::text::report;
use crate::flows::checks::schedule_sweep;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::error::Error;
use crate::flows::metrics::{SweepCounts, count_sweep};
use crate::flows::pace::Pace;
use crate::flows::places::places;
use crate::flows::route::Route;
use crate::flows::visit::{End, Time, read_pages, visit};
use crate::flows::without_role::WithoutRole;
use schedule::Place;

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
    /// scheduled. An account whose role cannot be assumed counts as one, and so does an organization whose
    /// accounts cannot be listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed: usize,
    /// Accounts whose role cannot be assumed. Those of an organization are not among the places that failed.
    #[serde(skip_serializing_if = "is_zero")]
    pub without_role: usize,
    /// The first place that the sweep had no time for. Another sweep is scheduled that goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PageCursor>,
}

/// Schedules the next check of every pending certificate, in every account and region. It decides
/// nothing: the check does. If a check is scheduled already, it stays as it is.
///
/// It visits many places at the same time, stops before the invocation's deadline, and schedules a sweep
/// that goes on from there. A dry run counts the pending certificates and schedules nothing. A place that
/// fails stops no other; each is logged and counted.
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
    let SweepOutcome { found, scheduled, failed, without_role, ref from, .. } = outcome;
    info!(found, scheduled, failed, without_role, goes_on = from.is_some(), "swept");
    let counts = SweepCounts { found, scheduled, failed, without_role };
    count_sweep(&context.metrics, counts, invocation.deadline.now());
    result.map(|()| outcome)
}

async fn sweep_into(
    outcome: &mut SweepOutcome,
    context: &Context,
    invocation: &Invocation,
    request: &SweepRequest,
) -> Result<(), Error> {
    let Invocation { deadline, scope, .. } = invocation;
    let places = places(context, scope, &request.accounts, &deadline.percent(50)).await;
    let route = Route::of(&places, request);
    let (time, pace, without_role) = (Time::before(deadline), Pace::new(), WithoutRole::default());
    let visited = visit(route.places(), &time, async |cursor, opening| {
        if without_role.has(&cursor.account) {
            return Place::default();
        }
        let place = sweep_place(context, invocation, (&time, &pace), cursor, opening).await;
        if let Some(error) = &place.error {
            without_role.add(&place.account, error);
        }
        place
    });
    let visited = visited.await;
    // Not every account of an organization needs the role. One that somebody named does.
    let is_named = context.settings.accounts != ServedAccounts::Organization;
    outcome.without_role = without_role.count();
    outcome.failed = usize::from(places.error.is_some());
    outcome.failed += if is_named { outcome.without_role } else { 0 };
    let (mut first_error, mut unfinished) = (places.error, Vec::new());
    for Place { account, found, scheduled, pages, error, stopped_at } in visited.results {
        outcome.found += found;
        outcome.scheduled += scheduled;
        outcome.pages += pages;
        outcome.failed += usize::from(error.as_ref().is_some_and(|error| !error.lacks_role()));
        // No retry helps another account that cannot be read. It is counted, and there is an alarm for it.
        let is_foreign = account != scope.account;
        let error = error.filter(|error| !(is_foreign && error.is_out_of_reach()));
        first_error = first_error.or(error);
        unfinished.extend(stopped_at);
    }
    unfinished.extend(visited.passed);
    let rest = route.rest(unfinished, visited.left);
    let Some(first) = rest.first() else { return first_error.map_or(Ok(()), Err) };
    outcome.from = first.places.first().or(first.from.as_ref()).cloned();
    go_on_later(context, invocation, &rest).await
}

/// Sweeps one place, or as much of it as there is time for.
async fn sweep_place(
    context: &Context,
    invocation: &Invocation,
    (time, pace): (&Time, &Pace),
    cursor: PageCursor,
    opening: bool,
) -> Place {
    let PageCursor { account, region, .. } = cursor.clone();
    let mut place = Place { account, ..Place::default() };
    let work = async |certificates: Vec<PendingCertificate>, limit: &Deadline| {
        let end = &time.end;
        place.schedule_checks(context, invocation, pace, &certificates, (limit, end)).await
    };
    let End { pages, error, stopped_at } =
        read_pages(context, invocation, time, cursor, opening, work).await;
    if let Some(error) = error.as_ref().filter(|error| !error.lacks_role()) {
        let account = &place.account;
        warn!(account, region, error = report(error), "cannot sweep this region");
    }
    Place { pages, error: place.error.take().or(error), stopped_at, ..place }
}

/// Schedules the sweeps that go on from here, in a minute or two.
async fn go_on_later(
    context: &Context,
    invocation: &Invocation,
    rest: &[SweepRequest],
) -> Result<(), Error> {
    if context.settings.dry_run {
        return Ok(());
    }
    let scheduling = rest.iter().map(|sweep| schedule_sweep(context, invocation, sweep));
    for scheduled in join_all(scheduling).await {
        scheduled?;
    }
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

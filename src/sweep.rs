//! The safety net under lost events: arms the next check of every certificate that waits.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::arn::Home;
use crate::aws::acm;
use crate::aws::scheduler::{self, Armed};
use crate::certificate::Certificate;
use crate::context::{Context, Invocation};
use crate::error::{Error, report};
use crate::plan::{self, Grid};
use crate::trigger;
use crate::waiting::{self, Place, Waiting};

/// What a sweep is asked to do; the detail of its event.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Sweep {
    /// Accounts to sweep besides the function's own, if `CERTIFICATE_ROLE_NAME` is set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Where an earlier sweep ran out of time; none to begin at the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Place>,
}

/// What a sweep did; the function's response to it.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// Certificates that wait for validation.
    pub found: usize,
    /// Those of them that had no check armed, and have one now.
    pub armed: usize,
    /// Pages of them that were read.
    pub pages: usize,
    /// Where the time ran out; another sweep is armed that goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Place>,
}

/// Arms the next check of every certificate that waits for validation, in every account and region.
/// It decides nothing: a check looks for itself. Where a check is armed already, a chain of them is
/// alive and goes on undisturbed.
///
/// It stops before the invocation's deadline and arms a sweep that goes on from there. A dry run
/// counts what waits, and arms nothing.
///
/// # Errors
///
/// The first error of a listing or an arming, after all the others were tried: Lambda sweeps again,
/// which does no harm. Where another sweep is armed to go on, errors are only logged.
pub async fn sweep(
    context: &Context,
    invocation: &Invocation,
    sweep: &Sweep,
) -> Result<Swept, Error> {
    let mut swept = Swept::default();
    let result = sweep_into(&mut swept, context, invocation, sweep).await;
    info!(found = swept.found, armed = swept.armed, goes_on = swept.from.is_some(), "swept");
    context.metrics.swept(&swept, invocation.deadline.now());
    result.map(|()| swept)
}

async fn sweep_into(
    swept: &mut Swept,
    context: &Context,
    invocation: &Invocation,
    sweep: &Sweep,
) -> Result<(), Error> {
    let Invocation { deadline, home, .. } = invocation;
    let late = || deadline.left() < MARGIN;
    let mut first_error = None;
    for place in places(context, home, sweep) {
        let mut next = Some(place);
        while let Some(place) = next.take() {
            // Never before the first page, nor the first certificates: whatever the time allows, a
            // sweep gets on.
            let page = match swept.pages > 0 && late() {
                true => None,
                false => {
                    let page = waiting::page(context, home, place.clone(), deadline.now());
                    deadline.percent(80).bound(page).await
                }
            };
            let Some(page) = page else {
                return go_on_later(swept, context, invocation, sweep, place).await;
            };
            let mut page = match page {
                Ok(page) => page,
                Err(error) => {
                    warn!(place.account, place.region, error = report(&error), "cannot sweep here");
                    first_error.get_or_insert(error);
                    break;
                }
            };
            swept.pages += 1;
            for some in page.waiting.chunks(BETWEEN_CLOCKS) {
                if swept.found > 0 && late() {
                    return go_on_later(swept, context, invocation, sweep, page.place).await;
                }
                page.place.done += some.len();
                swept.found += some.len();
                if context.settings.dry_run {
                    continue;
                }
                let arming = some.iter().map(|waiting| arm(context, invocation, waiting));
                let armed: Vec<_> = stream::iter(arming).buffer_unordered(AT_ONCE).collect().await;
                for armed in armed {
                    match armed {
                        Ok(Some(Armed::Now)) => swept.armed += 1,
                        Ok(_) => {}
                        Err(error) => {
                            warn!(error = report(&error), "cannot arm a check");
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

/// How long before its deadline a sweep stops: enough to list a page, and to arm the checks of
/// [`BETWEEN_CLOCKS`] certificates.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// After how many certificates it looks at the clock.
const BETWEEN_CLOCKS: usize = 100;

/// How many checks are armed at the same time.
const AT_ONCE: usize = 10;

/// Every account and region to sweep, beginning where an earlier sweep stopped.
fn places(context: &Context, home: &Home, sweep: &Sweep) -> Vec<Place> {
    let places = waiting::places(context, home, &sweep.accounts).into_iter();
    match &sweep.from {
        None => places.collect(),
        Some(from) => {
            let here =
                |place: &Place| (&place.account, &place.region) == (&from.account, &from.region);
            let rest = places.skip_while(|place| !here(place)).skip(1);
            std::iter::once(from.clone()).chain(rest).collect()
        }
    }
}

/// Arms the next check of a certificate; `None` if nothing is underway for it, or its time is over.
async fn arm(
    context: &Context,
    invocation: &Invocation,
    waiting: &Waiting,
) -> Result<Option<Armed>, Error> {
    let now = invocation.deadline.now();
    let begun = match waiting.since {
        Some(since) => Some((since, Grid::of_request(since))),
        None => underway(context, &invocation.home, waiting, now).await?,
    };
    let Some((since, grid)) = begun else { return Ok(None) };
    let Some(at) = grid.next(now) else { return Ok(None) };
    // A chain that is alive may be looking just now, and about to arm this very check. It is left
    // to do so: a look after that check finds out, and revives the chain if it must. Where there is
    // room, that look waits until the other is over: if it arms a check then, no chain is alive, and
    // it tells what nobody has told. Where points lie closer, it may be first, and keeps silent.
    let near = grid.is_near(now);
    let follow_up = near && !grid.has_room_after(at);
    let at = match near {
        true if follow_up => at + TimeDelta::minutes(1),
        true => at + TimeDelta::minutes(2),
        false => at,
    };
    let check = trigger::check(&waiting.certificate, follow_up.then_some(since));
    let name = scheduler::check_name(&waiting.certificate, at);
    let client = context.clients.scheduler();
    let door = &invocation.door;
    scheduler::arm(&client, &context.settings, door, &name, at, &check).await.map(Some)
}

/// When what is underway for an issued certificate began, and when it is looked at.
async fn underway(
    context: &Context,
    home: &Home,
    waiting: &Waiting,
    now: DateTime<Utc>,
) -> Result<Option<(DateTime<Utc>, Grid)>, Error> {
    let arn = &waiting.certificate;
    let access = context.certificate_access(home, &arn.home)?;
    let client = context.clients.acm(&access, &arn.home.region);
    let certificate = acm::describe(&client, arn)
        .await?
        .map(|detail| Certificate::new(arn, &detail, &[], Default::default(), now));
    let underway = certificate.as_ref().and_then(plan::underway);
    Ok(underway.map(|underway| (underway.began, underway.grid)))
}

/// Arms a sweep that goes on from here, in a minute or two.
async fn go_on_later(
    swept: &mut Swept,
    context: &Context,
    invocation: &Invocation,
    sweep: &Sweep,
    place: Place,
) -> Result<(), Error> {
    let at = invocation.deadline.now() + TimeDelta::minutes(2);
    let minute = at.timestamp().div_euclid(60);
    let name = format!("sweep-{}-{}-{minute}", place.account, place.region);
    swept.from = Some(place);
    if context.settings.dry_run {
        return Ok(());
    }
    let rest = Sweep { from: swept.from.clone(), ..sweep.clone() };
    let payload = trigger::sweep(&rest);
    let client = context.clients.scheduler();
    let door = &invocation.door;
    scheduler::arm(&client, &context.settings, door, &name, at, &payload).await?;
    Ok(())
}

//! The safety net under lost events: arms the next check of every certificate that waits.

use std::slice;

use aws_smithy_async::time::SharedTimeSource;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::arn::Home;
use crate::aws::acm::{self, Waiting};
use crate::aws::scheduler::{self, Armed};
use crate::error::{Error, report};
use crate::plan;
use crate::reconcile::{Context, certificate_access};
use crate::settings::Settings;
use crate::trigger;

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

/// How far a sweep has come.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The account.
    pub account: String,
    /// The region in it.
    pub region: String,
    /// ACM's token for the page to go on with; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
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
/// It stops before `deadline` and arms a sweep that goes on from there. A dry run counts what waits,
/// and arms nothing.
///
/// # Errors
///
/// The first error of a listing or an arming, after all the others were tried: Lambda sweeps again,
/// which does no harm. Where another sweep is armed to go on, errors are only logged.
pub async fn sweep(
    context: &Context,
    function: &str,
    sweep: &Sweep,
    clock: &SharedTimeSource,
    deadline: DateTime<Utc>,
) -> Result<Swept, Error> {
    let home = Home::of_function(function)?;
    let mut swept = Swept::default();
    let mut first_error = None;
    for mut place in places(context, &home, sweep) {
        loop {
            let now = DateTime::<Utc>::from(clock.now());
            // Never before the first page: whatever the time allows, a sweep gets on.
            if swept.pages > 0 && now + MARGIN > deadline {
                if !context.settings.dry_run {
                    go_on_later(context, function, sweep, &place, now).await?;
                }
                swept.from = Some(place);
                info!(found = swept.found, armed = swept.armed, "swept as far as the time allowed");
                return Ok(swept);
            }
            swept.pages += 1;
            let page = page(context, &home, &place).await;
            let (waiting, token) = match page {
                Ok(page) => page,
                Err(error) => {
                    warn!(place.account, place.region, error = report(&error), "cannot sweep here");
                    first_error.get_or_insert(error);
                    break;
                }
            };
            swept.found += waiting.len();
            let arm = |waiting| arm(context, function, waiting, now);
            let arming = waiting.iter().filter(|_| !context.settings.dry_run).map(arm);
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
            match token {
                Some(token) => place.token = Some(token),
                None => break,
            }
        }
    }
    info!(found = swept.found, armed = swept.armed, "swept");
    first_error.map_or(Ok(swept), Err)
}

/// How long before its deadline a sweep stops: enough for one more page.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

/// How many checks are armed at the same time.
const AT_ONCE: usize = 10;

/// Every account and region to sweep, beginning where an earlier sweep stopped.
fn places(context: &Context, home: &Home, sweep: &Sweep) -> Vec<Place> {
    let Settings { certificate_role_name, regions, .. } = &context.settings;
    let foreign = sweep.accounts.iter().filter(|account| **account != home.account);
    let foreign = foreign.filter(|_| certificate_role_name.is_some());
    let regions = if regions.is_empty() { slice::from_ref(&home.region) } else { regions };
    let places = std::iter::once(&home.account).chain(foreign).flat_map(|account| {
        regions.iter().map(|region| Place {
            account: account.clone(),
            region: region.clone(),
            token: None,
        })
    });
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

/// One page of the certificates that wait in a place, and the token of the next.
async fn page(
    context: &Context,
    home: &Home,
    place: &Place,
) -> Result<(Vec<Waiting>, Option<String>), Error> {
    let Context { clients, settings } = context;
    let there = Home {
        partition: home.partition.clone(),
        region: place.region.clone(),
        account: place.account.clone(),
    };
    let client = clients.acm(&certificate_access(settings, home, &there)?, &place.region).await;
    acm::waiting(&client, &there, place.token.as_deref()).await
}

/// Arms the next check of a certificate; `None` if its time is over.
async fn arm(
    context: &Context,
    function: &str,
    waiting: &Waiting,
    now: DateTime<Utc>,
) -> Result<Option<Armed>, Error> {
    let Some(at) = plan::next_check(waiting.since, now) else { return Ok(None) };
    // A chain that is alive may be looking just now, and about to arm this very check. It is left
    // to do so: a look right after that check finds out, and revives the chain if it must.
    let follow_up = plan::check_is_near(waiting.since, now);
    let at = if follow_up { at + TimeDelta::minutes(1) } else { at };
    let check = trigger::check(&waiting.certificate, follow_up.then_some(waiting.since));
    let name = scheduler::check_name(&waiting.certificate, at);
    let client = context.clients.scheduler().await;
    scheduler::arm(&client, &context.settings, function, &name, at, &check).await.map(Some)
}

/// Arms a sweep that goes on from here, in a minute or two.
async fn go_on_later(
    context: &Context,
    function: &str,
    sweep: &Sweep,
    place: &Place,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let at = now + TimeDelta::minutes(2);
    let rest = Sweep { from: Some(place.clone()), ..sweep.clone() };
    let minute = at.timestamp().div_euclid(60);
    let name = format!("sweep-{}-{}-{minute}", place.account, place.region);
    let client = context.clients.scheduler().await;
    let payload = trigger::sweep(&rest);
    scheduler::arm(&client, &context.settings, function, &name, at, &payload).await?;
    Ok(())
}

//! Heals blocks at once: when a hosted zone is created or tagged, whoever waits under its name is
//! looked at without waiting for the next check.
//!
//! Only a shortcut: the chains of checks go on whatever becomes of it.

use serde::Serialize;
use tracing::{info, warn};

use crate::arn::Home;
use crate::error::{Error, quote, report};
use crate::name::DomainName;
use crate::reconcile::{Context, Invocation, reconcile};
use crate::survey;
use crate::trigger::{Wake, ZoneNews};
use crate::waiting::{self, Names, Waiting};
use crate::zone::Tagged;

/// What came of news about a hosted zone; the function's response to it.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Healed {
    /// The zone's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<DomainName>,
    /// Why nothing was looked at, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Certificates that wait and may have a name under the zone's.
    pub found: usize,
    /// Those of them that were looked at.
    pub looked: usize,
}

/// Looks at every certificate of this account that waits and may have a name in this zone.
///
/// Those that there is no time for are left to their next check, as are those whose look fails.
///
/// # Errors
///
/// [`Error::List`] if ACM refuses to list what waits.
pub async fn heal(
    context: &Context,
    invocation: &Invocation,
    news: &ZoneNews,
) -> Result<Healed, Error> {
    let zone = match name(context, news).await {
        Ok(zone) => zone,
        Err(reason) => {
            info!(reason, "nothing to do");
            return Ok(Healed { reason: Some(reason), ..Healed::default() });
        }
    };
    let home = Home::of_function(&invocation.function)?;
    let time = invocation.deadline.percent(80);
    let mut healed = Healed { zone: Some(zone.clone()), ..Healed::default() };
    for mut place in waiting::places(context, &home, &[]) {
        loop {
            let (waiting, token) =
                waiting::page(context, &home, &mut place, invocation.deadline.now()).await?;
            let wakes: Vec<_> = waiting.iter().filter(|it| may_have(it, &zone)).map(wake).collect();
            healed.found += wakes.len();
            for wakes in wakes.chunks(TOGETHER) {
                if time.left().num_seconds() <= 0 {
                    continue;
                }
                let invocation = Invocation { deadline: time.clone(), ..invocation.clone() };
                for outcome in reconcile(context, &invocation, wakes).await {
                    match outcome {
                        Ok(_) => healed.looked += 1,
                        Err(error) => warn!(error = report(&error), "left to its next check"),
                    }
                }
            }
            match token {
                Some(token) => place.token = Some(token),
                None => break,
            }
        }
    }
    info!(zone = %zone, found = healed.found, looked = healed.looked, "healed");
    Ok(healed)
}

/// How many certificates are looked at together.
const TOGETHER: usize = 100;

/// The name of the zone the news is about, or why it is none to us.
async fn name(context: &Context, news: &ZoneNews) -> Result<DomainName, String> {
    let Context { clients, settings, .. } = context;
    match news {
        ZoneNews::Created(name) => Ok(name.clone()),
        ZoneNews::Tagged(_) if settings.hosted_zone_tag.is_none() => {
            Err("tags of hosted zones mean nothing without HOSTED_ZONE_TAG".to_owned())
        }
        ZoneNews::Tagged(id) => match survey::zone(clients, settings, id).await {
            Tagged::Zone(zone) if zone.private => Err("the hosted zone is private".to_owned()),
            Tagged::Zone(zone) => Ok(zone.name),
            Tagged::Missing => Err(format!("there is no hosted zone {}", quote(id))),
            Tagged::Unseen(trouble) => Err(trouble.message),
        },
    }
}

fn may_have(waiting: &Waiting, zone: &DomainName) -> bool {
    match &waiting.names {
        Names::All(names) => names.iter().any(|name| name.without_wildcard().is_at_or_under(zone)),
        Names::Unknown => true,
    }
}

/// As a first look: where a chain of checks goes on, it finds the next check armed and tells nothing
/// that they tell; where none does, nobody has told yet.
fn wake(waiting: &Waiting) -> Wake {
    let Waiting { certificate, since, .. } = waiting;
    Wake { certificate: certificate.clone(), since: *since, follow_up: false }
}

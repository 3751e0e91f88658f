//! Heals blocks at once: when a hosted zone is created or tagged, whatever waits under its name is
//! looked at without waiting for the next check.
//!
//! Only a shortcut: the chains of checks go on whatever becomes of it.

use std::collections::BTreeSet;

use serde::Serialize;
use tracing::{info, warn};

use crate::context::{Context, Invocation};
use crate::deadline::Deadline;
use crate::error::{Error, quote, report};
use crate::name::DomainName;
use crate::reconcile::reconcile;
use crate::survey;
use crate::trigger::{Wake, ZoneNews};
use crate::waiting::{self, Names, Place, Waiting};
use crate::zone::Tagged;

/// What came of news about hosted zones; the function's response to it.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Healed {
    /// The zones' names.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub zones: BTreeSet<DomainName>,
    /// Why nothing was looked at, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Certificates that wait and may have a name under one of the zones'.
    pub found: usize,
    /// Those of them that were looked at.
    pub looked: usize,
}

/// Looks at every certificate of this account that waits and may have a name in one of these zones.
///
/// Those that there is no time for are left to their next check, as are those whose look fails, or
/// that cannot be listed.
pub async fn heal(context: &Context, invocation: &Invocation, news: &[ZoneNews]) -> Healed {
    let time = invocation.deadline.percent(80);
    let mut healed = Healed::default();
    for news in news {
        match time.bound(name(context, news)).await {
            Some(Ok(zone)) => drop(healed.zones.insert(zone)),
            Some(Err(reason)) => {
                info!(reason, "nothing to do");
                healed.reason = Some(reason);
            }
            None => warn!("the time ran out before a hosted zone was found"),
        }
    }
    if healed.zones.is_empty() {
        return healed;
    }
    healed.reason = None;
    for place in waiting::places(context, &invocation.home, &[]) {
        let Place { account, region, .. } = &place;
        match time.bound(heal_in(context, invocation, &time, place.clone(), &mut healed)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => warn!(account, region, error = report(&error), "cannot heal here"),
            None => warn!(account, region, "the time ran out"),
        }
    }
    let zones: Vec<_> = healed.zones.iter().map(DomainName::as_str).collect();
    info!(zones = zones.join(" "), found = healed.found, looked = healed.looked, "healed");
    healed
}

/// Looks at the certificates of one account and region.
async fn heal_in(
    context: &Context,
    invocation: &Invocation,
    time: &Deadline,
    place: Place,
    healed: &mut Healed,
) -> Result<(), Error> {
    let mut next = Some(place);
    while let Some(place) = next.take() {
        let page = waiting::page(context, &invocation.home, place, time.now()).await?;
        next = page.next;
        let may_have = |it: &&Waiting| healed.zones.iter().any(|zone| may_have(it, zone));
        let wakes: Vec<_> = page.waiting.iter().filter(may_have).map(wake).collect();
        healed.found += wakes.len();
        for wakes in wakes.chunks(TOGETHER) {
            let invocation = Invocation { deadline: time.clone(), ..invocation.clone() };
            for outcome in reconcile(context, &invocation, wakes).await {
                match outcome {
                    Ok(_) => healed.looked += 1,
                    Err(error) => warn!(error = report(&error), "left to its next check"),
                }
            }
        }
    }
    Ok(())
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
    Wake { certificate: certificate.clone(), since: *since, follow_up: false, spent: false }
}

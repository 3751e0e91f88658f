//! Zone changes: when a hosted zone is created or tagged, the pending certificates under its name are
//! reconciled at once.
//!
//! This is only a shortcut: the scheduled checks go on whatever becomes of it.

use std::collections::BTreeSet;

use serde::Serialize;
use tracing::{info, warn};

use crate::aws::acm::list::{Names, PendingCertificate};
use crate::domain::arn::{Scope, role_account};
use crate::domain::name::DomainName;
use crate::domain::request::{ChangedZone, PageCursor, Request, ZoneChange};
use crate::domain::text::{quote, report};
use crate::domain::zone::discovery::TaggedZone;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::discovery;
use crate::flows::error::Error;
use crate::flows::pending;
use crate::flows::reconcile::reconcile;

/// What became of changes of hosted zones; the function's response.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoneChangeOutcome {
    /// The zones' names.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub zones: BTreeSet<DomainName>,
    /// Why nothing was reconciled, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Pending certificates that may have a name under one of the zones' names.
    pub found: usize,
    /// Those of them that were reconciled.
    #[serde(rename = "looked")]
    pub reconciled: usize,
}

/// Reconciles the pending certificates, of this account and of those of `ACCOUNTS`, that may have a name
/// in one of these zones.
///
/// Certificates that there is no time for, that cannot be listed, or whose reconciliation fails are left
/// to their next check.
pub async fn reconcile_zones(
    context: &Context,
    invocation: &Invocation,
    changes: &[ZoneChange],
) -> ZoneChangeOutcome {
    let deadline = invocation.deadline.percent(80);
    let mut outcome = ZoneChangeOutcome::default();
    // A batch may tell of one change several times.
    for change in changes.iter().collect::<BTreeSet<_>>() {
        match deadline.bound(zone_name(context, &invocation.scope, change)).await {
            Some(Ok(zone)) => drop(outcome.zones.insert(zone)),
            Some(Err(reason)) => {
                info!(reason, "nothing to do");
                outcome.reason = Some(reason);
            }
            None => warn!("the invocation ran out of time before it found a hosted zone"),
        }
    }
    if outcome.zones.is_empty() {
        return outcome;
    }
    outcome.reason = None;
    for cursor in pending::cursors(context, &invocation.scope, &[]) {
        let PageCursor { account, region, .. } = &cursor;
        let working =
            reconcile_region(context, invocation, &deadline, cursor.clone(), &mut outcome);
        match deadline.bound(working).await {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                warn!(account, region, error = report(&error), "cannot list certificates");
            }
            None => warn!(account, region, "the invocation ran out of time"),
        }
    }
    let zones: Vec<_> = outcome.zones.iter().map(DomainName::as_str).collect();
    let ZoneChangeOutcome { found, reconciled, .. } = outcome;
    info!(zones = zones.join(" "), found, reconciled, "reconciled after a zone change");
    outcome
}

/// Reconciles the certificates of one account and region.
async fn reconcile_region(
    context: &Context,
    invocation: &Invocation,
    deadline: &Deadline,
    cursor: PageCursor,
    outcome: &mut ZoneChangeOutcome,
) -> Result<(), Error> {
    let mut next = Some(cursor);
    while let Some(cursor) = next.take() {
        let page = pending::page(context, &invocation.scope, cursor, deadline.now()).await?;
        next = page.next;
        let affected = |it: &&PendingCertificate| may_be_under(&it.names, &outcome.zones);
        // As for an event: if a check is scheduled already, the checks publish, and this one does not;
        // if none is, nobody has published yet.
        let request = |it: &PendingCertificate| Request::by_event(it.certificate.clone(), it.since);
        let requests: Vec<_> = page.certificates.iter().filter(affected).map(request).collect();
        outcome.found += requests.len();
        for requests in requests.chunks(TOGETHER) {
            let invocation = Invocation { deadline: deadline.clone(), ..invocation.clone() };
            for result in reconcile(context, &invocation, requests).await {
                match result {
                    Ok(_) => outcome.reconciled += 1,
                    Err(error) => {
                        warn!(error = report(&error), "a certificate is left to its next check");
                    }
                }
            }
        }
    }
    Ok(())
}

/// How many certificates are reconciled together.
const TOGETHER: usize = 100;

/// The name of the zone that changed, or why the change is ignored.
async fn zone_name(
    context: &Context,
    ours: &Scope,
    ZoneChange { account, zone }: &ZoneChange,
) -> Result<DomainName, String> {
    let Context { clients, settings, .. } = context;
    let roles = settings.hosted_zone_role_arns.iter();
    let mut accounts = roles.filter_map(|role| role_account(role)).chain([ours.account.as_str()]);
    if !accounts.any(|it| it == account) {
        let account = quote(account);
        return Err(format!("the function writes to no hosted zone of account {account}"));
    }
    match zone {
        ChangedZone::Created(name) => Ok(name.clone()),
        ChangedZone::Tagged(_) if settings.hosted_zone_tag.is_none() => {
            Err("HOSTED_ZONE_TAG is not set, so tags of hosted zones do not matter".to_owned())
        }
        ChangedZone::Tagged(id) => match discovery::zone(clients, settings, id).await {
            TaggedZone::Found(zone) if zone.private => Err("the hosted zone is private".to_owned()),
            TaggedZone::Found(zone) => Ok(zone.name),
            TaggedZone::Missing => Err(format!("there is no hosted zone {}", quote(id))),
            TaggedZone::Unreadable(problem) => Err(problem.message),
        },
    }
}

fn may_be_under(names: &Names, zones: &BTreeSet<DomainName>) -> bool {
    let is_under = |name: &DomainName| {
        let name = name.without_wildcard();
        zones.iter().any(|zone| name.is_at_or_under(zone))
    };
    match names {
        Names::All(names) => names.iter().any(is_under),
        Names::Unknown => true,
    }
}

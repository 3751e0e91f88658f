//! Zone changes: when a hosted zone is created or tagged, the pending certificates under its name are
//! reconciled at once.
//!
//! This is only a shortcut: the scheduled checks go on whatever becomes of it.

use std::collections::BTreeSet;
use std::mem;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::aws::acm::list::{Names, PendingCertificate};
use crate::domain::arn::{Scope, is_queue, role_account};
use crate::domain::name::DomainName;
use crate::domain::request::{ChangedZone, PageCursor, Request, SweepRequest, ZoneChange};
use crate::domain::text::{quote, report};
use crate::domain::zone::discovery::TaggedZone;
use crate::flows::checks::{schedule_check, schedule_sweep};
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::discovery;
use crate::flows::pace::Pace;
use crate::flows::places::places;
use crate::flows::reconcile::reconcile;
use crate::flows::route::Route;
use crate::flows::visit::{Time, read_pages, visit};

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
    /// Those for which there was no time: a check of each is scheduled in a minute or a few.
    #[serde(rename = "armed", skip_serializing_if = "is_zero")]
    pub scheduled: usize,
    /// The first place that could not be listed in time. Another invocation goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PageCursor>,
}

/// Reconciles the pending certificates, of this account and of those of `ACCOUNTS`, that may have a name
/// in one of these zones.
///
/// A check of each certificate that there is no time for is scheduled in a minute or a few, and another
/// invocation goes on with the places that there is no time to list. Certificates of a place that cannot be
/// listed are left to their next check.
pub async fn reconcile_zones(
    context: &Context,
    invocation: &Invocation,
    changes: &[ZoneChange],
) -> ZoneChangeOutcome {
    let deadline = invocation.deadline.percent(80);
    let (mut zones, mut reasons) = (BTreeSet::new(), None);
    // A batch may tell of one change several times.
    for change in changes.iter().collect::<BTreeSet<_>>() {
        match deadline.bound(zone_name(context, &invocation.scope, change)).await {
            Some(Ok(zone)) => drop(zones.insert(zone)),
            Some(Err(reason)) => {
                info!(reason, "nothing to do");
                reasons = Some(reason);
            }
            None => warn!("the invocation ran out of time before it found a hosted zone"),
        }
    }
    if zones.is_empty() {
        return ZoneChangeOutcome { reason: reasons, ..ZoneChangeOutcome::default() };
    }
    let zones = zones.iter().map(|zone| zone.as_str().to_owned()).collect();
    go_on(context, invocation, &SweepRequest { zones, ..SweepRequest::default() }).await
}

/// Reconciles the pending certificates that may have a name in one of the zones of this request, in the
/// places that it asks for.
pub async fn go_on(
    context: &Context,
    invocation: &Invocation,
    request: &SweepRequest,
) -> ZoneChangeOutcome {
    let deadline = invocation.deadline.percent(80);
    let invocation = &Invocation { deadline: deadline.clone(), ..invocation.clone() };
    let zones: BTreeSet<_> = request.zones.iter().map(|zone| DomainName::new(zone)).collect();
    let half = deadline.percent(50);
    let places = places(context, &invocation.scope, &request.accounts, &half).await;
    let route = Route::of(&places, request);
    let time = Time::before(&deadline);
    let (sender, receiver) = mpsc::channel(TOGETHER);
    let listing = async {
        let listing = Listing { context, invocation, time: &time, zones: &zones, found: sender };
        visit(route.places(), &time, async |cursor, opening| listing.list(cursor, opening).await)
            .await
    };
    let (visited, (reconciled, scheduled)) =
        tokio::join!(listing, reconcile_found(context, invocation, &time, receiver));
    let found = visited.results.iter().map(|(found, _)| found).sum();
    let stopped = visited.results.into_iter().filter_map(|(_, stopped_at)| stopped_at);
    let rest = route.rest(stopped.chain(visited.passed).collect(), visited.left);
    let from = rest.first().and_then(|it| it.places.first().or(it.from.as_ref()).cloned());
    for sweep in rest.iter().filter(|_| !context.settings.dry_run) {
        if let Err(error) = schedule_sweep(context, invocation, sweep).await {
            warn!(error = report(&error), "certificates are left to their next checks");
        }
    }
    let names = request.zones.join(" ");
    let goes_on = from.is_some();
    info!(zones = names, found, reconciled, scheduled, goes_on, "reconciled after a zone change");
    ZoneChangeOutcome { zones, reason: None, found, reconciled, scheduled, from }
}

/// Lists the certificates that may be under some zones.
struct Listing<'a> {
    context: &'a Context,
    invocation: &'a Invocation,
    time: &'a Time,
    zones: &'a BTreeSet<DomainName>,
    found: mpsc::Sender<Request>,
}

impl Listing<'_> {
    /// How many there are in one place, and where the time was up.
    async fn list(&self, cursor: PageCursor, opening: bool) -> (usize, Option<PageCursor>) {
        let Self { context, invocation, time, zones, found } = self;
        let PageCursor { account, region, .. } = cursor.clone();
        let mut count = 0;
        let work = async |certificates: Vec<PendingCertificate>, _: &Deadline| {
            for (index, PendingCertificate { certificate, names, since }) in
                certificates.iter().enumerate()
            {
                if !may_be_under(names, zones) {
                    continue;
                }
                // As for an event: if a check is scheduled already, the checks publish, and this one does
                // not; if none is, nobody has published yet.
                let request = Request::by_event(certificate.clone(), *since);
                match time.end.bound(found.send(request)).await {
                    Some(Ok(())) => count += 1,
                    _ => return index,
                }
            }
            certificates.len()
        };
        let end = read_pages(context, invocation, time, cursor, opening, work).await;
        if let Some(error) = end.error {
            warn!(account, region, error = report(&error), "cannot list certificates");
        }
        (count, end.stopped_at)
    }
}

/// Reconciles the certificates that are found, in batches, and schedules checks when the time is up. Returns
/// how many were reconciled, and how many checks scheduled.
async fn reconcile_found(
    context: &Context,
    invocation: &Invocation,
    time: &Time,
    mut found: mpsc::Receiver<Request>,
) -> (usize, usize) {
    let (mut reconciled, mut late) = (0, Late::new(context, invocation));
    let mut requests = Vec::new();
    while found.recv_many(&mut requests, TOGETHER).await > 0 {
        // A batch costs Route 53 the same few calls, however many certificates it has.
        while requests.len() < TOGETHER
            && let Ok(Some(request)) = timeout(GATHERING, found.recv()).await
        {
            requests.push(request);
        }
        let requests = mem::take(&mut requests);
        if time.is_up() {
            late.schedule(&requests, &time.end).await;
            continue;
        }
        let results = reconcile(context, invocation, &requests).await;
        let mut failed = Vec::new();
        for (result, request) in results.into_iter().zip(requests) {
            match result {
                Ok(_) => reconciled += 1,
                Err(error) => {
                    warn!(error = report(&error), "a certificate could not be reconciled");
                    failed.push(request);
                }
            }
        }
        late.schedule(&failed, &time.end).await;
    }
    (reconciled, late.scheduled)
}

/// The certificates that there is no time for.
struct Late<'a> {
    context: &'a Context,
    invocation: &'a Invocation,
    pace: Pace,
    asked: usize,
    scheduled: usize,
}

impl<'a> Late<'a> {
    fn new(context: &'a Context, invocation: &'a Invocation) -> Self {
        Self { context, invocation, pace: Pace::new(), asked: 0, scheduled: 0 }
    }

    /// Schedules a check of each, in a minute and then one after the other. Through a queue they come in
    /// batches. If they come alone, each makes up to four calls of the ten a second that Route 53 allows.
    async fn schedule(&mut self, requests: &[Request], end: &Deadline) {
        let Self { context, invocation, pace, asked, .. } = self;
        if context.settings.dry_run {
            return;
        }
        let apart = if is_queue(&invocation.check_target) { 100 } else { 400 };
        let scheduling = requests.iter().enumerate().map(async |(index, request)| {
            let _turn = pace.turn(end).await?;
            let wait =
                TimeDelta::minutes(1) + TimeDelta::milliseconds(apart) * (*asked + index) as i32;
            let at = invocation.deadline.now() + wait;
            let scheduling = schedule_check(context, invocation, &request.certificate, at, None);
            end.bound(scheduling).await
        });
        let results = join_all(scheduling).await;
        self.asked += requests.len();
        for (result, request) in results.into_iter().zip(requests) {
            let certificate = request.certificate.to_string();
            match result {
                Some(Ok(_)) => self.scheduled += 1,
                Some(Err(error)) => {
                    warn!(certificate, error = report(&error), "it is left to its next check");
                }
                None => warn!(certificate, "there is no time: it is left to its next check"),
            }
        }
    }
}

/// How many certificates are reconciled together.
const TOGETHER: usize = 100;

/// How long a batch waits for more certificates.
const GATHERING: Duration = Duration::from_secs(1);

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
        ChangedZone::Tagged(_) if !settings.reads_zone_tags() => {
            let why = "neither HOSTED_ZONE_TAG nor HOSTED_ZONE_ACCOUNTS_TAG is set, so tags of hosted zones \
                       do not matter";
            Err(why.to_owned())
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

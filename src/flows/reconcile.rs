//! Reconciles certificates: the program on one screen.

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tracing::{Instrument, Span, debug};

use crate::aws::scheduler::Scheduled;
use crate::dns::questions::Questions;
use crate::domain::arn::CertificateArn;
use crate::domain::certificate::Certificate;
use crate::domain::check_times::CheckTimes;
use crate::domain::conclusion::{NextCheck, conclude};
use crate::domain::name::DomainName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{self, Next, Plan};
use crate::domain::request::{Request, Trigger};
use crate::domain::text::report;
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::requirements::{HOSTED_ZONE_TAG, Requirements};
use crate::flows::caa::find_caa;
use crate::flows::checks::{cancel_check, ensure_check, schedule_check};
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::describe::describe;
use crate::flows::discovery::discover;
use crate::flows::error::Error;
use crate::flows::log::{log, span};
use crate::flows::metrics::count_outcomes;
use crate::flows::notify::notify;
use crate::flows::pause::pause;
use crate::flows::public_dns::{World, compare};
use crate::flows::publish::{OtherValue, Published, publish};
use crate::flows::rate_limit;
use crate::flows::unseen::mark_unseen;

/// Brings each of these certificates one step nearer to issued; the results are in the order of the
/// requests.
///
/// It is safe to run twice, at the same time, or after a crash: every effect is an `UPSERT`, or a create
/// whose name says when and for what. Every next check is scheduled *before* any record is written, so
/// the checks go on whatever fails afterwards.
///
/// # Errors
///
/// For each certificate separately: [`Error::Aws`] for a call that fails after the SDK's own retries;
/// [`Error::OutOfTime`]. Each means that no check is scheduled. A certificate of another account that the
/// function may not read is no error, since no retry helps: the outcome says so.
pub async fn reconcile(
    context: &Context,
    invocation: &Invocation,
    requests: &[Request],
) -> Vec<Result<Outcome, Error>> {
    let Context { clients, metrics, resolver, settings, .. } = context;
    let deadline = &invocation.deadline;

    let planned = plan_all(context, invocation, requests).await;

    let requirements: Vec<_> = planned.iter().flatten().map(Planned::requirements).collect();
    let publishing = deadline.percent(80);
    let discovering = discover(clients, settings, &requirements);
    let discovery = publishing.percent(50).bound(discovering).await;
    let mut discovery = discovery.unwrap_or_else(Discovery::out_of_time);
    let questions = Questions::new(publishing.instant());
    let world = World { clients, resolver, questions, now: deadline.now() };
    let required = settings.hosted_zone_tag.as_ref();
    let comparison = publishing.percent(50);
    let comparing = compare(&world, &requirements, &mut discovery, required, &comparison);
    comparison.bound(comparing).await;
    let ours = &invocation.scope;
    let replaced = OtherValue::Replaced;
    let published =
        publish(clients, settings, ours, &publishing, &requirements, &discovery, replaced);
    let mut published = published.await;
    let explaining = explain(&world, &planned, &mut discovery, &mut published, &publishing);
    publishing.bound(explaining).await;

    let now = deadline.now();
    let obsolete: Vec<_> = planned.iter().flatten().filter_map(Planned::obsolete_check).collect();
    let mut published = published.into_iter();
    let mut conclude = |planned: Planned<'_>| {
        let published = published.next().expect("one for each plan");
        planned.conclude(published, settings.dry_run, now)
    };
    let outcomes: Vec<_> =
        planned.into_iter().map(|planned| Ok::<_, Error>(conclude(planned?))).collect();

    let notified = notify(context, &deadline.percent(80), outcomes.iter().flatten()).await;
    if notified && !settings.dry_run {
        let cancelling = obsolete
            .into_iter()
            .map(|(certificate, check_times)| cancel_check(context, certificate, check_times, now));
        deadline.percent(80).bound(join_all(cancelling)).await;
    }
    count_outcomes(metrics, outcomes.iter().flatten(), now);
    outcomes
}

/// Adds what public DNS says: which records that ACM should have seen by now nobody can see, and which CAA
/// records made ACM refuse a certificate.
async fn explain(
    world: &World<'_>,
    planned: &[Result<Planned<'_>, Error>],
    discovery: &mut Discovery,
    published: &mut [Published],
    deadline: &Deadline,
) {
    let now = deadline.now();
    let mut overdue = Vec::new();
    for (planned, (records, remarks)) in planned.iter().flatten().zip(published) {
        if let Some(names) = planned.names_with_caa_error() {
            remarks.extend(find_caa(world, names).await);
        }
        if planned.plan.is_overdue(now) {
            overdue.extend(records);
        }
    }
    mark_unseen(world, discovery, overdue, deadline).await;
}

/// A certificate whose next check is scheduled, so that its records may be written.
struct Planned<'a> {
    request: &'a Request,
    certificate: Option<Certificate>,
    plan: Plan,
    scheduled: Option<Scheduled>,
    span: Span,
}

/// Plans each certificate separately. If there is no time for one, a check is scheduled all the same: a
/// message that is given back to the queue would come again in the same crowd.
async fn plan_all<'a>(
    context: &Context,
    invocation: &Invocation,
    requests: &'a [Request],
) -> Vec<Result<Planned<'a>, Error>> {
    let planning = invocation.deadline.percent(50);
    let postponing = invocation.deadline.percent(75);
    let permits = Semaphore::new(AT_ONCE);
    let delays = rate_limit::delays(requests.iter().map(|request| &request.certificate));
    let planned = requests.iter().zip(delays).map(async |(request, delay)| {
        let planned = planning.bound(async {
            pause(delay).await;
            let _permit = permits.acquire().await;
            plan(context, invocation, request).await
        });
        if let Some(planned) = planned.await {
            return planned;
        }
        let postponed = postponing.bound(async {
            let _permit = permits.acquire().await;
            postpone(context, invocation, request).await
        });
        let too_late = || Err(Error::OutOfTime { certificate: request.certificate.clone() });
        postponed.await.unwrap_or_else(too_late)
    });
    join_all(planned).await
}

/// How many certificates are planned at the same time.
const AT_ONCE: usize = 20;

/// Describes a certificate, decides what it needs, and schedules its next check.
async fn plan<'a>(
    context: &Context,
    invocation: &Invocation,
    request: &'a Request,
) -> Result<Planned<'a>, Error> {
    let span = span(invocation, request);
    let certificate = describe(context, invocation, &request.certificate, request.since);
    let certificate = certificate.instrument(span.clone()).await;
    let now = invocation.deadline.now();
    let is_ours = request.certificate.scope.account == invocation.scope.account;
    let (certificate, plan) = match certificate {
        Ok(certificate) => {
            let policy = &context.settings.policy;
            let plan = plan::decide(certificate.as_ref(), request, now, policy);
            span.in_scope(|| debug!(records = plan.publish.len(), next = ?plan.next, "planned"));
            (certificate, plan)
        }
        Err(error) if error.is_out_of_reach() && !is_ours => {
            (None, plan::out_of_reach(request, report(&error), now))
        }
        Err(error) => return Err(error),
    };
    let since = Some(request.since.unwrap_or(now));
    let scheduled = schedule(context, invocation, request, &plan, since).await?;
    Ok(Planned { request, certificate, plan, scheduled, span })
}

/// Schedules a check as soon as possible of a certificate that there was no time to plan.
async fn postpone<'a>(
    context: &Context,
    invocation: &Invocation,
    request: &'a Request,
) -> Result<Planned<'a>, Error> {
    let plan = plan::postpone(invocation.deadline.now());
    // The first check of a certificate has not happened yet: the postponed one is not a follow-up.
    let since = request.since.filter(|_| request.trigger == Trigger::FollowUp);
    let scheduled = schedule(context, invocation, request, &plan, since).await?;
    let span = span(invocation, request);
    Ok(Planned { request, certificate: None, plan, scheduled, span })
}

/// Schedules the check that a plan asks for, if it does.
async fn schedule(
    context: &Context,
    invocation: &Invocation,
    request: &Request,
    plan: &Plan,
    since: Option<DateTime<Utc>>,
) -> Result<Option<Scheduled>, Error> {
    match plan.next {
        Next::CheckAt(at) if !context.settings.dry_run => {
            let certificate = &request.certificate;
            let scheduled = schedule_check(context, invocation, certificate, at, since).await?;
            Ok(Some(match scheduled {
                Scheduled::Created => scheduled,
                Scheduled::Existing => {
                    ensure_check(context, invocation, certificate, at, since).await?
                }
            }))
        }
        _ => Ok(None),
    }
}

impl<'a> Planned<'a> {
    fn requirements(&self) -> Requirements<'_> {
        let (names, tag) = match &self.certificate {
            Some(certificate) => {
                (certificate.names.as_slice(), certificate.tags.get(HOSTED_ZONE_TAG))
            }
            None => (&[][..], None),
        };
        let account = &self.request.certificate.scope.account;
        Requirements::new(account, &self.plan.publish, names, tag)
    }

    /// The names of a certificate of which it is published that CAA records forbid it.
    fn names_with_caa_error(&self) -> Option<&[DomainName]> {
        let Next::Stop(reason) = &self.plan.next else { return None };
        let certificate = self.certificate.as_ref()?;
        (self.plan.notable && reason.is_caa_error()).then_some(&certificate.names)
    }

    fn obsolete_check(&self) -> Option<(&'a CertificateArn, CheckTimes)> {
        Some((&self.request.certificate, self.plan.obsolete?))
    }

    fn conclude(&self, published: Published, dry_run: bool, now: DateTime<Utc>) -> Outcome {
        let Self { request, certificate, plan, scheduled, span } = self;
        let next_check = match scheduled {
            _ if dry_run => NextCheck::DryRun,
            Some(Scheduled::Created) => NextCheck::Scheduled,
            Some(Scheduled::Existing) | None => NextCheck::NotScheduled,
        };
        let certificate = certificate.as_ref();
        let outcome = conclude(request, certificate, plan, next_check, published, now);
        span.in_scope(|| log(&request.certificate, &outcome));
        outcome
    }
}

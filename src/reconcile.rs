//! One look at one certificate, or at several together: the program on one screen.

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tracing::{Instrument, Span, field, info, info_span, warn};

use crate::arn::CertificateArn;
use crate::aws::scheduler::{self, Armed};
use crate::aws::{acm, eventbridge};
use crate::certificate::{self, Certificate};
use crate::context::{Context, Invocation};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::outcome::{Outcome, RecordState};
use crate::pace;
use crate::plan::{self, Grid, Next, Plan};
use crate::publish::{Published, publish};
use crate::trigger::{self, Wake};

/// Brings each of these certificates one step nearer to issued; the answers are in the order of the
/// wakes.
///
/// Safe to run twice, at once, or after a crash: every effect is an upsert, or a create whose name
/// says when and for what, and every next check is armed *before* any record is touched, so whatever
/// fails afterwards, the chains of checks go on.
///
/// # Errors
///
/// For each certificate by itself: [`Error::Describe`], [`Error::Tags`] or [`Error::Arm`], for a call
/// that AWS still refuses after the SDK's own retries; [`Error::Late`] if the time ran out;
/// [`Error::Foreign`] before any call. Each means that no check is armed.
pub async fn reconcile(
    context: &Context,
    invocation: &Invocation,
    wakes: &[Wake],
) -> Vec<Result<Outcome, Error>> {
    let Context { clients, metrics, settings } = context;
    let deadline = &invocation.deadline;

    let looks = look_at_all(context, invocation, wakes).await;

    let known = looks.iter().flatten();
    let plans: Vec<_> = known.map(|look| (look.certificate.as_ref(), &look.plan)).collect();
    let published = publish(clients, settings, &deadline.percent(80), &plans).await;

    let now = deadline.now();
    let known = looks.iter().flatten();
    let needless: Vec<_> =
        known.filter_map(|look| Some((look.wake, look.plan.needless?))).collect();
    let mut published = published.into_iter();
    let ending = looks.into_iter().map(|look| {
        let look = look?;
        let outcome = look.end(published.next().expect("an answer to each plan"), now);
        look.span.in_scope(|| log(&outcome));
        Ok(outcome)
    });
    let outcomes: Vec<Result<Outcome, Error>> = ending.collect();

    if tell(context, &deadline.percent(80), outcomes.iter().flatten()).await {
        let disarming = needless.into_iter().map(|(wake, grid)| disarm(context, wake, grid, now));
        deadline.percent(80).bound(join_all(disarming)).await;
    }
    metrics.looked(outcomes.iter().flatten(), now);
    outcomes
}

/// A look whose next check is armed, so that records may be touched.
struct Look<'a> {
    wake: &'a Wake,
    certificate: Option<Certificate>,
    plan: Plan,
    armed: Option<Armed>,
    span: Span,
}

/// Looks at each of these certificates as far as its next check. One that there is no time for gets a
/// check all the same: given back to the queue, it would come again in the same crowd.
async fn look_at_all<'a>(
    context: &Context,
    invocation: &Invocation,
    wakes: &'a [Wake],
) -> Vec<Result<Look<'a>, Error>> {
    let looking = invocation.deadline.percent(50);
    let arming = invocation.deadline.percent(75);
    let turns = Semaphore::new(LOOKS_AT_ONCE);
    let looks = wakes.iter().zip(pace::delays(wakes)).map(async |(wake, delay)| {
        let look = looking.bound(async {
            pace::wait(delay).await;
            let _turn = turns.acquire().await;
            look(context, invocation, wake).await
        });
        if let Some(look) = look.await {
            return look;
        }
        let postponed = arming.bound(async {
            let _turn = turns.acquire().await;
            postpone(context, invocation, wake).await
        });
        let late = || Err(Error::Late { certificate: wake.certificate.clone() });
        postponed.await.unwrap_or_else(late)
    });
    join_all(looks).await
}

/// How many certificates are described and armed at the same time.
const LOOKS_AT_ONCE: usize = 20;

/// Asks ACM, decides, and arms the next check.
async fn look<'a>(
    context: &Context,
    invocation: &Invocation,
    wake: &'a Wake,
) -> Result<Look<'a>, Error> {
    let span = span(invocation, wake);
    let certificate = observe(context, invocation, &wake.certificate, wake.since);
    let certificate = certificate.instrument(span.clone()).await?;
    let now = invocation.deadline.now();
    let plan = plan::decide(certificate.as_ref(), wake, now, &context.settings.policy);
    let since = Some(wake.since.unwrap_or(now));
    let armed = arm(context, invocation, wake, &plan, since).await?;
    Ok(Look { wake, certificate, plan, armed, span })
}

/// What ACM says of a certificate now; `None` if it knows none. `since` is when we first heard of it.
///
/// # Errors
///
/// [`Error::Describe`] or [`Error::Tags`] if ACM refuses; [`Error::Foreign`] before any call.
pub(crate) async fn observe(
    context: &Context,
    invocation: &Invocation,
    arn: &CertificateArn,
    since: Option<DateTime<Utc>>,
) -> Result<Option<Certificate>, Error> {
    let access = context.certificate_access(&invocation.home, &arn.home)?;
    let client = context.clients.acm(&access, &arn.home.region);
    let (detail, tags) = tokio::try_join!(acm::describe(&client, arn), acm::tags(&client, arn))?;
    let Some((detail, tags)) = detail.zip(tags) else { return Ok(None) };
    let migrating = match certificate::is_migrating(&detail) {
        true => acm::domain_validations(&client, arn).await?,
        false => Vec::new(),
    };
    let first_heard = since.unwrap_or_else(|| invocation.deadline.now());
    Ok(Some(Certificate::new(arn, &detail, &migrating, tags, first_heard)))
}

/// Leaves a certificate that there was no time to look at to a check as soon as possible.
async fn postpone<'a>(
    context: &Context,
    invocation: &Invocation,
    wake: &'a Wake,
) -> Result<Look<'a>, Error> {
    let plan = plan::postpone(invocation.deadline.now());
    // A first look that did not take place is still to come.
    let since = wake.since.filter(|_| wake.follow_up);
    let armed = arm(context, invocation, wake, &plan, since).await?;
    Ok(Look { wake, certificate: None, plan, armed, span: span(invocation, wake) })
}

/// Arms the check that a plan calls for, if it calls for one.
async fn arm(
    context: &Context,
    invocation: &Invocation,
    wake: &Wake,
    plan: &Plan,
    since: Option<DateTime<Utc>>,
) -> Result<Option<Armed>, Error> {
    let Context { clients, settings, .. } = context;
    match plan.next {
        Next::CheckAt(at) if !settings.dry_run => {
            let check = trigger::check(&wake.certificate, since);
            let name = scheduler::check_name(&wake.certificate, at);
            let client = clients.scheduler();
            let door = &invocation.door;
            scheduler::arm(&client, settings, door, &name, at, &check).await.map(Some)
        }
        _ => Ok(None),
    }
}

/// Publishes what is news among these outcomes; whether all that is to be told is told.
async fn tell(
    context: &Context,
    deadline: &Deadline,
    outcomes: impl Iterator<Item = &Outcome>,
) -> bool {
    let Context { clients, settings, .. } = context;
    let Some(bus) = settings.event_bus.as_ref().filter(|_| !settings.dry_run) else { return true };
    let news = outcomes.filter(|outcome| outcome.news).map(|outcome| &outcome.facts);
    deadline.bound(eventbridge::publish(clients, bus, news)).await == Some(true)
}

/// Takes back the check that is armed for a certificate, so that its end is not told twice.
async fn disarm(context: &Context, wake: &Wake, grid: Grid, now: DateTime<Utc>) {
    let Context { clients, settings, .. } = context;
    if settings.dry_run {
        return;
    }
    let client = clients.scheduler();
    for at in grid.armed(now) {
        let name = scheduler::check_name(&wake.certificate, at);
        match scheduler::disarm(&client, settings, &name).await {
            Ok(false) => {}
            Ok(true) => return,
            Err(trouble) => return warn!(trouble = trouble.message, "its end will be told again"),
        }
    }
}

impl Look<'_> {
    /// What the look comes to, once its records are published.
    fn end(&self, published: Published, now: DateTime<Utc>) -> Outcome {
        let Self { wake, certificate, plan, armed, .. } = self;
        Outcome::new(&wake.certificate, certificate.as_ref(), plan, *armed, published, now)
    }
}

/// What all lines of a look's log have in common.
fn span(invocation: &Invocation, wake: &Wake) -> Span {
    let request = &invocation.request;
    let certificate = field::display(&wake.certificate);
    info_span!("look", request, certificate, status = field::Empty, next = field::Empty)
}

/// A warning for whatever a human may have to act upon, and one closing line.
fn log(outcome: &Outcome) {
    let facts = &outcome.facts;
    for record in &facts.records {
        let (zone, reason) = (record.hosted_zone_id.as_deref(), record.reason.as_deref());
        match record.state {
            RecordState::Blocked => warn!(record = record.name, zone, reason, "blocked"),
            RecordState::Deferred => warn!(record = record.name, zone, reason, "deferred"),
            RecordState::Present | RecordState::WouldWrite | RecordState::Written => {}
        }
    }
    Span::current()
        .record("status", outcome.status.as_deref())
        .record("next", outcome.next.map(|next| next.to_rfc3339()));
    let count = |state| facts.records.iter().filter(|record| record.state == state).count();
    info!(
        state = ?facts.state,
        reason = facts.reason,
        age = facts.age,
        written = count(RecordState::Written),
        present = count(RecordState::Present),
        deferred = count(RecordState::Deferred),
        blocked = count(RecordState::Blocked),
        "looked"
    );
}

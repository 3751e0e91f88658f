//! One look at one certificate: the program on one screen.

use chrono::{DateTime, Utc};
use tracing::{Span, info, warn};

use crate::arn::Home;
use crate::aws::clients::Clients;
use crate::aws::{acm, eventbridge, scheduler};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::outcome::{Outcome, RecordState};
use crate::plan::{self, Next, Policy};
use crate::publish::{Published, publish};
use crate::settings::Settings;
use crate::trigger::{self, Wake};
use crate::zone::Access;

/// What a look needs besides the certificate.
#[derive(Debug)]
pub struct Context {
    /// The way to AWS.
    pub clients: Clients,
    /// What the environment says.
    pub settings: Settings,
}

/// Brings one certificate one step nearer to issued.
///
/// Safe to run twice, at once, or after a crash: every effect is an upsert, or a create whose name
/// says when and for what, and the next check is armed *before* any record is touched, so whatever
/// fails afterwards, the chain of checks goes on. `function` is the ARN that the check invokes.
///
/// # Errors
///
/// [`Error::Describe`], [`Error::Tags`] or [`Error::Arm`], for a call that AWS still refuses after
/// the SDK's own retries; [`Error::Foreign`] and [`Error::Home`] before any call. Each means that no
/// check is armed.
pub async fn reconcile(
    context: &Context,
    function: &str,
    wake: &Wake,
    now: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let Context { clients, settings } = context;
    let arn = &wake.certificate;
    let access = certificate_access(settings, &Home::of_function(function)?, &arn.home)?;
    let client = clients.acm(&access, &arn.home.region).await;
    let (detail, tags) = tokio::try_join!(acm::describe(&client, arn), acm::tags(&client, arn))?;
    let first_heard = wake.since.unwrap_or(now);
    let certificate =
        detail.zip(tags).map(|(detail, tags)| Certificate::new(arn, &detail, tags, first_heard));

    let plan = plan::decide(certificate.as_ref(), wake, now, &Policy::from(settings));

    let armed = match plan.next {
        Next::CheckAt(at) if !settings.dry_run => {
            let check = trigger::check(arn, Some(first_heard));
            let name = scheduler::check_name(arn, at);
            let client = clients.scheduler().await;
            Some(scheduler::arm(&client, settings, function, &name, at, &check).await?)
        }
        _ => None,
    };
    let published = match &certificate {
        Some(certificate) => publish(clients, settings, certificate, &plan).await,
        None => Published::default(),
    };
    let outcome = Outcome::new(arn, certificate.as_ref(), &plan, published, now);
    log(&outcome);
    if let Some(bus) = settings.event_bus.as_ref().filter(|_| !settings.dry_run)
        && outcome.is_worth_telling(&plan, armed)
    {
        eventbridge::publish(clients, bus, arn, &outcome.facts).await;
    }
    Ok(outcome)
}

/// Whose credentials reach the certificates of an account.
///
/// # Errors
///
/// [`Error::Foreign`] if nobody's do.
pub(crate) fn certificate_access(
    settings: &Settings,
    ours: &Home,
    theirs: &Home,
) -> Result<Access, Error> {
    let Home { partition, account, .. } = theirs;
    match &settings.certificate_role_name {
        _ if *partition != ours.partition => Err(Error::Foreign {
            whose: format!(
                "partition {partition}, and no role of {} reaches there",
                ours.partition
            ),
        }),
        _ if *account == ours.account => Ok(Access::Own),
        Some(role) => Ok(Access::Role(format!("arn:{partition}:iam::{account}:role/{role}"))),
        None => Err(Error::Foreign {
            whose: format!(
                "account {account}, and this function in {}: set CERTIFICATE_ROLE_NAME to a role \
                 there that it may assume, or run it there",
                ours.account
            ),
        }),
    }
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

impl From<&Settings> for Policy {
    fn from(settings: &Settings) -> Self {
        Self {
            allowed_domains: settings.allowed_domains.clone(),
            certificate_tag: settings.certificate_tag.clone(),
        }
    }
}

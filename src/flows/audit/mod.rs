//! The audit: goes over all public certificates and hosted zones within reach, tells which certificates will
//! not be renewed and which validation records nobody within reach asks for, and puts missing records back.
//!
//! There is no store, and what goes on is told in a schedule's payload, so nothing large is carried from one
//! invocation to the next. An audit goes through names in the order in which Route 53 lists hosted zones: each
//! invocation lists all certificates, asks for the zones from where it stands, and audits one group after the
//! other. It takes less than half of what AWS accepts of each call ([`crate::aws::pace`]).

use chrono::{DateTime, Utc};
use tracing::info;

use self::asked::Asked;
use self::auditor::{Audited, Auditor, Reach};
use self::group::audit_group;
use self::index::Index;
use self::key::Key;
use self::listing::{Listing, list};
use self::progress::{Counts, Progress};
use self::publish::publish_summary;
use self::round::{CERTIFICATES, Group, Round, round};
use crate::aws::call_limit;
use crate::aws::pace::paced;
use crate::domain::arn::CertificateArn;
use crate::domain::audit::answer::AuditAnswer;
use crate::domain::audit::cursor::AuditCursor;
use crate::domain::audit::request::{AuditDetail, AuditRequest};
use crate::domain::audit::summary::UnreadPart;
use crate::domain::served_accounts::ServedAccounts;
use crate::domain::settings::Settings;
use crate::flows::checks::schedule_audit;
use crate::flows::context::{Context, Invocation};
use crate::flows::error::Error;
use crate::flows::metrics::count_audit;

mod asked;
mod auditor;
mod findings;
mod group;
mod index;
mod key;
mod listing;
mod progress;
mod publish;
mod repair;
mod round;
mod unused;
mod zones;

/// Audits these certificates; if there are none, all public ones within reach, whatever their state, and all
/// hosted zones that may be written to. Each finding is published, and a summary at the end.
///
/// It stops before the invocation's deadline and schedules an audit that goes on from there; a dry run does not,
/// and puts no record back. What cannot be read is named, and stops nothing; no record is called unused then.
///
/// One that only reads does nothing but answer, stops where [`REQUESTS`] requests to AWS are nearly all sent, and
/// never fails.
///
/// # Errors
///
/// The first error of a listing that a retry may help, if no other invocation goes on: Lambda audits again what
/// this one did. [`Error::Aws`] if no audit can be scheduled that goes on.
pub async fn audit(
    context: &Context,
    invocation: &Invocation,
    request: &AuditRequest,
) -> Result<AuditAnswer, Error> {
    let mut progress = Progress::new(context, invocation, request);
    let auditing = async {
        match request.certificates.as_slice() {
            [] => Box::pin(audit_all(&mut progress, request.detail.from.as_ref())).await,
            certificates => Box::pin(audit_these(&mut progress, certificates)).await,
        }
    };
    let next = match request.only_reads {
        true => call_limit::at_most(REQUESTS, paced(auditing)).await,
        false => paced(auditing).await,
    };
    match request.only_reads {
        true => Ok(answer(progress, next.as_ref(), invocation.deadline.now())),
        false => conclude(context, invocation, progress, next).await,
    }
}

/// How many requests to AWS an audit that only reads sends, retries included.
pub const REQUESTS: usize = 1_500;

/// Audits all certificates and hosted zones from where an earlier invocation stopped; returns the request that
/// goes on, if something is left.
async fn audit_all(
    progress: &mut Progress<'_>,
    from: Option<&AuditCursor>,
) -> Option<AuditRequest> {
    let Progress { context, invocation, only_reads, .. } = *progress;
    let end = progress.end.clone();
    let Listing { index, places, unread, error } =
        list(context, invocation, &end.percent(60)).await;
    progress.error = error;
    let unknown = why_unused_is_unknown(context, &unread);
    unread.into_iter().for_each(|part| progress.add_unread(part));
    let asked = Asked::default();
    let reach = Reach { index: &index, asked: &asked, words: &places.words(end.now()) };
    let reach = unknown.is_none().then_some(reach);
    if let Some(unknown) = unknown {
        progress.answer.summary.unused_unknown.get_or_insert(unknown);
    }
    let auditor = Auditor { context, invocation, deadline: &end, only_reads, reach };
    let mut from = from.map(Key::of);
    loop {
        let round = end.bound(round(context, &index, from.as_ref())).await;
        let Some(Round { groups, next, unread }) = round else {
            if progress.has_done_nothing() {
                // The next invocation would wait in vain, too.
                progress.add_unread(no_answer());
                return None;
            }
            break;
        };
        unread.into_iter().for_each(|part| progress.add_unread(part));
        let firsts: Vec<_> = groups.iter().map(|group| group.first.clone()).collect();
        let work = groups.into_iter().map(|group| audit_part(auditor, &index, group));
        let done = progress.work_through(work.collect()).await;
        from = match firsts.into_iter().nth(done) {
            Some(first) => Some(first),
            None => Some(next?),
        };
        if progress.is_late() {
            break;
        }
    }
    let from = from.as_ref().map(Key::cursor);
    Some(AuditRequest { detail: AuditDetail { from, so_far: None }, ..AuditRequest::default() })
}

fn no_answer() -> UnreadPart {
    let reason = "Route 53 does not list hosted zones in time, so the audit ended early".to_owned();
    UnreadPart { reason, ..UnreadPart::default() }
}

/// Audits a group. The certificates that are never renewed are only counted.
async fn audit_part(auditor: Auditor<'_>, index: &Index, group: Group) -> Audited {
    let Group { certificates, zones, .. } = group;
    let count = certificates.len();
    let renewable = certificates.into_iter().filter(|id| index.is_renewable(*id));
    let renewable: Vec<_> = renewable.map(|id| (index.arn(id), Some(id))).collect();
    let counted = count - renewable.len();
    let audited = Box::pin(audit_group(auditor, renewable, &zones)).await;
    Audited { certificates: audited.certificates + counted, ..audited }
}

/// Audits these certificates; returns the request that goes on, if some are left.
async fn audit_these(
    progress: &mut Progress<'_>,
    certificates: &[CertificateArn],
) -> Option<AuditRequest> {
    let Progress { context, invocation, only_reads, .. } = *progress;
    let end = progress.end.clone();
    let auditor = Auditor { context, invocation, deadline: &end, only_reads, reach: None };
    let work = certificates.chunks(CERTIFICATES).map(async |certificates| {
        let certificates = certificates.iter().map(|arn| (arn.clone(), None)).collect();
        Box::pin(audit_group(auditor, certificates, &[])).await
    });
    let done = progress.work_through(work.collect()).await;
    let left = certificates.chunks(CERTIFICATES).skip(done).flatten().cloned().collect();
    let request = AuditRequest { certificates: left, ..AuditRequest::default() };
    (!request.certificates.is_empty()).then_some(request)
}

/// Why no record may be called unused, if so: a certificate that is not known may need it.
fn why_unused_is_unknown(context: &Context, unread: &[UnreadPart]) -> Option<String> {
    let Settings { accounts, certificate_role_name, .. } = &context.settings;
    if *accounts == ServedAccounts::Any && certificate_role_name.is_some() {
        return Some(
            "the function serves every account that has the role CERTIFICATE_ROLE_NAME, and ACCOUNTS does \
             not say which these are"
                .to_owned(),
        );
    }
    let UnreadPart { account, region, reason, .. } = unread.first()?;
    let place = match (account, region) {
        (Some(account), Some(region)) => format!("account {account} in {region}: "),
        _ => String::new(),
    };
    Some(format!("not everything within reach could be read ({place}{reason})"))
}

/// What an invocation answers, with where the one begins that goes on.
fn answer(progress: Progress<'_>, next: Option<&AuditRequest>, now: DateTime<Utc>) -> AuditAnswer {
    let Progress { mut answer, .. } = progress;
    answer.summary.at = now;
    if let Some(request) = next {
        answer.from.clone_from(&request.detail.from);
        answer.certificates_left = Some(request.certificates.len()).filter(|left| *left > 0);
    }
    answer
}

/// Counts, logs and publishes what an invocation found, and schedules the one that goes on.
async fn conclude(
    context: &Context,
    invocation: &Invocation,
    mut progress: Progress<'_>,
    next: Option<AuditRequest>,
) -> Result<AuditAnswer, Error> {
    let now = invocation.deadline.now();
    let Counts { audited, at_risk, unused, repaired } = progress.counts;
    let error = progress.error.take();
    let answer = answer(progress, next.as_ref(), now);
    let unread = answer.summary.unread.len() + answer.summary.unread_not_shown;
    info!(audited, at_risk, unused, repaired, unread, goes_on = next.is_some(), "audited");
    count_audit(&context.metrics, audited, at_risk, unused, repaired, now);
    if let Some(mut request) = next.filter(|_| !context.settings.dry_run) {
        request.detail.so_far = Some(answer.summary.clone());
        schedule_audit(context, invocation, &request).await?;
        return Ok(answer);
    }
    publish_summary(context, &invocation.deadline.percent(80), &answer.summary).await;
    error.map_or(Ok(answer), Err)
}

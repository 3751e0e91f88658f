//! The overview: answers which certificates are pending and why, and writes nothing.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tracing::{info, warn};

use self::answer::{Overview, ROWS, Row};
use self::kept::Kept;
use self::listing::{Listing, list, oldest};
use self::row::{row, unread};
use crate::aws::acm::list::{Names, PendingCertificate};
use crate::aws::call_limit;
use crate::domain::arn::{CertificateArn, Scope};
use crate::domain::text::report;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::diagnosis::examine::examine_all;
use crate::flows::diagnosis::subject::Subject;
use crate::flows::error::Error;
use crate::flows::pause::pause;
use crate::flows::rate_limit;

pub mod answer;
pub mod kept;
mod listing;
mod row;

/// The state of these certificates; if there are none, of all that are pending in every account and
/// region. At most [`ROWS`] are diagnosed, together, and the rest is counted.
///
/// An overview is kept for a minute and given again, and one sends AWS [`REQUESTS`] requests at most. It
/// stops before the invocation's deadline. Whatever cannot be read is part of the answer.
pub async fn overview(
    context: &Context,
    invocation: &Invocation,
    kept: &Kept,
    asked: &[CertificateArn],
) -> Overview {
    let now = invocation.deadline.now();
    if let Some(overview) = kept.get(asked, now) {
        return overview;
    }
    let work = call_limit::at_most(REQUESTS, read(context, invocation, asked));
    let overview = Overview { at: now, ..work.await };
    let Overview { found, not_shown, ref unread, .. } = overview;
    info!(found, not_shown, unread = unread.len(), "read an overview");
    kept.put(asked, &overview);
    overview
}

/// How many requests to AWS one overview sends, retries included. Fifty certificates in one zone need about
/// 200.
pub const REQUESTS: usize = 500;

/// How many queries to public DNS one overview sends.
const QUERIES: usize = 300;

/// How many certificates are described at the same time.
const AT_ONCE: usize = 20;

async fn read(context: &Context, invocation: &Invocation, asked: &[CertificateArn]) -> Overview {
    let deadline = invocation.deadline.percent(90);
    let Listing { certificates, unread } = match asked {
        [] => list(context, invocation, &deadline.percent(40)).await,
        asked => Listing { certificates: given(asked), unread: Vec::new() },
    };
    let mut found = certificates.len();
    let taken = oldest(certificates, ROWS);
    let not_shown = found - taken.len();
    let mut described = describe_all(context, invocation, &deadline.percent(60), &taken).await;
    if asked.is_empty() {
        // The listing without search has certificates whose renewal is not pending.
        described.retain(|_, it| !matches!(it, Described::Done(subject) if !subject.is_pending()));
        found = described.len() + not_shown;
    }
    let ours = &invocation.scope;
    let diagnosing = deadline.percent(90);
    let mut certificates = diagnose_all(context, ours, &diagnosing, &taken, described).await;
    certificates.sort_by_key(|row| (row.since.is_none(), row.since, row.certificate_arn.clone()));
    Overview { at: deadline.now(), age: 0, found, not_shown, certificates, unread }
}

/// Certificates of which nothing but the ARN is known, once each.
fn given(asked: &[CertificateArn]) -> Vec<PendingCertificate> {
    let pending = |certificate: &CertificateArn| PendingCertificate {
        certificate: certificate.clone(),
        names: Names::Unknown,
        since: None,
    };
    asked.iter().map(pending).collect()
}

/// What became of the description of a certificate.
enum Described {
    Done(Box<Subject>),
    Failed(Error),
    TooLate,
}

/// Describes these certificates until `deadline`, as fast as ACM allows.
async fn describe_all(
    context: &Context,
    invocation: &Invocation,
    deadline: &Deadline,
    pending: &[PendingCertificate],
) -> BTreeMap<CertificateArn, Described> {
    let permits = Semaphore::new(AT_ONCE);
    let delays = rate_limit::delays(pending.iter().map(|it| &it.certificate));
    let describing = pending.iter().zip(delays).map(async |(pending, delay)| {
        let arn = &pending.certificate;
        let described = deadline.bound(async {
            pause(delay).await;
            let _permit = permits.acquire().await;
            Subject::find(context, invocation, arn).await
        });
        let described = match described.await {
            Some(Ok(subject)) => Described::Done(Box::new(subject)),
            Some(Err(error)) => {
                warn!(certificate = %arn, error = report(&error), "cannot read a certificate");
                Described::Failed(error)
            }
            None => Described::TooLate,
        };
        (arn.clone(), described)
    });
    join_all(describing).await.into_iter().collect()
}

/// Diagnoses what was described, and makes a row of everything.
async fn diagnose_all(
    context: &Context,
    ours: &Scope,
    deadline: &Deadline,
    pending: &[PendingCertificate],
    mut described: BTreeMap<CertificateArn, Described>,
) -> Vec<Row> {
    let (mut arns, mut subjects, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for PendingCertificate { certificate, names, since } in pending {
        let unread = |why: &str| unread(certificate, names, *since, why);
        match described.remove(certificate) {
            Some(Described::Done(subject)) => {
                arns.push(certificate);
                subjects.push(*subject);
            }
            Some(Described::Failed(error)) => rows.push(unread(&report(&error))),
            Some(Described::TooLate) => rows.push(unread("There was no time left to read it.")),
            None => {}
        }
    }
    let mut cases: Vec<_> = subjects.iter_mut().filter_map(Subject::case).collect();
    examine_all(context, ours, deadline, QUERIES, &BTreeMap::new(), &mut cases).await;
    rows.extend(arns.into_iter().zip(subjects).map(|(arn, subject)| {
        let (diagnosis, stopped_by) = subject.conclude();
        row(arn, &diagnosis, stopped_by.as_ref())
    }));
    rows
}

//! How far an audit is in this invocation.

use std::future::{Future, ready};
use std::pin::pin;

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt};
use tracing::warn;

use super::auditor::Audited;
use crate::aws::call_limit;
use crate::domain::audit::answer::AuditAnswer;
use crate::domain::audit::changes::ZoneChanges;
use crate::domain::audit::finding::FindingKind;
use crate::domain::audit::request::AuditRequest;
use crate::domain::audit::summary::{AuditSummary, UnreadPart};
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::error::Error;

/// An audit in this invocation.
pub(super) struct Progress<'a> {
    pub(super) context: &'a Context,
    pub(super) invocation: &'a Invocation,
    pub(super) only_reads: bool,
    /// When all groups must be done.
    pub(super) end: Deadline,
    pub(super) answer: AuditAnswer,
    pub(super) counts: Counts,
    /// The first error of a listing that a retry may help.
    pub(super) error: Option<Error>,
    /// When the last group may begin.
    last_start: Deadline,
    /// How many groups are done.
    done: usize,
}

/// What this invocation found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) audited: usize,
    pub(super) at_risk: usize,
    pub(super) unused: usize,
    pub(super) repaired: usize,
}

/// How many groups are audited at the same time: so many that the calls keep to the pace, and few enough that all
/// are done soon when the time is over.
const AT_ONCE: usize = 6;

/// How long groups take that are audited at the same time.
const GROUP: TimeDelta = TimeDelta::seconds(20);
/// How many requests to AWS groups that are audited at the same time send in all: a hundred each, with the first
/// certificates and records of a zone described and compared.
const REQUESTS: usize = 100 * AT_ONCE;

fn is_over(deadline: &Deadline) -> bool {
    deadline.left() <= TimeDelta::zero()
}

/// Whether another group may find all requests sent that this audit may send.
fn is_short_of_requests() -> bool {
    call_limit::left().is_some_and(|left| left < REQUESTS)
}

/// How many records the change batches of one answer have.
const CHANGES: usize = 1_000;

impl<'a> Progress<'a> {
    /// The progress of an audit, with what its earlier invocations found.
    pub(super) fn new(
        context: &'a Context,
        invocation: &'a Invocation,
        request: &AuditRequest,
    ) -> Self {
        let deadline = &invocation.deadline;
        let so_far = request.detail.so_far.clone();
        let mut summary = so_far.unwrap_or_else(|| AuditSummary::new(deadline.now()));
        summary.invocations += 1;
        let end = deadline.percent(90);
        let answer = AuditAnswer {
            summary,
            change_batches: Vec::new(),
            changes_not_shown: 0,
            from: None,
            certificates_left: None,
        };
        Self {
            context,
            invocation,
            only_reads: request.only_reads,
            last_start: end.earlier(GROUP.min(end.left() / 2)),
            end,
            answer,
            counts: Counts::default(),
            error: None,
            done: 0,
        }
    }

    /// Audits groups, several at the same time, in their order; returns how many of them are done. The first one of
    /// an invocation is done or given up, so that every invocation makes progress.
    pub(super) async fn work_through(
        &mut self,
        groups: Vec<impl Future<Output = Audited>>,
    ) -> usize {
        let all = groups.len();
        let mut must_start = self.done == 0;
        let last_start = self.last_start.clone();
        let may_start = |_: &_| {
            let may_start = must_start || !(is_over(&last_start) || is_short_of_requests());
            must_start = false;
            ready(may_start)
        };
        let mut done = 0;
        {
            let work = stream::iter(groups).take_while(may_start).buffered(AT_ONCE);
            let mut work = pin!(work);
            while let Some(Some(audited)) = self.end.clone().bound(work.next()).await {
                done += 1;
                self.add(audited);
            }
        }
        if all > 0 && done == 0 && self.done == 0 {
            warn!("a part of the audit took longer than an invocation, and is left out");
            let reason = "a few certificates and hosted zones took longer to read than an invocation may \
                          take, and were left out";
            self.add_unread(UnreadPart { reason: reason.to_owned(), ..UnreadPart::default() });
            done = 1;
        }
        self.done += done;
        done
    }

    /// Whether no group is done yet.
    pub(super) fn has_done_nothing(&self) -> bool {
        self.done == 0
    }

    /// Whether no further group may begin.
    pub(super) fn is_late(&self) -> bool {
        is_over(&self.last_start) || is_short_of_requests()
    }

    /// Adds something that could not be read.
    pub(super) fn add_unread(&mut self, part: UnreadPart) {
        self.answer.summary.add_unread(part);
    }

    fn add(&mut self, audited: Audited) {
        let Audited { certificates, at_risk, zones, repaired, .. } = audited;
        let is_unused = |kind| kind == FindingKind::RecordUnused;
        let unused = audited.findings.iter().filter(|it| is_unused(it.finding)).count();
        self.counts.audited += certificates;
        self.counts.at_risk += at_risk;
        self.counts.unused += unused;
        self.counts.repaired += repaired;
        let Self { answer, .. } = self;
        answer.summary.certificates_audited += certificates;
        answer.summary.certificates_at_risk += at_risk;
        answer.summary.hosted_zones += zones;
        answer.summary.records_repaired += repaired;
        answer.summary.add(&audited.findings);
        answer.changes_not_shown += audited.changes_not_shown;
        for changes in audited.changes {
            let size = |it: &ZoneChanges| it.change_batch.changes.len();
            let shown: usize = answer.change_batches.iter().map(size).sum();
            match shown + size(&changes) <= CHANGES {
                true => answer.change_batches.push(changes),
                false => answer.changes_not_shown += size(&changes),
            }
        }
        audited.unread.into_iter().for_each(|part| answer.summary.add_unread(part));
    }
}

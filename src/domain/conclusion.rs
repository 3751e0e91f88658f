//! Puts a plan and what became of its records together into an outcome.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::certificate::Certificate;
use crate::domain::outcome::{Outcome, RecordOutcome, RecordState, State, StateChange};
use crate::domain::plan::{Next, Plan};
use crate::domain::problem::Cause;
use crate::domain::request::{Request, Trigger};
use crate::domain::stop::StopReason;

/// What a reconciliation did about the next check of its certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextCheck {
    /// Nothing: it only shows what it would do.
    DryRun,
    /// Nothing: another one had scheduled it, or none is needed.
    NotScheduled,
    /// It scheduled it.
    Scheduled,
}

/// The outcome of a reconciliation. `records` are the records of the plan, `remarks` what is wrong with
/// the certificate's tag; `next_check` says what this reconciliation did about the next check.
pub fn conclude(
    request: &Request,
    certificate: Option<&Certificate>,
    plan: &Plan,
    next_check: NextCheck,
    (mut records, mut remarks): (Vec<RecordOutcome>, Vec<String>),
    now: DateTime<Utc>,
) -> Outcome {
    records.extend(
        plan.refuse
            .iter()
            .map(|(name, problem)| RecordOutcome::with_problem(name.to_string(), None, problem)),
    );
    records.sort_by(|one, other| one.name.cmp(&other.name));
    let age = now - plan.began;
    // How long this validation has been checked; no time at all if this is its first check.
    let checked_for = match request.trigger {
        Trigger::FollowUp => request.since.map_or(age, |since| age.max(now - since)),
        Trigger::Check | Trigger::Event => TimeDelta::zero(),
    };
    if checked_for >= UNKNOWN_LASTS {
        for record in records.iter_mut().filter(|record| record.cause == Some(Cause::Unknown)) {
            record.state = RecordState::Blocked;
        }
    }
    let find = |state| records.iter().find(|record| record.state == state);
    let blocked = find(RecordState::Blocked).or_else(|| find(RecordState::Unseen));
    remarks.extend(plan.out_of_reach.clone());
    let remarks = (!remarks.is_empty()).then(|| remarks.join("; "));
    let written = find(RecordState::Written).is_some();
    let (state, reason) = match (&plan.next, blocked) {
        (Next::Stop(StopReason::Issued), _) => (State::Issued, None),
        (Next::Stop(reason), _) => {
            let text = reason.to_string();
            let text = remarks.map(|remarks| format!("{text}; {remarks}")).unwrap_or(text);
            (State::from(reason), Some(text))
        }
        (Next::CheckAt(_), Some(blocked)) => {
            (State::Blocked, remarks.or_else(|| blocked.reason.clone()))
        }
        (Next::CheckAt(_), None) if written => {
            let deleted = checked_for >= RECORDS_STAY;
            (State::RecordsWritten, remarks.or_else(|| deleted.then(|| DELETED.to_owned())))
        }
        (Next::CheckAt(_), None) if find(RecordState::WouldWrite).is_some() => {
            (State::RecordsWouldWrite, remarks)
        }
        (Next::CheckAt(_), None) => (State::Waiting, remarks),
    };
    let notable = match state {
        // If another check was scheduled before, whoever scheduled it has published the block.
        State::Blocked | State::RecordsWritten => {
            written || (plan.notable && next_check != NextCheck::NotScheduled)
        }
        State::RecordsWouldWrite => true,
        State::Failed | State::Issued | State::TimedOut => plan.notable,
        State::Ignored | State::Waiting => false,
    };
    let issued = certificate.filter(|_| notable && plan.next == Next::Stop(StopReason::Issued));
    Outcome {
        change: StateChange {
            certificate_arn: Some(request.certificate.to_string()),
            domain_name: certificate.and_then(|certificate| certificate.names.first().cloned()),
            state,
            reason,
            age: age.num_seconds(),
            records,
        },
        status: certificate.map(|certificate| certificate.status.as_str().to_owned()),
        next: match plan.next {
            Next::CheckAt(at) if next_check != NextCheck::DryRun => Some(at),
            Next::CheckAt(_) | Next::Stop(_) => None,
        },
        scheduled: next_check == NextCheck::Scheduled,
        notable,
        out_of_reach: plan.out_of_reach.is_some(),
        time_to_issue: issued.and_then(|certificate| {
            Some((certificate.issued_at? - certificate.created_at).num_seconds())
        }),
    }
}

/// The age of a validation from which an unknown error is a block. Several checks have had the time to
/// get past an error that passes by itself, and there is no store to count them.
const UNKNOWN_LASTS: TimeDelta = TimeDelta::minutes(5);

/// The age of a validation from which a record that is written was probably there before.
const RECORDS_STAY: TimeDelta = TimeDelta::hours(1);

/// Source of the suspects: [external-dns 2265](https://github.com/kubernetes-sigs/external-dns/issues/2265).
const DELETED: &str = "a validation record was missing long after the validation began: if an earlier check wrote it, \
     something deletes it, for example external-dns with policy `sync`, a destroyed Terraform or CDK \
     stack, or a clean-up script";

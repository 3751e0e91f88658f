//! Puts a plan and what became of its records together into an outcome.

use chrono::{DateTime, Utc};

use crate::domain::arn::CertificateArn;
use crate::domain::certificate::Certificate;
use crate::domain::outcome::{Outcome, RecordOutcome, RecordState, State, StateChange};
use crate::domain::plan::{Next, Plan};
use crate::domain::stop::StopReason;

/// The outcome of a reconciliation. `records` are the records of the plan, `remarks` what is wrong with
/// the certificate's tag; `scheduled` says whether this reconciliation scheduled the next check.
pub fn conclude(
    arn: &CertificateArn,
    certificate: Option<&Certificate>,
    plan: &Plan,
    scheduled: bool,
    (mut records, remarks): (Vec<RecordOutcome>, Vec<String>),
    now: DateTime<Utc>,
) -> Outcome {
    records.extend(
        plan.refuse
            .iter()
            .map(|(name, problem)| RecordOutcome::with_problem(name.to_string(), None, problem)),
    );
    records.sort_by(|one, other| one.name.cmp(&other.name));
    let find = |state| records.iter().find(|record| record.state == state);
    let remarks = (!remarks.is_empty()).then(|| remarks.join("; "));
    let written = find(RecordState::Written).is_some();
    let (state, reason) = match (&plan.next, find(RecordState::Blocked)) {
        (Next::Stop(StopReason::Issued), _) => (State::Issued, None),
        (Next::Stop(reason), _) => (State::from(reason), Some(reason.to_string())),
        (Next::CheckAt(_), Some(blocked)) => {
            (State::Blocked, remarks.or_else(|| blocked.reason.clone()))
        }
        (Next::CheckAt(_), None) if written => (State::RecordsWritten, remarks),
        (Next::CheckAt(_), None) => (State::Waiting, remarks),
    };
    let notable = match state {
        // If another check was scheduled before, whoever scheduled it has published the block.
        State::Blocked | State::RecordsWritten => written || (plan.notable && scheduled),
        State::Failed | State::Issued | State::TimedOut => plan.notable,
        State::Ignored | State::Waiting => false,
    };
    let issued = certificate.filter(|_| notable && plan.next == Next::Stop(StopReason::Issued));
    Outcome {
        change: StateChange {
            certificate_arn: Some(arn.to_string()),
            domain_name: certificate.and_then(|certificate| certificate.names.first().cloned()),
            state,
            reason,
            age: (now - plan.began).num_seconds(),
            records,
        },
        status: certificate.map(|certificate| certificate.status.as_str().to_owned()),
        next: match plan.next {
            Next::CheckAt(at) => Some(at),
            Next::Stop(_) => None,
        },
        scheduled,
        notable,
        time_to_issue: issued.and_then(|certificate| {
            Some((certificate.issued_at? - certificate.created_at).num_seconds())
        }),
    }
}

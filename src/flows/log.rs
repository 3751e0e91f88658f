//! The log lines of a reconciliation.

use tracing::{Span, field, info, info_span, warn};

use crate::domain::outcome::{Outcome, RecordState};
use crate::domain::request::Request;
use crate::flows::context::Invocation;

/// The span of a reconciliation: the fields that all its log lines have.
pub(super) fn span(invocation: &Invocation, request: &Request) -> Span {
    let certificate = field::display(&request.certificate);
    let request = &invocation.request_id;
    info_span!("reconcile", request, certificate, status = field::Empty, next = field::Empty)
}

/// Logs a warning for each record that is not written, and one closing line.
pub(super) fn log(outcome: &Outcome) {
    let change = &outcome.change;
    for record in &change.records {
        let (zone, reason) = (record.hosted_zone_id.as_deref(), record.reason.as_deref());
        match record.state {
            RecordState::Blocked => warn!(record = record.name, zone, reason, "record blocked"),
            RecordState::Unseen => warn!(record = record.name, zone, reason, "record unseen"),
            RecordState::Deferred => warn!(record = record.name, zone, reason, "record deferred"),
            RecordState::Present | RecordState::WouldWrite | RecordState::Written => {}
        }
    }
    Span::current()
        .record("status", outcome.status.as_deref())
        .record("next", outcome.next.map(|next| next.to_rfc3339()));
    let count = |state| change.records.iter().filter(|record| record.state == state).count();
    info!(
        state = ?change.state,
        reason = change.reason,
        age = change.age,
        written = count(RecordState::Written),
        present = count(RecordState::Present),
        deferred = count(RecordState::Deferred),
        blocked = count(RecordState::Blocked),
        unseen = count(RecordState::Unseen),
        "reconciled"
    );
}

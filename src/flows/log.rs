//! The log lines of a reconciliation: an audit trail. `docs/operating.md` has their fields.

use tracing::{Span, field, info, info_span, warn};

use crate::domain::arn::CertificateArn;
use crate::domain::outcome::{Outcome, RecordOutcome, RecordState, State};
use crate::domain::request::Request;
use crate::flows::context::Invocation;

/// The span of a reconciliation: the fields that all its log lines have.
pub(super) fn span(invocation: &Invocation, request: &Request) -> Span {
    let certificate = field::display(&request.certificate);
    info_span!("reconcile", request = invocation.request_id, certificate)
}

/// Logs one line for each record that was written, or is not as it should be, and a closing line.
pub(super) fn log(certificate: &CertificateArn, outcome: &Outcome) {
    let change = &outcome.change;
    let (account, region) = (&certificate.scope.account, &certificate.scope.region);
    let domain_name = change.domain_name.as_ref().map(field::display);
    // The macros need the level and the message as literals.
    macro_rules! record {
        ($level:ident, $record:expr, $message:literal) => {
            $level!(
                state = $record.state.as_str(),
                domain = domain($record),
                record = $record.name,
                zone = $record.hosted_zone_id.as_deref(),
                zone_name = $record.zone_name.as_ref().map(field::display),
                reason = $record.reason.as_deref(),
                %certificate,
                account,
                region,
                $message
            )
        };
    }
    for it in &change.records {
        match it.state {
            RecordState::Blocked => record!(warn, it, "record blocked"),
            RecordState::Deferred => record!(warn, it, "record deferred"),
            RecordState::Present => {}
            RecordState::Unseen => record!(warn, it, "record unseen"),
            RecordState::WouldWrite => record!(info, it, "record would be written"),
            RecordState::Written => record!(info, it, "record written"),
        }
    }
    let count = |state| change.records.iter().filter(|record| record.state == state).count();
    macro_rules! closing {
        ($level:ident, $message:literal) => {
            $level!(
                state = change.state.as_str(),
                domain = domain_name,
                reason = change.reason,
                status = outcome.status,
                next = outcome.next.map(|next| next.to_rfc3339()),
                age = change.age,
                written = count(RecordState::Written),
                would_write = count(RecordState::WouldWrite),
                present = count(RecordState::Present),
                deferred = count(RecordState::Deferred),
                blocked = count(RecordState::Blocked),
                unseen = count(RecordState::Unseen),
                %certificate,
                account,
                region,
                $message
            )
        };
    }
    match change.state {
        State::Failed | State::TimedOut => closing!(warn, "reconciled"),
        _ => closing!(info, "reconciled"),
    }
}

/// The name that a record validates: that of the record without its first label. A name whose record was
/// refused stands for itself.
fn domain(record: &RecordOutcome) -> &str {
    let name = record.name.trim_end_matches('.');
    match name.split_once('.') {
        Some((label, domain)) if label.starts_with('_') => domain,
        _ => name,
    }
}

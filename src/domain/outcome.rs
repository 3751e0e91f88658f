//! The outcome of a reconciliation: the function's response, and the event that it publishes.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::domain::name::DomainName;
use crate::domain::problem::{Cause, Problem};
use crate::domain::text::shorten;
use crate::domain::zone::HostedZone;

/// The detail-type of the events that the function publishes.
pub const STATE_CHANGE: &str = "Certificate Validation State Change";

/// The outcome of a reconciliation; the function's response.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The part of it that is also published, if it is notable.
    #[serde(flatten)]
    pub change: StateChange,
    /// ACM's status of the certificate; none if ACM knows no such certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When the next check is due; none if there is nothing left to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<DateTime<Utc>>,
    /// Whether this reconciliation scheduled the next check. If not, another one did, or none is needed.
    #[serde(skip)]
    pub scheduled: bool,
    /// Whether to publish it: a written record always, an end or a block if the plan calls it notable
    /// and no other check publishes it.
    #[serde(skip)]
    pub notable: bool,
    /// Whether the function cannot read the certificate until somebody acts.
    #[serde(skip)]
    pub out_of_reach: bool,
    /// Seconds from the request to the issue, if this outcome publishes that the certificate is issued.
    #[serde(skip)]
    pub time_to_issue: Option<i64>,
}

/// The state of a certificate; the detail of the event `Certificate Validation State Change`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateChange {
    /// The certificate; none if the event names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    /// Its main name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_name: Option<DomainName>,
    /// Its state.
    pub state: State,
    /// Why it is in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The validation records that ACM waits for.
    pub records: Vec<RecordOutcome>,
    /// Seconds since this validation began.
    pub age: i64,
}

/// The state of a certificate after a reconciliation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// A record cannot be written, or be seen by ACM, until somebody acts.
    Blocked,
    /// ACM did not issue, renew or migrate the certificate.
    Failed,
    /// The function does not serve the certificate. Never published.
    Ignored,
    /// Issued.
    Issued,
    /// This reconciliation wrote records.
    RecordsWritten,
    /// `DRY_RUN`: this reconciliation would have written records.
    RecordsWouldWrite,
    /// ACM ended the validation after 72 hours, or should have.
    TimedOut,
    /// There is nothing to do but wait for ACM. Never published.
    Waiting,
}

/// The outcome for one validation record.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordOutcome {
    /// The record's name as ACM spells it, `_x1.example.com.`; the name on the certificate if ACM's
    /// record was refused.
    pub name: String,
    /// The hosted zone that holds the record, or should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<String>,
    /// The name of that zone.
    #[serde(skip)]
    pub zone_name: Option<DomainName>,
    /// The state of the record.
    pub state: RecordState,
    /// Why it was not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The kind of problem.
    #[serde(skip)]
    pub cause: Option<Cause>,
}

/// The state of one validation record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordState {
    /// It cannot be written until somebody acts.
    Blocked,
    /// It could not be written this time; the next check tries again.
    Deferred,
    /// It exists and is left alone.
    Present,
    /// It exists in a hosted zone that public DNS does not ask.
    Unseen,
    /// `DRY_RUN`: it would have been written.
    WouldWrite,
    /// It was written.
    Written,
}

impl State {
    /// Its word in events and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "BLOCKED",
            Self::Failed => "FAILED",
            Self::Ignored => "IGNORED",
            Self::Issued => "ISSUED",
            Self::RecordsWritten => "RECORDS_WRITTEN",
            Self::RecordsWouldWrite => "WOULD_WRITE",
            Self::TimedOut => "TIMED_OUT",
            Self::Waiting => "WAITING",
        }
    }
}

impl RecordState {
    /// Its word in events and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "BLOCKED",
            Self::Deferred => "DEFERRED",
            Self::Present => "PRESENT",
            Self::Unseen => "UNSEEN",
            Self::WouldWrite => "WOULD_WRITE",
            Self::Written => "WRITTEN",
        }
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for RecordState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Outcome {
    /// The outcome of an event that asks for nothing.
    pub fn ignored(reason: String) -> Self {
        Self {
            change: StateChange {
                certificate_arn: None,
                domain_name: None,
                state: State::Ignored,
                reason: Some(reason),
                records: Vec::new(),
                age: 0,
            },
            status: None,
            next: None,
            scheduled: false,
            notable: false,
            out_of_reach: false,
            time_to_issue: None,
        }
    }
}

impl RecordOutcome {
    /// A record in this state.
    pub fn new(name: String, zone: &HostedZone, state: RecordState) -> Self {
        let (hosted_zone_id, zone_name) = (Some(zone.id.clone()), Some(zone.name.clone()));
        Self { name, hosted_zone_id, zone_name, state, reason: None, cause: None }
    }

    /// A record that exists where public DNS does not see it.
    pub fn unseen(name: String, zone: &HostedZone, problem: &Problem) -> Self {
        Self { state: RecordState::Unseen, ..Self::with_problem(name, Some(zone), problem) }
    }

    /// A record, or a name, with a problem: blocked if the problem is permanent, otherwise deferred.
    pub fn with_problem(name: String, zone: Option<&HostedZone>, problem: &Problem) -> Self {
        Self {
            name,
            hosted_zone_id: zone.map(|zone| zone.id.clone()),
            zone_name: zone.map(|zone| zone.name.clone()),
            state: match problem.is_permanent() {
                true => RecordState::Blocked,
                false => RecordState::Deferred,
            },
            // A certificate has up to a hundred names, and an event must stay far below EventBridge's limit.
            reason: Some(shorten(&problem.message, 1_000)),
            cause: Some(problem.cause),
        }
    }
}

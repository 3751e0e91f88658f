//! What a look did: the function's response, and the event it publishes.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::arn::CertificateArn;
use crate::aws::scheduler::Armed;
use crate::certificate::Certificate;
use crate::error::Cause;
use crate::name::DomainName;
use crate::plan::{Next, Plan, Reason};
use crate::publish::Published;

/// What a look did; the function's response.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What is also published, where it is worth an event.
    #[serde(flatten)]
    pub facts: Facts,
    /// ACM's word for how far the certificate has come; none if ACM knows no such certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When the next look is due; none if there is nothing left to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<DateTime<Utc>>,
    /// Whether this look armed the next one; otherwise another has, or none is needed.
    #[serde(skip)]
    pub armed: bool,
    /// Whether the world should hear of it: what was written always, an end or a standing block when
    /// it is news and no other chain of checks has told it.
    #[serde(skip)]
    pub news: bool,
    /// How many seconds it took from the request to the certificate, if this look tells that it is
    /// issued.
    #[serde(skip)]
    pub took: Option<i64>,
}

/// What a look found out; the detail of the event it publishes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The certificate; none if the event named none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    /// Its main name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_name: Option<DomainName>,
    /// Where it stands.
    pub state: State,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The validation records ACM waits for.
    pub records: Vec<RecordOutcome>,
    /// Seconds since this validation began.
    pub age: i64,
}

/// Where a certificate stands after a look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// A record cannot be written until somebody acts.
    Blocked,
    /// ACM gave up.
    Failed,
    /// Not ours. Never published.
    Ignored,
    /// Issued.
    Issued,
    /// Records were written in this look.
    RecordsWritten,
    /// ACM waited long enough.
    TimedOut,
    /// Nothing to do but wait for ACM. Never published.
    Waiting,
}

/// What became of one validation record.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordOutcome {
    /// The record's name as ACM spells it, `_x1.example.com.`; the name on the certificate where
    /// there is no record to speak of.
    pub name: String,
    /// The zone it is in, or goes into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<String>,
    /// What became of it.
    pub state: RecordState,
    /// Why it was not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The kind of that reason.
    #[serde(skip)]
    pub cause: Option<Cause>,
}

/// What became of one validation record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecordState {
    /// It cannot be written until somebody acts.
    Blocked,
    /// It could not be written this time; the next look tries again.
    Deferred,
    /// It was there already, and was left alone.
    Present,
    /// `DRY_RUN`: it would have been written.
    WouldWrite,
    /// It was written.
    Written,
}

impl Outcome {
    /// The outcome of a look; `armed` says who armed the next check, if one is needed.
    pub fn new(
        arn: &CertificateArn,
        certificate: Option<&Certificate>,
        plan: &Plan,
        armed: Option<Armed>,
        published: Published,
        now: DateTime<Utc>,
    ) -> Self {
        let Published { records, remarks } = published;
        let find = |state| records.iter().find(|record: &&RecordOutcome| record.state == state);
        let remarks = (!remarks.is_empty()).then(|| remarks.join("; "));
        let written = find(RecordState::Written).is_some();
        let (state, reason) = match (&plan.next, find(RecordState::Blocked)) {
            (Next::Stop(Reason::Issued), _) => (State::Issued, None),
            (Next::Stop(reason), _) => (State::from(reason), Some(reason.to_string())),
            (Next::CheckAt(_), Some(blocked)) => {
                (State::Blocked, remarks.or_else(|| blocked.reason.clone()))
            }
            (Next::CheckAt(_), None) if written => (State::RecordsWritten, remarks),
            (Next::CheckAt(_), None) => (State::Waiting, remarks),
        };
        let news = match state {
            State::Blocked | State::RecordsWritten => {
                written || (plan.news && armed == Some(Armed::Now))
            }
            State::Failed | State::Issued | State::TimedOut => plan.news,
            State::Ignored | State::Waiting => false,
        };
        let issued = certificate.filter(|_| news && plan.next == Next::Stop(Reason::Issued));
        Self {
            facts: Facts {
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
            armed: armed == Some(Armed::Now),
            news,
            took: issued.and_then(|certificate| {
                Some((certificate.issued_at? - certificate.created_at).num_seconds())
            }),
        }
    }

    /// The outcome of an event that asks nothing of us.
    pub fn nothing(reason: String) -> Self {
        Self {
            facts: Facts {
                certificate_arn: None,
                domain_name: None,
                state: State::Ignored,
                reason: Some(reason),
                records: Vec::new(),
                age: 0,
            },
            status: None,
            next: None,
            armed: false,
            news: false,
            took: None,
        }
    }
}

impl From<&Reason> for State {
    fn from(reason: &Reason) -> Self {
        match reason {
            Reason::Failed(_) | Reason::MigrationFailed(_) | Reason::RenewalFailed(_) => {
                Self::Failed
            }
            Reason::GaveUp | Reason::TimedOut => Self::TimedOut,
            Reason::Issued | Reason::Migrated | Reason::Renewed => Self::Issued,
            Reason::Closed(_)
            | Reason::Deleted
            | Reason::NotAllowed
            | Reason::NotDns
            | Reason::NotOptedIn(_)
            | Reason::NotPublic(_)
            | Reason::OptedOut => Self::Ignored,
        }
    }
}

impl Serialize for DomainName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

//! The answer to a `Certificate Overview`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::name::DomainName;

/// Which certificates are pending, and why; the function's response to a `Certificate Overview`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// How many seconds ago that was: an overview is given again for a minute.
    pub age: i64,
    /// How many certificates were found.
    pub found: usize,
    /// How many of them are not shown, since there are too many.
    pub not_shown: usize,
    /// The certificates, the oldest first.
    pub certificates: Vec<Row>,
    /// What could not be read, and why.
    pub unread: Vec<Unread>,
}

/// How many certificates an overview shows.
pub const ROWS: usize = 50;

/// One certificate of an overview.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The certificate.
    pub certificate_arn: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// The first of its names.
    pub names: Vec<DomainName>,
    /// How many more names it has.
    pub more_names: usize,
    /// ACM's status of it, if ACM tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When its validation began; none if none is pending, or if it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
    /// The state of the certificate: that of its record that needs somebody most.
    pub state: RowState,
    /// How many of its records are in each state.
    pub records: RecordCounts,
    /// Why records are blocked or unseen: the first reasons.
    pub reasons: Vec<String>,
    /// When the next check is scheduled; none if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_check: Option<DateTime<Utc>>,
    /// What to do, in one sentence.
    pub advice: String,
}

/// The state of one certificate of an overview.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RowState {
    /// A record cannot be written until somebody acts.
    Blocked,
    /// A record exists where public DNS does not ask.
    Unseen,
    /// A record is not written yet.
    Missing,
    /// A record, or the certificate, could not be read.
    Unknown,
    /// ACM has not created all records yet.
    Unready,
    /// All records exist: ACM has to see them.
    Present,
    /// ACM gave up the certificate, its renewal or its change to DNS.
    Failed,
    /// ACM ended the validation after 72 hours.
    TimedOut,
    /// The function does not serve the certificate.
    Ignored,
    /// Issued, and no validation is pending.
    Issued,
}

/// How many records are in each state.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordCounts {
    /// They exist with the right value.
    pub present: usize,
    /// They do not exist, or have another value: a check writes them.
    pub missing: usize,
    /// They cannot be written until somebody acts.
    pub blocked: usize,
    /// They exist where public DNS does not ask.
    pub unseen: usize,
    /// They could not be read.
    pub unknown: usize,
}

/// A region of an account that could not be read, or not completely.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// Why.
    pub reason: String,
}

impl Overview {
    /// How many of the certificates shown are in this state.
    pub fn count(&self, state: RowState) -> usize {
        self.certificates.iter().filter(|row| row.state == state).count()
    }
}

//! What an audit answers.

use serde::Serialize;

use crate::domain::audit::changes::ZoneChanges;
use crate::domain::audit::cursor::AuditCursor;
use crate::domain::audit::summary::AuditSummary;

/// What an audit answers; the function's response.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditAnswer {
    /// What it found, with everything that earlier invocations of this audit found.
    #[serde(flatten)]
    pub summary: AuditSummary,
    /// Change batches that delete the unused records of this invocation, one for each hosted zone.
    pub change_batches: Vec<ZoneChanges>,
    /// How many unused records of this invocation are in none of them.
    pub changes_not_shown: usize,
    /// Where the audit ran out of time. Another invocation is scheduled that goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<AuditCursor>,
    /// How many of the certificates that were asked for are left to the next invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_left: Option<usize>,
}

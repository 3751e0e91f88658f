//! What asks for an audit, and what one that goes on is told.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::arn::CertificateArn;
use crate::domain::audit::cursor::AuditCursor;
use crate::domain::audit::summary::AuditSummary;
use crate::domain::request::SOURCE;

/// The detail-type of an audit.
pub const AUDIT: &str = "Certificate Audit";

/// A request to audit certificates.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AuditRequest {
    /// The certificates; if there are none, all within reach, and the records of all hosted zones.
    pub certificates: Vec<CertificateArn>,
    /// What an audit that goes on knows.
    pub detail: AuditDetail,
    /// Whether it must change, schedule, publish and count nothing: somebody looks at the answer at once.
    pub only_reads: bool,
}

/// What an audit that goes on knows; the detail of its event.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuditDetail {
    /// Where an earlier invocation stopped; none to begin at the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<AuditCursor>,
    /// What the earlier invocations of the audit found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub so_far: Option<AuditSummary>,
}

/// The payload of an audit.
pub fn audit_payload(request: &AuditRequest) -> Value {
    let resources: Vec<_> = request.certificates.iter().map(ToString::to_string).collect();
    json!({"source": SOURCE, "detail-type": AUDIT, "resources": resources, "detail": request.detail})
}

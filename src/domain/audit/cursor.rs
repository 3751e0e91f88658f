//! Where an audit stands: in the order of names in which Route 53 lists hosted zones.

use serde::{Deserialize, Serialize};

use crate::domain::name::DomainName;

/// The first thing that an audit has not done yet. It goes through certificates and hosted zones in the
/// order of their names.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditCursor {
    /// The name of the hosted zone, or the first name on the certificate.
    pub name: DomainName,
    /// The certificate, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    /// The hosted zone, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<String>,
}

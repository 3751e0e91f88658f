//! API calls: who makes them, and what the simulator keeps of each.

use chrono::{DateTime, Utc};

use crate::iam::{Facts, IamRequest, action};
use crate::service::Service;

/// One call, with the facts that CloudTrail has of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The account whose credentials signed it.
    pub account: String,
    /// The region it was signed for.
    pub region: String,
    /// The service.
    pub service: Service,
    /// The operation, for example `DescribeCertificate`.
    pub operation: String,
    /// The error code of the answer, if it failed.
    pub error: Option<String>,
    /// What [`Self::iam_requests`] is derived from.
    pub(crate) facts: Facts,
}

/// The account that makes a call, and the region it makes it in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caller {
    /// The account whose credentials signed the request.
    pub account: String,
    /// The region in the credential scope.
    pub region: String,
}

impl Call {
    /// The permissions that the call needs: the action itself first, then the actions it implies.
    pub fn iam_requests(&self) -> Vec<IamRequest> {
        let action = action(self.service, &self.operation);
        match &self.facts {
            Facts::Any => vec![IamRequest::new(&action, "*")],
            Facts::On(resource) => vec![IamRequest::new(&action, resource)],
            Facts::More(requests) => requests.to_vec(),
        }
    }
}

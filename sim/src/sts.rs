//! STS: who holds which credentials.

use chrono::{DateTime, Utc};
use http::Request;

use crate::aws::{Caller, Service};
use crate::wire::Failure;

/// Access keys, sessions and roles of every account.
#[derive(Debug, Default)]
pub struct Sts {}

/// The credential scope of a signature: `Credential=AKID/20261123/eu-west-1/acm/aws4_request`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    /// The access key id.
    pub access_key_id: String,
    /// The region it is signed for.
    pub region: String,
    /// The service it is signed for.
    pub service: Service,
}

impl Scope {
    /// Reads it from the `Authorization` header.
    pub fn of(_request: &Request<Vec<u8>>) -> Option<Self> {
        None
    }
}

impl Sts {
    /// Whose credentials these are.
    pub fn authenticate(
        &self,
        _scope: &Scope,
        _request: &Request<Vec<u8>>,
        _now: DateTime<Utc>,
    ) -> Result<Caller, Failure> {
        Err(Failure::new(
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ))
    }

    /// Answers one call; the body is an XML document without its declaration.
    pub fn respond(
        &mut self,
        operation: &str,
        _caller: &Caller,
        _body: &[u8],
        _now: DateTime<Utc>,
    ) -> Result<String, Failure> {
        Err(Failure::new(400, "InvalidAction", operation))
    }
}

/// The operation a request asks for.
pub fn operation(_body: &[u8]) -> String {
    "unknown".to_owned()
}

//! Changes that were made through the API.

use chrono::{DateTime, Utc};

use super::xml::invalid_xml;
use crate::wire::Failure;

/// What a change does.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Action {
    /// Creates a record set that does not exist.
    Create,
    /// Deletes a record set.
    Delete,
    /// Creates a record set, or replaces it.
    Upsert,
}

impl Action {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        Ok(match text {
            "CREATE" => Self::Create,
            "DELETE" => Self::Delete,
            "UPSERT" => Self::Upsert,
            other => {
                return Err(invalid_xml(format!(
                    "cvc-enumeration-valid: Value '{other}' is not facet-valid with respect to \
                     enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the \
                     enumeration."
                )));
            }
        })
    }

    /// How often its records count for the limits of a batch, and its cost in tokens.
    /// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html>
    pub(super) fn weight(self) -> u8 {
        if self == Self::Upsert { 2 } else { 1 }
    }
}

/// One change that was made through the API.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Write {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The account that made it.
    pub account: String,
    /// The id of the hosted zone, without prefix.
    pub zone_id: String,
    /// The action.
    pub action: Action,
    /// The name of the record set, for example `_x1.example.com.`.
    pub name: String,
    /// Its type, for example `CNAME`.
    pub record_type: String,
    /// Its time to live in seconds; an alias has none.
    pub ttl: Option<i64>,
    /// Its values.
    pub values: Vec<String>,
    /// Whether it changed the zone. An `UPSERT` of an equal record set does not.
    pub changed: bool,
}

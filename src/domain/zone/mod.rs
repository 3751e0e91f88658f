//! Hosted zones: what is known of them, and what they hold.

use std::collections::BTreeMap;

use crate::domain::access::Access;
use crate::domain::name::DomainName;

pub mod accounts;
pub mod caa;
pub mod caa_record;
pub mod candidates;
pub mod choice;
pub mod content;
pub mod delegation;
pub mod discovery;
pub mod in_zone;
pub mod public_dns;
pub mod requirements;

/// A hosted zone, as far as the choice depends on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostedZone {
    /// The id without `/hostedzone/`: `Z1D633PJN98FT9`.
    pub id: String,
    /// The apex of the zone.
    pub name: DomainName,
    /// The credentials used to access the zone.
    pub access: Access,
    /// A private zone answers VPCs only. ACM asks public DNS.
    pub private: bool,
    /// The AWS service that manages the zone, if one does. Nobody else can edit it.
    pub linked_service: Option<String>,
    /// The zone's tags, where they were read.
    pub tags: BTreeMap<String, String>,
}

#[cfg(test)]
impl HostedZone {
    /// A public zone of the function's own account, for tests.
    pub(crate) fn public(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: DomainName::new(name),
            access: Access::Own,
            private: false,
            linked_service: None,
            tags: BTreeMap::new(),
        }
    }
}

/// The record sets of a zone, at the names that were asked for.
pub type Content = BTreeMap<DomainName, Vec<RecordSet>>;

/// A resource record set, as far as it is compared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordSet {
    /// The record type: `CNAME`, `NS`, `A`, …
    pub kind: String,
    /// The values; none for an alias.
    pub values: Vec<String>,
}

//! The hosted zones that may hold some records, as far as they could be read.

use std::collections::BTreeMap;

use crate::domain::name::DomainName;
use crate::domain::problem::Problem;
use crate::domain::zone::HostedZone;
use crate::domain::zone::public_dns::PublicDns;

/// The hosted zones that were found for some certificates.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Discovery {
    /// The zones of all accounts that could be read whose name is that of a record or above it, by
    /// that name.
    pub zones: BTreeMap<DomainName, Vec<HostedZone>>,
    /// The zones that the certificates' tags name, by id.
    pub tagged: BTreeMap<String, TaggedZone>,
    /// The problems of accounts that could not be read. Such an account may have the right zone.
    pub unreadable: Vec<Problem>,
    /// What public DNS says, where it was asked.
    pub public: PublicDns,
}

/// A hosted zone that a certificate's tag names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TaggedZone {
    /// The zone exists.
    Found(HostedZone),
    /// There is no zone with this id.
    Missing,
    /// The zone could not be read.
    Unreadable(Problem),
}

impl Discovery {
    /// What is known if the invocation ran out of time: nothing.
    pub fn out_of_time() -> Self {
        Self { unreadable: vec![Problem::out_of_time()], ..Self::default() }
    }

    /// The hosted zone with this id.
    pub fn zone(&self, id: &str) -> Option<&HostedZone> {
        match self.tagged.get(id) {
            Some(TaggedZone::Found(zone)) => Some(zone),
            _ => self.zones.values().flatten().find(|zone| zone.id == id),
        }
    }

    /// The zones whose name is this one or above it, the longest names first.
    pub fn above(&self, name: &DomainName) -> impl Iterator<Item = &HostedZone> {
        let names: Vec<_> = name.lineage().collect();
        names.into_iter().filter_map(|name| self.zones.get(&name)).flatten()
    }
}

//! What public DNS says: which hosted zones the world sees.

use std::collections::{BTreeMap, BTreeSet};
// `core`'s addresses are `std`'s: plain values. What does I/O is in `std::net` only.
use core::net::IpAddr;

use crate::domain::name::DomainName;
use crate::domain::text::a_few;
use crate::domain::zone::HostedZone;

/// The zone that answers for a name in public DNS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authority {
    /// The apex of the zone. For a name that no zone answers for it is above the registered domain:
    /// `com`.
    pub apex: DomainName,
    /// The name servers of the zone.
    pub name_servers: BTreeSet<DomainName>,
}

/// What public DNS and Route 53 say of names and the hosted zones that may hold them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PublicDns {
    /// The zones that answer, by the names that were asked for. Of a name that is absent, nothing is
    /// known: resolvers did not answer, failed or talked nonsense, or were not asked.
    pub authorities: BTreeMap<DomainName, Authority>,
    /// The name servers of hosted zones, by the zones' ids.
    pub delegation_sets: BTreeMap<String, BTreeSet<DomainName>>,
    /// The addresses of name servers.
    pub addresses: BTreeMap<DomainName, BTreeSet<IpAddr>>,
}

/// Whether the world sees a hosted zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sight {
    /// Resolvers ask at least one of its name servers.
    Seen,
    /// Resolvers ask other name servers only, or another zone.
    Unseen,
    /// Nothing is known.
    Unknown,
}

impl PublicDns {
    /// Whether the world sees this hosted zone when it asks for this name.
    ///
    /// White-label name servers are those of Route 53 under another name:
    /// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/white-label-name-servers.html>. So name
    /// servers are the same if their names or their addresses are.
    pub fn sight(&self, name: &DomainName, zone: &HostedZone) -> Sight {
        let Some(authority) = self.authorities.get(name) else { return Sight::Unknown };
        if authority.apex != zone.name {
            return Sight::Unseen;
        }
        let Some(own) = self.delegation_sets.get(&zone.id) else { return Sight::Unknown };
        if !own.is_disjoint(&authority.name_servers) {
            return Sight::Seen;
        }
        match (self.addresses_of(own), self.addresses_of(&authority.name_servers)) {
            (Some(own), Some(asked)) if own.is_disjoint(&asked) => Sight::Unseen,
            (Some(_), Some(_)) => Sight::Seen,
            _ => Sight::Unknown,
        }
    }

    /// The name servers whose addresses decide whether the world sees this hosted zone; none if their
    /// names do.
    pub fn undecided(&self, name: &DomainName, zone: &HostedZone) -> BTreeSet<DomainName> {
        match (self.authorities.get(name), self.delegation_sets.get(&zone.id)) {
            (Some(authority), Some(own))
                if authority.apex == zone.name && own.is_disjoint(&authority.name_servers) =>
            {
                own | &authority.name_servers
            }
            _ => BTreeSet::new(),
        }
    }

    /// The name servers that public DNS asks besides those of this hosted zone: of a zone that is seen, a
    /// part of the queries goes astray. None if nothing is known.
    pub fn foreign_servers(&self, name: &DomainName, zone: &HostedZone) -> BTreeSet<DomainName> {
        let (Some(authority), Some(own)) =
            (self.authorities.get(name), self.delegation_sets.get(&zone.id))
        else {
            return BTreeSet::new();
        };
        let own_addresses = self.addresses_of(own).unwrap_or_default();
        let is_own = |server: &&DomainName| match self.addresses.get(server) {
            _ if own.contains(server) => true,
            Some(addresses) => !addresses.is_disjoint(&own_addresses),
            None => false,
        };
        authority.name_servers.iter().filter(|server| !is_own(server)).cloned().collect()
    }

    /// Which of several zones holds this name for the world; none if nothing tells.
    pub fn choose<'a>(
        &self,
        name: &DomainName,
        zones: &[&'a HostedZone],
    ) -> Option<&'a HostedZone> {
        let apex = &self.authorities.get(name)?.apex;
        let at_apex: Vec<_> = zones.iter().copied().filter(|zone| zone.name == *apex).collect();
        match at_apex.as_slice() {
            // The other zones are above it or below it: nobody asks them for this name.
            [zone] => Some(zone),
            several => {
                let mut seen = several.iter().filter(|zone| self.sight(name, zone) == Sight::Seen);
                seen.next().filter(|_| seen.next().is_none()).copied()
            }
        }
    }

    /// What public DNS says instead of any of these zones, which all have the same name; none if
    /// nothing is known.
    pub fn contradiction(&self, name: &DomainName, zones: &[&HostedZone]) -> Option<String> {
        let authority = self.authorities.get(name)?;
        let own: Vec<_> = zones
            .iter()
            .filter_map(|zone| {
                Some(format!("{} has {}", zone.id, servers(self.delegation_sets.get(&zone.id)?)))
            })
            .collect();
        let own = match own.is_empty() {
            true => String::new(),
            false => format!("; {}", a_few(&own, "; ")),
        };
        Some(format!(
            "public DNS asks the name servers {} for {}{own}",
            servers(&authority.name_servers),
            authority.apex
        ))
    }

    /// All addresses of these name servers; none if nothing is known of one.
    fn addresses_of(&self, servers: &BTreeSet<DomainName>) -> Option<BTreeSet<IpAddr>> {
        let addresses = servers.iter().map(|server| self.addresses.get(server));
        addresses
            .collect::<Option<Vec<_>>>()
            .map(|all| all.into_iter().flatten().copied().collect())
    }
}

/// Name servers, as a message names them.
pub fn servers(names: &BTreeSet<DomainName>) -> String {
    let names: Vec<_> = names.iter().map(DomainName::to_string).collect();
    a_few(&names, ", ")
}

#[cfg(test)]
mod tests;

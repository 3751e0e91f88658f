//! Which zone answers for a name.

use super::registry;
use super::resolution::{Answering, Record};
use crate::route53::Route53;
use crate::route53::name::Name;
use crate::route53::records::RecordSet;
use crate::route53::world::parsed;
use crate::route53::zone::{Visibility, Zone};

/// What answers for a name.
#[derive(Clone, Debug)]
pub(in crate::route53) enum Authority<'a> {
    /// A zone of Route 53 or of another provider.
    Zone(&'a Zone),
    /// The registry zone of this apex.
    Registry(Name),
}

impl<'a> Authority<'a> {
    /// The zone, if it is not a registry's.
    pub(in crate::route53) fn zone(self) -> Option<&'a Zone> {
        match self {
            Self::Zone(zone) => Some(zone),
            Self::Registry(_) => None,
        }
    }

    /// The SOA record for an answer without records. Its TTL is how long that may be cached.
    /// Source: RFC 2308 section 3.
    pub(super) fn soa(&self) -> Option<Record> {
        let zone = match self {
            Self::Registry(apex) => return Some(registry::soa(apex)),
            Self::Zone(zone) => zone,
        };
        let set = zone.of(&zone.name, "SOA").next()?;
        let value = set.values.first()?;
        let minimum = value.rsplit(' ').next().and_then(|minimum| minimum.parse().ok());
        let ttl = u32::try_from(set.ttl.unwrap_or_default()).unwrap_or_default();
        Some(Record::new(&zone.name, "SOA", minimum.unwrap_or(ttl).min(ttl), value))
    }
}

impl Route53 {
    /// What answers for a name in public DNS. Aliases are not followed.
    ///
    /// # Panics
    /// If `name` is not a domain name.
    pub fn answering(&self, name: &str) -> Answering {
        match self.authority(&parsed(name)) {
            Some(Authority::Zone(zone)) => Answering::Zone {
                id: zone.id.clone(),
                name: zone.name.to_string().trim_end_matches('.').to_owned(),
            },
            Some(Authority::Registry(_)) => Answering::Registry,
            None => Answering::Nobody,
        }
    }

    /// What answers for this name. Nothing does if a delegation on the way is lame: no server that it
    /// names has the zone.
    ///
    /// Source: RFC 1034 section 4.2 and 4.3.2: an NS record set below the apex of a zone is a zone
    /// cut, and the zone's own records at or below the cut are not visible.
    pub(in crate::route53) fn authority(&self, name: &Name) -> Option<Authority<'_>> {
        let Some((domain, servers)) = self.registered_above(name) else {
            return Some(Authority::Registry(registry::apex(name)));
        };
        let mut zone = self.served(&domain, servers, name)?;
        while let Some(cut) = cut_towards(zone, name) {
            zone = self.served(&cut.name, &cut.values, name)?;
        }
        Some(Authority::Zone(zone))
    }

    /// The registered domain of this name, and the name servers that the registrar has for it.
    fn registered_above(&self, name: &Name) -> Option<(Name, &[String])> {
        name.ancestors().find_map(|ancestor| {
            let servers = self.registered.get(&ancestor)?;
            (!servers.is_empty()).then_some((ancestor, servers.as_slice()))
        })
    }

    /// The zone in which the servers of a delegation look for `name`. The first server that has a zone
    /// at or below `apex` answers, from the zone closest to the name. So if it has zones of a parent and
    /// a child, it answers from the child's, whatever the parent's NS records say.
    ///
    /// A real resolver chooses any server, so it may see each of the zones of a wrong delegation.
    /// Source: RFC 1034 section 4.3.2 step 2.
    fn served(&self, apex: &Name, servers: &[String], name: &Name) -> Option<&Zone> {
        let zones: Vec<&Zone> = name
            .ancestors()
            .take_while(|ancestor| ancestor.is_within(apex))
            .filter_map(|ancestor| self.public.get(&ancestor))
            .flat_map(|ids| ids.iter().filter_map(|id| self.zones.get(id)))
            .collect();
        servers
            .iter()
            .find_map(|server| zones.iter().find(|zone| self.serves(server, zone)).copied())
    }

    fn serves(&self, server: &str, zone: &Zone) -> bool {
        match &zone.visibility {
            Visibility::Public { name_servers } => {
                name_servers.iter().any(|own| self.is_same_server(own, server))
            }
            Visibility::Private { .. } => false,
        }
    }
}

/// The highest zone cut between the apex of the zone and this name, inclusive.
fn cut_towards<'a>(zone: &'a Zone, name: &Name) -> Option<&'a RecordSet> {
    let below_apex: Vec<_> = name.ancestors().take_while(|step| *step != zone.name).collect();
    below_apex.into_iter().rev().find_map(|step| zone.records.get(&(step, "NS".to_owned(), None)))
}

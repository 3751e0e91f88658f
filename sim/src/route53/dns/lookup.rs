//! What public DNS has at one name.

use super::delegation::Authority;
use super::registry;
use super::resolution::Record;
use super::servers;
use crate::route53::Route53;
use crate::route53::name::Name;
use crate::route53::records::RecordSet;
use crate::route53::zone::Zone;

/// How many alias records are followed one after another.
const MAX_ALIASES: usize = 5;

/// How long the address of an AWS resource is valid, in seconds.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html>
const ALIAS_TTL: u32 = 60;

/// What is at a name.
#[derive(Clone, Debug)]
pub(super) enum Lookup<'a> {
    /// Records of the type.
    Found(Vec<Record>),
    /// A CNAME record, which answers for other types.
    Cname(Record),
    /// The name exists, perhaps only because names below it do, but it has no record of the type.
    NoData(Authority<'a>),
    /// The name does not exist.
    NoName(Authority<'a>),
    /// No server answers for the name.
    Failure,
}

impl Route53 {
    /// Asks the zone that answers for this name.
    pub(super) fn lookup(&self, name: &Name, record_type: &str) -> Lookup<'_> {
        if let Some(records) = self.server_addresses(name, record_type) {
            return Lookup::Found(records);
        }
        let Some(authority) = self.authority(name) else {
            return Lookup::Failure;
        };
        let exists = match &authority {
            Authority::Registry(apex) => {
                if name == apex {
                    let records = registry::records(apex, record_type);
                    if !records.is_empty() {
                        return Lookup::Found(records);
                    }
                }
                name == apex || self.is_above_registered(name) || self.is_server(name)
            }
            Authority::Zone(zone) => {
                let owner = source_of_synthesis(zone, name);
                let records = self.records_at(zone, &owner, name, record_type);
                if !records.is_empty() {
                    return Lookup::Found(records);
                }
                if let Some(cname) = self.records_at(zone, &owner, name, "CNAME").pop() {
                    return Lookup::Cname(cname);
                }
                zone.reaches(&owner) || self.is_server(name)
            }
        };
        if exists { Lookup::NoData(authority) } else { Lookup::NoName(authority) }
    }

    /// The records of one name and type, with the name that was asked for. Of several record sets with
    /// a routing policy, it is the first.
    fn records_at(&self, zone: &Zone, owner: &Name, name: &Name, record_type: &str) -> Vec<Record> {
        let Some(set) = zone.of(owner, record_type).next() else {
            return Vec::new();
        };
        let (ttl, values) = self.values(set);
        let record = |value| Record::new(name, record_type, ttl, value);
        values.into_iter().map(record).collect()
    }

    /// The TTL and the values of a record set. An alias has those of its target: of a record set in a
    /// hosted zone, or an address of an AWS resource.
    fn values(&self, set: &RecordSet) -> (u32, Vec<String>) {
        let next = |set: &&RecordSet| {
            let alias = set.alias.as_ref()?;
            let target: Name = alias.dns_name.parse().ok()?;
            let zone = self.zones.get(&alias.hosted_zone_id)?;
            let key = (target, set.record_type.clone(), None);
            zone.records.get(&key)
        };
        let Some(last) = std::iter::successors(Some(set), next).take(1 + MAX_ALIASES).last() else {
            return Default::default();
        };
        match &last.alias {
            None => {
                let ttl = last.ttl.unwrap_or_default();
                (u32::try_from(ttl).unwrap_or_default(), last.values.clone())
            }
            Some(alias)
                if matches!(last.record_type.as_str(), "A" | "AAAA")
                    && !self.zones.contains_key(&alias.hosted_zone_id) =>
            {
                let host = alias.dns_name.trim_end_matches('.');
                (ALIAS_TTL, vec![servers::address(host, &last.record_type)])
            }
            Some(_) => Default::default(),
        }
    }
}

/// The name whose records answer for `name`: its own where it exists, otherwise the wildcard under
/// the closest name that exists. Source: RFC 4592 section 3.3.1.
fn source_of_synthesis(zone: &Zone, name: &Name) -> Name {
    match name.ancestors().find(|ancestor| zone.reaches(ancestor)) {
        Some(closest) if closest != *name => closest.wildcard(),
        _ => name.clone(),
    }
}

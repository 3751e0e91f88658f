//! Which zone the world sees for a name, and who answers for it.

use std::collections::BTreeSet;

use super::answer::{Data, Response};
use super::unknown::{Known, Unknown};
use crate::domain::name::DomainName;

/// The zone of a name by the answer to the SOA question. `None` if the name is an alias: the zone is that
/// of its target then, and says nothing about the name.
pub(super) fn apex(name: &DomainName, response: &Response) -> Known<Option<DomainName>> {
    if response.alias.is_some() {
        return Ok(None);
    }
    if response.data.contains(&Data::Zone) {
        return Ok(Some(name.clone()));
    }
    // A zone exists, so a name that does not exist is no apex.
    let may_hold = |zone: &DomainName| holds(zone, name) && (response.exists || zone != name);
    let mut zones = response.zones.iter().filter(|zone| may_hold(zone));
    match (zones.next(), zones.next()) {
        (Some(zone), None) => Ok(Some(zone.clone())),
        _ => Err(Unknown::new(format!("the answer for {name} names no zone that it is in"))),
    }
}

/// The name servers of a zone by the answer to the NS question.
pub(super) fn name_servers(apex: &DomainName, response: &Response) -> Known<BTreeSet<DomainName>> {
    let server = |data: &Data| match data {
        Data::NameServer(name) => Some(name.clone()),
        _ => None,
    };
    let servers: BTreeSet<_> = response.data.iter().filter_map(server).collect();
    if response.alias.is_some() || servers.is_empty() {
        return Err(Unknown::new(format!("the zone {apex}. has no name servers")));
    }
    Ok(servers)
}

/// Whether a zone may hold a name. The root, which has an empty name, holds all.
fn holds(zone: &DomainName, name: &DomainName) -> bool {
    zone.as_str().is_empty() || name.is_at_or_under(zone)
}

//! The zones that nobody here has: the root, the top-level domains, and the domain of ACM's validations.
//!
//! Every top-level domain exists. A name below one exists if it is a registered domain or above one.

use super::resolution::Record;
use crate::route53::Route53;
use crate::route53::name::Name;

/// The domain of the targets of ACM's records. The targets have no records of their own.
const VALIDATIONS: &str = "acm-validations.aws.";

/// The apex of the registry zone that answers for a name that nobody has registered.
pub(super) fn apex(name: &Name) -> Name {
    let top = name.ancestors().last().unwrap_or_else(Name::root);
    name.ancestors().find(|ancestor| ancestor.to_string() == VALIDATIONS).unwrap_or(top)
}

/// The records of this type at the apex of a registry zone. The zone has no others.
pub(super) fn records(apex: &Name, record_type: &str) -> Vec<Record> {
    let server = server(apex);
    match record_type {
        "NS" => vec![Record::new(apex, "NS", 172_800, server)],
        "SOA" => vec![soa(apex)],
        _ => Vec::new(),
    }
}

pub(super) fn soa(apex: &Name) -> Record {
    let server = server(apex);
    let value = format!("{server} hostmaster.{server} 1 1800 900 604800 900");
    Record::new(apex, "SOA", 900, value)
}

/// Whether this is the name of a registry's name server.
pub(super) fn is_server(name: &str) -> bool {
    match name.strip_prefix("a.nic.") {
        Some(apex) => apex == VALIDATIONS || apex.matches('.').count() == 1,
        None => name == "a.root-servers.net.",
    }
}

fn server(apex: &Name) -> String {
    match apex.to_string().as_str() {
        "." => "a.root-servers.net.".to_owned(),
        apex => format!("a.nic.{apex}"),
    }
}

impl Route53 {
    /// Whether a registered domain is this name or below it. A domain without name servers is not in
    /// the zone of its registry.
    pub(super) fn is_above_registered(&self, name: &Name) -> bool {
        let below = self.registered.range(name.clone()..);
        let mut below = below.take_while(|(domain, _)| domain.is_within(name));
        below.any(|(_, servers)| !servers.is_empty())
    }
}

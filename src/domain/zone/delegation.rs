//! Explains why the world does not see a hosted zone, and who has to change what.

use crate::domain::name::DomainName;
use crate::domain::problem::{Cause, Problem};
use crate::domain::zone::HostedZone;
use crate::domain::zone::candidates::unusable;
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::public_dns::{Authority, Sight, servers};

/// What is wrong if public DNS does not ask this hosted zone for this name; none if it does, or if nothing
/// is known.
pub fn not_delegated(
    name: &DomainName,
    zone: &HostedZone,
    discovery: &Discovery,
) -> Option<Problem> {
    let public = &discovery.public;
    if public.sight(name, zone) != Sight::Unseen {
        return None;
    }
    let Authority { apex, name_servers } = public.authorities.get(name)?;
    let (id, own_name) = (&zone.id, &zone.name);
    let asked = servers(name_servers);
    let own = public.delegation_sets.get(id);
    let own = own.map_or_else(|| "its name servers".to_owned(), servers);
    let is_above = |it: &&HostedZone| it.name.depth() < own_name.depth();
    let is_public = |it: &&HostedZone| unusable(it, None).is_none();
    let delegate = match discovery.above(name).filter(is_public).find(is_above) {
        Some(parent) => format!(
            "set the NS record set {own_name} in hosted zone {} ({}) to {own}",
            parent.id, parent.name
        ),
        None => format!(
            "set the name servers of {own_name} to {own}, at the registrar or in the zone above it"
        ),
    };
    let message = if apex == own_name {
        format!(
            "public DNS asks the name servers {asked} for {apex}, and not those of hosted zone {id}: \
             {delegate}"
        )
    } else if apex.is_at_or_under(own_name) {
        format!(
            "public DNS asks the name servers {asked} for {apex}, and not hosted zone {id} \
             ({own_name}): publish the record where {apex} is served"
        )
    } else if apex.depth() < 2 {
        format!(
            "public DNS does not know {own_name}: register the domain, or renew its registration, and \
             set its name servers to {own}"
        )
    } else {
        format!(
            "public DNS asks the name servers {asked} of {apex} for the name, and nothing there \
             delegates {own_name} to hosted zone {id}: {delegate}"
        )
    };
    Some(Problem::new(Cause::NotDelegated, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::public_dns::PublicDns;

    fn name(text: &str) -> DomainName {
        DomainName::new(text)
    }

    /// What is wrong with zone Z1, `dev.a.com`, if the zone of this apex answers for `_x.dev.a.com`.
    fn wrong(apex: &str, above: &[HostedZone]) -> Option<Problem> {
        let servers = |names: &[&str]| names.iter().map(|it| name(it)).collect();
        let record = name("_x.dev.a.com");
        let name_servers = servers(&["ns.other", "ns.more"]);
        let addresses = [("ns.other", 1), ("ns.more", 1), ("ns-1", 2), ("ns-2", 2)];
        let address = |last: u8| [core::net::IpAddr::from([192, 0, 2, last])].into();
        let public = PublicDns {
            authorities: [(record.clone(), Authority { apex: name(apex), name_servers })].into(),
            delegation_sets: [("Z1".to_owned(), servers(&["ns-1", "ns-2"]))].into(),
            addresses: addresses.map(|(server, last)| (name(server), address(last))).into(),
        };
        let zones = above.iter().map(|zone| (zone.name.clone(), vec![zone.clone()])).collect();
        let discovery = Discovery { public, zones, ..Discovery::default() };
        not_delegated(&record, &HostedZone::public("Z1", "dev.a.com"), &discovery)
    }

    #[track_caller]
    fn check(apex: &str, above: &[HostedZone], expected: &str) {
        let problem = wrong(apex, above).expect(apex);
        assert_eq!((problem.cause, &*problem.message), (Cause::NotDelegated, expected));
    }

    #[test]
    fn a_problem_names_both_sets_of_name_servers_and_where_to_change_them() {
        check(
            "dev.a.com",
            &[HostedZone::public("Z2", "a.com")],
            "public DNS asks the name servers ns.more, ns.other for dev.a.com, and not those of hosted \
             zone Z1: set the NS record set dev.a.com in hosted zone Z2 (a.com) to ns-1, ns-2",
        );
        check(
            "a.com",
            &[],
            "public DNS asks the name servers ns.more, ns.other of a.com for the name, and nothing \
             there delegates dev.a.com to hosted zone Z1: set the name servers of dev.a.com to ns-1, \
             ns-2, at the registrar or in the zone above it",
        );
        check(
            "_x.dev.a.com",
            &[],
            "public DNS asks the name servers ns.more, ns.other for _x.dev.a.com, and not hosted zone \
             Z1 (dev.a.com): publish the record where _x.dev.a.com is served",
        );
        check(
            "com",
            &[],
            "public DNS does not know dev.a.com: register the domain, or renew its registration, and \
             set its name servers to ns-1, ns-2",
        );
    }

    #[test]
    fn a_private_zone_above_is_no_place_to_change_anything() {
        let private = HostedZone { private: true, ..HostedZone::public("Z2", "a.com") };
        let problem = wrong("a.com", &[private]).expect("it is not seen");
        assert!(problem.message.ends_with("in the zone above it"), "{}", problem.message);
    }
}

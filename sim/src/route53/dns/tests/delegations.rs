//! Which zone a resolver ends at.

use super::*;

#[test]
fn a_delegation_is_followed_from_the_registrar_to_the_child_zone() {
    let mut route53 = Route53::default();
    let parent = route53.register_domain(OURS, "example.com");
    let child = route53.create_zone(THEIRS, "dev.example.com");
    assert_eq!(apex(&route53, "a.dev.example.com").unwrap(), "example.com.", "not delegated yet");
    route53.delegate(&child);
    assert_eq!(apex(&route53, "a.dev.example.com").unwrap(), "dev.example.com.");
    assert_eq!(apex(&route53, "dev.example.com").unwrap(), "dev.example.com.");
    assert_eq!(apex(&route53, "example.com").unwrap(), "example.com.");
    assert_eq!(values(&route53, "example.com", "NS"), servers(&route53, &parent));
    assert_eq!(values(&route53, "dev.example.com", "NS"), servers(&route53, &child));
}

#[test]
fn name_servers_are_those_that_the_answering_zone_names_and_not_the_registrars() {
    let mut route53 = Route53::default();
    let zone = route53.register_domain(OURS, "example.com");
    route53.put_record(&zone, "example.com", "NS", 60, &["ns1.vanity.example."]);
    assert_eq!(values(&route53, "example.com", "NS"), ["ns1.vanity.example."]);
}

#[test]
fn the_registrar_decides_which_of_two_zones_is_seen_and_may_change_its_mind() {
    let mut route53 = Route53::default();
    let [wrong, right] = [OURS, THEIRS].map(|account| route53.create_zone(account, "example.com"));
    assert_eq!(shown(&route53, "example.com", "NS").lines().next(), Some("NxDomain"));
    for zone in [wrong, right] {
        let servers = route53.name_servers(&zone);
        route53.register_with("example.com", &borrowed(&servers));
        assert_eq!(values(&route53, "example.com", "NS"), self::servers(&route53, &zone));
    }
}

#[test]
fn a_zone_at_another_provider_answers_and_no_account_has_it() {
    let mut route53 = Route53::default();
    let elsewhere =
        route53.zone_elsewhere("example.com", &["ns1.other.example", "ns2.other.example."]);
    route53.put_record(&elsewhere, "www.example.com", "A", 60, &["192.0.2.1"]);
    assert_eq!(shown(&route53, "www.example.com", "A").lines().next(), Some("NxDomain"));
    route53.register_with("example.com", &["NS2.other.example."]);
    assert_eq!(shown(&route53, "www.example.com", "A"), "NoError\nwww.example.com. 60 A 192.0.2.1");
    let servers = ["ns1.other.example.", "ns2.other.example."];
    assert_eq!(values(&route53, "example.com", "NS"), servers);
    let soa = "ns1.other.example. hostmaster.example.com. 1 7200 900 1209600 86400";
    assert_eq!(values(&route53, "example.com", "SOA"), [soa]);
    for account in [OURS, THEIRS, ""] {
        assert!(route53.zone_ids(account).is_empty());
    }
    let ours = route53.create_zone(OURS, "dev.example.com");
    route53.delegate(&ours);
    assert_eq!(apex(&route53, "a.dev.example.com").unwrap(), "dev.example.com.");
}

#[test]
fn a_lame_delegation_is_a_failure_at_the_registrar_and_at_a_zone_cut() {
    let mut route53 = Route53::default();
    let zone = route53.register_domain(OURS, "example.com");
    let child = route53.create_zone(OURS, "dev.example.com");
    route53.delegate(&child);
    route53.delete_zone(&child);
    for record_type in ["SOA", "NS", "CNAME", "CAA"] {
        assert_eq!(shown(&route53, "a.dev.example.com", record_type), "ServFail");
    }
    assert_eq!(apex(&route53, "a.example.com").unwrap(), "example.com.");
    // Servers that have a zone, but none of this name.
    let other = route53.create_zone(OURS, "example.net");
    let servers = route53.name_servers(&other);
    route53.register_with("example.com", &borrowed(&servers));
    assert_eq!(shown(&route53, "a.example.com", "A"), "ServFail");
    route53.register("example.com", &zone);
    assert_eq!(apex(&route53, "a.example.com").unwrap(), "example.com.", "healed");
}

#[test]
fn of_a_partly_wrong_delegation_the_first_server_that_answers_decides() {
    let mut route53 = Route53::default();
    let [one, other] = [OURS, THEIRS].map(|account| route53.create_zone(account, "example.com"));
    let (of_one, of_other) = (route53.name_servers(&one), route53.name_servers(&other));
    for (registered, expected) in [
        ([&of_one[0], &of_other[1]], &one),
        ([&of_other[3], &of_one[2]], &other),
        ([&"ns.nobody.example".to_owned(), &of_one[3]], &one),
    ] {
        route53.register_with("example.com", &registered.map(String::as_str));
        assert_eq!(values(&route53, "example.com", "NS"), servers(&route53, expected));
    }
}

#[test]
fn a_white_label_is_the_same_server_under_another_name() {
    let mut route53 = Route53::default();
    let zone = route53.create_zone(OURS, "example.com");
    let server = route53.name_servers(&zone).remove(1);
    route53.register_with("example.com", &["ns1.vanity.example"]);
    let another = values(&route53, "ns1.vanity.example", "A");
    assert_eq!(shown(&route53, "example.com", "SOA"), "ServFail", "a server of somebody else");
    route53.white_label("NS1.vanity.example.", &server);
    assert_eq!(apex(&route53, "example.com").unwrap(), "example.com.");
    assert_ne!(values(&route53, "ns1.vanity.example", "A"), another);
    for record_type in ["A", "AAAA"] {
        let addresses = values(&route53, "ns1.vanity.example", record_type);
        assert_eq!(addresses.len(), 1);
        assert_eq!(addresses, values(&route53, &server, record_type));
    }
}

#[test]
fn every_name_server_has_addresses_of_its_own() {
    let mut route53 = Route53::default();
    let mut hosts = vec!["ns1.other.example".to_owned(), "ns2.other.example".to_owned()];
    route53.zone_elsewhere("example.net", &borrowed(&hosts));
    for _ in 0..600 {
        let zone = route53.create_zone(OURS, "example.com");
        hosts.extend(route53.name_servers(&zone));
    }
    for record_type in ["A", "AAAA"] {
        let mut addresses: Vec<_> =
            hosts.iter().flat_map(|host| values(&route53, host, record_type)).collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), hosts.len());
    }
    assert_eq!(
        shown(&route53, &hosts[0], "TXT").lines().next(),
        Some("NoError"),
        "the name exists"
    );
    assert_eq!(shown(&route53, "ns3.other.example", "A").lines().next(), Some("NxDomain"));
}

#[test]
fn zones_of_one_delegation_set_share_their_servers_and_the_closest_answers() {
    let mut route53 = Route53::default();
    let parent = route53.register_domain(OURS, "example.com");
    let set = route53.name_servers(&parent);
    assert_eq!(apex(&route53, "a.dev.example.com").unwrap(), "example.com.");
    let child = route53.create_zone_with(OURS, "dev.example.com", &borrowed(&set));
    assert_eq!(route53.name_servers(&child), set);
    assert_eq!(route53.zone_ids(OURS), [parent.clone(), child]);
    // The servers look for the closest zone they have, before any NS record of the parent.
    assert_eq!(apex(&route53, "a.dev.example.com").unwrap(), "dev.example.com.");
    route53.put_record(&parent, "dev.example.com", "NS", 60, &["ns.nobody.example."]);
    assert_eq!(apex(&route53, "a.dev.example.com").unwrap(), "dev.example.com.");
}

#[test]
fn a_domain_that_is_not_registered_does_not_exist_in_its_registry() {
    let mut route53 = Route53::default();
    route53.register_domain(OURS, "example.co.uk");
    let soa = "~ com. 900 SOA a.nic.com. hostmaster.a.nic.com. 1 1800 900 604800 900";
    assert_eq!(shown(&route53, "_x.example.com", "CNAME"), format!("NxDomain\n{soa}"));
    assert_eq!(
        shown(&route53, "co.uk", "A").lines().next(),
        Some("NoError"),
        "above example.co.uk"
    );
    assert_eq!(shown(&route53, "org.uk", "A").lines().next(), Some("NxDomain"));
    route53.unregister("example.co.uk");
    assert_eq!(shown(&route53, "example.co.uk", "A").lines().next(), Some("NxDomain"), "expired");
    route53.register_with("example.co.uk", &[]);
    assert_eq!(
        shown(&route53, "example.co.uk", "A").lines().next(),
        Some("NxDomain"),
        "no servers"
    );
    assert_eq!(apex(&route53, "example.co.uk").unwrap(), "uk.");
}

#[test]
fn the_root_and_the_top_level_domains_exist_and_have_no_caa() {
    let route53 = Route53::default();
    assert_eq!(apex(&route53, "."), Some(".".to_owned()));
    assert_eq!(values(&route53, ".", "NS"), ["a.root-servers.net."]);
    assert_eq!(values(&route53, "a.root-servers.net", "A").len(), 1);
    assert_eq!(values(&route53, "com", "NS"), ["a.nic.com."]);
    assert_eq!(values(&route53, "a.nic.com", "AAAA").len(), 1);
    for name in ["com", "."] {
        let answer = route53.resolve(name, "CAA");
        assert_eq!((answer.rcode, answer.answer.len()), (Rcode::NoError, 0));
        assert_eq!(answer.authority[0].record_type, "SOA");
    }
}

use core::net::Ipv4Addr;

use super::*;

fn name(text: &str) -> DomainName {
    DomainName::new(text)
}

fn names(texts: &[&str]) -> BTreeSet<DomainName> {
    texts.iter().map(|text| name(text)).collect()
}

/// What public DNS says if this zone answers for `_x.dev.a.com`, and Z1 and Z2 have these name servers.
fn public(apex: &str, asked: &[&str], delegation_sets: [&[&str]; 2]) -> PublicDns {
    let authority = Authority { apex: name(apex), name_servers: names(asked) };
    let ids = ["Z1", "Z2"].map(str::to_owned);
    PublicDns {
        authorities: [(record(), authority)].into(),
        delegation_sets: ids.into_iter().zip(delegation_sets.map(names)).collect(),
        addresses: BTreeMap::new(),
    }
}

fn record() -> DomainName {
    name("_x.dev.a.com")
}

fn at(last: u8) -> BTreeSet<IpAddr> {
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))].into()
}

#[test]
fn a_zone_is_seen_if_one_of_its_name_servers_is_asked() {
    let zone = HostedZone::public("Z1", "a.com");
    let sight = |public: &PublicDns| public.sight(&record(), &zone);
    assert_eq!(sight(&PublicDns::default()), Sight::Unknown);
    assert_eq!(sight(&public("a.com", &["ns-1", "ns-9"], [&["ns-1"], &[]])), Sight::Seen);
    assert_eq!(sight(&public("dev.a.com", &["ns-1"], [&["ns-1"], &[]])), Sight::Unseen);
    assert_eq!(sight(&public("com", &["ns-1"], [&["ns-1"], &[]])), Sight::Unseen);
    let unread = PublicDns {
        delegation_sets: BTreeMap::new(),
        ..public("a.com", &["ns-1"], [&["ns-1"], &[]])
    };
    assert_eq!(sight(&unread), Sight::Unknown);
}

#[test]
fn name_servers_of_other_names_are_compared_by_their_addresses() {
    let zone = HostedZone::public("Z1", "a.com");
    let mut public = public("a.com", &["ns1.a.com"], [&["ns-1"], &[]]);
    let undecided = public.undecided(&record(), &zone);
    assert_eq!(undecided, names(&["ns1.a.com", "ns-1"]));
    assert_eq!(public.sight(&record(), &zone), Sight::Unknown, "no addresses are known");
    public.addresses = [(name("ns-1"), at(1)), (name("ns1.a.com"), at(1))].into();
    assert_eq!(public.sight(&record(), &zone), Sight::Seen);
    public.addresses.insert(name("ns1.a.com"), at(2));
    assert_eq!(public.sight(&record(), &zone), Sight::Unseen);
}

#[test]
fn of_several_zones_the_one_that_is_asked_is_chosen() {
    let zones = [
        HostedZone::public("Z1", "a.com"),
        HostedZone::public("Z2", "a.com"),
        HostedZone::public("Z3", "dev.a.com"),
    ];
    let zones: Vec<_> = zones.iter().collect();
    let chosen = |public: &PublicDns| public.choose(&record(), &zones).map(|zone| &*zone.id);
    assert_eq!(chosen(&PublicDns::default()), None);
    assert_eq!(chosen(&public("a.com", &["ns-2"], [&["ns-1"], &["ns-2"]])), Some("Z2"));
    assert_eq!(chosen(&public("dev.a.com", &["ns-9"], [&["ns-1"], &["ns-2"]])), Some("Z3"));
    assert_eq!(chosen(&public("com", &["ns-9"], [&["ns-1"], &["ns-2"]])), None);
    assert_eq!(chosen(&public("a.com", &["ns-1", "ns-2"], [&["ns-1"], &["ns-2"]])), None);
}

#[test]
fn name_servers_of_others_beside_those_of_the_zone_are_told() {
    let zone = HostedZone::public("Z1", "a.com");
    let mut public = public("a.com", &["ns-1", "ns1.a.com", "ns.other"], [&["ns-1", "ns-2"], &[]]);
    public.addresses = [("ns-1", 1), ("ns-2", 2), ("ns1.a.com", 2), ("ns.other", 3)]
        .map(|(server, last)| (name(server), at(last)))
        .into();
    assert_eq!(public.foreign_servers(&record(), &zone), names(&["ns.other"]));
}

use std::collections::BTreeSet;

use super::*;
use crate::domain::name::DomainName;
use crate::domain::zone::discovery::TaggedZone;
use crate::domain::zone::requirements::zone_names;

fn name(text: &str) -> DomainName {
    DomainName::new(text)
}

fn record(domain: &str) -> ValidationRecord {
    let name = format!("_x.{domain}.");
    let value = "_v.acm-validations.aws.";
    ValidationRecord::parse("aws", &DomainName::new(domain), &name, "CNAME", value).expect(domain)
}

fn private(id: &str, name: &str) -> HostedZone {
    HostedZone { private: true, ..HostedZone::public(id, name) }
}

fn tagged(id: &str, name: &str) -> HostedZone {
    let tags = BTreeMap::from([("team".to_owned(), "dns".to_owned())]);
    HostedZone { tags, ..HostedZone::public(id, name) }
}

fn team_dns() -> Tag {
    Tag { key: "team".to_owned(), value: "dns".to_owned() }
}

fn discovery(zones: &[HostedZone]) -> Discovery {
    let mut discovery = Discovery::default();
    for zone in zones {
        discovery.zones.entry(zone.name.clone()).or_default().push(zone.clone());
    }
    discovery
}

fn naming(discovery: Discovery, tagged: &[(&str, TaggedZone)]) -> Discovery {
    let tagged = tagged.iter().map(|(id, found)| ((*id).to_owned(), found.clone())).collect();
    Discovery { tagged, ..discovery }
}

/// Where the records of these domains go, `domain→zone` or `domain→!reason`, in that order.
#[track_caller]
fn check(
    domains: &[&str],
    discovery: &Discovery,
    required: Option<&Tag>,
    expected: &[(&str, &str)],
) {
    let records: BTreeSet<_> = domains.iter().map(|domain| record(domain)).collect();
    let assignment = assign(&requirements(&records, discovery), discovery, required);
    for (domain, zone_id) in expected {
        let record = record(domain);
        let found = assignment.assigned.get(&record);
        match zone_id.strip_prefix('!') {
            Some(reason) => {
                let problem = assignment.unassigned.get(&record).expect(domain);
                assert!(problem.message.contains(reason), "{domain}: {}", problem.message);
            }
            None => {
                assert_eq!(found.map(|zone| zone.id.as_str()), Some(*zone_id), "{domain}");
            }
        }
    }
    assert_eq!(assignment.assigned.len() + assignment.unassigned.len(), records.len());
}

/// The requirements of a certificate for the domains of these records, whose tag names all that the discovery
/// was asked for.
fn requirements<'a>(
    records: &'a BTreeSet<ValidationRecord>,
    discovery: &'a Discovery,
) -> Requirements<'a> {
    let names = records.iter().filter_map(|record| record.name().lineage().nth(1)).collect();
    let zone_ids = discovery.tagged.keys().map(String::as_str).collect();
    Requirements { account: "111122223333", records, names, zone_ids, ids_ignored: 0 }
}

#[test]
fn every_name_finds_its_own_zone() {
    let zones = discovery(&[HostedZone::public("ZA", "a.com"), HostedZone::public("ZB", "b.com")]);
    check(
        &["a.com", "x.a.com", "b.com"],
        &zones,
        None,
        &[("a.com", "ZA"), ("x.a.com", "ZA"), ("b.com", "ZB")],
    );
}

#[test]
fn a_name_without_a_zone_does_not_hold_up_the_rest() {
    let zones = discovery(&[HostedZone::public("ZA", "a.com")]);
    check(
        &["a.com", "b.com"],
        &zones,
        None,
        &[("a.com", "ZA"), ("b.com", "!no hosted zone can hold")],
    );
}

#[test]
fn the_longest_match_by_whole_labels_wins() {
    let zones = discovery(&[
        HostedZone::public("ZC", "com"),
        HostedZone::public("Z1", "a.com"),
        HostedZone::public("Z2", "x.a.com"),
        HostedZone::public("Z3", "nota.com"),
    ]);
    check(&["x.a.com", "y.a.com"], &zones, None, &[("x.a.com", "Z2"), ("y.a.com", "Z1")]);
    let lookalike = discovery(&[HostedZone::public("Z1", "a.com")]);
    check(&["nota.com"], &lookalike, None, &[("nota.com", "!no hosted zone can hold")]);
}

#[test]
fn a_private_zone_is_never_chosen() {
    let twins = discovery(&[
        private("Z1", "a.com"),
        HostedZone::public("Z2", "a.com"),
        private("Z3", "x.a.com"),
    ]);
    check(&["a.com", "x.a.com"], &twins, None, &[("a.com", "Z2"), ("x.a.com", "Z2")]);
    let alone = discovery(&[private("Z1", "a.com")]);
    check(&["a.com"], &alone, None, &[("a.com", "!Z1 (a.com) is private")]);
}

#[test]
fn a_zone_of_another_service_is_never_chosen() {
    let linked = Some("servicediscovery.amazonaws.com".to_owned());
    let linked = HostedZone { linked_service: linked, ..HostedZone::public("Z1", "a.com") };
    check(&["a.com"], &discovery(&[linked]), None, &[("a.com", "!is managed by servicediscovery")]);
}

#[test]
fn two_equal_zones_are_refused_and_named() {
    let twins = discovery(&[
        HostedZone::public("Z2", "a.com"),
        HostedZone::public("Z1", "a.com"),
        HostedZone::public("Z3", "a.com"),
    ]);
    check(
        &["a.com"],
        &twins,
        None,
        &[("a.com", "!hosted zones Z1, Z2, Z3 are public zones of the same name")],
    );
    let deeper = discovery(&[
        HostedZone::public("Z2", "a.com"),
        HostedZone::public("Z1", "a.com"),
        HostedZone::public("Z4", "x.a.com"),
    ]);
    check(&["x.a.com"], &deeper, None, &[("x.a.com", "Z4")]);
}

#[test]
fn a_required_tag_decides_between_equals_and_excludes_the_rest() {
    let twins = discovery(&[
        HostedZone::public("Z1", "a.com"),
        tagged("Z2", "a.com"),
        HostedZone::public("Z3", "b.com"),
    ]);
    let expected = [("a.com", "Z2"), ("b.com", "!Z3 (b.com) does not have the tag team=dns")];
    check(&["a.com", "b.com"], &twins, Some(&team_dns()), &expected);
}

#[test]
fn the_certificates_tag_has_precedence_over_the_name() {
    let zones = discovery(&[
        HostedZone::public("Z1", "a.com"),
        HostedZone::public("Z2", "a.com"),
        HostedZone::public("Z3", "x.a.com"),
    ]);
    let named = naming(zones, &[("Z2", TaggedZone::Found(HostedZone::public("Z2", "a.com")))]);
    check(&["a.com", "x.a.com"], &named, None, &[("a.com", "Z2"), ("x.a.com", "Z2")]);
}

#[test]
fn names_that_the_tagged_zones_cannot_hold_are_looked_up_by_name() {
    let zones = discovery(&[HostedZone::public("Z3", "b.com")]);
    let named = naming(zones, &[("Z1", TaggedZone::Found(HostedZone::public("Z1", "a.com")))]);
    check(&["a.com", "b.com"], &named, None, &[("a.com", "Z1"), ("b.com", "Z3")]);
}

#[test]
fn several_tagged_zones_share_the_names_among_them() {
    let both = [
        ("Z1", TaggedZone::Found(HostedZone::public("Z1", "a.com"))),
        ("Z2", TaggedZone::Found(HostedZone::public("Z2", "b.com"))),
    ];
    let named = naming(Discovery::default(), &both);
    check(&["a.com", "b.com"], &named, None, &[("a.com", "Z1"), ("b.com", "Z2")]);
    let equals = [
        ("Z1", TaggedZone::Found(HostedZone::public("Z1", "a.com"))),
        ("Z2", TaggedZone::Found(HostedZone::public("Z2", "a.com"))),
    ];
    let named = naming(Discovery::default(), &equals);
    check(
        &["a.com"],
        &named,
        None,
        &[("a.com", "!hosted zones Z1, Z2 are public zones of the same name")],
    );
}

#[test]
fn a_tag_that_names_a_wrong_zone_is_reported_and_nothing_is_guessed() {
    let found = || discovery(&[HostedZone::public("Z1", "a.com")]);
    for (tagged, reason) in [
        (TaggedZone::Missing, "!there is no hosted zone Z9"),
        (
            TaggedZone::Found(HostedZone::public("Z9", "b.com")),
            "!hosted zone Z9 (b.com) can hold none",
        ),
        (TaggedZone::Found(private("Z9", "a.com")), "!hosted zone Z9 (a.com) is private"),
        (TaggedZone::Unreadable(Problem::new(Cause::Transient, "busy")), "!busy"),
    ] {
        let named = naming(found(), &[("Z9", tagged)]);
        check(&["a.com"], &named, None, &[("a.com", reason)]);
        let records = BTreeSet::from([record("a.com")]);
        let assignment = assign(&requirements(&records, &named), &named, None);
        assert_eq!(assignment.remarks.len(), 1);
        let told = assignment.unassigned.values().map(|problem| &problem.message);
        assert!(told.eq(&assignment.remarks) && assignment.remarks[0].contains(HOSTED_ZONE_TAG));
    }
}

#[test]
fn an_unreadable_tagged_zone_may_be_the_right_one() {
    // However long that may last: a role may be mended, and then there are two of one name.
    for cause in [Cause::Transient, Cause::Denied] {
        let unreadable = TaggedZone::Unreadable(Problem::new(cause, "cannot see it"));
        let found =
            [("Z1", TaggedZone::Found(HostedZone::public("Z1", "a.com"))), ("Z2", unreadable)];
        let named = naming(Discovery::default(), &found);
        check(&["x.a.com"], &named, None, &[("x.a.com", "!cannot see it")]);
    }
}

#[test]
fn a_wrong_id_does_not_hold_up_the_names_of_a_right_one() {
    let found =
        [("Z1", TaggedZone::Found(HostedZone::public("Z1", "a.com"))), ("Z9", TaggedZone::Missing)];
    let named = naming(discovery(&[HostedZone::public("Z3", "b.com")]), &found);
    check(
        &["a.com", "b.com"],
        &named,
        None,
        &[("a.com", "Z1"), ("b.com", "!there is no hosted zone Z9")],
    );
}

#[test]
fn a_required_tag_binds_tagged_zones_too() {
    let named = naming(
        Discovery::default(),
        &[("Z1", TaggedZone::Found(HostedZone::public("Z1", "a.com")))],
    );
    check(&["a.com"], &named, Some(&team_dns()), &[("a.com", "!does not have the tag team=dns")]);
}

#[test]
fn an_unreadable_account_may_hold_the_right_zone() {
    let transient = Problem::new(Cause::Transient, "throttled");
    let permanent = Problem::new(Cause::Denied, "denied");
    let unreadable = |troubles: &[&Problem]| Discovery {
        unreadable: troubles.iter().copied().cloned().collect(),
        ..discovery(&[HostedZone::public("Z1", "a.com")])
    };
    check(&["a.com"], &unreadable(&[&transient]), None, &[("a.com", "!throttled")]);
    check(&["a.com"], &unreadable(&[&transient, &permanent]), None, &[("a.com", "!denied")]);
    let named = naming(
        unreadable(&[&transient]),
        &[("Z1", TaggedZone::Found(HostedZone::public("Z1", "a.com")))],
    );
    check(&["a.com"], &named, None, &[("a.com", "Z1")]);
}

#[test]
fn zones_are_looked_up_at_every_name_above_a_record_but_the_top() {
    let names = zone_names(&[record("x.a.co.uk"), record("a.co.uk"), record("y.x.a.co.uk")]);
    assert_eq!(names, BTreeSet::from(["y.x.a.co.uk", "x.a.co.uk", "a.co.uk", "co.uk"].map(name)));
}

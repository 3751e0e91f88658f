use super::content::{Content, RecordSet, Standing, standing, waypoints};
use super::*;

fn name(text: &str) -> DomainName {
    DomainName::new(text)
}

fn record(domain: &str) -> ValidationRecord {
    let name = format!("_x.{domain}.");
    let value = "_v.acm-validations.aws.";
    ValidationRecord::parse("aws", &DomainName::new(domain), &name, "CNAME", value).expect(domain)
}

fn zone(id: &str, name: &str) -> HostedZone {
    HostedZone {
        id: id.to_owned(),
        name: DomainName::new(name),
        access: Access::Own,
        private: false,
        linked_service: None,
        tags: BTreeMap::new(),
    }
}

fn private(id: &str, name: &str) -> HostedZone {
    HostedZone { private: true, ..zone(id, name) }
}

fn tagged(id: &str, name: &str) -> HostedZone {
    let tags = BTreeMap::from([("team".to_owned(), "dns".to_owned())]);
    HostedZone { tags, ..zone(id, name) }
}

fn team_dns() -> Tag {
    Tag { key: "team".to_owned(), value: "dns".to_owned() }
}

fn survey(zones: &[HostedZone]) -> Survey {
    let mut survey = Survey::default();
    for zone in zones {
        survey.zones.entry(zone.name.clone()).or_default().push(zone.clone());
    }
    survey
}

fn naming(survey: Survey, tagged: &[(&str, Tagged)]) -> Survey {
    let tagged = tagged.iter().map(|(id, found)| ((*id).to_owned(), found.clone())).collect();
    Survey { tagged, ..survey }
}

/// Where the records of these domains go, `domain→zone` or `domain→!reason`, in that order.
#[track_caller]
fn check(domains: &[&str], survey: &Survey, required: Option<&Tag>, expected: &[(&str, &str)]) {
    let records: BTreeSet<_> = domains.iter().map(|domain| record(domain)).collect();
    let assignment = assign(&claim(&records, survey), survey, required);
    for (domain, home) in expected {
        let record = record(domain);
        let found = assignment.homes.get(&record);
        match home.strip_prefix('!') {
            Some(reason) => {
                let trouble = assignment.homeless.get(&record).expect(domain);
                assert!(trouble.message.contains(reason), "{domain}: {}", trouble.message);
            }
            None => {
                assert_eq!(found.map(|zone| zone.id.as_str()), Some(*home), "{domain}");
            }
        }
    }
    assert_eq!(assignment.homes.len() + assignment.homeless.len(), records.len());
}

/// The claim of a certificate for the domains of these records, whose tag names all that the survey
/// was asked for.
fn claim<'a>(records: &'a BTreeSet<ValidationRecord>, survey: &'a Survey) -> Claim<'a> {
    let names = records.iter().filter_map(|record| record.name().lineage().nth(1)).collect();
    Claim { records, names, ids: survey.tagged.keys().map(String::as_str).collect() }
}

#[test]
fn every_name_finds_its_own_zone() {
    let zones = survey(&[zone("ZA", "a.com"), zone("ZB", "b.com")]);
    check(
        &["a.com", "x.a.com", "b.com"],
        &zones,
        None,
        &[("a.com", "ZA"), ("x.a.com", "ZA"), ("b.com", "ZB")],
    );
}

#[test]
fn a_name_without_a_zone_does_not_hold_up_the_rest() {
    let zones = survey(&[zone("ZA", "a.com")]);
    check(
        &["a.com", "b.com"],
        &zones,
        None,
        &[("a.com", "ZA"), ("b.com", "!no hosted zone holds")],
    );
}

#[test]
fn the_longest_match_by_whole_labels_wins() {
    let zones = survey(&[
        zone("ZC", "com"),
        zone("Z1", "a.com"),
        zone("Z2", "x.a.com"),
        zone("Z3", "nota.com"),
    ]);
    check(&["x.a.com", "y.a.com"], &zones, None, &[("x.a.com", "Z2"), ("y.a.com", "Z1")]);
    let lookalike = survey(&[zone("Z1", "a.com")]);
    check(&["nota.com"], &lookalike, None, &[("nota.com", "!no hosted zone holds")]);
}

#[test]
fn a_private_zone_is_never_a_home() {
    let twins = survey(&[private("Z1", "a.com"), zone("Z2", "a.com"), private("Z3", "x.a.com")]);
    check(&["a.com", "x.a.com"], &twins, None, &[("a.com", "Z2"), ("x.a.com", "Z2")]);
    let alone = survey(&[private("Z1", "a.com")]);
    check(&["a.com"], &alone, None, &[("a.com", "!Z1 (a.com) is private")]);
}

#[test]
fn a_zone_of_another_service_is_never_a_home() {
    let linked = Some("servicediscovery.amazonaws.com".to_owned());
    let linked = HostedZone { linked_service: linked, ..zone("Z1", "a.com") };
    check(&["a.com"], &survey(&[linked]), None, &[("a.com", "!is managed by servicediscovery")]);
}

#[test]
fn two_equal_zones_are_refused_and_named() {
    let twins = survey(&[zone("Z2", "a.com"), zone("Z1", "a.com"), zone("Z3", "a.com")]);
    check(&["a.com"], &twins, None, &[("a.com", "!hosted zones Z1, Z2, Z3 are all public")]);
    let deeper = survey(&[zone("Z2", "a.com"), zone("Z1", "a.com"), zone("Z4", "x.a.com")]);
    check(&["x.a.com"], &deeper, None, &[("x.a.com", "Z4")]);
}

#[test]
fn a_required_tag_decides_between_equals_and_excludes_the_rest() {
    let twins = survey(&[zone("Z1", "a.com"), tagged("Z2", "a.com"), zone("Z3", "b.com")]);
    let expected = [("a.com", "Z2"), ("b.com", "!Z3 (b.com) does not carry the tag team=dns")];
    check(&["a.com", "b.com"], &twins, Some(&team_dns()), &expected);
}

#[test]
fn the_certificates_tag_outranks_the_name() {
    let zones = survey(&[zone("Z1", "a.com"), zone("Z2", "a.com"), zone("Z3", "x.a.com")]);
    let named = naming(zones, &[("Z2", Tagged::Zone(zone("Z2", "a.com")))]);
    check(&["a.com", "x.a.com"], &named, None, &[("a.com", "Z2"), ("x.a.com", "Z2")]);
}

#[test]
fn names_that_the_tagged_zones_cannot_hold_go_by_name() {
    let zones = survey(&[zone("Z3", "b.com")]);
    let named = naming(zones, &[("Z1", Tagged::Zone(zone("Z1", "a.com")))]);
    check(&["a.com", "b.com"], &named, None, &[("a.com", "Z1"), ("b.com", "Z3")]);
}

#[test]
fn several_tagged_zones_share_the_names_among_them() {
    let both =
        [("Z1", Tagged::Zone(zone("Z1", "a.com"))), ("Z2", Tagged::Zone(zone("Z2", "b.com")))];
    let named = naming(Survey::default(), &both);
    check(&["a.com", "b.com"], &named, None, &[("a.com", "Z1"), ("b.com", "Z2")]);
    let equals =
        [("Z1", Tagged::Zone(zone("Z1", "a.com"))), ("Z2", Tagged::Zone(zone("Z2", "a.com")))];
    let named = naming(Survey::default(), &equals);
    check(&["a.com"], &named, None, &[("a.com", "!hosted zones Z1, Z2 are all public")]);
}

#[test]
fn a_tag_that_names_a_wrong_zone_is_reported_and_nothing_is_guessed() {
    let found = || survey(&[zone("Z1", "a.com")]);
    for (tagged, reason) in [
        (Tagged::Missing, "!there is no hosted zone Z9"),
        (Tagged::Zone(zone("Z9", "b.com")), "!hosted zone Z9 (b.com) holds none"),
        (Tagged::Zone(private("Z9", "a.com")), "!hosted zone Z9 (a.com) is private"),
        (Tagged::Unseen(Trouble::new(Cause::Passing, "busy")), "!busy"),
    ] {
        let named = naming(found(), &[("Z9", tagged)]);
        check(&["a.com"], &named, None, &[("a.com", reason)]);
        let records = BTreeSet::from([record("a.com")]);
        let assignment = assign(&claim(&records, &named), &named, None);
        assert_eq!(assignment.remarks.len(), 1);
        let told = assignment.homeless.values().map(|trouble| &trouble.message);
        assert!(told.eq(&assignment.remarks) && assignment.remarks[0].contains(HOSTED_ZONE_TAG));
    }
}

#[test]
fn a_tagged_zone_that_cannot_be_looked_up_may_be_the_right_one() {
    // However long that may last: a role may be mended, and then there are two of one name.
    for cause in [Cause::Passing, Cause::Denied] {
        let unseen = Tagged::Unseen(Trouble::new(cause, "cannot see it"));
        let found = [("Z1", Tagged::Zone(zone("Z1", "a.com"))), ("Z2", unseen)];
        let named = naming(Survey::default(), &found);
        check(&["x.a.com"], &named, None, &[("x.a.com", "!cannot see it")]);
    }
}

#[test]
fn a_wrong_id_does_not_hold_up_the_names_of_a_right_one() {
    let found = [("Z1", Tagged::Zone(zone("Z1", "a.com"))), ("Z9", Tagged::Missing)];
    let named = naming(survey(&[zone("Z3", "b.com")]), &found);
    check(
        &["a.com", "b.com"],
        &named,
        None,
        &[("a.com", "Z1"), ("b.com", "!there is no hosted zone Z9")],
    );
}

#[test]
fn a_required_tag_binds_tagged_zones_too() {
    let named = naming(Survey::default(), &[("Z1", Tagged::Zone(zone("Z1", "a.com")))]);
    check(&["a.com"], &named, Some(&team_dns()), &[("a.com", "!does not carry the tag team=dns")]);
}

#[test]
fn an_account_that_cannot_be_asked_may_hold_the_right_zone() {
    let passing = Trouble::new(Cause::Passing, "throttled");
    let standing = Trouble::new(Cause::Denied, "denied");
    let unseen = |troubles: &[&Trouble]| Survey {
        unseen: troubles.iter().copied().cloned().collect(),
        ..survey(&[zone("Z1", "a.com")])
    };
    check(&["a.com"], &unseen(&[&passing]), None, &[("a.com", "!throttled")]);
    check(&["a.com"], &unseen(&[&passing, &standing]), None, &[("a.com", "!denied")]);
    let named = naming(unseen(&[&passing]), &[("Z1", Tagged::Zone(zone("Z1", "a.com")))]);
    check(&["a.com"], &named, None, &[("a.com", "Z1")]);
}

#[test]
fn zones_are_looked_for_at_every_name_above_a_record_but_the_top() {
    let names = candidates(&[record("x.a.co.uk"), record("a.co.uk"), record("y.x.a.co.uk")]);
    assert_eq!(names, BTreeSet::from(["y.x.a.co.uk", "x.a.co.uk", "a.co.uk", "co.uk"].map(name)));
}

fn set(kind: &str, values: &[&str]) -> RecordSet {
    RecordSet {
        kind: kind.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

#[track_caller]
fn check_standing(domain: &str, content: &[(&str, RecordSet)], expected: &Standing) {
    let mut there = Content::new();
    for (at, set) in content {
        there.entry(name(at)).or_default().push(set.clone());
    }
    assert_eq!(standing(&record(domain), &name("a.com"), &there), *expected);
}

#[test]
fn a_record_that_is_right_is_recognised_however_it_is_spelt() {
    for value in ["_v.acm-validations.aws.", "_V.ACM-validations.aws"] {
        check_standing("a.com", &[("_x.a.com", set("CNAME", &[value]))], &Standing::Right);
    }
    let weighted = || ("_x.a.com", set("CNAME", &["_v.acm-validations.aws."]));
    check_standing("a.com", &[weighted(), weighted()], &Standing::Right);
}

#[test]
fn a_record_that_is_missing_or_points_elsewhere_is_lacking() {
    check_standing("a.com", &[], &Standing::Lacking);
    check_standing("a.com", &[("_x.a.com", set("CNAME", &["evil.org."]))], &Standing::Lacking);
    check_standing("a.com", &[("_x.a.com", set("CNAME", &[]))], &Standing::Lacking);
    let right = ("_x.a.com", set("CNAME", &["_v.acm-validations.aws."]));
    let wrong = ("_x.a.com", set("CNAME", &["_w.acm-validations.aws."]));
    check_standing("a.com", &[right, wrong], &Standing::Lacking);
}

#[test]
fn another_type_at_the_name_is_in_the_way() {
    let taken = Standing::Taken { kind: "TXT".to_owned() };
    check_standing("a.com", &[("_x.a.com", set("TXT", &["\"hi\""]))], &taken);
}

#[test]
fn below_a_zone_cut_nothing_is_seen() {
    let cut = |at: &str| Standing::BelowCut { at: name(at), to: vec!["ns.example.".to_owned()] };
    let ns = |at| (at, set("NS", &["ns.example."]));
    check_standing("y.x.a.com", &[ns("x.a.com")], &cut("x.a.com"));
    check_standing("y.x.a.com", &[ns("y.x.a.com"), ns("x.a.com")], &cut("x.a.com"));
    check_standing("x.a.com", &[ns("_x.x.a.com")], &cut("_x.x.a.com"));
    check_standing("a.com", &[ns("a.com")], &Standing::Lacking);
    check_standing("x.a.com", &[ns("z.a.com")], &Standing::Lacking);
    check_standing("x.a.com", &[("x.a.com", set("A", &["192.0.2.1"]))], &Standing::Lacking);
}

#[test]
fn a_zone_is_read_from_below_its_apex_down_to_the_record() {
    let names = waypoints(&name("a.com"), &BTreeSet::from([record("x.a.com"), record("a.com")]));
    assert_eq!(names, BTreeSet::from(["_x.a.com", "x.a.com", "_x.x.a.com"].map(name)));
}

#[test]
fn batches_keep_within_the_limits_of_route_53() {
    let records = |count: usize, value: &str| -> Vec<_> {
        let value = format!("_{value}.acm-validations.aws.");
        let record = |index| {
            let name = format!("_x{index}.a.com");
            ValidationRecord::parse("aws", &DomainName::new("a.com"), &name, "CNAME", &value)
        };
        (0..count).map(|index| record(index).expect("a record")).collect()
    };
    let sizes = |records| batch::batches(records).iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes(Vec::new()), [0; 0]);
    assert_eq!(sizes(records(500, "v")), [500]);
    assert_eq!(sizes(records(501, "v")), [500, 1]);
    // `_` + 59 + `.acm-validations.aws.`: 81 characters, of which 16,000 hold 197.
    assert_eq!(sizes(records(400, &"v".repeat(59))), [197, 197, 6]);
    // `_` + 58: 80 characters, of which 16,000 hold exactly 200.
    assert_eq!(sizes(records(400, &"v".repeat(58))), [200, 200]);
}

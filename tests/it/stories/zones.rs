//! Which hosted zone a record is written to, and what blocks a record.

use expect_test::expect;
use serde_json::Value;

use crate::world::{ACCOUNT, DNS_ACCOUNT, World};

/// The reasons in a response, one for each blocked record.
fn blocked(outcome: &Value) -> Vec<String> {
    let records = outcome["records"].as_array().expect("records");
    let blocked = records.iter().filter(|record| record["state"] == "BLOCKED");
    blocked.map(|record| record["reason"].as_str().expect("a reason").to_owned()).collect()
}

/// Checks that the certificate is blocked for one reason that contains these words, that nothing was
/// written, and that it will be checked again.
#[track_caller]
fn check_blocked(world: &World, words: &[&str]) {
    let reasons = blocked(&world.outcome());
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    for word in words {
        assert!(reasons[0].contains(word), "`{word}` is not in: {}", reasons[0]);
    }
    assert_eq!(world.writes(), []);
    assert_eq!(world.published(), ["BLOCKED"]);
    assert_eq!(world.scheduled(), 1, "a blocked certificate is checked again");
}

/// Checks that the certificate is issued, and that these records, as `domain in zone`, were written.
#[track_caller]
fn check_issued(world: &World, arn: &str, expected: &[String]) {
    assert_eq!(world.status(arn), "ISSUED");
    let mut written = world.written();
    written.sort();
    assert_eq!(written, expected);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_for_a_single_name_is_issued() {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    expect![[r#"
        00:00:20 RequestCertificate: RECORDS_WRITTEN, example.com WRITTEN in 1, next check 00:02
        00:02:02 ACM Certificate Available: ISSUED
    "#]]
    .assert_eq(&world.story());
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
    assert_eq!(world.scheduled(), 0);
}

#[tokio::test(start_paused = true)]
async fn apex_and_wildcard_share_one_record() {
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com", "*.example.com"]).await;
    world.minutes(30).await;
    check_issued(&world, &arn, &[format!("example.com in {zone}")]);
}

#[tokio::test(start_paused = true)]
async fn names_in_three_zones_are_written_in_one_batch_for_each_zone() {
    let world = World::new();
    let [one, two, three] = ["one.com", "two.org", "three.net"].map(|name| world.zone(name));
    let arn = world.request(&["one.com", "www.one.com", "two.org", "a.b.three.net"]).await;
    world.minutes(30).await;
    let expected = [
        format!("a.b.three.net in {three}"),
        format!("one.com in {one}"),
        format!("two.org in {two}"),
        format!("www.one.com in {one}"),
    ];
    check_issued(&world, &arn, &expected);
    assert_eq!(world.count("ChangeResourceRecordSets"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_name_without_a_zone_delays_no_other_and_is_written_once_it_has_a_zone() {
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com", "late.org"]).await;
    world.minutes(20).await;
    assert_eq!(world.status(&arn), "PENDING_VALIDATION");
    assert_eq!(world.written(), [format!("example.com in {zone}")]);
    let late = world.zone("late.org");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written()[1], format!("late.org in {late}"));
    assert_eq!(world.published(), ["BLOCKED", "BLOCKED", "RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn a_private_zone_of_the_same_name_that_is_listed_first_is_skipped() {
    let world = World::new();
    world.sim.aws().route53.create_private_zone(ACCOUNT, "example.com");
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    check_issued(&world, &arn, &[format!("example.com in {zone}")]);
}

#[tokio::test(start_paused = true)]
async fn a_name_with_only_a_private_zone_is_blocked() {
    let world = World::new();
    let private = world.sim.aws().route53.create_private_zone(ACCOUNT, "example.com");
    world.request(&["example.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &[&private, "is private"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_zone_is_preferred_to_its_parent() {
    let world = World::new();
    world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    let arn = world.request(&["api.dev.example.com"]).await;
    world.minutes(30).await;
    check_issued(&world, &arn, &[format!("api.dev.example.com in {child}")]);
}

#[tokio::test(start_paused = true)]
async fn a_zone_whose_name_ends_within_a_label_is_not_used() {
    let world = World::new();
    world.zone("example.com");
    world.request(&["notexample.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &["no hosted zone can hold the name"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_below_a_zone_cut_is_blocked_and_the_reason_names_the_name_servers() {
    let world = World::new();
    let zone = world.zone("example.com");
    let elsewhere = ["ns1.dns.example.", "ns2.dns.example."];
    world.sim.aws().route53.put_record(&zone, "dev.example.com", "NS", 300, &elsewhere);
    world.request(&["api.dev.example.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &["dev.example.com is delegated to ns1.dns.example.", &zone]);
}

#[tokio::test(start_paused = true)]
async fn the_zone_is_found_among_three_hundred_and_among_ten_thousand_zones() {
    for (before, after) in [(150, 150), (5_000, 5_000)] {
        let world = World::new();
        for index in 0..before {
            world.sim.aws().route53.create_zone(ACCOUNT, &format!("a{index}.com"));
        }
        let zone = world.zone("example.com");
        for index in 0..after {
            world.sim.aws().route53.create_zone(ACCOUNT, &format!("z{index}.com"));
        }
        let arn = world.request(&["www.example.com"]).await;
        world.minutes(3).await;
        assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
        assert_eq!(world.count("ListHostedZonesByName"), world.count("DescribeCertificate") - 1);
        world.minutes(30).await;
        assert_eq!(world.status(&arn), "ISSUED");
    }
}

#[tokio::test(start_paused = true)]
async fn the_zone_is_found_among_a_thousand_of_its_child_zones() {
    let world = World::new();
    let zone = world.zone("example.com");
    for index in 0..1_000 {
        world.sim.aws().route53.create_zone(ACCOUNT, &format!("a{index}.example.com"));
    }
    let child = world.sim.aws().route53.create_zone(ACCOUNT, "www.example.com");
    world.sim.aws().route53.delegate(&child);
    world.request(&["www.example.com", "example.com"]).await;
    world.minutes(1).await;
    let mut written = world.written();
    written.sort();
    assert_eq!(written, [format!("example.com in {zone}"), format!("www.example.com in {child}")]);
    assert_eq!(world.count("ListHostedZonesByName"), 2);
}

const ZONE_TAG: &str = "acm-dns-validator:hosted-zone-id";

#[tokio::test(start_paused = true)]
async fn a_tag_of_the_certificate_chooses_between_zones_of_the_same_name() {
    let world = World::new();
    let delegated = world.zone("example.com");
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    let arn = world.request_tagged(&["example.com"], ZONE_TAG, &delegated).await;
    world.minutes(30).await;
    check_issued(&world, &arn, &[format!("example.com in {delegated}")]);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_names_a_wrong_zone_is_reported_and_nothing_is_written() {
    for other in ["example.org", "ample.com"] {
        let world = World::new();
        world.zone("example.com");
        let wrong = world.zone(other);
        world.request_tagged(&["example.com"], ZONE_TAG, &wrong).await;
        world.minutes(10).await;
        check_blocked(&world, &[ZONE_TAG, &wrong, "can hold none of the certificate's names"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_names_a_zone_that_does_not_exist_is_reported_and_nothing_is_written() {
    for id in ["Z0123456789ABCDEFGHIJ", "my-zone"] {
        let world = World::new();
        world.zone("example.com");
        world.request_tagged(&["example.com"], ZONE_TAG, id).await;
        world.minutes(10).await;
        check_blocked(&world, &[ZONE_TAG, &format!("there is no hosted zone {id}")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_also_names_a_foreign_zone_delays_only_the_names_of_that_zone() {
    let world = World::new();
    let own = world.zone("example.com");
    let foreign = world.sim.aws().route53.create_zone(DNS_ACCOUNT, "example.org");
    let names = ["example.com", "example.org"];
    world.request_tagged(&names, ZONE_TAG, &format!("{own} {foreign}")).await;
    world.minutes(10).await;
    assert_eq!(world.written(), [format!("example.com in {own}")]);
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains(&format!("there is no hosted zone {foreign}")), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_tag_may_name_two_zones_that_each_hold_one_of_the_names() {
    let world = World::new();
    let zones = ["example.com", "example.org"].map(|name| {
        world.sim.aws().route53.create_zone(ACCOUNT, name);
        world.zone(name)
    });
    let names = ["example.com", "example.org"];
    let arn = world.request_tagged(&names, ZONE_TAG, &zones.join(" ")).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn two_public_zones_of_the_same_name_are_a_block_until_a_tag_chooses_one() {
    let world = World::new();
    world.silence_dns();
    let delegated = world.zone("example.com");
    let undelegated = world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &[&delegated, &undelegated, "it is unknown which one public DNS uses"]);

    world.tag_certificate(&arn, ZONE_TAG, &delegated).await;
    world.minutes(30).await;
    check_issued(&world, &arn, &[format!("example.com in {delegated}")]);
}

#[tokio::test(start_paused = true)]
async fn a_tag_of_the_zones_chooses_between_zones_of_the_same_name() {
    let world = World::with(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    let delegated = world.zone("example.com");
    let undelegated = world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    world.sim.aws().route53.tag_zone(&delegated, "validate", "yes");
    world.sim.aws().route53.tag_zone(&undelegated, "validate", "no");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    check_issued(&world, &arn, &[format!("example.com in {delegated}")]);
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_the_required_tag_is_not_written_even_if_the_certificate_names_it() {
    let world = World::with(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    let zone = world.zone("example.com");
    let arn = world.request_tagged(&["example.com"], ZONE_TAG, &zone).await;
    world.minutes(10).await;
    check_blocked(&world, &[&zone, "does not have the tag validate=yes"]);
    world.sim.aws().route53.tag_zone(&zone, "validate", "yes");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn the_tagged_zone_is_found_among_more_zones_of_the_same_name_than_a_page_holds() {
    let world = World::with(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    for _ in 0..120 {
        world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    }
    let zone = world.zone("example.com");
    world.sim.aws().route53.tag_zone(&zone, "validate", "yes");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_another_service_manages_is_not_written() {
    let world = World::new();
    let linked = world.sim.aws().route53.create_linked_zone(ACCOUNT, "example.com");
    world.request(&["example.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &[&linked, "is managed by"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_somebody_else_wrote_is_not_changed_and_keeps_its_ttl() {
    let world = World::new();
    let zone = world.zone("example.com");
    let (name, value) = sim::acm::validation_record(ACCOUNT, "example.com");
    world.sim.aws().route53.put_record(&zone, &name, "CNAME", 60, &[&value]);
    let arn = world.request(&["example.com", "www.example.com"]).await;
    world.minutes(30).await;
    check_issued(&world, &arn, &[format!("www.example.com in {zone}")]);
    let aws = world.sim.aws();
    let record = aws.route53.record(&zone, &name, "CNAME").expect("the record");
    assert_eq!(record.ttl, Some(60));
}

#[tokio::test(start_paused = true)]
async fn a_conflicting_record_is_named_and_delays_no_other() {
    let world = World::new();
    let zone = world.zone("example.com");
    let (name, _) = sim::acm::validation_record(ACCOUNT, "example.com");
    world.sim.aws().route53.put_record(&zone, &name, "TXT", 60, &["\"mine\""]);
    world.request(&["example.com", "www.example.com"]).await;
    world.minutes(10).await;
    assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
    let reasons = blocked(&world.outcomes()[0]);
    assert!(reasons[0].contains("a record of type TXT exists at this name"), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_rejected_for_one_record_is_split_and_the_others_are_written() {
    let world = World::new();
    let zone = world.zone("example.com");
    // A weighted record with another value: only Route 53 finds that a simple one cannot replace it.
    let (bad, _) = sim::acm::validation_record(ACCOUNT, "c.example.com");
    world.put_weighted(&zone, &bad, "elsewhere.example.").await;
    let names = ["a", "b", "c", "d", "e"].map(|label| format!("{label}.example.com"));
    world.request_many(&names).await;
    world.minutes(1).await;
    let mut written = world.written();
    written.sort();
    let expected = ["a", "b", "d", "e"].map(|label| format!("{label}.example.com in {zone}"));
    assert_eq!(written, expected);
    let reasons = blocked(&world.outcome());
    assert!(reasons.len() == 1 && reasons[0].contains("InvalidChangeBatch"), "{reasons:?}");
}

//! Which hosted zone a record goes to.

use expect_test::expect;
use serde_json::Value;

use crate::world::{DNS, OURS, World, tag};

/// The reasons in the latest response, one a blocked record.
fn blocked(outcome: &Value) -> Vec<String> {
    let records = outcome["records"].as_array().expect("records");
    let blocked = records.iter().filter(|record| record["state"] == "BLOCKED");
    blocked.map(|record| record["reason"].as_str().expect("a reason").to_owned()).collect()
}

#[track_caller]
fn check_blocked(world: &World, words: &[&str]) {
    let reasons = blocked(&world.outcome());
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    for word in words {
        assert!(reasons[0].contains(word), "`{word}` is not in: {}", reasons[0]);
    }
    assert_eq!(world.writes(), []);
    assert_eq!(world.published(), ["BLOCKED"]);
    assert_eq!(world.armed(), 1, "a blocked certificate goes on being looked at");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_for_a_single_name_is_issued() {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    expect![[r#"
        00:00:20 RequestCertificate: RECORDS_WRITTEN, example.com WRITTEN in 1, next look 00:02
        00:02:02 ACM Certificate Available: ISSUED
    "#]]
    .assert_eq(&world.story());
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
    assert_eq!(world.armed(), 0);
}

#[tokio::test(start_paused = true)]
async fn apex_and_wildcard_share_one_record() {
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com", "*.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {zone}")]);
}

#[tokio::test(start_paused = true)]
async fn names_in_three_zones_are_one_batch_a_zone() {
    let world = World::new();
    let [one, two, three] = ["one.com", "two.org", "three.net"].map(|name| world.zone(name));
    let arn = world.request(&["one.com", "www.one.com", "two.org", "a.b.three.net"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    let mut written = world.written();
    written.sort();
    assert_eq!(
        written,
        [
            format!("a.b.three.net in {three}"),
            format!("one.com in {one}"),
            format!("two.org in {two}"),
            format!("www.one.com in {one}"),
        ]
    );
    assert_eq!(world.count("ChangeResourceRecordSets"), 3);
}

#[tokio::test(start_paused = true)]
async fn one_name_without_a_zone_does_not_hold_up_the_rest_and_heals_when_it_gets_one() {
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
async fn a_private_twin_listed_first_is_passed_over() {
    let world = World::new();
    world.sim.aws().route53.create_private_zone(OURS, "example.com");
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {zone}")]);
}

#[tokio::test(start_paused = true)]
async fn a_name_with_only_a_private_zone_is_blocked() {
    let world = World::new();
    let private = world.sim.aws().route53.create_private_zone(OURS, "example.com");
    world.request(&["example.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &[&private, "is private"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_zone_wins_over_its_parent() {
    let world = World::new();
    world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(OURS, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    let arn = world.request(&["api.dev.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("api.dev.example.com in {child}")]);
}

#[tokio::test(start_paused = true)]
async fn a_look_alike_zone_is_not_taken_for_the_names_own() {
    let world = World::new();
    world.zone("example.com");
    world.request(&["notexample.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &["no hosted zone can hold the name"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_below_a_zone_cut_is_blocked_and_its_name_servers_are_named() {
    let world = World::new();
    let zone = world.zone("example.com");
    let elsewhere = ["ns1.dns.example.", "ns2.dns.example."];
    world.sim.aws().route53.put_record(&zone, "dev.example.com", "NS", 300, &elsewhere);
    world.request(&["api.dev.example.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &["dev.example.com is delegated to ns1.dns.example.", &zone]);
}

#[tokio::test(start_paused = true)]
async fn the_zone_is_found_among_three_hundred_and_among_ten_thousand() {
    for (before, after) in [(150, 150), (5_000, 5_000)] {
        let world = World::new();
        for index in 0..before {
            world.sim.aws().route53.create_zone(OURS, &format!("a{index}.com"));
        }
        let zone = world.zone("example.com");
        for index in 0..after {
            world.sim.aws().route53.create_zone(OURS, &format!("z{index}.com"));
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
async fn the_zone_is_found_even_if_thousands_of_its_children_are_listed_with_it() {
    let world = World::new();
    let zone = world.zone("example.com");
    for index in 0..1_000 {
        world.sim.aws().route53.create_zone(OURS, &format!("a{index}.example.com"));
    }
    let child = world.sim.aws().route53.create_zone(OURS, "www.example.com");
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
async fn a_tag_of_the_certificate_chooses_between_equal_zones() {
    let world = World::new();
    let seen = world.zone("example.com");
    world.sim.aws().route53.create_zone(OURS, "example.com");
    let arn = world.request_tagged(&["example.com"], ZONE_TAG, &seen).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {seen}")]);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_names_a_wrong_zone_is_reported_and_nothing_is_written() {
    for look_alike in ["example.org", "ample.com"] {
        let world = World::new();
        world.zone("example.com");
        let wrong = world.zone(look_alike);
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
async fn a_tag_that_names_a_zone_of_a_stranger_too_does_not_hold_up_the_names_of_the_other() {
    let world = World::new();
    let ours = world.zone("example.com");
    let theirs = world.sim.aws().route53.create_zone(DNS, "example.org");
    let names = ["example.com", "example.org"];
    world.request_tagged(&names, ZONE_TAG, &format!("{ours} {theirs}")).await;
    world.minutes(10).await;
    assert_eq!(world.written(), [format!("example.com in {ours}")]);
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains(&format!("there is no hosted zone {theirs}")), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_tag_may_name_two_zones_for_the_names_they_can_hold() {
    let world = World::new();
    let zones = ["example.com", "example.org"].map(|name| {
        world.sim.aws().route53.create_zone(OURS, name);
        world.zone(name)
    });
    let names = ["example.com", "example.org"];
    let arn = world.request_tagged(&names, ZONE_TAG, &zones.join(" ")).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn two_equal_public_zones_are_refused_and_both_named_until_a_tag_tells_them_apart() {
    let world = World::new();
    let seen = world.zone("example.com");
    let unseen = world.sim.aws().route53.create_zone(OURS, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &[&seen, &unseen, "it is unknown which one public DNS uses"]);

    let tags = world.acm(OURS, crate::world::HOME).add_tags_to_certificate();
    tags.certificate_arn(&arn).tags(tag(ZONE_TAG, &seen)).send().await.expect("a tag");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {seen}")]);
}

#[tokio::test(start_paused = true)]
async fn a_tag_of_the_zones_decides_between_equals() {
    let world = World::with(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    let seen = world.zone("example.com");
    let unseen = world.sim.aws().route53.create_zone(OURS, "example.com");
    world.sim.aws().route53.tag_zone(&seen, "validate", "yes");
    world.sim.aws().route53.tag_zone(&unseen, "validate", "no");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {seen}")]);
}

#[tokio::test(start_paused = true)]
async fn where_zones_must_carry_a_tag_no_other_is_written_to_not_even_if_the_certificate_names_it()
{
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
async fn the_tagged_one_is_found_among_more_equal_zones_than_a_page_holds() {
    let world = World::with(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    for _ in 0..120 {
        world.sim.aws().route53.create_zone(OURS, "example.com");
    }
    let zone = world.zone("example.com");
    world.sim.aws().route53.tag_zone(&zone, "validate", "yes");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_another_service_is_left_alone() {
    let world = World::new();
    let linked = world.sim.aws().route53.create_linked_zone(OURS, "example.com");
    world.request(&["example.com"]).await;
    world.minutes(10).await;
    check_blocked(&world, &[&linked, "is managed by"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_somebody_else_wrote_is_left_alone_time_to_live_included() {
    let world = World::new();
    let zone = world.zone("example.com");
    let (name, value) = sim::acm::validation_record(OURS, "example.com");
    world.sim.aws().route53.put_record(&zone, &name, "CNAME", 60, &[&value]);
    let arn = world.request(&["example.com", "www.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
    let aws = world.sim.aws();
    let record = aws.route53.record(&zone, &name, "CNAME").expect("the record");
    assert_eq!(record.ttl, Some(60));
}

#[tokio::test(start_paused = true)]
async fn a_record_in_the_way_is_named_and_holds_up_nothing_else() {
    let world = World::new();
    let zone = world.zone("example.com");
    let (name, _) = sim::acm::validation_record(OURS, "example.com");
    world.sim.aws().route53.put_record(&zone, &name, "TXT", 60, &["\"mine\""]);
    world.request(&["example.com", "www.example.com"]).await;
    world.minutes(10).await;
    assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
    let reasons = blocked(&world.outcomes()[0]);
    assert!(reasons[0].contains("a record of type TXT exists at this name"), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_refused_for_one_bad_record_is_split_so_that_the_good_ones_are_written() {
    let world = World::new();
    let zone = world.zone("example.com");
    // A weighted record with another value: only Route 53 knows that a simple one cannot replace it.
    let (bad, _) = sim::acm::validation_record(OURS, "c.example.com");
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

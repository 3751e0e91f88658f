//! Zone changes: when a hosted zone is created or tagged, the certificates that need it are checked.

use aws_sdk_route53::types::{HostedZoneConfig, Tag, TagResourceType, Vpc, VpcRegion};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::faults::{Fault, FaultKind};

use crate::world::{ACCOUNT, DNS_ACCOUNT, DNS_ROLE, MEMBER_ACCOUNT, REGION, World};

/// Creates a public hosted zone in the function's account through the API, and delegates its domain to it.
async fn create_zone(world: &World, name: &str) -> String {
    let call = world.route53(ACCOUNT).create_hosted_zone().name(name).caller_reference(name);
    let zone = call.send().await.expect("a zone").hosted_zone.expect("a zone");
    let id = zone.id().trim_start_matches("/hostedzone/").to_owned();
    world.sim.aws().route53.register(name, &id);
    id
}

/// Tags a hosted zone of the function's account through the API.
async fn tag_zone(world: &World, id: &str, key: &str, value: &str) {
    let tag = Tag::builder().key(key).value(value).build();
    let call = world.route53(ACCOUNT).change_tags_for_resource().resource_id(id);
    call.resource_type(TagResourceType::Hostedzone).add_tags(tag).send().await.expect("tagged");
}

/// A world that forwards the events of Route 53, which occur in us-east-1, to the function.
fn world(settings: &[(&str, &str)]) -> World {
    let world = World::with(settings);
    world.forward(ACCOUNT, "us-east-1");
    world
}

/// The responses to zone changes.
fn zone_changes(world: &World) -> Vec<Value> {
    world.outcomes().into_iter().filter(|outcome| outcome.get("looked").is_some()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_new_zone_ends_a_block_at_once() {
    let world = world(&[]);
    let arn = world.request(&["www.example.com"]).await;
    world.minutes(62).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    let zone = create_zone(&world, "example.com").await;
    world.minutes(1).await;
    assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
    assert_eq!(zone_changes(&world), [json!({"zones": ["example.com"], "found": 1, "looked": 1})]);
    assert!(
        world.scheduled() <= 2,
        "the next check, and the one after it if the next was too near"
    );
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.scheduled(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tag_on_a_zone_ends_a_block_at_once() {
    let world = world(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com", "www.example.com"]).await;
    world.minutes(62).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    tag_zone(&world, &zone, "validate", "yes").await;
    world.minutes(1).await;
    assert_eq!(world.writes().len(), 2);
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_does_not_help_causes_no_write_and_no_event() {
    let world = world(&[]);
    world.request(&["example.com"]).await;
    world.minutes(62).await;
    let before = world.published().len();
    create_zone(&world, "notexample.com").await;
    world.minutes(1).await;
    assert_eq!(
        zone_changes(&world),
        [json!({"zones": ["notexample.com"], "found": 0, "looked": 0})]
    );
    // A zone that could help, but there are others of the same name.
    world.silence_dns();
    world.zone("example.com");
    world.zone("example.com");
    create_zone(&world, "example.com").await;
    world.minutes(1).await;
    assert_eq!(zone_changes(&world)[1], json!({"zones": ["example.com"], "found": 1, "looked": 1}));
    assert_eq!((world.published().len(), world.writes()), (before, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_does_not_help_suppresses_no_report_whenever_it_is_created() {
    // The report at the age of one hour is due in the minute of the check time at 60 minutes.
    for seconds in (58 * 60..62 * 60).step_by(10) {
        let world = world(&[]);
        world.silence_dns();
        world.request(&["example.com"]).await;
        world.zone("example.com");
        world.zone("example.com");
        world.minutes(20).await;
        let before = world.published().len();
        world.pass(TimeDelta::seconds(seconds - 20 * 60)).await;
        create_zone(&world, "example.com").await;
        world.minutes(10).await;
        assert_eq!(world.published().len(), before + 1, "{seconds}: {}", world.story());
    }
}

#[tokio::test(start_paused = true)]
async fn a_block_that_only_a_zone_change_finds_is_published() {
    let world = world(&[]);
    world.silence_dns();
    world.zone("example.com");
    world.request_tagged(&["example.com"], "acm-dns-validator:skip", "true").await;
    world.minutes(100).await;
    // No event says that a tag was removed.
    let arn = world.sim.aws().acm.certificates().next().expect("one").arn.clone();
    world.sim.aws().acm.certificate_mut(&arn).expect("it").tags.clear();
    create_zone(&world, "example.com").await;
    world.minutes(1).await;
    assert_eq!(world.published(), ["BLOCKED"], "{}", world.story());
}

#[tokio::test(start_paused = true)]
async fn a_zone_change_that_cannot_help_costs_no_call() {
    let world = world(&[]);
    let zone = world.zone("example.com");
    let calls = |world: &World| world.count("SearchCertificates") + world.count("GetHostedZone");
    tag_zone(&world, &zone, "team", "dns").await;
    world.minutes(1).await;
    let reason = "neither HOSTED_ZONE_TAG nor HOSTED_ZONE_ACCOUNTS_TAG is set, so tags of hosted zones do not matter";
    assert_eq!(zone_changes(&world), [json!({"reason": reason, "found": 0, "looked": 0})]);
    let vpc = Vpc::builder().vpc_id("vpc-1").vpc_region(VpcRegion::EuWest1).build();
    let private = HostedZoneConfig::builder().private_zone(true).build();
    let call =
        world.route53(ACCOUNT).create_hosted_zone().name("example.org").caller_reference("1");
    call.vpc(vpc).hosted_zone_config(private).send().await.expect("a zone");
    world.minutes(1).await;
    assert_eq!(world.outcome()["reason"], "the new hosted zone is private");
    assert_eq!(calls(&world), 0);
}

#[tokio::test(start_paused = true)]
async fn a_region_that_cannot_be_listed_does_not_stop_a_zone_change_in_the_others() {
    let world = world(&[("REGIONS", "ap-south-1,eu-west-1")]);
    world.request(&["example.com"]).await;
    world.minutes(62).await;
    // Both the search and the listing that replaces it fail, in the first region.
    let denied = |operation: &str| Fault::new(FaultKind::Denied).on(operation).times(1);
    world.fault(denied("SearchCertificates"));
    world.fault(denied("ListCertificates"));
    let zone = create_zone(&world, "example.com").await;
    world.minutes(1).await;
    assert_eq!(world.written(), [format!("example.com in {zone}")]);
    assert_eq!((world.errors(), world.dead_letters()), (Vec::new(), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_zone_changes_lists_pending_certificates_once() {
    let world = world(&[]);
    world.use_queue();
    world.request_in(ACCOUNT, REGION, &["n7.example.com"], |request| request).await;
    world.minutes(62).await;
    for number in 0..20 {
        create_zone(&world, &format!("n{number}.example.com")).await;
    }
    world.minutes(3).await;
    assert_eq!(world.writes().len(), 1);
    assert!(world.count("SearchCertificates") <= 2, "{}", world.count("SearchCertificates"));
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_a_dns_account_ends_a_block_in_an_account_of_the_settings() {
    let world = World::with(&[
        ("ACCOUNTS", MEMBER_ACCOUNT),
        ("CERTIFICATE_ROLE_NAME", "certificates"),
        ("HOSTED_ZONE_ROLE_ARNS", DNS_ROLE),
    ]);
    world.role(DNS_ACCOUNT, "dns");
    world.role(MEMBER_ACCOUNT, "certificates");
    world.forward(MEMBER_ACCOUNT, REGION);
    world.forward(DNS_ACCOUNT, "us-east-1");
    let names = ["www.example.com"];
    world.request_in(MEMBER_ACCOUNT, REGION, &names, |request| request).await;
    world.minutes(62).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    let call = world.route53(DNS_ACCOUNT).create_hosted_zone();
    call.name("example.com").caller_reference("one").send().await.expect("a zone");
    world.minutes(1).await;
    assert_eq!(zone_changes(&world), [json!({"zones": ["example.com"], "found": 1, "looked": 1})]);
    assert_eq!(world.writes().len(), 1);
}

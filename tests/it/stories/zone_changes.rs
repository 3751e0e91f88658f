//! A hosted zone is created or tagged: what it was missing for is looked at at once.

use aws_sdk_route53::types::{HostedZoneConfig, Tag, TagResourceType, Vpc, VpcRegion};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::faults::{Fault, FaultKind};

use crate::world::{HOME, OURS, World};

/// Somebody creates a public hosted zone of ours over the API, and has its domain delegated to it.
async fn create_zone(world: &World, name: &str) -> String {
    let call = world.route53(OURS).create_hosted_zone().name(name).caller_reference(name);
    let zone = call.send().await.expect("a zone").hosted_zone.expect("a zone");
    let id = zone.id().trim_start_matches("/hostedzone/").to_owned();
    world.sim.aws().route53.register(name, &id);
    id
}

/// Somebody tags a hosted zone of ours over the API.
async fn tag_zone(world: &World, id: &str, key: &str, value: &str) {
    let tag = Tag::builder().key(key).value(value).build();
    let call = world.route53(OURS).change_tags_for_resource().resource_id(id);
    call.resource_type(TagResourceType::Hostedzone).add_tags(tag).send().await.expect("tagged");
}

/// A world in which Route 53's events come to us from where they are told.
fn world(settings: &[(&str, &str)]) -> World {
    let world = World::with(settings);
    world.forward(OURS, "us-east-1");
    world
}

/// The responses to news of hosted zones.
fn healed(world: &World) -> Vec<Value> {
    world.outcomes().into_iter().filter(|outcome| outcome.get("looked").is_some()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_new_zone_heals_a_block_at_once() {
    let world = world(&[]);
    let arn = world.request(&["www.example.com"]).await;
    world.minutes(62).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    let zone = create_zone(&world, "example.com").await;
    world.minutes(1).await;
    assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
    assert_eq!(healed(&world), [json!({"zones": ["example.com"], "found": 1, "looked": 1})]);
    assert!(world.armed() <= 2, "the next look, and the one after if it was too near");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.armed(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_tag_on_a_zone_heals_a_block_at_once() {
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
async fn a_zone_that_does_not_help_makes_nobody_look_and_tells_nothing_twice() {
    let world = world(&[]);
    world.request(&["example.com"]).await;
    world.minutes(62).await;
    let told = world.published().len();
    create_zone(&world, "notexample.com").await;
    world.minutes(1).await;
    assert_eq!(healed(&world), [json!({"zones": ["notexample.com"], "found": 0, "looked": 0})]);
    // One that could help, but is the second of its name.
    world.zone("example.com");
    world.zone("example.com");
    create_zone(&world, "example.com").await;
    world.minutes(1).await;
    assert_eq!(healed(&world)[1], json!({"zones": ["example.com"], "found": 1, "looked": 1}));
    assert_eq!((world.published().len(), world.writes()), (told, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_does_not_help_silences_no_report_whenever_it_comes() {
    // The report at the age of an hour is due in the minute of the request's point 60.
    for seconds in (58 * 60..62 * 60).step_by(10) {
        let world = world(&[]);
        world.request(&["example.com"]).await;
        world.zone("example.com");
        world.zone("example.com");
        world.minutes(20).await;
        let told = world.published().len();
        world.pass(TimeDelta::seconds(seconds - 20 * 60)).await;
        create_zone(&world, "example.com").await;
        world.minutes(10).await;
        assert_eq!(world.published().len(), told + 1, "{seconds}: {}", world.story());
    }
}

#[tokio::test(start_paused = true)]
async fn a_block_that_only_news_of_a_zone_has_seen_is_told() {
    let world = world(&[]);
    world.zone("example.com");
    world.request_tagged(&["example.com"], "acm-dns-validator:skip", "true").await;
    world.minutes(100).await;
    // Nobody tells us of a tag that is taken away.
    let arn = world.sim.aws().acm.certificates().next().expect("one").arn.clone();
    world.sim.aws().acm.certificate_mut(&arn).expect("it").tags.clear();
    create_zone(&world, "example.com").await;
    world.minutes(1).await;
    assert_eq!(world.published(), ["BLOCKED"], "{}", world.story());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_help_costs_no_call() {
    let world = world(&[]);
    let zone = world.zone("example.com");
    let calls = |world: &World| world.count("SearchCertificates") + world.count("GetHostedZone");
    tag_zone(&world, &zone, "team", "dns").await;
    world.minutes(1).await;
    let reason = "HOSTED_ZONE_TAG is not set, so tags of hosted zones do not matter";
    assert_eq!(healed(&world), [json!({"reason": reason, "found": 0, "looked": 0})]);
    let vpc = Vpc::builder().vpc_id("vpc-1").vpc_region(VpcRegion::EuWest1).build();
    let private = HostedZoneConfig::builder().private_zone(true).build();
    let call = world.route53(OURS).create_hosted_zone().name("example.org").caller_reference("1");
    call.vpc(vpc).hosted_zone_config(private).send().await.expect("a zone");
    world.minutes(1).await;
    assert_eq!(world.outcome()["reason"], "the new hosted zone is private");
    assert_eq!(calls(&world), 0);
}

#[tokio::test(start_paused = true)]
async fn a_region_that_refuses_keeps_no_other_from_being_healed() {
    let world = world(&[("REGIONS", "ap-south-1,eu-west-1")]);
    world.request(&["example.com"]).await;
    world.minutes(62).await;
    // Of the search and of the listing that takes its place, in the first region.
    let denied = |operation: &str| Fault::new(FaultKind::Denied).on(operation).times(1);
    world.fault(denied("SearchCertificates"));
    world.fault(denied("ListCertificates"));
    let zone = create_zone(&world, "example.com").await;
    world.minutes(1).await;
    assert_eq!(world.written(), [format!("example.com in {zone}")]);
    assert_eq!((world.errors(), world.dead_letters()), (Vec::new(), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn news_of_many_zones_in_a_batch_lists_what_waits_once() {
    let world = world(&[]);
    world.enqueue();
    world.request_in(OURS, HOME, &["n7.example.com"], |request| request).await;
    world.minutes(62).await;
    for number in 0..20 {
        create_zone(&world, &format!("n{number}.example.com")).await;
    }
    world.minutes(3).await;
    assert_eq!(world.writes().len(), 1);
    assert!(world.count("SearchCertificates") <= 2, "{}", world.count("SearchCertificates"));
}

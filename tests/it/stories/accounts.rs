//! Zones and certificates of other accounts and regions.

use chrono::TimeDelta;
use sim::faults::{Fault, FaultKind};

use crate::world::{DNS, HOME, MEMBER, OURS, World};

#[tokio::test(start_paused = true)]
async fn a_zone_in_a_dns_account_is_written_to_with_its_role() {
    let role = format!("arn:aws:iam::{DNS}:role/dns");
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.role(DNS, "dns");
    let zone = world.zone_of(DNS, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    let writes = world.writes();
    assert_eq!((writes[0].account.as_str(), writes[0].zone_id.as_str()), (DNS, zone.as_str()));
    assert_eq!(world.count("AssumeRole"), 1, "one session for the whole life of the process");
}

#[tokio::test(start_paused = true)]
async fn the_longest_match_is_found_over_all_accounts() {
    let role = format!("arn:aws:iam::{DNS}:role/dns");
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.role(DNS, "dns");
    let ours = world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(DNS, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    let arn = world.request(&["example.com", "dev.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    let mut written = world.written();
    written.sort();
    assert_eq!(written, [format!("dev.example.com in {child}"), format!("example.com in {ours}")]);
}

#[tokio::test(start_paused = true)]
async fn equal_zones_in_two_accounts_are_refused_too() {
    let role = format!("arn:aws:iam::{DNS}:role/dns");
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.role(DNS, "dns");
    let ours = world.zone("example.com");
    let theirs = world.sim.aws().route53.create_zone(DNS, "example.com");
    world.request(&["example.com"]).await;
    world.minutes(10).await;
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains(&ours) && reason.contains(&theirs), "{reason}");
    assert_eq!(world.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn a_zone_account_that_cannot_be_asked_blocks_what_it_might_hold_and_says_so() {
    let role = format!("arn:aws:iam::{DNS}:role/dns");
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(10).await;
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "BLOCKED");
    let reason = outcome["reason"].to_string();
    assert!(reason.contains(&role) && reason.contains("AccessDenied"), "{reason}");
    world.role(DNS, "dns");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_in_a_member_account_is_served_with_its_role() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.role(MEMBER, "certificates");
    world.forward(MEMBER, "eu-central-1");
    let zone = world.zone("example.com");
    let arn = world.request_in(MEMBER, "eu-central-1", &["example.com"], |request| request).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {zone}")]);
}

#[tokio::test(start_paused = true)]
async fn a_role_is_assumed_once_for_all_regions_and_services() {
    let role = format!("arn:aws:iam::{MEMBER}:role/both");
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "both"), ("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.enqueue();
    world.role(MEMBER, "both");
    world.zone_of(MEMBER, "example.com");
    let mut arns = Vec::new();
    for region in [HOME, "eu-central-1", "us-east-1"] {
        world.forward(MEMBER, region);
        arns.push(world.request_in(MEMBER, region, &["example.com"], |request| request).await);
    }
    world.minutes(30).await;
    for arn in arns {
        assert_eq!(world.status(&arn), "ISSUED", "{arn}");
    }
    assert_eq!(world.count("AssumeRole"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_a_foreign_account_is_refused_before_any_call() {
    let world = World::new();
    world.forward(MEMBER, HOME);
    world.zone("example.com");
    world.request_in(MEMBER, HOME, &["example.com"], |request| request).await;
    let calls = world.sim.aws().calls().len();
    world.minutes(30).await;
    assert_eq!(world.sim.aws().calls().len(), calls);
    let aws = world.sim.aws();
    let letter = aws.lambda.dead_letters().first().expect("a dead letter");
    let error = letter.error.as_deref().unwrap_or_default();
    assert!(error.contains("CERTIFICATE_ROLE_NAME") && error.contains(MEMBER), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_another_region_is_served_from_here() {
    let world = World::new();
    world.forward(OURS, "us-east-1");
    world.zone("example.com");
    let arn = world.request_in(OURS, "us-east-1", &["example.com"], |request| request).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    let aws = world.sim.aws();
    let describes = aws.calls().iter().filter(|call| call.operation == "DescribeCertificate");
    assert!(describes.into_iter().all(|call| call.region == "us-east-1"));
}

#[tokio::test(start_paused = true)]
async fn certificates_of_two_regions_share_a_record_and_only_the_first_writes_it() {
    let world = World::new();
    world.forward(OURS, "us-east-1");
    world.zone("example.com");
    let here = world.request(&["example.com"]).await;
    world.minutes(10).await;
    let there = world.request_in(OURS, "us-east-1", &["example.com"], |request| request).await;
    world.minutes(30).await;
    assert_eq!(
        (world.status(&here), world.status(&there)),
        ("ISSUED".to_owned(), "ISSUED".to_owned())
    );
    assert_eq!(world.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_bus_of_another_region_is_called_there() {
    let bus = format!("arn:aws:events:us-east-1:{OURS}:event-bus/default");
    let world = World::with(&[("EVENT_BUS", &bus)]);
    world.zone("example.com");
    world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn a_zone_account_that_is_throttled_defers_and_does_not_block() {
    let role = format!("arn:aws:iam::{DNS}:role/dns");
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.role(DNS, "dns");
    world.zone("example.com");
    let until = world.sim.now() + TimeDelta::minutes(10);
    world.fault(Fault::new(FaultKind::Throttled).by(DNS).until(until));
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    assert_eq!(world.outcome()["records"][0]["state"], "DEFERRED");
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

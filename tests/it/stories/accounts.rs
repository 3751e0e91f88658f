//! Zones and certificates in other accounts and regions.

use chrono::TimeDelta;
use serde_json::json;
use sim::faults::{Fault, FaultKind};

use crate::world::{ACCOUNT, DNS_ACCOUNT, DNS_ROLE, MEMBER_ACCOUNT, REGION, World, sweep};

#[tokio::test(start_paused = true)]
async fn a_zone_in_a_dns_account_is_written_with_the_role_of_that_account() {
    let world = World::with_dns_role();
    let zone = world.zone_of(DNS_ACCOUNT, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    let writes = world.writes();
    assert_eq!(
        (writes[0].account.as_str(), writes[0].zone_id.as_str()),
        (DNS_ACCOUNT, zone.as_str())
    );
    assert_eq!(world.count("AssumeRole"), 1, "one session while the process lives");
}

#[tokio::test(start_paused = true)]
async fn the_longest_matching_zone_is_chosen_across_accounts() {
    let world = World::with_dns_role();
    let parent = world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(DNS_ACCOUNT, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    let arn = world.request(&["example.com", "dev.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    let mut written = world.written();
    written.sort();
    assert_eq!(
        written,
        [format!("dev.example.com in {child}"), format!("example.com in {parent}")]
    );
}

#[tokio::test(start_paused = true)]
async fn zones_of_the_same_name_in_two_accounts_are_a_block_while_public_dns_is_silent() {
    let world = World::with_dns_role();
    world.silence_dns();
    let own = world.zone("example.com");
    let other = world.sim.aws().route53.create_zone(DNS_ACCOUNT, "example.com");
    world.request(&["example.com"]).await;
    world.minutes(10).await;
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains(&own) && reason.contains(&other), "{reason}");
    assert_eq!(world.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_zone_account_blocks_the_records_that_it_might_hold() {
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", DNS_ROLE)]);
    world.silence_dns();
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(10).await;
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "BLOCKED");
    let reason = outcome["reason"].to_string();
    assert!(reason.contains(DNS_ROLE) && reason.contains("AccessDenied"), "{reason}");
    world.role(DNS_ACCOUNT, "dns");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_in_a_member_account_is_served_with_the_role_of_that_account() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.role(MEMBER_ACCOUNT, "certificates");
    world.forward(MEMBER_ACCOUNT, "eu-central-1");
    let zone = world.zone("example.com");
    let arn =
        world.request_in(MEMBER_ACCOUNT, "eu-central-1", &["example.com"], |request| request).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {zone}")]);
}

#[tokio::test(start_paused = true)]
async fn a_role_is_assumed_once_for_all_regions_and_services() {
    let role = format!("arn:aws:iam::{MEMBER_ACCOUNT}:role/both");
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "both"), ("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.use_queue();
    world.role(MEMBER_ACCOUNT, "both");
    world.zone_of(MEMBER_ACCOUNT, "example.com");
    let mut arns = Vec::new();
    for region in [REGION, "eu-central-1", "us-east-1"] {
        world.forward(MEMBER_ACCOUNT, region);
        arns.push(
            world.request_in(MEMBER_ACCOUNT, region, &["example.com"], |request| request).await,
        );
    }
    world.minutes(30).await;
    for arn in arns {
        assert_eq!(world.status(&arn), "ISSUED", "{arn}");
    }
    assert_eq!(world.count("AssumeRole"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_an_account_without_a_role_is_answered_before_any_call() {
    let world = World::new();
    world.forward(MEMBER_ACCOUNT, REGION);
    world.zone("example.com");
    world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |request| request).await;
    let calls = world.sim.aws().calls().len();
    world.minutes(30).await;
    assert_eq!(world.sim.aws().calls().len(), calls);
    assert_eq!(world.errors(), [""; 0]);
    let outcome = world.outcome();
    let reason = outcome["reason"].as_str().expect("a reason");
    assert_eq!(outcome["state"], "IGNORED");
    assert!(
        reason.contains("CERTIFICATE_ROLE_NAME") && reason.contains(MEMBER_ACCOUNT),
        "{reason}"
    );
    assert_eq!(world.metric("CertificatesOutOfReach"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_denied_for_good_costs_one_attempt_and_no_dead_letter() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.forward(MEMBER_ACCOUNT, REGION);
    world.zone("example.com");
    world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |request| request).await;
    world.minutes(30).await;
    assert_eq!((world.outcomes().len(), world.errors().len(), world.scheduled()), (1, 0, 0));
    assert_eq!(world.count("AssumeRole"), 2);
    let outcome = world.outcome();
    let reason = outcome["reason"].as_str().expect("a reason");
    assert_eq!(outcome["state"], "IGNORED");
    assert!(reason.contains("AccessDenied") && reason.contains(MEMBER_ACCOUNT), "{reason}");
    assert_eq!(world.metric("CertificatesOutOfReach"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_checks_of_a_certificate_go_on_while_its_role_is_denied() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.forward(MEMBER_ACCOUNT, REGION);
    world.role(MEMBER_ACCOUNT, "certificates");
    let arn = world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |request| request).await;
    world.minutes(10).await;
    let now = world.sim.now();
    let denied = Fault::new(FaultKind::Denied).on("DescribeCertificate");
    world.fault(denied.until(now + TimeDelta::hours(2)));
    world.minutes(60).await;
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains("AccessDenied"), "{reason}");
    world.zone("example.com");
    world.minutes(120).await;
    assert_eq!((world.status(&arn).as_str(), world.errors().len()), ("ISSUED", 0));
}

#[tokio::test(start_paused = true)]
async fn only_the_accounts_of_the_settings_are_served() {
    let settings = [("CERTIFICATE_ROLE_NAME", "certificates"), ("ACCOUNTS", DNS_ACCOUNT)];
    let world = World::with(&settings);
    world.forward(MEMBER_ACCOUNT, REGION);
    world.role(MEMBER_ACCOUNT, "certificates");
    world.zone("example.com");
    world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |request| request).await;
    let calls = world.sim.aws().calls().len();
    world.minutes(30).await;
    assert_eq!(world.sim.aws().calls().len(), calls);
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains("not in ACCOUNTS"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_in_another_region_is_served() {
    let world = World::new();
    world.forward(ACCOUNT, "us-east-1");
    world.zone("example.com");
    let arn = world.request_in(ACCOUNT, "us-east-1", &["example.com"], |request| request).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    let aws = world.sim.aws();
    let describes = aws.calls().iter().filter(|call| call.operation == "DescribeCertificate");
    assert!(describes.into_iter().all(|call| call.region == "us-east-1"));
}

#[tokio::test(start_paused = true)]
async fn certificates_in_two_regions_share_a_record_and_only_the_first_writes_it() {
    let world = World::new();
    world.forward(ACCOUNT, "us-east-1");
    world.zone("example.com");
    let here = world.request(&["example.com"]).await;
    world.minutes(10).await;
    let there = world.request_in(ACCOUNT, "us-east-1", &["example.com"], |request| request).await;
    world.minutes(30).await;
    assert_eq!(
        (world.status(&here), world.status(&there)),
        ("ISSUED".to_owned(), "ISSUED".to_owned())
    );
    assert_eq!(world.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_bus_in_another_region_is_called_in_that_region() {
    let bus = format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default");
    let world = World::with(&[("EVENT_BUS", &bus)]);
    world.zone("example.com");
    world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_zone_account_defers_records_and_does_not_block_them() {
    let world = World::with_dns_role();
    world.zone("example.com");
    let until = world.sim.now() + TimeDelta::minutes(10);
    world.fault(Fault::new(FaultKind::Throttled).by(DNS_ACCOUNT).until(until));
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    assert_eq!(world.outcome()["records"][0]["state"], "DEFERRED");
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn the_accounts_of_the_settings_are_swept() {
    let settings = [("CERTIFICATE_ROLE_NAME", "certificates"), ("ACCOUNTS", MEMBER_ACCOUNT)];
    let world = World::with(&settings);
    world.role(MEMBER_ACCOUNT, "certificates");
    world.zone("example.com");
    let arn = world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |request| request).await;
    world.invoke(sweep(&json!({}))).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

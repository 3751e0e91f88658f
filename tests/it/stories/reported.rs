//! Faults that public reports describe, and what the function does about them.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::aws::Service;
use sim::faults::{Fault, FaultKind};

use crate::world::{ACCOUNT, DNS_ACCOUNT, REGION, World, tag};

/// Everything the function published about a certificate that is issued although this happens.
async fn check_issued(fault: Fault) -> World {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.fault(fault);
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED", "{}", world.story());
    world
}

#[tokio::test(start_paused = true)]
async fn an_error_that_passes_is_deferred_and_never_a_block() {
    for (status, code) in [
        (403, "SignatureDoesNotMatch"),
        (403, "InvalidSignatureException"),
        (400, "RequestExpired"),
        (403, "ExpiredToken"),
        (403, "RequestTimeTooSkewed"),
        (400, "ConcurrentModification"),
        (400, "ServiceUnavailable"),
        (418, "SomethingNew"),
    ] {
        for operation in ["ListHostedZonesByName", "ChangeResourceRecordSets"] {
            let fault = Fault::new(FaultKind::Refused(status, code)).on(operation).times(3);
            let world = check_issued(fault).await;
            assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"], "{code} of {operation}");
            assert_eq!(world.blocked("Unknown"), 0, "{code} of {operation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_error_is_a_block_once_it_lasts_and_reads_as_code_and_message() {
    let world = World::new();
    let zone = world.zone("example.com");
    let fault = Fault::new(FaultKind::Refused(418, "SomethingNew")).on("ChangeResourceRecordSets");
    world.fault(fault);
    world.request(&["example.com"]).await;
    world.minutes(4).await;
    assert_eq!(world.outcome()["records"][0]["state"], "DEFERRED");
    assert_eq!(world.published(), [""; 0]);
    world.minutes(16).await;
    assert_eq!(world.published(), ["BLOCKED"]);
    let reason = format!(
        "cannot write to hosted zone {zone}: SomethingNew: Route53 refuses ChangeResourceRecordSets."
    );
    assert_eq!(world.outcome()["reason"], reason);
    assert!(world.blocked("Unknown") > 0);
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_takes_effect_a_second_later_is_no_block() {
    for operation in ["ListHostedZonesByName", "ListResourceRecordSets", "ChangeResourceRecordSets"]
    {
        let world = check_issued(Fault::new(FaultKind::Denied).on(operation).times(1)).await;
        assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"], "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_sts_does_not_hand_out_for_a_moment_is_no_block() {
    let world = World::new();
    let role = world.role(DNS_ACCOUNT, "zones");
    drop(world);
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.role(DNS_ACCOUNT, "zones");
    world.zone_of(DNS_ACCOUNT, "example.com");
    let expired = FaultKind::Refused(403, "ExpiredTokenException");
    world.fault(Fault::new(expired).of(Service::Sts).times(2));
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED", "{}", world.story());
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn every_error_of_a_call_reads_as_code_and_message() {
    let world = World::new();
    world.fault(Fault::new(FaultKind::Refused(400, "SomethingNew")).on("DescribeCertificate"));
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    let error =
        format!("Describe: cannot describe {arn}: SomethingNew: Acm refuses DescribeCertificate.");
    assert_eq!(world.errors().first(), Some(&error));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_whose_time_acm_keeps_moving_is_checked_hourly_and_published_daily() {
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    world.sim.aws().route53.delete_zone(&zone);
    world.pass(TimeDelta::days(150)).await;
    let before = (world.outcomes().len(), world.published().len());
    world.renew(&arn);
    for _ in 0..7 * 24 {
        world.minutes(60).await;
        let now = world.sim.now();
        let mut aws = world.sim.aws();
        let certificate = aws.acm.certificate_mut(&arn).expect("still there");
        certificate.renewal.as_mut().expect("a renewal").updated_at = now;
    }
    let checks = world.outcomes().len() - before.0;
    assert!((7 * 24 - 1..=7 * 24 + 1).contains(&checks), "{checks} checks");
    let blocked = world.published().len() - before.1;
    assert_eq!(blocked, 1 + 7, "at first, and every day");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_bus_rejects_once_is_published_by_the_next_try() {
    for code in ["InternalFailure", "ThrottlingException"] {
        let world = World::new();
        world.zone("example.com");
        world.sim.aws().eventbridge.fail_next_entries(1, code);
        world.request(&["example.com"]).await;
        world.minutes(1).await;
        assert_eq!(world.published(), ["RECORDS_WRITTEN"], "{code}");
        assert_eq!(world.metric("EventsLost"), 0, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_given_up_is_counted() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().eventbridge.fail_next_entries(3, "InternalFailure");
    world.request(&["example.com"]).await;
    world.minutes(1).await;
    assert_eq!((world.published(), world.metric("EventsLost")), (Vec::new(), 1));
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_hosted_zone_is_read_as_people_write_it() {
    for spelling in
        ["ID", "/hostedzone/ID", "hostedzone/ID", "arn:aws:route53:::hostedzone/ID", " ID  "]
    {
        let world = World::new();
        // Two zones of one name: only the tag tells which.
        world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
        let zone = world.zone("example.com");
        let value = spelling.replace("ID", &zone);
        let key = "acm-dns-validator:hosted-zone-id";
        world.request_tagged(&["example.com"], key, &value).await;
        world.minutes(1).await;
        assert_eq!(world.written(), [format!("example.com in {zone}")], "{spelling}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_ids_may_be_joined_by_what_a_tag_allows() {
    for join in ["+", ":", "/", " "] {
        let world = World::new();
        let zones = [world.zone("example.com"), world.zone("example.org")];
        let key = "acm-dns-validator:hosted-zone-id";
        world.request_tagged(&["example.com", "example.org"], key, &zones.join(join)).await;
        world.minutes(1).await;
        assert_eq!(world.writes().len(), 2, "{join}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_id_of_a_hosted_zone_is_explained() {
    for (value, reason) in [
        ("example.com", "example.com is a domain name; the tag takes the id of a hosted zone"),
        ("z0123456789abc", "the letters of an id are capital letters (Z0123456789ABC)"),
    ] {
        let world = World::new();
        world.zone("example.com");
        let key = "acm-dns-validator:hosted-zone-id";
        world.request_tagged(&["example.com"], key, value).await;
        world.minutes(1).await;
        let outcome = world.outcome();
        assert!(outcome["reason"].to_string().contains(reason), "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_cannot_be_read_is_named_with_the_way_past_it() {
    let role = format!("arn:aws:iam::{DNS_ACCOUNT}:role/missing");
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.silence_dns();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    let reason = world.outcome()["reason"].to_string();
    let advice = "set the certificate's tag acm-dns-validator:hosted-zone-id to its id";
    assert!(reason.contains(&role) && reason.contains(advice), "{reason}");
    let tags = world.acm(ACCOUNT, REGION).add_tags_to_certificate().certificate_arn(&arn);
    let tags = tags.tags(tag("acm-dns-validator:hosted-zone-id", &zone));
    tags.send().await.expect("a tag");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

/// A hosted zone of ours to which its parent zone delegates; its id.
fn delegated(world: &World, name: &str) -> String {
    let route53 = &mut world.sim.aws().route53;
    let child = route53.create_zone(ACCOUNT, name);
    route53.delegate(&child);
    child
}

#[tokio::test(start_paused = true)]
async fn a_tag_of_the_parent_zone_alone_names_the_child_zone_to_add() {
    let world = World::new();
    let parent = world.zone("example.com");
    let child = delegated(&world, "team.example.com");
    let key = "acm-dns-validator:hosted-zone-id";
    let arn = world.request_tagged(&["www.team.example.com"], key, &parent).await;
    world.minutes(1).await;
    let advice = format!("hosted zone {child} (team.example.com) can hold it: add that id");
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains(&advice), "{reason}");
    let question = json!({"source": "acm-dns-validator", "detail-type": "Certificate Diagnosis", "resources": [arn]});
    world.invoke(question).await;
    let diagnosis = world.outcome();
    assert!(diagnosis["advice"].to_string().contains(&advice), "{diagnosis}");
}

#[tokio::test(start_paused = true)]
async fn a_child_zone_without_the_required_tag_is_named() {
    let world = World::with(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    let parent = world.zone("example.com");
    let child = delegated(&world, "team.example.com");
    world.sim.aws().route53.tag_zone(&parent, "validate", "yes");
    world.request(&["www.team.example.com"]).await;
    world.minutes(1).await;
    let reason = world.outcome()["reason"].to_string();
    let named =
        format!("hosted zone {child} (team.example.com) does not have the tag validate=yes");
    assert!(reason.contains(&named), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_somebody_keeps_deleting_is_published_as_such() {
    let world = World::new();
    let zone = world.zone("example.com");
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::days(30);
    world.request(&["example.com"]).await;
    let (name, _) = sim::acm::validation_record(ACCOUNT, "example.com");
    for _ in 0..12 {
        world.minutes(10).await;
        world.sim.aws().route53.remove_record(&zone, &name, "CNAME");
    }
    let reasons: Vec<Value> = {
        let aws = world.sim.aws();
        aws.eventbridge.published().iter().map(|event| event.detail["reason"].clone()).collect()
    };
    assert!(reasons.len() > 3 && reasons[0].is_null(), "{reasons:?}");
    let last = reasons.last().map(ToString::to_string).unwrap_or_default();
    assert!(last.contains("something deletes it, for example external-dns"), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_scheduler_refuses_although_nothing_has_it_is_scheduled_under_another() {
    let world = World::new();
    world.zone("example.com");
    let conflict = FaultKind::Refused(409, "ConflictException");
    world.fault(Fault::new(conflict).on("CreateSchedule").times(1));
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published()[..2], ["RECORDS_WRITTEN", "ISSUED"]);
}

//! Somebody asks what stands in a certificate's way.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::acm::Status;
use sim::faults::{Fault, FaultKind};

use crate::world::{DNS, HOME, OURS, World};

/// Asks about a certificate, and sees that nothing was written, armed or published for it.
async fn ask(world: &World, arn: &str) -> Value {
    let effects = |world: &World| {
        let armed = world.count("CreateSchedule");
        (world.writes().len(), world.published().len(), armed)
    };
    let before = effects(world);
    let question = json!({
        "source": "acm-dns-validator", "detail-type": "Certificate Diagnosis", "resources": [arn],
    });
    world.invoke(question).await;
    assert_eq!(effects(world), before);
    world.outcome()
}

#[track_caller]
fn check_advice(diagnosis: &Value, words: &str) {
    let advice = diagnosis["advice"].as_str().unwrap_or_default();
    assert!(advice.contains(words), "{words:?} not in {advice:?}");
}

#[tokio::test(start_paused = true)]
async fn a_blocked_name_is_told_with_every_zone_and_why_it_is_not_the_one() {
    let world = World::with(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    let parent = world.zone("example.com");
    let twin = world.sim.aws().route53.create_private_zone(OURS, "www.example.com");
    let arn = world.request(&["www.example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    assert_eq!(
        diagnosis["names"][0]["zones"],
        json!([
            {"id": twin, "name": "www.example.com", "chosen": false,
             "why": "is private, and ACM asks public DNS only"},
            {"id": parent, "name": "example.com", "chosen": false,
             "why": "does not have the tag validate=yes (HOSTED_ZONE_TAG)"},
        ])
    );
    assert_eq!(diagnosis["names"][0]["record"]["state"], "BLOCKED");
    check_advice(&diagnosis, "does not have the tag validate=yes");
}

#[tokio::test(start_paused = true)]
async fn the_chosen_zone_the_record_and_the_next_check_are_told() {
    let role = format!("arn:aws:iam::{DNS}:role/dns");
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", &role)]);
    world.role(DNS, "dns");
    let parent = world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(DNS, "dev.example.com");
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::minutes(10);
    let arn = world.request(&["dev.example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    let name = &diagnosis["names"][0];
    assert_eq!(
        name["zones"],
        json!([
            {"id": child, "name": "dev.example.com", "role": role, "chosen": true,
             "why": "it is the longest match"},
            {"id": parent, "name": "example.com", "chosen": false,
             "why": "dev.example.com is a longer match"},
        ])
    );
    let record = &name["record"];
    assert_eq!((&record["state"], &record["hostedZoneId"]), (&json!("PRESENT"), &json!(child)));
    assert_eq!(
        (&diagnosis["status"], &name["validation"]),
        (&json!("PENDING_VALIDATION"), &json!("AWAITING"))
    );
    assert_eq!(diagnosis["nextCheck"], "2026-11-23T08:02:00Z");
    check_advice(&diagnosis, "check that public DNS delegates these names");
    check_advice(&diagnosis, "the next check is at 2026-11-23T08:02:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_whose_event_was_lost_has_no_check_armed() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().eventbridge.drop_next(1);
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    assert_eq!(diagnosis["names"][0]["record"]["state"], "MISSING");
    assert_eq!(diagnosis.get("nextCheck"), None);
    check_advice(&diagnosis, "no check is scheduled");
}

#[tokio::test(start_paused = true)]
async fn a_different_record_and_a_zone_cut_are_told_apart() {
    let world = World::new();
    let zone = world.zone("example.com");
    let (name, _) = sim::acm::validation_record(OURS, "example.com");
    {
        let mut aws = world.sim.aws();
        aws.eventbridge.drop_next(1);
        aws.route53.put_record(&zone, &name, "CNAME", 60, &["elsewhere.example.org."]);
        aws.route53.put_record(&zone, "dev.example.com", "NS", 60, &["ns.example.org."]);
    }
    let arn = world.request(&["example.com", "a.dev.example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    let record = |index: usize| &diagnosis["names"][index]["record"];
    assert_eq!(
        (&record(0)["state"], &record(1)["state"]),
        (&json!("DIFFERENT"), &json!("BLOCKED"))
    );
    check_advice(&diagnosis, "a.dev.example.com: dev.example.com is delegated to ns.example.org.");
}

#[tokio::test(start_paused = true)]
async fn a_caa_record_is_seen_before_acm_stumbles_over_it() {
    let world = World::new();
    let zone = world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(OURS, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    let only = ["0 issue \"letsencrypt.org\""];
    world.sim.aws().route53.put_record(&zone, "example.com", "CAA", 300, &only);
    let arn = world.request(&["www.dev.example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    // It stands in the zone above, and governs all the same.
    let caa = "example.com CAA 0 issue \"letsencrypt.org\"";
    assert_eq!(diagnosis["names"][0]["caa"], caa);
    check_advice(&diagnosis, "allow amazon.com there");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "FAILED");
    let diagnosis = ask(&world, &arn).await;
    check_advice(
        &diagnosis,
        "The validation has ended: ACM did not issue the certificate: CAA_ERROR",
    );
}

#[tokio::test(start_paused = true)]
async fn an_issued_certificate_that_could_not_be_renewed_is_told() {
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    check_advice(&ask(&world, &arn).await, "There is nothing to do: the certificate is issued.");
    let (name, _) = sim::acm::validation_record(OURS, "example.com");
    world.sim.aws().route53.remove_record(&zone, &name, "CNAME");
    let diagnosis = ask(&world, &arn).await;
    check_advice(&diagnosis, "cannot renew it");
    check_advice(&diagnosis, &name);
    world.sim.aws().route53.put_record(&zone, &name, "CNAME", 60, &["parked.example.net"]);
    check_advice(&ask(&world, &arn).await, "cannot renew it");
    world.sim.aws().route53.remove_record(&zone, &name, "CNAME");
    world.sim.aws().route53.put_record(&zone, &name, "TXT", 60, &["\"mine\""]);
    check_advice(&ask(&world, &arn).await, "a record of type TXT exists at this name");
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_nobody_delegates_to_is_told() {
    let world = World::new();
    world.zone("example.com");
    let dead = world.sim.aws().route53.create_zone(OURS, "dev.example.com");
    let arn = world.request(&["www.dev.example.com"]).await;
    world.minutes(60).await;
    assert_eq!(world.written(), [format!("www.dev.example.com in {dead}")]);
    let diagnosis = ask(&world, &arn).await;
    check_advice(&diagnosis, "(example.com) does not delegate dev.example.com");
    world.sim.aws().route53.delegate(&dead);
    world.minutes(30).await;
    assert_eq!(ask(&world, &arn).await["remarks"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_or_not_there_is_told() {
    let world = World::new();
    let now = world.sim.now();
    let imported = world.sim.aws().acm.seed(OURS, HOME, &["example.com"], now, |certificate| {
        certificate.kind = sim::acm::Kind::Imported;
    });
    check_advice(
        &ask(&world, &imported).await,
        "does not serve this certificate: the certificate is imported",
    );
    let late = world.sim.aws().acm.seed(OURS, HOME, &["example.com"], now, |certificate| {
        certificate.status = Status::ValidationTimedOut;
    });
    check_advice(
        &ask(&world, &late).await,
        "The validation has ended: ACM ended the validation after 72 hours",
    );
    let nowhere = imported.replace("00000000-", "99999999-");
    check_advice(&ask(&world, &nowhere).await, "ACM knows no such certificate");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_found_out_is_told_too() {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    world.fault(Fault::new(FaultKind::Denied).on("ListHostedZonesByName"));
    let diagnosis = ask(&world, &arn).await;
    check_advice(&diagnosis, "cannot list hosted zones: ");
    world.sim.aws().faults.clear();
    world.fault(Fault::new(FaultKind::InternalError).on("ListResourceRecordSets"));
    let diagnosis = ask(&world, &arn).await;
    assert_eq!(diagnosis["names"][0]["record"]["state"], "UNKNOWN");
    check_advice(&diagnosis, "The record could not be read just now");
}

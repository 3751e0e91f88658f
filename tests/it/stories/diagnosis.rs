//! The diagnosis: what the function answers about a certificate that is not issued or renewed.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::acm::Status;
use sim::faults::{Fault, FaultKind};

use crate::world::{ACCOUNT, DNS_ACCOUNT, DNS_ROLE, REGION, World};

/// Asks for a diagnosis of a certificate, and checks that nothing was written, scheduled or published.
async fn ask(world: &World, arn: &str) -> Value {
    let effects = |world: &World| {
        let schedules = world.count("CreateSchedule");
        (world.writes().len(), world.published().len(), schedules)
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
async fn a_diagnosis_lists_every_zone_and_why_a_blocked_name_cannot_use_it() {
    let world = World::with(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    let parent = world.zone("example.com");
    let private = world.sim.aws().route53.create_private_zone(ACCOUNT, "www.example.com");
    let arn = world.request(&["www.example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    assert_eq!(
        diagnosis["names"][0]["zones"],
        json!([
            {"id": private, "name": "www.example.com", "chosen": false,
             "seen": false, "why": "is private, and ACM asks public DNS only"},
            {"id": parent, "name": "example.com", "chosen": false,
             "seen": true, "why": "does not have the tag validate=yes (HOSTED_ZONE_TAG)"},
        ])
    );
    assert_eq!(diagnosis["names"][0]["record"]["state"], "BLOCKED");
    check_advice(&diagnosis, "does not have the tag validate=yes");
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_shows_the_chosen_zone_the_record_and_the_next_check() {
    let world = World::with_dns_role();
    let parent = world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(DNS_ACCOUNT, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::minutes(10);
    let arn = world.request(&["dev.example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    let name = &diagnosis["names"][0];
    assert_eq!(
        name["zones"],
        json!([
            {"id": child, "name": "dev.example.com", "role": DNS_ROLE, "chosen": true,
             "seen": true, "why": "public DNS asks it"},
            {"id": parent, "name": "example.com", "chosen": false,
             "seen": false, "why": "public DNS does not ask it"},
        ])
    );
    let record = &name["record"];
    assert_eq!((&record["state"], &record["hostedZoneId"]), (&json!("PRESENT"), &json!(child)));
    assert_eq!(
        (&diagnosis["status"], &name["validation"]),
        (&json!("PENDING_VALIDATION"), &json!("AWAITING"))
    );
    assert_eq!(diagnosis["nextCheck"], "2026-11-23T08:02:00Z");
    check_advice(&diagnosis, "Nothing stands in the way");
    check_advice(&diagnosis, "the next check is at 2026-11-23T08:02:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_whose_event_was_lost_has_no_scheduled_check() {
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
async fn a_diagnosis_distinguishes_a_different_record_from_a_zone_cut() {
    let world = World::new();
    let zone = world.zone("example.com");
    let (name, _) = sim::acm::validation_record(ACCOUNT, "example.com");
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
async fn a_diagnosis_finds_a_caa_record_before_acm_fails_because_of_it() {
    let world = World::new();
    let zone = world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    let only = ["0 issue \"letsencrypt.org\""];
    world.sim.aws().route53.put_record(&zone, "example.com", "CAA", 300, &only);
    let arn = world.request(&["www.dev.example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    // The record is in the parent zone, and applies to this name too.
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
async fn a_diagnosis_warns_that_an_issued_certificate_cannot_be_renewed() {
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    check_advice(&ask(&world, &arn).await, "There is nothing to do: the certificate is issued.");
    let (name, _) = sim::acm::validation_record(ACCOUNT, "example.com");
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
async fn a_diagnosis_reports_a_zone_that_is_not_delegated_even_if_public_dns_is_silent() {
    let world = World::new();
    world.silence_dns();
    world.zone("example.com");
    let undelegated = world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    let arn = world.request(&["www.dev.example.com"]).await;
    world.minutes(60).await;
    assert_eq!(world.written(), [format!("www.dev.example.com in {undelegated}")]);
    let diagnosis = ask(&world, &arn).await;
    check_advice(&diagnosis, "(example.com) does not delegate dev.example.com");
    world.sim.aws().route53.delegate(&undelegated);
    world.minutes(30).await;
    assert_eq!(ask(&world, &arn).await["remarks"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_explains_a_certificate_that_is_not_served_or_does_not_exist() {
    let world = World::new();
    let now = world.sim.now();
    let imported =
        world.sim.aws().acm.seed(ACCOUNT, REGION, &["example.com"], now, |certificate| {
            certificate.kind = sim::acm::Kind::Imported;
        });
    check_advice(
        &ask(&world, &imported).await,
        "does not serve this certificate: the certificate is imported",
    );
    let timed_out =
        world.sim.aws().acm.seed(ACCOUNT, REGION, &["example.com"], now, |certificate| {
            certificate.status = Status::ValidationTimedOut;
        });
    check_advice(
        &ask(&world, &timed_out).await,
        "The validation has ended: ACM ended the validation after 72 hours",
    );
    let missing = imported.replace("00000000-", "99999999-");
    check_advice(&ask(&world, &missing).await, "ACM knows no such certificate");
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_states_what_it_cannot_read() {
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

#[tokio::test(start_paused = true)]
async fn a_diagnosis_warns_of_a_name_for_which_only_a_wildcard_answers() {
    let world = World::new();
    let zone = world.zone("example.com");
    for name in ["*.example.com", "api.example.com"] {
        world.sim.aws().route53.put_record(&zone, name, "A", 300, &["192.0.2.1"]);
    }
    let arn = world.request(&["app.example.com", "api.example.com", "*.example.com"]).await;
    world.minutes(1).await;
    let diagnosis = ask(&world, &arn).await;
    assert_eq!(
        diagnosis["remarks"],
        json!([format!(
            "hosted zone {zone} (example.com) has no record set at app.example.com, and *.example.com \
             does not answer for it once the validation record exists below it: if the name is in use, \
             add a record set of its own"
        )])
    );
}

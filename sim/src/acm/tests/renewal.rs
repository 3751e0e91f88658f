//! How certificates are renewed.

use super::*;

#[test]
fn a_renewal_with_its_records_in_place_succeeds_at_once() {
    let mut world = World::new();
    world.publish("example.com");
    let arn = world.seed(&["example.com", "*.example.com"], issued);
    world.acm.schedule_renewal(&arn, world.now + TimeDelta::days(153));
    world.pass(TimeDelta::days(153));
    let certificate = world.certificate(&arn);
    assert_eq!(certificate.renewal.as_ref().unwrap().status, RenewalStatus::Success);
    assert_eq!(certificate.not_after, Some(world.now + TimeDelta::days(198)));
    assert_eq!(world.heard("ACM Certificate Available")[0].detail["Action"], "RENEWAL");
}

#[test]
fn a_renewal_without_its_record_asks_for_help_and_goes_on_looking() {
    let mut world = World::new();
    let arn = world.seed(&["example.com"], issued);
    world.acm.start_renewal(&arn, world.now, &world.dns);
    world.pass(minutes(10));
    let asked = world.heard("ACM Certificate Renewal Action Required");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].resources, [arn.as_str()]);
    assert_eq!(asked[0].detail["RenewalStatusReason"], "PENDING_DOMAIN_VALIDATION");
    let detail = world.describe(&arn);
    assert_eq!(detail["Status"], "ISSUED");
    assert_eq!(detail["DomainValidationOptions"][0]["ValidationStatus"], "SUCCESS");
    let renewal = &detail["RenewalSummary"];
    assert_eq!(renewal["RenewalStatus"], "PENDING_VALIDATION");
    assert_eq!(renewal["DomainValidationOptions"][0]["ValidationStatus"], "PENDING_VALIDATION");
    assert!(renewal["DomainValidationOptions"][0]["ResourceRecord"]["Name"].is_string());

    world.publish("example.com");
    world.pass(minutes(1));
    assert_eq!(world.describe(&arn)["RenewalSummary"]["RenewalStatus"], "SUCCESS");
}

#[test]
fn a_renewal_fails_when_the_certificate_expires() {
    let mut world = World::new();
    let arn = world.seed(&["example.com"], issued);
    world.acm.schedule_renewal(&arn, world.now + TimeDelta::days(197));
    world.pass(TimeDelta::days(198));
    let detail = world.describe(&arn);
    assert_eq!(detail["Status"], "EXPIRED");
    assert_eq!(detail["RenewalSummary"]["RenewalStatus"], "FAILED");
    assert_eq!(world.heard("ACM Certificate Expired").len(), 1);
    assert_eq!(world.acm.next_due(), None);
}

#[test]
fn a_renewal_begins_by_itself_and_asks_for_help_only_after_a_while() {
    let mut world = World::new();
    world.acm.behaviour.auto_renewal = TimeDelta::hours(2);
    let arn = world.seed(&["example.com"], issued);
    world.acm.start_renewal(&arn, world.now, &world.dns);
    world.pass(minutes(119));
    let renewal = &world.describe(&arn)["RenewalSummary"];
    assert_eq!(renewal["RenewalStatus"], "PENDING_AUTO_RENEWAL");
    let option = &renewal["DomainValidationOptions"][0];
    assert_eq!(option["ValidationStatus"], "PENDING_VALIDATION");
    assert!(option["ResourceRecord"]["Name"].is_string());
    assert!(world.heard("ACM Certificate Renewal Action Required").is_empty());

    world.pass(minutes(1));
    assert_eq!(world.describe(&arn)["RenewalSummary"]["RenewalStatus"], "PENDING_VALIDATION");
    assert_eq!(world.heard("ACM Certificate Renewal Action Required").len(), 1);
    world.publish("example.com");
    world.pass(minutes(1));
    assert_eq!(world.describe(&arn)["RenewalSummary"]["RenewalStatus"], "SUCCESS");
}

#[test]
fn a_renewal_whose_records_are_there_by_then_asks_for_no_help() {
    let mut world = World::new();
    world.acm.behaviour.auto_renewal = TimeDelta::hours(2);
    let arn = world.seed(&["example.com"], issued);
    world.acm.start_renewal(&arn, world.now, &world.dns);
    world.pass(minutes(60));
    world.publish("example.com");
    world.pass(minutes(60));
    assert_eq!(world.describe(&arn)["RenewalSummary"]["RenewalStatus"], "SUCCESS");
    assert!(world.heard("ACM Certificate Renewal Action Required").is_empty());
}

#[test]
fn a_renewal_that_waits_asks_again_as_the_end_comes_near() {
    let mut world = World::new();
    let arn = world.seed(&["example.com"], issued);
    world.acm.schedule_renewal(&arn, world.now + TimeDelta::days(153));
    world.pass(TimeDelta::days(191));
    let days = |world: &World| -> Vec<i64> {
        let asked = world.heard("ACM Certificate Renewal Action Required");
        asked.iter().map(|event| event.detail["DaysToExpiry"].as_i64().unwrap()).collect()
    };
    assert_eq!(days(&world), [45, 30, 15, 7]);
    let reasons = world.heard("ACM Certificate Renewal Action Required");
    let pending =
        |event: &&Event| event.detail["RenewalStatusReason"] == "PENDING_DOMAIN_VALIDATION";
    assert!(reasons.iter().all(pending));

    world.publish("example.com");
    world.pass(TimeDelta::days(6));
    assert_eq!(days(&world), [45, 30, 15, 7], "not once it is renewed");
}

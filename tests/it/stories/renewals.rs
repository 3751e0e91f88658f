//! Certificates that were issued long ago, and whose records are gone.

use chrono::TimeDelta;
use serde_json::json;
use sim::acm::{Renewal, RenewalStatus, Status};
use sim::faults::{Fault, FaultKind};

use crate::world::{HOME, OURS, World, sweep};

/// A certificate that was issued here, and whose validation record somebody has deleted since; its
/// ARN and its zone.
async fn lapsed(world: &World) -> (String, String) {
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    let (name, _) = sim::acm::validation_record(OURS, "example.com");
    world.sim.aws().route53.remove_record(&zone, &name, "CNAME");
    world.pass(TimeDelta::days(150)).await;
    (arn, zone)
}

/// How far the renewal of a certificate has come.
fn renewal(world: &World, arn: &str) -> Renewal {
    let aws = world.sim.aws();
    let certificate = aws.acm.certificate(arn).expect("still there");
    certificate.renewal.clone().expect("a renewal")
}

#[tokio::test(start_paused = true)]
async fn a_renewal_puts_a_deleted_record_back() {
    let world = World::new();
    let (arn, zone) = lapsed(&world).await;
    let now = world.sim.now();
    world.renew(&arn);
    world.minutes(90).await;
    assert_eq!(world.written(), vec![format!("example.com in {zone}"); 2]);
    let aws = world.sim.aws();
    let renewed = aws.acm.certificate(&arn).expect("still there");
    assert!(renewed.not_after > Some(now + TimeDelta::days(190)), "{renewed:?}");
    drop(aws);
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED", "RECORDS_WRITTEN", "ISSUED"]);
    assert_eq!(world.outcome()["reason"], "the certificate is renewed");
    assert_eq!(world.armed(), 0);
    // Only the first is a certificate that was waited for.
    assert_eq!((world.metric("CertificatesIssued"), world.metric("TimeToIssue")), (2, 120));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_whose_event_was_lost_is_found_by_the_sweep() {
    let world = World::new();
    let (arn, _) = lapsed(&world).await;
    world.sim.aws().eventbridge.drop_next(1);
    world.renew(&arn);
    world.minutes(60).await;
    assert_eq!(renewal(&world, &arn).status, RenewalStatus::PendingValidation);
    world.invoke(sweep(&json!({}))).await;
    assert_eq!(world.outcome(), json!({"found": 1, "armed": 1, "pages": 1}));
    world.minutes(150).await;
    assert_eq!(renewal(&world, &arn).status, RenewalStatus::Success);
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED", "RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_looked_after_already_is_swept_without_a_second_chain() {
    let world = World::new();
    let (arn, zone) = lapsed(&world).await;
    world.sim.aws().route53.delete_zone(&zone);
    world.renew(&arn);
    world.minutes(5).await;
    for _ in 0..6 {
        world.invoke(sweep(&json!({}))).await;
        world.minutes(10).await;
        assert!(world.armed() <= 2, "{}", world.story());
    }
    let reports = |state: &str| world.published().iter().filter(|it| *it == state).count();
    assert_eq!(
        reports("BLOCKED"),
        2,
        "at first, and at the daily time that comes half an hour later"
    );
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_blocked_for_days_is_told_every_day() {
    let world = World::new();
    let (arn, zone) = lapsed(&world).await;
    world.sim.aws().route53.delete_zone(&zone);
    world.renew(&arn);
    world.pass(TimeDelta::days(4)).await;
    let told = || world.published().iter().filter(|it| *it == "BLOCKED").count();
    let before = told();
    world.pass(TimeDelta::days(5)).await;
    assert_eq!(told() - before, 5);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_told_with_its_reason() {
    let world = World::new();
    let (arn, zone) = lapsed(&world).await;
    world.sim.aws().route53.delete_zone(&zone);
    world.renew(&arn);
    world.minutes(20).await;
    let now = world.sim.now();
    {
        let mut aws = world.sim.aws();
        let certificate = aws.acm.certificate_mut(&arn).expect("still there");
        let renewal = certificate.renewal.as_mut().expect("a renewal");
        renewal.status = RenewalStatus::Failed;
        renewal.reason = Some("CAA_ERROR".to_owned());
        renewal.updated_at = now;
    }
    world.minutes(60).await;
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "FAILED", "{outcome}");
    let reason = outcome["reason"].to_string();
    assert!(reason.contains("did not renew the certificate: CAA_ERROR"), "{reason}");
    assert_eq!(world.published().last().map(String::as_str), Some("FAILED"));
    assert_eq!((world.armed(), world.metric("CertificatesFailed")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn where_acm_cannot_search_the_listing_finds_what_waits() {
    for denied in [false, true] {
        let world = World::new();
        match denied {
            // A role from before there was a search.
            true => world.fault(Fault::new(FaultKind::Denied).on("SearchCertificates")),
            false => world.sim.aws().acm.set_search_available(HOME, false),
        }
        check_listed(&world).await;
    }
}

async fn check_listed(world: &World) {
    let (arn, _) = lapsed(world).await;
    let now = world.sim.now();
    let waits = world.sim.aws().acm.seed(OURS, HOME, &["www.example.com"], now, |_| {});
    world.sim.aws().acm.seed(OURS, HOME, &["other.example.com"], now, |certificate| {
        certificate.status = Status::Issued;
        certificate.in_use_by = vec!["a load balancer".to_owned()];
    });
    world.sim.aws().eventbridge.drop_next(1);
    {
        let mut aws = world.sim.aws();
        let certificate = aws.acm.certificate_mut(&arn).expect("still there");
        certificate.in_use_by = vec!["a load balancer".to_owned()];
        certificate.not_after = Some(now + TimeDelta::days(20));
    }
    world.renew(&arn);
    world.invoke(sweep(&json!({}))).await;
    // The one that waits, and the one near its end; not the one that was just issued.
    assert_eq!(world.outcome(), json!({"found": 2, "armed": 2, "pages": 1}));
    world.minutes(120).await;
    assert_eq!(renewal(world, &arn).status, RenewalStatus::Success);
    assert_eq!(world.status(&waits), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn while_acm_still_tries_by_itself_a_missing_record_is_put_back_already() {
    let world = World::new();
    world.sim.aws().acm.behaviour.auto_renewal = TimeDelta::hours(2);
    let (arn, _) = lapsed(&world).await;
    world.renew(&arn);
    world.touch(&arn).await;
    world.minutes(10).await;
    assert_eq!(renewal(&world, &arn).status, RenewalStatus::PendingAutoRenewal);
    assert_eq!(world.writes().len(), 2);
    world.pass(TimeDelta::hours(4)).await;
    assert_eq!(renewal(&world, &arn).status, RenewalStatus::Success);
    assert_eq!(world.armed(), 0);
}

//! Renewals of certificates whose validation records were deleted.

use chrono::TimeDelta;
use serde_json::json;
use sim::acm::{Renewal, RenewalStatus, Status};
use sim::faults::{Fault, FaultKind};

use crate::world::{ACCOUNT, REGION, World, sweep};

/// Creates a certificate that was issued 150 days ago and whose validation record was deleted; returns
/// its ARN and the id of its zone.
async fn without_record(world: &World) -> (String, String) {
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    let (name, _) = sim::acm::validation_record(ACCOUNT, "example.com");
    world.sim.aws().route53.remove_record(&zone, &name, "CNAME");
    world.pass(TimeDelta::days(150)).await;
    (arn, zone)
}

/// The renewal of a certificate in ACM.
fn renewal(world: &World, arn: &str) -> Renewal {
    let aws = world.sim.aws();
    let certificate = aws.acm.certificate(arn).expect("it still exists");
    certificate.renewal.clone().expect("a renewal")
}

#[tokio::test(start_paused = true)]
async fn a_renewal_restores_a_deleted_record() {
    let world = World::new();
    let (arn, zone) = without_record(&world).await;
    let now = world.sim.now();
    world.renew(&arn);
    world.minutes(90).await;
    assert_eq!(world.written(), vec![format!("example.com in {zone}"); 2]);
    let aws = world.sim.aws();
    let renewed = aws.acm.certificate(&arn).expect("it still exists");
    assert!(renewed.not_after > Some(now + TimeDelta::days(190)), "{renewed:?}");
    drop(aws);
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED", "RECORDS_WRITTEN", "ISSUED"]);
    assert_eq!(world.outcome()["reason"], "the certificate is renewed");
    assert_eq!(world.scheduled(), 0);
    // The time to issue is a metric of first validations only.
    assert_eq!((world.metric("CertificatesIssued"), world.metric("TimeToIssue")), (2, 120));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_finds_a_renewal_whose_event_was_lost() {
    let world = World::new();
    let (arn, _) = without_record(&world).await;
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
async fn a_sweep_starts_no_second_chain_of_checks_for_a_renewal() {
    let world = World::new();
    let (arn, zone) = without_record(&world).await;
    world.sim.aws().route53.delete_zone(&zone);
    world.renew(&arn);
    world.minutes(5).await;
    for _ in 0..6 {
        world.invoke(sweep(&json!({}))).await;
        world.minutes(10).await;
        assert!(world.scheduled() <= 2, "{}", world.story());
    }
    let message = "at first, and at the daily time that comes half an hour later";
    assert_eq!(world.times_published("BLOCKED"), 2, "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_blocked_renewal_is_published_every_day() {
    let world = World::new();
    let (arn, zone) = without_record(&world).await;
    world.sim.aws().route53.delete_zone(&zone);
    world.renew(&arn);
    world.pass(TimeDelta::days(4)).await;
    let before = world.times_published("BLOCKED");
    world.pass(TimeDelta::days(5)).await;
    assert_eq!(world.times_published("BLOCKED") - before, 5);
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_published_with_its_reason() {
    let world = World::new();
    let (arn, zone) = without_record(&world).await;
    world.sim.aws().route53.delete_zone(&zone);
    world.renew(&arn);
    world.minutes(20).await;
    let now = world.sim.now();
    {
        let mut aws = world.sim.aws();
        let certificate = aws.acm.certificate_mut(&arn).expect("it still exists");
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
    assert_eq!((world.scheduled(), world.metric("CertificatesFailed")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_lists_certificates_if_it_cannot_search_them() {
    for denied in [false, true] {
        let world = World::new();
        match denied {
            // A role that was created before ACM had this operation.
            true => world.fault(Fault::new(FaultKind::Denied).on("SearchCertificates")),
            false => world.sim.aws().acm.set_search_available(REGION, false),
        }
        check_listed(&world).await;
    }
}

/// Checks that a sweep finds a pending certificate and a pending renewal by listing.
async fn check_listed(world: &World) {
    let (arn, _) = without_record(world).await;
    let now = world.sim.now();
    let pending = world.sim.aws().acm.seed(ACCOUNT, REGION, &["www.example.com"], now, |_| {});
    world.sim.aws().acm.seed(ACCOUNT, REGION, &["other.example.com"], now, |certificate| {
        certificate.status = Status::Issued;
        certificate.in_use_by = vec!["a load balancer".to_owned()];
    });
    world.sim.aws().eventbridge.drop_next(1);
    {
        let mut aws = world.sim.aws();
        let certificate = aws.acm.certificate_mut(&arn).expect("it still exists");
        certificate.in_use_by = vec!["a load balancer".to_owned()];
        certificate.not_after = Some(now + TimeDelta::days(20));
    }
    world.renew(&arn);
    world.invoke(sweep(&json!({}))).await;
    // The pending one, and the one that expires soon; not the one that was just issued.
    assert_eq!(world.outcome(), json!({"found": 2, "armed": 2, "pages": 1}));
    world.minutes(120).await;
    assert_eq!(renewal(world, &arn).status, RenewalStatus::Success);
    assert_eq!(world.status(&pending), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_missing_record_is_restored_while_acm_still_renews_automatically() {
    let world = World::new();
    world.sim.aws().acm.behaviour.auto_renewal = TimeDelta::hours(2);
    let (arn, _) = without_record(&world).await;
    world.renew(&arn);
    world.tag_certificate(&arn, "team", "web").await;
    world.minutes(10).await;
    assert_eq!(renewal(&world, &arn).status, RenewalStatus::PendingAutoRenewal);
    assert_eq!(world.writes().len(), 2);
    world.pass(TimeDelta::hours(4)).await;
    assert_eq!(renewal(&world, &arn).status, RenewalStatus::Success);
    assert_eq!(world.scheduled(), 0);
}

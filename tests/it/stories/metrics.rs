//! The metrics that alarms and dashboards use.

use serde_json::json;
use sim::faults::{Fault, FaultKind};

use crate::world::{ACCOUNT, World, sweep};

#[tokio::test(start_paused = true)]
async fn an_issued_certificate_is_counted_once() {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com", "*.example.com", "www.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    let count = |metric| world.metric(metric);
    assert_eq!((count("RecordsWritten"), count("CertificatesIssued")), (2, 1));
    assert_eq!(count("TimeToIssue"), 120);
    assert_eq!(count("ChecksArmed"), i64::try_from(world.count("CreateSchedule")).expect("few"));
    assert_eq!((count("RecordsBlocked"), count("CertificatesFailed")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_block_is_counted_by_its_reason_at_every_check() {
    let world = World::with(&[("ALLOWED_DOMAINS", "example.com")]);
    world.sim.aws().route53.create_zone(ACCOUNT, "b.example.com");
    world.sim.aws().route53.create_zone(ACCOUNT, "b.example.com");
    world.request(&["a.example.com", "b.example.com", "c.example.org"]).await;
    world.minutes(6).await;
    let checks = i64::try_from(world.outcomes().len()).expect("few");
    assert!(checks > 1);
    assert_eq!(world.metric("RecordsBlocked"), 3 * checks);
    for reason in ["NoZone", "Ambiguous", "NotAllowed"] {
        assert_eq!(world.blocked(reason), checks, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_counted_as_deferred() {
    let world = World::new();
    world.zone("example.com");
    world.fault(Fault::new(FaultKind::Unavailable).on("ChangeResourceRecordSets").times(3));
    world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!((world.metric("RecordsDeferred"), world.metric("RecordsWritten")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_times_out_is_counted() {
    let world = World::new();
    world.request(&["example.com"]).await;
    world.pass(chrono::TimeDelta::hours(80)).await;
    assert_eq!(world.metric("CertificatesTimedOut"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_reports_how_many_it_found_even_if_none() {
    let world = World::new();
    world.invoke(sweep(&json!({}))).await;
    assert_eq!((world.metric("SweepFound"), world.lines_with("SweepFound")), (0, 1));
    world.sim.aws().eventbridge.drop_next(1);
    world.request(&["example.com"]).await;
    world.minutes(5).await;
    world.invoke(sweep(&json!({}))).await;
    assert_eq!((world.metric("SweepFound"), world.metric("SweepArmed")), (1, 1));
}

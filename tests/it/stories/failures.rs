//! Failures of calls, crashes, and events that are lost, duplicated or not understood.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::faults::{Fault, FaultKind};

use crate::events::samples;
use crate::world::{ACCOUNT, REGION, World};

/// Checks that a certificate is issued although this fails, and that no check is left; returns the
/// world.
async fn check_issued_despite(fault: Fault) -> World {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.fault(fault);
    world.minutes(90).await;
    assert_eq!(world.status(&arn), "ISSUED", "{}", world.story());
    assert_eq!(world.scheduled(), 0);
    world
}

#[tokio::test(start_paused = true)]
async fn checks_continue_while_route_53_throttles_for_a_long_time() {
    let world = World::new();
    world.zone("example.com");
    let until = world.sim.now() + TimeDelta::minutes(40);
    world.fault(Fault::new(FaultKind::Throttled).of(sim::aws::Service::Route53).until(until));
    let arn = world.request(&["example.com"]).await;
    world.minutes(39).await;
    let outcome = world.outcome();
    assert_eq!(outcome["records"][0]["state"], "DEFERRED");
    assert_eq!(outcome["state"], "WAITING", "a transient problem is no block");
    world.minutes(40).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(
        (world.published(), world.errors()),
        (vec!["RECORDS_WRITTEN".to_owned(), "ISSUED".to_owned()], Vec::new())
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_for_a_transient_reason_is_repeated_by_the_next_check() {
    for kind in [
        FaultKind::Throttled,
        FaultKind::PriorRequestNotComplete,
        FaultKind::InternalError,
        FaultKind::Unavailable,
        FaultKind::Reset,
        FaultKind::AnswerLost,
    ] {
        let world =
            check_issued_despite(Fault::new(kind).on("ChangeResourceRecordSets").times(3)).await;
        assert_eq!(world.outcomes()[0]["records"][0]["state"], "DEFERRED", "{kind:?}");
        assert_eq!(world.errors(), [""; 0], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_of_any_call_does_not_prevent_issuance() {
    for kind in
        [FaultKind::Throttled, FaultKind::Unavailable, FaultKind::Reset, FaultKind::AnswerLost]
    {
        for operation in OPERATIONS {
            for times in [1, 4] {
                check_issued_despite(Fault::new(kind).on(operation).times(times)).await;
            }
        }
    }
}

const OPERATIONS: [&str; 7] = [
    "DescribeCertificate",
    "ListTagsForCertificate",
    "CreateSchedule",
    "ListHostedZonesByName",
    "ListResourceRecordSets",
    "ChangeResourceRecordSets",
    "PutEvents",
];

#[tokio::test(start_paused = true)]
async fn a_denied_write_is_a_block_that_names_the_zone_and_ends_when_access_is_granted() {
    let world = World::new();
    let zone = world.zone("example.com");
    let until = world.sim.now() + TimeDelta::minutes(20);
    world.fault(Fault::new(FaultKind::Denied).on("ChangeResourceRecordSets").until(until));
    let arn = world.request(&["example.com"]).await;
    world.minutes(10).await;
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains(&zone) && reason.contains("not authorized"), "{reason}");
    assert_eq!(world.published(), ["BLOCKED"]);
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn an_event_bus_that_fails_does_not_prevent_issuance() {
    let world = check_issued_despite(Fault::new(FaultKind::Unavailable).on("PutEvents")).await;
    assert_eq!((world.published(), world.errors()), (Vec::new(), Vec::new()));
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().eventbridge.fail_next_entries(5, "InternalFailure");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn no_event_is_published_if_the_event_bus_is_none() {
    let world = World::with(&[("EVENT_BUS", "none")]);
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!((world.status(&arn).as_str(), world.count("PutEvents")), ("ISSUED", 0));
}

#[tokio::test(start_paused = true)]
async fn lambdas_retry_recovers_from_a_crash_at_any_call() {
    for kind in [FaultKind::CrashBefore, FaultKind::CrashAfter] {
        for operation in OPERATIONS {
            let world = check_issued_despite(Fault::new(kind).on(operation).times(1)).await;
            assert_eq!(world.errors().len(), 1, "{kind:?} {operation}");
            assert_eq!(world.sim.aws().lambda.dead_letters(), []);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_check_recovers_from_a_crash_without_a_retry() {
    let later = OPERATIONS.into_iter().skip(3);
    let crashes = later.map(|operation| (FaultKind::CrashBefore, operation));
    let crashes = crashes.chain([(FaultKind::CrashAfter, "CreateSchedule")]);
    for (kind, operation) in crashes {
        let world = World::new();
        let once = sim::lambda::Function { maximum_retry_attempts: 0, ..Default::default() };
        world.sim.aws().lambda.add_function(crate::world::FUNCTION, once);
        world.zone("example.com");
        let arn = world.request(&["example.com"]).await;
        world.fault(Fault::new(kind).on(operation).times(1));
        world.minutes(60).await;
        assert_eq!(world.status(&arn), "ISSUED", "{kind:?} {operation}: {}", world.story());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_check_cannot_be_scheduled_fails_and_becomes_a_dead_letter() {
    let world = World::new();
    world.zone("example.com");
    world.fault(Fault::new(FaultKind::Denied).on("CreateSchedule"));
    world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.writes(), [], "the check is scheduled before any record is written");
    let errors = world.errors();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].starts_with("Schedule: cannot create the schedule "), "{errors:?}");
    assert_eq!(world.sim.aws().lambda.dead_letters().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn duplicate_events_start_no_second_chain_of_checks() {
    let single = World::new();
    single.zone("example.com");
    single.request(&["example.com"]).await;
    single.minutes(30).await;
    let duplicated = World::new();
    duplicated.zone("example.com");
    duplicated.sim.aws().eventbridge.duplicate(true);
    let arn = duplicated.request(&["example.com"]).await;
    duplicated.minutes(30).await;
    assert_eq!(duplicated.status(&arn), "ISSUED");
    assert_eq!((duplicated.writes().len(), duplicated.errors()), (1, Vec::new()));
    // One more check for the duplicate request, and one for ACM's duplicate event. There is one chain.
    assert_eq!(duplicated.outcomes().len(), single.outcomes().len() + 2, "{}", duplicated.story());
}

#[tokio::test(start_paused = true)]
async fn schedules_that_fire_twice_start_no_second_chain_of_checks() {
    let world = World::new();
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    world.sim.aws().scheduler.duplicate_firings(1_000);
    world.request(&["example.com"]).await;
    for _ in 0..120 {
        world.minutes(5).await;
        assert!(world.scheduled() <= 2, "{}", world.scheduled());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_certificate_request_is_ignored() {
    let world = World::new();
    let invalid =
        world.acm(ACCOUNT, REGION).request_certificate().domain_name("not a name").send().await;
    assert!(invalid.is_err());
    let calls = world.sim.aws().calls().len();
    world.minutes(10).await;
    assert_eq!(world.sim.aws().calls().len(), calls);
    assert_eq!(world.outcome()["state"], "IGNORED");
    assert_eq!(world.errors(), [""; 0]);
}

/// A sample event with the ARN of this certificate.
fn about(sample: &Value, arn: &str) -> Value {
    let text = sample.to_string();
    let start = text.find("arn:aws:acm:").expect("the sample names a certificate");
    let end = text[start..].find('"').expect("a string ends");
    let old = &text[start..start + end];
    serde_json::from_str(&text.replace(old, arn)).expect("still JSON")
}

#[tokio::test(start_paused = true)]
async fn a_sparse_cloudtrail_record_works_like_a_full_one() {
    for sample in ["request-certificate-sparse", "request-certificate", "add-tags-to-certificate"] {
        let world = World::new();
        world.zone("example.com");
        world.sim.aws().eventbridge.drop_next(1);
        let arn = world.request(&["example.com"]).await;
        world.minutes(5).await;
        assert_eq!(world.outcomes(), [Value::Null; 0]);
        world.invoke(about(&samples("events")[sample], &arn)).await;
        world.minutes(30).await;
        assert_eq!(world.status(&arn), "ISSUED", "{sample}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_is_not_understood_is_rejected_and_causes_no_call() {
    for payload in [
        json!({"hello": "world"}),
        json!({"source": "acm-dns-validator", "detail-type": "Certificate Check", "resources": ["arn:aws:s3:::bucket"], "detail": {}}),
        json!({"source": "acm-dns-validator", "detail-type": "Certificate Check", "detail": {},
               "resources": ["arn:aws-cn:acm:cn-north-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"]}),
    ] {
        let world = World::new();
        world.invoke(payload).await;
        world.minutes(10).await;
        assert_eq!(world.sim.aws().calls(), []);
        assert_eq!((world.errors(), world.dead_letters()), (Vec::new(), Vec::new()));
        assert_eq!(world.outcome()["state"], "IGNORED");
        assert_eq!(world.metric("RequestsRejected"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_with_names_in_a_hundred_zones_is_issued_within_the_rate_limit_of_route_53() {
    let world = World::new();
    let names: Vec<_> = (0..100).map(|index| format!("name{index}.com")).collect();
    for name in &names {
        world.zone(name);
    }
    let arn = world.request_many(&names).await;
    world.minutes(90).await;
    assert_eq!(world.status(&arn), "ISSUED", "{}", world.story());
    assert_eq!(world.sim.aws().lambda.dead_letters(), []);
}

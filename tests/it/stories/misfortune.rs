//! Everything that goes wrong in between.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::faults::{Fault, FaultKind};

use crate::events::samples;
use crate::world::{HOME, OURS, World};

/// A certificate for one name, in a world where this goes wrong; after an hour it is issued, and
/// nothing is left over.
async fn check_survives(fault: Fault) -> World {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.fault(fault);
    world.minutes(90).await;
    assert_eq!(world.status(&arn), "ISSUED", "{}", world.story());
    assert_eq!(world.armed(), 0);
    world
}

#[tokio::test(start_paused = true)]
async fn throttled_for_a_long_time_the_looks_go_on() {
    let world = World::new();
    world.zone("example.com");
    let until = world.sim.now() + TimeDelta::minutes(40);
    world.fault(Fault::new(FaultKind::Throttled).of(sim::aws::Service::Route53).until(until));
    let arn = world.request(&["example.com"]).await;
    world.minutes(39).await;
    let outcome = world.outcome();
    assert_eq!(outcome["records"][0]["state"], "DEFERRED");
    assert_eq!(outcome["state"], "WAITING", "bad luck is no block");
    world.minutes(40).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(
        (world.published(), world.errors()),
        (vec!["RECORDS_WRITTEN".to_owned(), "ISSUED".to_owned()], Vec::new())
    );
}

#[tokio::test(start_paused = true)]
async fn bad_luck_with_a_write_is_made_up_for_by_the_next_look() {
    for kind in [
        FaultKind::Throttled,
        FaultKind::PriorRequestNotComplete,
        FaultKind::InternalError,
        FaultKind::Unavailable,
        FaultKind::Reset,
        FaultKind::AnswerLost,
    ] {
        let world = check_survives(Fault::new(kind).on("ChangeResourceRecordSets").times(3)).await;
        assert_eq!(world.outcomes()[0]["records"][0]["state"], "DEFERRED", "{kind:?}");
        assert_eq!(world.errors(), [""; 0], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bad_luck_with_any_call_is_survived() {
    for kind in
        [FaultKind::Throttled, FaultKind::Unavailable, FaultKind::Reset, FaultKind::AnswerLost]
    {
        for operation in OPERATIONS {
            for times in [1, 4] {
                check_survives(Fault::new(kind).on(operation).times(times)).await;
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
async fn a_write_denied_is_a_block_that_names_it_and_heals_when_allowed() {
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
async fn a_bus_that_is_down_stops_nothing() {
    let world = check_survives(Fault::new(FaultKind::Unavailable).on("PutEvents")).await;
    assert_eq!((world.published(), world.errors()), (Vec::new(), Vec::new()));
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().eventbridge.fail_next_entries(5, "InternalFailure");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_bus_of_none_publishes_nothing() {
    let world = World::with(&[("EVENT_BUS", "none")]);
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!((world.status(&arn).as_str(), world.count("PutEvents")), ("ISSUED", 0));
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_call_is_recovered_by_lambdas_retry() {
    for kind in [FaultKind::CrashBefore, FaultKind::CrashAfter] {
        for operation in OPERATIONS {
            let world = check_survives(Fault::new(kind).on(operation).times(1)).await;
            assert_eq!(world.errors().len(), 1, "{kind:?} {operation}");
            assert_eq!(world.sim.aws().lambda.dead_letters(), []);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_a_check_is_armed_is_recovered_even_without_a_retry() {
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
async fn what_cannot_be_armed_ends_in_the_dead_letters_and_is_told() {
    let world = World::new();
    world.zone("example.com");
    world.fault(Fault::new(FaultKind::Denied).on("CreateSchedule"));
    world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.writes(), [], "the check comes first");
    let errors = world.errors();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].starts_with("Schedule: cannot create the schedule "), "{errors:?}");
    assert_eq!(world.sim.aws().lambda.dead_letters().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn doubled_events_make_no_second_chain() {
    let lone = World::new();
    lone.zone("example.com");
    lone.request(&["example.com"]).await;
    lone.minutes(30).await;
    let doubled = World::new();
    doubled.zone("example.com");
    doubled.sim.aws().eventbridge.duplicate(true);
    let arn = doubled.request(&["example.com"]).await;
    doubled.minutes(30).await;
    assert_eq!(doubled.status(&arn), "ISSUED");
    assert_eq!((doubled.writes().len(), doubled.errors()), (1, Vec::new()));
    // One more look for the doubled request, and one for ACM's doubled news; the chain is one.
    assert_eq!(doubled.outcomes().len(), lone.outcomes().len() + 2, "{}", doubled.story());
}

#[tokio::test(start_paused = true)]
async fn schedules_that_fire_twice_make_no_second_chain() {
    let world = World::new();
    world.sim.aws().route53.create_zone(OURS, "example.com");
    world.sim.aws().scheduler.duplicate_firings(1_000);
    world.request(&["example.com"]).await;
    for _ in 0..120 {
        world.minutes(5).await;
        assert!(world.armed() <= 2, "{}", world.armed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_failed_asks_for_nothing() {
    let world = World::new();
    let invalid =
        world.acm(OURS, HOME).request_certificate().domain_name("not a name").send().await;
    assert!(invalid.is_err());
    let calls = world.sim.aws().calls().len();
    world.minutes(10).await;
    assert_eq!(world.sim.aws().calls().len(), calls);
    assert_eq!(world.outcome()["state"], "IGNORED");
    assert_eq!(world.errors(), [""; 0]);
}

/// A sample event about this certificate.
fn about(sample: &Value, arn: &str) -> Value {
    let text = sample.to_string();
    let start = text.find("arn:aws:acm:").expect("the sample names a certificate");
    let end = text[start..].find('"').expect("a string ends");
    let old = &text[start..start + end];
    serde_json::from_str(&text.replace(old, arn)).expect("still JSON")
}

#[tokio::test(start_paused = true)]
async fn a_sparse_record_is_as_good_as_a_full_one() {
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
async fn a_payload_that_is_none_of_ours_fails_clearly_and_calls_nobody() {
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
        assert_eq!(world.sim.aws().lambda.dead_letters().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_with_a_hundred_names_in_as_many_zones_survives_the_rate_of_route_53() {
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

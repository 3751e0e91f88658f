//! The hourly sweep, which finds what lost events left behind.

use aws_sdk_acm::types::KeyAlgorithm;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::acm::{Kind, Method, Status};
use sim::faults::{Fault, FaultKind};

use crate::world::{FUNCTION, HOME, MEMBER, OURS, World, names_under, sweep};

/// The responses to sweeps.
fn swept(world: &World) -> Vec<Value> {
    world.outcomes().into_iter().filter(|outcome| outcome.get("found").is_some()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_certificate_whose_event_was_lost_is_found() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().eventbridge.drop_next(1);
    let arn = world.request(&["example.com"]).await;
    world.minutes(50).await;
    assert_eq!(world.outcomes(), [Value::Null; 0]);
    world.invoke(sweep(&json!({}))).await;
    assert_eq!(swept(&world), [json!({"found": 1, "armed": 1, "pages": 1})]);
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn a_block_that_only_the_sweep_found_is_reported_too() {
    let world = World::new();
    world.sim.aws().eventbridge.drop_next(1);
    world.request(&["example.com"]).await;
    world.minutes(100).await;
    world.invoke(sweep(&json!({}))).await;
    world.minutes(60).await;
    assert_eq!(world.published(), ["BLOCKED"]);
}

#[tokio::test(start_paused = true)]
async fn a_block_that_only_the_sweep_found_is_reported_whenever_it_comes() {
    // At each time of the quarter of an hour between two looks, had there been any.
    for phase in 0..15 {
        let world = World::new();
        world.sim.aws().eventbridge.drop_next(1);
        world.request(&["example.com"]).await;
        world.minutes(90 + phase).await;
        world.invoke(sweep(&json!({}))).await;
        world.minutes(60).await;
        assert_eq!(world.published(), ["BLOCKED"], "{phase}: {}", world.story());
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_counts_what_waits_and_arms_nothing() {
    let world = World::with(&[("DRY_RUN", "true")]);
    world.sim.aws().eventbridge.drop_next(1);
    world.request(&["example.com"]).await;
    world.invoke(sweep(&json!({}))).await;
    assert_eq!(swept(&world), [json!({"found": 1, "armed": 0, "pages": 1})]);
    assert_eq!((world.armed(), world.count("CreateSchedule")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_is_alive_tells_what_it_would_tell_whenever_it_is_swept() {
    let lone = World::new();
    lone.request(&["example.com"]).await;
    lone.minutes(7 * 60).await;
    assert_eq!(lone.published(), ["BLOCKED"; 4]);
    // Every hour, at each time of the quarter of an hour between looks.
    for phase in 1..16 {
        let world = World::new();
        world.request(&["example.com"]).await;
        world.minutes(phase).await;
        for _ in 0..7 {
            world.invoke(sweep(&json!({}))).await;
            assert!(world.armed() <= 2);
            world.pass(TimeDelta::minutes(60) - TimeDelta::seconds(5)).await;
        }
        assert_eq!(world.published(), lone.published(), "{phase}: {}", world.story());
    }
}

#[tokio::test(start_paused = true)]
async fn every_key_every_region_and_every_page_is_swept() {
    let world = World::with(&[("REGIONS", "eu-west-1,us-east-1")]);
    let now = world.sim.now();
    for name in names_under("example.com", 1_000) {
        world.sim.aws().acm.seed(OURS, HOME, &[&name], now, |_| {});
    }
    world.sim.aws().acm.seed(OURS, "us-east-1", &["there.example.com"], now, |_| {});
    let elliptic = KeyAlgorithm::EcPrime256v1.as_str();
    world.sim.aws().acm.seed(OURS, HOME, &["ec.example.com"], now, |certificate| {
        certificate.key_algorithm = elliptic.to_owned();
    });
    world.sim.aws().acm.seed(OURS, HOME, &["issued.example.com"], now, |certificate| {
        certificate.status = Status::Issued;
    });
    let calls = world.sim.aws().calls().len();
    let sweep = sweep(&json!({}));
    world.sim.aws().lambda.invoke(FUNCTION, sweep, now);
    world.pass(TimeDelta::seconds(28)).await;
    // Pages of five hundred: three here, one there.
    assert_eq!(swept(&world), [json!({"found": 1_002, "armed": 1_002, "pages": 4})]);
    // A call a certificate, and a share of a page.
    assert_eq!(world.sim.aws().calls().len() - calls, 1_002 + 4);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_runs_out_of_time_goes_on_later_from_where_it_was() {
    let world = World::with(&[("REGIONS", "eu-west-1,us-east-1")]);
    let brief = sim::lambda::Function { timeout: TimeDelta::seconds(14), ..Default::default() };
    world.sim.aws().lambda.add_function(FUNCTION, brief);
    let now = world.sim.now();
    // ACM need not look at each of them for hours that are over.
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::days(1);
    // Old enough to be looked at every quarter of an hour only.
    let requested = now - TimeDelta::hours(8);
    for name in names_under("example.com", 1_001) {
        world.sim.aws().acm.seed(OURS, HOME, &[&name], requested, |_| {});
    }
    world.sim.aws().acm.seed(OURS, "us-east-1", &["late.example.com"], requested, |_| {});
    world.sim.aws().lambda.invoke(FUNCTION, sweep(&json!({})), now);
    world.minutes(7).await;
    let swept = swept(&world);
    assert!(swept.len() > 1 && swept[0]["from"]["token"].is_string(), "{swept:?}");
    assert_eq!(swept.last().expect("a last one").get("from"), None);
    let found: u64 = swept.iter().map(|swept| swept["found"].as_u64().unwrap_or_default()).sum();
    assert_eq!(found, 1_002);
}

#[tokio::test(start_paused = true)]
async fn member_accounts_are_swept_with_their_role() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.role(MEMBER, "certificates");
    world.zone("example.com");
    let arn = world.request_in(MEMBER, HOME, &["example.com"], |request| request).await;
    world.invoke(sweep(&json!({"accounts": [MEMBER]}))).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_region_that_cannot_be_listed_holds_up_no_other_and_is_told() {
    let world = World::with(&[("REGIONS", "us-east-1,eu-west-1")]);
    world.zone("example.com");
    world.sim.aws().eventbridge.drop_next(1);
    world.fault(Fault::new(FaultKind::Denied).on("SearchCertificates").times(1));
    world.fault(Fault::new(FaultKind::Denied).on("ListCertificates").times(1));
    let arn = world.request(&["example.com"]).await;
    world.invoke(sweep(&json!({}))).await;
    let errors = world.errors();
    assert!(errors[0].starts_with("List: cannot list the certificates of"), "{errors:?}");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.errors().len(), 1, "Lambda sweeps again");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_somebody_else_is_not_swept() {
    let world = World::new();
    let now = world.sim.now();
    let seed = |change: fn(&mut sim::acm::Certificate)| {
        world.sim.aws().acm.seed(OURS, HOME, &["example.com"], now, change);
    };
    seed(|certificate| certificate.validation_method = Some(Method::Email));
    seed(|certificate| certificate.kind = Kind::Private);
    seed(|_| {});
    world.invoke(sweep(&json!({}))).await;
    assert_eq!(swept(&world), [json!({"found": 1, "armed": 1, "pages": 1})]);
}

//! The hourly sweep, which finds pending certificates whose events were lost.

use aws_sdk_acm::types::KeyAlgorithm;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::acm::{Kind, Method, Status};
use sim::faults::{Fault, FaultKind};

use crate::world::{ACCOUNT, FUNCTION, MEMBER_ACCOUNT, REGION, World, names_under, sweep};

#[tokio::test(start_paused = true)]
async fn a_sweep_finds_a_certificate_whose_event_was_lost() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().eventbridge.drop_next(1);
    let arn = world.request(&["example.com"]).await;
    world.minutes(50).await;
    assert_eq!(world.outcomes(), [Value::Null; 0]);
    world.invoke(sweep(&json!({}))).await;
    assert_eq!(world.swept(), [json!({"found": 1, "armed": 1, "pages": 1})]);
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn a_block_that_only_a_sweep_finds_is_published() {
    let world = World::new();
    world.sim.aws().eventbridge.drop_next(1);
    world.request(&["example.com"]).await;
    world.minutes(100).await;
    world.invoke(sweep(&json!({}))).await;
    world.minutes(60).await;
    assert_eq!(world.published(), ["BLOCKED"]);
}

#[tokio::test(start_paused = true)]
async fn a_block_that_only_a_sweep_finds_is_published_whenever_the_sweep_runs() {
    // In every minute of the quarter of an hour between two check times.
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
async fn a_dry_run_counts_pending_certificates_and_schedules_nothing() {
    let world = World::with(&[("DRY_RUN", "true")]);
    world.sim.aws().eventbridge.drop_next(1);
    world.request(&["example.com"]).await;
    world.invoke(sweep(&json!({}))).await;
    assert_eq!(world.swept(), [json!({"found": 1, "armed": 0, "pages": 1})]);
    assert_eq!((world.scheduled(), world.count("CreateSchedule")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn sweeps_do_not_change_what_is_published_about_a_scheduled_certificate() {
    let never_swept = World::new();
    never_swept.request(&["example.com"]).await;
    never_swept.minutes(7 * 60).await;
    assert_eq!(never_swept.published(), ["BLOCKED"; 4]);
    // Every hour, in every minute of the quarter of an hour between two check times.
    for phase in 1..16 {
        let world = World::new();
        world.request(&["example.com"]).await;
        world.minutes(phase).await;
        for _ in 0..7 {
            world.invoke(sweep(&json!({}))).await;
            assert!(world.scheduled() <= 2);
            world.pass(TimeDelta::minutes(60) - TimeDelta::seconds(5)).await;
        }
        assert_eq!(world.published(), never_swept.published(), "{phase}: {}", world.story());
    }
}

#[tokio::test(start_paused = true)]
async fn a_sweep_covers_every_key_type_region_and_page() {
    let world = World::with(&[("REGIONS", "eu-west-1,us-east-1")]);
    let now = world.sim.now();
    for name in names_under("example.com", 1_000) {
        world.sim.aws().acm.seed(ACCOUNT, REGION, &[&name], now, |_| {});
    }
    world.sim.aws().acm.seed(ACCOUNT, "us-east-1", &["there.example.com"], now, |_| {});
    let elliptic = KeyAlgorithm::EcPrime256v1.as_str();
    world.sim.aws().acm.seed(ACCOUNT, REGION, &["ec.example.com"], now, |certificate| {
        certificate.key_algorithm = elliptic.to_owned();
    });
    world.sim.aws().acm.seed(ACCOUNT, REGION, &["issued.example.com"], now, |certificate| {
        certificate.status = Status::Issued;
    });
    let calls = world.sim.aws().calls().len();
    let sweep = sweep(&json!({}));
    world.sim.aws().lambda.invoke(FUNCTION, sweep, now);
    world.pass(TimeDelta::seconds(28)).await;
    // Pages of 100: eleven in eu-west-1, one in us-east-1.
    assert_eq!(world.swept(), [json!({"found": 1_002, "armed": 1_002, "pages": 12})]);
    // One call for each certificate and for each page.
    assert_eq!(world.sim.aws().calls().len() - calls, 1_002 + 12);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_runs_out_of_time_continues_where_it_stopped() {
    let world = World::with(&[("REGIONS", "eu-west-1,us-east-1")]);
    let brief = sim::lambda::Function { timeout: TimeDelta::seconds(14), ..Default::default() };
    world.sim.aws().lambda.add_function(FUNCTION, brief);
    let now = world.sim.now();
    // So that the simulated ACM does not check each of them for the hours before.
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::days(1);
    // Old enough to be checked only every 15 minutes.
    let requested = now - TimeDelta::hours(8);
    for name in names_under("example.com", 1_001) {
        world.sim.aws().acm.seed(ACCOUNT, REGION, &[&name], requested, |_| {});
    }
    world.sim.aws().acm.seed(ACCOUNT, "us-east-1", &["late.example.com"], requested, |_| {});
    world.sim.aws().lambda.invoke(FUNCTION, sweep(&json!({})), now);
    world.minutes(7).await;
    let swept = world.swept();
    assert!(swept.len() > 1 && swept[0]["from"]["token"].is_string(), "{swept:?}");
    assert_eq!(swept.last().expect("a last one").get("from"), None);
    let found: u64 = swept.iter().map(|swept| swept["found"].as_u64().unwrap_or_default()).sum();
    assert_eq!(found, 1_002);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_lists_member_accounts_with_their_role() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.role(MEMBER_ACCOUNT, "certificates");
    world.zone("example.com");
    let arn = world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |request| request).await;
    world.invoke(sweep(&json!({"accounts": [MEMBER_ACCOUNT]}))).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_region_that_cannot_be_listed_is_reported_and_does_not_stop_the_others() {
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
    assert_eq!(world.errors().len(), 1, "Lambda's retry of the sweep succeeds");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_ignores_email_and_private_certificates() {
    let world = World::new();
    let now = world.sim.now();
    let seed = |change: fn(&mut sim::acm::Certificate)| {
        world.sim.aws().acm.seed(ACCOUNT, REGION, &["example.com"], now, change);
    };
    seed(|certificate| certificate.validation_method = Some(Method::Email));
    seed(|certificate| certificate.kind = Kind::Private);
    seed(|_| {});
    world.invoke(sweep(&json!({}))).await;
    assert_eq!(world.swept(), [json!({"found": 1, "armed": 1, "pages": 1})]);
}

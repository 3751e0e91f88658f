//! Bounds: forged, huge and endless input costs little, and a failure in one place stops no other.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::faults::{Fault, FaultKind};
use sim::lambda::Function;

use crate::world::{
    ACCOUNT, DEAD_LETTERS, FUNCTION, MEMBER_ACCOUNT, QUEUE, REGION, SCHEDULE_ROLE, World, check,
    names_under, sweep,
};

const UNKNOWN: &str =
    "arn:aws:acm:eu-west-1:111122223333:certificate/99999999-9999-9999-9999-999999999999";

/// Adds so many pending certificates of the function's account, and gives the function so little time that
/// a sweep of them must continue.
fn add_pending(world: &World, count: usize) {
    let brief = Function { timeout: TimeDelta::seconds(12), ..Function::default() };
    let now = world.sim.now();
    let mut aws = world.sim.aws();
    aws.lambda.add_function(FUNCTION, brief);
    // So that the simulated ACM does not check each of them for the hours before.
    aws.acm.behaviour.validation_interval = TimeDelta::days(1);
    for name in names_under("example.com", count) {
        aws.acm.seed(ACCOUNT, REGION, &[&name], now - TimeDelta::hours(8), |_| {});
    }
}

/// Ids of accounts in which the function may assume no role.
fn accounts(count: u64) -> Vec<String> {
    (0..count).map(|index| (200_000_000_000 + index).to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_check_that_claims_to_be_of_the_year_2999_ends_after_minutes() {
    let world = World::new();
    world.invoke(check(UNKNOWN, &json!({"since": "2999-01-01T00:00:00Z"}))).await;
    world.minutes(180).await;
    assert!(world.outcomes().len() <= 6, "{}", world.story());
    assert_eq!(
        (world.outcome()["reason"].as_str(), world.scheduled()),
        (Some("ACM knows no such certificate"), 0)
    );
}

#[tokio::test(start_paused = true)]
async fn checks_go_to_the_function_by_whatever_alias_it_was_invoked() {
    for qualifier in ["live", "7", "$LATEST"] {
        let world = World::new();
        world.sim.aws().eventbridge.drop_next(1);
        let arn = world.request(&["example.com"]).await;
        let now = world.sim.now();
        let alias = format!("{FUNCTION}:{qualifier}");
        world.sim.aws().lambda.invoke(&alias, check(&arn, &json!({})), now);
        world.minutes(10).await;
        // Only a later check can find it.
        world.zone("example.com");
        world.minutes(30).await;
        assert_eq!(world.status(&arn), "ISSUED", "{}", world.story());
        assert_eq!(world.sim.aws().scheduler.dropped(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_that_cannot_be_delivered_is_in_the_dead_letter_queue() {
    let world = World::with(&[("SCHEDULE_DEAD_LETTER_QUEUE_ARN", DEAD_LETTERS)]);
    world.use_queue();
    world.sim.aws().scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE, &[DEAD_LETTERS]);
    let arn = world.request(&["example.com"]).await;
    world.minutes(10).await;
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1, "{}", world.story());
    assert!(letters[0].contains(&arn) && letters[0].contains("Certificate Check"), "{letters:?}");
}

#[tokio::test(start_paused = true)]
async fn no_check_is_sent_to_a_queue_that_only_the_payload_names() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().eventbridge.drop_next(1);
    let arn = world.request(&["example.com"]).await;
    let body = check(&arn, &json!({}));
    let queue = "arn:aws:sqs:eu-west-1:999999999999:somebody-elses";
    let record = json!({"messageId": "1", "body": body.to_string(), "eventSource": "aws:sqs",
        "eventSourceARN": queue});
    world.invoke(json!({"Records": [record]})).await;
    {
        let aws = world.sim.aws();
        let schedules = aws.scheduler.schedules(ACCOUNT, REGION, "acm-dns-validator");
        assert_eq!(schedules.iter().map(|it| it.target.as_str()).collect::<Vec<_>>(), [FUNCTION]);
    }
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_continues_counts_the_places_in_which_it_failed() {
    let world = World::with(&[("REGIONS", "us-east-1,eu-west-1")]);
    add_pending(&world, 600);
    // In the first region.
    for listing in ["SearchCertificates", "ListCertificates"] {
        world.fault(Fault::new(FaultKind::Denied).on(listing).times(1));
    }
    world.invoke(sweep(&json!({}))).await;
    world.minutes(10).await;
    let swept = world.swept();
    assert!(swept.len() > 1 && swept[0]["from"]["region"] == REGION, "it continues: {swept:?}");
    assert_eq!((swept[0]["failed"].as_u64(), world.metric("SweepPlacesFailed")), (Some(1), 1));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_whose_every_place_fails_ends_before_lambda_ends_it() {
    let slow = Duration::from_millis(500);
    let world = World::with_calls_of(slow, &[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.invoke(sweep(&json!({"accounts": accounts(1_500)}))).await;
    world.minutes(30).await;
    let continued = world.swept();
    assert!(continued.len() > 1, "{continued:?}");
    assert_eq!(world.errors(), [""; 0], "no retry helps an account without a role");
    assert!(world.metric("SweepPlacesFailed") >= 1_500);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_never_answers_holds_up_no_other() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    let brief = Function { timeout: TimeDelta::seconds(14), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, brief);
    world.role(MEMBER_ACCOUNT, "certificates");
    world.zone("example.com");
    let arn = world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |request| request).await;
    world.fault(Fault::new(FaultKind::Silence).on("SearchCertificates").by(ACCOUNT));
    world.invoke(sweep(&json!({"accounts": [MEMBER_ACCOUNT]}))).await;
    world.minutes(40).await;
    assert_eq!(world.status(&arn), "ISSUED", "{}", world.story());
}

#[tokio::test(start_paused = true)]
async fn a_sweep_of_twenty_thousand_accounts_continues_with_inputs_that_scheduler_takes() {
    let accounts = accounts(20_000);
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.invoke(sweep(&json!({"accounts": accounts}))).await;
    world.pass(TimeDelta::seconds(60)).await;
    let first = &world.swept()[0];
    assert!(first["from"]["account"].is_string(), "{first}");
    let aws = world.sim.aws();
    let schedules = aws.scheduler.schedules(ACCOUNT, REGION, "acm-dns-validator");
    let mut left: Vec<String> = Vec::new();
    for schedule in &schedules {
        assert!(schedule.input.len() < 200_000, "{}", schedule.input.len());
        let input: Value = serde_json::from_str(&schedule.input).expect("JSON");
        let named = input["detail"]["accounts"].as_array().expect("accounts").iter();
        left.extend(named.map(|it| it.as_str().expect("an id").to_owned()));
    }
    left.sort_unstable();
    let stopped =
        accounts.iter().position(|it| first["from"]["account"] == **it).expect("one of them");
    assert_eq!(left, accounts[stopped..], "what is left is named once, and nothing else");
}

#[tokio::test(start_paused = true)]
async fn a_tag_with_many_ids_costs_no_more_than_one_with_five() {
    let world = World::new();
    world.zone("example.com");
    let ids: Vec<_> = (0..28).map(|index| format!("Z{index:07}")).collect();
    let tag = ids.join(" ");
    world.request_tagged(&["example.com"], "acm-dns-validator:hosted-zone-id", &tag).await;
    world.minutes(1).await;
    assert_eq!(world.count("GetHostedZone"), 5);
    let reason = world.outcome()["records"][0]["reason"].to_string();
    assert!(
        reason.contains("names 28 hosted zones, and only the first 5 are looked at"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn news_of_a_zone_in_an_account_without_our_zones_costs_no_call() {
    let world = World::new();
    world.request(&["www.example.com"]).await;
    world.minutes(70).await;
    let calls = world.sim.aws().calls().len();
    let zone =
        json!({"id": "/hostedzone/Z1", "name": "example.com.", "config": {"privateZone": false}});
    world.invoke(json!({
        "source": "aws.route53", "detail-type": "AWS API Call via CloudTrail", "account": MEMBER_ACCOUNT,
        "resources": [],
        "detail": {"eventName": "CreateHostedZone", "responseElements": {"hostedZone": zone}},
    })).await;
    assert_eq!(world.sim.aws().calls().len(), calls);
    let reason = world.outcome()["reason"].to_string();
    assert!(reason.contains("writes to no hosted zone of account 777788889999"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn an_event_stays_small_however_many_zones_have_one_name() {
    let world = World::new();
    for _ in 0..500 {
        world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    }
    world.request_many(&names_under("example.com", 100)).await;
    world.minutes(30).await;
    let aws = world.sim.aws();
    let event = &aws.eventbridge.published()[0];
    assert_eq!(event.detail["state"], "BLOCKED");
    let size = event.detail.to_string().len();
    assert!(size < 120_000, "{size}");
    let reason = event.detail["records"][0]["reason"].to_string();
    assert!(reason.contains("and 495 more"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_sweep_of_a_queue_comes_again() {
    let world = World::new();
    world.use_queue();
    world.zone("example.com");
    world.sim.aws().eventbridge.drop_next(1);
    let arn = world.request(&["example.com"]).await;
    world.fault(Fault::new(FaultKind::InternalError).on("SearchCertificates").times(3));
    let now = world.sim.now();
    world.sim.aws().sqs.send(QUEUE, sweep(&json!({})).to_string(), now);
    world.minutes(40).await;
    assert_eq!(world.status(&arn), "ISSUED", "{}", world.story());
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_continues_goes_past_accounts_for_which_it_has_no_role() {
    let world = World::new();
    add_pending(&world, 600);
    world.invoke(sweep(&json!({"accounts": accounts(20_000)}))).await;
    world.minutes(10).await;
    assert_eq!(world.errors(), [""; 0]);
    let found = world.swept().iter().map(|it| it["found"].as_u64().expect("a count")).sum::<u64>();
    assert!(world.swept().len() > 1 && found == 600, "{:?}", world.swept());
}

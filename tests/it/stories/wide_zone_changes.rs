//! Zone changes that end the blocks of many accounts.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::lambda::Function;
use sim::route53::Action;

use crate::world::{DNS_ACCOUNT, DNS_ROLE, FUNCTION, MEMBER_ACCOUNT, QUEUE, REGION, World};

/// A world of a DNS account, the events of whose zones arrive, and of these other accounts. An invocation may
/// take this many seconds, and every call takes this many milliseconds.
fn world(accounts: &[String], seconds: i64, milliseconds: u64) -> World {
    let settings = [
        ("ACCOUNTS", &*accounts.join(",")),
        ("CERTIFICATE_ROLE_NAME", "certificates"),
        ("HOSTED_ZONE_ROLE_ARNS", DNS_ROLE),
    ];
    let world = World::with_calls_of(Duration::from_millis(milliseconds), &settings);
    let function = Function { timeout: TimeDelta::seconds(seconds), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, function);
    world.role(DNS_ACCOUNT, "dns");
    for account in accounts {
        world.role(account, "certificates");
    }
    world.forward(DNS_ACCOUNT, "us-east-1");
    world
}

/// Creates a zone in the DNS account, by its API.
async fn create_zone(world: &World, name: &str) -> DateTime<Utc> {
    let call = world.route53(DNS_ACCOUNT).create_hosted_zone().name(name).caller_reference(name);
    let zone = call.send().await.expect("a zone").hosted_zone.expect("a zone");
    let id = zone.id().trim_start_matches("/hostedzone/").to_owned();
    world.sim.aws().route53.register(name, &id);
    world.sim.now()
}

/// When the last record was written, and how many were.
fn written(world: &World) -> (Option<DateTime<Utc>>, usize) {
    let aws = world.sim.aws();
    let calls = aws.calls().iter().filter(|call| call.operation == "ChangeResourceRecordSets");
    let writes = aws.route53.writes().iter().filter(|write| write.action == Action::Upsert).count();
    (calls.map(|call| call.at).max(), writes)
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_the_dns_account_ends_the_block_of_a_members_certificate_at_once() {
    let world = world(&[MEMBER_ACCOUNT.to_owned()], 120, 80);
    world.forward(MEMBER_ACCOUNT, REGION);
    let arn = world.request_in(MEMBER_ACCOUNT, REGION, &["www.example.com"], |it| it).await;
    world.minutes(62).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    let created = create_zone(&world, "example.com").await;
    world.minutes(1).await;
    let (at, count) = written(&world);
    assert_eq!(count, 1, "{}", world.story());
    assert!(at.expect("a write") - created < TimeDelta::minutes(1));
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

/// Fifty accounts, each with this many certificates for which there is no zone.
fn blocked(each: usize, seconds: i64, milliseconds: u64) -> World {
    let accounts: Vec<_> = (0..50_u64).map(|it| (200_000_000_000 + it).to_string()).collect();
    let world = world(&accounts, seconds, milliseconds);
    let requested = world.sim.now() - TimeDelta::hours(8);
    let mut aws = world.sim.aws();
    aws.acm.behaviour.validation_interval = TimeDelta::minutes(30);
    for account in &accounts {
        for index in 0..each {
            let name = format!("n{index}.a{account}.example.com");
            aws.acm.seed(account, REGION, &[&name], requested, |_| {});
        }
    }
    drop(aws);
    world
}

/// Creates the zone, and returns how long it took until all these records were written.
async fn heal(world: &World, what: &str, records: usize) -> TimeDelta {
    let before = world.sim.aws().calls().len();
    let created = create_zone(world, "example.com").await;
    world.minutes(10).await;
    let (at, count) = written(world);
    assert_eq!(count, records, "{:?}", world.outcomes().iter().take(3).collect::<Vec<_>>());
    assert_eq!((world.errors(), world.dead_letters()), (Vec::new(), Vec::new()));
    let took = at.expect("writes") - created;
    let aws = world.sim.aws();
    let until = |call: &&sim::aws::Call| call.at <= created + took;
    let calls: Vec<_> = aws.calls()[before..].iter().filter(until).collect();
    let is_throttled = |error: &str| error.contains("Throttl");
    let throttled =
        calls.iter().filter(|call| call.error.as_deref().is_some_and(is_throttled)).count();
    // Scheduler sends checks some time within a minute, so there are a few more at some moments.
    assert!(throttled * 200 < calls.len(), "{what}: {throttled}");
    println!(
        "{what}: {records} records in fifty accounts written within {:.1} s, {} calls, {throttled} throttled",
        took.as_seconds_f64(),
        calls.len(),
    );
    took
}

#[tokio::test(start_paused = true)]
async fn a_zone_change_writes_a_thousand_records_of_fifty_accounts_within_minutes() {
    let world = blocked(20, 120, 80);
    let took = heal(&world, "one invocation", 1_000).await;
    assert!(took < TimeDelta::minutes(2), "{took}");
    let healed: Vec<Value> =
        world.outcomes().into_iter().filter(|it| it.get("looked").is_some()).collect();
    assert_eq!(healed, [json!({"zones": ["example.com"], "found": 1_000, "looked": 1_000})]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_the_invocation_of_a_zone_change_is_checked_minutes_later() {
    let world = blocked(20, 25, 80);
    let took = heal(&world, "several invocations", 1_000).await;
    assert!(took < TimeDelta::minutes(8), "{took}");
    let healed = world.outcomes().into_iter().find(|it| it.get("looked").is_some()).expect("one");
    assert!(healed["armed"].as_u64() > Some(100), "{healed}");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_goes_through_the_queue() {
    let world = blocked(20, 25, 80);
    world.use_queue();
    let took = heal(&world, "through the queue", 1_000).await;
    assert!(took < TimeDelta::minutes(6), "{took}");
    let aws = world.sim.aws();
    assert_eq!(aws.sqs.messages(QUEUE).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_zone_change_goes_on_with_the_places_that_it_has_no_time_to_list() {
    // After the roles of 32 accounts, the time for beginning with others is over.
    let world = blocked(2, 13, 500);
    let took = heal(&world, "short invocations", 100).await;
    assert!(took < TimeDelta::minutes(8), "{took}");
    let from = |outcome: &Value| outcome["from"]["account"].as_str().map(str::to_owned);
    let went_on: Vec<_> = world.outcomes().iter().filter_map(from).collect();
    assert!(!went_on.is_empty(), "{:?}", world.outcomes());
}

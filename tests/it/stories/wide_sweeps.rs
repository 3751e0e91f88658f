//! Sweeps of many accounts and regions, many of them at the same time.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::faults::{Fault, FaultKind};
use sim::lambda::Function;

use crate::world::{ACCOUNT, FUNCTION, World, sweep};

const REGIONS: [&str; 5] = ["eu-west-1", "us-east-1", "ap-south-1", "sa-east-1", "ca-central-1"];

/// Accounts whose role the function may assume.
fn accounts(world: &World, count: u64) -> Vec<String> {
    let accounts: Vec<_> = (0..count).map(|it| (200_000_000_000 + it).to_string()).collect();
    for account in &accounts {
        world.role(account, "certificates");
    }
    accounts
}

/// A world in which every call takes this many milliseconds, and an invocation may take this many seconds.
fn world(milliseconds: u64, seconds: i64) -> World {
    let settings = [("REGIONS", &*REGIONS.join(",")), ("CERTIFICATE_ROLE_NAME", "certificates")];
    let world = World::with_calls_of(Duration::from_millis(milliseconds), &settings);
    let function = Function { timeout: TimeDelta::seconds(seconds), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, function);
    // So that the simulated ACM does not check each certificate for the hours before.
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::days(1);
    world
}

/// Adds certificates that wait, this many in each region of each account, and of which no event tells.
fn add_pending(world: &World, accounts: &[String], each: usize) -> BTreeSet<String> {
    let requested = world.sim.now() - TimeDelta::hours(8);
    let mut aws = world.sim.aws();
    let own = ACCOUNT.to_owned();
    let places =
        std::iter::once(&own).chain(accounts).flat_map(|it| REGIONS.map(|region| (it, region)));
    let mut arns = BTreeSet::new();
    for (account, region) in places {
        for index in 0..each {
            let name = format!("n{index}.example.com");
            arns.insert(aws.acm.seed(account, region, &[&name], requested, |_| {}));
        }
    }
    arns
}

/// The certificates of which a check is or was scheduled.
fn scheduled(world: &World) -> BTreeSet<String> {
    let aws = world.sim.aws();
    let schedules = aws.scheduler.schedules(ACCOUNT, "eu-west-1", "acm-dns-validator");
    let inputs = schedules.iter().map(|it| serde_json::from_str(&it.input).expect("JSON"));
    inputs.filter_map(|it: Value| Some(it["resources"][0].as_str()?.to_owned())).collect()
}

/// How many seconds the first invocation took.
fn seconds(world: &World) -> f64 {
    let aws = world.sim.aws();
    let attempt = &aws.lambda.finished()[0];
    let calls = &aws.calls()[attempt.calls.clone()];
    (calls.last().expect("a call").at - calls[0].at).as_seconds_f64()
}

#[tokio::test(start_paused = true)]
async fn a_sweep_of_a_hundred_places_takes_seconds_however_slow_the_calls_are() {
    let world = world(500, 120);
    let accounts = accounts(&world, 19);
    let pending = add_pending(&world, &accounts, 1);
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, sweep(&json!({"accounts": accounts})), now);
    world.minutes(2).await;
    assert_eq!(world.swept(), [json!({"found": 100, "armed": 100, "pages": 100})]);
    assert_eq!(scheduled(&world), pending);
    // One after the other, two calls in each place and a role for each account are 109 seconds.
    let seconds = seconds(&world);
    assert!(seconds < 8.0, "{seconds}");
    assert_eq!(world.count("AssumeRole"), 19, "once for each account");
}

#[tokio::test(start_paused = true)]
async fn a_region_that_never_answers_holds_up_nobody() {
    let world = world(200, 120);
    let accounts = accounts(&world, 39);
    let pending = add_pending(&world, &accounts, 1);
    world.fault(Fault::new(FaultKind::Silence).on("SearchCertificates").within("us-east-1"));
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, sweep(&json!({"accounts": accounts})), now);
    world.pass(TimeDelta::seconds(20)).await;
    let alive = |arn: &&String| !arn.contains(":us-east-1:");
    let alive: BTreeSet<_> = pending.iter().filter(alive).cloned().collect();
    assert_eq!(scheduled(&world), alive, "all others in twenty seconds");
    world.minutes(30).await;
    assert!(world.metric("SweepPlacesFailed") >= 40, "{}", world.metric("SweepPlacesFailed"));
    let errors = world.errors();
    assert!(
        errors.iter().all(|it| it.starts_with("List: ") && it.contains("us-east-1")),
        "{errors:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_stops_in_the_middle_of_many_places_loses_none() {
    let world = world(200, 14);
    let accounts = accounts(&world, 19);
    // More schedules than one invocation has the time for.
    let pending = add_pending(&world, &accounts, 12);
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, sweep(&json!({"accounts": accounts})), now);
    world.minutes(2).await;
    let first = world.swept()[0].clone();
    assert!(first["from"].is_object(), "{first}");
    let stopped: Vec<Value> = {
        let aws = world.sim.aws();
        let schedules = aws.scheduler.schedules(ACCOUNT, "eu-west-1", "acm-dns-validator");
        let sweeps = schedules.iter().filter(|it| it.name.starts_with("sweep-"));
        let inputs = sweeps.map(|it| serde_json::from_str::<Value>(&it.input).expect("JSON"));
        inputs
            .flat_map(|it| it["detail"]["places"].as_array().cloned().unwrap_or_default())
            .collect()
    };
    assert!(stopped.len() > 1, "it stopped in several places at once: {stopped:?}");
    world.minutes(13).await;
    let swept = world.swept();
    assert_eq!(swept.last().expect("a last one").get("from"), None, "{swept:?}");
    assert_eq!(scheduled(&world), pending);
    let found: u64 = swept.iter().filter_map(|swept| swept["found"].as_u64()).sum();
    assert_eq!((found, world.errors()), (1_200, Vec::new()), "none is found twice");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_goes_on_although_the_account_where_it_stopped_is_gone() {
    let world = world(80, 120);
    let accounts = accounts(&world, 4);
    let left = [accounts[0].clone(), accounts[3].clone()];
    add_pending(&world, &left, 1);
    let cursor = |account: &str| json!({"account": account, "region": "us-east-1", "by": "search"});
    let detail = json!({
        "accounts": left,
        "places": [cursor(&accounts[1]), cursor(&accounts[0])],
        "from": cursor(&accounts[2]),
    });
    world.invoke(sweep(&detail)).await;
    // The one place that is there, and all regions of the account after the one that is gone.
    assert_eq!(world.swept(), [json!({"found": 6, "armed": 6, "pages": 6})]);
}

#[tokio::test(start_paused = true)]
async fn what_an_older_version_left_is_swept() {
    let world = world(80, 120);
    let accounts = accounts(&world, 2);
    add_pending(&world, &accounts, 1);
    let from = json!({"account": accounts[0], "region": "sa-east-1", "by": "search", "done": 0});
    world.invoke(sweep(&json!({"accounts": accounts, "from": from}))).await;
    // Two regions of the first account, five of the second.
    assert_eq!(world.swept(), [json!({"found": 7, "armed": 7, "pages": 7})]);
}

#[tokio::test(start_paused = true)]
async fn an_account_without_the_role_is_asked_for_it_once() {
    let world = world(200, 120);
    let accounts = accounts(&world, 1);
    add_pending(&world, &accounts, 1);
    let without = "300000000000".to_owned();
    let all = [accounts[0].clone(), without];
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, sweep(&json!({"accounts": all})), now);
    world.minutes(1).await;
    assert_eq!(world.swept()[0]["found"], 10);
    assert_eq!(world.count("AssumeRole"), 2);
}

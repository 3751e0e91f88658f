//! How many calls to AWS a check and a sweep cost.

use chrono::TimeDelta;
use serde_json::json;
use sim::aws::Call;
use sim::lambda::Function;

use crate::world::{ACCOUNT, FUNCTION, REGION, World, names_under, sweep};

/// The calls of each invocation so far.
fn calls(world: &World) -> Vec<Vec<String>> {
    let aws = world.sim.aws();
    let operations = |calls: &[Call]| calls.iter().map(|call| call.operation.clone()).collect();
    aws.lambda
        .finished()
        .iter()
        .map(|attempt| operations(&aws.calls()[attempt.calls.clone()]))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_certificate_costs_seven_calls_at_first_then_five_or_three_and_four_at_the_end() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::minutes(5);
    world.request(&["example.com"]).await;
    world.minutes(30).await;
    let calls = calls(&world);
    let mut first = calls[0].clone();
    first[..2].sort();
    assert_eq!(
        first,
        [
            "DescribeCertificate",
            "ListTagsForCertificate",
            "CreateSchedule",
            "ListHostedZonesByName",
            "ListResourceRecordSets",
            "ChangeResourceRecordSets",
            "PutEvents",
        ]
    );
    let counts: Vec<_> = calls.iter().map(Vec::len).collect();
    let [7, between @ .., 4] = counts.as_slice() else { panic!("{counts:?}") };
    // Five until ACM has found the record. After that the function does not read Route 53.
    assert!(between[0] == 5 && between.iter().all(|count| [3, 5].contains(count)), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_in_one_zone_cost_as_many_calls_as_one() {
    let world = World::new();
    world.zone("example.com");
    world.request_many(&names_under("example.com", 100)).await;
    world.minutes(1).await;
    assert_eq!(calls(&world)[0].len(), 7, "{:?}", calls(&world)[0]);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_costs_twelve_calls() {
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    let before = calls(&world).len();
    let (name, _) = sim::acm::validation_record(ACCOUNT, "example.com");
    world.sim.aws().route53.remove_record(&zone, &name, "CNAME");
    world.renew(&arn);
    world.minutes(90).await;
    let counts: Vec<_> = calls(&world)[before..].iter().map(Vec::len).collect();
    // The second is caused by the event of ACM. It leaves the publishing to the scheduled check.
    assert_eq!(counts, [7, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_costs_one_call_for_each_certificate_and_each_page() {
    let world = World::new();
    let long = Function { timeout: TimeDelta::minutes(1), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, long);
    let now = world.sim.now();
    for name in names_under("example.com", 2_500) {
        world.sim.aws().acm.seed(ACCOUNT, REGION, &[&name], now, |_| {});
    }
    world.sim.aws().lambda.invoke(FUNCTION, sweep(&json!({})), now);
    world.pass(TimeDelta::seconds(50)).await;
    assert_eq!(world.outcomes(), [json!({"found": 2_500, "armed": 2_500, "pages": 25})]);
    assert_eq!(world.sim.aws().calls().len(), 2_500 + 25);
}

//! What a look costs, in calls to AWS.

use chrono::TimeDelta;
use serde_json::json;
use sim::aws::Call;
use sim::lambda::Function;

use crate::world::{FUNCTION, HOME, OURS, World, names_under, sweep};

/// The calls of each look so far.
fn looks(world: &World) -> Vec<Vec<String>> {
    let aws = world.sim.aws();
    let operations = |calls: &[Call]| calls.iter().map(|call| call.operation.clone()).collect();
    aws.lambda
        .finished()
        .iter()
        .map(|attempt| operations(&aws.calls()[attempt.calls.clone()]))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_life_costs_seven_calls_at_first_five_in_between_and_four_at_last() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::minutes(5);
    world.request(&["example.com"]).await;
    world.minutes(30).await;
    let looks = looks(&world);
    let mut first = looks[0].clone();
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
    let counts: Vec<_> = looks.iter().map(Vec::len).collect();
    let [7, between @ .., 4] = counts.as_slice() else { panic!("{counts:?}") };
    // Until ACM has seen the record; from then on there is nothing to look for in Route 53.
    assert!(between[0] == 5 && between.iter().all(|count| [3, 5].contains(count)), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_in_one_zone_cost_what_one_does() {
    let world = World::new();
    world.zone("example.com");
    world.request_many(&names_under("example.com", 100)).await;
    world.minutes(1).await;
    assert_eq!(looks(&world)[0].len(), 7, "{:?}", looks(&world)[0]);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_costs_twelve_calls() {
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    let before = looks(&world).len();
    let (name, _) = sim::acm::validation_record(OURS, "example.com");
    world.sim.aws().route53.remove_record(&zone, &name, "CNAME");
    world.renew(&arn);
    world.minutes(90).await;
    let counts: Vec<_> = looks(&world)[before..].iter().map(Vec::len).collect();
    // The one between is caused by ACM's own news, which the check has yet to tell.
    assert_eq!(counts, [7, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_costs_a_call_a_certificate_and_one_a_page() {
    let world = World::new();
    let patient = Function { timeout: TimeDelta::minutes(1), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, patient);
    let now = world.sim.now();
    for name in names_under("example.com", 2_500) {
        world.sim.aws().acm.seed(OURS, HOME, &[&name], now, |_| {});
    }
    world.sim.aws().lambda.invoke(FUNCTION, sweep(&json!({})), now);
    world.pass(TimeDelta::seconds(50)).await;
    assert_eq!(world.outcomes(), [json!({"found": 2_500, "armed": 2_500, "pages": 5})]);
    assert_eq!(world.sim.aws().calls().len(), 2_500 + 5);
}

//! What a look costs, in calls to AWS.

use chrono::TimeDelta;
use sim::aws::Call;

use crate::world::{World, names_under};

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
async fn a_life_costs_seven_calls_at_first_five_in_between_and_three_at_last() {
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
    let [7, between @ .., 3] = counts.as_slice() else { panic!("{counts:?}") };
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

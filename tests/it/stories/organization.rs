//! Batches of a queue that receives the events of a whole organization.

use chrono::TimeDelta;
use serde_json::json;
use sim::Sim;
use sim::faults::{Fault, FaultKind};
use sim::lambda::Function;
use sim::route53::Action;

use crate::world::{
    ACCOUNT, DNS_ACCOUNT, DNS_ROLE, FUNCTION, MEMBER_ACCOUNT, QUEUE, REGION, World, check,
    names_under, request, sweep,
};

/// Requests certificates for one name each under this domain; returns their ARNs.
async fn request_each(world: &World, domain: &str, count: usize) -> Vec<String> {
    let mut arns = Vec::new();
    for name in names_under(domain, count) {
        arns.push(world.request(&[&name]).await);
    }
    arns
}

#[track_caller]
fn check_issued(world: &World, arns: &[String]) {
    for arn in arns {
        assert_eq!(world.status(arn), "ISSUED", "{arn}");
    }
    assert_eq!((world.dead_letters(), world.errors()), (Vec::new(), Vec::new()));
    assert_eq!(world.scheduled(), 0);
    assert_eq!(world.sim.aws().sqs.messages(QUEUE).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn certificates_of_a_batch_share_the_calls_to_route_53() {
    let world = World::new();
    world.use_queue();
    world.zone("example.com");
    world.zone("example.org");
    let mut arns = request_each(&world, "example.com", 30).await;
    arns.extend(request_each(&world, "example.org", 30).await);
    world.minutes(3).await;
    // ACM accepts five requests a second, and the first scheduled checks are due by now.
    let batches = world.outcomes().len();
    assert!(batches <= 3, "{batches}");
    let calls = |operation| world.count(operation) <= 2 * batches;
    assert!(calls("ListResourceRecordSets") && calls("ChangeResourceRecordSets"));
    assert!(world.count("ListHostedZonesByName") <= batches);
    assert_eq!(world.writes().len(), 60);
    world.minutes(30).await;
    check_issued(&world, &arns);
    let published = |state| world.times_published(state);
    assert_eq!(
        (published("RECORDS_WRITTEN"), published("ISSUED")),
        (60, 60),
        "also if they take several calls of at most ten events"
    );
    assert_eq!(
        world.count("DeleteSchedule"),
        0,
        "the schedule of a check that has run is not deleted"
    );
}

#[tokio::test(start_paused = true)]
async fn scheduled_checks_come_through_the_queue_too() {
    let world = World::new();
    world.use_queue();
    world.zone("example.com");
    let arns = request_each(&world, "example.com", 5).await;
    world.pass(TimeDelta::seconds(90)).await;
    {
        let aws = world.sim.aws();
        let schedules = aws.scheduler.schedules(ACCOUNT, REGION, "acm-dns-validator");
        assert_eq!(schedules.len(), 5);
        assert!(schedules.iter().all(|schedule| schedule.target == QUEUE));
    }
    world.minutes(30).await;
    check_issued(&world, &arns);
    let batches = world.outcomes().len();
    assert!(batches <= 5, "{batches} batches for five certificates with three checks each");
}

#[tokio::test(start_paused = true)]
async fn a_message_is_delivered_again_only_if_its_own_check_cannot_be_scheduled() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.use_queue();
    world.role(MEMBER_ACCOUNT, "certificates");
    world.forward(MEMBER_ACCOUNT, REGION);
    world.zone("example.com");
    let served = world.request(&["example.com"]).await;
    let failing =
        world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |request| request).await;
    world.fault(Fault::new(FaultKind::InternalError).on("DescribeCertificate").by(MEMBER_ACCOUNT));
    world.sim.aws().sqs.send(QUEUE, "poison".to_owned(), world.sim.now());
    world.minutes(30).await;
    assert_eq!(world.status(&served), "ISSUED");
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 2, "{letters:?}");
    assert!(letters.iter().any(|letter| letter == "poison"));
    assert!(letters.iter().any(|letter| letter.contains(&failing)));
    // The message of the certificate that is served was not delivered again.
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_several_messages_name_is_checked_once() {
    let world = World::new();
    world.use_queue();
    world.zone("example.com");
    world.sim.aws().eventbridge.duplicate(true);
    let arn = world.request(&["example.com"]).await;
    world.tag_certificate(&arn, "team", "web").await;
    world.pass(TimeDelta::seconds(100)).await;
    assert_eq!((world.outcomes().len(), world.count("DescribeCertificate")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn two_certificates_that_share_a_record_write_it_once() {
    let world = World::new();
    world.use_queue();
    world.zone("example.com");
    let arns = [world.request(&["example.com"]).await, world.request(&["*.example.com"]).await];
    world.minutes(2).await;
    assert_eq!((world.writes().len(), world.metric("RecordsWritten")), (1, 1));
    world.minutes(30).await;
    check_issued(&world, &arns);
}

#[tokio::test(start_paused = true)]
async fn a_batch_too_large_for_one_invocation_is_done_in_parts_and_never_times_out() {
    let world = World::new();
    world.use_queue();
    let short = Function { timeout: TimeDelta::seconds(6), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, short);
    world.sim.aws().acm.set_unlimited(true);
    world.zone("example.com");
    let mut arns = Vec::new();
    for name in names_under("example.com", 200) {
        let now = world.sim.now();
        let arn = world.sim.aws().acm.seed(ACCOUNT, REGION, &[&name], now, |_| {});
        world.sim.aws().sqs.send(QUEUE, check(&arn, &json!({})).to_string(), now);
        arns.push(arn);
    }
    world.minutes(2).await;
    // A few are reconciled. For the others there is only time to schedule a check.
    let described = world.count("DescribeCertificate");
    assert!((1..100).contains(&described), "{described}");
    assert_eq!(world.scheduled(), 200);
    world.minutes(90).await;
    check_issued(&world, &arns);
}

#[tokio::test(start_paused = true)]
async fn a_crash_in_the_middle_of_a_batch_loses_no_certificate() {
    for operation in ["DescribeCertificate", "CreateSchedule", "ChangeResourceRecordSets"] {
        let world = World::new();
        world.use_queue();
        world.zone("example.com");
        let arns = request_each(&world, "example.com", 10).await;
        world.fault(Fault::new(FaultKind::CrashAfter).on(operation).after(2).times(1));
        world.minutes(90).await;
        for arn in &arns {
            assert_eq!(world.status(arn), "ISSUED", "{operation}");
        }
        assert_eq!((world.dead_letters(), world.scheduled()), (Vec::new(), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sweep_works_through_the_queue_and_a_diagnosis_becomes_a_dead_letter() {
    let world = World::new();
    world.use_queue();
    world.zone("example.com");
    world.sim.aws().eventbridge.drop_next(1);
    let arn = world.request(&["example.com"]).await;
    let diagnosis = json!({
        "source": "acm-dns-validator", "detail-type": "Certificate Diagnosis", "resources": [arn],
    });
    for message in [sweep(&json!({})), diagnosis] {
        world.sim.aws().sqs.send(QUEUE, message.to_string(), world.sim.now());
    }
    world.minutes(2).await;
    {
        let aws = world.sim.aws();
        let schedules = aws.scheduler.schedules(ACCOUNT, REGION, "acm-dns-validator");
        assert!(!schedules.is_empty() && schedules.iter().all(|it| it.target == QUEUE));
    }
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.dead_letters().len(), 1, "the diagnosis");
}

/// What an hour of requests in a whole organization takes.
#[derive(Debug)]
struct Hour {
    issued: usize,
    invocations: usize,
    calls: usize,
    throttled: usize,
    route53: usize,
    changes: usize,
    last_issued: TimeDelta,
}

/// Certificates of forty accounts and regions, requested at the rate of 10,000 an hour, for names in
/// twenty zones of a DNS account whose limits are AWS's.
async fn an_hour(certificates: usize, queue: bool) -> Hour {
    let settings = [("HOSTED_ZONE_ROLE_ARNS", DNS_ROLE), ("CERTIFICATE_ROLE_NAME", "certificates")];
    let world = World::with(&settings);
    if queue {
        world.use_queue();
    }
    world.role(DNS_ACCOUNT, "dns");
    for team in 0..20 {
        world.zone_of(DNS_ACCOUNT, &format!("team{team}.example.com"));
    }
    let accounts: Vec<_> =
        (0..20).map(|index| format!("{:012}", 200_000_000_000_u64 + index)).collect();
    for account in &accounts {
        world.sim.aws().sts.add_account(account);
        world.role(account, "certificates");
        for region in ["eu-west-1", "us-east-1"] {
            world.forward(account, region);
        }
    }
    let begin = world.sim.now();
    let mut arns = Vec::new();
    for index in 0..certificates {
        let account = &accounts[index % accounts.len()];
        let region = if index / accounts.len() % 2 == 0 { "eu-west-1" } else { "us-east-1" };
        let name = format!("n{index}.team{}.example.com", index % 20);
        let sim: &Sim = &world.sim;
        arns.push(request(sim, account, region, &[&name], |request| request).await);
        let due = begin + TimeDelta::milliseconds(360) * i32::try_from(index + 1).expect("some");
        world.pass(due - world.sim.now()).await;
    }
    world.pass(TimeDelta::hours(2)).await;
    let aws = world.sim.aws();
    let calls = aws.calls();
    let count = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
    let issued: Vec<_> =
        arns.iter().filter_map(|arn| aws.acm.certificate(arn)?.issued_at).collect();
    let written = aws.route53.writes().iter().filter(|write| write.action == Action::Upsert);
    assert_eq!(written.count(), certificates, "each record is written once");
    assert_eq!(aws.lambda.dead_letters(), []);
    Hour {
        issued: issued.len(),
        invocations: aws.lambda.finished().len(),
        calls: calls.len() - certificates,
        throttled: calls.iter().filter(|call| is_throttled(call.error.as_deref())).count(),
        route53: calls.iter().filter(|call| call.service == sim::aws::Service::Route53).count(),
        changes: count("ChangeResourceRecordSets"),
        last_issued: issued.iter().max().map_or(TimeDelta::MAX, |last| *last - begin),
    }
}

fn is_throttled(error: Option<&str>) -> bool {
    error.is_some_and(|error| error.starts_with("Throttling"))
}

/// `ORGANIZATION=10000 cargo test --release --test it an_organization -- --nocapture` runs the whole
/// hour. By default a few minutes of it run.
#[tokio::test(start_paused = true)]
async fn an_organization_is_served_with_a_tenth_of_the_calls_to_route_53() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a person who runs the test sets how long it takes"
    )]
    let certificates = std::env::var("ORGANIZATION").ok().and_then(|text| text.parse().ok());
    let certificates = certificates.unwrap_or(300);
    let batched = an_hour(certificates, true).await;
    let alone = an_hour(certificates, false).await;
    println!("{certificates} certificates, 10,000 an hour");
    for (what, hour) in [("one at a time", &alone), ("a queue's batches", &batched)] {
        let Hour { issued, invocations, calls, throttled, route53, changes, last_issued } = hour;
        println!(
            "{what:<18} issued {issued:>6}, invocations {invocations:>6}, calls {calls:>7}, Route 53 \
             {route53:>6} ({changes} changes), throttled {throttled:>6}, last after {} min",
            last_issued.num_minutes()
        );
    }
    assert_eq!(batched.issued, certificates);
    assert!(batched.route53 * 10 <= alone.route53, "{batched:?} {alone:?}");
}

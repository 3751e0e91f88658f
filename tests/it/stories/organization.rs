//! A queue that gathers the events of a whole organization.

use chrono::TimeDelta;
use serde_json::json;
use sim::Sim;
use sim::faults::{Fault, FaultKind};
use sim::lambda::Function;
use sim::route53::Action;

use crate::world::{DNS, FUNCTION, HOME, MEMBER, OURS, QUEUE, World, names_under, request, sweep};

/// Certificates of our account for one name each under this domain; their ARNs.
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
    assert_eq!(world.armed(), 0);
    assert_eq!(world.sim.aws().sqs.messages(QUEUE).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn certificates_of_a_batch_share_the_calls_to_route_53() {
    let world = World::new();
    world.enqueue();
    world.zone("example.com");
    world.zone("example.org");
    let mut arns = request_each(&world, "example.com", 30).await;
    arns.extend(request_each(&world, "example.org", 30).await);
    world.minutes(3).await;
    // ACM takes five requests a second, and the first checks are due by now.
    let batches = world.outcomes().len();
    assert!(batches <= 3, "{batches}");
    let calls = |operation| world.count(operation) <= 2 * batches;
    assert!(calls("ListResourceRecordSets") && calls("ChangeResourceRecordSets"));
    assert!(world.count("ListHostedZonesByName") <= batches);
    assert_eq!(world.writes().len(), 60);
    world.minutes(30).await;
    check_issued(&world, &arns);
    let told = |state: &str| world.published().iter().filter(|it| *it == state).count();
    assert_eq!((told("RECORDS_WRITTEN"), told("ISSUED")), (60, 60), "ten a call at most");
    assert_eq!(world.count("DeleteSchedule"), 0, "a check that has come is not taken back");
}

#[tokio::test(start_paused = true)]
async fn later_looks_come_through_the_queue_too() {
    let world = World::new();
    world.enqueue();
    world.zone("example.com");
    let arns = request_each(&world, "example.com", 5).await;
    world.pass(TimeDelta::seconds(90)).await;
    {
        let aws = world.sim.aws();
        let schedules = aws.scheduler.schedules(OURS, HOME, "acm-dns-validator");
        assert_eq!(schedules.len(), 5);
        assert!(schedules.iter().all(|schedule| schedule.target == QUEUE));
    }
    world.minutes(30).await;
    check_issued(&world, &arns);
    let batches = world.outcomes().len();
    assert!(batches <= 5, "{batches} batches for five certificates of three looks");
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_again_only_if_its_own_check_could_not_be_armed() {
    let world = World::new();
    world.enqueue();
    world.zone("example.com");
    world.forward(MEMBER, HOME);
    let ours = world.request(&["example.com"]).await;
    // No role is set that reaches this account.
    world.request_in(MEMBER, HOME, &["example.com"], |request| request).await;
    world.sim.aws().sqs.send(QUEUE, "poison".to_owned(), world.sim.now());
    world.minutes(30).await;
    assert_eq!(world.status(&ours), "ISSUED");
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 2, "{letters:?}");
    assert!(letters.iter().any(|letter| letter == "poison"));
    assert!(letters.iter().any(|letter| letter.contains(MEMBER)));
    // Its own message was never seen again: one look until it waited for its record, then two more.
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_several_messages_speak_of_is_looked_at_once() {
    let world = World::new();
    world.enqueue();
    world.zone("example.com");
    world.sim.aws().eventbridge.duplicate(true);
    let arn = world.request(&["example.com"]).await;
    world.touch(&arn).await;
    world.pass(TimeDelta::seconds(100)).await;
    assert_eq!((world.outcomes().len(), world.count("DescribeCertificate")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn two_certificates_that_share_a_record_write_it_once() {
    let world = World::new();
    world.enqueue();
    world.zone("example.com");
    let arns = [world.request(&["example.com"]).await, world.request(&["*.example.com"]).await];
    world.minutes(2).await;
    assert_eq!((world.writes().len(), world.metric("RecordsWritten")), (1, 1));
    world.minutes(30).await;
    check_issued(&world, &arns);
}

#[tokio::test(start_paused = true)]
async fn a_batch_too_large_for_its_time_is_done_in_parts_and_never_cut_off() {
    let world = World::new();
    world.enqueue();
    let brief = Function { timeout: TimeDelta::seconds(6), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, brief);
    world.sim.aws().acm.set_unlimited(true);
    world.zone("example.com");
    let mut arns = Vec::new();
    for name in names_under("example.com", 200) {
        let now = world.sim.now();
        let arn = world.sim.aws().acm.seed(OURS, HOME, &[&name], now, |_| {});
        let check = json!({
            "source": "acm-dns-validator", "detail-type": "Certificate Check",
            "resources": [arn], "detail": {},
        });
        world.sim.aws().sqs.send(QUEUE, check.to_string(), now);
        arns.push(arn);
    }
    world.minutes(2).await;
    // A few are looked at; for the others there is just the time to arm a check.
    let looked = world.count("DescribeCertificate");
    assert!((1..100).contains(&looked), "{looked}");
    assert_eq!(world.armed(), 200);
    world.minutes(90).await;
    check_issued(&world, &arns);
}

#[tokio::test(start_paused = true)]
async fn a_crash_in_the_middle_of_a_batch_loses_nothing() {
    for operation in ["DescribeCertificate", "CreateSchedule", "ChangeResourceRecordSets"] {
        let world = World::new();
        world.enqueue();
        world.zone("example.com");
        let arns = request_each(&world, "example.com", 10).await;
        world.fault(Fault::new(FaultKind::CrashAfter).on(operation).after(2).times(1));
        world.minutes(90).await;
        for arn in &arns {
            assert_eq!(world.status(arn), "ISSUED", "{operation}");
        }
        assert_eq!((world.dead_letters(), world.armed()), (Vec::new(), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn sweeps_and_questions_may_come_by_the_queue_but_questions_find_nobody_to_answer() {
    let world = World::new();
    world.enqueue();
    world.zone("example.com");
    world.sim.aws().eventbridge.drop_next(1);
    let arn = world.request(&["example.com"]).await;
    let question = json!({
        "source": "acm-dns-validator", "detail-type": "Certificate Diagnosis", "resources": [arn],
    });
    for message in [sweep(&json!({})), question] {
        world.sim.aws().sqs.send(QUEUE, message.to_string(), world.sim.now());
    }
    world.minutes(2).await;
    {
        let aws = world.sim.aws();
        let schedules = aws.scheduler.schedules(OURS, HOME, "acm-dns-validator");
        assert!(!schedules.is_empty() && schedules.iter().all(|it| it.target == QUEUE));
    }
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.dead_letters().len(), 1, "the question");
}

/// How an hour of requests in a whole organization goes.
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
async fn an_hour(certificates: usize, together: bool) -> Hour {
    let role = format!("arn:aws:iam::{DNS}:role/dns");
    let settings = [("HOSTED_ZONE_ROLE_ARNS", &*role), ("CERTIFICATE_ROLE_NAME", "certificates")];
    let world = World::with(&settings);
    if together {
        world.enqueue();
    }
    world.role(DNS, "dns");
    for team in 0..20 {
        world.zone_of(DNS, &format!("team{team}.example.com"));
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
    assert_eq!(written.count(), certificates, "each record once");
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

/// `ORGANIZATION=10000 cargo test --release --test it an_organization -- --nocapture` is the whole
/// hour; by default it is a few minutes of it.
#[tokio::test(start_paused = true)]
async fn an_organization_is_served_with_a_tenth_of_the_calls_to_route_53() {
    #[expect(clippy::disallowed_methods, reason = "how long it may take is for whoever runs it")]
    let certificates = std::env::var("ORGANIZATION").ok().and_then(|text| text.parse().ok());
    let certificates = certificates.unwrap_or(300);
    let together = an_hour(certificates, true).await;
    let alone = an_hour(certificates, false).await;
    println!("{certificates} certificates, 10,000 an hour");
    for (what, hour) in [("one at a time", &alone), ("a queue's batches", &together)] {
        let Hour { issued, invocations, calls, throttled, route53, changes, last_issued } = hour;
        println!(
            "{what:<18} issued {issued:>6}, invocations {invocations:>6}, calls {calls:>7}, Route 53 \
             {route53:>6} ({changes} changes), throttled {throttled:>6}, last after {} min",
            last_issued.num_minutes()
        );
    }
    assert_eq!(together.issued, certificates);
    assert!(together.route53 * 10 <= alone.route53, "{together:?} {alone:?}");
}

//! `ACCOUNTS=organization`: the accounts of the organization, as AWS Organizations tells them.

use chrono::TimeDelta;
use serde_json::json;
use sim::faults::{Fault, FaultKind};
use sim::organizations::AccountState;

use crate::world::{ACCOUNT, MEMBER_ACCOUNT, REGION, World, sweep};

/// The account that manages the organization.
const MANAGEMENT: &str = "100000000000";

const OF_THE_ORGANIZATION: [(&str, &str); 2] =
    [("ACCOUNTS", "organization"), ("CERTIFICATE_ROLE_NAME", "certificates")];

/// A world with an organization, in which the function's account is a delegated administrator, with these
/// settings besides `ACCOUNTS`.
fn world(settings: &[(&str, &str)]) -> World {
    let world = World::with(&[&OF_THE_ORGANIZATION[..], settings].concat());
    let now = world.sim.now();
    {
        let mut aws = world.sim.aws();
        aws.organizations.create(MANAGEMENT, now);
        aws.organizations.join(ACCOUNT, AccountState::Active, now);
        aws.organizations.delegate(ACCOUNT);
    }
    world.zone("example.com");
    world
}

/// Adds an account with the role for its certificates.
fn join(world: &World, account: &str) {
    let now = world.sim.now();
    {
        let mut aws = world.sim.aws();
        aws.sts.add_account(account);
        aws.organizations.join(account, AccountState::Active, now);
    }
    world.role(account, "certificates");
}

/// Requests a certificate in an account, whose event is lost.
async fn request_unheard(world: &World, account: &str, name: &str) -> String {
    world.request_in(account, REGION, &[name], |request| request).await
}

#[tokio::test(start_paused = true)]
async fn an_organization_of_three_pages_is_swept_without_a_list() {
    let world = world(&[]);
    let accounts: Vec<_> = (0..43).map(|it| (200_000_000_000_u64 + it).to_string()).collect();
    let mut arns = Vec::new();
    for (index, account) in accounts.iter().enumerate() {
        join(&world, account);
        let name = format!("n{index}.example.com");
        arns.push(request_unheard(&world, account, &name).await);
    }
    world.invoke(sweep(&json!({}))).await;
    world.minutes(60).await;
    for arn in arns {
        assert_eq!(world.status(&arn), "ISSUED", "{arn}");
    }
    // The management account has no role, which is no failure.
    let swept = json!({"found": 43, "armed": 43, "pages": 44, "withoutRole": 1});
    assert_eq!(world.swept(), [swept]);
    assert_eq!((world.count("ListAccounts"), world.count("DescribeAccount")), (3, 0));
    assert_eq!((world.metric("SweepPlacesFailed"), world.metric("AccountsWithoutRole")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_closed_or_not_ready_yet_is_not_swept() {
    let world = world(&[]);
    let states =
        [AccountState::Suspended, AccountState::PendingClosure, AccountState::PendingActivation];
    for (index, state) in states.into_iter().enumerate() {
        let account = (200_000_000_000_u64 + index as u64).to_string();
        join(&world, &account);
        world.sim.aws().organizations.set_state(&account, state);
    }
    join(&world, MEMBER_ACCOUNT);
    world.invoke(sweep(&json!({}))).await;
    let asked: Vec<_> = {
        let aws = world.sim.aws();
        let searches = aws.calls().iter().filter(|call| call.operation == "SearchCertificates");
        searches.map(|call| call.account.clone()).collect()
    };
    assert_eq!(asked, [ACCOUNT, MEMBER_ACCOUNT]);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_joined_is_served_at_once_and_swept_within_the_hour() {
    let world = world(&[]);
    world.invoke(sweep(&json!({}))).await;
    join(&world, MEMBER_ACCOUNT);
    world.forward(MEMBER_ACCOUNT, "eu-central-1");
    let served =
        world.request_in(MEMBER_ACCOUNT, "eu-central-1", &["a.example.com"], |it| it).await;
    let unheard = request_unheard(&world, MEMBER_ACCOUNT, "b.example.com").await;
    world.minutes(30).await;
    assert_eq!(world.status(&served), "ISSUED");
    // The answer about the account is kept, too.
    assert_eq!(world.count("DescribeAccount"), 1);
    world.invoke(sweep(&json!({}))).await;
    world.minutes(30).await;
    assert_eq!(world.status(&unheard), "PENDING_VALIDATION", "the list is kept for an hour");
    world.invoke(sweep(&json!({}))).await;
    world.minutes(30).await;
    assert_eq!(world.status(&unheard), "ISSUED");
    assert_eq!(world.count("ListAccounts"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_account_without_the_role_is_tried_once_and_stops_nobody() {
    let world = world(&[("REGIONS", "eu-west-1,eu-central-1,us-east-1")]);
    let without = "200000000000";
    let now = world.sim.now();
    world.sim.aws().organizations.join(without, AccountState::Active, now);
    join(&world, MEMBER_ACCOUNT);
    let arn = request_unheard(&world, MEMBER_ACCOUNT, "example.com").await;
    world.invoke(sweep(&json!({}))).await;
    let swept = json!({"found": 1, "armed": 1, "pages": 6, "withoutRole": 2});
    assert_eq!(world.swept(), [swept], "the management account has no role either");
    let assumed = world.count("AssumeRole");
    assert_eq!(assumed, 3, "once for each account");
    world.minutes(30).await;
    assert_eq!((world.status(&arn).as_str(), world.errors().len()), ("ISSUED", 0));
}

#[tokio::test(start_paused = true)]
async fn an_account_of_a_list_without_the_role_counts_as_one_place_that_failed() {
    let world = World::with(&[
        ("ACCOUNTS", MEMBER_ACCOUNT),
        ("CERTIFICATE_ROLE_NAME", "certificates"),
        ("REGIONS", "eu-west-1,us-east-1"),
    ]);
    world.invoke(sweep(&json!({}))).await;
    let swept = json!({"found": 0, "armed": 0, "pages": 2, "failed": 1, "withoutRole": 1});
    assert_eq!(world.swept(), [swept]);
    assert_eq!((world.metric("SweepPlacesFailed"), world.count("AssumeRole")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_organization_that_may_not_be_listed_fails_the_sweep_after_the_functions_own_account() {
    let world = World::with(&OF_THE_ORGANIZATION);
    let now = world.sim.now();
    world.sim.aws().organizations.create(MANAGEMENT, now);
    world.sim.aws().organizations.join(ACCOUNT, AccountState::Active, now);
    world.zone("example.com");
    join(&world, MEMBER_ACCOUNT);
    world.sim.aws().eventbridge.drop_next(1);
    let own = world.request(&["own.example.com"]).await;
    let member = request_unheard(&world, MEMBER_ACCOUNT, "member.example.com").await;
    world.invoke(sweep(&json!({}))).await;
    let error = world.errors().pop().expect("an error");
    assert!(
        error.starts_with("Organization: ")
            && error.contains("ORGANIZATION_ROLE_ARN")
            && error.contains("delegated administrator")
            && error.contains("AccessDeniedException"),
        "{error}"
    );
    assert_eq!((world.metric("OrganizationErrors"), world.metric("SweepPlacesFailed")), (1, 1));
    // Lambda sweeps again.
    world.sim.aws().organizations.delegate(ACCOUNT);
    world.minutes(60).await;
    assert_eq!((world.status(&own), world.status(&member)), ("ISSUED".into(), "ISSUED".into()));
    assert_eq!(world.errors().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_belongs_to_no_organization_is_told_so() {
    let world = World::with(&OF_THE_ORGANIZATION);
    world.invoke(sweep(&json!({}))).await;
    let error = world.errors().pop().expect("an error");
    assert!(error.contains("belongs to no organization"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_throttled_is_tried_again_and_an_older_one_takes_its_place() {
    let world = world(&[]);
    join(&world, MEMBER_ACCOUNT);
    world.fault(Fault::new(FaultKind::Throttled).on("ListAccounts").times(2));
    world.invoke(sweep(&json!({}))).await;
    assert_eq!((world.count("ListAccounts"), world.errors().len()), (3, 0));
    world.minutes(120).await;
    let arn = request_unheard(&world, MEMBER_ACCOUNT, "example.com").await;
    world.fault(Fault::new(FaultKind::Throttled).on("ListAccounts"));
    world.invoke(sweep(&json!({}))).await;
    // So soon it is not asked again.
    world.invoke(sweep(&json!({}))).await;
    world.minutes(30).await;
    assert_eq!((world.status(&arn).as_str(), world.errors().len()), ("ISSUED", 0));
    assert_eq!((world.metric("OrganizationErrors"), world.count("ListAccounts")), (1, 6));
}

#[tokio::test(start_paused = true)]
async fn a_role_lists_the_organization_where_the_functions_account_may_not() {
    let role = format!("arn:aws:iam::{MANAGEMENT}:role/accounts");
    let settings = [&OF_THE_ORGANIZATION[..], &[("ORGANIZATION_ROLE_ARN", &role)]].concat();
    let world = World::with(&settings);
    let now = world.sim.now();
    world.sim.aws().sts.add_account(MANAGEMENT);
    world.sim.aws().organizations.create(MANAGEMENT, now);
    world.role(MANAGEMENT, "accounts");
    world.zone("example.com");
    join(&world, MEMBER_ACCOUNT);
    let arn = request_unheard(&world, MEMBER_ACCOUNT, "example.com").await;
    world.invoke(sweep(&json!({}))).await;
    world.minutes(30).await;
    assert_eq!((world.status(&arn).as_str(), world.errors().len()), ("ISSUED", 0));
    let aws = world.sim.aws();
    let mut lists = aws.calls().iter().filter(|call| call.operation == "ListAccounts");
    assert!(lists.all(|call| call.account == MANAGEMENT && call.region == "us-east-1"));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_an_account_outside_is_answered_and_counted() {
    let world = world(&[]);
    // Its role would admit the function.
    world.role(MEMBER_ACCOUNT, "certificates");
    world.forward(MEMBER_ACCOUNT, REGION);
    for name in ["a.example.com", "b.example.com"] {
        world.request_in(MEMBER_ACCOUNT, REGION, &[name], |request| request).await;
    }
    world.minutes(30).await;
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "IGNORED");
    let reason = outcome["reason"].as_str().expect("a reason");
    assert!(reason.contains(MEMBER_ACCOUNT) && reason.contains("organization"), "{reason}");
    assert_eq!((world.metric("CertificatesOutOfReach"), world.errors().len()), (2, 0));
    assert_eq!((world.writes().len(), world.count("AssumeRole")), (0, 0));
    assert_eq!(world.count("DescribeAccount"), 1, "the answer is kept for a minute");
    // It joins, and is served at once.
    join(&world, MEMBER_ACCOUNT);
    let arn = world.request_in(MEMBER_ACCOUNT, REGION, &["c.example.com"], |it| it).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn where_the_organization_does_not_answer_the_role_of_the_account_decides() {
    for kind in [FaultKind::Denied, FaultKind::Throttled, FaultKind::Silence] {
        let world = world(&[]);
        join(&world, MEMBER_ACCOUNT);
        world.forward(MEMBER_ACCOUNT, REGION);
        world.fault(Fault::new(kind).on("DescribeAccount"));
        let arn = world.request_in(MEMBER_ACCOUNT, REGION, &["example.com"], |it| it).await;
        world.minutes(30).await;
        assert_eq!((world.status(&arn).as_str(), world.errors().len()), ("ISSUED", 0), "{kind:?}");
        // At most one question a minute.
        let checks = world.outcomes().len();
        assert!(
            world.metric("OrganizationErrors") as usize <= checks,
            "{kind:?}: {}",
            world.story()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_organization_that_does_not_answer_delays_a_crowd_by_seconds() {
    let world = world(&[]);
    world.use_queue();
    let mut arns = Vec::new();
    for index in 0..40 {
        let account = (200_000_000_000_u64 + index).to_string();
        join(&world, &account);
        world.forward(&account, REGION);
        let name = format!("n{index}.example.com");
        arns.push(world.request_in(&account, REGION, &[&name], |request| request).await);
    }
    world.fault(Fault::new(FaultKind::Silence).on("DescribeAccount"));
    world.minutes(5).await;
    assert_eq!(world.writes().len(), 40, "{}", world.story());
    let asked = world.count("DescribeAccount");
    assert!(asked <= 3 * world.outcomes().len(), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_new_zone_ends_blocks_in_the_whole_organization() {
    let world = world(&[]);
    // The events of Route 53 occur there.
    world.forward(ACCOUNT, "us-east-1");
    let accounts: Vec<_> = (0..25).map(|it| (200_000_000_000_u64 + it).to_string()).collect();
    let mut arns = Vec::new();
    for account in &accounts {
        join(&world, account);
        world.forward(account, REGION);
        let name = format!("a{account}.example.org");
        arns.push(world.request_in(account, REGION, &[&name], |request| request).await);
    }
    world.pass(TimeDelta::hours(3) + TimeDelta::minutes(2)).await;
    assert_eq!(world.writes(), []);
    let zone = world.route53(ACCOUNT).create_hosted_zone().name("example.org");
    let zone = zone.caller_reference("once").send().await.expect("a zone");
    let zone = zone.hosted_zone.expect("a zone").id;
    let zone = zone.trim_start_matches("/hostedzone/");
    world.sim.aws().route53.register("example.org", zone);
    world.minutes(3).await;
    assert_eq!(world.writes().len(), 25);
    world.minutes(60).await;
    for arn in arns {
        assert_eq!(world.status(&arn), "ISSUED", "{arn}");
    }
}

//! The overview: what the function answers about everything that is pending, as JSON and as a page.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::acm::Status;
use sim::faults::{Fault, FaultKind};
use sim::lambda::Function;

use crate::pages::check_page;
use crate::world::{ACCOUNT, FUNCTION, MEMBER_ACCOUNT, REGION, World, names_under};

/// The payload of an overview.
fn payload(resources: &[&str]) -> Value {
    json!({
        "source": "acm-dns-validator", "detail-type": "Certificate Overview", "resources": resources, "detail": {},
    })
}

/// The payload as a widget of a dashboard sends it.
fn by_widget(mut payload: Value) -> Value {
    payload["widgetContext"] = json!({"theme": "dark", "timezone": {"offsetISO": "+01:00"}});
    payload
}

/// Asks, and checks that nothing was written, scheduled or published.
async fn ask(world: &World, payload: Value) -> Value {
    let effects = |world: &World| {
        let changes = ["CreateSchedule", "DeleteSchedule", "PutEvents"];
        (world.writes().len(), changes.map(|operation| world.count(operation)))
    };
    let before = effects(world);
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, payload, now);
    world.pass(TimeDelta::seconds(25)).await;
    assert_eq!(effects(world), before);
    assert_eq!(world.errors(), [""; 0]);
    world.outcome()
}

/// Fifty or more certificates that no event told of.
fn add_pending(world: &World, count: usize) {
    let now = world.sim.now();
    let mut aws = world.sim.aws();
    aws.acm.behaviour.validation_interval = TimeDelta::days(1);
    for (index, name) in names_under("example.com", count).iter().enumerate() {
        let requested = now - TimeDelta::minutes(100 + i64::try_from(index).expect("small"));
        aws.acm.seed(ACCOUNT, REGION, &[name], requested, |_| {});
    }
}

fn calls(world: &World) -> usize {
    world.sim.aws().calls().len()
}

#[tokio::test(start_paused = true)]
async fn nothing_is_pending() {
    let world = World::new();
    let overview = ask(&world, payload(&[])).await;
    assert_eq!((&overview["found"], &overview["certificates"]), (&json!(0), &json!([])));
    assert_eq!(calls(&world), 1);
    let page = ask(&world, by_widget(payload(&[]))).await;
    let page = page.as_str().expect("HTML");
    check_page("nothing", page);
    assert!(page.contains("No certificate is pending."));
}

#[tokio::test(start_paused = true)]
async fn an_overview_shows_what_waits_and_why_and_not_what_is_issued() {
    let world = World::new();
    world.zone("example.com");
    world.request(&["issued.example.com"]).await;
    world.minutes(60).await;
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::hours(10);
    let blocked = world.request(&["example.org"]).await;
    world.minutes(1).await;
    let unseen = world.sim.aws().route53.create_zone(ACCOUNT, "example.net");
    world.sim.aws().route53.register_with("example.net", &["ns1.elsewhere.net"]);
    world.sim.aws().route53.zone_elsewhere("example.net", &["ns1.elsewhere.net"]);
    let undelegated = world.request(&["example.net"]).await;
    world.minutes(1).await;
    let present = world.request(&["www.example.com", "api.example.com"]).await;
    world.minutes(20).await;
    let overview = ask(&world, payload(&[])).await;
    let rows = overview["certificates"].as_array().expect("rows");
    let found: Vec<_> = rows.iter().map(|row| (&row["certificateArn"], &row["state"])).collect();
    let row = |arn: &str, state: &str| (json!(arn), json!(state));
    let expected =
        [row(&blocked, "BLOCKED"), row(&undelegated, "UNSEEN"), row(&present, "PRESENT")];
    assert_eq!(found, expected.iter().map(|(arn, state)| (arn, state)).collect::<Vec<_>>());
    assert_eq!((&overview["found"], &overview["notShown"]), (&json!(3), &json!(0)));
    let contains =
        |row: &Value, words: &str| row["advice"].as_str().expect("advice").contains(words);
    assert!(contains(&rows[0], "no hosted zone"), "{}", rows[0]);
    assert!(contains(&rows[1], &unseen) && contains(&rows[1], "ns1.elsewhere.net"), "{}", rows[1]);
    assert!(contains(&rows[2], "Nothing stands in the way"), "{}", rows[2]);
    assert_eq!((&rows[0]["account"], &rows[0]["region"]), (&json!(ACCOUNT), &json!(REGION)));
    assert_eq!(rows[2]["records"]["present"], 2);
    assert!(rows.iter().all(|row| row["nextCheck"].is_string() && row["since"].is_string()));
    world.minutes(2).await;
    let page = ask(&world, by_widget(payload(&[]))).await;
    let page = page.as_str().expect("HTML");
    check_page("what waits", page);
    for words in ["example.org", "blocked", "unseen", "waits for ACM", "UTC+01:00", "adv-dark"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("issued.example.com"));
}

#[tokio::test(start_paused = true)]
async fn certificates_that_are_asked_for_are_shown_even_if_issued() {
    let world = World::new();
    world.zone("example.com");
    let issued = world.request(&["example.com"]).await;
    world.minutes(30).await;
    let gone = issued.replace("00000000-", "99999999-");
    let overview = ask(&world, payload(&[&issued, &gone])).await;
    let states = overview["certificates"].as_array().expect("rows").iter().map(|row| &row["state"]);
    let mut states: Vec<_> = states.map(|state| state.as_str().unwrap_or_default()).collect();
    states.sort_unstable();
    assert_eq!(states, ["IGNORED", "ISSUED"]);
    assert_eq!(world.count("SearchCertificates"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_denies_access_is_named_and_the_rest_is_shown() {
    let vars = [("CERTIFICATE_ROLE_NAME", "certificates"), ("ACCOUNTS", MEMBER_ACCOUNT)];
    let world = World::with(&vars);
    world.zone("example.com");
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::hours(1);
    world.request(&["example.com"]).await;
    world.minutes(1).await;
    let overview = ask(&world, payload(&[])).await;
    assert_eq!(overview["certificates"].as_array().map(Vec::len), Some(1));
    let unread = &overview["unread"];
    assert_eq!(
        (&unread[0]["account"], &unread[0]["region"]),
        (&json!(MEMBER_ACCOUNT), &json!(REGION))
    );
    assert!(
        unread[0]["reason"].as_str().expect("why").contains("cannot assume the role"),
        "{unread}"
    );
    assert_eq!(unread.as_array().map(Vec::len), Some(1));
}

#[tokio::test(start_paused = true)]
async fn fifty_of_sixty_are_shown_the_oldest_first_and_the_rest_is_counted() {
    let world = World::new();
    world.zone("example.com");
    add_pending(&world, 60);
    let overview = ask(&world, payload(&[])).await;
    assert_eq!((&overview["found"], &overview["notShown"]), (&json!(60), &json!(10)));
    let rows = overview["certificates"].as_array().expect("rows");
    assert_eq!(rows.len(), 50);
    // The last one that was added is the oldest.
    assert_eq!(rows[0]["names"], json!(["n59.example.com"]));
    assert!(rows.iter().all(|row| row["state"] == "MISSING"), "{}", rows[0]);
    assert_eq!(world.count("ListHostedZonesByName"), 1);
    assert_eq!(world.count("ListResourceRecordSets"), 1);
    println!("one refresh with fifty pending: {} calls", calls(&world));
    assert!(calls(&world) <= 310, "{}", calls(&world));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_within_a_minute_makes_no_call() {
    let world = World::new();
    world.zone("example.com");
    add_pending(&world, 1);
    let first = ask(&world, payload(&[])).await;
    let after_one = calls(&world);
    println!("one refresh with one pending: {after_one} calls");
    assert_eq!(first["age"], 0);
    let again = ask(&world, payload(&[])).await;
    assert_eq!((&again["age"], &again["at"]), (&json!(25), &first["at"]));
    let page = ask(&world, by_widget(payload(&[]))).await;
    assert!(page.as_str().expect("HTML").contains("50 seconds ago"), "{page}");
    assert_eq!(calls(&world), after_one);
    let later = ask(&world, payload(&[])).await;
    assert_eq!(later["age"], 0);
    assert!(calls(&world) > after_one);
}

#[tokio::test(start_paused = true)]
async fn an_overview_ends_before_its_deadline_and_names_what_it_did_not_reach() {
    let world = World::with(&[("REGIONS", "eu-west-1,us-east-1")]);
    world.zone("example.com");
    add_pending(&world, 3);
    world.fault(Fault::new(FaultKind::Silence).on("DescribeCertificate").after(1));
    world.fault(Fault::new(FaultKind::Silence).on("SearchCertificates").after(1));
    let brief = Function { timeout: TimeDelta::seconds(15), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, brief);
    let overview = ask(&world, payload(&[])).await;
    let rows = overview["certificates"].as_array().expect("rows");
    let late = rows.iter().filter(|row| row["state"] == "UNKNOWN");
    assert_eq!((rows.len(), late.count()), (3, 2), "{overview}");
    assert_eq!(overview["unread"].as_array().map(Vec::len), Some(1), "{overview}");
}

#[tokio::test(start_paused = true)]
async fn a_hosted_zone_that_cannot_be_read_in_time_leaves_the_state_unknown() {
    let world = World::new();
    world.zone("example.com");
    add_pending(&world, 2);
    world.fault(Fault::new(FaultKind::Silence).on("ListHostedZonesByName"));
    let brief = Function { timeout: TimeDelta::seconds(12), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, brief);
    let overview = ask(&world, payload(&[])).await;
    let rows = overview["certificates"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{overview}");
    for row in rows {
        assert_eq!((&row["state"], &row["records"]["unknown"]), (&json!("UNKNOWN"), &json!(1)));
        assert!(row["advice"].as_str().expect("advice").contains("ran out of time"), "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_one_overview_are_limited_whatever_goes_wrong() {
    let regions = (0..60).map(|index| format!("eu-west-{index}")).collect::<Vec<_>>().join(",");
    let world = World::with(&[("REGIONS", &regions)]);
    for name in names_under("example.com", 100) {
        world.zone(&name);
    }
    let names = names_under("example.com", 100);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let now = world.sim.now();
    for _ in 0..60 {
        world.sim.aws().acm.seed(ACCOUNT, REGION, &names, now, |_| {});
    }
    world.fault(Fault::new(FaultKind::Throttled).on("GetSchedule"));
    let overview = ask(&world, payload(&[])).await;
    assert_eq!(overview["found"], 60);
    assert!(calls(&world) <= 500, "{}", calls(&world));
    assert!(world.sim.aws().questions().len() <= 300);
}

#[tokio::test(start_paused = true)]
async fn a_widget_is_answered_with_pages_and_a_description() {
    let world = World::new();
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    let mut question = payload(&[&arn]);
    question["detail-type"] = json!("Certificate Diagnosis");
    let page = ask(&world, by_widget(question.clone())).await;
    let page = page.as_str().expect("HTML");
    check_page("a diagnosis", page);
    for words in ["Its life so far", "no hosted zone", "ACM waits for the record", "<title>"] {
        assert!(page.contains(words), "{words}");
    }
    world.fault(Fault::new(FaultKind::Denied).on("DescribeCertificate"));
    let page = ask(&world, by_widget(question)).await;
    assert!(page.as_str().expect("HTML").contains("could not be read"), "{page}");
    let markdown = ask(&world, json!({"describe": true})).await;
    assert!(markdown.as_str().expect("Markdown").starts_with("## "));
}

#[tokio::test(start_paused = true)]
async fn a_pending_renewal_is_shown_and_an_issued_certificate_near_its_end_is_not() {
    for searchable in [true, false] {
        let world = World::new();
        let now = world.sim.now();
        let seed = |name: &str| {
            world.sim.aws().acm.seed(ACCOUNT, REGION, &[name], now, |it| {
                it.status = Status::Issued;
                it.issued_at = Some(now);
                it.not_after = Some(now + TimeDelta::days(30));
                it.in_use_by = vec!["a load balancer".to_owned()];
            })
        };
        let renewed = seed("example.com");
        seed("example.org");
        world.sim.aws().eventbridge.drop_next(9);
        world.renew(&renewed);
        if !searchable {
            world.fault(Fault::new(FaultKind::Denied).on("SearchCertificates"));
        }
        world.minutes(90).await;
        let overview = ask(&world, payload(&[])).await;
        let rows = overview["certificates"].as_array().expect("rows");
        assert_eq!((rows.len(), &overview["found"]), (1, &json!(1)), "{overview}");
        assert_eq!(
            (&rows[0]["certificateArn"], &rows[0]["status"]),
            (&json!(renewed), &json!("ISSUED"))
        );
    }
}

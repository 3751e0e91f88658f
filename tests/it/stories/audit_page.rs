//! An audit as somebody sees it who clicks on *Audit* in the live page.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::acm::{Status, validation_record};
use sim::faults::{Fault, FaultKind};
use sim::lambda::Function;

use crate::pages::{actions, check_page};
use crate::world::{ACCOUNT, FUNCTION, REGION, World, audit, names_under};

/// A world whose function has the time that the templates give the one behind the dashboard.
fn world() -> World {
    let world = World::new();
    let function = Function { timeout: TimeDelta::minutes(1), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, function);
    world
}

/// Clicks on *Audit*, or on what a page offers; returns the page. It changes, schedules, publishes and counts
/// nothing.
async fn click(world: &World, mut payload: Value) -> String {
    payload["widgetContext"] = json!({"theme": "dark", "timezone": {"offsetISO": "+01:00"}});
    let effects = |world: &World| {
        let changes = ["CreateSchedule", "DeleteSchedule", "PutEvents"];
        let changes = changes.map(|operation| world.count(operation));
        (world.writes().len(), changes, world.lines_with("CertificatesAudited"))
    };
    let before = effects(world);
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, payload, now);
    world.pass(TimeDelta::minutes(1)).await;
    assert_eq!((effects(world), world.errors()), (before, Vec::new()));
    let page = world.outcome().as_str().expect("HTML").to_owned();
    check_page("an audit", &page);
    page
}

/// Creates certificates of one name each that were issued and are in use; without their records.
fn issued(world: &World, names: &[String]) {
    let then = world.sim.now() - TimeDelta::days(100);
    for name in names {
        world.sim.aws().acm.seed(ACCOUNT, REGION, &[name], then, |certificate| {
            certificate.status = Status::Issued;
            certificate.in_use_by = vec!["arn:aws:cloudfront::1:distribution/x".to_owned()];
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_click_on_audit_shows_a_missing_record_and_puts_nothing_back() {
    let world = world();
    let zone = world.zone("example.com");
    issued(&world, &["example.com".to_owned()]);
    let (unused, value) = validation_record(ACCOUNT, "gone.example.com");
    world.sim.aws().route53.put_record(&zone, &unused, "CNAME", 60, &[&value]);
    let page = click(&world, audit(&[])).await;
    for words in ["record missing", "at risk", &unused, "&quot;DELETE&quot;", "no proof"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("only a part"), "{page}");
    assert!(page.contains(&zone), "{page}");
}

#[tokio::test(start_paused = true)]
async fn a_click_on_an_audit_of_one_certificate_shows_that_one() {
    let world = world();
    world.zone("example.com");
    issued(&world, &names_under("example.com", 2));
    let arns: Vec<_> = world.sim.aws().acm.certificates().map(|it| it.arn.clone()).collect();
    let page = click(&world, audit(&[&arns[0]])).await;
    assert!(page.contains(&arns[0]) && !page.contains(&arns[1]), "{page}");
}

#[tokio::test(start_paused = true)]
async fn an_audit_that_takes_longer_than_a_page_may_goes_on_click_by_click() {
    let world = world();
    world.zone("example.com");
    issued(&world, &names_under("example.com", 400));
    let mut page = click(&world, audit(&[])).await;
    let mut clicks = 1;
    while page.contains("This is only a part. ") {
        assert!(clicks < 20, "{page}");
        page = click(&world, actions(&page)[0].clone()).await;
        clicks += 1;
    }
    assert!(clicks > 1, "{page}");
    assert!(page.contains("<strong>400</strong>certificates"), "{page}");
    assert!(page.contains("<strong>400</strong>at risk"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn the_requests_of_one_click_are_limited_whatever_goes_wrong() {
    let regions = (0..60).map(|index| format!("eu-west-{index}")).collect::<Vec<_>>().join(",");
    let world = World::with(&[("REGIONS", &regions)]);
    let slow = Function { timeout: TimeDelta::minutes(15), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, slow);
    world.zone("example.com");
    issued(&world, &names_under("example.com", 2_000));
    world.fault(Fault::new(FaultKind::Throttled).on("ListResourceRecordSets"));
    let mut payload = audit(&[]);
    payload["widgetContext"] = json!({});
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, payload, now);
    world.pass(TimeDelta::minutes(15)).await;
    let page = world.outcome().as_str().expect("HTML").to_owned();
    let calls = world.sim.aws().calls().len();
    println!("one click: {calls} calls");
    assert!(page.contains("This is only a part. "), "{page}");
    assert!((600..=1_500).contains(&calls), "{calls}");
    assert!(!page.contains("were sent already"), "groups that begin have enough requests: {page}");
}

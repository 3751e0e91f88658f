//! Certificates that move from validation by e-mail to validation by DNS, and stay issued meanwhile.

use aws_sdk_acm::types::{CertificateOptions, ValidationMethod};
use chrono::TimeDelta;
use sim::acm::{Method, Status};

use crate::world::{HOME, OURS, World, domain};

/// A certificate that was validated by e-mail long ago.
fn by_email(world: &World, names: &[&str]) -> String {
    let now = world.sim.now();
    world.sim.aws().acm.seed(OURS, HOME, names, now, |certificate| {
        certificate.created_at -= TimeDelta::days(100);
        certificate.status = Status::Issued;
        certificate.validation_method = Some(Method::Email);
    })
}

/// Its owner asks ACM to validate it by DNS from now on.
async fn move_to_dns(world: &World, arn: &str) {
    let options = CertificateOptions::builder().validation_method(ValidationMethod::Dns).build();
    let update = world.acm(OURS, HOME).update_certificate_options().certificate_arn(arn);
    update.options(options).send().await.expect("ACM takes it");
}

fn method(world: &World, arn: &str) -> Option<Method> {
    world.sim.aws().acm.certificate(arn).expect("still there").validation_method
}

#[tokio::test(start_paused = true)]
async fn an_email_certificate_moves_to_dns_by_the_records_of_the_move() {
    let world = World::new();
    world.zone("example.com");
    let arn = by_email(&world, &["example.com", "*.example.com", "www.example.com"]);
    move_to_dns(&world, &arn).await;
    world.minutes(30).await;
    assert_eq!(method(&world, &arn), Some(Method::Dns));
    let writes = world.writes();
    let mut written: Vec<_> = writes.iter().map(|write| domain(&write.name)).collect();
    written.sort_unstable();
    assert_eq!(written, ["example.com", "www.example.com"]);
    assert_eq!(world.outcomes()[0]["status"], "ISSUED", "all the while");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
    assert_eq!(world.outcome()["reason"], "the certificate is validated by DNS from now on");
    assert_eq!((world.armed(), world.metric("TimeToIssue")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_move_that_nobody_can_validate_ends_by_itself_after_three_days_of_its_own() {
    let world = World::new();
    let arn = by_email(&world, &["example.com"]);
    move_to_dns(&world, &arn).await;
    world.minutes(1).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    let age = world.outcome()["age"].as_i64().unwrap_or_default();
    assert!(age < 60, "of the move, not of the certificate: {age}");
    world.pass(TimeDelta::hours(80)).await;
    assert_eq!(method(&world, &arn), Some(Method::Email));
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "FAILED");
    assert_eq!(outcome["reason"], "ACM did not change the validation from e-mail to DNS");
    assert_eq!(world.armed(), 0);
    assert!(world.outcomes().len() <= 310, "{}", world.outcomes().len());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_move_whatever_the_pages_they_are_told_in() {
    let world = World::new();
    world.zone("example.com");
    let names = crate::world::names_under("example.com", 100);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let arn = by_email(&world, &names);
    move_to_dns(&world, &arn).await;
    world.minutes(30).await;
    assert_eq!(method(&world, &arn), Some(Method::Dns));
    assert_eq!((world.writes().len(), world.count("ChangeResourceRecordSets")), (100, 1));
}

#[tokio::test(start_paused = true)]
async fn an_email_certificate_that_stays_one_is_left_alone() {
    let world = World::new();
    world.zone("example.com");
    let arn = by_email(&world, &["example.com"]);
    world.touch(&arn).await;
    world.minutes(30).await;
    assert_eq!(world.outcome()["state"], "IGNORED");
    assert_eq!((world.writes(), world.published(), world.armed()), (Vec::new(), Vec::new(), 0));
}

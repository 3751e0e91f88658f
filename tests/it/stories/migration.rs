//! Certificates that change from e-mail to DNS validation and stay issued meanwhile.

use aws_sdk_acm::types::{CertificateOptions, ValidationMethod};
use chrono::TimeDelta;
use sim::acm::{Method, Status};

use crate::world::{ACCOUNT, REGION, World, domain};

/// Creates a certificate that was validated by e-mail 100 days ago; returns its ARN.
fn by_email(world: &World, names: &[&str]) -> String {
    let now = world.sim.now();
    world.sim.aws().acm.seed(ACCOUNT, REGION, names, now, |certificate| {
        certificate.created_at -= TimeDelta::days(100);
        certificate.status = Status::Issued;
        certificate.validation_method = Some(Method::Email);
    })
}

/// Asks ACM to validate a certificate by DNS from now on.
async fn change_to_dns(world: &World, arn: &str) {
    let options = CertificateOptions::builder().validation_method(ValidationMethod::Dns).build();
    let update = world.acm(ACCOUNT, REGION).update_certificate_options().certificate_arn(arn);
    update.options(options).send().await.expect("ACM accepts it");
}

/// The validation method of a certificate in ACM.
fn method(world: &World, arn: &str) -> Option<Method> {
    world.sim.aws().acm.certificate(arn).expect("it still exists").validation_method
}

#[tokio::test(start_paused = true)]
async fn an_email_certificate_changes_to_dns_with_the_records_of_the_change() {
    let world = World::new();
    world.zone("example.com");
    let arn = by_email(&world, &["example.com", "*.example.com", "www.example.com"]);
    change_to_dns(&world, &arn).await;
    world.minutes(30).await;
    assert_eq!(method(&world, &arn), Some(Method::Dns));
    let writes = world.writes();
    let mut written: Vec<_> = writes.iter().map(|write| domain(&write.name)).collect();
    written.sort_unstable();
    assert_eq!(written, ["example.com", "www.example.com"]);
    assert_eq!(world.outcomes()[0]["status"], "ISSUED", "it stays issued");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
    assert_eq!(world.outcome()["reason"], "the certificate is validated by DNS from now on");
    assert_eq!((world.scheduled(), world.metric("TimeToIssue")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_change_to_dns_that_is_never_validated_ends_three_days_after_it_began() {
    let world = World::new();
    let arn = by_email(&world, &["example.com"]);
    change_to_dns(&world, &arn).await;
    world.minutes(1).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    let age = world.outcome()["age"].as_i64().unwrap_or_default();
    assert!(age < 60, "the age of the change, not of the certificate: {age}");
    world.pass(TimeDelta::hours(80)).await;
    assert_eq!(method(&world, &arn), Some(Method::Email));
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "FAILED");
    assert_eq!(outcome["reason"], "ACM did not change the validation from e-mail to DNS");
    assert_eq!(world.scheduled(), 0);
    assert!(world.outcomes().len() <= 310, "{}", world.outcomes().len());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_names_change_to_dns_although_they_are_listed_in_pages() {
    let world = World::new();
    world.zone("example.com");
    let names = crate::world::names_under("example.com", 100);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let arn = by_email(&world, &names);
    change_to_dns(&world, &arn).await;
    world.minutes(30).await;
    assert_eq!(method(&world, &arn), Some(Method::Dns));
    assert_eq!((world.writes().len(), world.count("ChangeResourceRecordSets")), (100, 1));
}

#[tokio::test(start_paused = true)]
async fn an_email_certificate_that_does_not_change_to_dns_is_not_served() {
    let world = World::new();
    world.zone("example.com");
    let arn = by_email(&world, &["example.com"]);
    world.tag_certificate(&arn, "team", "web").await;
    world.minutes(30).await;
    assert_eq!(world.outcome()["state"], "IGNORED");
    assert_eq!((world.writes(), world.published(), world.scheduled()), (Vec::new(), Vec::new(), 0));
}

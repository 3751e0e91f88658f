//! Certificates that ACM does not show completely yet, or that are deleted soon.

use chrono::TimeDelta;
use sim::acm::Behaviour;

use crate::world::{ACCOUNT, REGION, World};

/// Checks that a certificate is issued although ACM behaves like this; returns the world.
async fn check_issued(change: impl FnOnce(&mut Behaviour)) -> World {
    let world = World::new();
    world.zone("example.com");
    change(&mut world.sim.aws().acm.behaviour);
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    world
}

#[tokio::test(start_paused = true)]
async fn records_are_written_once_acm_provides_them() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().acm.behaviour.record_after = TimeDelta::minutes(4);
    let arn = world.request(&["example.com"]).await;
    world.minutes(3).await;
    assert_eq!(world.writes(), []);
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn records_that_acm_provides_one_by_one_are_written_one_by_one() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().acm.behaviour.record_step = TimeDelta::minutes(3);
    let arn = world.request(&["a.example.com", "b.example.com", "c.example.com"]).await;
    world.minutes(1).await;
    assert_eq!(world.writes().len(), 1);
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.writes().len(), 3);
    assert_eq!(world.count("ChangeResourceRecordSets"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_lists_no_names_yet_is_checked_again() {
    let world = check_issued(|acm| acm.options_after = TimeDelta::minutes(2)).await;
    assert_eq!(world.outcomes()[0]["state"], "WAITING");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_acm_does_not_show_yet_is_checked_again() {
    let world = check_issued(|acm| acm.visible_after = TimeDelta::minutes(2)).await;
    assert_eq!(world.errors(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn checks_of_a_deleted_certificate_end_without_an_error() {
    let world = World::new();
    let arn = world.request(&["example.com"]).await;
    world.minutes(20).await;
    let delete = world.acm(ACCOUNT, REGION).delete_certificate().certificate_arn(&arn);
    delete.send().await.expect("deleted");
    world.minutes(20).await;
    assert_eq!(world.outcome()["reason"], "ACM knows no such certificate");
    assert_eq!(world.outcome()["state"], "IGNORED");
    assert_eq!((world.scheduled(), world.errors()), (0, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn checks_of_a_certificate_that_is_deleted_at_once_end_within_minutes() {
    let world = World::new();
    let arn = world.request(&["example.com"]).await;
    world.sim.aws().acm.delete(&arn);
    world.minutes(20).await;
    assert_eq!(world.outcome()["reason"], "ACM knows no such certificate");
    assert!(world.outcomes().len() < 8, "{}", world.story());
    assert_eq!(world.scheduled(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_required_tag_that_acm_shows_later_than_the_certificate_is_not_missed() {
    let world = World::with(&[("CERTIFICATE_TAG", "validate=yes")]);
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    assert_eq!(world.writes(), []);
    world.sim.aws().acm.tag(&arn, "validate", "yes");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

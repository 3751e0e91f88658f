//! Certificates that ACM has only just heard of.

use chrono::TimeDelta;

use crate::world::{HOME, OURS, World};

#[tokio::test(start_paused = true)]
async fn records_that_come_late_are_published_when_they_come() {
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
async fn records_that_come_one_by_one_are_published_one_by_one() {
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
async fn a_certificate_that_lists_no_names_yet_is_looked_at_again() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().acm.behaviour.options_after = TimeDelta::minutes(2);
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.outcomes()[0]["state"], "WAITING");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_acm_does_not_show_yet_is_looked_at_again() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().acm.behaviour.visible_after = TimeDelta::minutes(2);
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.errors(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_deleted_meanwhile_ends_the_looks_quietly() {
    let world = World::new();
    let arn = world.request(&["example.com"]).await;
    world.minutes(20).await;
    let delete = world.acm(OURS, HOME).delete_certificate().certificate_arn(&arn);
    delete.send().await.expect("deleted");
    world.minutes(20).await;
    assert_eq!(world.outcome()["reason"], "ACM knows no such certificate");
    assert_eq!(world.outcome()["state"], "IGNORED");
    assert_eq!((world.armed(), world.errors()), (0, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_deleted_at_once_ends_the_looks_within_minutes() {
    let world = World::new();
    let arn = world.request(&["example.com"]).await;
    world.sim.aws().acm.delete(&arn);
    world.minutes(20).await;
    assert_eq!(world.outcome()["reason"], "ACM knows no such certificate");
    assert!(world.outcomes().len() < 8, "{}", world.story());
    assert_eq!(world.armed(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_opt_in_that_shows_up_after_the_certificate_is_not_missed() {
    let world = World::with(&[("CERTIFICATE_TAG", "validate=yes")]);
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(1).await;
    assert_eq!(world.writes(), []);
    world.sim.aws().acm.tag(&arn, "validate", "yes");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

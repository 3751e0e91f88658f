//! `HOSTED_ZONE_ACCOUNTS_TAG`: the owner of a hosted zone says which accounts' certificates may have records in it.

use aws_sdk_acm::types::{CertificateOptions, ValidationMethod};
use aws_sdk_route53::types::{Tag, TagResourceType};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::acm::{Method, Status};
use sim::faults::{Fault, FaultKind};

use crate::world::{
    ACCOUNT, DNS_ACCOUNT, DNS_ROLE, MEMBER_ACCOUNT, QUEUE, REGION, World, check, tag,
};

/// The key of the tag, as these stories set it.
const KEY: &str = "certificate-accounts";

/// A world in which zones say which accounts they take, with further settings. The function serves the accounts
/// of a DNS team and of a member, and hears of changed tags.
fn world(more: &[(&str, &str)]) -> World {
    let world = world_without_rules(more);
    for account in [MEMBER_ACCOUNT, DNS_ACCOUNT] {
        world.forward(account, REGION);
        world.forward(account, "us-east-1");
    }
    world.forward(ACCOUNT, "us-east-1");
    world
}

/// The same world without rules that forward events of other accounts.
fn world_without_rules(more: &[(&str, &str)]) -> World {
    let accounts = format!("{MEMBER_ACCOUNT},{DNS_ACCOUNT}");
    let settings = [
        ("HOSTED_ZONE_ACCOUNTS_TAG", KEY),
        ("CERTIFICATE_ROLE_NAME", "certificates"),
        ("ACCOUNTS", &accounts),
        ("HOSTED_ZONE_ROLE_ARNS", DNS_ROLE),
    ];
    let world = World::with(&[&settings, more].concat());
    world.role(DNS_ACCOUNT, "dns");
    for account in [MEMBER_ACCOUNT, DNS_ACCOUNT] {
        world.role(account, "certificates");
    }
    world
}

/// Creates a zone of the function's account whose tag has this value; returns its id.
fn zone_for(world: &World, name: &str, accounts: &str) -> String {
    let zone = world.zone(name);
    world.sim.aws().route53.tag_zone(&zone, KEY, accounts);
    zone
}

/// Requests a certificate in this account; returns its ARN.
async fn request(world: &World, account: &str, name: &str) -> String {
    world.request_in(account, REGION, &[name], |request| request).await
}

/// Checks that the latest outcome is blocked for one reason with these words, and that nothing was written.
#[track_caller]
fn check_refused(world: &World, words: &[&str]) {
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "BLOCKED", "{outcome}");
    let reason = outcome["records"][0]["reason"].as_str().unwrap_or_default();
    for word in words {
        assert!(reason.contains(word), "`{word}` is not in: {reason}");
    }
    assert_eq!(world.writes(), []);
    assert_eq!(world.scheduled(), 1, "a blocked certificate is checked again");
}

/// Sets the tag of a zone of this account through the API.
async fn set_tag(world: &World, account: &str, zone: &str, value: &str) {
    let tag = Tag::builder().key(KEY).value(value).build();
    let call = world.route53(account).change_tags_for_resource().resource_id(zone);
    call.resource_type(TagResourceType::Hostedzone).add_tags(tag).send().await.expect("tagged");
}

async fn diagnose(world: &World, arn: &str) -> Value {
    let payload = json!({
        "source": "acm-dns-validator", "detail-type": "Certificate Diagnosis", "resources": [arn],
    });
    world.invoke(payload).await;
    world.outcome()
}

/// How many calls the first invocation made.
fn calls_of_the_first_check(world: &World) -> usize {
    world.sim.aws().lambda.finished()[0].calls.len()
}

#[tokio::test(start_paused = true)]
async fn an_account_that_the_zone_lists_gets_its_certificate() {
    let world = world(&[]);
    let zone = zone_for(&world, "example.com", &format!("{DNS_ACCOUNT}  {MEMBER_ACCOUNT} "));
    let arn = request(&world, MEMBER_ACCOUNT, "www.example.com").await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_another_account_is_blocked_and_the_reason_names_the_tag_to_change() {
    let world = world(&[]);
    let zone = zone_for(&world, "example.com", DNS_ACCOUNT);
    request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(10).await;
    check_refused(&world, &[&zone, "example.com", KEY, &format!("add {MEMBER_ACCOUNT}")]);
    assert_eq!(world.published(), ["BLOCKED"]);
    assert!(world.blocked("NotAllowed") > 0);
    let aws = world.sim.aws();
    let event = &aws.eventbridge.published()[0].detail;
    let reason = event["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(&zone) && reason.contains(MEMBER_ACCOUNT), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_the_tag_takes_the_functions_own_account_only() {
    let world = world(&[]);
    let zone = world.zone("example.com");
    request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(10).await;
    check_refused(&world, &[&zone, "does not have the tag", &format!("of account {ACCOUNT} only")]);
    let own = request(&world, ACCOUNT, "www.example.com").await;
    world.minutes(30).await;
    assert_eq!(world.status(&own), "ISSUED");
    assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_the_tag_means_nothing() {
    let world = World::with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    world.role(MEMBER_ACCOUNT, "certificates");
    world.forward(MEMBER_ACCOUNT, REGION);
    zone_for(&world, "example.com", DNS_ACCOUNT);
    let arn = request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.count("ListTagsForResources"), 0);
}

#[tokio::test(start_paused = true)]
async fn an_own_certificate_costs_no_call_more_and_one_of_another_account_a_single_one() {
    for (account, expected) in [(ACCOUNT, 7), (MEMBER_ACCOUNT, 8)] {
        // One account with zones, as in the story of the costs.
        let settings =
            [("HOSTED_ZONE_ACCOUNTS_TAG", KEY), ("CERTIFICATE_ROLE_NAME", "certificates")];
        let world = World::with(&settings);
        world.role(MEMBER_ACCOUNT, "certificates");
        world.forward(MEMBER_ACCOUNT, REGION);
        zone_for(&world, "example.com", MEMBER_ACCOUNT);
        // Zones that are not chosen cost nothing, however many there are.
        world.sim.aws().route53.create_zone(ACCOUNT, "com.example.com");
        request(&world, account, "www.example.com").await;
        world.minutes(1).await;
        assert_eq!(world.writes().len(), 1);
        let session = usize::from(account != ACCOUNT);
        assert_eq!(calls_of_the_first_check(&world), expected + session, "{account}");
        assert_eq!(world.count("AssumeRole"), session);
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_tag_that_every_zone_needs_both_are_read_with_one_call() {
    let world = world(&[("HOSTED_ZONE_TAG", "validate=yes")]);
    let zone = zone_for(&world, "example.com", MEMBER_ACCOUNT);
    world.sim.aws().route53.tag_zone(&zone, "validate", "yes");
    let other = zone_for(&world, "example.org", DNS_ACCOUNT);
    world.sim.aws().route53.tag_zone(&other, "validate", "yes");
    request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.pass(TimeDelta::seconds(40)).await;
    assert_eq!(world.written(), [format!("example.com in {zone}")]);
    assert_eq!(world.count("ListTagsForResources"), 1);
    request(&world, MEMBER_ACCOUNT, "example.org").await;
    world.minutes(10).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    assert_eq!(world.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn adding_the_account_to_the_tag_ends_the_block_at_once() {
    for had_a_tag in [false, true] {
        let world = world(&[]);
        let zone = match had_a_tag {
            true => zone_for(&world, "example.com", DNS_ACCOUNT),
            false => world.zone("example.com"),
        };
        let arn = request(&world, MEMBER_ACCOUNT, "www.example.com").await;
        world.minutes(62).await;
        check_refused(&world, &[&zone]);
        set_tag(&world, ACCOUNT, &zone, &format!("{DNS_ACCOUNT} {MEMBER_ACCOUNT}")).await;
        world.minutes(1).await;
        assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
        world.minutes(30).await;
        assert_eq!(world.status(&arn), "ISSUED");
        assert_eq!(world.scheduled(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn while_tags_cannot_be_read_other_accounts_wait_and_the_own_one_does_not() {
    let world = world(&[]);
    let zone = zone_for(&world, "example.com", MEMBER_ACCOUNT);
    let end = world.sim.now() + TimeDelta::minutes(20);
    world.fault(Fault::new(FaultKind::InternalError).on("ListTagsForResources").until(end));
    let theirs = request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(1).await;
    let record = &world.outcome()["records"][0];
    assert_eq!(record["state"], "DEFERRED");
    let reason = record["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(&format!("it is unknown whether hosted zone {zone}")), "{reason}");
    let ours = request(&world, ACCOUNT, "www.example.com").await;
    world.minutes(17).await;
    assert_eq!(world.written(), [format!("www.example.com in {zone}")]);
    assert_eq!(
        (world.status(&ours), world.published().contains(&"BLOCKED".to_owned())),
        ("ISSUED".to_owned(), false)
    );
    world.minutes(30).await;
    assert_eq!(world.status(&theirs), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn tags_that_may_not_be_read_block_and_never_allow() {
    let world = world(&[]);
    zone_for(&world, "example.com", MEMBER_ACCOUNT);
    world.fault(Fault::new(FaultKind::Denied).on("ListTagsForResources"));
    request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(10).await;
    check_refused(&world, &["it is unknown whether", "cannot list tags of hosted zones"]);
    assert!(world.blocked("Denied") > 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_account_allows_nobody_and_is_named() {
    for value in ["all", "7777-8888-9999", &format!("{MEMBER_ACCOUNT}/{DNS_ACCOUNT}")] {
        let world = world(&[]);
        zone_for(&world, "example.com", value);
        request(&world, MEMBER_ACCOUNT, "example.com").await;
        world.minutes(10).await;
        check_refused(&world, &["separated by spaces", &format!("and not `{value}`")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_the_certificates_tag_names_is_asked_too() {
    let world = world(&[]);
    let parent = zone_for(&world, "example.com", MEMBER_ACCOUNT);
    let child = world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    for (name, zone) in [("dev.example.com", &child), ("example.com", &parent)] {
        let tags = tag("acm-dns-validator:hosted-zone-id", zone);
        world.request_in(MEMBER_ACCOUNT, REGION, &[name], |request| request.tags(tags)).await;
    }
    world.minutes(10).await;
    assert_eq!(world.written(), [format!("example.com in {parent}")]);
    assert!(world.blocked("NotAllowed") > 0);
}

#[tokio::test(start_paused = true)]
async fn of_two_zones_of_one_name_the_other_is_not_written_if_the_one_that_is_seen_refuses() {
    let world = world(&[]);
    let seen = zone_for(&world, "example.com", DNS_ACCOUNT);
    let other = world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    world.sim.aws().route53.tag_zone(&other, KEY, MEMBER_ACCOUNT);
    request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(10).await;
    check_refused(&world, &[&seen, "does not list account"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_zone_that_refuses_does_not_make_its_parent_the_target() {
    for silent in [false, true] {
        let world = world(&[]);
        zone_for(&world, "example.com", MEMBER_ACCOUNT);
        let child = world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
        if silent {
            world.silence_dns();
        } else {
            world.sim.aws().route53.delegate(&child);
        }
        request(&world, MEMBER_ACCOUNT, "api.dev.example.com").await;
        world.minutes(10).await;
        check_refused(&world, &[&child, "does not have the tag"]);
    }
}

#[tokio::test(start_paused = true)]
async fn certificates_of_several_accounts_in_one_batch_and_zone_are_told_apart() {
    let world = world_without_rules(&[]);
    world.use_queue();
    let zone = zone_for(&world, "example.com", MEMBER_ACCOUNT);
    let mut arns = Vec::new();
    for account in [DNS_ACCOUNT, MEMBER_ACCOUNT, ACCOUNT] {
        arns.push(request(&world, account, "example.com").await);
    }
    let messages: Vec<_> = arns.iter().map(|arn| check(arn, &json!({}))).collect();
    for message in messages {
        let now = world.sim.now();
        world.sim.aws().sqs.send(QUEUE, message.to_string(), now);
    }
    world.minutes(40).await;
    let statuses: Vec<_> = arns.iter().map(|arn| world.status(arn)).collect();
    assert_eq!(statuses, ["PENDING_VALIDATION", "ISSUED", "ISSUED"]);
    assert_eq!(world.count("ChangeResourceRecordSets"), 1, "one batch wrote both");
    let expected = |account| sim::acm::validation_record(account, "example.com").0;
    let mut written: Vec<_> = world.writes().into_iter().map(|write| write.name).collect();
    written.sort();
    let mut allowed = [expected(MEMBER_ACCOUNT), expected(ACCOUNT)];
    allowed.sort();
    assert_eq!(written, allowed);
    assert!(world.writes().iter().all(|write| write.zone_id == zone));
    assert_eq!(world.times_published("BLOCKED"), 2, "when it is found, and after 15 minutes");
}

#[tokio::test(start_paused = true)]
async fn a_zone_in_a_dns_account_is_asked_with_the_role_of_that_account() {
    let world = world(&[]);
    let zone = world.zone_of(DNS_ACCOUNT, "example.com");
    // The account of the zone is one like any other.
    let theirs = request(&world, DNS_ACCOUNT, "www.example.com").await;
    let members = request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(20).await;
    assert_eq!(world.writes(), []);
    set_tag(&world, DNS_ACCOUNT, &zone, &format!("{MEMBER_ACCOUNT} {DNS_ACCOUNT}")).await;
    world.minutes(30).await;
    assert_eq!((world.status(&theirs), world.status(&members)), ("ISSUED".into(), "ISSUED".into()));
    assert!(world.writes().iter().all(|write| write.account == DNS_ACCOUNT));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_there_is_left_alone_and_its_certificate_is_issued() {
    let world = world(&[]);
    let zone = world.zone("example.com");
    let (name, value) = sim::acm::validation_record(MEMBER_ACCOUNT, "example.com");
    world.sim.aws().route53.put_record(&zone, &name, "CNAME", 300, &[&value]);
    let arn = request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.pass(TimeDelta::seconds(40)).await;
    assert_eq!(world.outcomes()[0]["records"][0]["state"], "PRESENT");
    let diagnosis = diagnose(&world, &arn).await;
    assert_eq!(diagnosis["names"][0]["record"]["state"], "PRESENT");
    let remark = diagnosis["remarks"][0].as_str().unwrap_or_default();
    assert!(remark.contains("would not be put back") && remark.contains(&zone), "{remark}");
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!((world.writes(), world.times_published("BLOCKED")), (Vec::new(), 0));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_of_an_account_that_was_taken_off_the_list_is_blocked_until_it_is_back() {
    let world = world(&[]);
    let zone = zone_for(&world, "example.com", MEMBER_ACCOUNT);
    let arn = request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(30).await;
    assert_eq!((world.status(&arn).as_str(), world.writes().len()), ("ISSUED", 1));
    set_tag(&world, ACCOUNT, &zone, DNS_ACCOUNT).await;
    let (name, _) = sim::acm::validation_record(MEMBER_ACCOUNT, "example.com");
    world.sim.aws().route53.remove_record(&zone, &name, "CNAME");
    world.renew(&arn);
    world.minutes(90).await;
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "BLOCKED", "{outcome}");
    assert_eq!(world.writes().len(), 1);
    let diagnosis = diagnose(&world, &arn).await;
    let advice = diagnosis["advice"].as_str().unwrap_or_default();
    assert!(advice.contains(&format!("add {MEMBER_ACCOUNT} to the tag's value")), "{advice}");
    set_tag(&world, ACCOUNT, &zone, MEMBER_ACCOUNT).await;
    world.minutes(90).await;
    assert_eq!(world.writes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_change_from_email_to_dns_of_another_account_is_blocked_too() {
    let world = world(&[]);
    let zone = world.zone("example.com");
    let now = world.sim.now();
    let arn = world.sim.aws().acm.seed(MEMBER_ACCOUNT, REGION, &["example.com"], now, |it| {
        it.created_at -= TimeDelta::days(100);
        it.status = Status::Issued;
        it.validation_method = Some(Method::Email);
    });
    let options = CertificateOptions::builder().validation_method(ValidationMethod::Dns).build();
    let update = world.acm(MEMBER_ACCOUNT, REGION).update_certificate_options();
    update.certificate_arn(&arn).options(options).send().await.expect("ACM accepts it");
    world.minutes(10).await;
    check_refused(&world, &[&zone, "does not have the tag"]);
    set_tag(&world, ACCOUNT, &zone, MEMBER_ACCOUNT).await;
    world.minutes(60).await;
    assert_eq!(world.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_says_that_the_chosen_zone_does_not_take_the_account() {
    let world = world(&[]);
    let zone = world.zone("example.com");
    let arn = request(&world, MEMBER_ACCOUNT, "www.example.com").await;
    world.minutes(1).await;
    let diagnosis = diagnose(&world, &arn).await;
    let name = &diagnosis["names"][0];
    assert_eq!(name["record"]["state"], "BLOCKED");
    assert_eq!(
        name["zones"],
        json!([{"id": zone, "name": "example.com", "chosen": true, "seen": true,
                "why": "public DNS asks it, but it does not take the certificate's account"}])
    );
    let advice = diagnosis["advice"].as_str().unwrap_or_default();
    let remedy = format!(
        "to allow account {MEMBER_ACCOUNT}, set that tag of the hosted zone to {MEMBER_ACCOUNT}"
    );
    assert!(advice.contains(&remedy), "{advice}");
    world.fault(Fault::new(FaultKind::InternalError).on("ListTagsForResources"));
    let diagnosis = diagnose(&world, &arn).await;
    assert_eq!(diagnosis["names"][0]["record"]["state"], "UNKNOWN");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_shows_the_block() {
    let world = world(&[("DRY_RUN", "true")]);
    let zone = zone_for(&world, "example.com", MEMBER_ACCOUNT);
    request(&world, DNS_ACCOUNT, "example.com").await;
    world.minutes(1).await;
    assert_eq!(world.outcome()["state"], "BLOCKED");
    request(&world, MEMBER_ACCOUNT, "example.com").await;
    world.minutes(1).await;
    assert_eq!(world.outcome()["records"][0]["state"], "WOULD_WRITE");
    assert_eq!(
        (world.outcome()["records"][0]["hostedZoneId"].as_str(), world.writes()),
        (Some(zone.as_str()), Vec::new())
    );
}

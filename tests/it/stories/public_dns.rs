//! What the world sees: public DNS decides between zones, and tells of records that nobody can see.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::dns::{DnsFault, DnsFaultKind};

use crate::world::{ACCOUNT, DNS_ACCOUNT, DNS_ROLE, World, names_under};

/// Name servers of another provider.
const ELSEWHERE: [&str; 2] = ["ns1.elsewhere.net", "ns2.elsewhere.net"];

/// The domain is registered, but with the name servers of another provider, which has a zone for it.
fn served_elsewhere(world: &World, domain: &str) {
    let route53 = &mut world.sim.aws().route53;
    route53.zone_elsewhere(domain, &ELSEWHERE);
    route53.register_with(domain, &ELSEWHERE);
}

/// How many questions resolvers were asked.
fn questions(world: &World) -> usize {
    world.sim.aws().questions().len()
}

/// The diagnosis of a certificate.
async fn diagnosis(world: &World, arn: &str) -> Value {
    let source = "acm-dns-validator";
    let question =
        json!({"source": source, "detail-type": "Certificate Diagnosis", "resources": [arn]});
    world.invoke(question).await;
    world.outcome()
}

#[track_caller]
fn check_text(text: &Value, words: &[&str]) {
    let text = text.as_str().unwrap_or_default();
    for words in words {
        assert!(text.contains(words), "{words:?} not in {text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_zones_of_the_same_name_the_one_that_the_world_sees_gets_the_record() {
    let world = World::with_dns_role();
    let stale = world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    let seen = world.zone_of(DNS_ACCOUNT, "example.com");
    let arn = world.request(&["example.com", "*.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {seen}")]);
    assert_ne!(stale, seen);
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "ISSUED"]);
}

#[tokio::test(start_paused = true)]
async fn zones_of_the_same_name_that_nobody_sees_are_a_block_that_names_all_name_servers() {
    let world = World::new();
    let zones = [(); 2].map(|()| world.sim.aws().route53.create_zone(ACCOUNT, "example.com"));
    served_elsewhere(&world, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(5).await;
    let outcome = world.outcome();
    assert_eq!(outcome["state"], "BLOCKED");
    let [first, second] = zones.each_ref().map(|id| world.sim.aws().route53.name_servers(id));
    let names = [ELSEWHERE[0], ELSEWHERE[1], &*first[0], &*second[3], &*zones[0], &*zones[1]];
    check_text(&outcome["reason"], &names);
    assert_eq!(world.writes(), []);

    world.sim.aws().route53.register("example.com", &zones[1]);
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {}", zones[1])]);
}

#[tokio::test(start_paused = true)]
async fn a_child_zone_to_which_nothing_delegates_does_not_starve_the_names_below_it() {
    let world = World::new();
    let parent = world.zone("example.com");
    world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    let arn = world.request(&["www.dev.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("www.dev.example.com in {parent}")]);
}

#[tokio::test(start_paused = true)]
async fn a_child_zone_that_is_delegated_later_gets_the_record_then() {
    let world = World::new();
    world.zone("example.com");
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::minutes(20);
    let child = world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    let arn = world.request(&["dev.example.com"]).await;
    world.minutes(3).await;
    world.sim.aws().route53.delegate(&child);
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert!(world.written().contains(&format!("dev.example.com in {child}")));
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_the_world_sees_is_used_though_another_account_cannot_be_read() {
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", DNS_ROLE)]);
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_the_world_does_not_see_is_not_used_while_another_account_cannot_be_read() {
    let world = World::with(&[("HOSTED_ZONE_ROLE_ARNS", DNS_ROLE)]);
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    // The zone of the other account, which has the same name.
    let right = world.zone_of(DNS_ACCOUNT, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(20).await;
    assert_eq!((world.outcome()["state"].as_str(), world.writes().len()), (Some("BLOCKED"), 0));
    check_text(&world.outcome()["reason"], &[DNS_ROLE]);
    world.role(DNS_ACCOUNT, "dns");
    world.minutes(40).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {right}")]);
}

#[tokio::test(start_paused = true)]
async fn a_registrar_with_other_name_servers_is_told_and_heals() {
    let world = World::new();
    let zone = world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    served_elsewhere(&world, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(9).await;
    assert_eq!((world.published(), questions(&world)), (vec!["RECORDS_WRITTEN".to_owned()], 0));

    world.minutes(11).await;
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "BLOCKED"]);
    let outcome = world.outcome();
    assert_eq!(outcome["records"][0]["state"], "UNSEEN");
    assert_eq!(outcome["records"][0]["hostedZoneId"], json!(zone));
    let own = world.sim.aws().route53.name_servers(&zone);
    let words = [ELSEWHERE[0], ELSEWHERE[1], &*own[0], &*own[3], "at the registrar"];
    check_text(&outcome["reason"], &words);
    assert!(world.blocked("NotDelegated") > 0);

    world.sim.aws().route53.register("example.com", &zone);
    world.minutes(60).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.published(), ["RECORDS_WRITTEN", "BLOCKED", "ISSUED"]);
    assert_eq!(world.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_more_names_than_questions_all_are_told_that_nobody_sees_their_zone() {
    let world = World::new();
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    served_elsewhere(&world, "example.com");
    world.request_many(&names_under("example.com", 100)).await;
    world.minutes(20).await;
    let outcome = world.outcome();
    let records = outcome["records"].as_array().expect("records");
    let unseen = records.iter().filter(|record| record["state"] == "UNSEEN");
    assert_eq!(unseen.count(), 100);
    assert!(questions(&world) < 60);
}

#[tokio::test(start_paused = true)]
async fn of_two_zones_of_the_same_name_the_one_that_the_world_sees_gets_a_hundred_records_at_once()
{
    let world = World::new();
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    world.zone("example.com");
    let arn = world.request_many(&names_under("example.com", 100)).await;
    world.minutes(20).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!((world.written().len(), world.published()[0].as_str()), (100, "RECORDS_WRITTEN"));
    assert!(questions(&world) < 10);
}

#[tokio::test(start_paused = true)]
async fn a_parent_zone_of_ours_with_wrong_name_servers_is_named() {
    let world = World::new();
    let parent = world.zone("example.com");
    let child = world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    world.sim.aws().route53.zone_elsewhere("dev.example.com", &ELSEWHERE);
    world.sim.aws().route53.put_record(&parent, "dev.example.com", "NS", 300, &ELSEWHERE);
    world.request(&["dev.example.com"]).await;
    world.minutes(20).await;
    let outcome = world.outcome();
    assert_eq!(outcome["records"][0]["state"], "UNSEEN", "{outcome}");
    let change = format!("set the NS record set dev.example.com in hosted zone {parent}");
    check_text(&outcome["reason"], &[&change, &child, ELSEWHERE[0]]);
}

#[tokio::test(start_paused = true)]
async fn a_domain_that_is_not_registered_is_told() {
    let world = World::new();
    let zone = world.zone("example.com");
    world.sim.aws().route53.unregister("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(20).await;
    check_text(&world.outcome()["reason"], &["public DNS does not know example.com"]);
    world.sim.aws().route53.register("example.com", &zone);
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

/// Gives the name servers of a zone of example.com names below it, and the registrar these names only.
fn white_label(world: &World, zone: &str) {
    let route53 = &mut world.sim.aws().route53;
    let own = route53.name_servers(zone);
    let labels = ["ns1.example.com", "ns2.example.com"];
    for (label, server) in labels.iter().zip(&own) {
        route53.white_label(label, server);
    }
    route53.put_record(zone, "example.com", "NS", 300, &labels);
    route53.register_with("example.com", &labels);
}

#[tokio::test(start_paused = true)]
async fn white_label_name_servers_are_those_of_the_zone() {
    let world = World::new();
    let zone = world.zone("example.com");
    white_label(&world, &zone);
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::minutes(40);
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.published(), ["RECORDS_WRITTEN"]);
    assert!(questions(&world) > 0);
    assert_eq!(diagnosis(&world, &arn).await["names"][0]["zones"][0]["seen"], true);
}

#[tokio::test(start_paused = true)]
async fn of_two_zones_of_the_same_name_the_one_with_white_label_name_servers_gets_the_record() {
    let world = World::new();
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    let seen = world.zone("example.com");
    white_label(&world, &seen);
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    assert_eq!(world.written(), [format!("example.com in {seen}")]);
}

#[tokio::test(start_paused = true)]
async fn resolvers_that_tell_nothing_change_nothing() {
    for kind in [
        DnsFaultKind::Garbage,
        DnsFaultKind::OnlyWrongId,
        DnsFaultKind::Refused,
        DnsFaultKind::ServFail,
        DnsFaultKind::Silence,
        DnsFaultKind::WrongQuestion,
    ] {
        let world = World::new();
        world.sim.aws().dns.faults.add(DnsFault::new(kind));
        world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
        served_elsewhere(&world, "example.com");
        world.request(&["example.com"]).await;
        world.minutes(60).await;
        assert_eq!(world.published(), ["RECORDS_WRITTEN"], "{kind:?}");
        assert_eq!(world.errors(), [""; 0], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_poisoned_truncated_or_late_are_read_as_they_should_be() {
    for kind in [DnsFaultKind::Poisoned, DnsFaultKind::Truncated, DnsFaultKind::WrongId] {
        let world = World::new();
        world.sim.aws().dns.faults.add(DnsFault::new(kind));
        world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
        let seen = world.zone("example.com");
        let arn = world.request(&["example.com"]).await;
        world.minutes(30).await;
        assert_eq!(world.status(&arn), "ISSUED", "{kind:?}");
        assert_eq!(world.written(), [format!("example.com in {seen}")], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_resolver_is_passed_over_for_one_that_answers() {
    let world = World::with(&[("DNS_RESOLVERS", "192.0.2.1,192.0.2.2")]);
    let silent = "192.0.2.1:53".parse().expect("an address");
    world.sim.aws().dns.faults.add(DnsFault::new(DnsFaultKind::Silence).of(silent));
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_may_not_ask_public_dns_works_as_without() {
    let world = World::with(&[("DNS_RESOLVERS", "none")]);
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    served_elsewhere(&world, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(60).await;
    assert_eq!((world.published(), questions(&world)), (vec!["RECORDS_WRITTEN".to_owned()], 0));
    let diagnosis = diagnosis(&world, &arn).await;
    check_text(&diagnosis["advice"], &["it is unknown whether public DNS shows them"]);
}

#[tokio::test(start_paused = true)]
async fn a_first_check_with_one_zone_asks_nothing() {
    let world = World::new();
    world.zone("example.com");
    let arn = world.request(&["example.com", "www.example.com"]).await;
    world.minutes(9).await;
    assert_eq!((world.status(&arn).as_str(), questions(&world)), ("ISSUED", 0));
}

#[tokio::test(start_paused = true)]
async fn the_questions_of_each_case_are_few() {
    let world = World::new();
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    world.zone("example.com");
    world.request(&["example.com"]).await;
    world.minutes(1).await;
    // The SOA and the NS records; GetHostedZone for each of the two zones.
    assert_eq!((questions(&world), world.count("GetHostedZone")), (2, 2));

    let world = World::new();
    world.zone("example.com");
    world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    world.request(&["www.dev.example.com"]).await;
    world.minutes(1).await;
    assert_eq!((questions(&world), world.count("GetHostedZone")), (2, 0));

    let world = World::new();
    world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    served_elsewhere(&world, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(10).await;
    let before = questions(&world);
    world.minutes(4).await;
    // The check at twelve minutes: SOA, NS, and two addresses of each of the six name servers.
    assert_eq!((questions(&world) - before, world.count("GetHostedZone")), (14, 1));
    let before = questions(&world);
    diagnosis(&world, &arn).await;
    // Besides, the CNAME record, and CAA records at two names.
    assert_eq!(questions(&world) - before, 17);
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_leads_with_the_delegation_and_shows_what_the_world_sees() {
    let world = World::new();
    let zone = world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    served_elsewhere(&world, "example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(5).await;
    let answer = diagnosis(&world, &arn).await;
    let name = &answer["names"][0];
    assert_eq!(name["publicDns"], json!({"apex": "example.com", "nameServers": ELSEWHERE}));
    assert_eq!(
        (&name["zones"][0]["seen"], &name["record"]["state"]),
        (&json!(false), &json!("UNSEEN"))
    );
    check_text(
        &answer["advice"],
        &["example.com: public DNS asks the name servers", ELSEWHERE[0], &zone],
    );
}

#[tokio::test(start_paused = true)]
async fn a_diagnosis_says_that_nothing_stands_in_the_way_only_if_the_world_sees_the_record() {
    let world = World::new();
    let zone = world.zone("example.com");
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::minutes(40);
    let arn = world.request(&["example.com"]).await;
    world.minutes(5).await;
    let answer = diagnosis(&world, &arn).await;
    check_text(&answer["advice"], &["Nothing stands in the way"]);
    let (name, value) = sim::acm::validation_record(ACCOUNT, "example.com");
    assert_eq!(answer["names"][0]["publicDns"]["cname"], json!(value.trim_end_matches('.')));

    // One of two name servers of the registrar is not Route 53's.
    let own = world.sim.aws().route53.name_servers(&zone);
    let mixed = [own[0].as_str(), ELSEWHERE[0]];
    world.sim.aws().route53.put_record(&zone, "example.com", "NS", 300, &mixed);
    let answer = diagnosis(&world, &arn).await;
    check_text(&answer["remarks"][0], &[ELSEWHERE[0], &zone]);
    check_text(&answer["advice"], &["Nothing stands in the way", ELSEWHERE[0]]);

    world.silence_dns();
    let answer = diagnosis(&world, &arn).await;
    check_text(
        &answer["advice"],
        &["it is unknown whether public DNS shows them", "did not answer"],
    );
    check_text(&answer["names"][0]["publicDns"]["unknown"], &["did not answer"]);
    assert_eq!(answer["names"][0]["record"]["name"], json!(name));
}

#[tokio::test(start_paused = true)]
async fn a_caa_record_that_stands_where_no_hosted_zone_is_ours_is_named() {
    let world = World::new();
    // The registered domain is served elsewhere, and only a child zone is ours.
    let parent = world.sim.aws().route53.zone_elsewhere("example.com", &ELSEWHERE);
    world.sim.aws().route53.register_with("example.com", &ELSEWHERE);
    let caa = ["0 issue \"letsencrypt.org\""];
    world.sim.aws().route53.put_record(&parent, "example.com", "CAA", 300, &caa);
    let child = world.sim.aws().route53.create_zone(ACCOUNT, "dev.example.com");
    world.sim.aws().route53.delegate(&child);
    world.sim.aws().acm.behaviour.validation_interval = TimeDelta::minutes(20);
    let arn = world.request(&["dev.example.com"]).await;
    world.minutes(2).await;
    let expected = "example.com CAA 0 issue \"letsencrypt.org\"";
    let answer = diagnosis(&world, &arn).await;
    assert_eq!(answer["names"][0]["caa"], expected);
    check_text(&answer["advice"], &["does not allow Amazon", expected]);

    world.minutes(60).await;
    assert_eq!(world.status(&arn), "FAILED");
    let outcome = world.outcome();
    check_text(&outcome["reason"], &["CAA_ERROR", expected, "governs dev.example.com"]);
}

#[tokio::test(start_paused = true)]
async fn a_caa_record_at_the_target_of_an_alias_is_named() {
    let world = World::new();
    let zone = world.zone("example.com");
    let other = world.sim.aws().route53.zone_elsewhere("vendor.net", &ELSEWHERE);
    world.sim.aws().route53.register_with("vendor.net", &ELSEWHERE);
    world.sim.aws().route53.put_record(
        &zone,
        "www.example.com",
        "CNAME",
        300,
        &["app.vendor.net."],
    );
    let caa = ["0 issue \"digicert.com\""];
    world.sim.aws().route53.put_record(&other, "app.vendor.net", "CAA", 300, &caa);
    let arn = world.request(&["www.example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "FAILED");
    let words = ["www.example.com CAA 0 issue \"digicert.com\"", "from app.vendor.net"];
    check_text(&world.outcome()["reason"], &words);
}

#[tokio::test(start_paused = true)]
async fn an_issued_certificate_that_the_world_no_longer_sees_cannot_be_renewed_says_the_diagnosis()
{
    let world = World::new();
    let zone = world.zone("example.com");
    let arn = world.request(&["example.com"]).await;
    world.minutes(30).await;
    assert_eq!(world.status(&arn), "ISSUED");
    served_elsewhere(&world, "example.com");
    let answer = diagnosis(&world, &arn).await;
    check_text(&answer["advice"], &["ACM cannot renew it", ELSEWHERE[1], &zone]);
}

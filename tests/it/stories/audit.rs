//! Audits: which certificates will not be renewed and why, and which records nobody within reach asks for.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sim::acm::{
    Certificate, Method, Renewal, RenewalStatus, Status, Update, UpdateStatus, validation_record,
};
use sim::dns::{DnsFault, DnsFaultKind};
use sim::faults::{Fault, FaultKind};
use sim::lambda::Function;

use crate::world::{
    ACCOUNT, DNS_ACCOUNT, FUNCTION, MEMBER_ACCOUNT, REGION, World, audit, names_under,
};

/// A world whose function has the time that the templates give it.
fn world_with(settings: &[(&str, &str)]) -> World {
    let world = World::with(settings);
    let function = Function { timeout: TimeDelta::minutes(2), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, function);
    world
}

/// Creates a certificate that was issued a hundred days ago and is in use, without its records; returns its ARN.
fn issued(world: &World, names: &[&str], change: impl FnOnce(&mut Certificate)) -> String {
    issued_in(world, ACCOUNT, REGION, names, change)
}

fn issued_in(
    world: &World,
    account: &str,
    region: &str,
    names: &[&str],
    change: impl FnOnce(&mut Certificate),
) -> String {
    let then = world.sim.now() - TimeDelta::days(100);
    world.sim.aws().acm.seed(account, region, names, then, |certificate| {
        certificate.status = Status::Issued;
        certificate.in_use_by = vec!["arn:aws:elasticloadbalancing:::loadbalancer/app".to_owned()];
        change(certificate);
    })
}

/// Writes the validation record of a name of this account, as whoever set it up did; returns its name.
fn put_record(world: &World, zone: &str, account: &str, name: &str) -> String {
    let (record, value) = validation_record(account, name);
    world.sim.aws().route53.put_record(zone, &record, "CNAME", 60, &[&value]);
    record
}

/// Whether a zone has the validation record of a name of the function's account.
fn has_record(world: &World, zone: &str, name: &str) -> bool {
    let (record, _) = validation_record(ACCOUNT, name);
    world.sim.aws().route53.record(zone, &record, "CNAME").is_some()
}

/// Runs an audit to its end; returns its last answer.
async fn audited(world: &World) -> Value {
    audited_of(world, &[]).await
}

async fn audited_of(world: &World, arns: &[&str]) -> Value {
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, audit(arns), now);
    for _ in 0..1_000 {
        world.minutes(1).await;
        let answers = world.audited();
        if let Some(last) = answers.last()
            && last.get("from").is_none()
            && last.get("certificatesLeft").is_none()
        {
            return last.clone();
        }
    }
    panic!("the audit does not end: {:?} {:?}", world.audited(), world.errors());
}

/// The findings that were published so far, each in one line: its word, the name, and whether it was repaired.
fn findings(world: &World) -> Vec<String> {
    let line = |finding: &Value| {
        let word = finding["finding"].as_str().unwrap_or_default();
        let name = finding["domainName"].as_str().unwrap_or_default();
        let repaired = if finding["repaired"] == true { ", repaired" } else { "" };
        format!("{word} {name}{repaired}")
    };
    world.events("Certificate Audit Finding").iter().map(line).collect()
}

/// The advice of the only finding.
fn advice(world: &World) -> String {
    let findings = world.events("Certificate Audit Finding");
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings[0]["advice"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn an_audit_finds_nothing_wrong_with_a_certificate_whose_record_is_in_place() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    issued(&world, &["example.com", "*.example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "example.com");
    let answer = audited(&world).await;
    assert_eq!(findings(&world), [""; 0]);
    assert_eq!((&answer["certificatesAudited"], &answer["hostedZones"]), (&json!(1), &json!(1)));
    assert_eq!((&answer["certificatesAtRisk"], &answer["unread"]), (&json!(0), &json!([])));
    assert_eq!(world.events("Certificate Audit Summary").len(), 1);
    assert_eq!((world.metric("CertificatesAudited"), world.lines_with("RecordsUnused")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_missing_record_is_put_back_before_acm_misses_it() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    let arn = issued(&world, &["example.com"], |_| {});
    let answer = audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_MISSING example.com, repaired"]);
    assert!(has_record(&world, &zone, "example.com"));
    let finding = &world.events("Certificate Audit Finding")[0];
    let (name, value) = validation_record(ACCOUNT, "example.com");
    assert_eq!(finding["record"], json!({"name": name, "value": value}));
    assert_eq!((&finding["certificateArn"], &finding["hostedZoneId"]), (&json!(arn), &json!(zone)));
    assert_eq!((&answer["recordsRepaired"], &answer["certificatesAtRisk"]), (&json!(1), &json!(0)));
    assert_eq!(world.metric("RecordsRepaired"), 1);
    // The next audit finds nothing any more.
    audited(&world).await;
    assert_eq!((findings(&world).len(), world.writes().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_two_certificates_share_is_put_back_once() {
    let world = world_with(&[("REGIONS", "eu-west-1,us-east-1")]);
    world.zone("example.com");
    issued(&world, &["example.com"], |_| {});
    issued_in(&world, ACCOUNT, "us-east-1", &["*.example.com"], |_| {});
    let answer = audited(&world).await;
    assert_eq!(
        findings(&world),
        ["RECORD_MISSING example.com, repaired", "RECORD_MISSING *.example.com, repaired"]
    );
    assert_eq!((&answer["recordsRepaired"], world.writes().len()), (&json!(1), 1));
}

#[tokio::test(start_paused = true)]
async fn the_record_of_a_certificate_that_nothing_uses_is_not_put_back() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    issued(&world, &["example.com"], |certificate| certificate.in_use_by.clear());
    let answer = audited(&world).await;
    assert_eq!(findings(&world), ["NOT_IN_USE example.com"]);
    assert!(!has_record(&world, &zone, "example.com"));
    assert_eq!((&answer["certificatesAtRisk"], world.writes().len()), (&json!(0), 0));
}

#[tokio::test(start_paused = true)]
async fn the_record_of_a_certificate_that_was_only_exported_is_reported_and_not_put_back() {
    let world = world_with(&[]);
    world.zone("example.com");
    issued(&world, &["example.com"], |certificate| {
        certificate.in_use_by.clear();
        certificate.exported = true;
    });
    let answer = audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_MISSING example.com"]);
    assert_eq!((&answer["certificatesAtRisk"], world.writes().len()), (&json!(1), 0));
}

#[tokio::test(start_paused = true)]
async fn a_region_that_cannot_be_listed_is_named_and_lambda_tries_the_audit_again() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    issued(&world, &["example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "old.example.com");
    let later = world.sim.now() + TimeDelta::seconds(50);
    world
        .fault(Fault::new(FaultKind::InternalError).on("SearchCertificates").times(3).until(later));
    let answer = audited(&world).await;
    let errors = world.errors();
    assert!(errors.len() == 1 && errors[0].starts_with("List: cannot list"), "{errors:?}");
    // The first audit names the region and calls nothing unused; the second one knows everything.
    let summaries = world.events("Certificate Audit Summary");
    assert_eq!(summaries.len(), 2);
    assert_eq!(summaries[0]["unread"].as_array().map(Vec::len), Some(1));
    assert_eq!((&summaries[0]["recordsUnused"], &answer["recordsUnused"]), (&json!(0), &json!(1)));
    // What could not be listed was not audited.
    assert_eq!(
        findings(&world),
        ["RECORD_MISSING example.com, repaired", "RECORD_UNUSED old.example.com"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_cannot_be_described_is_named_and_its_records_are_not_called_unused() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    issued(&world, &["a.example.com"], |_| {});
    issued(&world, &["b.example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "a.example.com");
    put_record(&world, &zone, ACCOUNT, "b.example.com");
    world.fault(Fault::new(FaultKind::Denied).on("DescribeCertificate"));
    let answer = audited(&world).await;
    let unread = answer["unread"].as_array().expect("a list");
    assert_eq!(unread.iter().filter(|part| part["certificateArn"].is_string()).count(), 2);
    assert_eq!(unread.iter().filter(|part| part["hostedZoneId"] == zone).count(), 1);
    assert_eq!((findings(&world), &answer["recordsUnused"]), (Vec::new(), &json!(0)));
}

#[tokio::test(start_paused = true)]
async fn an_audit_whose_calls_get_no_answer_comes_to_an_end() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    issued(&world, &["example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "example.com");
    world.fault(Fault::new(FaultKind::Silence).of(sim::aws::Service::Route53));
    let answer = audited(&world).await;
    assert!(answer["invocations"].as_u64() <= Some(3), "{answer}");
    assert!(answer["unread"].as_array().is_some_and(|unread| !unread.is_empty()), "{answer}");
    assert_eq!((&answer["recordsUnused"], world.errors().len()), (&json!(0), 0));
}

#[tokio::test(start_paused = true)]
async fn the_record_of_a_certificate_that_is_opted_out_is_reported_and_not_put_back() {
    let world = world_with(&[]);
    world.zone("example.com");
    issued(&world, &["example.com"], |certificate| {
        certificate.tags.insert("acm-dns-validator:skip".to_owned(), "true".to_owned());
    });
    audited(&world).await;
    assert_eq!(
        (findings(&world), world.writes().len()),
        (vec!["RECORD_MISSING example.com".to_owned()], 0)
    );
}

#[tokio::test(start_paused = true)]
async fn only_records_of_allowed_domains_are_put_back() {
    let world = world_with(&[("ALLOWED_DOMAINS", "example.com")]);
    let (com, org) = (world.zone("example.com"), world.zone("example.org"));
    issued(&world, &["example.com", "example.org"], |_| {});
    audited(&world).await;
    assert_eq!(
        findings(&world),
        ["RECORD_MISSING example.com, repaired", "RECORD_MISSING example.org"]
    );
    assert!(has_record(&world, &com, "example.com") && !has_record(&world, &org, "example.org"));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_puts_nothing_back_and_schedules_nothing() {
    let world = world_with(&[("DRY_RUN", "true")]);
    world.zone("example.com");
    issued(&world, &["example.com"], |_| {});
    audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_MISSING example.com"]);
    assert_eq!((world.writes().len(), world.scheduled()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_record_with_another_value_is_reported_and_not_overwritten() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    issued(&world, &["example.com"], |_| {});
    let (name, _) = validation_record(ACCOUNT, "example.com");
    world.sim.aws().route53.put_record(&zone, &name, "CNAME", 60, &["elsewhere.example.org."]);
    audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_DIFFERENT example.com"]);
    assert_eq!(world.writes().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_record_with_another_value_stays_if_public_dns_fails_between_finding_and_putting_back() {
    for answers in 0..24 {
        let world = world_with(&[]);
        world.zone("example.com");
        // As long as public DNS answers, the record belongs into the other zone, where it is missing.
        let hidden = world.sim.aws().route53.create_zone(ACCOUNT, "www.example.com");
        issued(&world, &["www.example.com"], |_| {});
        let (name, _) = validation_record(ACCOUNT, "www.example.com");
        let value = "elsewhere.example.org.";
        world.sim.aws().route53.put_record(&hidden, &name, "CNAME", 60, &[value]);
        world.sim.aws().dns.faults.add(DnsFault::new(DnsFaultKind::ServFail).after(answers));
        audited(&world).await;
        let aws = world.sim.aws();
        let record = aws.route53.record(&hidden, &name, "CNAME").expect("a record");
        assert_eq!(record.values, [value], "public DNS failed after {answers} answers");
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_where_public_dns_does_not_ask_is_unseen() {
    let world = world_with(&[]);
    let zone = world.sim.aws().route53.create_zone(ACCOUNT, "example.com");
    world.sim.aws().route53.register_with("example.com", &["ns1.elsewhere.net"]);
    world.sim.aws().route53.zone_elsewhere("example.com", &["ns1.elsewhere.net"]);
    issued(&world, &["example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "example.com");
    audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_UNSEEN example.com"]);
    assert!(advice(&world).contains("ns1.elsewhere.net"), "{}", advice(&world));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_stands_at_another_dns_provider_is_no_finding() {
    let world = world_with(&[]);
    let elsewhere = world.sim.aws().route53.zone_elsewhere("example.com", &["ns1.elsewhere.net"]);
    world.sim.aws().route53.register_with("example.com", &["ns1.elsewhere.net"]);
    issued(&world, &["example.com"], |_| {});
    put_record(&world, &elsewhere, ACCOUNT, "example.com");
    let answer = audited(&world).await;
    assert_eq!((findings(&world), &answer["certificatesAudited"]), (Vec::new(), &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_no_zone_can_hold_is_blocked() {
    let world = world_with(&[]);
    issued(&world, &["example.com"], |_| {});
    audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_BLOCKED example.com"]);
    assert!(advice(&world).contains("no hosted zone can hold the name"), "{}", advice(&world));
}

#[tokio::test(start_paused = true)]
async fn a_caa_record_that_does_not_allow_amazon_is_found_once_for_each_certificate() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    issued(&world, &["a.example.com", "b.example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "a.example.com");
    put_record(&world, &zone, ACCOUNT, "b.example.com");
    let forbids = "0 issue \"letsencrypt.org\"";
    world.sim.aws().route53.put_record(&zone, "example.com", "CAA", 300, &[forbids]);
    let answer = audited(&world).await;
    assert_eq!(findings(&world), ["CAA_FORBIDS a.example.com"]);
    assert_eq!(answer["certificatesAtRisk"], json!(1));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_validated_by_email_is_reported_unless_it_changes_to_dns() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    let by_email = |certificate: &mut Certificate| {
        certificate.validation_method = Some(Method::Email);
    };
    issued(&world, &["example.com"], by_email);
    let now = world.sim.now();
    issued(&world, &["changing.example.com"], |certificate| {
        by_email(certificate);
        certificate.update = Some(Update {
            status: UpdateStatus::PendingDomainValidation,
            domains: certificate.domains.clone(),
            requested_at: now,
            updated_at: now,
        });
    });
    put_record(&world, &zone, ACCOUNT, "changing.example.com");
    audited(&world).await;
    assert_eq!(findings(&world), ["EMAIL_VALIDATED example.com"]);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_failed_is_reported_with_its_reason() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    let now = world.sim.now();
    issued(&world, &["example.com"], |certificate| {
        certificate.renewal = Some(Renewal {
            status: RenewalStatus::Failed,
            reason: Some("CAA_ERROR".to_owned()),
            domains: certificate.domains.clone(),
            updated_at: now,
            remind_at: None,
        });
    });
    put_record(&world, &zone, ACCOUNT, "example.com");
    audited(&world).await;
    assert_eq!(findings(&world), ["RENEWAL_FAILED example.com"]);
    assert!(advice(&world).contains("CAA_ERROR"), "{}", advice(&world));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_expires_soon_is_reported_unless_its_renewal_is_under_way() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    let now = world.sim.now();
    let expires_in = |days: i64| {
        move |certificate: &mut Certificate| {
            certificate.issued_at = Some(certificate.created_at);
            certificate.not_after = Some(now + TimeDelta::days(days));
        }
    };
    issued(&world, &["soon.example.com"], expires_in(29));
    issued(&world, &["later.example.com"], expires_in(31));
    issued(&world, &["renewing.example.com"], |certificate| {
        expires_in(29)(certificate);
        certificate.renewal = Some(Renewal {
            status: RenewalStatus::PendingAutoRenewal,
            reason: None,
            domains: certificate.domains.clone(),
            updated_at: now,
            remind_at: None,
        });
    });
    for name in ["soon", "later", "renewing"] {
        put_record(&world, &zone, ACCOUNT, &format!("{name}.example.com"));
    }
    audited(&world).await;
    assert_eq!(findings(&world), ["EXPIRES_UNRENEWED soon.example.com"]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_certificate_is_reported_while_something_uses_it() {
    let world = world_with(&[]);
    let expired = |certificate: &mut Certificate| {
        certificate.issued_at = Some(certificate.created_at);
        certificate.not_after = Some(certificate.created_at + TimeDelta::days(90));
        certificate.status = Status::Expired;
    };
    issued(&world, &["used.example.com"], expired);
    issued(&world, &["forgotten.example.com"], |certificate| {
        expired(certificate);
        certificate.in_use_by.clear();
    });
    let answer = audited(&world).await;
    assert_eq!(findings(&world), ["EXPIRES_UNRENEWED used.example.com"]);
    assert_eq!(answer["certificatesAudited"], json!(2));
}

#[tokio::test(start_paused = true)]
async fn a_pending_certificate_is_left_to_its_checks() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    let now = world.sim.now();
    world.sim.aws().acm.seed(ACCOUNT, REGION, &["example.com"], now, |certificate| {
        // ACM has not made the record yet: any record of the name may become its own.
        certificate.domains[0].record_at = None;
    });
    put_record(&world, &zone, ACCOUNT, "example.com");
    let answer = audited(&world).await;
    assert_eq!(findings(&world), [""; 0]);
    assert_eq!((&answer["certificatesAudited"], world.writes().len()), (&json!(1), 0));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_no_certificate_asks_for_is_unused_and_stays() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    issued(&world, &["example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "example.com");
    let old = put_record(&world, &zone, ACCOUNT, "old.example.com");
    // Those of another account under a name that has a certificate here.
    let foreign = put_record(&world, &zone, MEMBER_ACCOUNT, "example.com");
    world.sim.aws().route53.put_record(
        &zone,
        "_dmarc.example.com",
        "CNAME",
        60,
        &["x.example.org."],
    );
    let answer = audited(&world).await;
    let events = world.events("Certificate Audit Finding");
    let names: Vec<_> = events.iter().map(|it| it["record"]["name"].clone()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&json!(old)) && names.contains(&json!(foreign)), "{names:?}");
    assert!(events.iter().all(|it| it["finding"] == "RECORD_UNUSED" && it["hostedZoneId"] == zone));
    for event in &events {
        let advice = event["advice"].as_str().expect("an advice");
        assert!(advice.contains("no proof"), "{advice}");
        assert_eq!(advice.contains("belongs to somebody else"), event["record"]["name"] == foreign);
    }
    // What a person can apply, exactly as Route 53 has it.
    let changes = &answer["changeBatches"][0]["changeBatch"]["Changes"];
    assert_eq!(changes.as_array().map(Vec::len), Some(2));
    let (_, value) = validation_record(ACCOUNT, "old.example.com");
    let set = json!({
        "Name": old, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": value}],
    });
    let delete = json!({"Action": "DELETE", "ResourceRecordSet": set});
    assert!(changes.as_array().expect("changes").contains(&delete), "{changes}");
    assert_eq!(world.metric("RecordsUnused"), 2);
    assert_eq!(world.count("ChangeResourceRecordSets"), 0, "nothing is ever deleted");
}

#[tokio::test(start_paused = true)]
async fn no_record_is_called_unused_if_an_account_cannot_be_read() {
    let world =
        world_with(&[("CERTIFICATE_ROLE_NAME", "certificates"), ("ACCOUNTS", MEMBER_ACCOUNT)]);
    let zone = world.zone("example.com");
    issued(&world, &["example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "old.example.com");
    // There is no role in the member's account.
    let answer = audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_MISSING example.com, repaired"]);
    assert_eq!(answer["recordsUnused"], json!(0));
    assert_eq!(answer["unread"][0]["account"], json!(MEMBER_ACCOUNT));
    let why = answer["unusedUnknown"].as_str().expect("why");
    assert!(why.contains(MEMBER_ACCOUNT), "{why}");
    // Somebody creates the role.
    world.role(MEMBER_ACCOUNT, "certificates");
    let answer = audited(&world).await;
    assert_eq!((&answer["recordsUnused"], answer.get("unusedUnknown")), (&json!(1), None));
}

#[tokio::test(start_paused = true)]
async fn no_record_is_called_unused_if_accounts_are_served_that_nothing_names() {
    let world = world_with(&[("CERTIFICATE_ROLE_NAME", "certificates")]);
    let zone = world.zone("example.com");
    put_record(&world, &zone, MEMBER_ACCOUNT, "example.com");
    let answer = audited(&world).await;
    assert_eq!(findings(&world), [""; 0]);
    let why = answer["unusedUnknown"].as_str().expect("why");
    assert!(why.contains("ACCOUNTS"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_record_is_used_whichever_account_region_and_state_the_certificate_is_in() {
    let world = world_with(&[
        ("CERTIFICATE_ROLE_NAME", "certificates"),
        ("ACCOUNTS", MEMBER_ACCOUNT),
        ("REGIONS", "eu-west-1,us-east-1"),
        ("HOSTED_ZONE_ROLE_ARNS", crate::world::DNS_ROLE),
    ]);
    world.role(MEMBER_ACCOUNT, "certificates");
    world.role(DNS_ACCOUNT, "dns");
    let zone = world.zone_of(DNS_ACCOUNT, "example.com");
    let nested = world.zone("dev.example.com");
    issued_in(&world, MEMBER_ACCOUNT, "us-east-1", &["member.example.com"], |_| {});
    issued(&world, &["a.example.org", "other.dev.example.com"], |_| {});
    let then = world.sim.now() - TimeDelta::days(10);
    world.sim.aws().acm.seed(ACCOUNT, REGION, &["timed-out.example.com"], then, |certificate| {
        certificate.status = Status::ValidationTimedOut;
    });
    put_record(&world, &zone, MEMBER_ACCOUNT, "member.example.com");
    put_record(&world, &zone, ACCOUNT, "timed-out.example.com");
    put_record(&world, &nested, ACCOUNT, "other.dev.example.com");
    // The record stands in the zone above, too, where it does not help; but somebody asks for it.
    put_record(&world, &zone, ACCOUNT, "other.dev.example.com");
    let answer = audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_BLOCKED a.example.org"]);
    assert_eq!((&answer["hostedZones"], &answer["recordsUnused"]), (&json!(2), &json!(0)));
}

#[tokio::test(start_paused = true)]
async fn zones_that_may_not_be_written_to_are_not_read() {
    let world = world_with(&[("HOSTED_ZONE_TAG", "team=dns")]);
    let (ours, theirs) = (world.zone("example.com"), world.zone("example.org"));
    world.sim.aws().route53.tag_zone(&ours, "team", "dns");
    world.sim.aws().route53.create_private_zone(ACCOUNT, "example.net");
    world.sim.aws().route53.create_linked_zone(ACCOUNT, "example.info");
    put_record(&world, &ours, ACCOUNT, "old.example.com");
    put_record(&world, &theirs, ACCOUNT, "old.example.org");
    let answer = audited(&world).await;
    assert_eq!(findings(&world), ["RECORD_UNUSED old.example.com"]);
    assert_eq!(answer["hostedZones"], json!(1));
}

#[tokio::test(start_paused = true)]
async fn a_hosted_zone_that_cannot_be_read_is_named_and_stops_no_other() {
    let world = world_with(&[]);
    let zones = [world.zone("example.com"), world.zone("example.org")];
    put_record(&world, &zones[0], ACCOUNT, "old.example.com");
    put_record(&world, &zones[1], ACCOUNT, "old.example.org");
    world.fault(Fault::new(FaultKind::Denied).on("ListResourceRecordSets").times(2));
    let answer = audited(&world).await;
    let unread = answer["unread"].as_array().expect("a list");
    assert_eq!(unread.len() + findings(&world).len(), 2, "{answer}");
    assert!(unread.iter().all(|part| part["hostedZoneId"].is_string()), "{unread:?}");
}

#[tokio::test(start_paused = true)]
async fn certificates_that_are_named_are_audited_alone() {
    let world = world_with(&[]);
    let zone = world.zone("example.com");
    let arn = issued(&world, &["example.com"], |_| {});
    issued(&world, &["other.example.com"], |_| {});
    put_record(&world, &zone, ACCOUNT, "old.example.com");
    let answer = audited_of(&world, &[&arn]).await;
    assert_eq!(findings(&world), ["RECORD_MISSING example.com, repaired"]);
    assert_eq!((&answer["certificatesAudited"], &answer["hostedZones"]), (&json!(1), &json!(0)));
    assert_eq!((world.count("SearchCertificates"), world.count("ListCertificates")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn where_acm_has_no_search_the_listing_replaces_it() {
    let world = world_with(&[]);
    world.sim.aws().acm.set_search_available(REGION, false);
    let zone = world.zone("example.com");
    issued(&world, &["example.com"], |certificate| {
        certificate.key_algorithm = "EC_prime256v1".to_owned();
    });
    put_record(&world, &zone, ACCOUNT, "old.example.com");
    let answer = audited(&world).await;
    assert_eq!(answer["certificatesAudited"], json!(1));
    assert_eq!(
        findings(&world),
        ["RECORD_MISSING example.com, repaired", "RECORD_UNUSED old.example.com"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_audit_goes_through_the_queue_too() {
    let world = world_with(&[]);
    world.use_queue();
    world.zone("example.com");
    issued(&world, &["example.com"], |_| {});
    let now = world.sim.now();
    world.sim.aws().sqs.send(crate::world::QUEUE, audit(&[]).to_string(), now);
    world.minutes(3).await;
    assert_eq!(findings(&world), ["RECORD_MISSING example.com, repaired"]);
    assert_eq!((world.dead_letters(), world.errors()), (Vec::new(), Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn an_audit_that_runs_out_of_time_goes_on_where_it_stopped() {
    let world = world_with(&[]);
    let brief = Function { timeout: TimeDelta::seconds(30), ..Function::default() };
    world.sim.aws().lambda.add_function(FUNCTION, brief);
    let zone = world.zone("example.com");
    for name in names_under("example.com", 300) {
        issued(&world, &[&name], |_| {});
        put_record(&world, &zone, ACCOUNT, &name);
    }
    for domain in ["a.org", "b.org", "c.org"] {
        let zone = world.zone(domain);
        put_record(&world, &zone, ACCOUNT, domain);
    }
    let answer = audited(&world).await;
    let answers = world.audited();
    assert!(answers.len() > 1 && answers[0]["from"]["name"].is_string(), "{answers:?}");
    assert_eq!(answer["certificatesAudited"], json!(300));
    assert_eq!(answer["invocations"], json!(answers.len()));
    assert_eq!(answer["recordsUnused"], json!(3));
    assert_eq!(answer["findings"], json!({"RECORD_UNUSED": 3}));
    assert_eq!(answer["worst"].as_array().map(Vec::len), Some(3));
    assert_eq!(world.events("Certificate Audit Summary").len(), 1);
    assert_eq!(world.metric("CertificatesAudited"), 300);
    assert_eq!(world.errors(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_does_not_take_the_account_of_a_certificate_gets_no_record_of_an_audit() {
    let world = world_with(&[
        ("CERTIFICATE_ROLE_NAME", "certificates"),
        ("ACCOUNTS", MEMBER_ACCOUNT),
        ("HOSTED_ZONE_ACCOUNTS_TAG", "accounts"),
    ]);
    world.role(MEMBER_ACCOUNT, "certificates");
    let zone = world.zone("example.com");
    issued_in(&world, MEMBER_ACCOUNT, REGION, &["example.com"], |_| {});
    audited(&world).await;
    assert_eq!(
        (findings(&world), world.writes().len()),
        (vec!["RECORD_BLOCKED example.com".to_owned()], 0)
    );
    world.sim.aws().route53.tag_zone(&zone, "accounts", MEMBER_ACCOUNT);
    audited(&world).await;
    assert_eq!(
        findings(&world).last().map(String::as_str),
        Some("RECORD_MISSING example.com, repaired")
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_beside_an_audit_is_never_throttled() {
    let world = world_with(&[]);
    for domain in names_under("example.com", 60) {
        let zone = world.zone(&domain);
        for name in names_under(&domain, 5) {
            issued(&world, &[&name], |_| {});
            put_record(&world, &zone, ACCOUNT, &name);
        }
    }
    let now = world.sim.now();
    world.sim.aws().lambda.invoke(FUNCTION, audit(&[]), now);
    // People request certificates as fast as ACM lets them for a minute.
    let mut arns = Vec::new();
    for index in 0..60 {
        world.pass(TimeDelta::seconds(1)).await;
        arns.push(world.request(&[&format!("new{index}.n{index}.example.com")]).await);
    }
    world.minutes(60).await;
    let aws = world.sim.aws();
    let throttled = aws.calls().iter().filter(|call| is_throttled(call));
    let throttled: Vec<_> = throttled.map(|call| (call.at, &call.operation)).collect();
    assert!(throttled.is_empty(), "{throttled:?}");
    drop(aws);
    assert!(arns.iter().all(|arn| world.status(arn) == "ISSUED"));
    assert_eq!(world.audited().last().expect("an answer")["certificatesAudited"], json!(300));
}

/// Whether AWS refused a call since its rate was exceeded.
fn is_throttled(call: &sim::aws::Call) -> bool {
    call.error.as_ref().is_some_and(|code| code.starts_with("Throttling"))
}

/// `AUDIT=100000 cargo test --profile dst --test it an_audit_of_an_organization -- --nocapture` audits a whole
/// organization: ten certificates in each hosted zone, and five hundred in each account.
#[tokio::test(start_paused = true)]
async fn an_audit_of_an_organization_costs_a_few_calls_for_each_certificate_and_zone() {
    #[expect(clippy::disallowed_methods, reason = "the size of a measurement")]
    let certificates = std::env::var("AUDIT").ok().and_then(|text| text.parse().ok());
    let certificates: usize = certificates.unwrap_or(1_000);
    let (zones, members) = (certificates / 10, certificates / 500);
    let member = |index: usize| format!("{:012}", 200_000_000_000 + index);
    let accounts: Vec<_> = (0..members).map(member).collect();
    let listed = accounts.join(",");
    let world = world_with(&[
        ("CERTIFICATE_ROLE_NAME", "certificates"),
        ("ACCOUNTS", &listed),
        ("REGIONS", "eu-west-1,us-east-1"),
    ]);
    for account in &accounts {
        world.sim.aws().sts.add_account(account);
        world.role(account, "certificates");
    }
    for index in 0..zones {
        let domain = format!("zone{index}.com");
        let zone = world.zone(&domain);
        let account = &accounts[index % members];
        for (number, name) in names_under(&domain, 10).iter().enumerate() {
            let region = if number % 2 == 0 { REGION } else { "us-east-1" };
            issued_in(&world, account, region, &[name], |_| {});
            put_record(&world, &zone, account, name);
        }
        put_record(&world, &zone, account, &format!("old.{domain}"));
    }
    let began = world.sim.now();
    let answer = audited(&world).await;
    assert_eq!(answer["certificatesAudited"], json!(certificates));
    assert_eq!(answer["hostedZones"], json!(zones));
    assert_eq!(answer["recordsUnused"], json!(zones));
    assert_eq!(world.errors(), [""; 0]);
    let aws = world.sim.aws();
    let count = |service| {
        let calls = aws.calls().iter().filter(|call| call.service == service);
        calls.count() as f64
    };
    let (acm, route53) = (count(sim::aws::Service::Acm), count(sim::aws::Service::Route53));
    let throttled = aws.calls().iter().filter(|call| is_throttled(call)).count();
    let mut operations: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for call in aws.calls() {
        *operations.entry(&call.operation).or_default() += 1;
    }
    println!("{operations:?}");
    let (per_certificate, per_zone) = (acm / certificates as f64, route53 / zones as f64);
    println!(
        "{certificates} certificates in {zones} zones and {members} accounts: {per_certificate:.2} calls to \
         ACM for each certificate, {per_zone:.2} to Route 53 for each zone, {throttled} throttled, {} \
         invocations, {} s; public DNS was asked {:.1} times for each name",
        answer["invocations"],
        (world.sim.now() - began).num_seconds(),
        aws.questions().len() as f64 / certificates as f64,
    );
    assert_eq!(throttled, 0);
    assert!(per_certificate <= 2.5 && per_zone <= 4.0, "{per_certificate} {per_zone}");
}

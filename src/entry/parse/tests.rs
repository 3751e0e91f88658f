use chrono::TimeDelta;
use serde_json::json;

use super::*;
use crate::domain::request::{Listing, PageCursor, check_payload, sweep_payload};
use crate::domain::text::report;

const ARN: &str =
    "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";

fn event(source: &str, detail_type: &str, resources: &[&str], detail: Value) -> Value {
    json!({
        "source": source, "detail-type": detail_type, "resources": resources, "detail": detail,
        "time": "1970-01-01T00:10:00Z", "account": "111122223333",
    })
}

fn call(detail: Value) -> Value {
    event("aws.acm", CLOUDTRAIL, &[], detail)
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn changed(zone: ChangedZone) -> ZoneChange {
    ZoneChange { account: "111122223333".to_owned(), zone }
}

/// What an event means a day after the beginning of time.
fn parsed(payload: &Value) -> Result<Event, Unreadable> {
    parse(payload, at(24 * 60))
}

#[track_caller]
fn check_request(payload: &Value, since: Option<DateTime<Utc>>, trigger: Trigger) {
    let certificate = ARN.parse().expect("an ARN");
    let request = Request { certificate, since, trigger };
    assert_eq!(parsed(payload), Ok(Event::Reconcile(request)));
}

#[track_caller]
fn check_ignored(payload: &Value, reason: &str) {
    assert_eq!(parsed(payload), Ok(Event::Ignored(reason.to_owned())));
}

#[track_caller]
fn check_unreadable(payload: &Value, reason: &str) {
    let error = parsed(payload).expect_err("unreadable").to_string();
    assert!(error.contains(reason), "{error}");
}

#[test]
fn a_call_requests_a_reconciliation_of_the_certificate_it_created_or_is_about() {
    let made =
        json!({"eventTime": "1970-01-01T00:07:00Z", "responseElements": {"certificateArn": ARN}});
    check_request(&call(made), Some(at(7)), Trigger::Event);
    let about = json!({"requestParameters": {"certificateArn": ARN}, "responseElements": null});
    check_request(&call(about), Some(at(10)), Trigger::Event);
}

#[test]
fn a_sparse_record_is_a_legal_one() {
    let mut sparse = json!({
        "source": "aws.acm", "detail-type": CLOUDTRAIL,
        "detail": {"responseElements": {"certificateArn": ARN}},
    });
    check_request(&sparse, None, Trigger::Event);
    for field in ["errorCode", "eventName", "eventTime", "requestParameters", "since", "userAgent"]
    {
        sparse["detail"][field] = Value::Null;
    }
    for field in ["account", "id", "region", "resources", "time", "version"] {
        sparse[field] = Value::Null;
    }
    check_request(&sparse, None, Trigger::Event);
}

#[test]
fn a_failed_call_is_ignored() {
    let failed = json!({"errorCode": "AccessDenied", "responseElements": null});
    check_ignored(&call(failed), "the call failed with AccessDenied");
    let half = json!({"errorCode": "Throttling", "responseElements": {"certificateArn": ARN}});
    check_ignored(&call(half), "the call failed with Throttling");
}

#[test]
fn a_call_about_no_certificate_is_ignored() {
    for elements in [json!(null), json!({}), json!("x"), json!({"certificateArn": null})] {
        let detail =
            json!({"responseElements": elements, "requestParameters": {"domainName": "a.com"}});
        check_ignored(&call(detail), "the call was not about a certificate");
    }
}

#[test]
fn a_deleted_certificate_is_ignored() {
    let detail =
        json!({"eventName": "DeleteCertificate", "requestParameters": {"certificateArn": ARN}});
    check_ignored(&call(detail), "the certificate was deleted");
}

#[test]
fn any_event_of_acm_requests_a_reconciliation_of_its_resource() {
    for detail_type in
        ["ACM Certificate Renewal Action Required", "ACM Certificate Available", "ACM New"]
    {
        check_request(
            &event("aws.acm", detail_type, &[ARN], json!({})),
            Some(at(10)),
            Trigger::Event,
        );
    }
}

#[test]
fn a_check_with_a_time_is_a_follow_up() {
    check_request(&event(SOURCE, CHECK, &[ARN], json!({})), None, Trigger::Check);
    let certificate = ARN.parse().expect("an ARN");
    check_request(&check_payload(&certificate, Some(at(3))), Some(at(3)), Trigger::FollowUp);
    check_request(&check_payload(&certificate, None), None, Trigger::Check);
}

#[test]
fn a_sweep_may_name_accounts_and_a_position_to_go_on_from() {
    let read = |detail| parsed(&event(SOURCE, SWEEP, &[], detail));
    assert_eq!(read(json!({})), Ok(Event::Sweep(SweepRequest::default())));
    assert_eq!(read(json!(null)), Ok(Event::Sweep(SweepRequest::default())));
    let cursor = PageCursor {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        by: Listing::Search,
        token: Some("next".to_owned()),
        done: 7,
    };
    let accounts = vec!["444455556666".to_owned()];
    let rest = SweepRequest { accounts, from: Some(cursor.clone()), ..SweepRequest::default() };
    assert_eq!(parsed(&sweep_payload(&rest)), Ok(Event::Sweep(rest.clone())));
    let more = SweepRequest { places: vec![cursor.clone(); 2], ..rest };
    assert_eq!(parsed(&sweep_payload(&more)), Ok(Event::Sweep(more)));
    let refused = |detail, reason| check_unreadable(&event(SOURCE, SWEEP, &[], detail), reason);
    refused(json!({"accounts": 1}), "not that of a sweep");
    refused(json!({"accounts": ["1\n2"]}), "`1\\n2` is not the id of an account");
    let elsewhere = PageCursor { region: "evil.org/".to_owned(), ..cursor };
    refused(json!({"places": [elsewhere]}), "`evil.org/` is not the name of a region");
    refused(json!({"from": elsewhere}), "`evil.org/` is not the name of a region");
}

#[test]
fn a_diagnosis_needs_no_detail() {
    let payload = json!({"source": SOURCE, "detail-type": DIAGNOSIS, "resources": [ARN]});
    assert_eq!(parsed(&payload), Ok(Event::Diagnosis(ARN.parse().expect("an ARN"))));
}

#[test]
fn an_overview_names_certificates_once_each_or_none() {
    let overview = |resources: &[&str]| {
        parsed(&json!({"source": SOURCE, "detail-type": OVERVIEW, "resources": resources}))
    };
    let arn = ARN.parse().expect("an ARN");
    assert_eq!(overview(&[]), Ok(Event::Overview(Vec::new())));
    assert_eq!(overview(&[ARN, ARN]), Ok(Event::Overview(vec![arn])));
    assert!(overview(&[ARN, "x"]).is_err());
}

#[test]
fn a_widget_adds_fields_that_are_ignored() {
    let mut payload = json!({"source": SOURCE, "detail-type": OVERVIEW, "resources": []});
    payload["widgetContext"] = json!({"theme": 1, "detail-type": SWEEP, "surprise": [{}]});
    assert_eq!(parsed(&payload), Ok(Event::Overview(Vec::new())));
}

#[test]
fn a_dashboard_may_ask_for_documentation() {
    assert_eq!(parsed(&json!({"describe": true})), Ok(Event::Documentation));
    assert!(parsed(&json!({"describe": "yes"})).is_err());
}

#[test]
fn a_new_public_zone_and_a_tagged_one_are_zone_changes() {
    let call = |detail| event("aws.route53", CLOUDTRAIL, &[], detail);
    let created = |private| {
        let zone = json!({"id": "/hostedzone/Z1", "name": "Example.com.", "config": {"privateZone": private}});
        call(json!({"eventName": "CreateHostedZone", "responseElements": {"hostedZone": zone}}))
    };
    let change = changed(ChangedZone::Created(DomainName::new("example.com")));
    assert_eq!(parsed(&created(false)), Ok(Event::ZoneChange(change)));
    check_ignored(&created(true), "the new hosted zone is private");
    let asked = |asked: Value| {
        call(
            json!({"eventName": "CreateHostedZone", "requestParameters": asked, "responseElements": null}),
        )
    };
    let change = changed(ChangedZone::Created(DomainName::new("example.com")));
    assert_eq!(parsed(&asked(json!({"name": "example.com"}))), Ok(Event::ZoneChange(change)));
    for private in [
        json!({"name": "example.com", "hostedZoneConfig": {"privateZone": true}}),
        json!({"name": "example.com", "vPC": {"vPCRegion": "eu-west-1", "vPCId": "vpc-1"}}),
    ] {
        check_ignored(&asked(private), "the new hosted zone is private");
    }
    let tagged = |kind| {
        let asked = json!({"resourceType": kind, "resourceId": "Z1"});
        call(json!({"eventName": "ChangeTagsForResource", "requestParameters": asked}))
    };
    let change = changed(ChangedZone::Tagged("Z1".to_owned()));
    assert_eq!(parsed(&tagged("hostedzone")), Ok(Event::ZoneChange(change)));
    check_ignored(&tagged("healthcheck"), "the call neither created nor tagged a hosted zone");
    check_ignored(
        &call(json!({"eventName": "CreateHostedZone"})),
        "the call created no hosted zone",
    );
    let failed = json!({"eventName": "CreateHostedZone", "errorCode": "TooManyHostedZones"});
    check_ignored(&call(failed), "the call failed with TooManyHostedZones");
}

fn message(id: &str, body: &str) -> Value {
    let queue = "arn:aws:sqs:eu-west-1:111122223333:certificates";
    json!({"messageId": id, "body": body, "eventSource": "aws:sqs", "eventSourceARN": queue})
}

#[test]
fn each_message_of_a_batch_is_parsed_separately() {
    let asked = event(SOURCE, CHECK, &[ARN], json!({})).to_string();
    let records = [message("1", &asked), message("2", "{"), message("3", "{}")];
    let Ok(Event::Batch(messages)) = parsed(&json!({"Records": records})) else {
        panic!("a batch")
    };
    let ids: Vec<_> = messages.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(matches!(messages[0].event, Ok(Event::Reconcile(_))));
    let error = |index: usize| messages[index].event.as_ref().expect_err("no event").to_string();
    assert!(error(1).contains("the message is not JSON"), "{}", error(1));
    assert!(error(2).contains("it is not an EventBridge event"), "{}", error(2));
    let batch = json!({"Records": [message("1", &json!({"Records": records}).to_string())]});
    let Ok(Event::Batch(messages)) = parsed(&batch) else { panic!("a batch") };
    assert!(messages[0].event.is_err(), "a batch in a batch");
}

#[test]
fn a_malformed_batch_is_refused() {
    check_unreadable(&json!({"Records": 1}), "it is not a batch of SQS messages");
    check_unreadable(&json!({"Records": [{"body": "{}"}]}), "a message has no id");
}

#[test]
fn other_events_are_refused() {
    for payload in [json!(null), json!(1), json!([]), json!({}), json!({"source": "aws.acm"})] {
        check_unreadable(&payload, "it is not an EventBridge event");
    }
    check_unreadable(&event("aws.ec2", "x", &[ARN], json!({})), "source `aws.ec2`");
    check_unreadable(&event(SOURCE, "Certificate Chek", &[ARN], json!({})), "`Certificate Chek`");
}

#[test]
fn a_forged_certificate_is_refused() {
    check_unreadable(&event(SOURCE, CHECK, &[], json!({})), "it names no certificate");
    check_unreadable(
        &event(SOURCE, CHECK, &["arn:aws:iam::1:role/x"], json!({})),
        "is not the ARN",
    );
    let forged = json!({"responseElements": {"certificateArn": "x\ny"}});
    check_unreadable(&call(forged), "`x\\ny` is not the ARN of an ACM certificate");
}

#[test]
fn an_error_is_one_line_however_large_the_payload_is() {
    let much = "x\n".repeat(1_000_000);
    for payload in [
        json!(much),
        json!({"source": much, "detail-type": "x", "detail": {}}),
        json!({"source": "aws.acm", "detail-type": "x", "detail": much}),
        json!({"Records": much}),
        json!({"source": SOURCE, "detail-type": SWEEP, "detail": {"accounts": [much]}}),
        json!({"source": SOURCE, "detail-type": CHECK, "resources": [much], "detail": {}}),
    ] {
        let line = report(&parsed(&payload).expect_err("unreadable"));
        assert!(line.len() < 2_100 && !line.contains('\n'), "{} bytes", line.len());
    }
    let failed = json!({"errorCode": much});
    let zone = json!({"eventName": "CreateHostedZone", "responseElements": {"hostedZone": {"name": much}}});
    for detail in [failed, zone] {
        let payload = json!({"source": "aws.route53", "detail-type": CLOUDTRAIL, "detail": detail});
        let Ok(Event::Ignored(reason)) = parsed(&payload) else { panic!("not taken") };
        assert!(reason.len() < 300 && !reason.contains('\n'), "{} bytes", reason.len());
    }
}

#[test]
fn no_time_of_an_event_is_taken_for_one_in_the_future() {
    const FUTURE: &str = "2999-01-01T00:00:00Z";
    let check = event(SOURCE, CHECK, &[ARN], json!({"since": FUTURE}));
    check_request(&check, Some(at(24 * 60)), Trigger::FollowUp);
    let made = json!({"eventTime": FUTURE, "responseElements": {"certificateArn": ARN}});
    check_request(&call(made), Some(at(24 * 60)), Trigger::Event);
    let mut available = event("aws.acm", "ACM Certificate Available", &[ARN], json!({}));
    available["time"] = json!(FUTURE);
    check_request(&available, Some(at(24 * 60)), Trigger::Event);
}

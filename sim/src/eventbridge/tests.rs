use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::pattern::Pattern;
use super::put::SIZE_LIMIT;
use super::{Delivery, Event, EventBridge};
use crate::call::Caller;
use crate::wire::Failure;

const ACCOUNT: &str = "111111111111";
const HUB: &str = "222222222222";
const REGION: &str = "eu-west-1";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111111111111:function:validator";
const HUB_FUNCTION: &str = "arn:aws:lambda:us-east-1:222222222222:function:validator";
const HUB_BUS: &str = "arn:aws:events:us-east-1:222222222222:event-bus/central";

/// 2026-11-23T08:00:00Z and so many seconds.
fn at(seconds: i64) -> DateTime<Utc> {
    "2026-11-23T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

/// aws-facts 1.6.
fn recommended() -> Value {
    json!({
        "source": ["aws.acm"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["acm.amazonaws.com"],
            "eventName": [
                "RequestCertificate", "AddTagsToCertificate", "UpdateCertificateOptions",
            ],
            "errorCode": [{"exists": false}],
        },
    })
}

fn call_event(detail: Value) -> Event {
    Event {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        source: "aws.acm".to_owned(),
        detail_type: "AWS API Call via CloudTrail".to_owned(),
        resources: Vec::new(),
        detail,
    }
}

fn requested() -> Event {
    call_event(json!({
        "eventSource": "acm.amazonaws.com",
        "eventName": "RequestCertificate",
        "readOnly": false,
        "responseElements": {"certificateArn": "arn:aws:acm:eu-west-1:111111111111:certificate/1"},
    }))
}

fn available() -> Event {
    let detail_type = "ACM Certificate Available".to_owned();
    Event { detail_type, detail: json!({"Action": "ISSUANCE"}), ..requested() }
}

/// One rule: whatever ACM says goes to the function.
fn eventbridge() -> EventBridge {
    let mut eventbridge = EventBridge::default();
    let acm = json!({"source": ["aws.acm"]});
    eventbridge.put_rule(ACCOUNT, REGION, "default", "acm", acm, FUNCTION);
    eventbridge
}

/// When what was delivered to whom, with which id, until nothing is underway.
#[track_caller]
fn deliveries(eventbridge: &mut EventBridge) -> Vec<(DateTime<Utc>, String, String)> {
    let mut all = Vec::new();
    while let Some(due) = eventbridge.next_due() {
        for Delivery { target, event } in eventbridge.deliver(due) {
            all.push((due, target, event["id"].as_str().unwrap().to_owned()));
        }
    }
    all
}

fn times(eventbridge: &mut EventBridge) -> Vec<DateTime<Utc>> {
    deliveries(eventbridge).into_iter().map(|(due, _, _)| due).collect()
}

fn put(eventbridge: &mut EventBridge, body: Value) -> Result<Value, Failure> {
    let caller = Caller { account: ACCOUNT.to_owned(), region: REGION.to_owned() };
    eventbridge.respond("PutEvents", &caller, body.to_string().as_bytes(), at(0))
}

fn entry() -> Value {
    json!({"Source": "acm-dns-validator", "DetailType": "Certificate Reconciled",
           "Detail": r#"{"status":"ISSUED"}"#})
}

/// An entry with some fields replaced; null takes one away.
fn entry_with(changes: Value) -> Value {
    let mut entry = entry();
    for (name, value) in changes.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    entry
}

#[track_caller]
fn check_pattern(pattern: Value, event: Value, expected: bool) {
    let parsed = Pattern::parse(&pattern).unwrap();
    assert_eq!(parsed.matches(&event), expected, "{pattern} on {event}");
}

#[test]
fn a_literal_matches_its_own_type_only() {
    check_pattern(json!({"a": ["x", 1, true, null]}), json!({"a": "x"}), true);
    check_pattern(json!({"a": ["x", 1, true, null]}), json!({"a": 1}), true);
    check_pattern(json!({"a": ["x", 1, true, null]}), json!({"a": true}), true);
    check_pattern(json!({"a": ["x", 1, true, null]}), json!({"a": null}), true);
    check_pattern(json!({"a": ["x", 1, true, null]}), json!({"a": "1"}), false);
    check_pattern(json!({"a": ["x", 1, true, null]}), json!({"a": false}), false);
    check_pattern(json!({"a": ["x", 1, true, null]}), json!({"a": "X"}), false);
    check_pattern(json!({"a": [null]}), json!({}), false);
    check_pattern(json!({"a": [300]}), json!({"a": 300.0}), false);
}

#[test]
fn every_field_of_a_pattern_has_to_match() {
    let pattern = json!({"a": ["x"], "b": {"c": ["y"]}});
    check_pattern(pattern.clone(), json!({"a": "x", "b": {"c": "y", "d": 1}, "e": 2}), true);
    check_pattern(pattern.clone(), json!({"a": "x", "b": {"c": "z"}}), false);
    check_pattern(pattern.clone(), json!({"a": "x", "b": "y"}), false);
    check_pattern(pattern, json!({"a": "x"}), false);
}

#[test]
fn an_array_matches_if_any_element_does() {
    check_pattern(json!({"a": ["x"]}), json!({"a": ["w", "x"]}), true);
    check_pattern(json!({"a": ["x"]}), json!({"a": ["w"]}), false);
    check_pattern(json!({"a": ["x"]}), json!({"a": []}), false);
    check_pattern(json!({"a": [{"prefix": "x"}]}), json!({"a": ["w", "xy"]}), true);
    check_pattern(json!({"a": {"b": [1], "c": [2]}}), json!({"a": [{"b": 1, "c": 2}]}), true);
    // One element has to have both.
    check_pattern(json!({"a": {"b": [1], "c": [2]}}), json!({"a": [{"b": 1}, {"c": 2}]}), false);
}

#[test]
fn exists_is_about_leaves_and_null_is_one() {
    check_pattern(json!({"a": [{"exists": true}]}), json!({"a": "x"}), true);
    check_pattern(json!({"a": [{"exists": true}]}), json!({"a": null}), true);
    check_pattern(json!({"a": [{"exists": true}]}), json!({}), false);
    check_pattern(json!({"a": [{"exists": true}]}), json!({"a": {"b": 1}}), false);
    check_pattern(json!({"a": [{"exists": false}]}), json!({}), true);
    check_pattern(json!({"a": [{"exists": false}]}), json!({"a": null}), false);
    check_pattern(json!({"a": [{"exists": false}]}), json!({"a": "x"}), false);
    check_pattern(json!({"a": {"b": [{"exists": false}]}}), json!({}), true);
    check_pattern(json!({"a": ["x", {"exists": false}]}), json!({}), true);
}

#[test]
fn prefix_suffix_and_case_are_about_strings() {
    check_pattern(json!({"a": [{"prefix": "eu-"}]}), json!({"a": "eu-west-1"}), true);
    check_pattern(json!({"a": [{"prefix": "eu-"}]}), json!({"a": "us-eu-"}), false);
    check_pattern(json!({"a": [{"prefix": "1"}]}), json!({"a": 12}), false);
    check_pattern(json!({"a": [{"suffix": ".org"}]}), json!({"a": "example.org"}), true);
    check_pattern(json!({"a": [{"suffix": ".org"}]}), json!({"a": "example.org.uk"}), false);
    check_pattern(json!({"a": [{"equals-ignore-case": "Dns"}]}), json!({"a": "DNS"}), true);
    check_pattern(json!({"a": [{"equals-ignore-case": "dns"}]}), json!({"a": "dnsx"}), false);
}

#[test]
fn anything_but_wants_a_value() {
    check_pattern(json!({"a": [{"anything-but": "x"}]}), json!({"a": "y"}), true);
    check_pattern(json!({"a": [{"anything-but": "x"}]}), json!({"a": "x"}), false);
    check_pattern(json!({"a": [{"anything-but": "x"}]}), json!({}), false);
    check_pattern(json!({"a": [{"anything-but": ["x", 1]}]}), json!({"a": 1}), false);
    check_pattern(json!({"a": [{"anything-but": ["x", 1]}]}), json!({"a": 2}), true);
    check_pattern(json!({"a": [{"anything-but": "x"}]}), json!({"a": ["x", "y"]}), true);
    check_pattern(json!({"a": [{"anything-but": {"prefix": "x"}}]}), json!({"a": "xy"}), false);
    check_pattern(json!({"a": [{"anything-but": {"suffix": "x"}}]}), json!({"a": "xy"}), true);
    check_pattern(
        json!({"a": [{"anything-but": {"prefix": ["x", "y"]}}]}),
        json!({"a": "yz"}),
        false,
    );
}

#[test]
fn one_of_several_patterns_is_enough() {
    let pattern = json!({"s": ["x"], "$or": [{"a": [1]}, {"b": {"c": [2]}}]});
    check_pattern(pattern.clone(), json!({"s": "x", "a": 1}), true);
    check_pattern(pattern.clone(), json!({"s": "x", "b": {"c": 2}}), true);
    check_pattern(pattern.clone(), json!({"s": "x", "a": 2}), false);
    check_pattern(pattern, json!({"s": "y", "a": 1}), false);
}

#[test]
fn a_pattern_that_is_not_understood_is_refused() {
    for pattern in [
        json!({"$or": [{"a": [1]}]}),
        json!({"$or": {"a": [1]}}),
        json!("aws.acm"),
        json!({}),
        json!({"a": {}}),
        json!({"a": []}),
        json!({"a": "x"}),
        json!({"a": [["x"]]}),
        json!({"a": [{"wildcard": "*"}]}),
        json!({"a": [{"numeric": [">", 0]}]}),
        json!({"a": [{"exists": "no"}]}),
        json!({"a": [{"prefix": "x", "suffix": "y"}]}),
        json!({"a": [{"anything-but": []}]}),
        json!({"a": [{"anything-but": {"wildcard": "*"}}]}),
    ] {
        assert!(Pattern::parse(&pattern).is_err(), "{pattern}");
    }
}

#[test]
#[should_panic(expected = "rule odd: InvalidEventPatternException: unknown or not modelled: \
                           {\"wildcard\": \"*\"}")]
fn a_rule_with_an_unknown_operator_stops_the_test() {
    let pattern = json!({"source": [{"wildcard": "*"}]});
    EventBridge::default().put_rule(ACCOUNT, REGION, "default", "odd", pattern, FUNCTION);
}

#[test]
#[should_panic(expected = "create_bus first")]
fn a_rule_needs_its_bus() {
    EventBridge::default().put_rule(ACCOUNT, REGION, "central", "r", recommended(), FUNCTION);
}

#[test]
#[should_panic(expected = "is in another region than its rule")]
fn a_function_in_another_region_is_no_target() {
    let mut eventbridge = EventBridge::default();
    eventbridge.put_rule(ACCOUNT, "us-east-1", "default", "r", recommended(), FUNCTION);
}

#[test]
fn the_recommended_rule_wants_the_request_that_succeeded_and_not_the_one_that_failed() {
    let mut eventbridge = EventBridge::default();
    eventbridge.put_rule(ACCOUNT, REGION, "default", "requests", recommended(), FUNCTION);
    let mut failed = requested();
    failed.detail["errorCode"] = json!("LimitExceededException");
    failed.detail["responseElements"] = Value::Null;
    let mut deleted = requested();
    deleted.detail["eventName"] = json!("DeleteCertificate");
    for event in [failed, requested(), deleted, available()] {
        eventbridge.emit(event, at(0));
    }
    let [(due, target, id)] = &deliveries(&mut eventbridge)[..] else { panic!("not one") };
    assert_eq!((*due, target.as_str()), (at(20), FUNCTION));
    assert_eq!(id, "e0000000-0000-4000-8000-000000000002");
}

#[test]
fn an_event_arrives_in_its_envelope() {
    let mut eventbridge = eventbridge();
    let resources = vec!["arn:aws:acm:eu-west-1:111111111111:certificate/1".to_owned()];
    eventbridge.emit(Event { resources, ..available() }, at(0) + TimeDelta::milliseconds(700));
    let due = eventbridge.next_due().unwrap();
    assert_eq!(due, at(2) + TimeDelta::milliseconds(700));
    assert_eq!(eventbridge.deliver(at(2)), []);
    let expected = json!({
        "version": "0",
        "id": "e0000000-0000-4000-8000-000000000001",
        "detail-type": "ACM Certificate Available",
        "source": "aws.acm",
        "account": ACCOUNT,
        "time": "2026-11-23T08:00:00Z",
        "region": REGION,
        "resources": ["arn:aws:acm:eu-west-1:111111111111:certificate/1"],
        "detail": {"Action": "ISSUANCE"},
    });
    let delivery = Delivery { target: FUNCTION.to_owned(), event: expected };
    assert_eq!(eventbridge.deliver(due), [delivery]);
    assert_eq!(eventbridge.next_due(), None);
}

#[test]
fn what_cloudtrail_tells_comes_later_than_what_a_service_tells_itself() {
    let mut eventbridge = eventbridge();
    eventbridge.emit(requested(), at(0));
    eventbridge.emit(available(), at(0));
    assert_eq!(times(&mut eventbridge), [at(2), at(20)]);
    eventbridge.cloudtrail_delay = TimeDelta::minutes(5);
    eventbridge.emit(requested(), at(0));
    assert_eq!(times(&mut eventbridge), [at(300)]);
}

#[test]
fn events_of_one_moment_keep_their_order() {
    let mut eventbridge = eventbridge();
    eventbridge.emit(available(), at(1));
    eventbridge.emit(available(), at(0));
    eventbridge.emit(available(), at(1));
    let ids = eventbridge.deliver(at(60));
    let ids: Vec<_> = ids.iter().map(|it| it.event["id"].as_str().unwrap()).collect();
    let order = ["02", "01", "03"].map(|end| format!("e0000000-0000-4000-8000-0000000000{end}"));
    assert_eq!(ids, order);
}

#[test]
fn an_event_stays_in_its_account_and_region() {
    let mut eventbridge = eventbridge();
    eventbridge.emit(Event { account: HUB.to_owned(), ..available() }, at(0));
    eventbridge.emit(Event { region: "us-east-1".to_owned(), ..available() }, at(0));
    assert_eq!(deliveries(&mut eventbridge), []);
}

#[test]
fn a_plain_rule_does_not_see_calls_that_only_read() {
    let mut eventbridge = eventbridge();
    let detail = json!({"eventName": "DescribeCertificate", "readOnly": true});
    eventbridge.emit(call_event(detail), at(0));
    assert_eq!(deliveries(&mut eventbridge), []);
}

#[test]
fn a_rule_put_again_replaces_the_first() {
    let mut eventbridge = eventbridge();
    let other = json!({"source": ["aws.route53"]});
    eventbridge.put_rule(ACCOUNT, REGION, "default", "acm", other, FUNCTION);
    eventbridge.emit(available(), at(0));
    assert_eq!(deliveries(&mut eventbridge), []);
}

#[test]
fn a_forwarded_event_reaches_the_function_there_as_it_was() {
    let mut eventbridge = EventBridge::default();
    eventbridge.create_bus(HUB, "us-east-1", "central");
    eventbridge.put_rule(ACCOUNT, REGION, "default", "forward", recommended(), HUB_BUS);
    let member = json!({"account": [ACCOUNT], "region": [REGION]});
    eventbridge.put_rule(HUB, "us-east-1", "central", "members", member, HUB_FUNCTION);
    eventbridge.emit(requested(), at(0));
    let [Delivery { target, event }] = &eventbridge.deliver(at(20))[..] else { panic!("not one") };
    assert_eq!(target, HUB_FUNCTION);
    assert_eq!((&event["account"], &event["region"]), (&json!(ACCOUNT), &json!(REGION)));
}

#[test]
fn a_forwarded_event_is_not_forwarded_again() {
    let mut eventbridge = EventBridge::default();
    let any = json!({"source": ["aws.acm"]});
    let last = "arn:aws:events:us-east-1:222222222222:event-bus/default";
    eventbridge.create_bus(HUB, "us-east-1", "central");
    eventbridge.put_rule(ACCOUNT, REGION, "default", "forward", any.clone(), HUB_BUS);
    eventbridge.put_rule(HUB, "us-east-1", "central", "forward", any.clone(), last);
    eventbridge.put_rule(HUB, "us-east-1", "default", "acm", any, HUB_FUNCTION);
    eventbridge.emit(available(), at(0));
    assert_eq!(deliveries(&mut eventbridge), []);
    // What happens in the hub's own account goes from there.
    let region = "us-east-1".to_owned();
    eventbridge.emit(Event { account: HUB.to_owned(), region, ..available() }, at(0));
    assert_eq!(times(&mut eventbridge), [at(2)]);
}

#[test]
fn a_dropped_event_never_arrives_and_the_next_one_does() {
    let mut eventbridge = eventbridge();
    eventbridge.drop_next(2);
    for second in 0..3 {
        eventbridge.emit(available(), at(second));
    }
    assert_eq!(times(&mut eventbridge), [at(4)]);
    assert_eq!(eventbridge.dropped(), 2);
}

#[test]
fn a_doubled_event_arrives_again_with_the_same_id() {
    let mut eventbridge = eventbridge();
    eventbridge.duplicate(true);
    eventbridge.emit(available(), at(0));
    let [(first, _, id), (second, _, again)] = &deliveries(&mut eventbridge)[..] else {
        panic!("not two")
    };
    assert_eq!((*first, *second, id), (at(2), at(7), again));
    eventbridge.duplicate(false);
    eventbridge.emit(available(), at(0));
    assert_eq!(times(&mut eventbridge), [at(2)]);
}

#[test]
fn a_delayed_event_is_overtaken() {
    let mut eventbridge = eventbridge();
    eventbridge.delay_next(TimeDelta::hours(1));
    eventbridge.emit(available(), at(0));
    eventbridge.emit(available(), at(1));
    assert_eq!(times(&mut eventbridge), [at(3), at(3602)]);
}

#[test]
fn a_published_event_is_remembered_and_runs_through_the_rules_of_its_bus() {
    let mut eventbridge = EventBridge::default();
    eventbridge.create_bus(ACCOUNT, REGION, "certificates");
    let ours = json!({"source": ["acm-dns-validator"], "detail": {"status": ["ISSUED"]}});
    eventbridge.put_rule(ACCOUNT, REGION, "certificates", "ours", ours, FUNCTION);
    let by_arn = "arn:aws:events:eu-west-1:111111111111:event-bus/certificates";
    let entries = [
        entry(),
        entry_with(json!({"EventBusName": "certificates", "Resources": ["arn:1"]})),
        entry_with(json!({"EventBusName": by_arn, "Time": 1_795_420_800})),
    ];
    let answer = put(&mut eventbridge, json!({"Entries": entries})).unwrap();
    assert_eq!(answer["FailedEntryCount"], 0);
    let ids: Vec<_> = (1..=3).map(|n| format!("e0000000-0000-4000-8000-{n:012}")).collect();
    let answered: Vec<_> =
        answer["Entries"].as_array().unwrap().iter().map(|it| it["EventId"].clone()).collect();
    assert_eq!(answered, ids);

    let published = eventbridge.published();
    assert_eq!(published.len(), 3);
    assert_eq!((published[0].bus.as_str(), published[0].at), ("default", at(0)));
    assert_eq!(published[1].bus, "certificates");
    assert_eq!(published[1].resources, ["arn:1"]);
    assert_eq!(published[2].detail, json!({"status": "ISSUED"}));

    assert_eq!(eventbridge.next_due(), Some(at(2)));
    let delivered = eventbridge.deliver(at(2));
    let times: Vec<_> = delivered.iter().map(|it| it.event["time"].clone()).collect();
    assert_eq!(times, ["2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"]);
    assert_eq!(delivered[0].event["id"], ids[1]);
    assert_eq!(delivered[0].event["account"], ACCOUNT);
}

#[track_caller]
fn check_entry(changes: Value, code: &str, message: &str) {
    let mut eventbridge = EventBridge::default();
    let answer = put(&mut eventbridge, json!({"Entries": [entry_with(changes), entry()]})).unwrap();
    assert_eq!(answer["FailedEntryCount"], 1);
    let expected = json!({"ErrorCode": code, "ErrorMessage": message});
    assert_eq!(answer["Entries"][0], expected);
    assert!(answer["Entries"][1]["EventId"].is_string(), "the other entry is taken");
    assert_eq!(eventbridge.published().len(), 1);
}

#[test]
fn an_entry_fails_alone_and_the_call_succeeds() {
    for name in ["Source", "DetailType", "Detail"] {
        let message =
            format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
        check_entry(json!({name: null}), "InvalidArgument", &message);
    }
    for detail in ["[]", "\"text\"", "text", "{\"a\":"] {
        check_entry(json!({"Detail": detail}), "MalformedDetail", "Detail is malformed.");
    }
    let code = "NotAuthorizedForSourceException";
    check_entry(json!({"Source": "aws.acm"}), code, "Not authorized for the source.");
    let message =
        "Parameter DetailType is not valid. Reason: DetailType is longer than 128 characters.";
    check_entry(json!({"DetailType": "x".repeat(129)}), "InvalidArgument", message);
}

#[test]
fn a_bus_that_is_not_there_fails_its_entry() {
    let code = "ResourceNotFoundException";
    let message = "Event bus nowhere does not exist.";
    check_entry(json!({"EventBusName": "nowhere"}), code, message);
    let foreign = "arn:aws:events:eu-west-1:222222222222:event-bus/nowhere";
    check_entry(json!({"EventBusName": foreign}), code, message);
    let elsewhere = "arn:aws:events:us-east-1:111111111111:event-bus/default";
    check_entry(json!({"EventBusName": elsewhere}), code, "Event bus default does not exist.");
    let message = "Parameter EventBusName is not valid. Reason: It is not a bus's ARN.";
    check_entry(json!({"EventBusName": FUNCTION}), "InvalidArgument", message);
}

#[test]
fn another_accounts_bus_takes_events_of_ours() {
    let mut eventbridge = EventBridge::default();
    let function = "arn:aws:lambda:eu-west-1:222222222222:function:audit";
    let ours = json!({"account": [ACCOUNT]});
    eventbridge.put_rule(HUB, REGION, "default", "ours", ours, function);
    let bus = "arn:aws:events:eu-west-1:222222222222:event-bus/default";
    put(&mut eventbridge, json!({"Entries": [entry_with(json!({"EventBusName": bus}))]})).unwrap();
    assert_eq!(eventbridge.deliver(at(2))[0].target, function);
}

#[track_caller]
fn check_refused(body: Value, code: &str, ending: &str) {
    let mut eventbridge = EventBridge::default();
    let failure = put(&mut eventbridge, body).unwrap_err();
    assert_eq!((failure.status, failure.code.as_str()), (400, code));
    assert!(failure.message.ends_with(ending), "{}", failure.message);
    assert_eq!(eventbridge.published(), []);
}

#[test]
fn a_call_with_too_few_or_too_many_entries_is_refused() {
    let code = "ValidationException";
    check_refused(json!({"Entries": []}), code, "greater than or equal to 1");
    check_refused(json!({"Entries": vec![entry(); 11]}), code, "less than or equal to 10");
    check_refused(json!({}), code, "Member must not be null");
    check_refused(json!({"Entries": [{"Detail": {}}]}), "SerializationException", "column 22");
    assert!(put(&mut EventBridge::default(), json!({"Entries": vec![entry(); 10]})).is_ok());
}

#[test]
fn the_entries_of_a_call_stay_below_the_limit_together() {
    // 14 for the time, 1 for each of source, detail type and resource, 8 around the text.
    let sized = |bytes: usize| {
        let text = "x".repeat(bytes - 14 - 3 - 8);
        json!({"Source": "s", "DetailType": "t", "Resources": ["r"], "Time": 0,
               "Detail": format!(r#"{{"a":"{text}"}}"#)})
    };
    let half = SIZE_LIMIT / 2;
    let below = json!({"Entries": [sized(half), sized(half - 1)]});
    assert_eq!(put(&mut EventBridge::default(), below).unwrap()["FailedEntryCount"], 0);
    let over = "Total size of the entries in the request is over the limit.";
    check_refused(json!({"Entries": [sized(half), sized(half)]}), "ValidationException", over);
}

#[test]
fn entries_fail_when_asked_to() {
    let mut eventbridge = EventBridge::default();
    eventbridge.fail_next_entries(2, "InternalFailure");
    let answer = put(&mut eventbridge, json!({"Entries": vec![entry(); 3]})).unwrap();
    assert_eq!(answer["FailedEntryCount"], 2);
    assert_eq!(answer["Entries"][1]["ErrorCode"], "InternalFailure");
    assert!(answer["Entries"][2]["EventId"].is_string());
    assert_eq!(eventbridge.published().len(), 1);
}

#[test]
fn an_operation_that_is_not_modelled_is_refused() {
    let caller = Caller { account: ACCOUNT.to_owned(), region: REGION.to_owned() };
    let failure = EventBridge::default().respond("PutRule", &caller, b"{}", at(0)).unwrap_err();
    assert_eq!(failure.code, "UnknownOperationException");
}

#[test]
fn a_pattern_is_tested_against_an_event_in_its_envelope() {
    let caller = Caller { account: ACCOUNT.to_owned(), region: REGION.to_owned() };
    let ask = |pattern: &str, event: &str| {
        let body = json!({"EventPattern": pattern, "Event": event}).to_string();
        let answer = eventbridge().respond("TestEventPattern", &caller, body.as_bytes(), at(0));
        answer.map_err(|failure| failure.code)
    };
    let event = json!({
        "id": "1", "account": ACCOUNT, "source": "aws.acm", "time": "2026-11-23T08:00:00Z",
        "region": REGION, "resources": [], "detail-type": "a", "detail": {},
    });
    let event = event.to_string();
    assert_eq!(ask(r#"{"source": ["aws.acm"]}"#, &event), Ok(json!({"Result": true})));
    assert_eq!(ask(r#"{"source": ["aws.ec2"]}"#, &event), Ok(json!({"Result": false})));
    for pattern in ["{", r#"{"source": "aws.acm"}"#] {
        assert_eq!(ask(pattern, &event), Err("InvalidEventPatternException".to_owned()));
    }
    for event in ["{", r#"{"source": "aws.acm"}"#] {
        let code = Err("ValidationException".to_owned());
        assert_eq!(ask(r#"{"source": ["aws.acm"]}"#, event), code);
    }
}

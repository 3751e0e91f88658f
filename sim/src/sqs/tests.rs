//! Queues and their event source mappings, in a whole AWS.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Queue;
use crate::aws::Aws;
use crate::lambda::{EventSource, Function, Invocation};

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111111111111:function:validator";
const EVENTS: &str = "arn:aws:sqs:eu-west-1:111111111111:events";
const DEAD: &str = "arn:aws:sqs:eu-west-1:111111111111:dead";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

/// A queue with a minute of visibility before the function, and a dead-letter queue behind it.
fn aws(source: EventSource) -> Aws {
    let mut aws = Aws::default();
    aws.lambda.add_function(FUNCTION, Function::default());
    aws.sqs.add_queue(DEAD, Queue::default());
    let queue = Queue {
        visibility_timeout: TimeDelta::seconds(60),
        max_receive_count: Some(2),
        dead_letter_queue: Some(DEAD.to_owned()),
        ..Queue::default()
    };
    aws.sqs.add_queue(EVENTS, queue);
    aws.lambda.add_event_source(EVENTS, FUNCTION, source);
    aws
}

fn send(aws: &mut Aws, bodies: &[&str], now: DateTime<Utc>) {
    for body in bodies {
        aws.sqs.send(EVENTS, (*body).to_owned(), now);
    }
}

/// What begins by this time.
fn begun(aws: &mut Aws, now: DateTime<Utc>) -> Vec<Invocation> {
    aws.advance(now);
    std::iter::from_fn(|| aws.lambda.take(now)).collect()
}

fn bodies(invocation: &Invocation) -> Vec<&str> {
    let records = invocation.payload["Records"].as_array().unwrap().iter();
    records.map(|record| record["body"].as_str().unwrap()).collect()
}

fn left(aws: &Aws, queue: &str) -> Vec<String> {
    aws.sqs.messages(queue).map(|message| message.body.clone()).collect()
}

fn end(aws: &mut Aws, it: &Invocation, outcome: Result<Value, &str>, now: DateTime<Utc>) {
    let outcome = outcome.map_err(str::to_owned);
    assert!(aws.lambda.complete(&it.request_id, outcome, now));
    aws.advance(now);
}

#[test]
fn a_message_is_delivered_as_lambda_delivers_it_and_deleted_once_it_is_handled() {
    let mut aws = aws(EventSource::default());
    send(&mut aws, &["{\"n\":1}"], at(1));
    let [invocation] = &begun(&mut aws, at(2))[..] else { panic!("one batch") };
    let record = json!({
        "messageId": "50000000-0000-4000-8000-000000000001",
        "receiptHandle": format!("AQEB{:060}+1", 1),
        "body": "{\"n\":1}",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1000",
            "SenderId": "AIDASIMULATED",
            "ApproximateFirstReceiveTimestamp": "1000",
        },
        "messageAttributes": {},
        "md5OfBody": "00000000000000000000000000000001",
        "eventSource": "aws:sqs",
        "eventSourceARN": EVENTS,
        "awsRegion": "eu-west-1",
    });
    assert_eq!(invocation.payload, json!({"Records": [record]}));
    assert_eq!(left(&aws, EVENTS).len(), 1);
    end(&mut aws, invocation, Ok(json!({"batchItemFailures": []})), at(3));
    assert_eq!((left(&aws, EVENTS).len(), aws.next_due()), (0, None));
    assert_eq!(aws.lambda.finished().len(), 1);
}

#[test]
fn what_failed_comes_back_and_is_put_aside_when_it_has_failed_too_often() {
    let mut aws = aws(EventSource::default());
    send(&mut aws, &["good", "bad"], at(0));
    let first = begun(&mut aws, at(0)).remove(0);
    let bad = first.payload["Records"][1]["messageId"].clone();
    let response = json!({"batchItemFailures": [{"itemIdentifier": bad}]});
    end(&mut aws, &first, Ok(response), at(5));
    assert_eq!(left(&aws, EVENTS), ["bad"]);
    assert!(begun(&mut aws, at(59)).is_empty());

    let second = begun(&mut aws, at(60)).remove(0);
    assert_eq!((bodies(&second), second.attempt), (vec!["bad"], 1));
    let attributes = &second.payload["Records"][0]["attributes"];
    assert_eq!(attributes["ApproximateReceiveCount"], "2");
    end(&mut aws, &second, Err("no"), at(61));
    assert!(begun(&mut aws, at(120)).is_empty());
    assert_eq!((left(&aws, EVENTS).len(), left(&aws, DEAD)), (0, vec!["bad".to_owned()]));
    // A batch is no asynchronous event: nothing of it is Lambda's to keep.
    assert!(aws.lambda.dead_letters().is_empty());
    assert_eq!(aws.lambda.queued(), 0);
}

#[test]
fn a_batch_that_fails_times_out_or_answers_nonsense_comes_back_whole() {
    let complete = |outcome: Option<Result<Value, &str>>| {
        let mut aws = aws(EventSource::default());
        send(&mut aws, &["one", "two"], at(0));
        let batch = begun(&mut aws, at(0)).remove(0);
        if let Some(outcome) = outcome {
            end(&mut aws, &batch, outcome, at(1));
        }
        begun(&mut aws, at(60)).iter().map(|it| bodies(it).len()).sum::<usize>()
    };
    assert_eq!(complete(None), 2, "a time-out");
    assert_eq!(complete(Some(Err("no"))), 2);
    for failures in [
        json!([{"itemIdentifier": "50000000-0000-4000-8000-000000000009"}]),
        json!([{"itemIdentifier": ""}]),
        json!([{"itemIdentifier": null}]),
        json!([{"messageId": "50000000-0000-4000-8000-000000000001"}]),
        json!("nonsense"),
    ] {
        let response = json!({"batchItemFailures": failures});
        assert_eq!(complete(Some(Ok(response.clone()))), 2, "{response}");
    }
    for response in [json!({}), json!(null), json!({"batchItemFailures": null})] {
        assert_eq!(complete(Some(Ok(response.clone()))), 0, "{response}");
    }
}

#[test]
fn a_response_is_not_read_where_that_is_not_asked_for() {
    let mut aws = aws(EventSource { report_batch_item_failures: false, ..Default::default() });
    send(&mut aws, &["one"], at(0));
    let batch = begun(&mut aws, at(0)).remove(0);
    let id = batch.payload["Records"][0]["messageId"].clone();
    let response = json!({"batchItemFailures": [{"itemIdentifier": id}]});
    end(&mut aws, &batch, Ok(response), at(1));
    assert!(left(&aws, EVENTS).is_empty());
}

#[test]
fn a_batch_closes_when_it_is_full_or_its_window_is_over() {
    let window = TimeDelta::seconds(20);
    let source = EventSource { batch_size: 12, batching_window: window, ..Default::default() };
    let mut aws = aws(source);
    let many: Vec<String> = (0..15).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    send(&mut aws, &many[..11], at(0));
    assert!(begun(&mut aws, at(19)).is_empty());
    send(&mut aws, &many[11..], at(19));
    let full = begun(&mut aws, at(19));
    assert_eq!(full.iter().map(|it| bodies(it).len()).collect::<Vec<_>>(), [12]);
    assert_eq!(aws.next_due(), Some(at(39)));
    assert_eq!(bodies(&begun(&mut aws, at(39))[0]), ["12", "13", "14"]);
}

#[test]
fn a_batch_closes_before_it_has_6_mb() {
    let mut aws = aws(EventSource::default());
    let long = "x".repeat(1024 * 1024);
    send(&mut aws, &[&long[..]; 8], at(0));
    let batches = begun(&mut aws, at(0));
    assert_eq!(batches.iter().map(|it| bodies(it).len()).collect::<Vec<_>>(), [5, 3]);
    assert!(batches.iter().all(|it| it.payload.to_string().len() < 6 * 1024 * 1024));
}

#[test]
fn no_more_batches_run_at_once_than_the_mapping_and_the_function_allow() {
    let one = EventSource { batch_size: 1, ..EventSource::default() };
    let mut aws = aws(EventSource { maximum_concurrency: Some(2), ..one });
    send(&mut aws, &["1", "2", "3"], at(0));
    let running = begun(&mut aws, at(0));
    assert_eq!((running.len(), aws.lambda.queued()), (2, 0));
    let third = aws.sqs.messages(EVENTS).nth(2).unwrap();
    assert_eq!(third.receive_count, 0, "what there is no room for stays where it is");
    end(&mut aws, &running[0], Ok(json!(null)), at(1));
    assert_eq!(bodies(&begun(&mut aws, at(1))[0]), ["3"]);
}

#[test]
fn messages_received_for_a_function_without_room_are_worn_out() {
    let mut aws = aws(EventSource::default());
    let busy =
        Function { reserved_concurrency: 1, maximum_retry_attempts: 0, ..Default::default() };
    aws.lambda.add_function(FUNCTION, busy);
    for n in 0..6 {
        aws.lambda.invoke(FUNCTION, json!(n), at(0));
    }
    send(&mut aws, &["one"], at(0));
    for seconds in [0, 30, 60, 90, 120] {
        let [running] = &begun(&mut aws, at(seconds))[..] else { panic!("one at once") };
        assert_eq!(running.payload, json!(seconds / 30));
    }
    assert_eq!((left(&aws, EVENTS).len(), left(&aws, DEAD)), (0, vec!["one".to_owned()]));
}

#[test]
fn a_message_that_takes_longer_than_it_is_hidden_is_delivered_again() {
    let mut aws = aws(EventSource::default());
    let timeout = TimeDelta::seconds(60);
    let busy = Function { reserved_concurrency: 1, timeout, ..Function::default() };
    aws.lambda.add_function(FUNCTION, busy);
    aws.lambda.invoke(FUNCTION, json!("something else"), at(0));
    send(&mut aws, &["slow"], at(0));
    let other = begun(&mut aws, at(0)).remove(0);
    end(&mut aws, &other, Ok(json!(null)), at(45));
    let first = begun(&mut aws, at(45)).remove(0);
    assert!(begun(&mut aws, at(60)).is_empty());
    end(&mut aws, &first, Ok(json!(null)), at(70));
    assert_eq!(
        left(&aws, EVENTS),
        ["slow"],
        "it was received again, which makes a receipt worthless"
    );
    let second = begun(&mut aws, at(70)).remove(0);
    assert_eq!((bodies(&first), bodies(&second)), (vec!["slow"], vec!["slow"]));
    end(&mut aws, &second, Ok(json!(null)), at(71));
    assert!(left(&aws, EVENTS).is_empty());
}

#[test]
fn a_rule_sends_its_events_to_a_queue() {
    let mut aws = aws(EventSource::default());
    let pattern = json!({"source": ["aws.acm"]});
    aws.eventbridge.put_rule("111111111111", "eu-west-1", "default", "queue", pattern, EVENTS);
    let event = crate::eventbridge::Event {
        account: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        source: "aws.acm".to_owned(),
        detail_type: "ACM Certificate Available".to_owned(),
        resources: Vec::new(),
        detail: json!({}),
    };
    aws.eventbridge.emit(event, at(0));
    let batch = begun(&mut aws, at(2)).remove(0);
    let event: Value = serde_json::from_str(bodies(&batch)[0]).unwrap();
    assert_eq!(event["detail-type"], "ACM Certificate Available");
}

#[test]
fn what_no_queue_takes_is_dropped_and_what_nobody_receives_is_lost_with_age() {
    let mut aws = Aws::default();
    aws.sqs.add_queue(EVENTS, Queue::default());
    aws.sqs.send(DEAD, "body".to_owned(), at(0));
    aws.sqs.send(EVENTS, "x".repeat(1024 * 1024 + 1), at(0));
    assert_eq!(aws.sqs.dropped(), [DEAD, EVENTS]);
    send(&mut aws, &["kept"], at(0));
    aws.advance(at(4 * 86_400 - 1));
    assert_eq!(left(&aws, EVENTS), ["kept"]);
    aws.advance(at(4 * 86_400));
    assert_eq!((left(&aws, EVENTS).len(), aws.sqs.expired()), (0, 1));
}

#[test]
#[should_panic(expected = "a BatchSize over 10 needs a window of 1 s at least")]
fn large_batches_need_a_window() {
    aws(EventSource { batch_size: 11, ..EventSource::default() });
}

#[test]
#[should_panic(expected = "its visibility timeout is shorter than the function's timeout")]
fn a_message_stays_hidden_for_as_long_as_the_function_may_take() {
    let mut aws = aws(EventSource::default());
    let timeout = TimeDelta::seconds(61);
    aws.lambda.add_function(FUNCTION, Function { timeout, ..Function::default() });
    send(&mut aws, &["one"], at(0));
    aws.advance(at(0));
}

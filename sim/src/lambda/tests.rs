use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Condition, Function, Lambda};

const ARN: &str = "arn:aws:lambda:eu-west-1:111111111111:function:validator";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn lambda(function: Function) -> Lambda {
    let mut lambda = Lambda::default();
    lambda.add_function(ARN, function);
    lambda
}

/// Fails whatever is handed out, and tells when it was.
fn fail_all(lambda: &mut Lambda) -> Vec<i64> {
    let mut attempts = Vec::new();
    let mut now = at(0);
    loop {
        lambda.advance(now);
        while let Some(invocation) = lambda.take(now) {
            attempts.push(now.timestamp());
            assert!(lambda.complete(&invocation.request_id, Err("no".to_owned()), now));
        }
        match lambda.next_due() {
            Some(due) => now = due,
            None => return attempts,
        }
    }
}

#[test]
fn a_failing_event_is_tried_three_times_and_then_given_up() {
    let mut lambda = lambda(Function::default());
    lambda.invoke(ARN, json!({"n": 1}), at(0));
    assert_eq!(fail_all(&mut lambda), [0, 60, 180]);
    let [letter] = lambda.dead_letters() else { panic!("one dead letter") };
    assert_eq!((letter.attempts, letter.condition), (3, Condition::RetriesExhausted));
    assert_eq!((letter.error.as_deref(), letter.at), (Some("no"), at(180)));
    let finished = lambda.finished();
    assert!(finished.iter().all(|it| it.invocation.request_id == letter.request_id));
    assert_eq!(finished.iter().map(|it| it.invocation.attempt).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn the_maximum_of_retries_is_the_functions() {
    let mut lambda = lambda(Function { maximum_retry_attempts: 0, ..Function::default() });
    lambda.invoke(ARN, json!({}), at(0));
    assert_eq!(fail_all(&mut lambda), [0]);
    assert_eq!(lambda.dead_letters().len(), 1);
}

#[test]
fn an_event_over_its_age_is_given_up() {
    let age = TimeDelta::seconds(60);
    let mut lambda = lambda(Function { maximum_event_age: age, ..Function::default() });
    lambda.invoke(ARN, json!({}), at(0));
    assert_eq!(lambda.next_due(), Some(at(60)));
    lambda.advance(at(60));
    assert_eq!(lambda.dead_letters()[0].condition, Condition::EventAgeExceeded);
    assert_eq!((lambda.take(at(60)), lambda.next_due()), (None, None));
}

#[test]
fn an_attempt_over_its_time_has_failed() {
    let mut lambda = lambda(Function::default());
    lambda.invoke(ARN, json!({}), at(0));
    let invocation = lambda.take(at(5)).unwrap();
    assert_eq!(lambda.next_due(), Some(at(35)));
    lambda.advance(at(35));
    let error = lambda.finished()[0].outcome.clone().unwrap_err();
    assert_eq!(error, "Task timed out after 30.00 seconds");
    assert!(!lambda.complete(&invocation.request_id, Ok(json!("late")), at(36)));
    assert_eq!(lambda.next_due(), Some(at(95)));
}

#[test]
fn what_is_above_the_reserved_concurrency_waits() {
    let mut lambda = lambda(Function { reserved_concurrency: 1, ..Function::default() });
    lambda.invoke(ARN, json!(1), at(0));
    lambda.invoke(ARN, json!(2), at(0));
    let first = lambda.take(at(0)).unwrap();
    assert_eq!((lambda.take(at(0)), lambda.queued()), (None, 1));
    lambda.complete(&first.request_id, Ok(json!("done")), at(1));
    assert_eq!(lambda.take(at(1)).unwrap().payload, json!(2));
}

#[test]
fn aliases_lead_to_the_function_and_strangers_nowhere() {
    let mut lambda = lambda(Function::default());
    lambda.invoke(&format!("{ARN}:live"), json!({}), at(0));
    lambda.invoke(&format!("{ARN}-2"), json!({}), at(0));
    assert_eq!(lambda.take(at(0)).unwrap().function_arn, format!("{ARN}:live"));
    assert_eq!((lambda.take(at(0)), lambda.dropped()), (None, &[format!("{ARN}-2")][..]));
}

#[test]
fn a_busy_function_holds_up_no_other_and_the_rest_goes_in_order() {
    let other = ARN.replace("validator", "other");
    let mut lambda = lambda(Function { reserved_concurrency: 1, ..Function::default() });
    lambda.add_function(&other, Function::default());
    for (function, n) in [(ARN, 1), (ARN, 2), (&*other, 3), (ARN, 4), (&*other, 5)] {
        lambda.invoke(function, json!(n), at(0));
    }
    let taken: Vec<_> = std::iter::from_fn(|| lambda.take(at(0))).collect();
    assert_eq!(taken.iter().map(|it| &it.payload).collect::<Vec<_>>(), [1, 3, 5]);
    lambda.complete(&taken[0].request_id, Ok(json!(null)), at(1));
    assert_eq!(lambda.take(at(1)).unwrap().payload, json!(2));
    assert_eq!(lambda.queued(), 1);
}

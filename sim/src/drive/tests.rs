use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use serde_json::json;

use super::Sim;
use crate::aws::Answer;
use crate::dns::{DnsFault, DnsFaultKind, Protocol, Reply};
use crate::faults::{Fault, FaultKind};
use crate::lambda::Function;

const ARN: &str = "arn:aws:lambda:eu-west-1:111111111111:function:validator";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn sim() -> Sim {
    let sim = Sim::paused(at(0));
    sim.aws().lambda.add_function(ARN, Function::default());
    sim
}

/// Asks STS who we are, as the SDK's connector would.
async fn who_am_i(sim: &Sim) -> Result<u16, String> {
    let key = sim.aws().sts.add_account("111111111111").access_key_id;
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/19700101/eu-west-1/sts/aws4_request, Signature=00"
    );
    let request = Request::post("https://sts.eu-west-1.amazonaws.com/");
    let request = request.header("authorization", authorization);
    let request = request.body(b"Action=GetCallerIdentity".to_vec()).unwrap();
    match sim.exchange(&request).await {
        Answer::Response(response) => Ok(response.status().as_u16()),
        Answer::Reset => Err("reset".to_owned()),
        Answer::Silence => std::future::pending().await,
        Answer::Crash => {
            super::crash().await;
            Err("outside".to_owned())
        }
    }
}

/// When each attempt began, ended, and how.
fn history(sim: &Sim) -> Vec<(i64, i64, Result<String, String>)> {
    let aws = sim.aws();
    let seconds = |time: DateTime<Utc>| time.timestamp();
    let finished = aws.lambda.finished().iter();
    finished
        .map(|it| {
            let outcome = it.outcome.clone().map(|value| value.to_string());
            (seconds(it.began), seconds(it.ended), outcome)
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_its_time_and_is_known_to_its_invocation() {
    let sim = sim();
    assert_eq!(who_am_i(&sim).await, Ok(200));
    sim.aws().lambda.invoke(ARN, json!({}), at(0));
    sim.run_until(at(60), async |_| who_am_i(&sim).await.map(|status| json!(status))).await;
    assert_eq!(history(&sim), [(0, 0, Ok("200".to_owned()))]);
    let aws = sim.aws();
    assert_eq!(aws.lambda.finished()[0].calls, 1..2);
    assert_eq!(aws.calls()[1].at, at(0) + TimeDelta::milliseconds(120));
}

#[tokio::test(start_paused = true)]
async fn a_crash_ends_exactly_the_invocation_it_happens_in() {
    let sim = sim();
    sim.aws().faults.add(Fault::new(FaultKind::CrashBefore).times(1));
    for name in ["first", "second"] {
        sim.aws().lambda.invoke(ARN, json!(name), at(0));
    }
    sim.run_until(at(600), async |it| {
        who_am_i(&sim).await?;
        Ok(it.payload)
    })
    .await;
    assert_eq!(
        history(&sim),
        [
            (0, 0, Err(super::EXITED.to_owned())),
            (0, 0, Ok("\"second\"".to_owned())),
            (60, 60, Ok("\"first\"".to_owned())),
        ]
    );
    assert!(sim.aws().lambda.dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_handler_over_its_time_is_dropped_and_tried_again() {
    let sim = sim();
    sim.aws().lambda.invoke(ARN, json!({}), at(0));
    sim.run_until(at(3600), async |it| {
        if it.attempt == 1 {
            sim.clock().pass(Duration::from_secs(31)).await;
        }
        Ok(json!(it.attempt))
    })
    .await;
    let late = "Task timed out after 30.00 seconds".to_owned();
    assert_eq!(history(&sim), [(0, 30, Err(late)), (90, 90, Ok("2".to_owned()))]);
}

#[tokio::test(start_paused = true)]
async fn errors_and_panics_are_tried_again_until_nobody_cares() {
    let sim = sim();
    sim.aws().lambda.invoke(ARN, json!({}), at(0));
    sim.run_until(at(3600), async |it| match it.attempt {
        1 => Err("no".to_owned()),
        _ => panic!("at the disco"),
    })
    .await;
    let panicked = || Err("panicked: at the disco".to_owned());
    let history = history(&sim);
    assert_eq!(
        history,
        [(0, 0, Err("no".to_owned())), (60, 60, panicked()), (180, 180, panicked())]
    );
    assert_eq!(sim.aws().lambda.dead_letters().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_made_by_one_invocation_is_handled_while_it_still_runs() {
    let sim = sim();
    sim.aws().lambda.invoke(ARN, json!("parent"), at(0));
    sim.run_until(at(3600), async |it| {
        if it.payload == "parent" {
            sim.aws().lambda.invoke(ARN, json!("child"), sim.now());
            who_am_i(&sim).await?;
            sim.clock().pass(Duration::from_secs(10)).await;
        }
        Ok(it.payload)
    })
    .await;
    let ends = [(0, 0, Ok("\"child\"".to_owned())), (0, 10, Ok("\"parent\"".to_owned()))];
    assert_eq!(history(&sim), ends);
}

#[tokio::test(start_paused = true)]
async fn time_stops_at_until_where_more_is_to_come() {
    let sim = sim();
    sim.aws().lambda.invoke(ARN, json!({}), at(0));
    sim.run_until(at(30), async |_| Err("no".to_owned())).await;
    assert_eq!((history(&sim).len(), sim.now()), (1, at(30)));
    sim.run_until(at(3600), async |_| Ok(json!("yes"))).await;
    assert_eq!((history(&sim).len(), sim.now()), (2, at(60)));
}

#[tokio::test(start_paused = true)]
async fn a_question_takes_as_long_as_a_call_and_silence_only_its_way() {
    let sim = Sim::paused(at(0));
    sim.aws().route53.register_domain("111111111111", "example.com");
    let resolver = std::net::SocketAddr::from(([192, 0, 2, 53], 53));
    let query =
        b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x02\x00\x01";
    let Reply::Messages(messages) = sim.resolve(Protocol::Udp, resolver, query).await else {
        panic!("an answer");
    };
    assert_eq!((messages.len(), &messages[0][..2]), (1, &query[..2]));
    assert_eq!(sim.now(), at(0) + TimeDelta::milliseconds(80));
    sim.aws().dns.faults.add(DnsFault::new(DnsFaultKind::Silence).of(resolver));
    assert_eq!(sim.resolve(Protocol::Udp, resolver, query).await, Reply::Silence);
    assert_eq!(sim.now(), at(0) + TimeDelta::milliseconds(120));
}

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Server, serve};
use crate::drive::{EXITED, Sim};
use crate::faults::{Fault, FaultKind};
use crate::lambda::Function;

const ARN: &str = "arn:aws:lambda:eu-west-1:111111111111:function:validator";
const NEXT: &str = "GET /2018-06-01/runtime/invocation/next";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

async fn server() -> Server {
    let sim = Sim::stepped(at(0));
    sim.aws().lambda.add_function(ARN, Function::default());
    serve(sim).await.unwrap()
}

/// Sends one request over a connection of its own; the answer is empty if the connection breaks.
async fn send(server: &Server, line: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: aws\r\nconnection: close\r\ncontent-length: {length}\r\n\
         {headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn signature(server: &Server, service: &str) -> String {
    let key = server.sim().aws().sts.add_account("111111111111").access_key_id;
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential={key}/20261123/eu-west-1/{service}/aws4_request, \
         Signature=00\r\n"
    )
}

async fn who_am_i(server: &Server) -> String {
    let signature = signature(server, "sts");
    send(server, "POST /", &signature, "Action=GetCallerIdentity&Version=2011-06-15").await
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {answer}"))
}

fn finish(id: &str, end: &str) -> String {
    format!("POST /2018-06-01/runtime/invocation/{id}/{end}")
}

#[tokio::test]
async fn an_invocation_goes_round_with_a_call_on_its_way() {
    let server = server().await;
    server.sim().aws().lambda.invoke(ARN, json!({"n": 1}), at(0));

    let offer = send(&server, NEXT, "", "").await;
    assert!(offer.starts_with("HTTP/1.1 200"), "{offer}");
    assert!(offer.ends_with("{\"n\":1}"), "{offer}");
    assert_eq!(header(&offer, "lambda-runtime-deadline-ms"), "30000");
    assert_eq!(header(&offer, "lambda-runtime-invoked-function-arn"), ARN);
    let id = header(&offer, "lambda-runtime-aws-request-id");

    let answer = who_am_i(&server).await;
    assert!(answer.contains("<Account>111111111111</Account>"), "{answer}");
    let answer = send(&server, &finish(id, "response"), "", "{\"done\":true}").await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    let again = send(&server, &finish(id, "response"), "", "{}").await;
    assert!(again.starts_with("HTTP/1.1 400"), "{again}");

    let aws = server.sim().aws();
    let [finished] = aws.lambda.finished() else { panic!("one attempt") };
    assert_eq!((&finished.outcome, finished.calls.clone()), (&Ok(json!({"done": true})), 0..1));
    assert_eq!(finished.ended, at(0) + TimeDelta::milliseconds(80));
}

#[tokio::test]
async fn the_clock_jumps_to_the_next_event_and_stops_where_the_owner_says() {
    let server = server().await;
    server.sim().aws().lambda.invoke(ARN, json!({}), at(0));
    let function = async {
        for end in ["error", "response"] {
            let offer = send(&server, NEXT, "", "").await;
            let id = header(&offer, "lambda-runtime-aws-request-id");
            let body = "{\"errorType\": \"Oops\", \"errorMessage\": \"no\"}";
            send(&server, &finish(id, end), "", body).await;
        }
        send(&server, NEXT, "", "").await
    };
    let owner = async {
        server.run_until(at(59)).await.unwrap();
        assert_eq!(server.sim().now(), at(59));
        assert_eq!(server.sim().aws().lambda.finished().len(), 1);
        server.run_until(at(3600)).await.unwrap();
        assert_eq!(server.sim().now(), at(60));
        assert_eq!(server.sim().aws().lambda.finished().len(), 2);
    };
    tokio::select! {
        () = owner => {}
        answer = function => panic!("nothing is left to do: {answer}"),
    }
    let error = server.sim().aws().lambda.finished()[0].outcome.clone().unwrap_err();
    assert_eq!(error, "Oops: no");
}

#[tokio::test]
async fn faults_break_the_connection_and_a_crash_ends_the_invocation() {
    let server = server().await;
    server.sim().aws().lambda.invoke(ARN, json!({}), at(0));
    server.sim().aws().faults.add(Fault::new(FaultKind::Reset).times(1));
    server.sim().aws().faults.add(Fault::new(FaultKind::CrashAfter).times(1));
    send(&server, NEXT, "", "").await;
    assert_eq!(who_am_i(&server).await, "");
    assert!(server.sim().aws().lambda.finished().is_empty());
    assert_eq!(who_am_i(&server).await, "");
    assert_eq!(server.sim().aws().lambda.finished()[0].outcome, Err(EXITED.to_owned()));
    assert!(who_am_i(&server).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_function_that_cannot_start_is_heard_of() {
    let server = server().await;
    let body = "{\"errorType\": \"Settings\", \"errorMessage\": \"no SCHEDULE_GROUP\"}";
    let function = send(&server, "POST /2018-06-01/runtime/init/error", "", body);
    let (ended, answer) = tokio::join!(server.run_until(at(60)), function);
    assert_eq!(ended, Err("Settings: no SCHEDULE_GROUP".to_owned()));
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

#[tokio::test]
async fn a_new_zone_is_created_and_says_where_it_is() {
    let server = server().await;
    let body = "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                <Name>example.com</Name><CallerReference>1</CallerReference>\
                </CreateHostedZoneRequest>";
    let signature = signature(&server, "route53");
    let answer = send(&server, "POST /2013-04-01/hostedzone", &signature, body).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let id = &server.sim().aws().route53.zone_ids("111111111111")[0];
    let location = format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{id}");
    assert_eq!(header(&answer, "location"), location);
}

#[tokio::test]
async fn an_answer_of_sts_has_its_request_id_in_it() {
    let answer = who_am_i(&server().await).await;
    let id = header(&answer, "x-amzn-requestid");
    let end = format!(
        "</GetCallerIdentityResult><ResponseMetadata><RequestId>{id}</RequestId>\
         </ResponseMetadata></GetCallerIdentityResponse>"
    );
    assert!(answer.ends_with(&end), "{answer}");
}

#[tokio::test]
async fn what_is_awss_fault_is_the_receivers() {
    let server = server().await;
    server.sim().aws().faults.add(Fault::new(FaultKind::InternalError));
    let answer = who_am_i(&server).await;
    assert!(answer.contains("<Type>Receiver</Type><Code>InternalFailure</Code>"), "{answer}");
}

#[tokio::test]
async fn what_is_not_listed_is_not_served() {
    let server = server().await;
    let signature = signature(&server, "sts");
    let answer = send(&server, "POST /", &signature, "Action=GetSessionToken").await;
    assert!(answer.contains("<Code>InvalidAction</Code>"), "{answer}");
}

#[tokio::test]
async fn a_request_nobody_signed_is_refused() {
    let server = server().await;
    let answer = send(&server, "GET /2013-04-01/hostedzone", "", "").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("<Code>MissingAuthenticationToken</Code>"), "{answer}");
    let answer = send(&server, "GET /schedules", "", "").await;
    assert!(answer.contains("x-amzn-errortype: MissingAuthenticationTokenException"), "{answer}");
}

#[tokio::test]
async fn a_clock_that_goes_by_itself_is_not_served() {
    assert!(serve(Sim::paused(at(0))).await.is_err());
}

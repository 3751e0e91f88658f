use chrono::{DateTime, TimeDelta, Utc};
use http::Request;

use super::{Scope, Sts, operation};
use crate::service::Service;
use crate::wire::Failure;

const HERE: &str = "111111111111";
const THERE: &str = "222222222222";
const ROLE: &str = "arn:aws:iam::222222222222:role/zones";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn request(key: &str, service: &str, token: Option<&str>, body: &str) -> Request<Vec<u8>> {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261123/eu-west-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=00"
    );
    let mut request = Request::post("https://aws/").header("authorization", authorization);
    if let Some(token) = token {
        request = request.header("x-amz-security-token", token);
    }
    request.body(body.as_bytes().to_vec()).unwrap()
}

fn account(sts: &Sts, request: &Request<Vec<u8>>, now: DateTime<Utc>) -> Result<String, Failure> {
    sts.authenticate(&Scope::of(request).unwrap(), request, now).map(|caller| caller.account)
}

/// Assumes the role with these further parameters; the session's key and token.
fn assume(sts: &mut Sts, key: &str, more: &str) -> Result<(String, String), Failure> {
    let body = format!("Action=AssumeRole&RoleArn={}&RoleSessionName=me{more}", encoded(ROLE));
    sts.respond("AssumeRole", &request(key, "sts", None, &body), at(0)).map(|answer| {
        let document = roxmltree::Document::parse(&answer).unwrap();
        let text = |name| {
            let mut nodes = document.descendants();
            nodes.find(|node| node.has_tag_name(name)).unwrap().text().unwrap().to_owned()
        };
        let name = |name| ("https://sts.amazonaws.com/doc/2011-06-15/", name);
        (text(name("AccessKeyId")), text(name("SessionToken")))
    })
}

fn encoded(arn: &str) -> String {
    arn.replace(':', "%3A").replace('/', "%2F")
}

#[test]
fn the_scope_is_read_from_the_signature() {
    let scope = Scope::of(&request("AKIA1", "route53", None, "")).unwrap();
    assert_eq!(scope.access_key_id, "AKIA1");
    assert_eq!((scope.region.as_str(), scope.service), ("eu-west-1", Service::Route53));
    assert_eq!(Scope::of(&request("AKIA1", "s3", None, "")), None);
    assert_eq!(Scope::of(&Request::new(Vec::new())), None);
}

#[test]
fn the_operation_is_read_from_the_form() {
    assert_eq!(operation(b"Action=GetCallerIdentity&Version=2011-06-15"), "GetCallerIdentity");
    assert_eq!(operation(b"{}"), "unknown");
}

#[test]
fn the_credentials_decide_the_account() {
    let mut sts = Sts::default();
    let (here, there) = (sts.add_account(HERE), sts.add_account(THERE));
    assert_ne!(here, there);
    let by = |key: &str| account(&sts, &request(key, "acm", None, ""), at(0));
    assert_eq!(by(&here.access_key_id), Ok(HERE.to_owned()));
    assert_eq!(by(&there.access_key_id), Ok(THERE.to_owned()));
    assert_eq!(by("AKIASTRANGER").unwrap_err().code, "UnrecognizedClientException");
    let by_xml = account(&sts, &request("AKIASTRANGER", "route53", None, ""), at(0));
    assert_eq!(by_xml.unwrap_err().code, "InvalidClientTokenId");
}

#[test]
fn a_session_acts_in_the_roles_account_until_it_expires() {
    let mut sts = Sts::default();
    let here = sts.add_account(HERE);
    sts.add_role(ROLE, HERE);
    let (key, token) = assume(&mut sts, &here.access_key_id, "&DurationSeconds=900").unwrap();
    let asks = |service, token, now| account(&sts, &request(&key, service, token, ""), at(now));
    assert_eq!(asks("route53", Some(&token), 899), Ok(THERE.to_owned()));
    assert_eq!(asks("route53", Some(&token), 900).unwrap_err().code, "ExpiredToken");
    assert_eq!(asks("acm", Some(&token), 900).unwrap_err().code, "ExpiredTokenException");
    assert_eq!(asks("route53", None, 0).unwrap_err().code, "InvalidClientTokenId");
    assert_eq!(asks("route53", Some("other"), 0).unwrap_err().code, "InvalidClientTokenId");
}

#[test]
fn a_role_that_does_not_trust_the_caller_is_refused_in_awss_words() {
    let mut sts = Sts::default();
    let here = sts.add_account(HERE).access_key_id;
    let sentence = format!(
        "User: arn:aws:iam::{HERE}:user/simulated is not authorized to perform: sts:AssumeRole on \
         resource: {ROLE}"
    );
    let denied = Err(Failure::new(403, "AccessDenied", sentence));
    assert_eq!(assume(&mut sts, &here, ""), denied, "unknown");
    sts.add_role(ROLE, "333333333333");
    assert_eq!(assume(&mut sts, &here, ""), denied, "trusts another");
    sts.add_role(ROLE, HERE);
    sts.require_external_id(ROLE, "secret");
    assert_eq!(assume(&mut sts, &here, "&ExternalId=wrong"), denied);
    assert!(assume(&mut sts, &here, "&ExternalId=secret").is_ok());
    sts.revoke_role(ROLE);
    assert_eq!(assume(&mut sts, &here, "&ExternalId=secret"), denied, "revoked");
}

#[test]
fn durations_and_session_names_have_bounds() {
    let mut sts = Sts::default();
    let here = sts.add_account(HERE).access_key_id;
    sts.add_role(ROLE, HERE);
    for refused in [
        "&DurationSeconds=899",
        "&DurationSeconds=3601",
        "&DurationSeconds=43201",
        "&DurationSeconds=soon",
        "&RoleSessionName=a",
        "&RoleSessionName=a%20b",
        "&Policy=%7B%7D",
    ] {
        let failure = assume(&mut sts, &here, refused).unwrap_err();
        assert_eq!((failure.status, failure.code.as_str()), (400, "ValidationError"), "{refused}");
    }
}

#[test]
fn a_session_is_its_roles() {
    let mut sts = Sts::default();
    let here = sts.add_account(HERE).access_key_id;
    sts.add_role(ROLE, HERE);
    let (key, token) = assume(&mut sts, &here, "").unwrap();
    let request = request(&key, "sts", Some(&token), "");
    let answer = sts.respond("GetCallerIdentity", &request, at(0)).unwrap();
    let arn = "<Arn>arn:aws:sts::222222222222:assumed-role/zones/me</Arn>";
    assert!(answer.contains(arn), "{answer}");
    assert!(answer.contains(":me</UserId><Account>222222222222</Account>"), "{answer}");
}

#[test]
fn everybody_may_ask_who_they_are() {
    let mut sts = Sts::default();
    let here = sts.add_account(HERE).access_key_id;
    let answer = sts.respond("GetCallerIdentity", &request(&here, "sts", None, ""), at(0)).unwrap();
    assert!(answer.contains("<Arn>arn:aws:iam::111111111111:user/simulated</Arn>"), "{answer}");
    assert!(answer.contains("<Account>111111111111</Account>"), "{answer}");
}

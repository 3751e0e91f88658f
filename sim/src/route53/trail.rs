//! Words what CloudTrail tells of Route 53's calls.
//!
//! Keys and shapes: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/logging-using-cloudtrail.html>

use chrono::{DateTime, Utc};
use roxmltree::{Document, Node};
use serde_json::{Map, Value, json};

use super::xml::Target;
use super::zone::plain_id;
use crate::arn::partition;
use crate::call::Caller;
use crate::cloudtrail::{Record, lower_first};
use crate::event::Event;
use crate::service::Service;
use crate::wire::Failure;

#[cfg(test)]
mod tests;

/// The elements that are lists, each of elements of one name.
const LISTS: [&str; 6] =
    ["AddTags", "Changes", "NameServers", "RemoveTagKeys", "ResourceRecords", "VPCs"];

/// The elements whose text is a number or a truth value.
const PLAIN: [&str; 6] = [
    "EvaluateTargetHealth",
    "MultiValueAnswer",
    "PrivateZone",
    "ResourceRecordSetCount",
    "TTL",
    "Weight",
];

/// Whether this operation writes.
pub(super) fn is_write(operation: &str) -> bool {
    let writes = [
        "ChangeResourceRecordSets",
        "ChangeTagsForResource",
        "CreateHostedZone",
        "DeleteHostedZone",
    ];
    writes.contains(&operation)
}

/// What EventBridge hears of one call, in the partition's home region: Route 53 is global.
pub(super) fn event(
    operation: &str,
    caller: &Caller,
    target: &Target,
    body: &[u8],
    result: &Result<String, Failure>,
    at: DateTime<Utc>,
    number: usize,
) -> Event {
    let region = home(&caller.region).to_owned();
    let mut event = Record {
        service: Service::Route53,
        operation,
        caller: &Caller { account: caller.account.clone(), region },
        request: parameters(operation, target, body),
        result: result.as_ref().map(|answer| elements(operation, answer)),
        at,
        number,
    }
    .event();
    event.detail["apiVersion"] = json!("2013-04-01");
    if operation == "ChangeResourceRecordSets" {
        event.detail["additionalEventData"] =
            json!({"Note": "Do not use to reconstruct hosted zone"});
    }
    event
}

/// Where a partition's Route 53 is at home: botocore's `endpoints.json`.
fn home(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "cn-northwest-1",
        "aws-eusc" => "eusc-de-east-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// What the body says, and the path; `null` if the body cannot be read.
fn parameters(operation: &str, target: &Target, body: &[u8]) -> Value {
    let mut parameters = match std::str::from_utf8(body).map(read) {
        Ok(Some(members)) => members,
        _ if body.is_empty() => Map::new(),
        _ => return Value::Null,
    };
    let id = plain_id(&target.id);
    match operation {
        "ChangeResourceRecordSets" => parameters.insert("hostedZoneId".to_owned(), json!(id)),
        "ChangeTagsForResource" => {
            parameters.insert("resourceType".to_owned(), json!(target.resource_type));
            parameters.insert("resourceId".to_owned(), json!(target.id))
        }
        "DeleteHostedZone" => parameters.insert("id".to_owned(), json!(id)),
        _ => None,
    };
    Value::Object(parameters)
}

/// What the answer says; `null` where it says nothing.
fn elements(operation: &str, answer: &str) -> Value {
    let Some(mut elements) = read(answer).filter(|members| !members.is_empty()) else {
        return Value::Null;
    };
    if operation == "CreateHostedZone"
        && let Some(id) = elements.get("hostedZone").and_then(|zone| zone["id"].as_str())
    {
        let location = format!("https://route53.amazonaws.com/2013-04-01{id}");
        elements.insert("location".to_owned(), json!(location));
    }
    Value::Object(elements)
}

fn read(document: &str) -> Option<Map<String, Value>> {
    Document::parse(document).ok().map(|document| members(document.root_element()))
}

fn members(node: Node<'_, '_>) -> Map<String, Value> {
    let children = node.children().filter(Node::is_element);
    children.map(|child| (lower_first(child.tag_name().name()), value(child))).collect()
}

fn value(node: Node<'_, '_>) -> Value {
    let name = node.tag_name().name();
    let mut children = node.children().filter(Node::is_element);
    if LISTS.contains(&name) {
        return children.map(value).collect();
    }
    if children.next().is_some() {
        return Value::Object(members(node));
    }
    let text = node.text().unwrap_or_default();
    match name {
        "SubmittedAt" => json!(submitted(text)),
        name if PLAIN.contains(&name) => text.parse().unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}

/// `Jan 16, 2018 12:41:43 AM`, as the samples have it.
fn submitted(text: &str) -> String {
    let time = text.parse::<DateTime<Utc>>();
    time.map_or_else(|_| text.to_owned(), |time| time.format("%b %-d, %Y %-I:%M:%S %p").to_string())
}

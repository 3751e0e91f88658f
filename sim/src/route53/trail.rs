//! CloudTrail's events for the calls of Route 53.
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

/// The elements that are lists.
const LISTS: [&str; 6] =
    ["AddTags", "Changes", "NameServers", "RemoveTagKeys", "ResourceRecords", "VPCs"];

/// The elements whose text is a number or a boolean.
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

/// The event for one call, in the region that Route 53 has in the partition: Route 53 is global.
pub(super) fn event(
    operation: &str,
    caller: &Caller,
    target: &Target,
    body: &[u8],
    result: &Result<String, Failure>,
    at: DateTime<Utc>,
    number: usize,
) -> Event {
    let region = global_region(&caller.region).to_owned();
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

/// The region of Route 53 in a partition, from botocore's `endpoints.json`.
fn global_region(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "cn-northwest-1",
        "aws-eusc" => "eusc-de-east-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// The members of the body and of the path; `null` if the body cannot be read.
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

/// The members of the answer; `null` if there are none.
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

/// `Jan 16, 2018 12:41:43 AM`, as in the samples.
fn submitted(text: &str) -> String {
    let time = text.parse::<DateTime<Utc>>();
    time.map_or_else(|_| text.to_owned(), |time| time.format("%b %-d, %Y %-I:%M:%S %p").to_string())
}

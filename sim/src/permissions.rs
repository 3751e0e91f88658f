//! Reads a call the way IAM does: into the permissions that it needs.

use std::collections::BTreeSet;

use http::Request;
use serde::Deserialize;

use crate::arn::partition;
use crate::call::Caller;
use crate::iam::{Facts, IamRequest, action};
use crate::organizations::Organizations;
use crate::service::Service;
use crate::wire::Parameters;
use crate::{route53, scheduler};

#[cfg(test)]
mod tests;

/// Reads a call the way IAM does. A call that cannot be read is rejected before IAM evaluates it.
pub(crate) fn facts(
    service: Service,
    operation: &str,
    caller: &Caller,
    request: &Request<Vec<u8>>,
    organizations: &Organizations,
) -> Facts {
    let facts = match service {
        Service::Acm => certificate(operation, request.body()),
        Service::EventBridge => events(caller, request.body()),
        Service::Organizations => organizations.facts(operation, caller, request.body()),
        Service::Route53 => route53::iam::facts(operation, caller, request),
        Service::Scheduler => schedule(operation, caller, request),
        Service::Sts => role(operation, request.body()),
    };
    facts.unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfCertificate {
    certificate_arn: String,
}

fn certificate(operation: &str, body: &[u8]) -> Option<Facts> {
    if matches!(operation, "ListCertificates" | "RequestCertificate" | "SearchCertificates") {
        return None;
    }
    let OfCertificate { certificate_arn } = serde_json::from_slice(body).ok()?;
    Some(Facts::On(certificate_arn.into()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    detail_type: String,
    event_bus_name: Option<String>,
    #[serde(default)]
    source: String,
}

/// IAM evaluates each kind of entry separately:
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html>
fn events(caller: &Caller, body: &[u8]) -> Option<Facts> {
    let PutEvents { entries } = serde_json::from_slice(body).ok()?;
    let Caller { account, region } = caller;
    let requests: BTreeSet<IamRequest> = entries
        .into_iter()
        .map(|Entry { detail_type, event_bus_name, source }| {
            let bus = event_bus_name.unwrap_or_else(|| "default".to_owned());
            let bus = if bus.starts_with("arn:") {
                bus
            } else {
                format!("arn:{}:events:{region}:{account}:event-bus/{bus}", partition(region))
            };
            IamRequest::new("events:PutEvents", &bus)
                .with("events:source", [source])
                .with("events:detail-type", [detail_type])
        })
        .collect();
    Some(Facts::More(requests.into_iter().collect()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfSchedule {
    group_name: Option<String>,
    target: Target,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    role_arn: String,
}

/// The caller who gives a role to Scheduler needs permission to pass it:
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html>
fn schedule(operation: &str, caller: &Caller, request: &Request<Vec<u8>>) -> Option<Facts> {
    let name = scheduler::name(request)?;
    let arn = |group: Option<&str>| scheduler::schedule_arn(caller, group, &name);
    match operation {
        "CreateSchedule" | "UpdateSchedule" => {
            let body: OfSchedule = serde_json::from_slice(request.body()).ok()?;
            let pass = IamRequest::new("iam:PassRole", &body.target.role_arn)
                .with("iam:PassedToService", ["scheduler.amazonaws.com".to_owned()]);
            let schedule = arn(body.group_name.as_deref());
            let schedule = IamRequest::new(&action(Service::Scheduler, operation), &schedule);
            Some(Facts::More([schedule, pass].into()))
        }
        "GetSchedule" | "DeleteSchedule" => {
            Some(Facts::On(arn(Parameters::of(request).get("groupName")).into()))
        }
        _ => Some(Facts::On(scheduler::group_arn(caller, &name).into())),
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>
fn role(operation: &str, body: &[u8]) -> Option<Facts> {
    let form = Parameters::read(std::str::from_utf8(body).ok()?);
    let role = form.get("RoleArn").filter(|_| operation == "AssumeRole")?;
    let mut request = IamRequest::new("sts:AssumeRole", role);
    for (key, field) in
        [("sts:ExternalId", "ExternalId"), ("sts:RoleSessionName", "RoleSessionName")]
    {
        if let Some(value) = form.get(field) {
            request = request.with(key, [value.to_owned()]);
        }
    }
    Some(Facts::More([request].into()))
}

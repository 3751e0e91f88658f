//! What IAM judges: which action a call is, on which resources, under which conditions.
//!
//! Nothing is denied here; policies can be held against it. Source of actions, resources and
//! condition keys: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html>

use std::collections::{BTreeMap, BTreeSet};

use http::Request;
use serde::Deserialize;

use crate::aws::{Call, Caller, Service, partition};
use crate::wire::Parameters;
use crate::{route53, scheduler};

#[cfg(test)]
mod tests;

/// One thing a call has to be allowed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct IamRequest {
    /// For example `route53:ChangeResourceRecordSets`.
    pub action: String,
    /// The ARNs it is done to, or `*` for an action that knows no resources.
    pub resources: Vec<String>,
    /// The condition keys AWS fills in, beside those that every request has.
    pub conditions: BTreeMap<String, Vec<String>>,
}

impl IamRequest {
    fn new(action: &str, resource: &str) -> Self {
        let (action, resources) = (action.to_owned(), vec![resource.to_owned()]);
        Self { action, resources, conditions: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.conditions.insert(key.to_owned(), values.into_iter().collect());
        self
    }
}

/// The same, kept small: there is one for every call of a long story.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Facts {
    /// No resource, no condition.
    #[default]
    Any,
    /// One resource, no condition.
    On(Box<str>),
    /// All of it.
    More(Box<[IamRequest]>),
}

impl Call {
    /// What had to be allowed for it: the action itself first, then what it implies.
    pub fn iam_requests(&self) -> Vec<IamRequest> {
        let action = action(self.service, &self.operation);
        match &self.facts {
            Facts::Any => vec![IamRequest::new(&action, "*")],
            Facts::On(resource) => vec![IamRequest::new(&action, resource)],
            Facts::More(requests) => requests.to_vec(),
        }
    }
}

/// Reads a call the way IAM does. What cannot be read is refused before IAM is asked.
pub(crate) fn facts(
    service: Service,
    operation: &str,
    caller: &Caller,
    request: &Request<Vec<u8>>,
) -> Facts {
    let facts = match service {
        Service::Acm => certificate(operation, request.body()),
        Service::EventBridge => events(caller, request.body()),
        Service::Route53 => route53::iam::facts(operation, caller, request),
        Service::Scheduler => schedule(operation, caller, request),
        Service::Sts => role(operation, request.body()),
    };
    facts.unwrap_or_default()
}

/// The action of an operation; in every service here they have the same names.
pub(crate) fn action(service: Service, operation: &str) -> String {
    format!("{}:{operation}", service.iam_prefix())
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

/// Every kind of entry is judged by itself:
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

/// Who gives Scheduler a role must be allowed to pass it on:
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

/// What a call is that names resources of its own service.
pub(crate) fn on(
    service: Service,
    operation: &str,
    resources: impl IntoIterator<Item = String>,
) -> IamRequest {
    let (action, resources) = (action(service, operation), resources.into_iter().collect());
    IamRequest { action, resources, conditions: BTreeMap::new() }
}

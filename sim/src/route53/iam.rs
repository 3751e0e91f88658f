//! Reads calls the way IAM does: into the permissions that they need.

use std::collections::BTreeSet;

use super::name::Name;
use super::xml::{self, Target};
use super::zone::plain_id;
use crate::arn::partition;
use crate::call::Caller;
use crate::iam::{self, Facts};
use crate::service::Service;

/// The resources of a call, and the condition keys of a change.
///
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html>
pub(crate) fn facts(
    operation: &str,
    caller: &Caller,
    request: &http::Request<Vec<u8>>,
) -> Option<Facts> {
    let (_, target) = xml::route(request)?;
    let arn =
        |kind: &str, id: &str| format!("arn:{}:route53:::{kind}/{id}", partition(&caller.region));
    let body = std::str::from_utf8(request.body()).ok()?;
    match operation {
        "ChangeResourceRecordSets" => {
            let zone = arn("hostedzone", plain_id(&target.id));
            change(iam::on(Service::Route53, operation, [zone]), body)
        }
        "GetChange" => Some(Facts::On(arn("change", plain_change(&target)).into())),
        "ListTagsForResources" => {
            let document = xml::parse(body, "ListTagsForResourcesRequest").ok()?;
            let ids = xml::child(document.root_element(), "ResourceIds")?;
            let ids = xml::children(ids, "ResourceId").filter_map(|id| id.text());
            let resources = ids.map(|id| arn(&target.resource_type, id));
            let request = iam::on(Service::Route53, operation, resources);
            Some(Facts::More([request].into()))
        }
        "ChangeTagsForResource" | "ListTagsForResource" => {
            Some(Facts::On(arn(&target.resource_type, &target.id).into()))
        }
        _ if target.id.is_empty() => None,
        _ => Some(Facts::On(arn("hostedzone", plain_id(&target.id)).into())),
    }
}

fn change(request: iam::IamRequest, body: &str) -> Option<Facts> {
    let document = xml::parse(body, "ChangeResourceRecordSetsRequest").ok()?;
    let batch = xml::child(document.root_element(), "ChangeBatch")?;
    let changes = xml::child(batch, "Changes")?;
    let (mut names, mut types, mut actions) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for change in xml::children(changes, "Change") {
        actions.extend(xml::child_text(change, "Action"));
        let Some(set) = xml::child(change, "ResourceRecordSet") else { continue };
        types.extend(xml::child_text(set, "Type"));
        names.extend(xml::child_text(set, "Name").map(|name| normalized(&name)));
    }
    let request = request
        .with("route53:ChangeResourceRecordSetsActions", actions)
        .with("route53:ChangeResourceRecordSetsNormalizedRecordNames", names)
        .with("route53:ChangeResourceRecordSetsRecordTypes", types);
    Some(Facts::More([request].into()))
}

/// "All letters must be lowercase … must be specified without the trailing dot … characters other
/// than a–z, 0–9, - (hyphen), _ (underscore), and . (period) … must use escape codes": as a [`Name`]
/// is stored, except for the dot.
fn normalized(name: &str) -> String {
    let kept = name.parse::<Name>().map_or_else(|_| name.to_owned(), |name| name.to_string());
    kept.trim_end_matches('.').to_owned()
}

fn plain_change(target: &Target) -> &str {
    target.id.strip_prefix("/change/").unwrap_or(&target.id)
}

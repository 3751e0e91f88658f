//! Writes down the IAM requests of the stories, so that `infra/check/iam` can check the policies of the
//! templates against the calls that the function really makes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;

use serde_json::json;
use sim::aws::{Call, Service};
use sim::iam::IamRequest;

use crate::world::{ACCOUNT, DNS_ACCOUNT, MEMBER_ACCOUNT, World};

/// Appends the IAM requests of the function in this world to the file that `IAM_REQUESTS` names, if it
/// is set: one JSON object for each line.
pub(crate) fn record(world: &World) {
    #[expect(clippy::disallowed_methods, reason = "set only for infra/check/iam")]
    let Some(path) = std::env::var_os("IAM_REQUESTS") else { return };
    let aws = world.sim.aws();
    // Only the calls within invocations: people call between them.
    let attempts = aws.lambda.finished().iter();
    let calls = attempts.flat_map(|attempt| &aws.calls()[attempt.calls.clone()]);
    let mut lines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in calls {
        let Some(assumed) = assumed(call) else { continue };
        for request in call.iam_requests() {
            let lines = lines.entry(request.action.clone()).or_default();
            if lines.len() < MOST {
                lines.extend(json_lines(&request, assumed.as_deref(), &world.settings));
            }
        }
    }
    let mut file = File::options().create(true).append(true).open(path).expect("a file");
    for line in lines.into_values().flatten() {
        // One write for each line, since stories run at the same time.
        file.write_all(format!("{line}\n").as_bytes()).expect("written");
    }
}

/// The most requests of one action that are taken from one story.
const MOST: usize = 50;

/// The role that a call was made with: `Some(None)` for the function's own role, `None` for a call to an
/// account for which there is no template.
fn assumed(call: &Call) -> Option<Option<String>> {
    let role = |name: &str| Some(Some(format!("arn:aws:iam::{}:role/{name}", call.account)));
    match (call.account.as_str(), call.service) {
        (ACCOUNT, _) => Some(None),
        (DNS_ACCOUNT, Service::Route53) => role("dns"),
        (MEMBER_ACCOUNT, Service::Acm) => role("certificates"),
        _ => None,
    }
}

/// A request as JSON lines, one for each resource.
fn json_lines(
    request: &IamRequest,
    assumed: Option<&str>,
    settings: &BTreeMap<String, String>,
) -> Vec<String> {
    let IamRequest { action, resources, conditions } = request;
    let lines = resources.iter().map(|resource| {
        let mut line = json!({
            "action": action, "resource": resource, "conditions": conditions, "settings": settings,
        });
        if let Some(assumed) = assumed {
            line["as"] = json!(assumed);
        }
        line.to_string()
    });
    lines.collect()
}

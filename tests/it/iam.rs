//! What IAM must allow: the calls that the function really makes in the stories, for
//! `infra/check/iam` to hold against the policies of the templates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;

use serde_json::json;
use sim::aws::{Call, Service};
use sim::iam::IamRequest;

use crate::world::{DNS, MEMBER, OURS, World};

/// Appends what the function of this world asked of IAM to the file that `IAM_REQUESTS` names, if it
/// is set: a JSON object a line.
pub(crate) fn record(world: &World) {
    #[expect(clippy::disallowed_methods, reason = "only who holds policies against it wants it")]
    let Some(path) = std::env::var_os("IAM_REQUESTS") else { return };
    let aws = world.sim.aws();
    // Whatever people call, they call between invocations.
    let attempts = aws.lambda.finished().iter();
    let calls = attempts.flat_map(|attempt| &aws.calls()[attempt.calls.clone()]);
    let mut lines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in calls {
        let Some(assumed) = assumed(call) else { continue };
        for request in call.iam_requests() {
            let lines = lines.entry(request.action.clone()).or_default();
            if lines.len() < ENOUGH {
                lines.extend(spell(&request, assumed.as_deref(), &world.settings));
            }
        }
    }
    let mut file = File::options().create(true).append(true).open(path).expect("a file");
    for line in lines.into_values().flatten() {
        // One write a line: stories run side by side.
        file.write_all(format!("{line}\n").as_bytes()).expect("written");
    }
}

/// How many requests of one action are taken from one story.
const ENOUGH: usize = 50;

/// The role that a call was made with, none for the function's own; `None` for those of accounts that
/// no template here is for.
fn assumed(call: &Call) -> Option<Option<String>> {
    let role = |name: &str| Some(Some(format!("arn:aws:iam::{}:role/{name}", call.account)));
    match (call.account.as_str(), call.service) {
        (OURS, _) => Some(None),
        (DNS, Service::Route53) => role("dns"),
        (MEMBER, Service::Acm) => role("certificates"),
        _ => None,
    }
}

fn spell(
    request: &IamRequest,
    assumed: Option<&str>,
    settings: &BTreeMap<String, String>,
) -> Vec<String> {
    let IamRequest { action, resources, conditions } = request;
    let spelt = resources.iter().map(|resource| {
        let mut line = json!({
            "action": action, "resource": resource, "conditions": conditions, "settings": settings,
        });
        if let Some(assumed) = assumed {
            line["as"] = json!(assumed);
        }
        line.to_string()
    });
    spelt.collect()
}

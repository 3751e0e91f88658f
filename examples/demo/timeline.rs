//! What the function did, a few lines for each invocation.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sim::lambda::Finished;

use crate::setup::start_time;

/// The lines of these invocations. Checks with the same result as the one before are summed up.
pub(crate) fn timeline(invocations: &[Finished], zones: &BTreeMap<&str, String>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut same: Vec<&Finished> = Vec::new();
    for invocation in invocations {
        if same.last().is_none_or(|before| !have_same_result(before, invocation)) {
            lines.extend(sum_up(&same));
            same.clear();
            lines.extend(describe(invocation, zones));
        }
        same.push(invocation);
    }
    lines.extend(sum_up(&same));
    lines
}

/// An invocation as JSON.
pub(crate) fn as_json(invocation: &Finished) -> Value {
    let (outcome, error) = match &invocation.outcome {
        Ok(outcome) => (outcome.clone(), Value::Null),
        Err(error) => (Value::Null, json!(error)),
    };
    json!({
        "time": invocation.began,
        "startedBy": invocation.invocation.payload["detail-type"],
        "calls": invocation.calls.len(),
        "outcome": outcome,
        "error": error,
    })
}

/// Whether two checks have the same result: certificate, state, and states of the records.
fn have_same_result(one: &Finished, other: &Finished) -> bool {
    let result = |invocation: &Finished| {
        invocation.outcome.as_ref().ok().map(|outcome| {
            let states = items(&outcome["records"]).map(|record| record["state"].clone());
            let states: Vec<_> = states.collect();
            (outcome["certificateArn"].clone(), outcome["state"].clone(), states)
        })
    };
    result(one).is_some() && result(one) == result(other)
}

/// One line for all checks after the first of these.
fn sum_up(same: &[&Finished]) -> Option<String> {
    let [_, more @ ..] = same else { return None };
    let last = time(more.last()?.began);
    let calls: usize = more.iter().map(|check| check.calls.len()).sum();
    let checks = if more.len() == 1 { "check" } else { "checks" };
    Some(format!("  {last}  … {} more {checks} with the same result ({calls} calls)", more.len()))
}

fn describe(invocation: &Finished, zones: &BTreeMap<&str, String>) -> Vec<String> {
    let (began, calls) = (time(invocation.began), invocation.calls.len());
    let started = format!("  {began}  started by {}", cause(&invocation.invocation.payload));
    let outcome = match &invocation.outcome {
        Ok(outcome) => outcome,
        Err(error) => return vec![format!("{started}: error {error}")],
    };
    if let Some(summary) = summary_of_several(outcome) {
        return vec![format!("{started}; {summary} ({calls} calls)")];
    }
    let (domain, status) = (text(&outcome["domainName"]), text(&outcome["status"]));
    let mut lines = vec![format!("{started}; ACM: {domain} is {status} ({calls} calls)")];
    let details = items(&outcome["records"]).map(|it| record(it, zones)).chain([ending(outcome)]);
    lines.extend(details.map(|detail| format!("{:19}{detail}", "")));
    lines
}

/// What started an invocation.
fn cause(payload: &Value) -> String {
    match payload["detail-type"].as_str() {
        Some("AWS API Call via CloudTrail") => {
            format!("CloudTrail: {}", text(&payload["detail"]["eventName"]))
        }
        Some("Certificate Check") => "a scheduled check".to_owned(),
        other => other.unwrap_or("?").to_owned(),
    }
}

/// The response to a sweep or a change of a hosted zone; none for the check of one certificate.
fn summary_of_several(outcome: &Value) -> Option<String> {
    let found = outcome["found"].as_u64()?;
    Some(match outcome["zones"][0].as_str() {
        Some(zone) => format!("pending under {zone}: {found}, checked: {}", outcome["looked"]),
        None => format!("pending: {found}, checks scheduled: {}", outcome["armed"]),
    })
}

fn record(record: &Value, zones: &BTreeMap<&str, String>) -> String {
    let name = text(&record["name"]);
    // The first label is ACM's hash.
    let domain = name.split_once('.').map_or(name, |(_, domain)| domain).trim_end_matches('.');
    let state = text(&record["state"]).to_lowercase();
    let zone = zones.iter().find(|(_, id)| record["hostedZoneId"] == id.as_str());
    let zone = zone.map(|(name, id)| format!(" in zone {name} ({id})")).unwrap_or_default();
    format!("record of {domain} {state}{zone}{}", reason(record))
}

/// The time of the next check, or that there is none.
fn ending(outcome: &Value) -> String {
    match outcome["next"].as_str().and_then(|next| next.parse().ok()) {
        Some(next) => format!("next check at {}", time(next)),
        None => format!("no further check{}", reason(outcome)),
    }
}

fn reason(value: &Value) -> String {
    value["reason"].as_str().map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("nothing")
}

/// `day 1 08:00:12`
fn time(at: DateTime<Utc>) -> String {
    let day = (at.date_naive() - start_time().date_naive()).num_days() + 1;
    format!("day {day} {}", at.format("%H:%M:%S"))
}

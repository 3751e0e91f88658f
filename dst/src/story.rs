//! Writes down what happened in a world, for people and for comparison.

use std::fmt::Write as _;

use serde_json::Value;
use sim::aws::Aws;
use sim::eventbridge::Published;

use crate::monitor::state::State;

/// The story of a world: the acts, and the responses and events of the function.
pub(crate) fn render(state: &State, aws: &Aws) -> String {
    let acts = state.lines.iter().map(|(at, line)| (*at, format!("-- {line}")));
    let attempts = aws.lambda.finished().iter().map(|attempt| {
        let payload = &attempt.invocation.payload;
        let event = payload["detail"]["eventName"].as_str();
        let why = event.or_else(|| payload["detail-type"].as_str()).map(str::to_owned);
        let batch = || format!("batch of {}", payload["Records"].as_array().map_or(0, Vec::len));
        let why = why.unwrap_or_else(batch);
        let what = match &attempt.outcome {
            Ok(outcome) => response(outcome),
            Err(error) => format!("error {error}"),
        };
        (attempt.began, format!("{why}: {what}"))
    });
    let published = aws.eventbridge.published().iter().map(|event| {
        let arn =
            event.resources.first().map_or("", |arn| arn.rsplit('-').next().unwrap_or_default());
        let Published { at, detail, .. } = event;
        let what = ["state", "finding"].map(|name| detail[name].as_str().unwrap_or_default());
        let record = detail["record"]["name"].as_str().unwrap_or_default();
        let repaired = if detail["repaired"] == true { ", repaired" } else { "" };
        let kind = if event.detail_type.ends_with("Summary") { "summary of an audit" } else { "" };
        (*at, format!("   published: {arn} {kind}{} {record}{repaired}", what.concat()))
    });
    let mut lines: Vec<_> = acts.chain(attempts).chain(published).collect();
    lines.sort_by_key(|(at, _)| *at);
    lines
        .iter()
        .fold(String::new(), |story, (at, line)| story + &format!("{} {line}\n", state.clock(*at)))
}

fn response(outcome: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if outcome.get("found").is_some() || outcome.get("batchItemFailures").is_some() {
        return outcome.to_string();
    }
    if outcome.get("certificatesAudited").is_some() {
        return format!(
            "audited {} certificates and {} zones, found {}, unread {}, unknown {}, from {}",
            outcome["certificatesAudited"],
            outcome["hostedZones"],
            outcome["findings"],
            outcome["unread"],
            outcome["unusedUnknown"],
            outcome["from"]
        );
    }
    let arn = text(&outcome["certificateArn"]);
    let mut line =
        format!("{} {}", arn.rsplit('-').next().unwrap_or_default(), text(&outcome["state"]));
    for record in outcome["records"].as_array().into_iter().flatten() {
        let name = text(&record["name"]);
        // The name of a record begins with a hash that is left out; the name of a certificate has none.
        let hash = name.starts_with('_').then(|| name.split_once('.')).flatten();
        let domain = hash.map_or(&*name, |(_, domain)| domain);
        line += &format!(", {domain} {}", text(&record["state"]));
        if let Some(zone) = record["hostedZoneId"].as_str() {
            line += &format!(" in Z{}", zone.trim_start_matches('Z').trim_start_matches('0'));
        }
    }
    if let Some(reason) = outcome["reason"].as_str() {
        line += &format!(" ({reason})");
    }
    if let Some(next) = outcome["next"].as_str() {
        line += &format!(", next check {next}");
    }
    line
}

/// Everything that must be the same in two runs of one seed.
pub(crate) fn transcript(aws: &Aws) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |thing: &dyn std::fmt::Debug| _ = writeln!(text, "{thing:?}");
    aws.calls().iter().for_each(|call| line(call));
    aws.questions().iter().for_each(|question| line(question));
    aws.route53.writes().iter().for_each(|write| line(write));
    aws.eventbridge.published().iter().for_each(|event| line(event));
    aws.lambda.finished().iter().for_each(|attempt| line(attempt));
    aws.acm.certificates().for_each(|certificate| line(certificate));
    text
}

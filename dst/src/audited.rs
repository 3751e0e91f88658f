//! What audits leave behind: their summaries, and the records of certificates that are in use.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sim::aws::Aws;

use crate::monitor::state::State;
use crate::oracle::{Facts, View};

/// Checks a world that has ended.
pub(crate) fn check(state: &mut State, aws: &Aws, facts: &Facts, faults_ended: DateTime<Utc>) {
    let now = facts.at;
    let asked = state.ledger.audits.clone();
    // What began before may have to be done again later.
    let since = if state.without_faults { None } else { asked.last().map(|(at, _)| *at) };
    let is_meant = |at: DateTime<Utc>| since.is_none_or(|since| at >= since);
    let began = |detail: &Value| detail["began"].as_str()?.parse::<DateTime<Utc>>().ok();
    let published = aws.eventbridge.published().iter();
    let summaries = published.filter(|event| event.detail_type == "Certificate Audit Summary");
    let told = summaries.filter(|event| began(&event.detail).is_some_and(is_meant)).count();
    let asked_for = asked.iter().filter(|(at, _)| is_meant(*at)).count();
    let is_right = if state.without_faults { told == asked_for } else { told >= asked_for };
    if !is_right {
        let invariant = "Every audit that nothing disturbs publishes one summary.";
        state.violate(now, invariant, format!("{asked_for} audits published {told}"));
    }
    let is_complete = asked.iter().any(|(at, everything)| *everything && *at >= faults_ended);
    if is_complete && let Some(missing) = missing(facts) {
        let invariant = "After an audit that nothing disturbs, the records of every certificate that is in \
                         use and served are where they belong, unless another value is there.";
        state.violate(now, invariant, missing);
    }
}

/// A record that the audit should have put back.
fn missing(facts: &Facts) -> Option<String> {
    let renewed = facts.certificates.iter().filter(|it| it.served && it.in_reach && it.renewable);
    let records = renewed.flat_map(|it| it.records.iter().map(move |record| (it, record)));
    let mut open = records.filter(|(_, record)| record.open && !record.resolves);
    open.find_map(|(of, record)| {
        let zone = facts.zone_for(of, record, View::Known).ok()?;
        let by_name = facts.zone_for(of, record, View::Unknown).ok()?;
        let is_there = zone.records.iter().any(|(name, ..)| {
            name.trim_end_matches('.').eq_ignore_ascii_case(record.name.trim_end_matches('.'))
        });
        (zone.id == by_name.id && !is_there)
            .then(|| format!("{} of {} is not in {}", record.name, of.arn, zone.id))
    })
}

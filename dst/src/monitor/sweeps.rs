//! What a sweep leaves behind: a check of every pending certificate, or a failure that somebody hears of.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sim::Sim;
use sim::aws::Aws;

use super::attempt::Attempt;
use super::state::State;
use crate::checks::{must_be_scheduled, schedules};
use crate::names::OURS;

/// A sweep that an attempt was asked for.
struct Sweep {
    /// The id of its message, if it came through the queue.
    message: Option<String>,
    /// The accounts and regions in which an earlier sweep ran out of time.
    unfinished: Vec<(String, String)>,
    /// The first account and region with which none has begun.
    from: Option<(String, String)>,
}

impl State {
    /// Whether AWS Organizations failed so recently that the function may go by an older list: an attempt
    /// ago, and a minute before that.
    fn lacks_organization(&self, now: DateTime<Utc>) -> bool {
        self.organization_failed.is_some_and(|at| now - at < TimeDelta::minutes(3))
    }

    /// The certificates that need a check now.
    pub(super) fn pending(&self, aws: &Aws, now: DateTime<Utc>) -> Vec<String> {
        let facts = self.recent.back().into_iter().flat_map(|facts| &facts.certificates);
        let needs = facts.filter(|fact| {
            aws.acm
                .certificate(&fact.arn)
                .is_some_and(|it| it.is_visible(now) && must_be_scheduled(it, fact, now))
        });
        needs.map(|fact| fact.arn.clone()).collect()
    }

    /// Those of the attempt's certificates that still need a check, and have none scheduled.
    pub(super) fn forgotten(&self, sim: &Sim, attempt: &Attempt) -> Vec<String> {
        let (now, aws) = (sim.now(), sim.aws());
        let still = self.ledger.facts(&aws, now).certificates.into_iter().filter(|fact| {
            attempt.pending.contains(&fact.arn)
                && aws.acm.certificate(&fact.arn).is_some_and(|it| must_be_scheduled(it, fact, now))
                && schedules(&aws, &fact.arn, now) == 0
        });
        still.map(|fact| fact.arn).collect()
    }

    /// Checks an attempt that had to sweep, if no other sweep goes on where it stopped.
    pub(super) fn check_sweep(
        &mut self,
        sim: &Sim,
        attempt: &Attempt,
        payload: &Value,
        outcome: &Result<Value, String>,
    ) {
        let sweeps = sweeps(payload);
        if sweeps.is_empty() || self.dry_run || attempt.skewed || attempt.goes_on() {
            return;
        }
        if attempt.cannot_go_on() {
            let silent = match outcome {
                Ok(outcome) => returned(outcome).next().is_none(),
                Err(_) => false,
            };
            if silent {
                let invariant = "A sweep that cannot schedule the one that goes on fails.";
                self.violate(sim.now(), invariant, "it did not fail".to_owned());
            }
            return;
        }
        let forgotten = self.forgotten(sim, attempt);
        // A call without an answer is known by the failure of the sweep alone.
        let no_answer = outcome.as_ref().is_err_and(|error| error.contains("AWS Organizations"));
        let is_unknown = !attempt.knows_members || no_answer || self.lacks_organization(sim.now());
        for Sweep { message, unfinished, from } in sweeps {
            let mut places: Vec<_> =
                unfinished.iter().filter(|it| self.places.contains(it)).cloned().collect();
            if unfinished.is_empty() || from.is_some() {
                places.extend(places_from(&self.places, from.as_ref()));
            }
            let mut lost = forgotten.iter().filter(|arn| {
                let place = place(arn);
                // A sweep that goes on in a place leaves the beginning of it to the one before it.
                places.contains(&place)
                    && !unfinished.contains(&place)
                    && Some(&place) != from.as_ref()
            });
            let failed = match (outcome, &message) {
                (Err(_), _) => true,
                (Ok(_), None) => false,
                (Ok(outcome), Some(message)) => returned(outcome).any(|id| id == message),
            };
            // Another account that denies its certificates is counted, and no reason to sweep again.
            // So is one of which the function does not know that it is a member.
            let is_refused = |(account, region): &(String, String)| {
                let mut regions = [region.as_str(), ""].into_iter();
                let denies =
                    |region: &str| attempt.refused.contains(&(account.clone(), region.to_owned()));
                account != OURS && (is_unknown || regions.any(denies))
            };
            let unlisted = places.iter().find(|it| !attempt.listed.contains(it) && !is_refused(it));
            let excused = |arn: &str| {
                let (account, region) = place(arn);
                let id = arn.rsplit('/').next().unwrap_or_default();
                attempt.failed.contains(&(account.clone(), region))
                    || attempt.failed.contains(&(account, String::new()))
                    || attempt.unscheduled.iter().any(|name| name.starts_with(id))
            };
            if !failed && let Some((account, region)) = unlisted {
                let invariant = "A sweep that cannot list a place fails, so that it is done again, unless \
                                 another account denies it.";
                let but = format!("{account} {region} was not listed, and it did not fail");
                self.violate(sim.now(), invariant, but);
            }
            let excused = |arn: &str| is_refused(&place(arn)) || (failed && excused(arn));
            let one = lost.find(|arn| !excused(arn));
            if let Some(arn) = one {
                let invariant = "After a sweep, every pending certificate in a place that answers has \
                                 a check scheduled, whatever other places do.";
                self.violate(sim.now(), invariant, format!("{arn} has none"));
            }
        }
    }
}

/// The places of a sweep that begins here. What is not there any more lies before those of later accounts.
fn places_from(
    places: &[(String, String)],
    from: Option<&(String, String)>,
) -> Vec<(String, String)> {
    let Some(from) = from else { return places.to_vec() };
    let begin = places.iter().position(|place| place == from);
    let later = || places.iter().position(|(account, _)| account != OURS && *account > from.0);
    places[begin.or_else(later).unwrap_or(places.len())..].to_vec()
}

/// The ids of the messages that a response gives back.
pub(super) fn returned(outcome: &Value) -> impl Iterator<Item = &str> {
    let failures = outcome["batchItemFailures"].as_array().into_iter().flatten();
    failures.filter_map(|failure| failure["itemIdentifier"].as_str())
}

/// The account and region of a certificate.
pub(super) fn place(arn: &str) -> (String, String) {
    let part = |index| arn.split(':').nth(index).unwrap_or_default().to_owned();
    (part(4), part(3))
}

/// The sweeps that a payload asks for.
fn sweeps(payload: &Value) -> Vec<Sweep> {
    let place = |cursor: &Value| {
        let text = |name: &str| Some(cursor[name].as_str()?.to_owned());
        text("account").zip(text("region"))
    };
    let sweep = |message: Option<&str>, event: &Value| {
        let detail = &event["detail"];
        let is_sweep = event["detail-type"] == "Certificate Sweep" && detail["zones"].is_null();
        is_sweep.then(|| Sweep {
            message: message.map(str::to_owned),
            unfinished: detail["places"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(place)
                .collect(),
            from: place(&detail["from"]),
        })
    };
    let Some(records) = payload["Records"].as_array() else {
        return sweep(None, payload).into_iter().collect();
    };
    let parsed = |record: &Value| -> Option<Sweep> {
        let body: Value = serde_json::from_str(record["body"].as_str()?).ok()?;
        sweep(record["messageId"].as_str(), &body)
    };
    records.iter().filter_map(parsed).collect()
}

//! What a sweep leaves behind: a check of every pending certificate, or a failure that somebody hears of.

use chrono::{DateTime, Utc};
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
    /// The account and region where it begins, if an earlier sweep ran out of time there.
    from: Option<(String, String)>,
}

impl State {
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
        for Sweep { message, from } in sweeps {
            let begin = self.places.iter().position(|place| Some(place) == from.as_ref());
            let places = self.places[begin.unwrap_or(0)..].to_vec();
            let mut lost = forgotten.iter().filter(|arn| {
                let place = place(arn);
                // A sweep that goes on leaves the place where it begins to the one before it.
                places.contains(&place) && Some(&place) != from.as_ref()
            });
            let failed = match (outcome, &message) {
                (Err(_), _) => true,
                (Ok(_), None) => false,
                (Ok(outcome), Some(message)) => returned(outcome).any(|id| id == message),
            };
            // Another account that denies its certificates is counted, and no reason to sweep again.
            let is_refused = |(account, region): &(String, String)| {
                account != OURS
                    && [region.as_str(), ""].into_iter().any(|region| {
                        attempt.refused.contains(&(account.clone(), region.to_owned()))
                    })
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
    let sweep = |message: Option<&str>, event: &Value| {
        let cursor = event["detail"]["from"].as_object();
        let text = |name: &str| Some(cursor?.get(name)?.as_str()?.to_owned());
        (event["detail-type"] == "Certificate Sweep").then(|| Sweep {
            message: message.map(str::to_owned),
            from: text("account").zip(text("region")),
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

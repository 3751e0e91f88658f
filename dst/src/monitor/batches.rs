//! What is said about a certificate is done, or comes again.

use serde_json::Value;
use sim::Sim;

use super::attempt::Attempt;
use super::state::State;
use super::sweeps::{place, returned};
use crate::names::OURS;

impl State {
    /// Checks that an attempt that is over leaves a check of each certificate that it was about, or gives
    /// the message back to the queue, which delivers it again or keeps it in the dead-letter queue.
    pub(super) fn check_batch(
        &mut self,
        sim: &Sim,
        attempt: &Attempt,
        payload: &Value,
        outcome: &Result<Value, String>,
    ) {
        let Ok(outcome) = outcome else { return };
        if self.dry_run || attempt.skewed {
            return;
        }
        let forgotten = self.forgotten(sim, attempt);
        if forgotten.is_empty() {
            return;
        }
        let messages: Vec<(Option<&str>, String)> = match payload["Records"].as_array() {
            None => vec![(None, payload.to_string())],
            Some(records) => {
                let text = |it: &Value| it["body"].as_str().unwrap_or_default().to_owned();
                records.iter().map(|it| (it["messageId"].as_str(), text(it))).collect()
            }
        };
        for (message, body) in messages {
            let comes_again = message.is_some_and(|id| returned(outcome).any(|it| it == id));
            // A call that failed did nothing, whatever certificate it names; and an audit schedules no checks.
            if is_of_a_failed_call(&body) || is_audit(&body) {
                continue;
            }
            let about = |arn: &&String| body.contains(arn.as_str()) && !refused(attempt, arn);
            if let Some(arn) = forgotten.iter().find(about).filter(|_| !comes_again) {
                let invariant = "An event about a pending certificate leaves a check scheduled, or \
                                 comes again, unless another account denies access.";
                self.violate(sim.now(), invariant, format!("{arn} has none"));
            }
        }
    }
}

/// Whether a certificate of another account could not be read in this attempt. If access was denied, no
/// retry helps: the event is answered, and the sweep finds the certificate. A failure of another kind is
/// excused too, since the status of an answer does not tell them apart.
fn refused(attempt: &Attempt, arn: &str) -> bool {
    let (account, region) = place(arn);
    account != OURS
        && [region, String::new()]
            .iter()
            .any(|region| attempt.failed.contains(&(account.clone(), region.clone())))
}

fn is_audit(event: &str) -> bool {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    event["detail-type"] == "Certificate Audit"
}

/// Whether an event says that a call failed.
fn is_of_a_failed_call(event: &str) -> bool {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    event["detail"]["errorCode"].is_string()
}

//! Messages of a queue: the entry for an organization, whose certificates are looked at together.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::SqsBatchResponse;
use tracing::{info, warn};

use crate::arn::CertificateArn;
use crate::context::{Context, Invocation};
use crate::error::{Error, report};
use crate::heal::heal;
use crate::reconcile::reconcile;
use crate::sweep::sweep;
use crate::trigger::{Message, Trigger, Unreadable, Wake};

/// Does what each message asks, and returns those that have to come again: what could not be read,
/// and whose check could not be armed. The queue brings them back, and gives them up in the end.
///
/// However often a certificate is spoken of, it is looked at once.
pub async fn batch(
    context: &Context,
    invocation: &Invocation,
    messages: Vec<Message>,
) -> SqsBatchResponse {
    let count = messages.len();
    let queue = messages.iter().find_map(|message| message.queue.clone());
    let door = queue.unwrap_or_else(|| invocation.door.clone());
    let invocation = &Invocation { door, ..invocation.clone() };
    let mut response = SqsBatchResponse::default();
    let mut again = |id: &str, error: &Error| {
        warn!(id, error = report(error), "a message has to come again");
        response.add_failure(id);
    };
    // In the order of the messages, which come from accounts and regions in turn: each lets us ask ten
    // times a second only.
    let (mut wakes, mut ids): (Vec<Wake>, Vec<Vec<String>>) = Default::default();
    let mut known: BTreeMap<CertificateArn, usize> = BTreeMap::new();
    let (mut sweeps, mut zones) = (Vec::new(), Vec::new());
    for Message { id, trigger, .. } in messages {
        match trigger {
            Ok(Trigger::Wake(wake)) => {
                let index = *known.entry(wake.certificate.clone()).or_insert(wakes.len());
                match wakes.get_mut(index) {
                    Some(known) => known.join(&wake),
                    None => {
                        wakes.push(wake);
                        ids.push(Vec::new());
                    }
                }
                ids[index].push(id);
            }
            Ok(Trigger::Nothing(reason)) => info!(id, reason, "nothing to do"),
            Ok(Trigger::Sweep(asked)) => sweeps.push((id, asked)),
            Ok(Trigger::Zone(news)) => zones.push(news),
            Ok(Trigger::Batch(_) | Trigger::Diagnosis(_)) => {
                let alone =
                    Unreadable::new("a message must be about one thing, and not a question");
                again(&id, &alone.into());
            }
            Err(unreadable) => again(&id, &unreadable.into()),
        }
    }
    for (outcome, ids) in reconcile(context, invocation, &wakes).await.into_iter().zip(ids) {
        if let Err(error) = outcome {
            ids.iter().for_each(|id| again(id, &error));
        }
    }
    if !zones.is_empty() {
        heal(context, invocation, &zones).await;
    }
    for (id, asked) in sweeps {
        if let Err(error) = sweep(context, invocation, &asked).await {
            again(&id, &error);
        }
    }
    info!(
        messages = count,
        certificates = wakes.len(),
        failed = response.batch_item_failures.len(),
        "did a batch"
    );
    response
}

impl Wake {
    /// Takes in what another event says of the same certificate.
    fn join(&mut self, other: &Self) {
        self.since = [self.since, other.since].into_iter().flatten().min();
        self.follow_up &= other.follow_up;
        self.spent |= other.spent;
    }
}

//! Lambda's event source mappings: batches of messages from queues.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html> and, beside it,
//! `services-sqs-batching` for when a batch is full, `services-sqs-errorhandling` for how it ends,
//! `services-sqs-scaling` for concurrency. Not modelled: filters, pollers that back off after errors,
//! provisioned pollers.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::sqs::{Receipt, Received, Sqs};

/// The largest payload of a synchronous invocation: 6 MB.
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// How many batches of a mapping run at once by default. AWS starts with five and adds 300 a minute.
/// Here all are available at once, which is the worst case for receive counts.
const MOST_AT_ONCE: usize = 1250;

/// The configuration of an event source mapping.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventSource {
    /// The most messages in a batch: 1 to 10,000.
    pub batch_size: usize,
    /// How long messages are gathered: from zero to 300 s, and at least one second if the batch size
    /// is over ten.
    pub batching_window: TimeDelta,
    /// How many batches run at once: 2 to 1,000.
    pub maximum_concurrency: Option<usize>,
    /// `ReportBatchItemFailures`: whether Lambda reads the response. If not, a function that does not
    /// fail has handled every message.
    pub report_batch_item_failures: bool,
}

impl Default for EventSource {
    /// AWS's defaults, except that responses are read, which AWS does only if configured.
    fn default() -> Self {
        Self {
            batch_size: 10,
            batching_window: TimeDelta::zero(),
            maximum_concurrency: None,
            report_batch_item_failures: true,
        }
    }
}

/// A mapping and its batches.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) queue_arn: String,
    pub(super) function_arn: String,
    pub(super) source: EventSource,
    pub(super) gathering: Option<Gathering>,
    /// How many batches wait for the function, or run.
    pub(super) under_way: usize,
}

/// A batch that is not full yet.
#[derive(Clone, Debug)]
pub(super) struct Gathering {
    pub(super) received: Vec<Received>,
    size: usize,
    pub(super) closes: DateTime<Utc>,
}

/// A batch that the function gets.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) mapping: usize,
    pub(super) receipts: Vec<Receipt>,
}

/// A batch that has ended.
#[derive(Clone, Debug)]
pub(super) struct Returned {
    pub(super) mapping: usize,
    pub(super) handled: Vec<Receipt>,
}

impl Batch {
    /// Which messages are handled, depending on how the invocation ended.
    pub(super) fn ended(self, outcome: &Result<Value, String>, mappings: &[Mapping]) -> Returned {
        let Self { mapping, receipts } = self;
        let reports = mappings.get(mapping).is_some_and(|it| it.source.report_batch_item_failures);
        let failed = match outcome {
            Err(_) => None,
            Ok(_) if !reports => Some(Vec::new()),
            Ok(response) => failures(response),
        };
        let ids: Vec<_> = receipts.iter().map(Receipt::message_id).collect();
        let known = failed.filter(|failed| failed.iter().all(|id| ids.iter().any(|it| it == id)));
        let handled = known.map_or_else(Vec::new, |failed| {
            let handled = |receipt: &Receipt| !failed.contains(&&*receipt.message_id());
            receipts.into_iter().filter(handled).collect()
        });
        Returned { mapping, handled }
    }

    /// For a batch whose messages became visible again before the function could run it.
    pub(super) fn throttled(self) -> Returned {
        Returned { mapping: self.mapping, handled: Vec::new() }
    }
}

/// The ids in `batchItemFailures`, or `None` if the whole batch counts as failed. It does if an
/// identifier is missing, `null` or empty, as documented, and (assumed) for anything else that is not
/// such a list.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
fn failures(response: &Value) -> Option<Vec<&str>> {
    let failures = match response {
        Value::Null => return Some(Vec::new()),
        Value::Object(members) => members.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return None,
    };
    let id =
        |failure: &'_ Value| failure["itemIdentifier"].as_str().is_some_and(|id| !id.is_empty());
    match failures {
        Value::Null => Some(Vec::new()),
        Value::Array(failures) if failures.iter().all(id) => {
            Some(failures.iter().filter_map(|it| it["itemIdentifier"].as_str()).collect())
        }
        _ => None,
    }
}

impl Mapping {
    /// Whether it may gather messages: a batch that is gathered already counts.
    pub(super) fn has_room(&self) -> bool {
        let most = self.source.maximum_concurrency.unwrap_or(MOST_AT_ONCE);
        self.under_way < most
    }

    /// Receives the messages that are visible. Returns the batch if it is full or its window has ended.
    pub(super) fn gather(&mut self, sqs: &mut Sqs, at: DateTime<Utc>) -> Option<Gathering> {
        if !self.has_room() {
            return None;
        }
        let full = loop {
            let (count, size) =
                self.gathering.as_ref().map_or((0, 0), |it| (it.received.len(), it.size));
            if count == self.source.batch_size {
                break true;
            }
            match sqs.receive(&self.queue_arn, MAX_PAYLOAD - size, at) {
                Some(received) => {
                    let closes = at + self.source.batching_window;
                    let new = || Gathering { received: Vec::new(), size: 0, closes };
                    let gathering = self.gathering.get_or_insert_with(new);
                    gathering.size += received.size;
                    gathering.received.push(received);
                }
                // The remaining messages do not fit.
                None => break sqs.visible_since(&self.queue_arn).is_some(),
            }
        };
        self.gathering.take_if(|it| full || it.closes <= at)
    }
}

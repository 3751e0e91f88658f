//! Lambda's event source mappings: batches of messages from queues.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html> and, beside it,
//! `services-sqs-batching` for when a batch is full, `services-sqs-errorhandling` for what becomes
//! of it, `services-sqs-scaling` for how many run at once. Not modelled: filters, pollers that back
//! off after errors, provisioned pollers.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Event, Lambda};
use crate::sqs::{Receipt, Received, Sqs};

/// What a synchronous invocation takes at most: 6 MB.
const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// How many batches of a mapping run at once where it says nothing else. AWS begins with five and
/// adds 300 a minute; here all of them are there at once, which is the worst for receive counts.
const MOST_AT_ONCE: usize = 1250;

/// How an event source mapping is configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventSource {
    /// The most messages in a batch: 1 to 10,000.
    pub batch_size: usize,
    /// How long messages are gathered: none to 300 s, and at least one second if more than ten
    /// messages are to be in a batch.
    pub batching_window: TimeDelta,
    /// How many batches run at once: 2 to 1,000.
    pub maximum_concurrency: Option<usize>,
    /// `ReportBatchItemFailures`: whether the response is read. If not, a function that does not
    /// fail has handled every message.
    pub report_batch_item_failures: bool,
}

impl Default for EventSource {
    /// As AWS has it, but for reading responses, which AWS does only when told to.
    fn default() -> Self {
        Self {
            batch_size: 10,
            batching_window: TimeDelta::zero(),
            maximum_concurrency: None,
            report_batch_item_failures: true,
        }
    }
}

/// A mapping at work.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    queue_arn: String,
    function_arn: String,
    source: EventSource,
    gathering: Option<Gathering>,
    /// Batches that wait for the function, or run.
    under_way: usize,
}

/// A batch that is not full yet.
#[derive(Clone, Debug)]
struct Gathering {
    received: Vec<Received>,
    size: usize,
    closes: DateTime<Utc>,
}

/// A batch that is handed to the function.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    mapping: usize,
    receipts: Vec<Receipt>,
}

/// A batch that is over.
#[derive(Clone, Debug)]
pub(super) struct Returned {
    mapping: usize,
    handled: Vec<Receipt>,
}

impl Batch {
    /// What is handled, by how the invocation ended.
    pub(super) fn judged(self, outcome: &Result<Value, String>, lambda: &Lambda) -> Returned {
        let Self { mapping, receipts } = self;
        let reports =
            lambda.sources.get(mapping).is_some_and(|it| it.source.report_batch_item_failures);
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

    /// The batch whose messages became visible again before the function had room for it.
    pub(super) fn throttled(self) -> Returned {
        Returned { mapping: self.mapping, handled: Vec::new() }
    }
}

/// The ids in `batchItemFailures`, or `None` if the whole batch counts as failed: for an identifier
/// that is missing, `null` or empty, as documented, and (assumed) for anything else that is not
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

impl Lambda {
    /// Has a function called with what arrives in a queue.
    ///
    /// # Panics
    ///
    /// If AWS would refuse it: the test is wrong. What AWS would refuse of the queue is found when
    /// messages are received first.
    pub fn add_event_source(&mut self, queue_arn: &str, function_arn: &str, source: EventSource) {
        assert!(self.function(function_arn).is_some(), "there is no {function_arn}");
        let EventSource { batch_size, batching_window, maximum_concurrency, .. } = source;
        assert!((1..=10_000).contains(&batch_size), "BatchSize {batch_size}");
        let window = TimeDelta::zero()..=TimeDelta::seconds(300);
        assert!(window.contains(&batching_window), "MaximumBatchingWindowInSeconds");
        let long = batching_window >= TimeDelta::seconds(1);
        assert!(batch_size <= 10 || long, "a BatchSize over 10 needs a window of 1 s at least");
        let at_once = maximum_concurrency.is_none_or(|most| (2..=1000).contains(&most));
        assert!(at_once, "MaximumConcurrency is from 2 to 1000");
        self.sources.push(Mapping {
            queue_arn: queue_arn.to_owned(),
            function_arn: function_arn.to_owned(),
            source,
            gathering: None,
            under_way: 0,
        });
    }

    /// Takes back the batches that are over, and gathers new ones.
    pub(crate) fn poll(&mut self, sqs: &mut Sqs, at: DateTime<Utc>) {
        while let Some(Returned { mapping, handled }) = self.returned.take(at) {
            let mapping = &mut self.sources[mapping];
            mapping.under_way -= 1;
            for receipt in handled {
                sqs.delete(&mapping.queue_arn, &receipt);
            }
        }
        for index in 0..self.sources.len() {
            self.check_queue(&self.sources[index], sqs);
            while let Some(gathered) = self.sources[index].gather(sqs, at) {
                self.start(index, gathered);
            }
        }
    }

    /// When [`Self::poll`] has something to do.
    pub(crate) fn next_poll(&self, sqs: &Sqs) -> Option<DateTime<Utc>> {
        let of = |mapping: &Mapping| {
            let open = mapping.has_room().then(|| sqs.visible_since(&mapping.queue_arn)).flatten();
            let closes = mapping.gathering.as_ref().map(|it| it.closes);
            open.into_iter().chain(closes).min()
        };
        self.sources.iter().filter_map(of).chain(self.returned.next_due()).min()
    }

    /// "Lambda … will return an error if the function timeout exceeds the queue's visibility
    /// timeout", says `services-sqs-configure`. A window as long as that has messages come back
    /// before they were delivered, which AWS only advises against.
    fn check_queue(&self, mapping: &Mapping, sqs: &Sqs) {
        let Mapping { queue_arn, function_arn, source, .. } = mapping;
        let queue = sqs.queue(queue_arn).unwrap_or_else(|| panic!("there is no {queue_arn}"));
        let timeout = self.function(function_arn).map(|function| function.timeout);
        assert!(
            timeout.is_some_and(|timeout| timeout <= queue.visibility_timeout)
                && source.batching_window < queue.visibility_timeout,
            "{queue_arn}: its visibility timeout is shorter than the function's timeout or the window"
        );
    }

    fn start(&mut self, index: usize, gathered: Gathering) {
        let (mut receipts, mut records) = (Vec::new(), Vec::new());
        // "Lambda continues to retry the message until the message's timestamp exceeds your queue's
        // visibility timeout", says `services-sqs-errorhandling` of a function without room.
        let expires = gathered.received.iter().map(|it| it.visible_at).min();
        for Received { receipt, record, .. } in gathered.received {
            receipts.push(receipt);
            records.push(record);
        }
        let mapping = &mut self.sources[index];
        mapping.under_way += 1;
        let function_arn = mapping.function_arn.clone();
        self.events += 1;
        self.make_ready(Event {
            number: self.events,
            function_arn,
            payload: json!({"Records": records}),
            attempts: 0,
            error: None,
            expires: expires.unwrap_or(gathered.closes),
            batch: Some(Batch { mapping: index, receipts }),
        });
    }
}

impl Mapping {
    /// Whether it may gather: what is gathered counts as a batch already.
    fn has_room(&self) -> bool {
        let most = self.source.maximum_concurrency.unwrap_or(MOST_AT_ONCE);
        self.under_way < most
    }

    /// Receives what there is; the batch, if it is full or its time is up.
    fn gather(&mut self, sqs: &mut Sqs, at: DateTime<Utc>) -> Option<Gathering> {
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
                // What is left does not fit.
                None => break sqs.visible_since(&self.queue_arn).is_some(),
            }
        };
        self.gathering.take_if(|it| full || it.closes <= at)
    }
}

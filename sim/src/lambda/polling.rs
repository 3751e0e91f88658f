//! Lambda polls its event sources: batches come from queues, and handled messages are deleted.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::source::{Batch, EventSource, Gathering, Mapping, Returned};
use super::{Event, Lambda};
use crate::sqs::{Received, Sqs};

impl Lambda {
    /// Lets a function be invoked with the messages of a queue.
    ///
    /// # Panics
    ///
    /// If AWS would reject the configuration: the test is wrong. The configuration of the queue is
    /// checked when messages are first received.
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

    /// Handles the batches that have ended, and gathers new ones.
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

    /// When [`Self::poll`] is due next.
    pub(crate) fn next_poll(&self, sqs: &Sqs) -> Option<DateTime<Utc>> {
        let of = |mapping: &Mapping| {
            let open = mapping.has_room().then(|| sqs.visible_since(&mapping.queue_arn)).flatten();
            let closes = mapping.gathering.as_ref().map(|it| it.closes);
            open.into_iter().chain(closes).min()
        };
        self.sources.iter().filter_map(of).chain(self.returned.next_due()).min()
    }

    /// "Lambda … will return an error if the function timeout exceeds the queue's visibility
    /// timeout", says `services-sqs-configure`. With a window as long as that, messages become visible
    /// again before they are delivered. AWS only advises against it; the simulator rejects it.
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
        // visibility timeout", says `services-sqs-errorhandling` of a function without free concurrency.
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

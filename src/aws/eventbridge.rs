//! EventBridge: publishing events.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use futures_util::stream::{self, StreamExt};

use crate::aws::chunk::chunks;
use crate::domain::text::report;

/// An event to publish.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// The source.
    pub source: &'static str,
    /// The detail-type.
    pub detail_type: &'static str,
    /// The ARNs of the resources it is about.
    pub resources: Vec<String>,
    /// The detail, as JSON.
    pub detail: String,
}

/// Publishes events on a bus; returns an error text for each event, or each call, that EventBridge did
/// not accept.
pub async fn put(client: &Client, bus: &str, events: Vec<Event>) -> Vec<String> {
    let entries = events.into_iter().map(|event| {
        let size = event.detail.len();
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(event.source)
            .detail_type(event.detail_type)
            .set_resources((!event.resources.is_empty()).then_some(event.resources))
            .detail(event.detail)
            .build();
        (entry, size)
    });
    let calls = chunks(entries, ENTRIES, BYTES).into_iter().map(async |entries| {
        match client.put_events().set_entries(Some(entries)).send().await {
            // EventBridge answers 200 even if it did not accept an event.
            Ok(output) => output.entries().iter().filter_map(refusal).collect(),
            Err(error) => vec![report(&error)],
        }
    });
    let errors: Vec<Vec<String>> =
        stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).collect().await;
    errors.concat()
}

/// The limits of one call: ten entries, and one megabyte, of which some is left for the other fields.
///
/// Source: [PutEvents](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html).
const ENTRIES: usize = 10;
const BYTES: usize = 900_000;

/// How many calls are made at the same time.
const CALLS_AT_ONCE: usize = 5;

fn refusal(entry: &PutEventsResultEntry) -> Option<String> {
    let code = entry.error_code()?;
    Some(format!("{code}: {}", entry.error_message().unwrap_or_default()))
}

/// The region of a bus that is named by its ARN: `PutEvents` must be called there.
pub fn region_of(bus: &str) -> Option<&str> {
    bus.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

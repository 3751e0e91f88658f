//! EventBridge: publishing events.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use futures_util::stream::{self, StreamExt};

use crate::aws::chunk::chunks;
use crate::aws::problem::{error_text, is_permanent};

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

/// An event that EventBridge did not accept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejected {
    /// The event.
    pub event: Event,
    /// The error, in one line.
    pub error: String,
    /// Whether to try again: not for a permanent error, nor for a call that the SDK has repeated.
    pub try_again: bool,
}

/// Publishes events on a bus; returns those that EventBridge did not accept.
pub async fn put(client: &Client, bus: &str, events: Vec<Event>) -> Vec<Rejected> {
    let sized = events.into_iter().map(|event| {
        let size = event.detail.len();
        (event, size)
    });
    let calls = chunks(sized, ENTRIES, BYTES).into_iter().map(async |events| {
        let entries = events.iter().map(|event| entry(event, bus)).collect();
        match client.put_events().set_entries(Some(entries)).send().await {
            // EventBridge answers 200 even if it did not accept an event.
            Ok(output) => {
                let results = events.into_iter().zip(output.entries());
                results.filter_map(|(event, result)| rejected(event, result)).collect::<Vec<_>>()
            }
            Err(error) => {
                let error = error_text(&error);
                let rejected = |event| Rejected { event, error: error.clone(), try_again: false };
                events.into_iter().map(rejected).collect()
            }
        }
    });
    let rejected: Vec<_> = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).collect().await;
    rejected.concat()
}

fn entry(event: &Event, bus: &str) -> PutEventsRequestEntry {
    let resources = event.resources.clone();
    PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source(event.source)
        .detail_type(event.detail_type)
        .set_resources((!resources.is_empty()).then_some(resources))
        .detail(event.detail.clone())
        .build()
}

fn rejected(event: Event, result: &PutEventsResultEntry) -> Option<Rejected> {
    let code = result.error_code()?;
    let message = result.error_message().unwrap_or_default();
    let try_again = !is_permanent(code);
    Some(Rejected { event, error: format!("{code}: {message}"), try_again })
}

/// The limits of one call: ten entries, and one megabyte, of which some is left for the other fields.
///
/// Source: [PutEvents](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html).
const ENTRIES: usize = 10;
const BYTES: usize = 900_000;

/// How many calls are made at the same time.
const CALLS_AT_ONCE: usize = 5;

/// The region of a bus that is named by its ARN: `PutEvents` must be called there.
pub fn region_of(bus: &str) -> Option<&str> {
    bus.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

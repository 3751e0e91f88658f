//! EventBridge: telling the world what became of a certificate.

use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use futures_util::stream::{self, StreamExt};
use tracing::warn;

use crate::aws::clients::Clients;
use crate::error::report;
use crate::outcome::Facts;
use crate::pack::pack;
use crate::trigger::SOURCE;

/// The detail-type of the events we publish.
pub const STATE_CHANGE: &str = "Certificate Validation State Change";

/// Publishes an event about each of these certificates; whether the bus took them all. One that is
/// down is logged, and stops nothing.
pub async fn publish(clients: &Clients, bus: &str, news: impl Iterator<Item = &Facts>) -> bool {
    let entries = news.filter_map(|facts| {
        let detail = serde_json::to_string(facts)
            .inspect_err(|error| warn!(%error, "cannot spell the event"))
            .ok()?;
        let size = detail.len();
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(SOURCE)
            .detail_type(STATE_CHANGE)
            .set_resources(facts.certificate_arn.clone().map(|arn| vec![arn]))
            .detail(detail)
            .build();
        Some((entry, size))
    });
    let client = clients.eventbridge(region_of(bus));
    let publishing = pack(entries, ENTRIES, BYTES).into_iter().map(async |entries| {
        match client.put_events().set_entries(Some(entries)).send().await {
            // EventBridge says 200 even if it did not take an event.
            Ok(output) => output.entries().iter().filter_map(refusal).collect(),
            Err(error) => vec![report(&error)],
        }
    });
    let troubles: Vec<Vec<String>> =
        stream::iter(publishing).buffer_unordered(CALLS_AT_ONCE).collect().await;
    for trouble in troubles.iter().flatten() {
        warn!(bus, trouble, "cannot publish an event: its consumers will not hear of this");
    }
    troubles.iter().all(Vec::is_empty)
}

/// What one call takes: ten entries, and a megabyte, of which some is left for what is not the detail.
///
/// Source: [PutEvents](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html).
const ENTRIES: usize = 10;
const BYTES: usize = 900_000;

/// How many calls are under way at the same time.
const CALLS_AT_ONCE: usize = 5;

fn refusal(entry: &PutEventsResultEntry) -> Option<String> {
    let code = entry.error_code()?;
    Some(format!("{code}: {}", entry.error_message().unwrap_or_default()))
}

/// The region of a bus that is named by its ARN: `PutEvents` has to be called there.
pub(super) fn region_of(bus: &str) -> Option<&str> {
    bus.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

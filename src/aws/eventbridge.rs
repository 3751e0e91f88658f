//! EventBridge: telling the world what became of a certificate.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use tracing::warn;

use crate::arn::CertificateArn;
use crate::aws::clients::Clients;
use crate::error::report;
use crate::outcome::Facts;
use crate::trigger::SOURCE;

/// The detail-type of the events we publish.
pub const STATE_CHANGE: &str = "Certificate Validation State Change";

/// Publishes one event about a certificate. A bus that is down is logged, and stops nothing.
pub async fn publish(clients: &Clients, bus: &str, certificate: &CertificateArn, facts: &Facts) {
    let detail = match serde_json::to_string(facts) {
        Ok(detail) => detail,
        Err(error) => return warn!(%error, "cannot spell the event"),
    };
    let client = clients.eventbridge(region_of(bus)).await;
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source(SOURCE)
        .detail_type(STATE_CHANGE)
        .resources(certificate.to_string())
        .detail(detail)
        .build();
    let trouble = match client.put_events().entries(entry).send().await {
        // EventBridge says 200 even if it did not take the event.
        Ok(output) => output.entries().iter().find_map(|entry| {
            let code = entry.error_code()?;
            Some(format!("{code}: {}", entry.error_message().unwrap_or_default()))
        }),
        Err(error) => Some(report(&error)),
    };
    if let Some(trouble) = trouble {
        warn!(bus, trouble, "cannot publish the event: its consumers will not hear of this");
    }
}

/// The region of a bus that is named by its ARN: `PutEvents` has to be called there.
fn region_of(bus: &str) -> Option<&str> {
    bus.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

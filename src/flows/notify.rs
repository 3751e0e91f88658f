//! Publishes the notable outcomes as events.

use tracing::warn;

use crate::aws::eventbridge::{self, Event, region_of};
use crate::domain::outcome::{Outcome, STATE_CHANGE, StateChange};
use crate::domain::request::SOURCE;
use crate::flows::context::Context;
use crate::flows::deadline::Deadline;

/// Publishes the notable outcomes; whether all of them are published. A bus that is down is logged and
/// stops nothing.
pub(super) async fn notify(
    context: &Context,
    deadline: &Deadline,
    outcomes: impl Iterator<Item = &Outcome>,
) -> bool {
    let Context { clients, settings, .. } = context;
    let Some(bus) = settings.event_bus.as_ref().filter(|_| !settings.dry_run) else { return true };
    let events: Vec<_> =
        outcomes.filter(|outcome| outcome.notable).filter_map(|it| event(&it.change)).collect();
    if events.is_empty() {
        return true;
    }
    let client = clients.eventbridge(region_of(bus));
    let Some(errors) = deadline.bound(eventbridge::put(&client, bus, events)).await else {
        return false;
    };
    for error in &errors {
        warn!(bus, error, "cannot publish an event: its consumers do not hear of this");
    }
    errors.is_empty()
}

fn event(change: &StateChange) -> Option<Event> {
    let detail = serde_json::to_string(change)
        .inspect_err(|error| warn!(%error, "cannot write an event as JSON"))
        .ok()?;
    let resources = change.certificate_arn.iter().cloned().collect();
    Some(Event { source: SOURCE, detail_type: STATE_CHANGE, resources, detail })
}

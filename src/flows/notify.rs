//! Publishes the notable outcomes as events.

use std::time::Duration;

use tracing::{error, warn};

use crate::aws::eventbridge::{self, Event, region_of};
use crate::domain::outcome::{Outcome, STATE_CHANGE, StateChange};
use crate::domain::request::SOURCE;
use crate::flows::context::Context;
use crate::flows::deadline::Deadline;
use crate::flows::metrics::count_lost_events;
use crate::flows::pause::pause;

/// Publishes the notable outcomes; whether all of them are published. Events that EventBridge rejects are
/// tried again; those that are given up are logged and counted, and stop nothing.
pub(super) async fn notify(
    context: &Context,
    deadline: &Deadline,
    outcomes: impl Iterator<Item = &Outcome>,
) -> bool {
    let notable = outcomes.filter(|outcome| outcome.notable);
    notify_all(context, deadline, notable.filter_map(|outcome| event(&outcome.change)).collect())
        .await
}

/// Publishes these events; whether all of them are published.
pub(super) async fn notify_all(context: &Context, deadline: &Deadline, events: Vec<Event>) -> bool {
    let Context { clients, metrics, settings, .. } = context;
    let Some(bus) = settings.event_bus.as_ref() else { return true };
    let mut left = events;
    if left.is_empty() {
        return true;
    }
    let client = clients.eventbridge(region_of(bus));
    let mut given_up = 0;
    for wait in PAUSES {
        let put = deadline.bound(async {
            pause(wait).await;
            eventbridge::put(&client, bus, left.clone()).await
        });
        // The events of a call without an answer count as not published.
        let Some(rejected) = put.await else { break };
        let (again, lost): (Vec<_>, Vec<_>) = rejected.into_iter().partition(|it| it.try_again);
        for rejected in lost.iter().chain(&again) {
            warn!(bus, error = rejected.error, "EventBridge rejects an event");
        }
        given_up += lost.len();
        left = again.into_iter().map(|rejected| rejected.event).collect();
        if left.is_empty() {
            break;
        }
    }
    given_up += left.len();
    if given_up > 0 {
        error!(bus, events = given_up, "events are lost: their consumers do not hear of this");
        count_lost_events(metrics, given_up, deadline.now());
    }
    given_up == 0
}

/// How long to wait before each try. The SDK tries each call several times by itself; this is for the
/// events that EventBridge rejects in an answer of status 200.
const PAUSES: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(500), Duration::from_millis(1500)];

fn event(change: &StateChange) -> Option<Event> {
    let detail = serde_json::to_string(change)
        .inspect_err(|error| warn!(%error, "cannot write an event as JSON"))
        .ok()?;
    let resources = change.certificate_arn.iter().cloned().collect();
    Some(Event { source: SOURCE, detail_type: STATE_CHANGE, resources, detail })
}

//! EventBridge: buses and rules, and the delivery of events to functions and queues.
//!
//! Sources: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html> and the pages
//! linked at each rule. Not modelled: bus policies, targets other than functions, standard queues and
//! buses, retries and dead-letter queues of targets, input transformers, archives, schemas. A test adds
//! its buses and rules with [`EventBridge::create_bus`] and [`EventBridge::put_rule`].

use std::collections::VecDeque;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::agenda::Agenda;
use crate::call::Caller;
use crate::cloudtrail;
use crate::wire::Failure;

mod pattern;
mod put;
mod rules;
#[cfg(test)]
mod tests;

use self::rules::{Bus, Rules};

pub use self::rules::Delivery;
pub use crate::event::Event;

/// How much later the second copy of a duplicated event arrives.
const DUPLICATE_DELAY: TimeDelta = TimeDelta::seconds(5);

/// The event buses and rules of every account.
#[derive(Clone, Debug)]
pub struct EventBridge {
    /// How long the event of an API call takes from the service over CloudTrail to the rules. From
    /// seconds to a few minutes have been observed; AWS promises nothing.
    /// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>
    pub cloudtrail_delay: TimeDelta,
    /// How long any other event takes (assumed).
    pub native_delay: TimeDelta,
    rules: Rules,
    /// Events on their way, by the time at which they arrive.
    underway: Agenda<Underway>,
    events: u64,
    published: Vec<Published>,
    drop: usize,
    dropped: usize,
    delays: VecDeque<TimeDelta>,
    duplicate: bool,
    refusals: VecDeque<String>,
}

impl Default for EventBridge {
    fn default() -> Self {
        Self {
            cloudtrail_delay: TimeDelta::seconds(20),
            native_delay: TimeDelta::seconds(2),
            rules: Rules::default(),
            underway: Agenda::default(),
            events: 0,
            published: Vec::new(),
            drop: 0,
            dropped: 0,
            delays: VecDeque::new(),
            duplicate: false,
            refusals: VecDeque::new(),
        }
    }
}

/// An event that somebody put on a bus with `PutEvents`.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// When the call was made.
    pub at: DateTime<Utc>,
    /// The account that made it.
    pub account: String,
    /// The region of the call and of the bus.
    pub region: String,
    /// The name of the bus, in whichever account it is.
    pub bus: String,
    /// For example `acm-dns-validator`.
    pub source: String,
    /// For example `Certificate Reconciled`.
    pub detail_type: String,
    /// The ARNs that it is about.
    pub resources: Vec<String>,
    /// The detail.
    pub detail: Value,
}

/// An event that has not arrived yet.
#[derive(Clone, Debug)]
struct Underway {
    bus: Bus,
    event: Value,
}

impl EventBridge {
    /// Creates a bus. Every account already has `default` in every region.
    pub fn create_bus(&mut self, account: &str, region: &str, name: &str) {
        self.rules.create_bus(Bus::new(account, region, name));
    }

    /// Adds a rule to a bus, or replaces the one of that name. The target is a function or a standard
    /// queue in the rule's region, or a bus anywhere.
    ///
    /// # Panics
    ///
    /// If the bus does not exist, if the pattern is invalid or has operators that are not modelled,
    /// or if the target is not possible.
    pub fn put_rule(
        &mut self,
        account: &str,
        region: &str,
        bus: &str,
        name: &str,
        pattern: Value,
        target_arn: &str,
    ) {
        self.rules.put(Bus::new(account, region, bus), name, &pattern, target_arn);
    }

    /// The next `n` events of services never arrive: delivery is best effort.
    /// <https://docs.aws.amazon.com/eventbridge/latest/ref/event-delivery-level.html>
    pub fn drop_next(&mut self, n: usize) {
        self.drop += n;
    }

    /// How many events of services have been lost so far.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// From now on every event arrives twice with the same id, the second copy five seconds later:
    /// delivery is at least once.
    pub fn duplicate(&mut self, every: bool) {
        self.duplicate = every;
    }

    /// The next event of a service that is not lost takes this much longer. Two calls delay the next
    /// two events.
    pub fn delay_next(&mut self, by: TimeDelta) {
        self.delays.push_back(by);
    }

    /// The next `n` entries of `PutEvents` fail with this code, for example `InternalFailure`.
    pub fn fail_next_entries(&mut self, n: usize, code: &str) {
        self.refusals.extend(std::iter::repeat_n(code.to_owned(), n));
    }

    /// Every event that `PutEvents` accepted, in order.
    pub fn published(&self) -> &[Published] {
        &self.published
    }

    /// Answers one call.
    pub fn respond(
        &mut self,
        operation: &str,
        caller: &Caller,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        match operation {
            "PutEvents" => self.put_events(caller, body, now),
            "TestEventPattern" => pattern::test(body),
            _ => Err(Failure::new(400, "UnknownOperationException", operation)),
        }
    }

    fn put_events(
        &mut self,
        caller: &Caller,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        let mut failed = 0;
        let mut answers = Vec::new();
        for entry in put::read(body)? {
            let verdict = match self.refusals.pop_front() {
                Some(code) => Err((code, "The simulator was asked to fail this entry.".to_owned())),
                None => entry
                    .accept(caller, &self.rules)
                    .map_err(|(code, message)| (code.to_owned(), message)),
            };
            answers.push(match verdict {
                Ok(accepted) => json!({"EventId": self.publish(accepted, caller, now)}),
                Err((code, message)) => {
                    failed += 1;
                    json!({"ErrorCode": code, "ErrorMessage": message})
                }
            });
        }
        Ok(json!({"FailedEntryCount": failed, "Entries": answers}))
    }

    /// Sends an accepted entry to the rules of its bus; `account` and `region` are the caller's.
    fn publish(&mut self, entry: put::Accepted, caller: &Caller, now: DateTime<Utc>) -> String {
        let put::Accepted { bus, source, detail_type, resources, detail, time } = entry;
        let (account, region) = (caller.account.clone(), caller.region.clone());
        let event = Event { account, region, source, detail_type, resources, detail };
        let id = self.next_id();
        let envelope = envelope(&id, &event, time.unwrap_or(now));
        let Event { account, region, source, detail_type, resources, detail } = event;
        self.published.push(Published {
            at: now,
            account,
            region,
            bus: bus.name.clone(),
            source,
            detail_type,
            resources,
            detail,
        });
        self.send(bus, envelope, now + self.native_delay);
        id
    }

    /// Sends an event of a service to the default bus of its account and region.
    ///
    /// Events of CloudTrail are sent only to the default bus of the account and region of the call.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>
    pub fn emit(&mut self, event: Event, at: DateTime<Utc>) {
        let id = self.next_id();
        if self.drop > 0 {
            self.drop -= 1;
            self.dropped += 1;
            return;
        }
        let usual = match event.detail_type.as_str() {
            cloudtrail::DETAIL_TYPE => self.cloudtrail_delay,
            _ => self.native_delay,
        };
        let more = self.delays.pop_front().unwrap_or_default();
        let bus = Bus::new(&event.account, &event.region, "default");
        self.send(bus, envelope(&id, &event, at), at + usual + more);
    }

    /// The events that reach functions and queues at `at`.
    pub fn deliver(&mut self, at: DateTime<Utc>) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        while let Some(Underway { bus, event }) = self.underway.take(at) {
            deliveries.extend(self.rules.route(&bus, &event));
        }
        deliveries
    }

    /// When the next event is delivered.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.underway.next_due()
    }

    fn send(&mut self, bus: Bus, event: Value, due: DateTime<Utc>) {
        if self.duplicate {
            let (bus, event) = (bus.clone(), event.clone());
            self.underway.add(due + DUPLICATE_DELAY, Underway { bus, event });
        }
        self.underway.add(due, Underway { bus, event });
    }

    fn next_id(&mut self) -> String {
        self.events += 1;
        format!("e0000000-0000-4000-8000-{:012x}", self.events)
    }
}

/// The fields that every event has around its detail.
/// <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>
fn envelope(id: &str, event: &Event, time: DateTime<Utc>) -> Value {
    json!({
        "version": "0",
        "id": id,
        "detail-type": event.detail_type,
        "source": event.source,
        "account": event.account,
        "time": time.to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": event.region,
        "resources": event.resources,
        "detail": event.detail,
    })
}

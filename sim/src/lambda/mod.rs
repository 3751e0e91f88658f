//! Lambda: asynchronous invocations, and batches from queues.
//!
//! Source for asynchronous invocations: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::agenda::Agenda;

mod attempt;
mod polling;
mod source;
#[cfg(test)]
mod tests;

pub use self::attempt::{Condition, DeadLetter, Finished, Invocation};
pub use self::source::EventSource;
use self::source::{Batch, Mapping, Returned};

/// The configuration of a function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Function {
    /// How long one attempt may take.
    pub timeout: TimeDelta,
    /// How often a failed event is retried: 0 to 2.
    pub maximum_retry_attempts: u32,
    /// How long an event is kept, from one minute to six hours.
    pub maximum_event_age: TimeDelta,
    /// How many attempts run at once; further events wait. Without reserved concurrency, all functions
    /// of an account share 1,000.
    pub reserved_concurrency: usize,
}

impl Default for Function {
    /// A timeout of 30 s and a concurrency of ten; otherwise AWS's defaults:
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>
    fn default() -> Self {
        Self {
            timeout: TimeDelta::seconds(30),
            maximum_retry_attempts: 2,
            maximum_event_age: TimeDelta::hours(6),
            reserved_concurrency: 10,
        }
    }
}

/// Functions, their events, and the events that Lambda gave up.
#[derive(Clone, Debug, Default)]
pub struct Lambda {
    functions: BTreeMap<String, Deployed>,
    /// Failed events that wait for their retry.
    waiting: Agenda<Event>,
    running: BTreeMap<String, Running>,
    deadlines: BTreeSet<(DateTime<Utc>, String)>,
    sources: Vec<Mapping>,
    /// Batches that have ended and whose messages are not handled yet.
    returned: Agenda<Returned>,
    finished: Vec<Finished>,
    dead_letters: Vec<DeadLetter>,
    dropped: Vec<String>,
    init_errors: Vec<String>,
    events: u64,
    arrivals: u64,
    calls: usize,
}

/// A function and the events that wait for it.
#[derive(Clone, Debug)]
struct Deployed {
    function: Function,
    /// Events by their order of arrival over all functions.
    ready: BTreeMap<u64, Event>,
    /// The same events, by the time at which they expire.
    expiring: BTreeSet<(DateTime<Utc>, u64)>,
    running: usize,
}

/// An event in the queue.
#[derive(Clone, Debug)]
struct Event {
    number: u64,
    function_arn: String,
    /// Moved into the invocation while it runs.
    payload: Value,
    attempts: u32,
    error: Option<String>,
    expires: DateTime<Utc>,
    /// The messages of the event, if it comes from a queue. Such an event is tried once; afterwards the
    /// queue delivers the messages again.
    batch: Option<Batch>,
}

#[derive(Clone, Debug)]
struct Running {
    invocation: Invocation,
    event: Event,
    began: DateTime<Utc>,
    calls_from: usize,
}

impl Deployed {
    fn add(&mut self, arrival: u64, event: Event) {
        self.expiring.insert((event.expires, arrival));
        self.ready.insert(arrival, event);
    }

    /// The next event, if the function's concurrency allows one more attempt.
    fn next(&self) -> Option<u64> {
        let room = self.running < self.function.reserved_concurrency;
        self.ready.keys().next().copied().filter(|_| room)
    }

    fn remove(&mut self, arrival: u64) -> Option<Event> {
        let event = self.ready.remove(&arrival)?;
        self.expiring.remove(&(event.expires, arrival));
        Some(event)
    }
}

impl Lambda {
    /// Creates a function, or changes its configuration. `arn` is the unqualified ARN.
    pub fn add_function(&mut self, arn: &str, function: Function) {
        if let Some(deployed) = self.functions.get_mut(arn) {
            deployed.function = function;
            return;
        }
        let (ready, expiring) = (BTreeMap::new(), BTreeSet::new());
        self.functions.insert(arn.to_owned(), Deployed { function, ready, expiring, running: 0 });
    }

    /// Queues an asynchronous invocation. The ARN may name a version or an alias. An event for a
    /// function that does not exist is dropped.
    pub fn invoke(&mut self, function_arn: &str, payload: Value, at: DateTime<Utc>) {
        let Some(function) = self.function(function_arn) else {
            self.dropped.push(function_arn.to_owned());
            return;
        };
        let expires = at + function.maximum_event_age;
        self.events += 1;
        self.make_ready(Event {
            number: self.events,
            function_arn: function_arn.to_owned(),
            payload,
            attempts: 0,
            error: None,
            expires,
            batch: None,
        });
    }

    /// Does what is due at `at`: ends attempts that time out, gives up events that are too old, and
    /// makes failed events ready for their retry.
    pub fn advance(&mut self, at: DateTime<Utc>) {
        while let Some((deadline, request_id)) = self.deadlines.first().filter(|it| it.0 <= at) {
            let (deadline, request_id) = (*deadline, request_id.clone());
            let running = self.running.get(&request_id);
            let function = running.and_then(|it| self.function(&it.invocation.function_arn));
            let seconds = function.map(|it| it.timeout).unwrap_or_default().as_seconds_f64();
            let error = format!("Task timed out after {seconds:.2} seconds");
            self.complete(&request_id, Err(error), deadline);
        }
        while let Some(event) = self.waiting.take(at) {
            self.make_ready(event);
        }
        let mut old = Vec::new();
        for deployed in self.functions.values_mut() {
            while let Some((_, arrival)) = deployed.expiring.first().filter(|it| it.0 <= at) {
                let arrival = *arrival;
                old.extend(deployed.remove(arrival).map(|event| (arrival, event)));
            }
        }
        old.sort_unstable_by_key(|(arrival, _)| *arrival);
        for (_, mut event) in old {
            match event.batch.take() {
                Some(batch) => self.returned.add(at, batch.throttled()),
                None => self.give_up(event, Condition::EventAgeExceeded, at),
            }
        }
    }

    /// When something is due next. An event that is ready to be taken does not count.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let expiring = self.functions.values().filter_map(|it| it.expiring.first());
        let deadline = self.deadlines.first().map(|(deadline, _)| *deadline);
        let due = [self.waiting.next_due(), deadline].into_iter().flatten();
        due.chain(expiring.map(|(expires, _)| *expires)).min()
    }

    /// Starts the next attempt that is ready, if the function's concurrency allows one more.
    pub fn take(&mut self, at: DateTime<Utc>) -> Option<Invocation> {
        let functions = self.functions.values_mut();
        let next = functions.filter_map(|it| it.next().map(|arrival| (arrival, it)));
        let (arrival, deployed) = next.min_by_key(|(arrival, _)| *arrival)?;
        let mut event = deployed.remove(arrival)?;
        deployed.running += 1;
        event.attempts += 1;
        let invocation = Invocation {
            request_id: request_id(event.number),
            function_arn: event.function_arn.clone(),
            payload: std::mem::take(&mut event.payload),
            attempt: event.attempts,
            deadline: at + deployed.function.timeout,
        };
        self.deadlines.insert((invocation.deadline, invocation.request_id.clone()));
        let running =
            Running { invocation: invocation.clone(), event, began: at, calls_from: self.calls };
        self.running.insert(invocation.request_id.clone(), running);
        Some(invocation)
    }

    /// Ends an attempt; `false` if it does not run, or no longer. A failed event is retried after one
    /// minute, and again after two more. A batch is not retried: its queue delivers the messages again.
    pub fn complete(
        &mut self,
        request_id: &str,
        outcome: Result<Value, String>,
        at: DateTime<Utc>,
    ) -> bool {
        let Some(Running { invocation, mut event, began, calls_from }) =
            self.running.remove(request_id)
        else {
            return false;
        };
        self.deadlines.remove(&(invocation.deadline, request_id.to_owned()));
        if let Some(deployed) = self.functions.get_mut(unqualified(&event.function_arn)) {
            deployed.running -= 1;
        }
        let batch = event.batch.take().map(|batch| batch.ended(&outcome, &self.sources));
        event.error = outcome.as_ref().err().cloned().filter(|_| batch.is_none());
        if event.error.is_some() {
            event.payload = invocation.payload.clone();
        }
        let calls = calls_from..self.calls;
        self.finished.push(Finished { invocation, began, ended: at, outcome, calls });
        if let Some(batch) = batch {
            self.returned.add(at, batch);
        }
        if event.error.is_none() {
            return true;
        }
        let retries = self.function(&event.function_arn).map_or(0, |it| it.maximum_retry_attempts);
        let again = at + TimeDelta::minutes(if event.attempts == 1 { 1 } else { 2 });
        if event.attempts > retries {
            self.give_up(event, Condition::RetriesExhausted, at);
        } else if again >= event.expires {
            self.give_up(event, Condition::EventAgeExceeded, at);
        } else {
            self.waiting.add(again, event);
        }
        true
    }

    /// The attempts that are running.
    pub fn running(&self) -> impl Iterator<Item = &Invocation> {
        self.running.values().map(|running| &running.invocation)
    }

    /// How many events wait to run, or for a retry.
    pub fn queued(&self) -> usize {
        self.functions.values().map(|it| it.ready.len()).sum::<usize>() + self.waiting.len()
    }

    /// Every attempt that has ended, in the order of their ends.
    pub fn finished(&self) -> &[Finished] {
        &self.finished
    }

    /// The responses of the attempts that did not fail, in order.
    pub fn responses(&self) -> impl Iterator<Item = &Value> {
        self.finished.iter().filter_map(|finished| finished.outcome.as_ref().ok())
    }

    /// The events Lambda gave up, in order.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.dead_letters
    }

    /// The ARNs of invocations whose function does not exist.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// The errors of runtimes that could not start.
    pub fn init_errors(&self) -> &[String] {
        &self.init_errors
    }

    pub(crate) fn init_error(&mut self, error: String) {
        self.init_errors.push(error);
    }

    /// Counts one more call, so that each attempt knows which calls are its own.
    pub(crate) fn count_call(&mut self) {
        self.calls += 1;
    }

    fn function(&self, arn: &str) -> Option<&Function> {
        self.functions.get(unqualified(arn)).map(|deployed| &deployed.function)
    }

    fn make_ready(&mut self, event: Event) {
        self.arrivals += 1;
        if let Some(deployed) = self.functions.get_mut(unqualified(&event.function_arn)) {
            deployed.add(self.arrivals, event);
        }
    }

    fn give_up(&mut self, event: Event, condition: Condition, at: DateTime<Utc>) {
        let Event { number, function_arn, payload, attempts, error, .. } = event;
        let request_id = request_id(number);
        self.dead_letters.push(DeadLetter {
            at,
            request_id,
            function_arn,
            payload,
            attempts,
            condition,
            error,
        });
    }
}

fn request_id(event: u64) -> String {
    format!("00000000-0000-4000-8000-1{event:011}")
}

/// `arn:aws:lambda:eu-west-1:123456789012:function:name` without `:version-or-alias`.
fn unqualified(arn: &str) -> &str {
    arn.match_indices(':').nth(6).map_or(arn, |(end, _)| &arn[..end])
}

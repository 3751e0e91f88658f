//! Lambda's asynchronous invocations.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

#[cfg(test)]
mod tests;

/// How a function is configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Function {
    /// How long one attempt may take.
    pub timeout: TimeDelta,
    /// How often a failed event is tried again: 0 to 2.
    pub maximum_retry_attempts: u32,
    /// How long an event is kept, from one minute to six hours.
    pub maximum_event_age: TimeDelta,
    /// How many attempts run at once; what comes above waits. The account's default of unreserved
    /// concurrency in place of this would be 1,000 for all functions together.
    pub reserved_concurrency: usize,
}

impl Default for Function {
    /// A timeout of 30 s and ten at once; the rest as AWS has it:
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

/// One attempt handed out to whoever runs the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The same for every attempt at one event.
    pub request_id: String,
    /// The ARN that was invoked.
    pub function_arn: String,
    /// The event.
    pub payload: Value,
    /// 1 at first.
    pub attempt: u32,
    /// When Lambda ends it.
    pub deadline: DateTime<Utc>,
}

/// One attempt that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// What was run.
    pub invocation: Invocation,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// The function's response, or how it failed.
    pub outcome: Result<Value, String>,
    /// Which of [`Aws::calls`](crate::aws::Aws::calls) were made meanwhile. Attempts that ran at
    /// once share them.
    pub calls: Range<usize>,
}

/// An event Lambda gave up.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// When.
    pub at: DateTime<Utc>,
    /// The same for every attempt at one event.
    pub request_id: String,
    /// The ARN that was invoked.
    pub function_arn: String,
    /// The event.
    pub payload: Value,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it is here.
    pub condition: Condition,
    /// How the last attempt failed.
    pub error: Option<String>,
}

/// Why an event was given up: `requestContext.condition` of the invocation record.
///
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// `EventAgeExceeded`
    EventAgeExceeded,
    /// `RetriesExhausted`
    RetriesExhausted,
}

/// Functions, what waits for them, and what they could not do.
#[derive(Clone, Debug, Default)]
pub struct Lambda {
    functions: BTreeMap<String, Function>,
    /// Failed events until they are tried again, by time and by order of arrival.
    waiting: BTreeMap<(DateTime<Utc>, u64), Event>,
    ready: VecDeque<Event>,
    running: BTreeMap<String, Running>,
    finished: Vec<Finished>,
    dead_letters: Vec<DeadLetter>,
    dropped: Vec<String>,
    init_errors: Vec<String>,
    events: u64,
    calls: usize,
}

/// An event in the queue.
#[derive(Clone, Debug)]
struct Event {
    number: u64,
    function_arn: String,
    payload: Value,
    attempts: u32,
    error: Option<String>,
    expires: DateTime<Utc>,
}

#[derive(Clone, Debug)]
struct Running {
    invocation: Invocation,
    event: Event,
    began: DateTime<Utc>,
    calls_from: usize,
}

impl Lambda {
    /// Creates a function, or configures it anew. `arn` is the unqualified one.
    pub fn add_function(&mut self, arn: &str, function: Function) {
        self.functions.insert(arn.to_owned(), function);
    }

    /// Queues an asynchronous invocation. An ARN may name a version or an alias; events for
    /// functions that do not exist are dropped.
    pub fn invoke(&mut self, function_arn: &str, payload: Value, at: DateTime<Utc>) {
        let Some(function) = self.function(function_arn) else {
            self.dropped.push(function_arn.to_owned());
            return;
        };
        let expires = at + function.maximum_event_age;
        self.events += 1;
        self.ready.push_back(Event {
            number: self.events,
            function_arn: function_arn.to_owned(),
            payload,
            attempts: 0,
            error: None,
            expires,
        });
    }

    /// Does what falls due at `at`: ends attempts over their time, gives up events over their age,
    /// brings failed ones back.
    pub fn advance(&mut self, at: DateTime<Utc>) {
        let late = self.running.values().filter(|running| running.invocation.deadline <= at);
        let late: Vec<Invocation> = late.map(|running| running.invocation.clone()).collect();
        for Invocation { request_id, function_arn, deadline, .. } in late {
            let timeout = self.function(&function_arn).map(|function| function.timeout);
            let seconds = timeout.unwrap_or_default().as_seconds_f64();
            let error = format!("Task timed out after {seconds:.2} seconds");
            self.complete(&request_id, Err(error), deadline);
        }
        while let Some(entry) = self.waiting.first_entry().filter(|entry| entry.key().0 <= at) {
            self.ready.push_back(entry.remove());
        }
        let (old, ready): (Vec<_>, Vec<_>) =
            self.ready.drain(..).partition(|event| event.expires <= at);
        self.ready = ready.into();
        for event in old {
            self.give_up(event, Condition::EventAgeExceeded, at);
        }
    }

    /// When something happens by itself next. That something waits to be taken is no such thing.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let waiting = self.waiting.keys().next().map(|(at, _)| *at);
        let expiring = self.ready.iter().map(|event| event.expires).min();
        let deadline = self.running.values().map(|running| running.invocation.deadline).min();
        [waiting, expiring, deadline].into_iter().flatten().min()
    }

    /// Begins the next attempt that is ready, if its function's concurrency allows one more.
    pub fn take(&mut self, at: DateTime<Utc>) -> Option<Invocation> {
        let position = self.ready.iter().position(|event| {
            let running = self.running.values();
            let function = unqualified(&event.function_arn);
            let busy = running.filter(|run| unqualified(&run.event.function_arn) == function);
            let limit = self.functions.get(function).map(|function| function.reserved_concurrency);
            limit.is_some_and(|limit| busy.count() < limit)
        })?;
        let mut event = self.ready.remove(position)?;
        let timeout = self.function(&event.function_arn)?.timeout;
        event.attempts += 1;
        let invocation = Invocation {
            request_id: request_id(event.number),
            function_arn: event.function_arn.clone(),
            payload: event.payload.clone(),
            attempt: event.attempts,
            deadline: at + timeout,
        };
        let running =
            Running { invocation: invocation.clone(), event, began: at, calls_from: self.calls };
        self.running.insert(invocation.request_id.clone(), running);
        Some(invocation)
    }

    /// Ends an attempt; `false` if it does not run (any more). A failed one is tried again after
    /// one minute and then after two more.
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
        event.error = outcome.as_ref().err().cloned();
        let calls = calls_from..self.calls;
        self.finished.push(Finished { invocation, began, ended: at, outcome, calls });
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
            self.waiting.insert((again, event.number), event);
        }
        true
    }

    /// The attempts that run.
    pub fn running(&self) -> impl Iterator<Item = &Invocation> {
        self.running.values().map(|running| &running.invocation)
    }

    /// How many events wait, for their turn or for another try.
    pub fn queued(&self) -> usize {
        self.ready.len() + self.waiting.len()
    }

    /// Every attempt that is over, in the order they ended.
    pub fn finished(&self) -> &[Finished] {
        &self.finished
    }

    /// What the function answered where it did not fail, in order.
    pub fn responses(&self) -> impl Iterator<Item = &Value> {
        self.finished.iter().filter_map(|finished| finished.outcome.as_ref().ok())
    }

    /// The events Lambda gave up, in order.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.dead_letters
    }

    /// The ARNs that were invoked and do not exist.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// What a runtime reported that could not even start.
    pub fn init_errors(&self) -> &[String] {
        &self.init_errors
    }

    pub(crate) fn init_error(&mut self, error: String) {
        self.init_errors.push(error);
    }

    /// Takes note that one more call was made, so that attempts know which ones are theirs.
    pub(crate) fn count_call(&mut self) {
        self.calls += 1;
    }

    fn function(&self, arn: &str) -> Option<&Function> {
        self.functions.get(unqualified(arn))
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

//! Runs a simulation: one AWS, one clock, and a function that is run whenever Lambda would run it.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_async::time::SharedTimeSource;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::Request;
use serde_json::Value;
use tokio::sync::Notify;

use crate::aws::{Answer, Aws};
use crate::clock::Clock;
use crate::dns::{Protocol, Reply};
use crate::lambda::Invocation;

#[cfg(test)]
mod tests;

/// Lambda's error for a process that has exited:
/// <https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html>
pub(crate) const EXITED: &str = "Runtime.ExitError: Runtime exited without providing a reason";

tokio::task_local! {
    /// Ends the invocation that this code runs in.
    static CRASH: Arc<Notify>;
}

/// A simulated AWS and its clock. Clones share them.
#[derive(Clone, Debug)]
pub struct Sim {
    aws: Arc<Mutex<Aws>>,
    clock: Clock,
    latency: Duration,
    changed: Arc<Notify>,
}

impl Sim {
    /// A simulation that starts at `epoch` and follows tokio's clock, for tests with `start_paused`.
    pub fn paused(epoch: DateTime<Utc>) -> Self {
        Self::new(Clock::paused(epoch))
    }

    /// A simulation that starts at `epoch`. Its clock moves with each request, and when somebody moves it.
    pub fn stepped(epoch: DateTime<Utc>) -> Self {
        Self::new(Clock::stepped(epoch))
    }

    fn new(clock: Clock) -> Self {
        let latency = Duration::from_millis(40);
        Self { aws: Arc::default(), clock, latency, changed: Arc::default() }
    }

    /// How long a request takes to arrive, and its answer to return: 40 ms each by default.
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The clock for the SDK and the function.
    pub fn time_source(&self) -> SharedTimeSource {
        self.clock.time_source()
    }

    /// The simulated AWS, to read and to change. Do not hold the guard across an `await`.
    pub fn aws(&self) -> MutexGuard<'_, Aws> {
        self.aws.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one request: it takes time to arrive, takes effect, and the answer takes time to return.
    pub(crate) async fn exchange(&self, request: &Request<Vec<u8>>) -> Answer {
        self.clock.pass(self.latency).await;
        let answer = self.aws().respond(request, self.now());
        self.notify();
        if !matches!(answer, Answer::Crash) {
            self.clock.pass(self.latency).await;
        }
        answer
    }

    /// Sends one DNS message to the resolver of this address, whichever it is. It takes time to arrive, and
    /// the reply takes time to return. [`Reply::Silence`] returns without further delay: it is the
    /// caller who waits then.
    pub async fn resolve(&self, protocol: Protocol, resolver: SocketAddr, message: &[u8]) -> Reply {
        self.clock.pass(self.latency).await;
        let reply = self.aws().answer_dns(resolver, protocol, message, self.now());
        self.notify();
        if reply != Reply::Silence {
            self.clock.pass(self.latency).await;
        }
        reply
    }

    /// Notifies those who wait for the next due time that it may have changed.
    pub(crate) fn notify(&self) {
        self.changed.notify_waiters();
    }

    pub(crate) fn changed(&self) -> &Notify {
        &self.changed
    }

    /// Runs `handler` for every invocation, until `until` or until nothing is due any more. Returns
    /// when every invocation that started has ended.
    ///
    /// As in Lambda, invocations run concurrently. An invocation that returns an error, panics, crashes
    /// or times out has failed, and is retried. For a [paused](Self::paused) simulation.
    pub async fn run_until<F, Fut>(&self, until: DateTime<Utc>, handler: F)
    where
        F: Fn(Invocation) -> Fut,
        Fut: Future<Output = Result<Value, String>>,
    {
        let mut running = FuturesUnordered::new();
        loop {
            // Enabled before the state is read, so that no notification is missed.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();

            let now = self.now();
            let next_due = {
                let mut aws = self.aws();
                aws.advance(now);
                while now < until
                    && let Some(invocation) = aws.lambda.take(now)
                {
                    running.push(self.run(invocation, &handler));
                }
                aws.next_due().map(|due| due.min(until)).filter(|_| now < until)
            };

            tokio::select! {
                biased;
                Some(()) = running.next() => {}
                () = &mut changed, if !running.is_empty() => {}
                () = self.wait(next_due), if next_due.is_some() => {}
                else => return,
            }
        }
    }

    async fn wait(&self, until: Option<DateTime<Utc>>) {
        let left = until.map(|until| until - self.now()).unwrap_or_default();
        // tokio's clock has a resolution of one millisecond, so at least one is waited.
        self.clock.pass(left.to_std().unwrap_or_default().max(Duration::from_millis(1))).await;
    }

    /// Runs one invocation to its end.
    async fn run<F, Fut>(&self, invocation: Invocation, handler: &F)
    where
        F: Fn(Invocation) -> Fut,
        Fut: Future<Output = Result<Value, String>>,
    {
        let request_id = invocation.request_id.clone();
        let timeout = (invocation.deadline - self.now()).to_std().unwrap_or_default();
        let crash = Arc::new(Notify::new());
        let handled = CRASH.scope(Arc::clone(&crash), async { handler(invocation).await });
        let outcome = tokio::select! {
            biased;
            () = crash.notified() => Err(EXITED.to_owned()),
            result = AssertUnwindSafe(handled).catch_unwind() => {
                result.unwrap_or_else(|panic| Err(panic_message(&*panic)))
            }
            () = self.clock.pass(timeout) => {
                // Lambda itself ends the attempt, with its own message; the handler is dropped.
                self.aws().advance(self.now());
                Err(EXITED.to_owned())
            }
        };
        let mut aws = self.aws();
        let now = self.now();
        aws.advance(now);
        aws.lambda.complete(&request_id, outcome, now);
    }
}

/// Ends the invocation that this code runs in. Returns only if it runs in none.
pub(crate) async fn crash() {
    if CRASH.try_with(|crash| crash.notify_one()).is_ok() {
        std::future::pending().await
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("(no message)"))
}

//! Runs one world from its start to its end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use acm_dns_validator::aws::clients::behavior_version;
use acm_dns_validator::aws::cloudwatch::{Labels, Metrics};
use acm_dns_validator::domain::settings::Settings;
use acm_dns_validator::entry::handler::Function;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::{Context, LambdaEvent};
use sim::Sim;
use sim::clock::Clock;
use sim::lambda::Invocation;
use sim::recorder;

use crate::deployment::deploy;
use crate::liveness;
use crate::monitor::state::{State, Violation};
use crate::monitor::{ATTEMPT, Monitor};
use crate::names::{GROUP, HOME, OURS, QUEUE, SCHEDULE_ROLE};
use crate::scenario::{EventRoute, Scenario};
use crate::story;

/// How a world ended.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) violation: Option<Violation>,
    /// What happened, one line an event.
    pub(crate) story: String,
    /// Every call, write, event and response, to compare two runs.
    pub(crate) transcript: String,
    pub(crate) calls: usize,
    pub(crate) invocations: usize,
    pub(crate) most_calls: usize,
    pub(crate) most_audit_calls: usize,
    pub(crate) questions: usize,
    pub(crate) most_questions: usize,
}

/// Runs a world in its own runtime. Everything random comes from the seed: the SDK draws the jitter of
/// its retries from the generator of the thread.
pub(crate) fn run(scenario: &Scenario, with_story: bool) -> Report {
    fastrand::seed(scenario.seed);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime =
        runtime.enable_time().start_paused(true).build().expect("a runtime needs only memory");
    runtime.block_on(run_world(scenario, with_story))
}

async fn run_world(scenario: &Scenario, with_story: bool) -> Report {
    let epoch = DateTime::from_timestamp(1_795_420_803, 0).unwrap_or_default();
    let sim = Sim::paused(epoch);
    deploy(&sim, scenario);
    let monitor = Monitor::new(&sim, State::new(scenario, epoch));
    let end = epoch + TimeDelta::seconds(scenario.end);
    let mut host = Host::new(scenario, &monitor);
    loop {
        monitor.state().step(&sim);
        if sim.now() >= end || monitor.state().violation.is_some() {
            break;
        }
        let next = monitor.state().next_act().unwrap_or(end).min(end);
        host.run_until(next).await;
    }
    // A check that fires in the last second is no longer scheduled, and not done: it may still finish.
    let rounds = if scenario.route == EventRoute::Function { 6 } else { 60 };
    for _ in 0..rounds {
        let under_way = {
            let aws = sim.aws();
            aws.lambda.queued() > 0 || aws.sqs.messages(QUEUE).next().is_some()
        };
        if under_way && monitor.state().violation.is_none() {
            host.run_until(sim.now() + TimeDelta::seconds(10)).await;
        }
    }
    let mut state = monitor.state();
    if state.violation.is_none() {
        liveness::check(scenario, &mut state, &sim);
    }
    let aws = sim.aws();
    Report {
        violation: state.violation.clone(),
        story: if with_story { story::render(&state, &aws) } else { String::new() },
        transcript: if with_story { story::transcript(&aws) } else { String::new() },
        calls: aws.calls().len(),
        invocations: aws.lambda.finished().len(),
        most_calls: state.most_calls,
        most_audit_calls: state.most_audit_calls,
        questions: aws.questions().len(),
        most_questions: state.most_questions,
    }
}

/// Runs the process of the function, and replaces it when it dies.
struct Host<'a> {
    monitor: &'a Monitor,
    settings: Settings,
    clock: Skewed,
    process: Arc<Function>,
}

impl<'a> Host<'a> {
    fn new(scenario: &Scenario, monitor: &'a Monitor) -> Self {
        let mut vars = BTreeMap::from([
            ("SCHEDULE_GROUP", GROUP.to_owned()),
            ("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE.to_owned()),
            ("QUEUE_ARN", QUEUE.to_owned()),
        ]);
        vars.extend(scenario.settings.clone());
        let settings = Settings::from_vars(|name| vars.get(name).cloned());
        let settings = settings.expect("the settings of a world are valid");
        let clock = Skewed { clock: monitor.sim.clock().clone(), skew: Arc::default() };
        let process = start(&settings, monitor, &clock);
        Self { monitor, settings, clock, process }
    }

    async fn run_until(&mut self, until: DateTime<Utc>) {
        let sim = &self.monitor.sim;
        let died = sim.aws().lambda.finished().last().is_some_and(|attempt| {
            attempt.outcome.as_ref().is_err_and(|error| error.starts_with("Runtime.ExitError"))
        });
        {
            let mut state = self.monitor.state();
            self.clock.skew.store(state.skew.num_seconds(), Ordering::Relaxed);
            if std::mem::take(&mut state.cold) || died {
                state.restarted();
                self.process = start(&self.settings, self.monitor, &self.clock);
            }
        }
        let (monitor, process, skew) = (self.monitor, &self.process, &self.clock.skew);
        let handle = async |invocation: Invocation| {
            let skew = TimeDelta::seconds(skew.load(Ordering::Relaxed));
            let mut context = Context::default();
            context.request_id = invocation.request_id.clone();
            context.invoked_function_arn = invocation.function_arn.clone();
            // The wrong clock is that of the host, and Lambda reads it for the deadline as well.
            let deadline = (invocation.deadline + skew).timestamp_millis();
            context.deadline = deadline.try_into().unwrap_or_default();
            let event = LambdaEvent::new(invocation.payload.clone(), context);
            let key = (invocation.request_id.clone(), invocation.attempt);
            let is_skewed = !skew.is_zero();
            let payload = &invocation.payload;
            monitor.state().started(&monitor.sim, key.clone(), payload, is_skewed);
            let outcome = match ATTEMPT.scope(key, process.handle(event)).await {
                Ok(outcome) => Ok(serde_json::to_value(outcome).unwrap_or_default()),
                Err(error) => Err(format!("{}: {}", error.error_type, error.error_message)),
            };
            monitor.state().finished(&monitor.sim, &invocation, &outcome);
            outcome
        };
        sim.run_until(until, handle).await;
        let left = until - sim.now();
        sim.clock().pass(left.to_std().unwrap_or_default()).await;
    }
}

const SECRET: &str = "secret";

/// The client of the function. It appends its requests to the file that `AWS_REQUESTS` names, if it is set: two
/// of each kind from one process.
fn client(monitor: &Monitor) -> SharedHttpClient {
    let client = SharedHttpClient::new(monitor.clone());
    #[expect(clippy::disallowed_methods, reason = "set only for sim/evidence/requests")]
    let Some(path) = std::env::var_os("AWS_REQUESTS") else { return client };
    recorder::recorded(client, Path::new(&path), SECRET, 2).expect("a file")
}

/// A new process of the function.
fn start(settings: &Settings, monitor: &Monitor, clock: &Skewed) -> Arc<Function> {
    let keys = Credentials::new(format!("AKIA{OURS}"), SECRET, None, None, "dst");
    let clock = SharedTimeSource::new(clock.clone());
    let config = SdkConfig::builder()
        .behavior_version(behavior_version())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(client(monitor))
        .region(Region::new(HOME))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(clock.clone())
        .build();
    let (metrics, transport) =
        (Metrics::new(Labels::new("dst", None), |_| {}), monitor.transport());
    Arc::new(Function::new(settings.clone(), config, clock, metrics, transport))
}

/// A clock that is wrong by some seconds.
#[derive(Clone, Debug)]
struct Skewed {
    clock: Clock,
    skew: Arc<AtomicI64>,
}

impl TimeSource for Skewed {
    fn now(&self) -> SystemTime {
        (self.clock.now() + TimeDelta::seconds(self.skew.load(Ordering::Relaxed))).into()
    }
}

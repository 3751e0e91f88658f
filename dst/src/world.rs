//! Runs one world from its beginning to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use acm_dns_validator::aws::clients::behavior_version;
use acm_dns_validator::aws::cloudwatch::Metrics;
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
use serde_json::{Value, json};
use sim::Sim;
use sim::clock::Clock;
use sim::lambda::{EventSource, Invocation};
use sim::sqs::Queue;

use crate::act::{AWAY, DNS, HOME, MEMBER, OURS};
use crate::draw::{Doors, Scenario};
use crate::ledger::configure;
use crate::story;
use crate::verdict;
use crate::watch::{ATTEMPT, State, Violation, Watch};

/// The function.
pub(crate) const FUNCTION: &str =
    "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";

/// The queue that gathers events, where there is one.
pub(crate) const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:certificates";
/// Where it leaves what it gives up.
const DEAD_LETTERS: &str = "arn:aws:sqs:eu-west-1:111122223333:dead-letters";

/// The group of its checks.
pub(crate) const GROUP: &str = "acm-dns-validator";
const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";

/// How a world ended.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) violation: Option<Violation>,
    /// What happened, a line an event.
    pub(crate) story: String,
    /// Every call, write, event and response, to compare two runs by.
    pub(crate) transcript: String,
    pub(crate) calls: usize,
    pub(crate) looks: usize,
    pub(crate) most_calls: usize,
}

/// Runs a world in a runtime of its own. Everything that is random comes from its seed: the SDK
/// draws the jitter of its retries from the thread's generator.
pub(crate) fn run(scenario: &Scenario, told: bool) -> Report {
    fastrand::seed(scenario.seed);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime needs nothing but memory");
    runtime.block_on(live(scenario, told))
}

async fn live(scenario: &Scenario, told: bool) -> Report {
    let epoch = DateTime::from_timestamp(1_795_420_803, 0).unwrap_or_default();
    let sim = Sim::paused(epoch);
    deploy(&sim, scenario);
    let watch = Watch::new(&sim, State::new(scenario, epoch));
    let end = epoch + TimeDelta::seconds(scenario.end);
    let mut host = Host::new(scenario, &watch);
    loop {
        watch.state().step(&sim);
        if sim.now() >= end || watch.state().violation.is_some() {
            break;
        }
        let next = watch.state().next_act().unwrap_or(end).min(end);
        host.run_until(next).await;
    }
    // A check that fires in the last instant is neither armed any more nor done: it is let finish.
    let rounds = if scenario.doors == Doors::Function { 6 } else { 60 };
    for _ in 0..rounds {
        let under_way = {
            let aws = sim.aws();
            aws.lambda.queued() > 0 || aws.sqs.messages(QUEUE).next().is_some()
        };
        if under_way && watch.state().violation.is_none() {
            host.run_until(sim.now() + TimeDelta::seconds(10)).await;
        }
    }
    let mut state = watch.state();
    if state.violation.is_none() {
        verdict::judge(scenario, &mut state, &sim);
    }
    let aws = sim.aws();
    Report {
        violation: state.violation.clone(),
        story: if told { story::tell(&state, &aws) } else { String::new() },
        transcript: if told { story::transcript(&aws) } else { String::new() },
        calls: aws.calls().len(),
        looks: aws.lambda.finished().len(),
        most_calls: state.most_calls,
    }
}

/// What a template would make of the function, in all accounts and regions of a world.
fn deploy(sim: &Sim, scenario: &Scenario) {
    let now = sim.now();
    let aws = &mut *sim.aws();
    for account in [OURS, DNS, MEMBER] {
        aws.sts.add_account(account);
    }
    aws.sts.add_role(&format!("arn:aws:iam::{DNS}:role/dns"), OURS);
    aws.sts.add_role(&format!("arn:aws:iam::{MEMBER}:role/certificates"), OURS);
    configure(aws, 2, 10);
    aws.scheduler.add_group(OURS, HOME, GROUP, now);
    aws.scheduler.allow_role(OURS, SCHEDULE_ROLE);
    if let Some(receives) = scenario.doors.receives() {
        aws.sqs.add_queue(DEAD_LETTERS, Queue::default());
        // Six times as long as the function may take here, as AWS advises.
        let queue = Queue {
            visibility_timeout: TimeDelta::minutes(3),
            max_receive_count: Some(receives),
            dead_letter_queue: Some(DEAD_LETTERS.to_owned()),
            ..Queue::default()
        };
        aws.sqs.add_queue(QUEUE, queue);
        let source = EventSource {
            batch_size: 1_000,
            batching_window: TimeDelta::minutes(1),
            maximum_concurrency: Some(2),
            ..EventSource::default()
        };
        aws.lambda.add_event_source(QUEUE, FUNCTION, source);
    }
    let bus = format!("arn:aws:events:{HOME}:{OURS}:event-bus/default");
    let member = scenario.settings.contains_key("CERTIFICATE_ROLE_NAME");
    for (index, pattern) in patterns().into_iter().enumerate() {
        let name = format!("wake-{index}");
        let mut rule = |account: &str, region: &str, target: &str| {
            let name = if target == QUEUE { format!("{name}-queue") } else { name.clone() };
            aws.eventbridge.put_rule(account, region, "default", &name, pattern.clone(), target);
        };
        if !matches!(scenario.doors, Doors::Queue { .. }) {
            rule(OURS, HOME, FUNCTION);
        }
        if scenario.doors != Doors::Function {
            rule(OURS, HOME, QUEUE);
        }
        rule(OURS, AWAY, &bus);
        if member {
            rule(MEMBER, HOME, &bus);
            rule(MEMBER, AWAY, &bus);
        }
    }
}

fn patterns() -> [Value; 2] {
    [
        json!({
            "source": ["aws.acm"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": ["acm.amazonaws.com"],
                "eventName": ["RequestCertificate", "AddTagsToCertificate", "UpdateCertificateOptions"],
            },
        }),
        json!({
            "source": ["aws.acm"],
            "detail-type": ["ACM Certificate Renewal Action Required", "ACM Certificate Available"],
        }),
    ]
}

/// Where the function's process lives, and dies.
struct Host<'a> {
    watch: &'a Watch,
    settings: Settings,
    clock: Skewed,
    process: Arc<Function>,
}

impl<'a> Host<'a> {
    fn new(scenario: &Scenario, watch: &'a Watch) -> Self {
        let mut vars = BTreeMap::from([
            ("SCHEDULE_GROUP", GROUP.to_owned()),
            ("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE.to_owned()),
        ]);
        vars.extend(scenario.settings.clone());
        let settings = Settings::from_vars(|name| vars.get(name).cloned());
        let settings = settings.expect("the settings of a world are right");
        let clock = Skewed { clock: watch.sim.clock().clone(), off: Arc::default() };
        let process = start(&settings, watch, &clock);
        Self { watch, settings, clock, process }
    }

    async fn run_until(&mut self, until: DateTime<Utc>) {
        let sim = &self.watch.sim;
        let died = sim.aws().lambda.finished().last().is_some_and(|attempt| {
            attempt.outcome.as_ref().is_err_and(|error| error.starts_with("Runtime.ExitError"))
        });
        {
            let mut state = self.watch.state();
            self.clock.off.store(state.skew.num_seconds(), Ordering::Relaxed);
            if std::mem::take(&mut state.cold) || died {
                self.process = start(&self.settings, self.watch, &self.clock);
            }
        }
        let (watch, process, off) = (self.watch, &self.process, &self.clock.off);
        let handle = async |invocation: Invocation| {
            let off = TimeDelta::seconds(off.load(Ordering::Relaxed));
            let mut context = Context::default();
            context.request_id = invocation.request_id.clone();
            context.invoked_function_arn = invocation.function_arn.clone();
            // The clock that is off is that of the host, which is also the one Lambda reads.
            let deadline = (invocation.deadline + off).timestamp_millis();
            context.deadline = deadline.try_into().unwrap_or_default();
            let event = LambdaEvent::new(invocation.payload.clone(), context);
            let key = (invocation.request_id.clone(), invocation.attempt);
            watch.state().begins(key.clone(), &invocation.payload);
            let outcome = match ATTEMPT.scope(key, process.handle(event)).await {
                Ok(outcome) => Ok(serde_json::to_value(outcome).unwrap_or_default()),
                Err(error) => Err(format!("{}: {}", error.error_type, error.error_message)),
            };
            watch.state().finished(&watch.sim, &invocation, &outcome);
            outcome
        };
        sim.run_until(until, handle).await;
        let left = until - sim.now();
        sim.clock().pass(left.to_std().unwrap_or_default()).await;
    }
}

/// A new process of the function.
fn start(settings: &Settings, watch: &Watch, clock: &Skewed) -> Arc<Function> {
    let keys = Credentials::new(format!("AKIA{OURS}"), "secret", None, None, "dst");
    let clock = SharedTimeSource::new(clock.clone());
    let config = SdkConfig::builder()
        .behavior_version(behavior_version())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(SharedHttpClient::new(watch.clone()))
        .region(Region::new(HOME))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(clock.clone())
        .build();
    Arc::new(Function::new(settings.clone(), config, clock, Metrics::new(|_| {})))
}

/// A clock that is some seconds off.
#[derive(Clone, Debug)]
struct Skewed {
    clock: Clock,
    off: Arc<AtomicI64>,
}

impl TimeSource for Skewed {
    fn now(&self) -> SystemTime {
        (self.clock.now() + TimeDelta::seconds(self.off.load(Ordering::Relaxed))).into()
    }
}

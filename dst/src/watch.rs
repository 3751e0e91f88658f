//! Stands between the function and AWS: lets the world's acts happen between any two calls, and
//! holds every step against the invariants of safety.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sim::Sim;
use sim::lambda::Invocation;
use sim::route53::Action;
use sim::scheduler::Progress;

use crate::act::{Act, HOME, OURS};
use crate::draw::Scenario;
use crate::ledger::Ledger;
use crate::oracle::Facts;
use crate::verdict;
use crate::world::GROUP;

tokio::task_local! {
    /// Whose calls these are: the request, and which try.
    pub(crate) static ATTEMPT: (String, u32);
}

/// An invariant that does not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Violation {
    pub(crate) at: DateTime<Utc>,
    /// Its sentence.
    pub(crate) invariant: &'static str,
    /// What happened instead.
    pub(crate) but: String,
}

/// What goes on in a world.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ledger: Ledger,
    pub(crate) violation: Option<Violation>,
    pub(crate) lines: Vec<(DateTime<Utc>, String)>,
    pub(crate) skew: TimeDelta,
    pub(crate) cold: bool,
    epoch: DateTime<Utc>,
    acts: VecDeque<(DateTime<Utc>, Act)>,
    dry_run: bool,
    calm: bool,
    /// The world as it was in the last half a minute: a look sees some of it.
    recent: VecDeque<Facts>,
    writes_seen: usize,
    calls_seen: usize,
    /// Records that are right, by zone and name: their value, and since when.
    right: BTreeMap<(String, String), (String, DateTime<Utc>)>,
    /// Since when something blocks a certificate, and whether a check of it was armed then.
    pub(crate) blocked: BTreeMap<String, (DateTime<Utc>, bool)>,
    doubled_since: BTreeMap<String, DateTime<Utc>>,
    attempts: BTreeMap<(String, u32), Attempt>,
    pub(crate) most_calls: usize,
}

/// What one attempt did so far.
#[derive(Debug, Default)]
struct Attempt {
    /// How many messages it is about.
    messages: usize,
    calls: usize,
    asked_to_arm: bool,
    /// The names of the schedules that are armed.
    armed: BTreeSet<String>,
    written: BTreeSet<String>,
}

/// What a call is about, as far as its order matters.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Called {
    /// It writes these records: zone and name, and how many characters their values have.
    Records(Vec<String>, usize),
    /// It arms a schedule of this name.
    Schedule(String),
    Other,
}

impl Called {
    fn of(request: &HttpRequest) -> Self {
        let path = request.uri().split('?').next().unwrap_or_default().trim_end_matches('/');
        let body = request.body().bytes().and_then(|body| std::str::from_utf8(body).ok());
        let texts = |element: &str| -> Vec<String> {
            let opening = format!("<{element}>");
            let pieces = body.unwrap_or_default().split(&opening).skip(1);
            pieces.map(|it| it.split('<').next().unwrap_or_default().to_owned()).collect()
        };
        match request.method() {
            "POST" if path.contains("/schedules/") => {
                Self::Schedule(path.rsplit('/').next().unwrap_or_default().to_owned())
            }
            "POST" if path.ends_with("/rrset") => {
                let names = texts("Name").into_iter().map(|name| format!("{name} by {path}"));
                Self::Records(names.collect(), texts("Value").iter().map(String::len).sum())
            }
            _ => Self::Other,
        }
    }
}

/// How long a look may rest upon what it saw: the time Lambda gives it, and a little.
const LOOK: TimeDelta = TimeDelta::seconds(35);

/// A grid step, the sweep's detour of a minute, and the time of two looks.
const TWO_CHAINS: TimeDelta = TimeDelta::minutes(20);

/// The same while schedules and clocks may be as late as this world makes them.
const TWO_CHAINS_IN_TROUBLE: TimeDelta = TimeDelta::minutes(45);

/// More than any look at five names needs, each call tried three times.
const CALLS_OF_AN_ATTEMPT: usize = 120;

/// The same where nothing goes wrong.
const CALLS_IN_CALM: usize = 60;

impl State {
    pub(crate) fn new(scenario: &Scenario, epoch: DateTime<Utc>) -> Self {
        let acts = scenario.acts.iter();
        Self {
            ledger: Ledger::new(scenario),
            violation: None,
            lines: Vec::new(),
            skew: TimeDelta::zero(),
            cold: false,
            epoch,
            acts: acts.map(|(at, act)| (epoch + TimeDelta::seconds(*at), act.clone())).collect(),
            dry_run: scenario.settings.contains_key("DRY_RUN"),
            calm: scenario.calm,
            recent: VecDeque::new(),
            writes_seen: 0,
            calls_seen: 0,
            right: BTreeMap::new(),
            blocked: BTreeMap::new(),
            doubled_since: BTreeMap::new(),
            attempts: BTreeMap::new(),
            most_calls: 0,
        }
    }

    pub(crate) fn next_act(&self) -> Option<DateTime<Utc>> {
        self.acts.front().map(|(at, _)| *at)
    }

    pub(crate) fn violate(&mut self, at: DateTime<Utc>, invariant: &'static str, but: String) {
        self.violation.get_or_insert(Violation { at, invariant, but });
    }

    /// Judges what was done since the last step, then lets happen what is due.
    pub(crate) fn step(&mut self, sim: &Sim) {
        let now = sim.now();
        self.judge(sim);
        self.remember(sim);
        while let Some((_, act)) = self.acts.pop_front_if(|(at, _)| *at <= now) {
            self.happen(&act, sim);
        }
    }

    fn happen(&mut self, act: &Act, sim: &Sim) {
        let now = sim.now();
        match act {
            Act::Skew(seconds) => self.skew = TimeDelta::seconds(*seconds),
            Act::ColdStart => self.cold = true,
            Act::Cease => self.skew = TimeDelta::zero(),
            _ => {}
        }
        if self.ledger.perform(act, sim).is_some() {
            self.lines.push((now, act.to_string()));
        }
        self.remember(sim);
        // What others wrote counts as right from now on, or no longer.
        let facts = self.recent.back().map(|facts| facts.zones.clone()).unwrap_or_default();
        self.right.retain(|(id, name), (value, _)| {
            facts.iter().any(|zone| zone.id == *id && zone.shows(name, value))
        });
        for zone in facts {
            for (name, kind, values) in zone.records {
                if let (true, [value]) = (kind == "CNAME", &values[..]) {
                    let key = (zone.id.clone(), name);
                    self.right.entry(key).or_insert_with(|| (value.clone(), now));
                }
            }
        }
    }

    /// Keeps what the world looks like, and forgets what no look can rest upon any more.
    fn remember(&mut self, sim: &Sim) {
        let now = sim.now();
        let facts = self.ledger.facts(&sim.aws(), now);
        for certificate in &facts.certificates {
            let arn = &certificate.arn;
            if !facts.blocked(certificate) {
                self.blocked.remove(arn);
            } else if !self.blocked.contains_key(arn) {
                let alive = verdict::armed(&sim.aws(), arn, now) > 0;
                self.blocked.insert(arn.clone(), (now, alive));
            }
        }
        self.recent.push_back(facts);
        // The last one before the half minute was still true when it began.
        while self.recent.get(1).is_some_and(|facts| facts.at < now - LOOK) {
            self.recent.pop_front();
        }
    }

    fn judge(&mut self, sim: &Sim) {
        let now = sim.now();
        let aws = sim.aws();
        let writes = aws.route53.writes()[self.writes_seen..].to_vec();
        let calls = aws.calls()[self.calls_seen..].to_vec();
        self.writes_seen += writes.len();
        self.calls_seen += calls.len();
        drop(aws);
        let dry_run = self.dry_run;
        for call in calls.into_iter().filter(|_| dry_run) {
            let operation = call.operation;
            if ["ChangeResourceRecordSets", "CreateSchedule", "PutEvents"].contains(&&*operation) {
                self.violate(
                    call.at,
                    "A dry run neither writes nor arms nor publishes.",
                    operation,
                );
            }
        }
        for write in writes {
            let told = format!("{:?} {} in {}", write.action, write.name, write.zone_id);
            if write.action != Action::Upsert {
                self.violate(write.at, "Nothing is ever created or deleted but by UPSERT.", told);
                continue;
            }
            let verdicts: Vec<_> = self.recent.iter().map(|facts| facts.forbids(&write)).collect();
            if let Some(why) = verdicts.into_iter().reduce(Option::and).flatten() {
                self.violate(
                    write.at,
                    "Only validation records of certificates of ours are written, and only into \
                     the one public zone within reach that may be written and the world sees.",
                    format!("{told}: {why}"),
                );
            }
            let key = (write.zone_id, write.name);
            let value = write.values.into_iter().next().unwrap_or_default();
            let was = self.right.get(&key).filter(|(right, _)| *right == value);
            let since = was.map(|(_, since)| *since);
            if since.is_some_and(|since| since < write.at - LOOK) {
                self.violate(write.at, "A record that is right is never touched.", told);
            }
            let since = since.unwrap_or(write.at);
            self.right.insert(key, (value, since));
        }
        self.judge_chains(sim, now);
    }

    /// Whether doubled chains of checks have merged in time.
    fn judge_chains(&mut self, sim: &Sim, now: DateTime<Utc>) {
        let mut armed: BTreeMap<String, usize> = BTreeMap::new();
        for schedule in sim.aws().scheduler.schedules(OURS, HOME, GROUP) {
            if matches!(schedule.progress, Progress::Pending(at) if at > now) {
                *armed.entry(certificate(&schedule.name).to_owned()).or_default() += 1;
            }
        }
        self.doubled_since.retain(|id, _| armed.get(id).is_some_and(|armed| *armed > 1));
        for (id, _) in armed.into_iter().filter(|(id, armed)| *armed > 1 && !id.contains("sweep")) {
            let since = *self.doubled_since.entry(id.clone()).or_insert(now);
            let mut most = if self.calm { TWO_CHAINS } else { TWO_CHAINS_IN_TROUBLE };
            // After 73 hours a renewal is looked at daily, and so long is a grid step.
            let renews = sim
                .aws()
                .acm
                .certificates()
                .any(|it| it.renewal.is_some() && it.arn.ends_with(&id));
            if renews {
                most += TimeDelta::days(1);
            }
            if now - since > most {
                let invariant =
                    "Two chains of checks for one certificate merge within a grid step.";
                self.violate(now, invariant, format!("{id} has two since {since}"));
            }
        }
    }

    /// Takes note of a call that is about to leave the function.
    fn calling(&mut self, now: DateTime<Utc>, call: &Called) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        let calm = self.calm;
        let attempt = self.attempts.entry(key).or_default();
        attempt.calls += 1;
        attempt.asked_to_arm |= matches!(call, Called::Schedule(_));
        let (calls, unarmed) = (attempt.calls, !attempt.asked_to_arm);
        let most = attempt.messages.max(1) * if calm { CALLS_IN_CALM } else { CALLS_OF_AN_ATTEMPT };
        self.most_calls = self.most_calls.max(calls);
        if let Called::Records(names, characters) = call {
            // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
            let twice = names.iter().collect::<BTreeSet<_>>().len() < names.len();
            if twice || names.len() > 500 || *characters > 16_000 {
                let invariant = "Every batch is within Route 53's limits and names a record once.";
                let but = format!("{} records, {characters} characters", names.len());
                self.violate(now, invariant, but);
            }
        }
        if matches!(call, Called::Records(..)) && unarmed {
            let invariant = "The next check is armed before any record is touched.";
            self.violate(now, invariant, "a record was written first".to_owned());
        }
        if calls > most {
            let invariant = "An attempt makes no more calls than stated.";
            self.violate(now, invariant, format!("{calls} calls"));
        }
    }

    /// Takes note of what came of it: `None` if no answer came. A conflict means that it is armed.
    fn called(&mut self, now: DateTime<Utc>, call: Called, status: Option<u16>) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        let attempt = self.attempts.entry(key).or_default();
        match (call, status) {
            (Called::Schedule(name), Some(200 | 409)) => _ = attempt.armed.insert(name),
            (Called::Records(names, _), Some(200)) => {
                let known = names.into_iter().find(|name| !attempt.written.insert(name.clone()));
                if let Some(name) = known {
                    self.violate(now, "One look writes a record once.", name);
                }
            }
            _ => {}
        }
    }

    /// Takes note of an attempt that is about to begin.
    pub(crate) fn begins(&mut self, key: (String, u32), payload: &Value) {
        let messages = payload["Records"].as_array().map_or(1, Vec::len);
        self.attempts.insert(key, Attempt { messages, ..Attempt::default() });
    }

    /// Judges how an attempt ended.
    pub(crate) fn finished(
        &mut self,
        sim: &Sim,
        invocation: &Invocation,
        outcome: &Result<Value, String>,
    ) {
        let now = sim.now();
        let key = (invocation.request_id.clone(), invocation.attempt);
        let attempt = self.attempts.remove(&key).unwrap_or_default();
        let payload = &invocation.payload;
        let invariant = "It fails only if no check of the certificate is armed.";
        match outcome {
            Err(error) => {
                let one = payload["detail-type"] != "Certificate Sweep"
                    && payload["source"] != "aws.route53"
                    && payload["Records"].is_null();
                if one && !attempt.armed.is_empty() {
                    self.violate(now, invariant, error.clone());
                }
            }
            Ok(outcome) => {
                let bodies = || {
                    let records = payload["Records"].as_array().into_iter().flatten();
                    records.filter_map(|it| Some((&it["messageId"], it["body"].as_str()?)))
                };
                // News of a zone, or a sweep, may arm in the same batch what could not be armed before.
                let more = |body: &str| {
                    ["aws.route53", "Certificate Sweep"].iter().any(|it| body.contains(it))
                };
                if bodies().any(|(_, body)| more(body)) {
                    return;
                }
                let ids = outcome["batchItemFailures"].as_array().into_iter().flatten();
                for id in ids.map(|failure| &failure["itemIdentifier"]) {
                    let (_, body) =
                        bodies().find(|(message, _)| *message == id).unwrap_or_default();
                    let armed = attempt.armed.iter().find(|name| body.contains(certificate(name)));
                    if let Some(armed) = armed {
                        self.violate(now, invariant, format!("{id} came back, {armed} is armed"));
                    }
                }
            }
        }
    }

    /// The time since the beginning, as a story tells it.
    pub(crate) fn clock(&self, at: DateTime<Utc>) -> String {
        let since = at - self.epoch;
        let (hours, minutes) = (since.num_hours(), since.num_minutes() % 60);
        format!("{hours:02}:{minutes:02}:{:02}", since.num_seconds() % 60)
    }
}

/// The id of the certificate that a schedule of this name is about.
fn certificate(schedule: &str) -> &str {
    schedule.rsplit_once('-').map_or("", |(id, _)| id)
}

/// A world's state, shared with the HTTP client of the function.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) sim: Sim,
    inner: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

impl Watch {
    pub(crate) fn new(sim: &Sim, state: State) -> Self {
        let inner = sim.http_client();
        Self { sim: sim.clone(), inner, state: Arc::new(Mutex::new(state)) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpClient for Watch {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { watch: self.clone(), connector })
    }
}

#[derive(Debug)]
struct Connector {
    watch: Watch,
    connector: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (watch, connector) = (self.watch.clone(), self.connector.clone());
        HttpConnectorFuture::new(async move {
            let call = Called::of(&request);
            {
                let mut state = watch.state();
                state.step(&watch.sim);
                state.calling(watch.sim.now(), &call);
            }
            let answer = connector.call(request).await;
            let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
            let mut state = watch.state();
            state.called(watch.sim.now(), call, status);
            state.judge(&watch.sim);
            drop(state);
            answer
        })
    }
}

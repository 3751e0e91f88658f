//! EventBridge Scheduler: one-time schedules whose targets are functions or queues.
//!
//! Source: botocore's `data/scheduler/2021-06-30/service-2.json`, and
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>. What of it is not
//! modelled (recurring schedules, other targets, time zones) is refused loudly, never ignored.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use serde_json::{Value, json};

use crate::aws::{Caller, partition};
use crate::wire::{Failure, Parameters};

mod groups;
mod request;
#[cfg(test)]
mod tests;
mod world;

use request::{Definition, max_results, route};

const DEFAULT_GROUP: &str = "default";

/// The retry policy of a target that says nothing of it; `GetSchedule` shows it, as
/// <https://github.com/faiscadev/fakecloud/pull/1905> learnt from Terraform's acceptance tests.
const RETRIES: [(&str, u32); 2] =
    [("MaximumEventAgeInSeconds", 86_400), ("MaximumRetryAttempts", 185)];

/// Every account's schedules.
#[derive(Clone, Debug)]
pub struct Scheduler {
    groups: BTreeMap<GroupKey, Group>,
    schedules: BTreeMap<Key, Schedule>,
    /// Those that will come due, by the time they were made for.
    pending: BTreeSet<(DateTime<Utc>, Key)>,
    /// Those to be deleted, by the time they came due.
    spent: BTreeSet<(DateTime<Utc>, Key)>,
    roles: BTreeSet<(String, String)>,
    linger: TimeDelta,
    delay: TimeDelta,
    lose: u32,
    duplicate: u32,
    lost: usize,
}

/// Account, region, group.
type GroupKey = (String, String, String);
/// Account, region, group, name.
type Key = (String, String, String, String);

#[derive(Clone, Debug)]
struct Group {
    created_at: DateTime<Utc>,
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its name, unique in its group.
    pub name: String,
    /// The time in its expression.
    pub at: DateTime<Utc>,
    /// The ARN of the function or the queue.
    pub target: String,
    /// The payload.
    pub input: String,
    /// What becomes of it.
    pub progress: Progress,
    definition: Definition,
    created_at: DateTime<Utc>,
    modified_at: DateTime<Utc>,
}

/// How far a schedule has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// It is switched off.
    Disabled,
    /// It will come due at this time.
    Pending(DateTime<Utc>),
    /// It was given a time gone by, and never comes due.
    Past,
    /// It came due at this time.
    Spent(DateTime<Utc>),
}

/// A schedule that came due.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// The target's ARN: a function or a queue.
    pub target: String,
    /// The payload; for a queue the text of the message, which need not be JSON.
    pub input: Value,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
            schedules: BTreeMap::new(),
            pending: BTreeSet::new(),
            spent: BTreeSet::new(),
            roles: BTreeSet::new(),
            linger: TimeDelta::seconds(90),
            delay: TimeDelta::zero(),
            lose: 0,
            duplicate: 0,
            lost: 0,
        }
    }
}

impl Scheduler {
    /// Answers one call.
    pub fn respond(
        &mut self,
        operation: &str,
        caller: &Caller,
        request: &Request<Vec<u8>>,
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        let name = route(request).and_then(|(_, name)| name).unwrap_or_default();
        let query = Parameters::of(request);
        match operation {
            "CreateSchedule" => self.create(caller, &name, request.body(), now),
            "UpdateSchedule" => self.update(caller, &name, request.body(), now),
            "GetSchedule" => self.get(caller, &name, query.get("groupName")),
            "DeleteSchedule" => self.delete(caller, &name, query.get("groupName")),
            "ListSchedules" => self.list(caller, &query),
            "CreateScheduleGroup" => self.create_group(caller, &name, now),
            "GetScheduleGroup" => self.get_group(caller, &name),
            "DeleteScheduleGroup" => self.delete_group(caller, &name),
            _ => Err(not_modelled(&format!("{} {}", request.method(), request.uri().path()))),
        }
    }

    /// Lets what is due at `at` come due, and deletes spent schedules whose time has come.
    pub fn fire(&mut self, at: DateTime<Utc>) -> Vec<Firing> {
        while let Some(key) = first_until(&mut self.spent, at - self.linger) {
            self.schedules.remove(&key);
        }
        let mut firings = Vec::new();
        while let Some(key) = first_until(&mut self.pending, at - self.delay) {
            let Some(schedule) = self.schedules.get_mut(&key) else { continue };
            schedule.progress = Progress::Spent(at);
            let firing = Firing { target: schedule.target.clone(), input: schedule.payload(&key) };
            self.plan(&key);
            if self.lose > 0 {
                self.lose -= 1;
                continue;
            }
            // Delivery is at least once:
            // https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html
            if self.duplicate > 0 {
                self.duplicate -= 1;
                firings.push(firing.clone());
            }
            firings.push(firing);
        }
        firings
    }

    /// When the next schedule comes due, or a spent one is deleted.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let firing = self.pending.first().map(|(at, _)| *at + self.delay);
        let deletion = self.spent.first().map(|(at, _)| *at + self.linger);
        firing.into_iter().chain(deletion).min()
    }

    /// Enters a schedule among those that something will happen to, if anything will.
    fn plan(&mut self, key: &Key) {
        let Some(schedule) = self.schedules.get(key) else { return };
        match schedule.progress {
            Progress::Pending(at) => self.pending.insert((at, key.clone())),
            Progress::Spent(at) if schedule.definition.delete_when_spent => {
                self.spent.insert((at, key.clone()))
            }
            _ => return,
        };
    }

    /// Takes a schedule out of what [`Self::plan`] entered it in.
    fn unplan(&mut self, key: &Key) {
        match self.schedules.get(key).map(|schedule| schedule.progress) {
            Some(Progress::Pending(at)) => self.pending.remove(&(at, key.clone())),
            Some(Progress::Spent(at)) => self.spent.remove(&(at, key.clone())),
            _ => return,
        };
    }

    fn remove(&mut self, key: &Key) -> Option<Schedule> {
        self.unplan(key);
        self.schedules.remove(key)
    }

    fn create(
        &mut self,
        caller: &Caller,
        name: &str,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        let definition = Definition::read(name, body)?;
        let key = self.key(caller, name, Some(&definition.group))?;
        self.check_role(caller, &definition)?;
        if let Some(existing) = self.schedules.get(&key) {
            // The token makes it safe to repeat a request whose answer was lost.
            let repeated = definition.client_token.is_some() && existing.definition == definition;
            return if repeated { Ok(created(&key)) } else { Err(exists("Schedule", name)) };
        }
        let schedule = Schedule::new(name, definition, now);
        self.lost += usize::from(schedule.progress == Progress::Past);
        self.schedules.insert(key.clone(), schedule);
        self.plan(&key);
        Ok(created(&key))
    }

    /// A full replacement: what is left out goes back to its default.
    fn update(
        &mut self,
        caller: &Caller,
        name: &str,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        let definition = Definition::read(name, body)?;
        let key = self.key(caller, name, Some(&definition.group))?;
        self.check_role(caller, &definition)?;
        self.unplan(&key);
        let existing = self.schedules.get_mut(&key).ok_or_else(|| missing("Schedule", name))?;
        let mut updated = Schedule::new(name, definition, now);
        updated.created_at = existing.created_at;
        // Undocumented, so the worst case: the deletion already under way takes the update with it.
        if existing.is_to_be_deleted() {
            updated.progress = existing.progress;
            updated.definition.delete_when_spent = true;
        }
        self.lost += usize::from(updated.progress == Progress::Past);
        *existing = updated;
        self.plan(&key);
        Ok(created(&key))
    }

    fn get(&self, caller: &Caller, name: &str, group: Option<&str>) -> Result<Value, Failure> {
        let key = self.key(caller, name, group)?;
        let schedule = self.schedules.get(&key).ok_or_else(|| missing("Schedule", name))?;
        let mut answer = schedule.definition.body.clone();
        let facts = [
            ("Arn", json!(arn(&key))),
            ("Name", json!(name)),
            ("GroupName", json!(key.2)),
            ("State", json!(schedule.state())),
            ("ScheduleExpressionTimezone", json!("UTC")),
            ("ActionAfterCompletion", json!(schedule.action_after_completion())),
            ("CreationDate", timestamp(schedule.created_at)),
            ("LastModificationDate", timestamp(schedule.modified_at)),
        ];
        answer.remove("ClientToken");
        let target = answer.get_mut("Target").and_then(Value::as_object_mut);
        let policy = target.map(|it| it.entry("RetryPolicy").or_insert_with(|| json!({})));
        if let Some(policy) = policy.and_then(Value::as_object_mut) {
            for (name, usual) in RETRIES {
                policy.entry(name).or_insert_with(|| json!(usual));
            }
        }
        answer.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        Ok(Value::Object(answer))
    }

    fn delete(
        &mut self,
        caller: &Caller,
        name: &str,
        group: Option<&str>,
    ) -> Result<Value, Failure> {
        let key = self.key(caller, name, group)?;
        self.remove(&key).map(|_| json!({})).ok_or_else(|| missing("Schedule", name))
    }

    fn list(&self, caller: &Caller, query: &Parameters) -> Result<Value, Failure> {
        let group = query.get("ScheduleGroup");
        if let Some(group) = group {
            self.check_group(caller, group)?;
        }
        let size = max_results(query)?;
        let after = query.get("NextToken").and_then(|token| token.split_once('/'));
        let prefix = query.get("NamePrefix").unwrap_or_default();
        let state = query.get("State");
        let (account, region) = (&caller.account, &caller.region);
        let first = after.unwrap_or_else(|| (group.unwrap_or_default(), ""));
        let mut matching = self
            .from(account, region, first)
            .take_while(|(key, _)| group.is_none_or(|group| group == key.2))
            .filter(|(key, schedule)| {
                key.3.starts_with(prefix)
                    && state.is_none_or(|state| state == schedule.state())
                    && after.is_none_or(|after| (&*key.2, &*key.3) > after)
            });
        let page: Vec<(&Key, &Schedule)> = matching.by_ref().take(size).collect();
        let next = matching.next().and_then(|_| page.last()).map(|(key, _)| token(key));
        let schedules: Vec<Value> = page
            .iter()
            .map(|(key, schedule)| {
                json!({
                    "Arn": arn(key),
                    "Name": key.3,
                    "GroupName": key.2,
                    "State": schedule.state(),
                    "CreationDate": timestamp(schedule.created_at),
                    "LastModificationDate": timestamp(schedule.modified_at),
                    "Target": {"Arn": schedule.target},
                })
            })
            .collect();
        let mut answer = json!({"Schedules": schedules});
        if let Some(next) = next {
            answer["NextToken"] = Value::String(next);
        }
        Ok(answer)
    }

    /// An account's schedules in a region, from this group and name on.
    fn from(
        &self,
        account: &str,
        region: &str,
        (group, name): (&str, &str),
    ) -> impl Iterator<Item = (&Key, &Schedule)> {
        let first = [account, region, group, name].map(str::to_owned);
        let here = self.schedules.range(Key::from(first)..);
        here.take_while(move |(key, _)| (&*key.0, &*key.1) == (account, region))
    }

    /// The schedules in a group.
    fn within(
        &self,
        account: &str,
        region: &str,
        group: &str,
    ) -> impl Iterator<Item = (&Key, &Schedule)> {
        self.from(account, region, (group, "")).take_while(move |(key, _)| key.2 == group)
    }

    fn key(&self, caller: &Caller, name: &str, group: Option<&str>) -> Result<Key, Failure> {
        let group = group.unwrap_or(DEFAULT_GROUP);
        request::check_name(name, "name")?;
        self.check_group(caller, group)?;
        let (account, region) = (caller.account.clone(), caller.region.clone());
        Ok((account, region, group.to_owned(), name.to_owned()))
    }

    /// The words: <https://github.com/aws/aws-sdk-js-v3/issues/6494>.
    fn check_role(&self, caller: &Caller, definition: &Definition) -> Result<(), Failure> {
        if self.roles.contains(&(caller.account.clone(), definition.role_arn.clone())) {
            return Ok(());
        }
        Err(invalid(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        ))
    }
}

impl Schedule {
    fn new(name: &str, definition: Definition, now: DateTime<Utc>) -> Self {
        let at = definition.at;
        let progress = if !definition.enabled {
            Progress::Disabled
        } else if at < now {
            // Undocumented, so the worst case: it is taken, and nothing ever comes of it.
            Progress::Past
        } else {
            // "at 1:00 runs between 1:00:00 and 1:00:59", or within its flexible window.
            let seconds = match definition.window_minutes {
                None => 60 - at.timestamp().rem_euclid(60),
                Some(minutes) => minutes * 60,
            };
            Progress::Pending(at + TimeDelta::seconds(hash(name) % seconds))
        };
        Self {
            name: name.to_owned(),
            at,
            target: definition.target.clone(),
            input: definition.input.clone(),
            progress,
            definition,
            created_at: now,
            modified_at: now,
        }
    }

    fn is_to_be_deleted(&self) -> bool {
        matches!(self.progress, Progress::Spent(_)) && self.definition.delete_when_spent
    }

    fn state(&self) -> &'static str {
        if self.definition.enabled { "ENABLED" } else { "DISABLED" }
    }

    fn action_after_completion(&self) -> &'static str {
        if self.definition.delete_when_spent { "DELETE" } else { "NONE" }
    }

    /// The input with its keywords filled in.
    ///
    /// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>
    fn payload(&self, key: &Key) -> Value {
        let input = self
            .input
            .replace("<aws.scheduler.schedule-arn>", &arn(key))
            .replace("<aws.scheduler.scheduled-time>", &self.at.format("%FT%TZ").to_string())
            .replace("<aws.scheduler.execution-id>", &format!("execution-of-{}", self.name))
            .replace("<aws.scheduler.attempt-number>", "1");
        if request::is_queue(&self.target) {
            return Value::String(input);
        }
        serde_json::from_str(&input).unwrap_or(Value::Null)
    }
}

/// The first of these whose time is up at `at`, taken out.
fn first_until(agenda: &mut BTreeSet<(DateTime<Utc>, Key)>, at: DateTime<Utc>) -> Option<Key> {
    agenda.first().filter(|(due, _)| *due <= at)?;
    agenda.pop_first().map(|(_, key)| key)
}

/// The operation a request asks for.
pub fn operation(request: &Request<Vec<u8>>) -> &'static str {
    route(request).map_or("unknown", |(operation, _)| operation)
}

/// A number that looks random and is always the same for one name: the upper half of FNV-1a.
fn hash(name: &str) -> i64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    i64::try_from(name.bytes().fold(0xcbf2_9ce4_8422_2325, step) >> 32).unwrap_or(0)
}

fn group_key(caller: &Caller, name: &str) -> GroupKey {
    (caller.account.clone(), caller.region.clone(), name.to_owned())
}

fn created(key: &Key) -> Value {
    json!({"ScheduleArn": arn(key)})
}

fn arn((account, region, group, name): &Key) -> String {
    let partition = partition(region);
    format!("arn:{partition}:scheduler:{region}:{account}:schedule/{group}/{name}")
}

/// The name of the schedule or group a request is about.
pub(crate) fn name(request: &Request<Vec<u8>>) -> Option<String> {
    route(request).and_then(|(_, name)| name)
}

/// The ARN of a schedule, there or not.
pub(crate) fn schedule_arn(caller: &Caller, group: Option<&str>, name: &str) -> String {
    let Caller { account, region } = caller.clone();
    arn(&(account, region, group.unwrap_or(DEFAULT_GROUP).to_owned(), name.to_owned()))
}

pub(crate) fn group_arn(Caller { account, region }: &Caller, name: &str) -> String {
    format!("arn:{}:scheduler:{region}:{account}:schedule-group/{name}", partition(region))
}

/// Where a page ends. No name contains a `/`.
fn token((_, _, group, name): &Key) -> String {
    format!("{group}/{name}")
}

/// REST-JSON has timestamps in seconds since the epoch.
fn timestamp(time: DateTime<Utc>) -> Value {
    json!(time.timestamp())
}

fn invalid(message: &str) -> Failure {
    Failure::new(400, "ValidationException", message)
}

fn not_modelled(what: &str) -> Failure {
    invalid(&format!("{what} is not modelled by this simulator"))
}

fn missing(what: &str, name: &str) -> Failure {
    Failure::new(404, "ResourceNotFoundException", format!("{what} {name} does not exist."))
}

fn exists(what: &str, name: &str) -> Failure {
    Failure::new(409, "ConflictException", format!("{what} {name} already exists."))
}

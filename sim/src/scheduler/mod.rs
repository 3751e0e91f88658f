//! EventBridge Scheduler: one-time schedules whose targets are functions or queues.
//!
//! Source: botocore's `data/scheduler/2021-06-30/service-2.json`, and
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>. What is not
//! modelled (recurring schedules, other targets, time zones) is rejected, never ignored.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use http::Request;
use serde_json::Value;

use crate::call::Caller;
use crate::wire::{Failure, Parameters};

mod failure;
mod groups;
mod key;
mod request;
mod schedule;
mod schedules;
#[cfg(test)]
mod tests;
mod world;

use self::failure::not_modelled;
use self::key::{GroupKey, Key};
pub(crate) use self::key::{group_arn, schedule_arn};
use self::request::route;
pub use self::schedule::{Progress, Schedule};

/// The schedules of every account.
#[derive(Clone, Debug)]
pub struct Scheduler {
    groups: BTreeMap<GroupKey, Group>,
    schedules: BTreeMap<Key, Schedule>,
    /// Schedules that will fire, by their time.
    pending: BTreeSet<(DateTime<Utc>, Key)>,
    /// Schedules to be deleted, by the time at which they fired.
    spent: BTreeSet<(DateTime<Utc>, Key)>,
    /// The targets that a role, in an account, may invoke.
    roles: BTreeMap<(String, String), BTreeSet<String>>,
    linger: TimeDelta,
    delay: TimeDelta,
    lose: u32,
    duplicate: u32,
    lost: usize,
    dropped: usize,
}

#[derive(Clone, Debug)]
struct Group {
    created_at: DateTime<Utc>,
}

/// A schedule that fires.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// The target's ARN: a function or a queue.
    pub target: String,
    /// The payload; for a queue the text of the message, which need not be JSON.
    pub input: Value,
}

/// What a schedule sends where. If its role may not invoke the target, the payload goes to its dead-letter
/// queue, or nowhere. AWS retries first; a permission that is missing does not come back here.
///
/// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html>
fn firing(
    schedule: &Schedule,
    key: &Key,
    roles: &BTreeMap<(String, String), BTreeSet<String>>,
) -> Option<Firing> {
    let role = (key.0.clone(), schedule.definition.role_arn.clone());
    let may_invoke = |target: &&String| roles.get(&role).is_some_and(|it| it.contains(*target));
    let queue = schedule.definition.dead_letter_queue.as_ref();
    let target = Some(&schedule.target).into_iter().chain(queue).find(may_invoke)?;
    let input = match *target == schedule.target {
        true => schedule.payload(key),
        false => Value::String(schedule.input.clone()),
    };
    Some(Firing { target: target.clone(), input })
}

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            groups: BTreeMap::new(),
            schedules: BTreeMap::new(),
            pending: BTreeSet::new(),
            spent: BTreeSet::new(),
            roles: BTreeMap::new(),
            linger: TimeDelta::seconds(90),
            delay: TimeDelta::zero(),
            lose: 0,
            duplicate: 0,
            lost: 0,
            dropped: 0,
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
            "CreateSchedule" => self.create(self.read(caller, &name, request.body())?, now),
            "UpdateSchedule" => self.update(self.read(caller, &name, request.body())?, now),
            "GetSchedule" => self.get(caller, &name, query.get("groupName")),
            "DeleteSchedule" => self.delete(caller, &name, query.get("groupName")),
            "ListSchedules" => self.list(caller, &query),
            "CreateScheduleGroup" => self.create_group(caller, &name, now),
            "GetScheduleGroup" => self.get_group(caller, &name),
            "DeleteScheduleGroup" => self.delete_group(caller, &name),
            _ => Err(not_modelled(&format!("{} {}", request.method(), request.uri().path()))),
        }
    }

    /// Fires the schedules that are due at `at`, and deletes the completed schedules whose time has come.
    pub fn fire(&mut self, at: DateTime<Utc>) -> Vec<Firing> {
        while let Some(key) = first_until(&mut self.spent, at - self.linger) {
            self.schedules.remove(&key);
        }
        let mut firings = Vec::new();
        while let Some(key) = first_until(&mut self.pending, at - self.delay) {
            let Some(schedule) = self.schedules.get_mut(&key) else { continue };
            schedule.progress = Progress::Spent(at);
            let firing = firing(schedule, &key, &self.roles);
            self.plan(&key);
            let Some(firing) = firing else {
                self.dropped += 1;
                continue;
            };
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

    /// When the next schedule fires, or a completed one is deleted.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let firing = self.pending.first().map(|(at, _)| *at + self.delay);
        let deletion = self.spent.first().map(|(at, _)| *at + self.linger);
        firing.into_iter().chain(deletion).min()
    }

    /// Adds a schedule to those that will fire or be deleted, if it will.
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

    /// Removes a schedule from where [`Self::plan`] added it.
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

    /// The schedules of an account in a region, starting at this group and name.
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
}

/// Takes the first key that is due by `at`.
fn first_until(agenda: &mut BTreeSet<(DateTime<Utc>, Key)>, at: DateTime<Utc>) -> Option<Key> {
    agenda.first().filter(|(due, _)| *due <= at)?;
    agenda.pop_first().map(|(_, key)| key)
}

/// The operation that a request calls.
pub fn operation(request: &Request<Vec<u8>>) -> &'static str {
    route(request).map_or("unknown", |(operation, _)| operation)
}

/// The name of the schedule or group in a request.
pub(crate) fn name(request: &Request<Vec<u8>>) -> Option<String> {
    route(request).and_then(|(_, name)| name)
}

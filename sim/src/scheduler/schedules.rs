//! Answers the calls about schedules.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Scheduler;
use super::failure::{exists, invalid, missing};
use super::key::{DEFAULT_GROUP, Key, arn, token};
use super::request::{self, Definition, max_results};
use super::schedule::{Progress, Schedule, timestamp};
use crate::call::Caller;
use crate::wire::{Failure, Parameters};

/// The default retry policy of a target. `GetSchedule` returns it, as
/// <https://github.com/faiscadev/fakecloud/pull/1905> learned from Terraform's acceptance tests.
const DEFAULT_RETRY_POLICY: [(&str, u32); 2] =
    [("MaximumEventAgeInSeconds", 86_400), ("MaximumRetryAttempts", 185)];

impl Scheduler {
    pub(super) fn create(
        &mut self,
        (key, definition): (Key, Definition),
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        if let Some(existing) = self.schedules.get(&key) {
            // The client token makes it safe to repeat a request whose answer was lost.
            let repeated = definition.client_token.is_some() && existing.definition == definition;
            return if repeated { Ok(created(&key)) } else { Err(exists("Schedule", &key.3)) };
        }
        let schedule = Schedule::new(&key.3, definition, now);
        self.lost += usize::from(schedule.progress == Progress::Past);
        self.schedules.insert(key.clone(), schedule);
        self.plan(&key);
        Ok(created(&key))
    }

    /// Replaces a schedule: what the request omits gets its default again.
    pub(super) fn update(
        &mut self,
        (key, definition): (Key, Definition),
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        self.unplan(&key);
        let existing = self.schedules.get_mut(&key).ok_or_else(|| missing("Schedule", &key.3))?;
        let mut updated = Schedule::new(&key.3, definition, now);
        updated.created_at = existing.created_at;
        // Undocumented, so the worst case: a deletion that has started also deletes the update.
        if existing.is_to_be_deleted() {
            updated.progress = existing.progress;
            updated.definition.delete_when_spent = true;
        }
        self.lost += usize::from(updated.progress == Progress::Past);
        *existing = updated;
        self.plan(&key);
        Ok(created(&key))
    }

    pub(super) fn get(
        &self,
        caller: &Caller,
        name: &str,
        group: Option<&str>,
    ) -> Result<Value, Failure> {
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
            for (name, usual) in DEFAULT_RETRY_POLICY {
                policy.entry(name).or_insert_with(|| json!(usual));
            }
        }
        answer.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        Ok(Value::Object(answer))
    }

    pub(super) fn delete(
        &mut self,
        caller: &Caller,
        name: &str,
        group: Option<&str>,
    ) -> Result<Value, Failure> {
        let key = self.key(caller, name, group)?;
        self.remove(&key).map(|_| json!({})).ok_or_else(|| missing("Schedule", name))
    }

    pub(super) fn list(&self, caller: &Caller, query: &Parameters) -> Result<Value, Failure> {
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

    /// Reads the body of `CreateSchedule` or `UpdateSchedule`, and checks its group and its role.
    pub(super) fn read(
        &self,
        caller: &Caller,
        name: &str,
        body: &[u8],
    ) -> Result<(Key, Definition), Failure> {
        let definition = Definition::read(name, body)?;
        let key = self.key(caller, name, Some(&definition.group))?;
        self.check_role(caller, &definition)?;
        Ok((key, definition))
    }

    fn key(&self, caller: &Caller, name: &str, group: Option<&str>) -> Result<Key, Failure> {
        let group = group.unwrap_or(DEFAULT_GROUP);
        request::check_name(name, "name")?;
        self.check_group(caller, group)?;
        let (account, region) = (caller.account.clone(), caller.region.clone());
        Ok((account, region, group.to_owned(), name.to_owned()))
    }

    /// Source of the message: <https://github.com/aws/aws-sdk-js-v3/issues/6494>.
    fn check_role(&self, caller: &Caller, definition: &Definition) -> Result<(), Failure> {
        if self.roles.contains_key(&(caller.account.clone(), definition.role_arn.clone())) {
            return Ok(());
        }
        Err(invalid(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        ))
    }
}

fn created(key: &Key) -> Value {
    json!({"ScheduleArn": arn(key)})
}

//! Answers the calls about schedule groups.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::failure::{exists, invalid, missing};
use super::key::{DEFAULT_GROUP, group_arn, group_key};
use super::schedule::timestamp;
use super::{Scheduler, request};
use crate::call::Caller;
use crate::wire::Failure;

impl Scheduler {
    pub(super) fn create_group(
        &mut self,
        caller: &Caller,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        request::check_name(name, "name")?;
        if self.check_group(caller, name).is_ok() {
            return Err(exists("Schedule group", name));
        }
        self.add_group(&caller.account, &caller.region, name, now);
        Ok(json!({"ScheduleGroupArn": group_arn(caller, name)}))
    }

    pub(super) fn get_group(&self, caller: &Caller, name: &str) -> Result<Value, Failure> {
        self.check_group(caller, name)?;
        let created_at = self.groups.get(&group_key(caller, name)).map(|group| group.created_at);
        let created_at = timestamp(created_at.unwrap_or(DateTime::UNIX_EPOCH));
        Ok(json!({
            "Arn": group_arn(caller, name),
            "Name": name,
            "State": "ACTIVE",
            "CreationDate": created_at,
            "LastModificationDate": created_at,
        }))
    }

    /// Deletes a group and its schedules at once. In AWS the group is `DELETING` for a while.
    pub(super) fn delete_group(&mut self, caller: &Caller, name: &str) -> Result<Value, Failure> {
        if name == DEFAULT_GROUP {
            return Err(invalid("The default schedule group cannot be deleted."));
        }
        let group = group_key(caller, name);
        self.groups.remove(&group).ok_or_else(|| missing("Schedule group", name))?;
        let keys = self.within(&group.0, &group.1, &group.2).map(|(key, _)| key.clone());
        for key in keys.collect::<Vec<_>>() {
            self.remove(&key);
        }
        Ok(json!({}))
    }

    pub(super) fn check_group(&self, caller: &Caller, name: &str) -> Result<(), Failure> {
        request::check_name(name, "groupName")?;
        if name == DEFAULT_GROUP || self.groups.contains_key(&group_key(caller, name)) {
            Ok(())
        } else {
            Err(missing("Schedule group", name))
        }
    }
}

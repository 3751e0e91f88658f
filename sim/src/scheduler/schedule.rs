//! One schedule: when it fires, and with which payload.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::key::{self, Key};
use super::request::Definition;
use crate::arn;

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
    /// Its progress.
    pub progress: Progress,
    pub(super) definition: Definition,
    pub(super) created_at: DateTime<Utc>,
    pub(super) modified_at: DateTime<Utc>,
}

/// The progress of a schedule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// It is disabled.
    Disabled,
    /// It will fire at this time.
    Pending(DateTime<Utc>),
    /// Its time was in the past when it was created, and it never fires.
    Past,
    /// It fired at this time.
    Spent(DateTime<Utc>),
}

impl Schedule {
    pub(super) fn new(name: &str, definition: Definition, now: DateTime<Utc>) -> Self {
        let at = definition.at;
        let progress = if !definition.enabled {
            Progress::Disabled
        } else if at < now {
            // Undocumented, so the worst case: it is accepted, and never fires.
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

    pub(super) fn is_to_be_deleted(&self) -> bool {
        matches!(self.progress, Progress::Spent(_)) && self.definition.delete_when_spent
    }

    pub(super) fn state(&self) -> &'static str {
        if self.definition.enabled { "ENABLED" } else { "DISABLED" }
    }

    pub(super) fn action_after_completion(&self) -> &'static str {
        if self.definition.delete_when_spent { "DELETE" } else { "NONE" }
    }

    /// The input with its context attributes replaced.
    ///
    /// Source: <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>
    pub(super) fn payload(&self, key: &Key) -> Value {
        let input = self
            .input
            .replace("<aws.scheduler.schedule-arn>", &key::arn(key))
            .replace("<aws.scheduler.scheduled-time>", &self.at.format("%FT%TZ").to_string())
            .replace("<aws.scheduler.execution-id>", &format!("execution-of-{}", self.name))
            .replace("<aws.scheduler.attempt-number>", "1");
        if arn::service(&self.target) == Some("sqs") {
            return Value::String(input);
        }
        serde_json::from_str(&input).unwrap_or(Value::Null)
    }
}

/// A pseudorandom number that is always the same for one name: the upper half of FNV-1a.
fn hash(name: &str) -> i64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    i64::try_from(name.bytes().fold(0xcbf2_9ce4_8422_2325, step) >> 32).unwrap_or(0)
}

/// Timestamps in REST-JSON are seconds since the epoch.
pub(super) fn timestamp(time: DateTime<Utc>) -> Value {
    json!(time.timestamp())
}

//! EventBridge Scheduler: one-time schedules.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, Target,
};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::aws::error::Error;
use crate::aws::problem::{error_text, problem};
use crate::domain::problem::Problem;

/// A one-time schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule<'a> {
    /// The schedule group.
    pub group: &'a str,
    /// The name of the schedule.
    pub name: &'a str,
    /// When the schedule fires.
    pub at: DateTime<Utc>,
    /// The ARN of the function or queue that gets the input.
    pub target: &'a str,
    /// The ARN of the role that Scheduler assumes to invoke the target.
    pub role: &'a str,
    /// The ARN of the queue that gets the input if it cannot be delivered.
    pub dead_letter_queue: Option<&'a str>,
    /// What the target gets.
    pub input: &'a Value,
}

/// Whether a schedule was created.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheduled {
    /// The schedule was created.
    Created,
    /// A schedule of this name existed already.
    Existing,
}

/// Creates a schedule that fires once and is then deleted.
///
/// Source: [schedule types](https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
///
/// # Errors
///
/// [`Error::Schedule`], for everything that Scheduler refuses but an existing name.
pub async fn create(client: &Client, schedule: &Schedule<'_>) -> Result<Scheduled, Error> {
    let Schedule { group, name, at, target, role, dead_letter_queue, input } = schedule;
    let failed = |source| Error::Schedule { name: (*name).to_owned(), source };
    let target = Target::builder()
        .arn(*target)
        .role_arn(*role)
        .set_dead_letter_config(dead_letter_queue.map(dead_letters))
        .input(input.to_string())
        .build()
        .map_err(|error| failed(error.into()))?;
    let window = FlexibleTimeWindow::builder()
        .mode(FlexibleTimeWindowMode::Off)
        .build()
        .map_err(|error| failed(error.into()))?;
    let created = client
        .create_schedule()
        .name(*name)
        .group_name(*group)
        .schedule_expression(format!("at({})", at.format("%Y-%m-%dT%H:%M:%S")))
        .flexible_time_window(window)
        .action_after_completion(ActionAfterCompletion::Delete)
        .target(target)
        .send()
        .await;
    match created {
        Ok(_) => Ok(Scheduled::Created),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_conflict_exception() => Ok(Scheduled::Existing),
            _ => Err(failed(error_text(&error).into())),
        },
    }
}

fn dead_letters(queue: &str) -> DeadLetterConfig {
    DeadLetterConfig::builder().arn(queue).build()
}

/// Deletes a schedule; whether it existed.
///
/// # Errors
///
/// The [`Problem`] that prevented the deletion.
pub async fn delete(client: &Client, group: &str, name: &str) -> Result<bool, Problem> {
    match client.delete_schedule().group_name(group).name(name).send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(false),
            _ => Err(problem(&format!("cannot delete the schedule {name}"), &error)),
        },
    }
}

/// Whether a schedule exists.
///
/// # Errors
///
/// The [`Problem`] that prevented the lookup.
pub async fn exists(client: &Client, group: &str, name: &str) -> Result<bool, Problem> {
    match client.get_schedule().group_name(group).name(name).send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(false),
            _ => Err(problem(&format!("cannot get the schedule {name}"), &error)),
        },
    }
}

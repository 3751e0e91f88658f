//! EventBridge Scheduler: whatever is to happen later.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, Target,
};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::arn::CertificateArn;
use crate::error::{Error, Trouble};
use crate::settings::Settings;

/// Whether a check is armed because of us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Armed {
    /// It was armed before: another chain of checks for the same certificate runs.
    Already,
    /// We armed it.
    Now,
}

/// The name of a certificate's check: what and when, `<certificate uuid>-<unix minute>`. Whoever
/// wants the same check finds it armed, and no name is used twice: a spent schedule lingers.
pub fn check_name(certificate: &CertificateArn, at: DateTime<Utc>) -> String {
    format!("{}-{}", certificate.id, at.timestamp().div_euclid(60))
}

/// Arms a schedule that sends `input` to `door` at `at`, once, and goes away. The door is the ARN of
/// the function, or of the queue through which its events come.
///
/// Source: [schedule types](https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
///
/// # Errors
///
/// [`Error::Arm`] if Scheduler refuses, unless it is because the name is taken already.
pub async fn arm(
    client: &Client,
    settings: &Settings,
    door: &str,
    name: &str,
    at: DateTime<Utc>,
    input: &Value,
) -> Result<Armed, Error> {
    let failed = |source| Error::Arm { name: name.to_owned(), source };
    let target = Target::builder()
        .arn(door)
        .role_arn(&settings.schedule_role_arn)
        .input(input.to_string())
        .build()
        .map_err(|error| failed(error.into()))?;
    let window = FlexibleTimeWindow::builder()
        .mode(FlexibleTimeWindowMode::Off)
        .build()
        .map_err(|error| failed(error.into()))?;
    let created = client
        .create_schedule()
        .name(name)
        .group_name(&settings.schedule_group)
        .schedule_expression(format!("at({})", at.format("%Y-%m-%dT%H:%M:%S")))
        .flexible_time_window(window)
        .action_after_completion(ActionAfterCompletion::Delete)
        .target(target)
        .send()
        .await;
    match created {
        Ok(_) => Ok(Armed::Now),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_conflict_exception() => Ok(Armed::Already),
            _ => Err(failed(error.into())),
        },
    }
}

/// Takes a schedule back; whether there was one.
///
/// # Errors
///
/// What keeps us from it.
pub async fn disarm(client: &Client, settings: &Settings, name: &str) -> Result<bool, Trouble> {
    let group = &settings.schedule_group;
    match client.delete_schedule().group_name(group).name(name).send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(false),
            _ => Err(Trouble::of(&format!("cannot delete the schedule {name}"), &error)),
        },
    }
}

/// Whether there is a schedule of this name.
///
/// # Errors
///
/// What keeps us from knowing.
pub async fn is_armed(client: &Client, settings: &Settings, name: &str) -> Result<bool, Trouble> {
    match client.get_schedule().group_name(&settings.schedule_group).name(name).send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(false),
            _ => Err(Trouble::of(&format!("cannot get the schedule {name}"), &error)),
        },
    }
}

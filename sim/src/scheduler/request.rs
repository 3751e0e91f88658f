//! Reads requests, as strictly as the model of the API.

use chrono::{DateTime, NaiveDateTime, Utc};
use http::{Method, Request};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::failure::{invalid, not_modelled};
use super::key::DEFAULT_GROUP;
use crate::arn;
use crate::wire::{Failure, Parameters};

/// The members of `Target` that are for targets other than functions and standard queues.
const OTHER_TARGETS: [&str; 5] = [
    "EcsParameters",
    "EventBridgeParameters",
    "KinesisParameters",
    "SageMakerPipelineParameters",
    "SqsParameters",
];

/// The operation that a request calls, and the name in its path.
pub(super) fn route(request: &Request<Vec<u8>>) -> Option<(&'static str, Option<String>)> {
    let path: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
    let (collection, name) = match path[..] {
        [collection] => (collection, None),
        [collection, name] => {
            (collection, Some(percent_decode_str(name).decode_utf8_lossy().into_owned()))
        }
        _ => return None,
    };
    let (get, post, put, delete) = (&Method::GET, &Method::POST, &Method::PUT, &Method::DELETE);
    let method = request.method();
    let operation = match (collection, name.is_some()) {
        ("schedules", true) if method == post => "CreateSchedule",
        ("schedules", true) if method == put => "UpdateSchedule",
        ("schedules", true) if method == get => "GetSchedule",
        ("schedules", true) if method == delete => "DeleteSchedule",
        ("schedules", false) if method == get => "ListSchedules",
        ("schedule-groups", true) if method == post => "CreateScheduleGroup",
        ("schedule-groups", true) if method == get => "GetScheduleGroup",
        ("schedule-groups", true) if method == delete => "DeleteScheduleGroup",
        _ => return None,
    };
    Some((operation, name))
}

/// The requested page size.
pub(super) fn max_results(query: &Parameters) -> Result<usize, Failure> {
    let Some(text) = query.get("MaxResults") else {
        return Ok(100);
    };
    match text.parse() {
        Ok(size @ 1..=100) => Ok(size),
        _ => Err(constraint(text, "maxResults", "Member must have value between 1 and 100")),
    }
}

/// The definition of a schedule in a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Definition {
    pub(super) at: DateTime<Utc>,
    pub(super) body: Map<String, Value>,
    pub(super) client_token: Option<String>,
    pub(super) dead_letter_queue: Option<String>,
    pub(super) delete_when_spent: bool,
    pub(super) enabled: bool,
    pub(super) group: String,
    pub(super) input: String,
    pub(super) role_arn: String,
    pub(super) target: String,
    pub(super) window_minutes: Option<i64>,
}

impl Definition {
    /// Reads the body of `CreateSchedule` or `UpdateSchedule`.
    pub(super) fn read(name: &str, body: &[u8]) -> Result<Self, Failure> {
        check_name(name, "name")?;
        let body: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|error| Failure::new(400, "SerializationException", error.to_string()))?;

        let group = text(&body, "GroupName")?.unwrap_or(DEFAULT_GROUP).to_owned();
        check_name(&group, "groupName")?;
        let client_token = text(&body, "ClientToken")?.map(str::to_owned);
        if let Some(token) = &client_token {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            check_pattern(token, "clientToken", "^[a-zA-Z0-9-_]+$", allowed)?;
        }
        if let Some(description) = text(&body, "Description")? {
            check_length(description, "description", 512)?;
        }
        if body.contains_key("KmsKeyArn") {
            return Err(not_modelled("KmsKeyArn"));
        }
        // `StartDate` and `EndDate` are ignored for one-time schedules (botocore's documentation).
        if let Some(zone) = text(&body, "ScheduleExpressionTimezone")?
            && zone != "UTC"
        {
            return Err(not_modelled(&format!("ScheduleExpressionTimezone {zone}")));
        }
        let at = parse_expression(required(&body, "ScheduleExpression", "scheduleExpression")?)?;
        let enabled = one_of(&body, "State", "state", ["ENABLED", "DISABLED"])? != Some("DISABLED");
        let action =
            one_of(&body, "ActionAfterCompletion", "actionAfterCompletion", ["NONE", "DELETE"])?;
        let window_minutes = read_window(&body)?;

        let target = object(&body, "Target")?.ok_or_else(|| null("target"))?;
        let target_arn = required(target, "Arn", "target.arn")?;
        check_target(target_arn)?;
        let role_arn = required(target, "RoleArn", "target.roleArn")?;
        check_role_arn(role_arn)?;
        if let Some(other) = OTHER_TARGETS.into_iter().find(|other| target.contains_key(*other)) {
            return Err(not_modelled(other));
        }
        check_retry_policy(target)?;
        let dead_letters = object(target, "DeadLetterConfig")?;
        let queue = dead_letters.map(|it| text(it, "Arn")).transpose()?.flatten();
        if let Some(queue) = queue.filter(|it| arn::service(it) != Some("sqs")) {
            return Err(invalid(&format!("Provided Arn is not in correct format: {queue}")));
        }
        let input = text(target, "Input")?.ok_or_else(|| not_modelled("a Target without Input"))?;
        check_input(input, arn::service(target_arn) == Some("sqs"))?;

        Ok(Self {
            at,
            client_token,
            dead_letter_queue: queue.map(str::to_owned),
            delete_when_spent: action == Some("DELETE"),
            enabled,
            group,
            input: input.to_owned(),
            role_arn: role_arn.to_owned(),
            target: target_arn.to_owned(),
            window_minutes,
            body,
        })
    }
}

/// `at(yyyy-mm-ddThh:mm:ss)` and nothing else. Source of the message:
/// <https://github.com/localstack/localstack/issues/9284>.
fn parse_expression(expression: &str) -> Result<DateTime<Utc>, Failure> {
    const FORMAT: &str = "%Y-%m-%dT%H:%M:%S";
    if expression.starts_with("rate(") || expression.starts_with("cron(") {
        return Err(not_modelled(&format!("ScheduleExpression {expression}")));
    }
    let time = expression.strip_prefix("at(").and_then(|rest| rest.strip_suffix(')'));
    let parsed = time.and_then(|time| {
        let parsed = NaiveDateTime::parse_from_str(time, FORMAT).ok()?;
        // chrono also accepts `1:2:3`, leap seconds and years of five digits; AWS does not.
        (time.len() == 19 && parsed.format(FORMAT).to_string() == time).then_some(parsed)
    });
    parsed
        .map(|time| time.and_utc())
        .ok_or_else(|| invalid(&format!("Invalid Schedule Expression {expression}.")))
}

/// The flexible time window in minutes; `None` if it is off.
fn read_window(body: &Map<String, Value>) -> Result<Option<i64>, Failure> {
    let window = object(body, "FlexibleTimeWindow")?.ok_or_else(|| null("flexibleTimeWindow"))?;
    let mode = one_of(window, "Mode", "flexibleTimeWindow.mode", ["OFF", "FLEXIBLE"])?
        .ok_or_else(|| null("flexibleTimeWindow.mode"))?;
    let width = window.get("MaximumWindowInMinutes");
    match (mode, width) {
        ("OFF", None) => Ok(None),
        ("OFF", Some(_)) => {
            Err(invalid("MaximumWindowInMinutes cannot be set when FlexibleTimeWindow is OFF."))
        }
        (_, None) => {
            Err(invalid("MaximumWindowInMinutes must be set when FlexibleTimeWindow is FLEXIBLE."))
        }
        (_, Some(width)) => {
            let member = "flexibleTimeWindow.maximumWindowInMinutes";
            check_range(width, member, 1, 1440).map(Some)
        }
    }
}

fn check_target(arn: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts[..] {
        ["arn", _, "sqs", region, account, name]
            if !region.is_empty() && is_account(account) && !name.ends_with(".fifo") =>
        {
            Ok(())
        }
        ["arn", _, "lambda", region, account, "function", ref name @ ..]
            if !region.is_empty() && is_account(account) && matches!(name.len(), 1 | 2) =>
        {
            Ok(())
        }
        ["arn", _, ..] => Err(not_modelled(&format!("Target {arn}"))),
        _ => Err(invalid(&format!("Provided Arn is not in correct format: {arn}"))),
    }
}

/// `^arn:aws(-[a-z]+)?:iam::\d{12}:role\/[\w+=,.@\/-]+$`
fn check_role_arn(arn: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@/-".contains(&byte);
    let is_role = |role: &str| {
        role.strip_prefix("role/").is_some_and(|it| !it.is_empty() && it.bytes().all(allowed))
    };
    match parts[..] {
        ["arn", partition, "iam", "", account, role]
            if partition.starts_with("aws") && is_account(account) && is_role(role) =>
        {
            Ok(())
        }
        _ => Err(constraint(
            arn,
            "target.roleArn",
            "Member must satisfy regular expression pattern: \
             ^arn:aws(-[a-z]+)?:iam::\\d{12}:role\\/[\\w+=,.@\\/-]+$",
        )),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// At most 256 KB. For a function it must be JSON, because Lambda accepts nothing else:
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html>
fn check_input(input: &str, for_queue: bool) -> Result<(), Failure> {
    if input.len() > 256 * 1024 {
        return Err(invalid("Input exceeds the maximum size of 256 KB."));
    }
    if for_queue {
        return Ok(());
    }
    serde_json::from_str::<Value>(input)
        .map(drop)
        .map_err(|error| invalid(&format!("Input is not valid JSON: {error}")))
}

fn check_retry_policy(target: &Map<String, Value>) -> Result<(), Failure> {
    let Some(policy) = object(target, "RetryPolicy")? else {
        return Ok(());
    };
    for (name, member, least, most) in [
        ("MaximumEventAgeInSeconds", "maximumEventAgeInSeconds", 60, 86_400),
        ("MaximumRetryAttempts", "maximumRetryAttempts", 0, 185),
    ] {
        if let Some(value) = policy.get(name) {
            check_range(value, &format!("target.retryPolicy.{member}"), least, most)?;
        }
    }
    Ok(())
}

/// `^[0-9a-zA-Z-_.]+$`, 1 to 64 characters.
pub(super) fn check_name(name: &str, member: &str) -> Result<(), Failure> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    check_pattern(name, member, "^[0-9a-zA-Z-_.]+$", allowed)
}

fn check_pattern(
    value: &str,
    member: &str,
    pattern: &str,
    allowed: impl Fn(u8) -> bool,
) -> Result<(), Failure> {
    if value.is_empty() || !value.bytes().all(allowed) {
        let rule = format!("Member must satisfy regular expression pattern: {pattern}");
        return Err(constraint(value, member, &rule));
    }
    check_length(value, member, 64)
}

fn check_length(value: &str, member: &str, most: usize) -> Result<(), Failure> {
    if value.chars().count() <= most {
        return Ok(());
    }
    let rule = format!("Member must have length less than or equal to {most}");
    Err(constraint(value, member, &rule))
}

fn check_range(value: &Value, member: &str, least: i64, most: i64) -> Result<i64, Failure> {
    let rule = match value.as_i64() {
        Some(number) if number < least => {
            format!("Member must have value greater than or equal to {least}")
        }
        Some(number) if number > most => {
            format!("Member must have value less than or equal to {most}")
        }
        Some(number) => return Ok(number),
        None => return Err(wrong_type(member)),
    };
    Err(constraint(&value.to_string(), member, &rule))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Failure> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong_type(name)),
    }
}

fn required<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    member: &str,
) -> Result<&'a str, Failure> {
    text(object, name)?.ok_or_else(|| null(member))
}

fn object<'a>(
    parent: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, Failure> {
    match parent.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(wrong_type(name)),
    }
}

fn one_of<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    member: &str,
    values: [&str; 2],
) -> Result<Option<&'a str>, Failure> {
    let value = text(object, name)?;
    if value.is_none_or(|value| values.contains(&value)) {
        return Ok(value);
    }
    let rule = format!("Member must satisfy enum value set: [{}]", values.join(", "));
    Err(constraint(value.unwrap_or_default(), member, &rule))
}

fn wrong_type(member: &str) -> Failure {
    Failure::new(400, "SerializationException", format!("{member} is of the wrong type"))
}

fn null(member: &str) -> Failure {
    invalid(&format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
         Member must not be null"
    ))
}

fn constraint(value: &str, member: &str, rule: &str) -> Failure {
    invalid(&format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
         {rule}"
    ))
}

//! CloudWatch metrics in embedded metric format: lines of the log, and no call.
//!
//! Source: [embedded metric format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

/// The namespace of the function's metrics.
pub const NAMESPACE: &str = "acm-dns-validator";

/// How many values of one metric CloudWatch accepts in a line.
pub const VALUES: usize = 100;

/// Where metrics go, one line each.
pub struct Metrics {
    labels: Labels,
    write: Box<dyn Fn(&str) + Send + Sync>,
}

/// What every line of metrics has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Labels {
    /// The value of the dimension `FunctionName`.
    pub function: String,
    /// The level that a line claims to have.
    pub level: &'static str,
}

impl Labels {
    /// The labels of a function whose log shows this level of Lambda and those above it.
    ///
    /// Lambda takes a line without level and time for `INFO`, and drops it if the log level is higher:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html>. So a line of
    /// metrics claims a higher level only if it would be dropped otherwise: filters for errors match it.
    pub fn new(function: &str, log_level: Option<&str>) -> Self {
        let level = match log_level.map(str::to_ascii_uppercase).as_deref() {
            Some("WARN") => "WARN",
            Some("ERROR") => "ERROR",
            Some("FATAL") => "FATAL",
            _ => "INFO",
        };
        Self { function: function.to_owned(), level }
    }
}

/// A metric: its name, its unit, and its value or list of values.
pub type Metric = (&'static str, &'static str, Value);

impl Metrics {
    /// Metrics with these labels that are written by this function, one line of JSON each.
    pub fn new(labels: Labels, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { labels, write: Box::new(write) }
    }

    /// Writes metrics of this time in one line; `reason` is the value of the dimension `Reason`.
    pub fn put(&self, reason: Option<&str>, metrics: &[Metric], now: DateTime<Utc>) {
        (self.write)(&line(&self.labels, reason, metrics, now).to_string());
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn line(labels: &Labels, reason: Option<&str>, metrics: &[Metric], now: DateTime<Utc>) -> Value {
    let mut dimensions = vec!["FunctionName"];
    dimensions.extend(reason.map(|_| "Reason"));
    let definitions: Vec<_> =
        metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let directive =
        json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": definitions});
    let mut line = Map::new();
    let metadata = json!({"Timestamp": now.timestamp_millis(), "CloudWatchMetrics": [directive]});
    line.insert("_aws".to_owned(), metadata);
    line.insert("level".to_owned(), json!(labels.level));
    line.insert("timestamp".to_owned(), json!(now.to_rfc3339_opts(SecondsFormat::Millis, true)));
    line.insert("FunctionName".to_owned(), json!(labels.function));
    line.extend(reason.map(|reason| ("Reason".to_owned(), json!(reason))));
    line.extend(metrics.iter().map(|(name, _, value)| ((*name).to_owned(), value.clone())));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_in_the_embedded_metric_format() {
        let metrics = [
            ("RecordsBlocked", "Count", json!(1)),
            ("RecordsWritten", "Count", json!(2)),
            ("TimeToIssue", "Seconds", json!([90])),
        ];
        let labels = Labels::new("validator", None);
        let metadata = |dimensions: Value, metrics: Value| {
            let directive = json!({"Namespace": "acm-dns-validator", "Dimensions": [dimensions], "Metrics": metrics});
            json!({"Timestamp": 0, "CloudWatchMetrics": [directive]})
        };
        let blocked = json!({"Name": "RecordsBlocked", "Unit": "Count"});
        let written = json!({"Name": "RecordsWritten", "Unit": "Count"});
        let time = json!({"Name": "TimeToIssue", "Unit": "Seconds"});
        assert_eq!(
            line(&labels, None, &metrics, DateTime::UNIX_EPOCH),
            json!({
                "_aws": metadata(json!(["FunctionName"]), json!([blocked, written, time])),
                "level": "INFO", "timestamp": "1970-01-01T00:00:00.000Z",
                "FunctionName": "validator",
                "RecordsBlocked": 1, "RecordsWritten": 2, "TimeToIssue": [90],
            })
        );
        assert_eq!(
            line(&labels, Some("NoZone"), &metrics[..1], DateTime::UNIX_EPOCH),
            json!({
                "_aws": metadata(json!(["FunctionName", "Reason"]), json!([blocked])),
                "level": "INFO", "timestamp": "1970-01-01T00:00:00.000Z",
                "FunctionName": "validator",
                "Reason": "NoZone", "RecordsBlocked": 1,
            })
        );
    }

    #[test]
    fn a_line_claims_a_higher_level_only_where_it_would_be_dropped() {
        let levels =
            [None, Some("DEBUG"), Some("info"), Some("warn"), Some("ERROR"), Some("FATAL")];
        let claimed = levels.map(|level| Labels::new("validator", level).level);
        assert_eq!(claimed, ["INFO", "INFO", "INFO", "WARN", "ERROR", "FATAL"]);
    }
}

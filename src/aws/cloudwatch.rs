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
pub struct Metrics(Box<dyn Fn(&str) + Send + Sync>);

/// A metric: its name, its unit, and its value or list of values.
pub type Metric = (&'static str, &'static str, Value);

impl Metrics {
    /// Metrics that are written by this function, one line of JSON each.
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Box::new(write))
    }

    /// Writes metrics of this time in one line; `reason` is the value of the dimension `Reason`.
    pub fn put(&self, reason: Option<&str>, metrics: &[Metric], now: DateTime<Utc>) {
        self.0(&line(reason, metrics, now).to_string());
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn line(reason: Option<&str>, metrics: &[Metric], now: DateTime<Utc>) -> Value {
    let dimensions: Vec<_> = reason.iter().map(|_| "Reason").collect();
    let definitions: Vec<_> =
        metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let directive =
        json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": definitions});
    let mut line = Map::new();
    let metadata = json!({"Timestamp": now.timestamp_millis(), "CloudWatchMetrics": [directive]});
    line.insert("_aws".to_owned(), metadata);
    // Lambda treats a line without level and time as INFO, and drops it if the log level is higher:
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    line.insert("level".to_owned(), json!("FATAL"));
    line.insert("timestamp".to_owned(), json!(now.to_rfc3339_opts(SecondsFormat::Millis, true)));
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
        let metadata = |dimensions: Value, metrics: Value| {
            let directive = json!({"Namespace": "acm-dns-validator", "Dimensions": [dimensions], "Metrics": metrics});
            json!({"Timestamp": 0, "CloudWatchMetrics": [directive]})
        };
        let blocked = json!({"Name": "RecordsBlocked", "Unit": "Count"});
        let written = json!({"Name": "RecordsWritten", "Unit": "Count"});
        let time = json!({"Name": "TimeToIssue", "Unit": "Seconds"});
        assert_eq!(
            line(None, &metrics, DateTime::UNIX_EPOCH),
            json!({
                "_aws": metadata(json!([]), json!([blocked, written, time])),
                "level": "FATAL", "timestamp": "1970-01-01T00:00:00.000Z",
                "RecordsBlocked": 1, "RecordsWritten": 2, "TimeToIssue": [90],
            })
        );
        assert_eq!(
            line(Some("NoZone"), &metrics[..1], DateTime::UNIX_EPOCH),
            json!({
                "_aws": metadata(json!(["Reason"]), json!([blocked])),
                "level": "FATAL", "timestamp": "1970-01-01T00:00:00.000Z",
                "Reason": "NoZone", "RecordsBlocked": 1,
            })
        );
    }
}

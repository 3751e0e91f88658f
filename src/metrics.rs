//! Counts what looks and sweeps did, in CloudWatch's embedded metric format: a line in the log, and
//! no call.
//!
//! | metric | unit | what it counts |
//! | --- | --- | --- |
//! | `RecordsWritten` | Count | validation records written |
//! | `RecordsDeferred` | Count | records that could not be written this time; each look counts anew |
//! | `RecordsBlocked` | Count | records that wait for somebody to act; each look counts anew. Once in all, and once by `Reason`, a word of [`Cause`] |
//! | `CertificatesIssued` | Count | certificates issued, moved to DNS, or renewed after waiting for a record, when it is told |
//! | `CertificatesFailed` | Count | certificates, renewals and moves that ACM gave up, when it is told |
//! | `CertificatesTimedOut` | Count | certificates that nobody validated in time, when it is told |
//! | `TimeToIssue` | Seconds | from the request to the certificate, as ACM dates them |
//! | `ChecksArmed` | Count | checks that are armed and were not before |
//! | `SweepFound` | Count | certificates that a sweep found waiting; every sweep says so, and 0 too |
//! | `SweepArmed` | Count | those of them that had no check armed |
//!
//! Like events, they are counted at least once. Source:
//! [embedded metric format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::error::Cause;
use crate::outcome::{Outcome, RecordState, State};
use crate::sweep::Swept;

/// The namespace of our metrics in CloudWatch.
pub const NAMESPACE: &str = "acm-dns-validator";

/// Where metrics go, a line each.
pub struct Metrics(Box<dyn Fn(&str) + Send + Sync>);

impl Metrics {
    /// Metrics that this takes, a line of JSON each.
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Box::new(write))
    }

    /// Counts what came of some looks.
    pub fn looked<'a>(&self, outcomes: impl Iterator<Item = &'a Outcome>, now: DateTime<Utc>) {
        self.write(&Tally::of(outcomes), now);
    }

    /// Counts what came of a sweep.
    pub fn swept(&self, swept: &Swept, now: DateTime<Utc>) {
        let counts = [
            ("ChecksArmed", swept.armed),
            ("SweepArmed", swept.armed),
            ("SweepFound", swept.found),
        ];
        let counts = BTreeMap::from(counts);
        self.write(&Tally { counts, ..Tally::default() }, now);
    }

    fn write(&self, tally: &Tally, now: DateTime<Utc>) {
        for line in tally.lines(now) {
            self.0(&line.to_string());
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[derive(Debug, Default, Eq, PartialEq)]
struct Tally {
    counts: BTreeMap<&'static str, usize>,
    blocked: BTreeMap<Cause, usize>,
    times_to_issue: Vec<i64>,
}

impl Tally {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            for record in &outcome.facts.records {
                match record.state {
                    RecordState::Blocked => {
                        tally.count("RecordsBlocked");
                        if let Some(cause) = record.cause {
                            *tally.blocked.entry(cause).or_default() += 1;
                        }
                    }
                    RecordState::Deferred => tally.count("RecordsDeferred"),
                    RecordState::Written => tally.count("RecordsWritten"),
                    RecordState::Present | RecordState::WouldWrite => {}
                }
            }
            match outcome.facts.state {
                State::Failed if outcome.news => tally.count("CertificatesFailed"),
                State::Issued if outcome.news => tally.count("CertificatesIssued"),
                State::TimedOut if outcome.news => tally.count("CertificatesTimedOut"),
                _ => {}
            }
            if outcome.armed {
                tally.count("ChecksArmed");
            }
            tally.times_to_issue.extend(outcome.took);
        }
        tally
    }

    fn count(&mut self, metric: &'static str) {
        *self.counts.entry(metric).or_default() += 1;
    }

    /// What there is to count, if anything: one line for the totals, then one for each reason of a
    /// block, and for every further hundred times, more than which CloudWatch does not take at once.
    fn lines(&self, now: DateTime<Utc>) -> Vec<Value> {
        let mut times = self.times_to_issue.chunks(100);
        let mut totals: Vec<_> =
            self.counts.iter().map(|(name, count)| (*name, "Count", json!(count))).collect();
        totals.extend(times.next().map(|times| ("TimeToIssue", "Seconds", json!(times))));
        let mut lines = vec![];
        if !totals.is_empty() {
            lines.push(line(None, &totals, now));
        }
        lines.extend(self.blocked.iter().map(|(cause, count)| {
            line(Some(cause.as_str()), &[("RecordsBlocked", "Count", json!(count))], now)
        }));
        lines.extend(
            times.map(|times| line(None, &[("TimeToIssue", "Seconds", json!(times))], now)),
        );
        lines
    }
}

fn line(reason: Option<&str>, metrics: &[(&str, &str, Value)], now: DateTime<Utc>) -> Value {
    let dimensions: Vec<_> = reason.iter().map(|_| "Reason").collect();
    let definitions: Vec<_> =
        metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let directive =
        json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": definitions});
    let mut line = Map::new();
    let metadata = json!({"Timestamp": now.timestamp_millis(), "CloudWatchMetrics": [directive]});
    line.insert("_aws".to_owned(), metadata);
    // Lambda takes a line without a level and a time for INFO, and drops it where less is wanted:
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
        let tally = Tally {
            counts: BTreeMap::from([("RecordsBlocked", 1), ("RecordsWritten", 2)]),
            blocked: BTreeMap::from([(Cause::NoZone, 1)]),
            times_to_issue: vec![90],
        };
        let metadata = |dimensions: Value, metrics: Value| {
            let directive = json!({"Namespace": "acm-dns-validator", "Dimensions": [dimensions], "Metrics": metrics});
            json!({"Timestamp": 0, "CloudWatchMetrics": [directive]})
        };
        let blocked = json!({"Name": "RecordsBlocked", "Unit": "Count"});
        let written = json!({"Name": "RecordsWritten", "Unit": "Count"});
        let time = json!({"Name": "TimeToIssue", "Unit": "Seconds"});
        let expected = [
            json!({
                "_aws": metadata(json!([]), json!([blocked, written, time])),
                "level": "FATAL", "timestamp": "1970-01-01T00:00:00.000Z",
                "RecordsBlocked": 1, "RecordsWritten": 2, "TimeToIssue": [90],
            }),
            json!({
                "_aws": metadata(json!(["Reason"]), json!([blocked])),
                "level": "FATAL", "timestamp": "1970-01-01T00:00:00.000Z",
                "Reason": "NoZone", "RecordsBlocked": 1,
            }),
        ];
        assert_eq!(tally.lines(DateTime::UNIX_EPOCH), expected);
    }

    #[test]
    fn what_did_nothing_says_nothing() {
        assert_eq!(Tally::default().lines(DateTime::UNIX_EPOCH), [Value::Null; 0]);
    }

    #[test]
    fn cloudwatch_takes_a_hundred_values_at_once() {
        let tally = Tally { times_to_issue: vec![1; 250], ..Tally::default() };
        let sizes: Vec<_> = tally
            .lines(DateTime::UNIX_EPOCH)
            .iter()
            .map(|line| line["TimeToIssue"].as_array().map_or(0, Vec::len))
            .collect();
        assert_eq!(sizes, [100, 100, 50]);
    }
}

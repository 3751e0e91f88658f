//! Counts what reconciliations and sweeps did.
//!
//! | metric | unit | what it counts |
//! | --- | --- | --- |
//! | `RecordsWritten` | Count | validation records written |
//! | `RecordsDeferred` | Count | records that could not be written this time; each check counts anew |
//! | `RecordsBlocked` | Count | records that cannot be written until somebody acts; each check counts anew. Once in all, and once by `Reason`, a word of [`Cause`] |
//! | `RecordsWouldWrite` | Count | validation records that would be written if it were not for `DRY_RUN` |
//! | `AccountsWithoutRole` | Count | accounts whose role a sweep could not assume; every such sweep counts |
//! | `CertificatesBlocked` | Count | certificates that are blocked, as often as it is published |
//! | `CertificatesIssued` | Count | certificates issued, renewed after a pending validation, or changed to DNS validation, when published |
//! | `CertificatesFailed` | Count | certificates, renewals and changes that ACM ended without success, when published |
//! | `CertificatesTimedOut` | Count | certificates whose validation took longer than 72 hours, when published |
//! | `CertificatesOutOfReach` | Count | certificates of other accounts or partitions that the function cannot read until somebody acts; each event and check counts anew |
//! | `TimeToIssue` | Seconds | from the request to the issue, as ACM dates them |
//! | `ChecksArmed` | Count | checks scheduled |
//! | `EventsLost` | Count | events that EventBridge did not accept, also when tried again |
//! | `OrganizationErrors` | Count | questions to AWS Organizations that it did not answer, also when tried again |
//! | `RequestsRejected` | Count | events and payloads that ask for nothing that the function can do |
//! | `SweepFound` | Count | pending certificates that a sweep found; every sweep counts, also 0 |
//! | `SweepArmed` | Count | those of them for which a sweep scheduled a check |
//! | `CertificatesAudited` | Count | public certificates that an audit went over; every invocation of an audit counts, also 0 |
//! | `CertificatesAtRisk` | Count | those of them that are in use and will not be renewed unless somebody acts; every invocation counts, also 0 |
//! | `RecordsUnused` | Count | validation records that no certificate within reach asks for; every invocation counts, also 0 |
//! | `RecordsRepaired` | Count | missing validation records that an audit put back; every invocation counts, also 0 |
//! | `SweepPlacesFailed` | Count | regions of accounts that a sweep could not read, or in which it could not schedule a check; an account of `ACCOUNTS` whose role cannot be assumed counts as one, and so does an organization whose accounts cannot be listed; every sweep counts, also 0 |
//!
//! Like events, they are counted at least once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::aws::cloudwatch::{Metric, Metrics, VALUES};
use crate::domain::outcome::{Outcome, RecordState, State};
use crate::domain::problem::Cause;

/// Counts the outcomes of some reconciliations.
pub(super) fn count_outcomes<'a>(
    metrics: &Metrics,
    outcomes: impl Iterator<Item = &'a Outcome>,
    now: DateTime<Utc>,
) {
    for (reason, line) in Tally::of(outcomes).lines() {
        metrics.put(reason, &line, now);
    }
}

/// Counts events that could not be published.
pub(super) fn count_lost_events(metrics: &Metrics, events: usize, now: DateTime<Utc>) {
    metrics.put(None, &[("EventsLost", "Count", json!(events))], now);
}

/// Counts a request for nothing that the function can do.
pub fn count_rejected(metrics: &Metrics, now: DateTime<Utc>) {
    metrics.put(None, &[("RequestsRejected", "Count", json!(1))], now);
}

/// What a sweep did.
#[derive(Clone, Copy, Debug)]
pub(super) struct SweepCounts {
    pub(super) found: usize,
    pub(super) scheduled: usize,
    pub(super) failed: usize,
    pub(super) without_role: usize,
}

/// Counts what a sweep found and scheduled, and the places in which it failed.
pub(super) fn count_sweep(metrics: &Metrics, counts: SweepCounts, now: DateTime<Utc>) {
    let SweepCounts { found, scheduled, failed, without_role } = counts;
    let mut line = vec![
        ("ChecksArmed", "Count", json!(scheduled)),
        ("SweepArmed", "Count", json!(scheduled)),
        ("SweepFound", "Count", json!(found)),
        ("SweepPlacesFailed", "Count", json!(failed)),
    ];
    if without_role > 0 {
        line.push(("AccountsWithoutRole", "Count", json!(without_role)));
    }
    metrics.put(None, &line, now);
}

/// Counts what one invocation of an audit found.
pub(super) fn count_audit(
    metrics: &Metrics,
    audited: usize,
    at_risk: usize,
    unused: usize,
    repaired: usize,
    now: DateTime<Utc>,
) {
    let line = [
        ("CertificatesAtRisk", "Count", json!(at_risk)),
        ("CertificatesAudited", "Count", json!(audited)),
        ("RecordsRepaired", "Count", json!(repaired)),
        ("RecordsUnused", "Count", json!(unused)),
    ];
    metrics.put(None, &line, now);
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
            for record in &outcome.change.records {
                match record.state {
                    RecordState::Blocked | RecordState::Unseen => {
                        tally.count("RecordsBlocked");
                        if let Some(cause) = record.cause {
                            *tally.blocked.entry(cause).or_default() += 1;
                        }
                    }
                    RecordState::Deferred => tally.count("RecordsDeferred"),
                    RecordState::Written => tally.count("RecordsWritten"),
                    RecordState::WouldWrite => tally.count("RecordsWouldWrite"),
                    RecordState::Present => {}
                }
            }
            match outcome.change.state {
                State::Blocked if outcome.notable => tally.count("CertificatesBlocked"),
                State::Failed if outcome.notable => tally.count("CertificatesFailed"),
                State::Issued if outcome.notable => tally.count("CertificatesIssued"),
                State::TimedOut if outcome.notable => tally.count("CertificatesTimedOut"),
                _ => {}
            }
            if outcome.out_of_reach {
                tally.count("CertificatesOutOfReach");
            }
            if outcome.scheduled {
                tally.count("ChecksArmed");
            }
            tally.times_to_issue.extend(outcome.time_to_issue);
        }
        tally
    }

    fn count(&mut self, metric: &'static str) {
        *self.counts.entry(metric).or_default() += 1;
    }

    /// The lines to write, each with its `Reason`: one with the totals, one for each reason of a block,
    /// and one for each further hundred times to issue.
    fn lines(&self) -> Vec<(Option<&'static str>, Vec<Metric>)> {
        let mut times = self.times_to_issue.chunks(VALUES);
        let time_to_issue = |times: &[i64]| ("TimeToIssue", "Seconds", json!(times));
        let mut totals: Vec<Metric> =
            self.counts.iter().map(|(name, count)| (*name, "Count", json!(count))).collect();
        totals.extend(times.next().map(time_to_issue));
        let mut lines = Vec::new();
        if !totals.is_empty() {
            lines.push((None, totals));
        }
        lines.extend(self.blocked.iter().map(|(cause, count)| {
            (Some(cause.as_str()), vec![("RecordsBlocked", "Count", json!(count))])
        }));
        lines.extend(times.map(|times| (None, vec![time_to_issue(times)])));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_of_a_block_has_a_line_beside_the_totals() {
        let tally = Tally {
            counts: BTreeMap::from([("RecordsBlocked", 1), ("RecordsWritten", 2)]),
            blocked: BTreeMap::from([(Cause::NoZone, 1)]),
            times_to_issue: vec![90],
        };
        let totals = vec![
            ("RecordsBlocked", "Count", json!(1)),
            ("RecordsWritten", "Count", json!(2)),
            ("TimeToIssue", "Seconds", json!([90])),
        ];
        let blocked = vec![("RecordsBlocked", "Count", json!(1))];
        assert_eq!(tally.lines(), [(None, totals), (Some("NoZone"), blocked)]);
    }

    #[test]
    fn nothing_to_count_writes_nothing() {
        assert_eq!(Tally::default().lines(), []);
    }

    #[test]
    fn a_line_has_at_most_a_hundred_times() {
        let tally = Tally { times_to_issue: vec![1; 250], ..Tally::default() };
        let sizes: Vec<_> = tally
            .lines()
            .iter()
            .map(|(_, line)| line[0].2.as_array().map_or(0, Vec::len))
            .collect();
        assert_eq!(sizes, [100, 100, 50]);
    }
}

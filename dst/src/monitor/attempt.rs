//! What one attempt to run the function does: its calls, as far as their order matters.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use super::asked::Asked;
use super::origin::Origin;
use crate::oracle::Purpose;

tokio::task_local! {
    /// The attempt that makes the current calls: the request id, and the number of the attempt.
    pub(crate) static ATTEMPT: (String, u32);
}

/// What one attempt did so far.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// How many messages it handles.
    pub(super) messages: usize,
    /// How many of them ask for an audit.
    pub(super) audits: usize,
    /// The summaries of audits that it publishes.
    pub(super) summaries: BTreeSet<String>,
    /// Whether it is about one certificate, or sweeps.
    pub(super) is_single: bool,
    pub(super) calls: usize,
    /// Whether it called `CreateSchedule`.
    pub(super) asked_to_schedule: bool,
    /// The names of the schedules that exist.
    pub(super) scheduled: BTreeSet<String>,
    pub(super) written: BTreeSet<String>,
    /// Whether the function's clock is wrong.
    pub(super) skewed: bool,
    /// Whether the accounts of the organization were known when it began.
    pub(super) knows_members: bool,
    /// The certificates that need a check when it begins.
    pub(super) pending: Vec<String>,
    /// The schedules that could not be created.
    pub(super) unscheduled: BTreeSet<String>,
    /// The accounts and regions whose certificates were listed.
    pub(super) listed: BTreeSet<(String, String)>,
    /// The accounts and regions where a call to ACM failed, and the accounts whose role could not be
    /// assumed, with an empty region.
    pub(super) failed: BTreeSet<(String, String)>,
    /// Those of them that AWS refused, perhaps for good: with status 400 or 403.
    pub(super) refused: BTreeSet<(String, String)>,
    /// What it asked public DNS.
    pub(super) dns: Asked,
    /// Whether a call failed, so that a hosted zone may not have been compared with public DNS.
    pub(super) has_failures: bool,
    /// The accounts whose hosted zones could not be read, and the last call that failed.
    pub(super) unread: BTreeSet<(String, &'static str)>,
}

impl Attempt {
    /// Notes how a call ended.
    pub(super) fn answered(&mut self, call: &CallKind, origin: &Origin, status: Option<u16>) {
        let Origin { account, region, operation } = origin.clone();
        let is_done = status == Some(200);
        self.has_failures |= !is_done && !matches!(call, CallKind::Schedule { .. });
        match call {
            CallKind::Schedule { name, .. } if matches!(status, Some(200 | 409)) => {
                self.unscheduled.remove(name);
            }
            CallKind::Schedule { name, .. } => _ = self.unscheduled.insert(name.clone()),
            _ => {}
        }
        if is_done && origin.lists() {
            self.listed.insert((account.clone(), region.clone()));
        }
        let place = match operation {
            "AssumeRole" => Some((account.clone(), String::new())),
            _ => origin.is_of_acm().then(|| (account.clone(), region)),
        };
        if let Some(place) = place.filter(|_| !is_done) {
            if matches!(status, Some(400 | 403)) {
                self.refused.insert(place.clone());
            }
            self.failed.insert(place);
        }
        match operation {
            "AssumeRole" | "ListHostedZonesByName" | "ListTagsForResources" if !is_done => {
                self.unread.insert((account, operation));
            }
            "AssumeRole" | "ListTagsForResources" => {
                _ = self.unread.remove(&(account, operation));
            }
            // The zones are looked up anew, and then their tags.
            "ListHostedZonesByName" => self.unread.retain(|(it, _)| *it != account),
            _ => {}
        }
    }

    /// Why it writes records.
    pub(super) fn purposes(&self) -> Vec<Purpose> {
        let checks = self.audits < self.messages.max(1);
        let audits = (self.audits > 0).then_some(Purpose::Audit);
        audits.into_iter().chain(checks.then_some(Purpose::Check)).collect()
    }

    /// Whether it scheduled a sweep that goes on where this one ran out of time.
    pub(super) fn goes_on(&self) -> bool {
        self.scheduled.iter().any(|name| name.starts_with("sweep-"))
    }

    /// Whether it could not schedule such a sweep.
    pub(super) fn cannot_go_on(&self) -> bool {
        self.unscheduled.iter().any(|name| name.starts_with("sweep-"))
    }
}

/// What a call does, as far as its order matters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum CallKind {
    /// It publishes these events: their detail-types and details.
    Publish(Vec<(String, Value)>),
    /// It writes these records: `NAME by PATH`, and how many characters their values have.
    Records(Vec<String>, usize),
    /// It creates a schedule of this name, for this time.
    Schedule {
        name: String,
        at: Option<DateTime<Utc>>,
    },
    Other,
}

impl CallKind {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let path = request.uri().split('?').next().unwrap_or_default().trim_end_matches('/');
        let body = request.body().bytes().and_then(|body| std::str::from_utf8(body).ok());
        let texts = |element: &str| -> Vec<String> {
            let opening = format!("<{element}>");
            let pieces = body.unwrap_or_default().split(&opening).skip(1);
            pieces.map(|it| it.split('<').next().unwrap_or_default().to_owned()).collect()
        };
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        match request.method() {
            "POST" if target == "AWSEvents.PutEvents" => {
                let body: Value =
                    body.and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
                let text = |entry: &Value, name: &str| entry[name].as_str().map(str::to_owned);
                let event = |entry: &Value| {
                    let detail = serde_json::from_str(&text(entry, "Detail")?).ok()?;
                    Some((text(entry, "DetailType")?, detail))
                };
                let entries = body["Entries"].as_array().into_iter().flatten();
                Self::Publish(entries.filter_map(event).collect())
            }
            "POST" if path.contains("/schedules/") => {
                let body: Option<Value> = body.and_then(|body| serde_json::from_str(body).ok());
                let at = body.as_ref().and_then(|body| body["ScheduleExpression"].as_str());
                let at = at.and_then(|at| NaiveDateTime::parse_from_str(at, "at(%FT%T)").ok());
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                Self::Schedule { name, at: at.map(|at| at.and_utc()) }
            }
            "POST" if path.ends_with("/rrset") => {
                let names = texts("Name").into_iter().map(|name| format!("{name} by {path}"));
                Self::Records(names.collect(), texts("Value").iter().map(String::len).sum())
            }
            _ => Self::Other,
        }
    }
}

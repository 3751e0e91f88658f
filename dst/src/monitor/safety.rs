//! The invariants of safety: what must hold after every call.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sim::Sim;
use sim::lambda::Invocation;
use sim::route53::Action;
use sim::scheduler::Progress;

use super::attempt::{ATTEMPT, Attempt, CallKind};
use super::audits::audits;
use super::origin::Origin;
use super::state::{CHECK_TIME, State};
use crate::checks::certificate;
use crate::names::{GROUP, HOME, OURS, PASSING, UNKNOWN};
use crate::oracle::{Purpose, View};

/// The time between two check times (15 minutes), the extra minute of a sweep, and the duration of two
/// checks.
const MERGE_TIME: TimeDelta = TimeDelta::minutes(20);

/// The same, in worlds where schedules and clocks may be late.
const MERGE_TIME_WITH_FAULTS: TimeDelta = TimeDelta::minutes(45);

/// More calls than any check of five names needs, if each call is made three times.
const CALLS_WITH_FAULTS: usize = 120;

/// The same, in worlds without faults.
const CALLS_WITHOUT_FAULTS: usize = 60;

/// More calls than any audit needs.
const CALLS_OF_AN_AUDIT: usize = 1_000;

/// How far ahead the next check is at most: check times are an hour apart, a sweep adds two minutes, and a
/// clock may be five minutes fast.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(70);

impl State {
    /// Checks what was done since the last step, then performs the acts that are due.
    pub(crate) fn step(&mut self, sim: &Sim) {
        let now = sim.now();
        self.check(sim);
        self.record_facts(sim);
        while let Some((_, act)) = self.acts.pop_front_if(|(at, _)| *at <= now) {
            self.perform(&act, sim);
        }
    }

    /// Checks the calls and the writes since the last step.
    pub(super) fn check(&mut self, sim: &Sim) {
        let now = sim.now();
        let aws = sim.aws();
        let writes = aws.route53.writes()[self.writes_seen..].to_vec();
        let calls = aws.calls()[self.calls_seen..].to_vec();
        let published = aws.eventbridge.published()[self.published_seen..].to_vec();
        self.published_seen += published.len();
        self.writes_seen += writes.len();
        self.calls_seen += calls.len();
        drop(aws);
        published.iter().for_each(|event| self.check_told(now, &event.detail));
        let dry_run = self.dry_run;
        for call in calls.into_iter().filter(|_| dry_run) {
            let operation = call.operation;
            if ["ChangeResourceRecordSets", "CreateSchedule", "DeleteSchedule"]
                .contains(&&*operation)
            {
                self.violate(
                    call.at,
                    "A dry run writes no records, and creates and deletes no schedules.",
                    operation,
                );
            }
        }
        for write in writes {
            let description = format!("{:?} {} in {}", write.action, write.name, write.zone_id);
            if write.action != Action::Upsert {
                self.violate(
                    write.at,
                    "Records are changed only by UPSERT, and never deleted.",
                    description,
                );
                continue;
            }
            // `check_choice` knows whether public DNS has answered in the attempt that writes.
            let views = [View::Known, View::Unknown];
            let purposes = self.purposes_of(&write);
            let states = self.recent.iter().flat_map(|facts| views.map(|view| (facts, view)));
            let states = states.flat_map(|state| purposes.iter().map(move |it| (state, *it)));
            let reasons =
                states.map(|((facts, view), purpose)| facts.forbids(&write, view, purpose));
            if let Some(why) = reasons.reduce(Option::and).flatten() {
                self.violate(
                    write.at,
                    "Only validation records of certificates that the function manages are written, \
                     and only into the one public hosted zone that it may write to and that \
                     answers for the name.",
                    format!("{description}: {why}"),
                );
            }
            if purposes == [Purpose::Audit] {
                self.check_put_back(&write);
            }
            let key = (write.zone_id, write.name);
            let value = write.values.into_iter().next().unwrap_or_default();
            let was = self.right.get(&key).filter(|(right, _)| *right == value);
            let since = was.map(|(_, since)| *since);
            if since.is_some_and(|since| since < write.at - CHECK_TIME) {
                self.violate(write.at, "A correct record is never written again.", description);
            }
            let since = since.unwrap_or(write.at);
            self.right.insert(key, (value, since));
        }
        self.check_chains(sim, now);
    }

    /// Whether duplicate chains of checks have merged in time.
    pub(super) fn check_chains(&mut self, sim: &Sim, now: DateTime<Utc>) {
        let mut scheduled: BTreeMap<String, usize> = BTreeMap::new();
        for schedule in sim.aws().scheduler.schedules(OURS, HOME, GROUP) {
            if matches!(schedule.progress, Progress::Pending(at) if at > now) {
                *scheduled.entry(certificate(&schedule.name).to_owned()).or_default() += 1;
            }
        }
        self.doubled_since
            .retain(|id, _| scheduled.get(id).is_some_and(|scheduled| *scheduled > 1));
        for (id, _) in scheduled.into_iter().filter(|(id, scheduled)| {
            *scheduled > 1 && !id.contains("sweep") && !id.contains("audit")
        }) {
            let since = *self.doubled_since.entry(id.clone()).or_insert(now);
            let mut most = if self.without_faults { MERGE_TIME } else { MERGE_TIME_WITH_FAULTS };
            // The check times of a renewal are further apart than those of a request.
            let renews = sim
                .aws()
                .acm
                .certificates()
                .any(|it| it.renewal.is_some() && it.arn.ends_with(&id));
            if renews {
                most += TimeDelta::days(1);
            }
            if now - since > most {
                let invariant =
                    "Two chains of checks for one certificate merge by the next check time.";
                self.violate(now, invariant, format!("{id} has had two since {since}"));
            }
        }
    }

    /// Notes a call that the function is about to make.
    pub(super) fn before_call(&mut self, now: DateTime<Utc>, call: &CallKind) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        let without_faults = self.without_faults;
        let attempt = self.attempts.entry(key).or_default();
        attempt.calls += 1;
        attempt.asked_to_schedule |= matches!(call, CallKind::Schedule { .. });
        // An audit puts records back for a renewal that is to come.
        let unscheduled = !attempt.asked_to_schedule && attempt.audits == 0;
        let (calls, audits, purposes) = (attempt.calls, attempt.audits, attempt.purposes());
        let most = audits * CALLS_OF_AN_AUDIT
            + attempt.messages.max(1)
                * if without_faults { CALLS_WITHOUT_FAULTS } else { CALLS_WITH_FAULTS };
        match audits {
            0 => self.most_calls = self.most_calls.max(calls),
            _ => self.most_audit_calls = self.most_audit_calls.max(calls),
        }
        self.before_publishing(now, call);
        if let CallKind::Records(names, characters) = call {
            // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
            let twice = names.iter().collect::<BTreeSet<_>>().len() < names.len();
            if twice || names.len() > 500 || *characters > 16_000 {
                let invariant =
                    "Every change batch is within Route 53's limits and contains a record once.";
                let but = format!("{} records, {characters} characters", names.len());
                self.violate(now, invariant, but);
            }
        }
        if matches!(call, CallKind::Records(..)) && unscheduled {
            let invariant = "The next check is scheduled before any record is written.";
            self.violate(now, invariant, "a record was written first".to_owned());
        }
        if let CallKind::Records(names, _) = call {
            self.note_purposes(now, names, &purposes);
            self.check_reading(now, names);
            self.check_choice(now, names);
        }
        if let CallKind::Schedule { name, at: Some(at) } = call
            && *at - now > MOST_AHEAD
        {
            let invariant = "The next check is at most 70 minutes away.";
            self.violate(now, invariant, format!("{name} is scheduled for {at}"));
        }
        if calls > most {
            let invariant = "An attempt makes no more calls than the limit.";
            self.violate(now, invariant, format!("{calls} calls"));
        }
    }

    /// Notes the status of the answer, `None` if no answer came. A conflict means that the schedule
    /// exists already.
    pub(super) fn after_call(
        &mut self,
        now: DateTime<Utc>,
        call: CallKind,
        origin: &Origin,
        status: Option<u16>,
    ) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        if origin.asks_organization() && status != Some(200) {
            self.organization_failed = Some(now);
        }
        let attempt = self.attempts.entry(key).or_default();
        attempt.answered(&call, origin, status);
        match (call, status) {
            (CallKind::Schedule { name, .. }, Some(200 | 409)) => {
                _ = attempt.scheduled.insert(name)
            }
            (CallKind::Records(names, _), Some(200)) => {
                let known = names.into_iter().find(|name| !attempt.written.insert(name.clone()));
                if let Some(name) = known {
                    self.violate(now, "One check writes a record once.", name);
                }
            }
            _ => {}
        }
    }

    /// Notes an attempt that is about to start.
    pub(crate) fn started(&mut self, sim: &Sim, key: (String, u32), payload: &Value, skewed: bool) {
        let messages = payload["Records"].as_array().map_or(1, Vec::len);
        let pending = self.pending(&sim.aws(), sim.now());
        let is_single = payload["Records"].is_null() && payload["source"] != "aws.route53";
        let knows_members = self.ledger.members.must(sim.now());
        let audits = audits(payload);
        let attempt = Attempt {
            messages,
            audits,
            is_single,
            skewed,
            knows_members,
            pending,
            ..Attempt::default()
        };
        self.attempts.insert(key, attempt);
    }

    /// Checks that no record is blocked because of an error that passes, or of an unknown one that no
    /// earlier check has met.
    fn check_blocks(&mut self, now: DateTime<Utc>, payload: &Value, outcome: &Value) {
        let is_first = payload["detail"]["since"].is_null();
        for record in outcome["records"].as_array().into_iter().flatten() {
            let reason = record["reason"].as_str().unwrap_or_default();
            let passes = PASSING.iter().any(|code| reason.contains(code));
            let is_new = is_first && reason.contains(UNKNOWN);
            if record["state"] == "BLOCKED" && (passes || is_new) {
                let invariant = "An error that passes blocks no record, nor does an unknown error \
                                 that the first check meets.";
                self.violate(now, invariant, reason.to_owned());
            }
        }
    }

    /// Checks how an attempt ended.
    pub(crate) fn finished(
        &mut self,
        sim: &Sim,
        invocation: &Invocation,
        outcome: &Result<Value, String>,
    ) {
        let now = sim.now();
        let key = (invocation.request_id.clone(), invocation.attempt);
        let attempt = self.attempts.remove(&key).unwrap_or_default();
        let payload = &invocation.payload;
        self.check_sweep(sim, &attempt, payload, outcome);
        self.check_batch(sim, &attempt, payload, outcome);
        self.check_audit(now, &attempt, outcome);
        if let Ok(outcome) = outcome {
            self.check_told(now, outcome);
        }
        let invariant = "An attempt fails only if no check of the certificate is scheduled.";
        match outcome {
            Err(error) => {
                let one = payload["detail-type"] != "Certificate Sweep"
                    && payload["source"] != "aws.route53"
                    && payload["Records"].is_null();
                if one && !attempt.scheduled.is_empty() {
                    self.violate(now, invariant, error.clone());
                }
            }
            Ok(outcome) => {
                self.check_blocks(now, payload, outcome);
                let bodies = || {
                    let records = payload["Records"].as_array().into_iter().flatten();
                    records.filter_map(|it| Some((&it["messageId"], it["body"].as_str()?)))
                };
                // An event about a zone, or a sweep, may schedule in the same batch what could not be
                // scheduled before.
                let schedules_more = |body: &str| {
                    ["aws.route53", "Certificate Sweep"].iter().any(|it| body.contains(it))
                };
                if bodies().any(|(_, body)| schedules_more(body)) {
                    return;
                }
                let ids = outcome["batchItemFailures"].as_array().into_iter().flatten();
                for id in ids.map(|failure| &failure["itemIdentifier"]) {
                    let (_, body) =
                        bodies().find(|(message, _)| *message == id).unwrap_or_default();
                    let scheduled =
                        attempt.scheduled.iter().find(|name| body.contains(certificate(name)));
                    if let Some(scheduled) = scheduled {
                        self.violate(
                            now,
                            invariant,
                            format!("{id} came back, {scheduled} is scheduled"),
                        );
                    }
                }
            }
        }
    }
}

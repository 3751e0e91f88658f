//! The state of a world while it runs.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use sim::Sim;

use super::attempt::Attempt;
use crate::act::Act;
use crate::checks;
use crate::ledger::Ledger;
use crate::names::{HOME, MEMBER, OURS};
use crate::oracle::{Facts, Purpose};
use crate::scenario::Scenario;

/// An invariant that does not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Violation {
    pub(crate) at: DateTime<Utc>,
    /// The invariant, as a sentence.
    pub(crate) invariant: &'static str,
    /// What happened instead.
    pub(crate) instead: String,
}

/// A time in which records of a certificate cannot be written, or exist where nobody asks for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// When the validation began.
    pub(crate) began: DateTime<Utc>,
    pub(crate) from: DateTime<Utc>,
    /// When it ended, unless it still lasts.
    pub(crate) until: Option<DateTime<Utc>>,
    /// Whether a check was scheduled when it began.
    pub(crate) is_scheduled: bool,
}

/// The state of a world while it runs.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ledger: Ledger,
    pub(crate) violation: Option<Violation>,
    /// The acts that were performed, for the story.
    pub(crate) lines: Vec<(DateTime<Utc>, String)>,
    /// How wrong the clock of the function is.
    pub(crate) skew: TimeDelta,
    /// Whether the next invocation runs in a new process.
    pub(crate) cold: bool,
    pub(super) epoch: DateTime<Utc>,
    pub(super) acts: VecDeque<(DateTime<Utc>, Act)>,
    pub(super) dry_run: bool,
    pub(crate) without_faults: bool,
    /// The world in the last half minute: a check may have read any of these states.
    pub(super) recent: VecDeque<Facts>,
    pub(super) writes_seen: usize,
    pub(super) published_seen: usize,
    pub(super) calls_seen: usize,
    /// Records that are correct, by zone and name: their value, and since when.
    pub(super) right: BTreeMap<(String, String), (String, DateTime<Utc>)>,
    /// The blocks of each certificate. The last may not be over.
    pub(crate) blocks: BTreeMap<String, Vec<Block>>,
    pub(super) doubled_since: BTreeMap<String, DateTime<Utc>>,
    pub(super) attempts: BTreeMap<(String, u32), Attempt>,
    /// Why records were about to be written lately: when, the zone and the name, the purpose.
    pub(super) purposes: Vec<(DateTime<Utc>, (String, String), Purpose)>,
    pub(crate) most_calls: usize,
    /// The most calls in one attempt to audit.
    pub(crate) most_audit_calls: usize,
    /// The most messages to resolvers in one attempt.
    pub(crate) most_questions: usize,
    /// Whether the function's clock is wrong at times.
    pub(super) has_skews: bool,
    /// When this process has assumed a role of each account.
    pub(super) assumed: BTreeMap<String, DateTime<Utc>>,
    /// When AWS Organizations last failed to answer.
    pub(super) organization_failed: Option<DateTime<Utc>>,
    /// The accounts and regions that a sweep lists, in their order.
    pub(super) places: Vec<(String, String)>,
}

/// How old the state that a check has read may be: the timeout of the function, and a little more.
pub(super) const CHECK_TIME: TimeDelta = TimeDelta::seconds(35);

impl State {
    pub(crate) fn new(scenario: &Scenario, epoch: DateTime<Utc>) -> Self {
        let acts = scenario.acts.iter();
        Self {
            ledger: Ledger::new(scenario),
            violation: None,
            lines: Vec::new(),
            skew: TimeDelta::zero(),
            cold: false,
            epoch,
            acts: acts.map(|(at, act)| (epoch + TimeDelta::seconds(*at), act.clone())).collect(),
            dry_run: scenario.settings.contains_key("DRY_RUN"),
            without_faults: scenario.without_faults,
            recent: VecDeque::new(),
            writes_seen: 0,
            published_seen: 0,
            calls_seen: 0,
            right: BTreeMap::new(),
            blocks: BTreeMap::new(),
            doubled_since: BTreeMap::new(),
            attempts: BTreeMap::new(),
            purposes: Vec::new(),
            most_calls: 0,
            most_audit_calls: 0,
            most_questions: 0,
            has_skews: scenario.acts.iter().any(|(_, act)| matches!(act, Act::SkewClock(_))),
            assumed: BTreeMap::new(),
            organization_failed: None,
            places: places(scenario),
        }
    }

    /// Notes that a new process starts.
    pub(crate) fn restarted(&mut self) {
        self.assumed.clear();
    }

    pub(crate) fn next_act(&self) -> Option<DateTime<Utc>> {
        self.acts.front().map(|(at, _)| *at)
    }

    pub(crate) fn violate(&mut self, at: DateTime<Utc>, invariant: &'static str, instead: String) {
        self.violation.get_or_insert(Violation { at, invariant, instead });
    }

    /// Performs one act.
    pub(super) fn perform(&mut self, act: &Act, sim: &Sim) {
        let now = sim.now();
        match act {
            Act::SkewClock(seconds) => self.skew = TimeDelta::seconds(*seconds),
            Act::ColdStart => self.cold = true,
            Act::EndFaults => self.skew = TimeDelta::zero(),
            _ => {}
        }
        if self.ledger.perform(act, sim).is_some() {
            self.lines.push((now, act.to_string()));
        }
        self.record_facts(sim);
        // Records that others wrote or removed are correct from now on, or no longer.
        let facts = self.recent.back().map(|facts| facts.zones.clone()).unwrap_or_default();
        self.right.retain(|(id, name), (value, _)| {
            facts.iter().any(|zone| zone.id == *id && zone.has_record(name, value))
        });
        for zone in facts {
            for (name, kind, values) in zone.records {
                if let (true, [value]) = (kind == "CNAME", &values[..]) {
                    let key = (zone.id.clone(), name);
                    self.right.entry(key).or_insert_with(|| (value.clone(), now));
                }
            }
        }
    }

    /// Keeps the current state of the world, and drops states that are too old for any check.
    pub(super) fn record_facts(&mut self, sim: &Sim) {
        let now = sim.now();
        let facts = self.ledger.facts(&sim.aws(), now);
        for certificate in &facts.certificates {
            let is_blocked = facts.blocked(certificate);
            let blocks = self.blocks.entry(certificate.arn.clone()).or_default();
            let last = blocks.last_mut().filter(|block| block.until.is_none());
            match last {
                Some(block) if !is_blocked || block.began != certificate.began => {
                    block.until = Some(now);
                }
                None if is_blocked => {
                    let (arn, began) = (&certificate.arn, certificate.began);
                    let is_scheduled = checks::scheduled(&sim.aws(), arn, now) > 0;
                    blocks.push(Block { began, from: now, until: None, is_scheduled });
                }
                _ => {}
            }
        }
        self.recent.push_back(facts);
        // The last state before the half minute was still valid when the half minute began.
        while self.recent.get(1).is_some_and(|facts| facts.at < now - CHECK_TIME) {
            self.recent.pop_front();
        }
    }

    /// The time since the start of the world, as stories show it.
    pub(crate) fn clock(&self, at: DateTime<Utc>) -> String {
        let since = at - self.epoch;
        let (hours, minutes) = (since.num_hours(), since.num_minutes() % 60);
        format!("{hours:02}:{minutes:02}:{:02}", since.num_seconds() % 60)
    }
}

/// The accounts and regions whose certificates the function validates, in the order of a sweep.
fn places(scenario: &Scenario) -> Vec<(String, String)> {
    let set = |name| scenario.settings.get(name).map(String::as_str);
    let member = set("CERTIFICATE_ROLE_NAME").map(|_| MEMBER);
    let regions: Vec<_> = set("REGIONS").unwrap_or(HOME).split(',').collect();
    let of = |account: &str| -> Vec<_> {
        regions.iter().map(|region| (account.to_owned(), (*region).to_owned())).collect()
    };
    [OURS].into_iter().chain(member).flat_map(of).collect()
}

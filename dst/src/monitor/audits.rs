//! What audits say is true, what they put back is right, and each of them says once what it found in all.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sim::route53::Write;

use super::attempt::{ATTEMPT, Attempt, CallKind};
use super::choice::name_and_zone;
use super::state::{CHECK_TIME, State};
use super::sweeps::{place, returned};
use crate::names::OURS;
use crate::oracle::{CertificateFact, Facts, Purpose, ZoneFact};

/// The accounts and regions that were listed.
type Listed = BTreeSet<(String, String)>;

/// A finding of an audit that is about a record.
struct Found<'a> {
    finding: &'a str,
    name: &'a str,
    value: &'a str,
    zone: &'a str,
    repaired: bool,
}

impl State {
    /// Notes why these records are about to be written: `NAME by PATH`.
    pub(super) fn note_purposes(
        &mut self,
        now: DateTime<Utc>,
        names: &[String],
        attempt: &[Purpose],
    ) {
        self.purposes.retain(|(at, ..)| now - *at <= CHECK_TIME);
        for (name, zone) in names.iter().filter_map(|it| name_and_zone(it)) {
            let key = (zone.to_owned(), plain(name));
            self.purposes.extend(attempt.iter().map(|purpose| (now, key.clone(), *purpose)));
        }
    }

    /// Why a record may have been written.
    pub(super) fn purposes_of(&self, write: &Write) -> Vec<Purpose> {
        let key = (write.zone_id.clone(), plain(&write.name));
        let mut purposes: Vec<_> =
            self.purposes.iter().filter(|(_, it, _)| *it == key).map(|(.., it)| *it).collect();
        purposes.sort();
        purposes.dedup();
        if purposes.is_empty() { vec![Purpose::Check] } else { purposes }
    }

    /// Checks a record that only an audit can have written.
    pub(super) fn check_put_back(&mut self, write: &Write) {
        let value = write.values.first().map(String::as_str).unwrap_or_default();
        let is_other =
            |zone: &ZoneFact| zone.id == write.zone_id && zone.has_other_value(&write.name, value);
        if self.always(|facts| facts.zones.iter().any(is_other)) {
            let invariant = "An audit replaces no record that has another value.";
            self.violate(write.at, invariant, format!("{} in {}", write.name, write.zone_id));
        }
    }

    /// Checks the events that an attempt is about to publish for an audit.
    pub(super) fn before_publishing(&mut self, now: DateTime<Utc>, call: &CallKind) {
        let (CallKind::Publish(events), Ok(key)) = (call, ATTEMPT.try_with(Clone::clone)) else {
            return;
        };
        let Some(attempt) = self.attempts.get_mut(&key).filter(|it| it.audits > 0) else { return };
        let details = |kind| {
            let events = events.iter().filter(move |(detail_type, _)| detail_type == kind);
            events.map(|(_, detail)| detail)
        };
        attempt.summaries.extend(details("Certificate Audit Summary").map(Value::to_string));
        let listed = attempt.listed.clone();
        for detail in details("Certificate Audit Finding") {
            self.check_finding(now, &listed, detail);
        }
    }

    fn check_finding(&mut self, now: DateTime<Utc>, listed: &Listed, detail: &Value) {
        let text = |value| Value::as_str(value).unwrap_or_default();
        let found = Found {
            finding: text(&detail["finding"]),
            name: text(&detail["record"]["name"]),
            value: text(&detail["record"]["value"]),
            zone: text(&detail["hostedZoneId"]),
            repaired: detail["repaired"] == true,
        };
        let advice = self.is_untrue(None, text(&detail["advice"]));
        if let Some(why) = self.is_false(&found).map(str::to_owned).or(advice) {
            let invariant = "What an audit finds is true.";
            let Found { finding, name, zone, .. } = found;
            return self.violate(now, invariant, format!("{finding} {name} in {zone}: {why}"));
        }
        if found.finding == "RECORD_UNUSED"
            && let Some(why) = self.is_needed(now, listed, &found)
        {
            let invariant = "A record is called unused only if everything within reach could be listed, \
                             and no certificate there asks for it.";
            self.violate(now, invariant, format!("{} in {}: {why}", found.name, found.zone));
        }
    }

    /// Why a finding is not true of any state that the audit may have read.
    fn is_false(&self, found: &Found<'_>) -> Option<&'static str> {
        let Found { finding, name, value, zone, repaired } = *found;
        let never = |is_true: &dyn Fn(&ZoneFact) -> bool| {
            self.always(|facts| !facts.zones.iter().any(|it| it.id == zone && is_true(it)))
        };
        let anywhere = |facts: &Facts| facts.zones.iter().any(|it| it.has_record(name, value));
        match finding {
            "RECORD_MISSING" if repaired && self.always(|facts| !anywhere(facts)) => {
                Some("it was not put back")
            }
            "RECORD_MISSING" if !zone.is_empty() && never(&|it| !it.has_record(name, value)) => {
                Some("it exists")
            }
            "RECORD_DIFFERENT" if never(&|it| it.has_other_value(name, value)) => {
                Some("there is no other value")
            }
            "RECORD_UNUSED" if never(&|it| it.usable().is_ok() && it.has_record(name, value)) => {
                Some("it is in no zone that the function may write to")
            }
            _ => None,
        }
    }

    /// Why a record must not be called unused.
    fn is_needed(&self, now: DateTime<Utc>, listed: &Listed, found: &Found<'_>) -> Option<String> {
        let is_set = |name| self.ledger.is_set(name);
        if is_set("CERTIFICATE_ROLE_NAME") && !is_set("ACCOUNTS") {
            return Some("it is not known which accounts there are".to_owned());
        }
        let knows_members = self.ledger.members.must(now);
        let mut in_reach =
            self.places.iter().filter(|(account, _)| account == OURS || knows_members);
        if let Some((account, region)) = in_reach.find(|it| !listed.contains(it)) {
            return Some(format!("{account} {region} was not listed"));
        }
        // A certificate that was requested while the audit ran need not be known.
        let asks = |it: &CertificateFact| it.in_reach && it.asks_for(found.name, found.value);
        let mut asking = self.recent.front()?.certificates.iter().filter(|it| {
            let is_same = |of: &CertificateFact| of.arn == it.arn && asks(of);
            let is_known = self.always(|facts| facts.certificates.iter().any(is_same));
            is_known && self.places.contains(&place(&it.arn))
        });
        asking.next().map(|it| format!("{} asks for it", it.arn))
    }

    /// Checks how an attempt that had to audit ended.
    pub(super) fn check_audit(
        &mut self,
        now: DateTime<Utc>,
        attempt: &Attempt,
        outcome: &Result<Value, String>,
    ) {
        let Ok(outcome) = outcome else { return };
        if attempt.audits == 0 || self.dry_run {
            return;
        }
        let returned = returned(outcome).count();
        let going_on = attempt.scheduled.iter().filter(|name| name.starts_with("audit-")).count();
        let summaries = attempt.summaries.len();
        // Several audits of one batch may say the same, or go on as one.
        let is_right = match attempt.audits {
            1 if returned == 0 => going_on + summaries == 1,
            audits => going_on + summaries <= audits && (returned > 0 || going_on + summaries > 0),
        };
        if !is_right {
            let invariant = "An audit that ends without an error goes on in another invocation, or publishes \
                             its summary: one of both, and once.";
            self.violate(now, invariant, format!("{summaries} summaries, {going_on} go on"));
        }
    }

    /// Whether this holds in all states of the world that an attempt may have read.
    fn always(&self, is_true: impl Fn(&Facts) -> bool) -> bool {
        !self.recent.is_empty() && self.recent.iter().all(is_true)
    }
}

/// How many messages of a payload ask for an audit.
pub(super) fn audits(payload: &Value) -> usize {
    let is_audit = |event: &Value| event["detail-type"] == "Certificate Audit";
    let Some(records) = payload["Records"].as_array() else {
        return usize::from(is_audit(payload));
    };
    let body = |it: &Value| serde_json::from_str(it["body"].as_str()?).ok();
    records.iter().filter_map(body).filter(is_audit).count()
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

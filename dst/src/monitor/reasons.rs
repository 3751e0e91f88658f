//! The reasons that the function gives are true: what could not be asked is not said to be missing.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::state::State;
use crate::names::ACCOUNTS_TAG;
use crate::oracle::{ZoneFact, lies_in};

impl State {
    /// Checks a response or a published event.
    pub(super) fn check_told(&mut self, now: DateTime<Utc>, told: &Value) {
        self.check_reasons(now, told);
        self.check_unseen(now, told);
    }

    /// Checks that no record is called unseen that the world sees, or of which public DNS tells nothing.
    fn check_unseen(&mut self, now: DateTime<Utc>, told: &Value) {
        let records = told["records"].as_array().into_iter().flatten();
        for record in records.filter(|record| record["state"] == "UNSEEN") {
            let text = |member: &str| record[member].as_str().unwrap_or_default();
            let (name, zone) = (text("name"), text("hostedZoneId"));
            let mut states = self.recent.iter();
            if !states.any(|facts| facts.has_resolver && facts.is_seen_elsewhere(name, zone)) {
                let invariant =
                    "A record is called unseen only if public DNS asks another zone for it.";
                self.violate(now, invariant, format!("{name} in {zone} is"));
            }
        }
    }

    /// Checks the reasons in a response or a published event.
    fn check_reasons(&mut self, now: DateTime<Utc>, told: &Value) {
        let records = told["records"].as_array().into_iter().flatten();
        let records = records.map(|it| (it["name"].as_str(), it["reason"].as_str()));
        let reasons: Vec<(Option<&str>, &str)> = records
            .chain([(None, told["reason"].as_str())])
            .filter_map(|(name, reason)| Some((name, reason?)))
            .collect();
        for (name, reason) in reasons {
            if let Some(wrong) = self.is_untrue(name, reason) {
                let invariant = "A reason never says that a hosted zone does not exist, lacks its \
                                 tag or does not list an account, if it exists, has it or does.";
                self.violate(now, invariant, format!("{wrong}: {reason}"));
            }
        }
    }

    /// What is wrong with a reason, in all states of the world that a check may have read.
    pub(super) fn is_untrue(&self, name: Option<&str>, reason: &str) -> Option<String> {
        let always = |is_true: &dyn Fn(&ZoneFact) -> bool| {
            !self.recent.is_empty()
                && self
                    .recent
                    .iter()
                    .all(|facts| facts.zones.iter().any(|zone| zone.accessible && is_true(zone)))
        };
        let word = |text: &str| {
            let letters = text.chars().take_while(char::is_ascii_alphanumeric);
            letters.collect::<String>()
        };
        if let Some((_, rest)) = reason.split_once("there is no hosted zone ") {
            let id = word(rest);
            if always(&|zone| zone.id == id) {
                return Some(format!("{id} exists"));
            }
        }
        for (before, words) in reason.match_indices(" does not have the tag ") {
            let id = last_zone(&reason[..before]);
            let is_of_accounts = reason[before + words.len()..].starts_with(ACCOUNTS_TAG);
            let has_tag = |zone: &ZoneFact| match is_of_accounts {
                true => zone.has_accounts_tag,
                false => zone.has_required_tag,
            };
            if always(&|zone| zone.id == id && has_tag(zone)) {
                return Some(format!("{id} has the tag"));
            }
        }
        for (before, words) in reason.match_indices(" does not list account ") {
            let id = last_zone(&reason[..before]);
            let account = word(&reason[before + words.len()..]);
            if always(&|zone| zone.id == id && zone.takes(&account)) {
                return Some(format!("{id} takes account {account}"));
            }
        }
        let name = name.filter(|_| reason.starts_with("no hosted zone can hold the name"))?;
        let held = always(&|zone| lies_in(name, &zone.name));
        held.then(|| format!("there is a zone for {name}"))
    }
}

/// The id in `hosted zone ID (NAME)` at the end of a text.
fn last_zone(text: &str) -> &str {
    let zone = text.rsplit_once(" (").map_or("", |(zone, _)| zone);
    zone.rsplit(' ').next().unwrap_or_default()
}

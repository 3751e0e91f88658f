//! What public DNS says is heeded: of several hosted zones, a record is written into the one that the world
//! sees.

use chrono::{DateTime, Utc};

use super::attempt::ATTEMPT;
use super::state::State;

impl State {
    /// Checks the records that are about to be written: `NAME by PATH`.
    pub(super) fn check_choice(&mut self, now: DateTime<Utc>, names: &[String]) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        let Some(attempt) = self.attempts.get(&key).filter(|it| !it.has_failures) else { return };
        for (name, zone) in names.iter().filter_map(|it| name_and_zone(it)) {
            if !attempt.dns.knows(name) {
                continue;
            }
            let purposes = attempt.purposes();
            let states =
                self.recent.iter().flat_map(|facts| purposes.iter().map(move |it| (facts, *it)));
            let wrong = states.map(|(facts, purpose)| facts.misplaced(name, zone, purpose));
            if let Some(why) = wrong.reduce(Option::and).flatten() {
                let invariant = "If public DNS answers, a record is written into no other of several \
                                 zones than the one that it asks.";
                let but = format!("{name} is written into {zone}: {why}");
                return self.violate(now, invariant, but);
            }
        }
    }
}

/// The name and the id of the zone in `NAME by PATH`.
pub(super) fn name_and_zone(written: &str) -> Option<(&str, &str)> {
    let (name, path) = written.split_once(" by ")?;
    Some((name, path.trim_end_matches("/rrset").rsplit('/').next()?))
}

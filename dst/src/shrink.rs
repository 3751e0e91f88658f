//! Shrinks a failing world to the shortest prefix and the fewest acts that still fail the same way.

use crate::scenario::Scenario;
use crate::world;

/// The smallest world found, after at most this many runs.
pub(crate) fn shrink(scenario: &Scenario, invariant: &str, mut runs: usize) -> Scenario {
    let mut fails = |candidate: &Scenario| {
        let Some(left) = runs.checked_sub(1) else { return false };
        runs = left;
        let violation = world::run(candidate, false).violation;
        violation.is_some_and(|violation| violation.invariant == invariant)
    };
    let mut best = scenario.clone();
    let mut size = best.acts.len().div_ceil(2);
    while size > 0 {
        let mut from = best.acts.len();
        // Starts at the end, because acts after the failure can be left out first.
        while from > 0 {
            let start = from.saturating_sub(size);
            let mut candidate = best.clone();
            let mut index = 0;
            candidate.acts.retain(|(_, act)| {
                let inside = (start..from).contains(&index);
                index += 1;
                !inside || act.is_frame()
            });
            if candidate.acts.len() < best.acts.len() && fails(&candidate) {
                best = candidate;
            }
            from = start.min(best.acts.len());
        }
        size /= 2;
    }
    best
}

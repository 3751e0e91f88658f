//! A world before it runs: its settings, and what happens in it at which time.

use std::collections::BTreeMap;

use crate::act::Act;

/// A world before it runs. Times are in seconds from its start.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    /// The function's settings, except the required ones.
    pub(crate) settings: BTreeMap<&'static str, String>,
    /// What happens, and when.
    pub(crate) acts: Vec<(i64, Act)>,
    /// When all faults end.
    pub(crate) faults_end: i64,
    /// When the world ends.
    pub(crate) end: i64,
    /// Whether nothing goes wrong in this world.
    pub(crate) without_faults: bool,
    /// How events reach the function.
    pub(crate) route: EventRoute,
    /// How long one attempt of the function may take, in seconds.
    pub(crate) timeout: i64,
}

/// How events of AWS reach the function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EventRoute {
    /// A rule invokes the function.
    Function,
    /// A rule sends events to a queue. The queue gives up a message that was received this often.
    Queue { receives: u32 },
    /// Two rules, one of each kind: the function gets every event twice.
    Both { receives: u32 },
}

impl EventRoute {
    /// The most times that a message is received, if there is a queue.
    pub(crate) fn receives(self) -> Option<u32> {
        match self {
            Self::Function => None,
            Self::Queue { receives } | Self::Both { receives } => Some(receives),
        }
    }

    /// How many copies of an event reach the function.
    pub(crate) fn copies(self) -> usize {
        if matches!(self, Self::Both { .. }) { 2 } else { 1 }
    }
}

/// After the faults end, every certificate must be valid within this time: one hour until the next
/// sweep, 15 minutes until the check that the sweep schedules, 15 minutes for a check that waited for
/// a late record, and the rest for ACM.
pub(crate) const RECOVERY_TIME: i64 = 2 * HOUR;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// How long the checks for one request go on at most: 73 hours, and the delay of a late schedule.
pub(crate) const CHAIN_LENGTH: i64 = 73 * HOUR + 20 * MINUTE;

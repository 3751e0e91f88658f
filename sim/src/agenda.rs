//! A queue of future work in the order of time, so that finding what is due next is cheap.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// Future work, by time. Entries with the same time keep the order in which they were added.
#[derive(Clone, Debug)]
pub(crate) struct Agenda<T> {
    entries: BTreeMap<(DateTime<Utc>, u64), T>,
    added: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), added: 0 }
    }
}

impl<T> Agenda<T> {
    /// Adds an entry that is due at `at`.
    pub(crate) fn add(&mut self, at: DateTime<Utc>, what: T) {
        self.added += 1;
        self.entries.insert((at, self.added), what);
    }

    /// When the next entry is due.
    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next entry that is due by `at`.
    pub(crate) fn take(&mut self, at: DateTime<Utc>) -> Option<T> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= at)?;
        Some(entry.remove())
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

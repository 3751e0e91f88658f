//! Keeps what is to happen in the order of its time, so that nobody has to ask everything there is.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// What is to happen: by time, and by the order of entry where the time is the same.
#[derive(Clone, Debug)]
pub(crate) struct Agenda<T> {
    entries: BTreeMap<(DateTime<Utc>, u64), T>,
    entered: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), entered: 0 }
    }
}

impl<T> Agenda<T> {
    /// Enters something that is to happen at `at`.
    pub(crate) fn add(&mut self, at: DateTime<Utc>, what: T) {
        self.entered += 1;
        self.entries.insert((at, self.entered), what);
    }

    /// When the next of it happens.
    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next thing that happens up to `at`.
    pub(crate) fn take(&mut self, at: DateTime<Utc>) -> Option<T> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= at)?;
        Some(entry.remove())
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

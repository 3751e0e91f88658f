//! Values that are made once each, and kept while they are used.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

/// How many values are kept for sure: those used last. Up to twice as many are, so that an organization of
/// any size costs no more memory than one of this many accounts and regions.
pub(super) const MOST: usize = 500;

/// Values that are made on first use. Those that were not used for long are dropped, and made anew when
/// they are used again.
#[derive(Debug)]
pub(super) struct Kept<K, V>(Mutex<Generations<K, V>>);

/// What is used moves to the young ones. When these are many, they become the old ones.
#[derive(Debug)]
struct Generations<K, V> {
    young: BTreeMap<K, V>,
    old: BTreeMap<K, V>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Generations { young: BTreeMap::new(), old: BTreeMap::new() }))
    }
}

impl<K: Ord, V: Clone> Kept<K, V> {
    /// The value of this key. If two are made at the same time, both callers get the first one.
    pub(super) fn get_or_make(&self, key: K, make: impl FnOnce() -> V) -> V {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = kept().young.get(&key) {
            return value.clone();
        }
        let old = kept().old.remove(&key);
        let made = old.unwrap_or_else(make);
        let generations = &mut *kept();
        if generations.young.len() >= MOST {
            generations.old = mem::take(&mut generations.young);
        }
        generations.young.entry(key).or_insert(made).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once() {
        let kept = Kept::default();
        assert_eq!([1, 2].map(|value| kept.get_or_make("a", || value)), [1, 1]);
    }

    #[test]
    fn what_is_used_stays_and_of_the_rest_only_the_latest() {
        let kept = Kept::default();
        for key in 0..10 * MOST {
            kept.get_or_make(key, || key);
            assert_eq!(kept.get_or_make(0, || usize::MAX), 0, "{key}");
        }
        let generations = kept.0.lock().expect("kept");
        assert!(generations.young.len() + generations.old.len() <= 2 * MOST);
        drop(generations);
        assert_eq!(kept.get_or_make(10 * MOST - 2, || usize::MAX), 10 * MOST - 2);
        assert_eq!(kept.get_or_make(1, || usize::MAX), usize::MAX);
    }
}

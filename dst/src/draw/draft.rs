//! A world while it is drawn: the random numbers, and what was drawn so far.

use fastrand::Rng;

use crate::act::Act;

/// A world while it is drawn.
pub(super) struct Draft {
    pub(super) rng: Rng,
    pub(super) acts: Vec<(i64, Act)>,
    /// How many zones were drawn.
    pub(super) zones: usize,
    pub(super) faults_end: i64,
}

impl Draft {
    /// True with this probability in percent.
    pub(super) fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }

    pub(super) fn act(&mut self, at: i64, act: Act) {
        self.acts.push((at, act));
    }
}

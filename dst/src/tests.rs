//! The simulation itself: one seed gives one world.

use crate::draw::draw;
use crate::world::run;

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 0..4 {
        let (one, other) = (run(&draw(seed), true), run(&draw(seed), true));
        assert!(one.transcript == other.transcript, "two runs of seed {seed} differ");
        assert_eq!(one.story, other.story);
    }
}

#[test]
fn two_seeds_give_two_worlds() {
    assert_ne!(run(&draw(1), true).transcript, run(&draw(2), true).transcript);
}

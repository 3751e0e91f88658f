//! What a process costs, as Linux counts it, and a simulated AWS to run it in.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads clocks")]

pub mod host;
pub mod process;
pub mod throttle;
pub mod trust;
pub mod world;

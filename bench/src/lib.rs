//! What a process costs, as Linux counts it, and a simulated AWS to run it in.

pub mod host;
pub mod process;
pub mod throttle;
pub mod trust;
pub mod world;

//! What a process costs, as Linux counts it, and a simulated AWS to run it in.

pub mod process;
pub mod world;

//! What a process costs, as Linux counts it, and a world to run it in.

pub mod process;
pub mod world;

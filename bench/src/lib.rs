//! What a process costs, as Linux counts it.

pub mod look;
pub mod process;

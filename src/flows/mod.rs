//! The flows: what the function does with a request, from the first call to the last.

mod ask_again;
mod caa;
mod checks;
pub mod context;
pub mod deadline;
mod describe;
pub mod diagnosis;
mod discovery;
pub mod error;
mod log;
pub mod metrics;
mod notify;
pub mod overview;
mod pause;
mod pending;
mod public_dns;
mod publish;
mod rate_limit;
pub mod reconcile;
pub mod sweep;
mod unseen;
pub mod zone_change;

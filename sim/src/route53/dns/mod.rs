//! Public DNS, as a recursive resolver sees it: it follows delegations from the registrar down.
//!
//! Everything that reads public DNS goes through `lookup`: ACM when it validates, and the resolver that
//! answers the function. So ACM and the resolver never disagree. Nothing is cached: a change is visible at once.
//!
//! The root and the top-level domains are `registry`. Names are delegated by registrars and by NS
//! records (`delegation`). Each name server has addresses (`servers`).

mod delegation;
mod lookup;
mod registry;
mod resolution;
mod resolve;
pub(super) mod servers;
#[cfg(test)]
mod tests;
mod validation;

pub use self::resolution::{Answering, Rcode, Record, Resolution};

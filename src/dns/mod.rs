//! Public DNS, as the world sees it: a stub resolver that asks recursive resolvers.
//!
//! What comes back is input of strangers. A message that does not answer the question is dropped, a
//! record that does not belong to the answer is ignored, and everything that is read, followed or waited
//! for has a bound. Whatever goes wrong, the result is [`Unknown`](unknown::Unknown): nothing is known, and
//! the caller goes on as it would without public DNS.
//!
//! Start at [`resolver::Resolver`].

mod answer;
mod authority;
mod caa;
mod message;
pub mod network;
pub mod questions;
pub mod resolver;
pub mod servers;
pub mod transport;
pub mod unknown;
mod wire_name;

#[cfg(test)]
mod tests;

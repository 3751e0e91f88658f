//! A recursive resolver: it answers DNS messages with what public DNS in [`Route53`](crate::route53) has.
//!
//! It is strict: a question without the RD bit is refused, an answer that does not fit is truncated, and
//! there are faults for whatever a resolver on the Internet does wrong. DNSSEC is not modelled.
//!
//! `query` reads a question. [`Dns::answer`] resolves it and applies a fault. `message`, `rdata` and
//! `types` write the answer.

mod answer;
mod faults;
mod kind;
mod message;
mod poison;
mod query;
mod question;
mod rdata;
#[cfg(test)]
mod tests;
mod types;

pub use self::answer::Dns;
pub use self::faults::{DnsFault, DnsFaults};
pub use self::kind::DnsFaultKind;
pub use self::question::{Protocol, Question, Reply};

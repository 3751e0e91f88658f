//! AWS: one thin function for each call, and the conversion of the SDK's types to plain values.

pub mod acm;
pub mod call_limit;
mod chunk;
pub mod clients;
pub mod cloudwatch;
mod connector;
pub mod environment;
pub mod error;
pub mod eventbridge;
mod kept;
pub mod organizations;
pub mod pace;
pub mod preconnect;
mod problem;
mod role;
pub mod route53;
pub mod scheduler;

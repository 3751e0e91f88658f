//! The entry: an event of Lambda comes in, a response or an error goes out.

mod batch;
pub mod error;
pub mod handler;
mod json;
pub mod page;
pub mod parse;

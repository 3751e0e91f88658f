//! Audits: what they find, and what they answer.

pub mod answer;
pub mod changes;
pub mod cursor;
pub mod finding;
pub mod listed;
pub mod request;
pub mod summary;
pub mod text;

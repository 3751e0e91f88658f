//! ACM: describing a certificate, and listing the pending ones.

pub mod all;
pub mod certificate;
pub mod list;
mod listing;
pub mod place;

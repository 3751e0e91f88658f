//! ACM: describing a certificate, and listing the pending ones.

pub mod certificate;
pub mod list;

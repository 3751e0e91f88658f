//! A certificate to examine, and where to put what is found out.

use super::answer::Diagnosis;
use crate::domain::certificate::{Certificate, Domain};

/// A certificate to examine.
pub(in crate::flows) struct Case<'a> {
    pub(super) certificate: &'a Certificate,
    /// The names to examine: those of the pending validation, if there is one.
    pub(super) domains: &'a [Domain],
    /// What is found out.
    pub(super) diagnosis: &'a mut Diagnosis,
}

//! A certificate as a listing tells of it.

use std::collections::BTreeSet;

use crate::domain::arn::CertificateArn;
use crate::domain::name::DomainName;

/// A public certificate, as far as a listing tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedCertificate {
    /// The certificate.
    pub certificate: CertificateArn,
    /// Its names, as far as the listing tells.
    pub names: BTreeSet<DomainName>,
    /// Whether these are all its names.
    pub all_names: bool,
    /// Whether it may be renewed some day: it is issued, or it is expired and something uses it.
    pub renewable: bool,
}

//! Which certificates the function serves, as the settings say.

use std::collections::BTreeMap;

use crate::domain::name::DomainName;
use crate::domain::tag::Tag;

/// The tag by which a certificate's owner opts out. Any value but `false` counts.
pub const SKIP_TAG: &str = "acm-dns-validator:skip";

/// Which certificates the function serves.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// A name must be one of these domains or lie under one; empty allows all names.
    pub allowed_domains: Vec<DomainName>,
    /// The tag that a certificate must have.
    pub certificate_tag: Option<Tag>,
}

impl Policy {
    /// Whether a record may be written for this name.
    pub fn allows(&self, name: &DomainName) -> bool {
        let name = name.without_wildcard();
        self.allowed_domains.is_empty()
            || self.allowed_domains.iter().any(|domain| name.is_at_or_under(domain))
    }

    /// The tag that these tags lack, if a certificate must have one.
    pub fn missing_tag(&self, tags: &BTreeMap<String, String>) -> Option<&Tag> {
        self.certificate_tag.as_ref().filter(|tag| !tag.is_among(tags))
    }
}

/// Whether the certificate with these tags is opted out.
pub fn is_opted_out(tags: &BTreeMap<String, String>) -> bool {
    tags.get(SKIP_TAG).is_some_and(|value| !value.eq_ignore_ascii_case("false"))
}

//! What ACM asks public DNS.

use super::lookup::Lookup;
use super::resolution::Record;
use crate::route53::Route53;
use crate::route53::name::Name;

/// How many CNAME records ACM follows one after another.
const MAX_HOPS: usize = 5;

impl Route53 {
    /// The target of the CNAME record that public DNS has at this name, as it was written.
    pub fn lookup_cname(&self, name: &str) -> Option<String> {
        self.cname(&name.parse().ok()?)
    }

    /// Whether the CNAME record at this name, or a short chain of CNAME records, leads to `expected`.
    ///
    /// ACM follows chains; it compares names, so neither case nor a trailing dot matters.
    /// Source: <https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html>
    pub fn resolve_validation(&self, name: &str, expected: &str) -> bool {
        let (Ok(name), Ok(expected)) = (name.parse::<Name>(), expected.parse::<Name>()) else {
            return false;
        };
        self.chain(name).skip(1).any(|target| target == expected)
    }

    /// The CAA records that apply to this name, for example `0 issue "amazon.com"`: those of the first
    /// name that has any, from this name up to the top-level domain. A name that cannot be looked up
    /// counts as one without.
    ///
    /// Source: RFC 8659 section 3; CNAME records are followed at each name.
    pub fn caa(&self, name: &str) -> Vec<String> {
        let Ok(name) = name.parse::<Name>() else {
            return Vec::new();
        };
        let found = name.ancestors().map(|ancestor| {
            let answer = self.resolve_name(&ancestor, "CAA").answer.into_iter();
            let records = answer.filter(|record: &Record| record.record_type == "CAA");
            records.map(|record| record.value).collect::<Vec<_>>()
        });
        found.into_iter().find(|records| !records.is_empty()).unwrap_or_default()
    }

    /// This name, and the names that its CNAME records lead to, one after another.
    fn chain(&self, name: Name) -> impl Iterator<Item = Name> {
        let next = |name: &Name| self.cname(name)?.parse().ok();
        std::iter::successors(Some(name), next).take(1 + MAX_HOPS)
    }

    /// The target of the CNAME record at this name.
    fn cname(&self, name: &Name) -> Option<String> {
        match self.lookup(name, "CNAME") {
            Lookup::Found(records) => records.into_iter().next().map(|record| record.value),
            _ => None,
        }
    }
}

//! Answers a question as a recursive resolver.

use super::lookup::Lookup;
use super::resolution::{Rcode, Resolution};
use crate::route53::Route53;
use crate::route53::name::Name;

/// How many CNAME records are followed one after another, as many as BIND and Unbound follow.
/// Source: `max-query-restarts` in <https://bind9.readthedocs.io/en/latest/reference.html>
const MAX_CNAMES: usize = 11;

impl Route53 {
    /// What a recursive resolver answers, for example to `example.com` and `SOA`.
    ///
    /// `.` is the root. A text that is no domain name is answered with [`Rcode::FormErr`].
    pub fn resolve(&self, name: &str, record_type: &str) -> Resolution {
        match Name::absolute(name) {
            Ok(name) => self.resolve_name(&name, record_type),
            Err(_) => Resolution::empty(Rcode::FormErr),
        }
    }

    /// The same for a name that was parsed.
    pub(crate) fn resolve_name(&self, name: &Name, record_type: &str) -> Resolution {
        // RFC 8482 section 4 allows refusing ANY.
        if record_type == "ANY" {
            return Resolution::empty(Rcode::NotImp);
        }
        let mut resolution = Resolution::empty(Rcode::NoError);
        let mut name = name.clone();
        for _ in 0..=MAX_CNAMES {
            let (rcode, authority) = match self.lookup(&name, record_type) {
                Lookup::Found(records) => {
                    resolution.answer.extend(records);
                    return resolution;
                }
                Lookup::Cname(record) => {
                    let Ok(target) = Name::absolute(&record.value) else { break };
                    resolution.answer.push(record);
                    name = target;
                    continue;
                }
                Lookup::NoData(authority) => (Rcode::NoError, authority),
                // The code is that of the last name: RFC 6604 section 3.
                Lookup::NoName(authority) => (Rcode::NxDomain, authority),
                Lookup::Failure => break,
            };
            resolution.rcode = rcode;
            resolution.authority.extend(authority.soa());
            return resolution;
        }
        Resolution::empty(Rcode::ServFail)
    }
}

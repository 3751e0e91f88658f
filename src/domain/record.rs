//! The guard: the function writes ACM's validation records, and nothing else.

use std::collections::BTreeSet;

use crate::domain::name::DomainName;
use crate::domain::problem::{Cause, Problem};

/// The CNAME by which ACM proves control of a domain: `_x1.example.com` → `_x2.….acm-validations.aws`.
///
/// [`ValidationRecord::parse`] is the only way to make one, so every record that reaches Route 53 has
/// passed the guard. The IAM policy of the function allows only `UPSERT` of CNAMEs whose first label is an
/// underscore and 32 characters, as ACM's are; it cannot see values.
///
/// Source: [DNS validation](https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ValidationRecord {
    name: DomainName,
    value: DomainName,
}

/// Why something is not a validation record of ACM.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("ACM asks for {what}, which is not one of its validation records: {why}")]
pub struct Refused {
    what: String,
    why: &'static str,
}

impl ValidationRecord {
    /// Accepts what ACM asks for if it is a validation record for `domain` (without `*.`).
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is not a CNAME, its first label does not begin with `_`, it is not under
    /// the domain it is for, its value is not under ACM's validation domain of this partition, or
    /// either has characters or a length that a host name cannot have.
    pub fn parse(
        partition: &str,
        domain: &DomainName,
        name: &str,
        record_type: &str,
        value: &str,
    ) -> Result<Self, Refused> {
        let refuse = |why| {
            let what = format!("{record_type} {name} with value {value}");
            Err(Refused { what: what.escape_default().to_string(), why })
        };
        let record = Self { name: DomainName::new(name), value: DomainName::new(value) };
        if record_type != "CNAME" {
            return refuse("it is not a CNAME");
        }
        if !(is_host_name(&record.name) && is_host_name(&record.value)) {
            return refuse("it is not a pair of host names");
        }
        if !record.name.as_str().starts_with('_') {
            return refuse("its first label does not begin with an underscore");
        }
        if !record.name.is_at_or_under(domain) {
            return refuse("it is not under the domain it is for");
        }
        let is_acms = |suffix: &&str| {
            let suffix = DomainName::new(suffix);
            record.value.is_at_or_under(&suffix) && record.value != suffix
        };
        if !validation_domains(partition).iter().any(is_acms) {
            return refuse("its value is not under ACM's validation domain");
        }
        Ok(record)
    }

    /// Accepts a CNAME that was found in a hosted zone if it is a validation record of ACM, as AWS documents
    /// them: an underscore and 32 hexadecimal digits before the name that it validates, and such a label
    /// before ACM's validation domain, perhaps with another label between.
    pub fn found(partition: &str, name: &str, value: &str) -> Option<Self> {
        let is_token = |label: &str| {
            let token = label.strip_prefix('_').unwrap_or_default();
            token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let (label, domain) = name.split_once('.')?;
        let (target, _) = value.split_once('.')?;
        let parse = || Self::parse(partition, &DomainName::new(domain), name, "CNAME", value).ok();
        (is_token(label) && is_token(target)).then(parse)?
    }

    /// The name that it validates: `example.com`.
    pub fn domain(&self) -> DomainName {
        let (_, domain) = self.name.as_str().split_once('.').unwrap_or_default();
        DomainName::new(domain)
    }

    /// The name of the record: `_x1.example.com`.
    pub fn name(&self) -> &DomainName {
        &self.name
    }

    /// The name with a trailing dot, as ACM spells it.
    pub fn fqdn(&self) -> String {
        format!("{}.", self.name)
    }

    /// The value of the record: `_x2.….acm-validations.aws`.
    pub fn value(&self) -> &DomainName {
        &self.value
    }
}

/// The names for which there are records with different values.
pub fn conflicting_names(records: &BTreeSet<ValidationRecord>) -> BTreeSet<DomainName> {
    let pairs = records.iter().zip(records.iter().skip(1));
    let equal = pairs.filter(|(one, other)| one.name() == other.name());
    equal.map(|(one, _)| one.name().clone()).collect()
}

/// The problem of such a name.
pub fn conflicting_values() -> Problem {
    Problem::new(Cause::NotAcms, "ACM asks for one record with two different values")
}

/// The domains under which ACM's validation values lie.
///
/// AWS documents `acm-validations.aws`, and only for the commercial partition. For the others, the
/// same label under the partition's own DNS suffix is accepted too. That is a guess; the suffix
/// belongs to AWS.
fn validation_domains(partition: &str) -> &'static [&'static str] {
    match partition {
        "aws-cn" => &["acm-validations.aws", "acm-validations.amazonaws.com.cn"],
        "aws-eusc" => &["acm-validations.aws", "acm-validations.amazonaws.eu"],
        _ => &["acm-validations.aws"],
    }
}

/// Letters, digits, `-`, `_` in labels of 1 to 63, 253 characters at most (RFC 1035, section 2.3.4).
fn is_host_name(name: &DomainName) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    name.as_str().len() <= 253 && name.as_str().split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "_x2.jkddzztszm.acm-validations.aws.";

    #[track_caller]
    fn check(domain: &str, name: &str, record_type: &str, value: &str, why: Option<&str>) {
        let parsed =
            ValidationRecord::parse("aws", &DomainName::new(domain), name, record_type, value);
        assert_eq!(parsed.err().map(|refused| refused.why), why);
    }

    #[test]
    fn what_acm_asks_for_is_taken() {
        check("example.com", "_x1.example.com.", "CNAME", VALUE, None);
        check("example.com", "_X1.Example.Com", "CNAME", "_x2.ACM-validations.aws", None);
        check("a.example.com", "_x1.a.example.com.", "CNAME", VALUE, None);
    }

    #[test]
    fn only_a_cname_is_written() {
        for kind in ["TXT", "A", "NS", "cname", ""] {
            check("example.com", "_x1.example.com.", kind, VALUE, Some("it is not a CNAME"));
        }
    }

    #[test]
    fn only_names_that_begin_with_an_underscore_are_written() {
        let why = Some("its first label does not begin with an underscore");
        check("example.com", "www.example.com.", "CNAME", VALUE, why);
        check("example.com", "example.com.", "CNAME", VALUE, why);
        check("example.com", "www._x.example.com.", "CNAME", VALUE, why);
    }

    #[test]
    fn only_names_under_their_domain_are_written() {
        let why = Some("it is not under the domain it is for");
        check("example.com", "_x1.notexample.com.", "CNAME", VALUE, why);
        check("www.example.com", "_x1.example.com.", "CNAME", VALUE, why);
        check("example.com", "_x1.example.org.", "CNAME", VALUE, why);
    }

    #[test]
    fn only_values_of_acm_are_written() {
        let why = Some("its value is not under ACM's validation domain");
        for value in ["evil.org.", "_x.notacm-validations.aws.", "acm-validations.aws.", "aws"] {
            check("example.com", "_x1.example.com.", "CNAME", value, why);
        }
    }

    #[test]
    fn another_partition_may_have_its_own_validation_domain() {
        let domain = DomainName::new("example.com");
        for (partition, suffix) in [("aws-cn", "amazonaws.com.cn"), ("aws-eusc", "amazonaws.eu")] {
            let value = format!("_x2.acm-validations.{suffix}");
            let parse = |partition| {
                ValidationRecord::parse(partition, &domain, "_x.example.com", "CNAME", &value)
            };
            assert!(parse(partition).is_ok() && parse("aws").is_err(), "{partition}");
        }
    }

    #[test]
    fn only_host_names_are_written() {
        let why = Some("it is not a pair of host names");
        let long = format!("_{}.example.com", "x".repeat(63));
        let deep = format!("_x.{}example.com", "abcdefgh.".repeat(30));
        for name in ["_x\n.example.com", "_x..example.com", "_ü.example.com", "_*.example.com"] {
            check("example.com", name, "CNAME", VALUE, why);
        }
        check("example.com", &long, "CNAME", VALUE, why);
        check("example.com", &deep, "CNAME", VALUE, why);
        check("example.com", "_x.example.com", "CNAME", "_x .acm-validations.aws", why);
        check("example.com", "", "CNAME", VALUE, why);
    }

    #[test]
    fn a_record_in_a_zone_is_taken_for_acms_only_if_it_looks_like_those_that_aws_documents() {
        let (name, value) =
            (format!("_{}.A.example.com.", "0a".repeat(16)), format!("_{}", "b1".repeat(16)));
        let found = |name: &str, value: &str| ValidationRecord::found("aws", name, value);
        let record = found(&name, &format!("{value}.jkddzztszm.acm-validations.aws."));
        assert_eq!(record.map(|it| it.domain()), Some(DomainName::new("a.example.com")));
        assert!(found(&name, &format!("{value}.acm-validations.aws")).is_some());
        for (name, value) in [
            ("www.example.com.", format!("{value}.acm-validations.aws.")),
            ("_dmarc.example.com.", format!("{value}.acm-validations.aws.")),
            (&name[1..], format!("{value}.acm-validations.aws.")),
            (&name, "_x.acm-validations.aws.".to_owned()),
            (&name, format!("{value}.example.org.")),
            (&name, "acm-validations.aws.".to_owned()),
        ] {
            assert_eq!(found(name, &value), None, "{name} {value}");
        }
    }

    #[test]
    fn a_refusal_says_what_and_why_on_one_line() {
        let domain = DomainName::new("example.com");
        let refused = ValidationRecord::parse("aws", &domain, "_x\n.example.com", "TXT", "y");
        assert_eq!(
            refused.map_err(|refused| refused.to_string()),
            Err("ACM asks for TXT _x\\n.example.com with value y, which is not one of its \
                 validation records: it is not a CNAME"
                .to_owned())
        );
    }
}

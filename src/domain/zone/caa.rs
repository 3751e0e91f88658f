//! Decides whether CAA records allow Amazon to issue a certificate.

use crate::domain::name::DomainName;
use crate::domain::zone::Content;

/// A CAA record set that does not allow Amazon to issue a certificate for a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forbidden {
    /// The name of the record set.
    pub at: DomainName,
    /// Its values: `0 issue "letsencrypt.org"`.
    pub values: Vec<String>,
}

/// The CAA record set that governs a name, if it does not allow Amazon: the one at the name itself, or
/// else at the nearest name above it that has one. For a wildcard, `issuewild` replaces `issue` if
/// there is any.
///
/// Sources: [RFC 8659, sections 3 and 4](https://www.rfc-editor.org/rfc/rfc8659#section-3);
/// [the names of Amazon's authorities](https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html).
pub fn forbidden(name: &DomainName, content: &Content) -> Option<Forbidden> {
    let plain = name.without_wildcard();
    let (at, values) = plain.lineage().find_map(|name| {
        let sets = content.get(&name)?;
        let set = sets.iter().find(|set| set.kind == "CAA")?;
        Some((name, set.values.clone()))
    })?;
    let issuers = |property: &str| -> Vec<String> {
        values.iter().filter_map(|value| issuer(value, property)).collect()
    };
    let for_wildcards = if *name == plain { Vec::new() } else { issuers("issuewild") };
    let governing = if for_wildcards.is_empty() { issuers("issue") } else { for_wildcards };
    let amazon = governing.iter().any(|issuer| AMAZON.contains(&issuer.as_str()));
    (!governing.is_empty() && !amazon).then_some(Forbidden { at, values })
}

const AMAZON: [&str; 4] = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];

/// `letsencrypt.org` of `0 issue "letsencrypt.org; validationmethods=dns-01"`; empty if nobody is allowed.
fn issuer(value: &str, property: &str) -> Option<String> {
    let (_flags, rest) = value.trim().split_once(char::is_whitespace)?;
    let (tag, issuer) = rest.trim_start().split_once(char::is_whitespace)?;
    let issuer = issuer.trim().trim_matches('"').split(';').next().unwrap_or_default();
    let issuer = issuer.trim().trim_end_matches('.');
    tag.eq_ignore_ascii_case(property).then(|| issuer.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::RecordSet;

    #[track_caller]
    fn check(name: &str, records: &[(&str, &[&str])], at: Option<&str>) {
        let mut content = Content::new();
        for (name, values) in records {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            let set = RecordSet { kind: "CAA".to_owned(), values };
            content.entry(DomainName::new(name)).or_default().push(set);
        }
        let found = forbidden(&DomainName::new(name), &content);
        assert_eq!(found.map(|found| found.at), at.map(DomainName::new), "{name}");
    }

    const OTHERS: &[&str] = &["0 issue \"letsencrypt.org\""];
    const AMAZONS: &[&str] = &["0 issue \"letsencrypt.org\"", "0 issue \"amazon.com; x=y\""];

    #[test]
    fn without_caa_records_anybody_may_issue() {
        check("a.com", &[], None);
        check("a.com", &[("a.com", &["0 iodef \"mailto:x@a.com\""])], None);
    }

    #[test]
    fn the_nearest_records_govern() {
        check("a.com", &[("a.com", OTHERS)], Some("a.com"));
        check("x.a.com", &[("a.com", OTHERS)], Some("a.com"));
        check("x.a.com", &[("a.com", OTHERS), ("x.a.com", AMAZONS)], None);
        check("x.a.com", &[("a.com", AMAZONS), ("x.a.com", OTHERS)], Some("x.a.com"));
        check("a.com", &[("x.a.com", OTHERS), ("nota.com", OTHERS)], None);
    }

    #[test]
    fn wildcards_have_a_property_of_their_own() {
        let split: &[&str] = &["0 issue \"amazon.com\"", "0 issuewild \"letsencrypt.org\""];
        check("a.com", &[("a.com", split)], None);
        check("*.a.com", &[("a.com", split)], Some("a.com"));
        check("*.a.com", &[("a.com", AMAZONS)], None);
    }

    #[test]
    fn spaces_and_a_trailing_dot_change_nothing() {
        let amazon: &[&str] = &["0  issue   \"amazon.com.\" ", "0 issue \"letsencrypt.org\""];
        check("a.com", &[("a.com", amazon)], None);
        check("a.com", &[("a.com", &["0\tissue  \" letsencrypt.org. \""])], Some("a.com"));
    }

    #[test]
    fn nobody_may_issue_where_the_issuer_is_empty() {
        check("a.com", &[("a.com", &["0 issue \";\""])], Some("a.com"));
    }
}

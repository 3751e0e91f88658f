//! Decides whether CAA records allow Amazon to issue a certificate.

use crate::domain::name::DomainName;
use crate::domain::zone::Content;
use crate::domain::zone::caa_record::{Caa, CaaSet};

impl CaaSet {
    /// Whether these records, if they govern this name, forbid Amazon to issue a certificate for it. For
    /// a wildcard, `issuewild` replaces `issue` if there is any.
    ///
    /// Sources: [RFC 8659, section 4](https://www.rfc-editor.org/rfc/rfc8659#section-4);
    /// [the names of Amazon's authorities](https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html).
    pub fn forbids(&self, name: &DomainName) -> bool {
        let issuers = |property: &str| -> Vec<String> {
            let records = self.records.iter().filter(|it| it.tag.eq_ignore_ascii_case(property));
            records.map(Caa::issuer).collect()
        };
        let is_wildcard = name.without_wildcard() != *name;
        let for_wildcards = if is_wildcard { issuers("issuewild") } else { Vec::new() };
        let issuers = if for_wildcards.is_empty() { issuers("issue") } else { for_wildcards };
        let others = !issuers.is_empty() && !issuers.iter().any(|it| AMAZON.contains(&it.as_str()));
        others || self.records.iter().any(Caa::is_unknown_and_critical)
    }
}

/// The CAA records that govern a name, as far as hosted zones have them: those at the name itself, or else
/// at the nearest name above it that has any.
///
/// Source: [RFC 8659, section 3](https://www.rfc-editor.org/rfc/rfc8659#section-3).
pub fn governing(name: &DomainName, content: &Content) -> Option<CaaSet> {
    name.without_wildcard().lineage().find_map(|name| {
        let set = content.get(&name)?.iter().find(|set| set.kind == "CAA")?;
        let records = set.values.iter().filter_map(|value| Caa::parse(value)).collect();
        Some(CaaSet { owner: name.clone(), name, records })
    })
}

const AMAZON: [&str; 4] = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];

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
        let name = DomainName::new(name);
        let found = governing(&name, &content).filter(|set| set.forbids(&name));
        assert_eq!(found.map(|found| found.name), at.map(DomainName::new), "{name}");
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

    #[test]
    fn a_critical_property_that_nobody_knows_forbids_all() {
        check(
            "a.com",
            &[("a.com", &["128 future \"x\"", "0 issue \"amazon.com\""])],
            Some("a.com"),
        );
        check("a.com", &[("a.com", &["0 future \"x\""])], None);
        check("a.com", &[("a.com", &["128 issue \"amazontrust.com\""])], None);
    }

    #[test]
    fn a_set_names_where_its_records_are() {
        let records = vec![Caa::parse("0 issue \"letsencrypt.org\"").expect("a record")];
        let name = DomainName::new("www.a.com");
        let mut set = CaaSet { owner: name.clone(), name, records };
        assert_eq!(set.to_string(), "www.a.com CAA 0 issue \"letsencrypt.org\"");
        set.owner = DomainName::new("b.net");
        let expected = "www.a.com CAA 0 issue \"letsencrypt.org\" (through its CNAME, from b.net)";
        assert_eq!(set.to_string(), expected);
    }
}

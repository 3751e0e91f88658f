//! Compares a validation record with what its hosted zone holds.

use std::collections::BTreeSet;

use crate::domain::name::DomainName;
use crate::domain::problem::{Cause, Problem};
use crate::domain::record::ValidationRecord;
use crate::domain::zone::{Content, HostedZone, RecordSet};

/// The state of one record in its hosted zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presence {
    /// A CNAME with another value exists at the record's name. It would be replaced.
    Different,
    /// There is nothing at the record's name.
    Missing,
    /// The record exists, whoever wrote it.
    Present,
}

/// The names at which a zone is read for these records: the records' own names, and every name between
/// them and the apex. An NS record set there is a zone cut.
pub fn names_to_read(
    apex: &DomainName,
    records: &BTreeSet<ValidationRecord>,
) -> BTreeSet<DomainName> {
    let below_apex = |name: &DomainName| name.depth() > apex.depth();
    records
        .iter()
        .flat_map(|record| record.name().lineage().take_while(below_apex).collect::<Vec<_>>())
        .collect()
}

/// The wildcards of a zone that may answer for a name, the nearest first.
pub fn wildcards_above(apex: &DomainName, name: &DomainName) -> Vec<DomainName> {
    let above = name.lineage().skip(1).take_while(|name| name.is_at_or_under(apex));
    above.map(|name| name.wildcard()).collect()
}

/// The wildcard that answers for a name as long as nothing exists at it or below it, if the name has no
/// record set of its own. A validation record below the name makes it exist.
///
/// Source: [RFC 4592, section 2.2.1](https://www.rfc-editor.org/rfc/rfc4592#section-2.2.1).
pub fn only_wildcard<'a>(
    apex: &DomainName,
    name: &DomainName,
    content: &'a Content,
) -> Option<&'a DomainName> {
    let nearest = wildcards_above(apex, name).into_iter().zip(name.lineage()).find_map(
        |(wildcard, below)| match content.contains_key(&below) {
            true => Some(None),
            false => content.get_key_value(&wildcard).map(|(wildcard, _)| Some(wildcard)),
        },
    );
    nearest.flatten()
}

/// Compares one record with what its zone holds.
///
/// # Errors
///
/// The [`Problem`] that prevents the record from being written: a zone cut, or another record set at
/// its name.
pub fn presence(
    record: &ValidationRecord,
    zone: &HostedZone,
    content: &Content,
) -> Result<Presence, Problem> {
    if let Some((cut, delegation)) = zone_cut(record, zone, content) {
        return Err(below_cut(zone, &cut, delegation));
    }
    let at_name = content.get(record.name()).map_or(&[][..], Vec::as_slice);
    if let Some(other) = at_name.iter().find(|set| set.kind != "CNAME") {
        return Err(taken(zone, other));
    }
    let is_right = |set: &RecordSet| matches!(set.values.as_slice(), [value] if DomainName::new(value) == *record.value());
    Ok(match at_name {
        [] => Presence::Missing,
        sets if sets.iter().all(is_right) => Presence::Present,
        _ => Presence::Different,
    })
}

/// The zone cut above a record, with its NS record set, if there is one between the record and the apex of
/// its zone. Of several it is the one nearest to the apex, which resolvers meet first.
pub fn zone_cut<'a>(
    record: &ValidationRecord,
    zone: &HostedZone,
    content: &'a Content,
) -> Option<(DomainName, &'a RecordSet)> {
    let below_apex = |name: &DomainName| name.depth() > zone.name.depth();
    let lineage = record.name().lineage().take_while(below_apex);
    let cuts = lineage.filter_map(|name| {
        let delegation = content.get(&name)?.iter().find(|set| set.kind == "NS")?;
        Some((name, delegation))
    });
    cuts.last()
}

fn below_cut(zone: &HostedZone, cut: &DomainName, delegation: &RecordSet) -> Problem {
    let message = format!(
        "{cut} is delegated to {}, so resolvers do not ask hosted zone {} ({}) for names below it: \
         publish the record where {cut} is served",
        delegation.values.join(" "),
        zone.id,
        zone.name
    );
    Problem::new(Cause::BelowZoneCut, message)
}

fn taken(zone: &HostedZone, other: &RecordSet) -> Problem {
    let message = format!(
        "a record of type {} exists at this name in hosted zone {} ({}), and a CNAME cannot exist \
         beside it: remove that record",
        other.kind, zone.id, zone.name
    );
    Problem::new(Cause::Taken, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DomainName {
        DomainName::new(text)
    }

    fn record(domain: &str) -> ValidationRecord {
        let name = format!("_x.{domain}.");
        let value = "_v.acm-validations.aws.";
        let parsed =
            ValidationRecord::parse("aws", &DomainName::new(domain), &name, "CNAME", value);
        parsed.expect(domain)
    }

    fn set(kind: &str, values: &[&str]) -> RecordSet {
        RecordSet {
            kind: kind.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    #[track_caller]
    fn check(domain: &str, sets: &[(&str, RecordSet)], expected: Result<Presence, (Cause, &str)>) {
        let mut content = Content::new();
        for (at, set) in sets {
            content.entry(name(at)).or_default().push(set.clone());
        }
        let zone = HostedZone::public("Z1", "a.com");
        match (presence(&record(domain), &zone, &content), expected) {
            (Err(problem), Err((cause, message))) => {
                assert_eq!(problem.cause, cause);
                assert!(problem.message.starts_with(message), "{}", problem.message);
            }
            (found, expected) => assert_eq!(found, expected.map_err(|_| panic!("no problem"))),
        }
    }

    #[test]
    fn a_record_is_present_however_its_value_is_spelt() {
        for value in ["_v.acm-validations.aws.", "_V.ACM-validations.aws"] {
            check("a.com", &[("_x.a.com", set("CNAME", &[value]))], Ok(Presence::Present));
        }
        let weighted = || ("_x.a.com", set("CNAME", &["_v.acm-validations.aws."]));
        check("a.com", &[weighted(), weighted()], Ok(Presence::Present));
    }

    #[test]
    fn a_record_is_missing_or_has_another_value() {
        check("a.com", &[], Ok(Presence::Missing));
        check("a.com", &[("_x.a.com", set("CNAME", &["evil.org."]))], Ok(Presence::Different));
        check("a.com", &[("_x.a.com", set("CNAME", &[]))], Ok(Presence::Different));
        let right = ("_x.a.com", set("CNAME", &["_v.acm-validations.aws."]));
        let wrong = ("_x.a.com", set("CNAME", &["_w.acm-validations.aws."]));
        check("a.com", &[right, wrong], Ok(Presence::Different));
    }

    #[test]
    fn another_type_at_the_name_is_a_problem() {
        let taken =
            Err((Cause::Taken, "a record of type TXT exists at this name in hosted zone Z1"));
        check("a.com", &[("_x.a.com", set("TXT", &["\"hi\""]))], taken);
    }

    #[test]
    fn a_record_below_a_zone_cut_is_a_problem() {
        let cut = |message| Err((Cause::BelowZoneCut, message));
        let ns = |at| (at, set("NS", &["ns.example."]));
        check("y.x.a.com", &[ns("x.a.com")], cut("x.a.com is delegated to ns.example., so"));
        check(
            "y.x.a.com",
            &[ns("y.x.a.com"), ns("x.a.com")],
            cut("x.a.com is delegated to ns.example., so"),
        );
        check("x.a.com", &[ns("_x.x.a.com")], cut("_x.x.a.com is delegated to ns.example., so"));
        check("a.com", &[ns("a.com")], Ok(Presence::Missing));
        check("x.a.com", &[ns("z.a.com")], Ok(Presence::Missing));
        check("x.a.com", &[("x.a.com", set("A", &["192.0.2.1"]))], Ok(Presence::Missing));
    }

    #[track_caller]
    fn check_wildcard(domain: &str, sets: &[&str], expected: Option<&str>) {
        let a = || vec![set("A", &["192.0.2.1"])];
        let content = sets.iter().map(|at| (name(at), a())).collect();
        let found = only_wildcard(&name("a.com"), &name(domain), &content);
        assert_eq!(found, expected.map(name).as_ref(), "{domain}");
    }

    #[test]
    fn a_name_has_only_a_wildcard_if_no_record_set_is_nearer() {
        check_wildcard("x.a.com", &["*.a.com"], Some("*.a.com"));
        check_wildcard("y.x.a.com", &["*.a.com"], Some("*.a.com"));
        check_wildcard("y.x.a.com", &["*.a.com", "*.x.a.com"], Some("*.x.a.com"));
        check_wildcard("x.a.com", &["*.a.com", "x.a.com"], None);
        check_wildcard("y.x.a.com", &["*.a.com", "x.a.com"], None);
        check_wildcard("x.a.com", &["a.com"], None);
        check_wildcard("a.com", &["*.a.com", "*.com"], None);
    }

    #[test]
    fn a_zone_is_read_between_its_apex_and_the_record() {
        let names =
            names_to_read(&name("a.com"), &BTreeSet::from([record("x.a.com"), record("a.com")]));
        assert_eq!(names, BTreeSet::from(["_x.a.com", "x.a.com", "_x.x.a.com"].map(name)));
    }
}

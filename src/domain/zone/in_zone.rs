//! The records that several certificates need in one hosted zone, which is written once for all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::problem::Problem;
use crate::domain::record::ValidationRecord;
use crate::domain::zone::HostedZone;

/// The records that several certificates need in one zone.
#[derive(Debug)]
pub struct InZone<'a> {
    /// The zone.
    pub zone: &'a HostedZone,
    /// The records.
    pub records: BTreeSet<ValidationRecord>,
    /// Those that may not be written for any of the certificates that need them, and why.
    pub refused: BTreeMap<ValidationRecord, &'a Problem>,
}

impl InZone<'_> {
    /// The records that may be written for one of the certificates at least.
    pub fn allowed(&self) -> BTreeSet<ValidationRecord> {
        let is_allowed = |record: &&ValidationRecord| !self.refused.contains_key(*record);
        self.records.iter().filter(is_allowed).cloned().collect()
    }
}

/// The records of each zone, by the zones' ids. With each record comes why it may not be written for the
/// certificate that needs it, if so.
pub fn by_zone<'a>(
    records: impl IntoIterator<Item = (&'a ValidationRecord, &'a HostedZone, Option<&'a Problem>)>,
) -> BTreeMap<&'a str, InZone<'a>> {
    let mut zones = BTreeMap::new();
    for (record, zone, refusal) in records {
        let InZone { records, refused, .. } = zones
            .entry(zone.id.as_str())
            .or_insert_with(|| InZone { zone, records: BTreeSet::new(), refused: BTreeMap::new() });
        let is_new = records.insert(record.clone());
        match refusal {
            Some(problem) if is_new => drop(refused.insert(record.clone(), problem)),
            Some(_) => {}
            None => drop(refused.remove(record)),
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::DomainName;
    use crate::domain::problem::Cause;

    fn record(domain: &str) -> ValidationRecord {
        let (name, value) = (format!("_x.{domain}."), "_v.acm-validations.aws.");
        let parsed =
            ValidationRecord::parse("aws", &DomainName::new(domain), &name, "CNAME", value);
        parsed.expect(domain)
    }

    /// Checks which of these records, each with whether it may be written, may be written to one zone.
    #[track_caller]
    fn check(records: &[(&str, bool)], allowed: &[&str]) {
        let zone = HostedZone::public("Z1", "a.com");
        let problem = Problem::new(Cause::NotAllowed, "not listed");
        let records: Vec<_> = records.iter().map(|(name, may)| (record(name), *may)).collect();
        let records = records.iter();
        let zones =
            by_zone(records.map(|(record, may)| (record, &zone, (!may).then_some(&problem))));
        let expected = allowed.iter().map(|name| record(name)).collect();
        assert_eq!(zones["Z1"].allowed(), expected);
    }

    #[test]
    fn a_refused_record_is_not_written_beside_one_that_is_allowed() {
        check(&[("a.com", true), ("x.a.com", false)], &["a.com"]);
        check(&[("a.com", false), ("x.a.com", true)], &["x.a.com"]);
        check(&[("a.com", false), ("a.com", false)], &[]);
    }

    #[test]
    fn a_record_that_two_certificates_share_is_written_if_one_of_them_may_have_it() {
        for shared in [[true, false], [false, true]] {
            check(&shared.map(|may| ("a.com", may)), &["a.com"]);
        }
        check(&[("a.com", false), ("a.com", true), ("a.com", false)], &["a.com"]);
    }

    #[test]
    fn each_zone_has_its_own_records() {
        let [one, two] = [HostedZone::public("Z1", "a.com"), HostedZone::public("Z2", "b.com")];
        let problem = Problem::new(Cause::NotAllowed, "not listed");
        let [a, b] = ["a.com", "b.com"].map(record);
        let zones = by_zone([(&a, &one, Some(&problem)), (&b, &two, None)]);
        let allowed = |id: &str| zones[id].allowed().len();
        assert_eq!((zones.len(), allowed("Z1"), allowed("Z2")), (2, 0, 1));
    }
}

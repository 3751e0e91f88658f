//! Decides what a hosted zone still lacks, from what stands in it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::DomainName;
use crate::record::ValidationRecord;

/// A resource record set that stands in a zone, as far as we compare it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordSet {
    /// `CNAME`, `NS`, `A`, …
    pub kind: String,
    /// Its values; none for an alias.
    pub values: Vec<String>,
}

/// What stands in a zone at the names that were asked for.
pub type Content = BTreeMap<DomainName, Vec<RecordSet>>;

/// What a zone's content means for one record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The world does not look into this zone for the name: it is delegated away.
    BelowCut {
        /// Where the zone ends.
        at: DomainName,
        /// The name servers it is delegated to.
        to: Vec<String>,
    },
    /// It is missing, or points elsewhere.
    Lacking,
    /// It is there already, whoever put it there.
    Right,
    /// Something other than a CNAME stands at its name.
    Taken {
        /// For example `TXT`.
        kind: String,
    },
}

/// The names at which a zone must be read to judge these records: the records' own, and every name
/// between them and the apex, where an NS record set would be a zone cut.
pub fn waypoints(apex: &DomainName, records: &BTreeSet<ValidationRecord>) -> BTreeSet<DomainName> {
    let below = |name: &DomainName| name.depth() > apex.depth();
    records
        .iter()
        .flat_map(|record| record.name().lineage().take_while(below).collect::<Vec<_>>())
        .collect()
}

/// Judges one record by what stands in its zone.
pub fn standing(record: &ValidationRecord, apex: &DomainName, content: &Content) -> Standing {
    let sets = |name: &DomainName| content.get(name).map_or(&[][..], Vec::as_slice);
    let below = |name: &DomainName| name.depth() > apex.depth();
    let cut = record
        .name()
        .lineage()
        .take_while(below)
        .filter_map(|name| {
            let delegation = sets(&name).iter().find(|set| set.kind == "NS")?;
            Some(Standing::BelowCut { to: delegation.values.clone(), at: name })
        })
        .last();
    if let Some(cut) = cut {
        return cut;
    }
    let here = sets(record.name());
    let (aliases, others): (Vec<_>, Vec<_>) = here.iter().partition(|set| set.kind == "CNAME");
    if let Some(other) = others.first() {
        return Standing::Taken { kind: other.kind.clone() };
    }
    let right = |set: &&RecordSet| matches!(set.values.as_slice(), [value] if DomainName::new(value) == *record.value());
    if !aliases.is_empty() && aliases.iter().all(right) {
        Standing::Right
    } else {
        Standing::Lacking
    }
}

//! Decides which hosted zone a validation record belongs in. Pure: no I/O, no clock, no failure.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Trouble;
use crate::name::DomainName;
use crate::record::ValidationRecord;
use crate::settings::Tag;

pub mod batch;
pub mod content;

/// The certificate's tag that names its hosted zones: one id or several, separated by spaces.
///
/// A tag is the only channel for one certificate that survives every tool that requests them.
pub const HOSTED_ZONE_TAG: &str = "acm-dns-validator:hosted-zone-id";

/// A hosted zone, as far as the choice depends on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostedZone {
    /// Without `/hostedzone/`: `Z1D633PJN98FT9`.
    pub id: String,
    /// Its apex.
    pub name: DomainName,
    /// Whose credentials reach it.
    pub access: Access,
    /// Served to VPCs only, where ACM never looks.
    pub private: bool,
    /// The AWS service that owns it, in which case nobody else can edit it.
    pub linked_service: Option<String>,
    /// Its tags, where they were asked for.
    pub tags: BTreeMap<String, String>,
}

/// Whose credentials reach a hosted zone.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Access {
    /// The function's own.
    Own,
    /// Those of this role.
    Role(String),
}

/// Everything that was found out about hosted zones.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Survey {
    /// Zones whose name some record lies under, of every account that could be asked.
    pub zones: Vec<HostedZone>,
    /// What became of each id in the certificate's tag.
    pub tagged: BTreeMap<String, Tagged>,
    /// Why an account could not be asked: a zone of it may be the one.
    pub unseen: Vec<Trouble>,
}

/// What became of an id in the certificate's tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tagged {
    /// There is no such zone.
    Missing,
    /// It could not be looked up.
    Unseen(Trouble),
    /// Here it is.
    Zone(HostedZone),
}

/// Where every record goes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Assignment {
    /// Records by the hosted zone that is to hold them.
    pub homes: Vec<(HostedZone, BTreeSet<ValidationRecord>)>,
    /// Records without one, and why.
    pub homeless: BTreeMap<ValidationRecord, Trouble>,
    /// What is wrong with the certificate's tag, if anything.
    pub remarks: Vec<String>,
}

/// Finds the home of every record. In order: the zones that the certificate's tag names, then the
/// longest match by whole labels among all zones. Only public zones that nobody else manages and
/// that carry `required`, where it is set, come into question. Where that leaves several, it
/// refuses to guess.
///
/// `names` are all the names of the certificate, without `*.`.
pub fn assign(
    records: &BTreeSet<ValidationRecord>,
    names: &[DomainName],
    survey: &Survey,
    required: Option<&Tag>,
) -> Assignment {
    let mut assignment = Assignment::default();
    let mut tagged = Vec::new();
    let mut misnamed: Option<Trouble> = None;
    let mut unseen = None;
    for (id, found) in &survey.tagged {
        let trouble = match found {
            Tagged::Zone(zone) => match unfit(zone, required) {
                None if names.iter().any(|name| name.is_at_or_under(&zone.name)) => {
                    tagged.push(zone);
                    continue;
                }
                None => Trouble::standing(format!(
                    "hosted zone {id} ({}) holds none of the certificate's names",
                    zone.name
                )),
                Some(why) => Trouble::standing(format!("hosted zone {id} ({}) {why}", zone.name)),
            },
            Tagged::Missing => Trouble::standing(format!("there is no hosted zone {id}")),
            Tagged::Unseen(trouble) => trouble.clone(),
        };
        let remark = format!("the certificate's tag {HOSTED_ZONE_TAG}: {}", trouble.message);
        assignment.remarks.push(remark.clone());
        let trouble = Trouble { message: remark, ..trouble };
        if let Tagged::Unseen(_) = found {
            unseen = Some(trouble.clone());
        }
        misnamed.get_or_insert(trouble);
    }
    for record in records {
        // A zone that could not be looked up may be the one, however well another fits.
        let among_tagged =
            unseen.clone().map_or_else(|| choose(record, tagged.iter().copied()), Err);
        let choice = match among_tagged {
            Ok(None) => match &misnamed {
                // The owner meant some zone for this name, and not the one we would find.
                Some(trouble) => Err(trouble.clone()),
                None => by_name(record, survey, required),
            },
            choice => choice.map(|zone| zone.cloned()),
        };
        match choice {
            Ok(Some(zone)) => match assignment.homes.iter_mut().find(|(home, _)| *home == zone) {
                Some((_, records)) => {
                    records.insert(record.clone());
                }
                None => assignment.homes.push((zone, BTreeSet::from([record.clone()]))),
            },
            Ok(None) => {
                assignment.homeless.insert(record.clone(), none_holds(record, survey, required));
            }
            Err(trouble) => {
                assignment.homeless.insert(record.clone(), trouble);
            }
        }
    }
    assignment
}

/// The names whose zones could hold these records, at which a lookup by name has to stop.
///
/// Route 53 has no public zones of top-level domains, so none is looked for. Source:
/// [CreateHostedZone](https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html).
pub fn candidates(records: &BTreeSet<ValidationRecord>) -> BTreeSet<DomainName> {
    let apexes =
        records.iter().flat_map(|record| record.name().lineage().skip(1).collect::<Vec<_>>());
    apexes.filter(|name| name.depth() >= 2).collect()
}

fn by_name(
    record: &ValidationRecord,
    survey: &Survey,
    required: Option<&Tag>,
) -> Result<Option<HostedZone>, Trouble> {
    if let Some(trouble) = survey.unseen.iter().max_by_key(|trouble| trouble.standing) {
        return Err(trouble.clone());
    }
    let fit = survey.zones.iter().filter(|zone| unfit(zone, required).is_none());
    choose(record, fit).map(|zone| zone.cloned())
}

/// The zone with the longest name that holds the record.
fn choose<'a>(
    record: &ValidationRecord,
    zones: impl Iterator<Item = &'a HostedZone>,
) -> Result<Option<&'a HostedZone>, Trouble> {
    let holding: Vec<_> = zones.filter(|zone| record.name().is_at_or_under(&zone.name)).collect();
    let deepest = holding.iter().map(|zone| zone.name.depth()).max();
    let mut longest = holding.into_iter().filter(|zone| Some(zone.name.depth()) == deepest);
    match (longest.next(), longest.next()) {
        (zone, None) => Ok(zone),
        (Some(one), Some(other)) => {
            let mut ids = vec![one.id.as_str(), other.id.as_str()];
            ids.extend(longest.map(|zone| zone.id.as_str()));
            ids.sort_unstable();
            Err(Trouble::standing(format!(
                "hosted zones {} are all public and named {}, and nothing tells which one the world \
                 sees: name one in the certificate's tag {HOSTED_ZONE_TAG}, or tag one and set \
                 HOSTED_ZONE_TAG",
                ids.join(", "),
                one.name
            )))
        }
        (None, Some(_)) => Ok(None),
    }
}

/// Why nothing may be written to a zone, if so.
fn unfit(zone: &HostedZone, required: Option<&Tag>) -> Option<String> {
    if zone.private {
        return Some("is private, and ACM looks at public DNS only".to_owned());
    }
    if let Some(service) = &zone.linked_service {
        return Some(format!("is managed by {service}, and nobody else can edit it"));
    }
    let required = required.filter(|tag| !tag.is_among(&zone.tags));
    required.map(|tag| format!("does not carry the tag {tag} (HOSTED_ZONE_TAG)"))
}

fn none_holds(record: &ValidationRecord, survey: &Survey, required: Option<&Tag>) -> Trouble {
    let almost = survey
        .zones
        .iter()
        .filter(|zone| record.name().is_at_or_under(&zone.name))
        .filter_map(|zone| Some(format!("{} ({}) {}", zone.id, zone.name, unfit(zone, required)?)))
        .collect::<Vec<_>>();
    Trouble::standing(match almost.as_slice() {
        [] => "no hosted zone holds the name: create one that public DNS delegates to, or publish \
               the record where the name is served"
            .to_owned(),
        almost => {
            format!("no hosted zone that could hold the name may be used: {}", almost.join("; "))
        }
    })
}

#[cfg(test)]
mod tests;

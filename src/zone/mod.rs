//! Decides which hosted zone a validation record belongs in. Pure: no I/O, no clock, no failure.

use std::collections::{BTreeMap, BTreeSet};

use crate::certificate::Certificate;
use crate::error::{Cause, Trouble};
use crate::name::DomainName;
use crate::record::ValidationRecord;
use crate::settings::Tag;

pub mod batch;
pub mod caa;
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
    /// Zones whose name some record lies under, by that name, of every account that could be asked.
    pub zones: BTreeMap<DomainName, Vec<HostedZone>>,
    /// What became of each id in the tag of a certificate.
    pub tagged: BTreeMap<String, Tagged>,
    /// Why an account could not be asked: a zone of it may be the one.
    pub unseen: Vec<Trouble>,
}

/// What became of an id in a certificate's tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tagged {
    /// There is no such zone.
    Missing,
    /// It could not be looked up.
    Unseen(Trouble),
    /// Here it is.
    Zone(HostedZone),
}

/// What one certificate asks of hosted zones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim<'a> {
    /// The records it needs.
    pub records: &'a BTreeSet<ValidationRecord>,
    /// All its names, without `*.`.
    pub names: Vec<DomainName>,
    /// The zones its tag names, if it has one.
    pub ids: BTreeSet<&'a str>,
}

/// Where every record of one certificate goes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Assignment<'a> {
    /// The hosted zone that is to hold each record.
    pub homes: BTreeMap<ValidationRecord, &'a HostedZone>,
    /// Records without one, and why.
    pub homeless: BTreeMap<ValidationRecord, Trouble>,
    /// What is wrong with the certificate's tag, if anything.
    pub remarks: Vec<String>,
}

impl<'a> Claim<'a> {
    /// What a certificate asks for that needs these records.
    pub fn new(certificate: &'a Certificate, records: &'a BTreeSet<ValidationRecord>) -> Self {
        let tag = certificate.tags.get(HOSTED_ZONE_TAG).map_or("", String::as_str);
        let plain = |id: &'a str| id.strip_prefix("/hostedzone/").unwrap_or(id);
        Self {
            records,
            names: certificate.names.iter().map(DomainName::without_wildcard).collect(),
            ids: tag.split_whitespace().map(plain).collect(),
        }
    }
}

/// Finds the home of every record. In order: the zones that the certificate's tag names, then the
/// longest match by whole labels among all zones. Only public zones that nobody else manages and
/// that carry `required`, where it is set, come into question. Where that leaves several, it
/// refuses to guess.
pub fn assign<'a>(claim: &Claim<'_>, survey: &'a Survey, required: Option<&Tag>) -> Assignment<'a> {
    let mut assignment = Assignment::default();
    let mut tagged = Vec::new();
    let mut misnamed: Option<Trouble> = None;
    let mut unseen = None;
    for (id, found) in claim.ids.iter().filter_map(|id| survey.tagged.get_key_value(*id)) {
        let wrong = |message| Trouble::new(Cause::WrongTag, message);
        let trouble = match found {
            Tagged::Zone(zone) => match unfit(zone, required) {
                None if claim.names.iter().any(|name| name.is_at_or_under(&zone.name)) => {
                    tagged.push(zone);
                    continue;
                }
                None => wrong(format!(
                    "hosted zone {id} ({}) holds none of the certificate's names",
                    zone.name
                )),
                Some(why) => wrong(format!("hosted zone {id} ({}) {why}", zone.name)),
            },
            Tagged::Missing => wrong(format!("there is no hosted zone {id}")),
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
    for record in claim.records {
        // A zone that could not be looked up may be the one, however well another fits.
        let among_tagged =
            unseen.clone().map_or_else(|| choose(record, tagged.iter().copied()), Err);
        let choice = match among_tagged {
            Ok(None) => match &misnamed {
                // The owner meant some zone for this name, and not the one we would find.
                Some(trouble) => Err(trouble.clone()),
                None => by_name(record, survey, required),
            },
            choice => choice,
        };
        match choice {
            Ok(Some(zone)) => {
                assignment.homes.insert(record.clone(), zone);
            }
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
pub fn candidates<'a>(
    records: impl IntoIterator<Item = &'a ValidationRecord>,
) -> BTreeSet<DomainName> {
    let mut names = BTreeSet::new();
    for record in records {
        // Once a name was there, so were all above it.
        let apexes = record.name().lineage().skip(1).filter(|name| name.depth() >= 2);
        apexes.take_while(|name| names.insert(name.clone())).for_each(drop);
    }
    names
}

fn by_name<'a>(
    record: &ValidationRecord,
    survey: &'a Survey,
    required: Option<&Tag>,
) -> Result<Option<&'a HostedZone>, Trouble> {
    if let Some(trouble) = survey.unseen.iter().max_by_key(|trouble| trouble.is_standing()) {
        return Err(trouble.clone());
    }
    choose(record, survey.above(record).filter(|zone| unfit(zone, required).is_none()))
}

impl Survey {
    /// The zones whose name a record lies under, the longest names first.
    pub fn above(&self, record: &ValidationRecord) -> impl Iterator<Item = &HostedZone> {
        let names: Vec<_> = record.name().lineage().collect();
        names.into_iter().filter_map(|name| self.zones.get(&name)).flatten()
    }
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
            let message = format!(
                "hosted zones {} are all public and named {}, and nothing tells which one the world \
                 sees: name one in the certificate's tag {HOSTED_ZONE_TAG}, or tag one and set \
                 HOSTED_ZONE_TAG",
                ids.join(", "),
                one.name
            );
            Err(Trouble::new(Cause::Ambiguous, message))
        }
        (None, Some(_)) => Ok(None),
    }
}

/// Why nothing may be written to a zone, if so.
pub(crate) fn unfit(zone: &HostedZone, required: Option<&Tag>) -> Option<String> {
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
        .above(record)
        .filter_map(|zone| Some(format!("{} ({}) {}", zone.id, zone.name, unfit(zone, required)?)))
        .collect::<Vec<_>>();
    let message = match almost.as_slice() {
        [] => "no hosted zone holds the name: create one that public DNS delegates to, or publish \
               the record where the name is served"
            .to_owned(),
        almost => {
            format!("no hosted zone that could hold the name may be used: {}", almost.join("; "))
        }
    };
    Trouble::new(Cause::NoZone, message)
}

#[cfg(test)]
mod tests;

//! Decides which hosted zone a validation record belongs in.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::arn::is_partition;
use crate::domain::name::DomainName;
use crate::domain::problem::{Cause, Problem};
use crate::domain::record::ValidationRecord;
use crate::domain::tag::Tag;
use crate::domain::text::quote;
use crate::domain::zone::HostedZone;

/// The certificate's tag that names its hosted zones: one id or several, separated by spaces.
///
/// Every tool that requests certificates can set tags, so a tag reaches the function from all of them.
pub const HOSTED_ZONE_TAG: &str = "acm-dns-validator:hosted-zone-id";

/// The hosted zones that were found for some certificates.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Discovery {
    /// The zones of all accounts that could be read whose name is that of a record or above it, by
    /// that name.
    pub zones: BTreeMap<DomainName, Vec<HostedZone>>,
    /// The zones that the certificates' tags name, by id.
    pub tagged: BTreeMap<String, TaggedZone>,
    /// The problems of accounts that could not be read. Such an account may have the right zone.
    pub unreadable: Vec<Problem>,
}

/// A hosted zone that a certificate's tag names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TaggedZone {
    /// The zone exists.
    Found(HostedZone),
    /// There is no zone with this id.
    Missing,
    /// The zone could not be read.
    Unreadable(Problem),
}

/// What one certificate requires of hosted zones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requirements<'a> {
    /// The records that the certificate needs.
    pub records: &'a BTreeSet<ValidationRecord>,
    /// All names of the certificate, without `*.`.
    pub names: Vec<DomainName>,
    /// The ids of the zones that the certificate's tag names, [`MAX_IDS`] at most.
    pub zone_ids: BTreeSet<&'a str>,
    /// How many further ids the tag names.
    pub ids_ignored: usize,
}

/// How many ids of the tag are looked at. Anybody who may request a certificate can set the tag, and each
/// id costs a call for every account that may have the zone, at every check.
pub const MAX_IDS: usize = 5;

/// The hosted zone of each record of one certificate.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Assignment<'a> {
    /// The records that have a zone.
    pub assigned: BTreeMap<ValidationRecord, &'a HostedZone>,
    /// The records that have none, and why.
    pub unassigned: BTreeMap<ValidationRecord, Problem>,
    /// What is wrong with the certificate's tag, if anything.
    pub remarks: Vec<String>,
}

impl<'a> Requirements<'a> {
    /// The requirements of a certificate with these names that needs these records; `tag` is the value
    /// of its tag [`HOSTED_ZONE_TAG`].
    pub fn new(
        records: &'a BTreeSet<ValidationRecord>,
        names: &[DomainName],
        tag: Option<&'a String>,
    ) -> Self {
        let tag = tag.map_or("", String::as_str);
        let mut known = BTreeSet::new();
        let ids: Vec<_> = zone_ids(tag).filter(|id| known.insert(*id)).collect();
        Self {
            records,
            names: names.iter().map(DomainName::without_wildcard).collect(),
            zone_ids: ids.iter().take(MAX_IDS).copied().collect(),
            ids_ignored: ids.len().saturating_sub(MAX_IDS),
        }
    }
}

/// Assigns a hosted zone to each record: one of the zones that the certificate's tag names, else the
/// zone with the longest match by whole labels. Only public zones that no AWS service manages are
/// considered and, if `required` is set, only zones with that tag. If several zones match equally
/// well, the record gets none.
pub fn assign<'a>(
    requirements: &Requirements<'_>,
    discovery: &'a Discovery,
    required: Option<&Tag>,
) -> Assignment<'a> {
    let mut assignment = Assignment::default();
    let mut tagged = Vec::new();
    let mut wrong_tag: Option<Problem> = None;
    let mut unreadable = None;
    if requirements.ids_ignored > 0 {
        let named = MAX_IDS + requirements.ids_ignored;
        let remark = format!(
            "the certificate's tag {HOSTED_ZONE_TAG} names {named} hosted zones, and only the first \
             {MAX_IDS} are looked at"
        );
        assignment.remarks.push(remark.clone());
        wrong_tag = Some(Problem::new(Cause::WrongTag, remark));
    }
    let ids = requirements.zone_ids.iter();
    for (id, found) in ids.filter_map(|id| discovery.tagged.get_key_value(*id)) {
        let wrong = |message| Problem::new(Cause::WrongTag, message);
        let problem = match found {
            TaggedZone::Found(zone) => match unusable(zone, required) {
                None if requirements.names.iter().any(|name| name.is_at_or_under(&zone.name)) => {
                    tagged.push(zone);
                    continue;
                }
                None => wrong(format!(
                    "hosted zone {id} ({}) can hold none of the certificate's names",
                    zone.name
                )),
                Some(why) => wrong(format!("hosted zone {id} ({}) {why}", zone.name)),
            },
            TaggedZone::Missing => wrong(no_such_zone(id)),
            TaggedZone::Unreadable(problem) => problem.clone(),
        };
        let remark = format!("the certificate's tag {HOSTED_ZONE_TAG}: {}", problem.message);
        assignment.remarks.push(remark.clone());
        let problem = Problem { message: remark, ..problem };
        if let TaggedZone::Unreadable(_) = found {
            unreadable = Some(problem.clone());
        }
        wrong_tag.get_or_insert(problem);
    }
    for record in requirements.records {
        // A zone that could not be read may be the right one, however well another matches.
        let among_tagged =
            unreadable.clone().map_or_else(|| choose(record, tagged.iter().copied()), Err);
        let choice = match among_tagged {
            Ok(None) => match &wrong_tag {
                // The tag names a zone for this name, and it may not be the one found by name.
                Some(problem) => Err(problem.clone()),
                None => by_name(record, discovery, required),
            },
            choice => choice,
        };
        match choice {
            Ok(Some(zone)) => drop(assignment.assigned.insert(record.clone(), zone)),
            Ok(None) => {
                let problem = no_zone(record, discovery, required);
                assignment.unassigned.insert(record.clone(), problem);
            }
            Err(problem) => drop(assignment.unassigned.insert(record.clone(), problem)),
        }
    }
    assignment
}

/// The ids in the certificate's tag, as people write them: separated by spaces or by the characters
/// `+`, `:` and `/` (ACM's tags allow no comma), each alone, with `/hostedzone/`, or as an ARN.
fn zone_ids(tag: &str) -> impl Iterator<Item = &str> {
    let separators = |it: char| it.is_whitespace() || ['+', ':', '/', ',', ';'].contains(&it);
    let words = tag.split(separators).filter(|word| !word.is_empty());
    // `arn:aws:route53:::hostedzone/Z1`: the words of an ARN that are no id.
    words.filter(|word| !(["arn", "route53", "hostedzone"].contains(word) || is_partition(word)))
}

/// Why there is no hosted zone with this id.
fn no_such_zone(id: &str) -> String {
    let upper = id.to_ascii_uppercase();
    let id = quote(id);
    if id.contains('.') {
        format!("{id} is a domain name; the tag takes the id of a hosted zone")
    } else if id != upper && upper.starts_with('Z') {
        format!("there is no hosted zone {id}: the letters of an id are capital letters ({upper})")
    } else {
        format!("there is no hosted zone {id}")
    }
}

/// What to do about a record below a zone cut, if the zone at the cut is one of these.
pub fn child_zone_advice(zones: &[HostedZone], required: Option<&Tag>) -> Option<String> {
    let private_last = |zone: &&HostedZone| (zone.private, zone.linked_service.is_some());
    let zone = zones.iter().min_by_key(private_last)?;
    let HostedZone { id, name, .. } = zone;
    Some(match unusable(zone, required) {
        Some(why) => format!("hosted zone {id} ({name}) {why}"),
        None => format!(
            "hosted zone {id} ({name}) can hold it: add that id to the certificate's tag \
             {HOSTED_ZONE_TAG}, or remove the tag"
        ),
    })
}

/// The names of the zones that could hold these records.
///
/// Route 53 has no public zones of top-level domains, so they are left out. Source:
/// [CreateHostedZone](https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html).
pub fn zone_names<'a>(
    records: impl IntoIterator<Item = &'a ValidationRecord>,
) -> BTreeSet<DomainName> {
    let mut names = BTreeSet::new();
    for record in records {
        // If a name is in the set, all names above it are.
        let apexes = record.name().lineage().skip(1).filter(|name| name.depth() >= 2);
        apexes.take_while(|name| names.insert(name.clone())).for_each(drop);
    }
    names
}

fn by_name<'a>(
    record: &ValidationRecord,
    discovery: &'a Discovery,
    required: Option<&Tag>,
) -> Result<Option<&'a HostedZone>, Problem> {
    if let Some(problem) = discovery.unreadable.iter().max_by_key(|it| it.is_permanent()) {
        let message = format!(
            "{}; this account may have the right hosted zone, so no other is used: to name the right \
             one, set the certificate's tag {HOSTED_ZONE_TAG} to its id",
            problem.message
        );
        return Err(Problem { message, ..problem.clone() });
    }
    choose(record, discovery.above(record).filter(|zone| unusable(zone, required).is_none()))
}

impl Discovery {
    /// What is known if the invocation ran out of time: nothing.
    pub fn out_of_time() -> Self {
        Self { unreadable: vec![Problem::out_of_time()], ..Self::default() }
    }

    /// The zones whose name is that of a record or above it, the longest names first.
    pub fn above(&self, record: &ValidationRecord) -> impl Iterator<Item = &HostedZone> {
        let names: Vec<_> = record.name().lineage().collect();
        names.into_iter().filter_map(|name| self.zones.get(&name)).flatten()
    }
}

/// The zone with the longest name that can hold the record.
fn choose<'a>(
    record: &ValidationRecord,
    zones: impl Iterator<Item = &'a HostedZone>,
) -> Result<Option<&'a HostedZone>, Problem> {
    let able: Vec<_> = zones.filter(|zone| record.name().is_at_or_under(&zone.name)).collect();
    let deepest = able.iter().map(|zone| zone.name.depth()).max();
    let mut longest = able.into_iter().filter(|zone| Some(zone.name.depth()) == deepest);
    match (longest.next(), longest.next()) {
        (zone, None) => Ok(zone),
        (Some(one), Some(other)) => {
            let mut ids = vec![one.id.as_str(), other.id.as_str()];
            ids.extend(longest.map(|zone| zone.id.as_str()));
            ids.sort_unstable();
            let ids = a_few(&ids, ", ");
            let message = format!(
                "hosted zones {ids} are public zones of the same name {}, and it is unknown which one \
                 public DNS uses: set the certificate's tag {HOSTED_ZONE_TAG} to the id of one, or \
                 tag one and set HOSTED_ZONE_TAG",
                one.name
            );
            Err(Problem::new(Cause::Ambiguous, message))
        }
        (None, Some(_)) => Ok(None),
    }
}

/// Why nothing may be written to a zone, if so.
pub fn unusable(zone: &HostedZone, required: Option<&Tag>) -> Option<String> {
    if zone.private {
        return Some("is private, and ACM asks public DNS only".to_owned());
    }
    if let Some(service) = &zone.linked_service {
        return Some(format!("is managed by {service}, and nobody else can edit it"));
    }
    let required = required.filter(|tag| !tag.is_among(&zone.tags));
    required.map(|tag| format!("does not have the tag {tag} (HOSTED_ZONE_TAG)"))
}

/// The first of these texts, and how many more there are: a message stays short, however many zones
/// have one name.
fn a_few(texts: &[impl AsRef<str>], separator: &str) -> String {
    const FEW: usize = 5;
    let mut few: Vec<_> = texts.iter().take(FEW).map(|it| it.as_ref().to_owned()).collect();
    if texts.len() > FEW {
        few.push(format!("and {} more", texts.len() - FEW));
    }
    few.join(separator)
}

fn no_zone(record: &ValidationRecord, discovery: &Discovery, required: Option<&Tag>) -> Problem {
    let almost = discovery
        .above(record)
        .filter_map(|zone| {
            Some(format!("{} ({}) {}", zone.id, zone.name, unusable(zone, required)?))
        })
        .collect::<Vec<_>>();
    let message = match almost.as_slice() {
        [] => "no hosted zone can hold the name: create one that public DNS delegates to, or \
               publish the record where the name is served"
            .to_owned(),
        almost => {
            format!("no hosted zone that can hold the name may be used: {}", a_few(almost, "; "))
        }
    };
    Problem::new(Cause::NoZone, message)
}

#[cfg(test)]
mod tests;

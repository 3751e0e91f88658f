//! Finds the hosted zones that a record may belong in: those that the certificate's tag names, else those
//! whose name is the record's or above it.

use std::collections::BTreeMap;

use crate::domain::name::DomainName;
use crate::domain::problem::{Cause, Problem};
use crate::domain::record::ValidationRecord;
use crate::domain::tag::Tag;
use crate::domain::text::quote;
use crate::domain::zone::HostedZone;
use crate::domain::zone::discovery::{Discovery, TaggedZone};
use crate::domain::zone::requirements::{HOSTED_ZONE_TAG, MAX_IDS, Requirements};

/// The hosted zones that one record may belong in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Candidates<'a> {
    /// The zones.
    pub zones: Vec<&'a HostedZone>,
    /// Why there may be others: an account could not be read.
    pub incomplete: Option<Problem>,
}

impl<'a> Candidates<'a> {
    /// Whether public DNS can tell more than the zones' names: which of several zones is the right one,
    /// or that one is, whatever an account that could not be read has.
    pub fn is_doubtful(&self) -> bool {
        match self.zones.len() {
            0 => false,
            1 => self.incomplete.is_some(),
            _ => true,
        }
    }

    /// The zones whose name servers decide, if this is the apex that answers. None if its name decides
    /// alone; all, if it is none of theirs and a person has to compare.
    pub fn to_compare(&self, apex: &DomainName) -> Vec<&'a HostedZone> {
        let zones = self.zones.iter().copied();
        let at_apex: Vec<_> = zones.filter(|zone| zone.name == *apex).collect();
        match at_apex.len() {
            0 => self.zones.clone(),
            1 if self.incomplete.is_none() => Vec::new(),
            _ => at_apex,
        }
    }
}

/// The hosted zones that the tag of one certificate names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Tagged<'a> {
    usable: Vec<&'a HostedZone>,
    wrong: Option<Problem>,
    unreadable: Option<Problem>,
    /// What is wrong with the tag, if anything.
    pub(super) remarks: Vec<String>,
}

impl<'a> Tagged<'a> {
    /// Looks up the zones that the tag names. Of those that cannot be used, the remarks tell why.
    pub(super) fn new(
        requirements: &Requirements<'_>,
        discovery: &'a Discovery,
        required: Option<&Tag>,
    ) -> Self {
        let mut this = Self::default();
        if requirements.ids_ignored > 0 {
            let named = MAX_IDS + requirements.ids_ignored;
            let remark = format!(
                "the certificate's tag {HOSTED_ZONE_TAG} names {named} hosted zones, and only the \
                 first {MAX_IDS} are looked at"
            );
            this.remarks.push(remark.clone());
            this.wrong = Some(Problem::new(Cause::WrongTag, remark));
        }
        let ids = requirements.zone_ids.iter();
        for (id, found) in ids.filter_map(|id| discovery.tagged.get_key_value(*id)) {
            let wrong = |message| Problem::new(Cause::WrongTag, message);
            let problem = match found {
                TaggedZone::Found(zone) => match unusable(zone, required) {
                    None if requirements.names.iter().any(|it| it.is_at_or_under(&zone.name)) => {
                        this.usable.push(zone);
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
            this.remarks.push(remark.clone());
            let problem = Problem { message: remark, ..problem };
            if let TaggedZone::Unreadable(_) = found {
                this.unreadable = Some(problem.clone());
            }
            this.wrong.get_or_insert(problem);
        }
        this
    }

    /// The zones that a record may belong in.
    ///
    /// # Errors
    ///
    /// What is wrong with the tag, if it may name a zone for this record.
    pub(super) fn candidates(
        &self,
        record: &ValidationRecord,
        discovery: &'a Discovery,
        required: Option<&Tag>,
    ) -> Result<Candidates<'a>, Problem> {
        // A zone that could not be read may be the right one, however well another matches.
        if let Some(problem) = &self.unreadable {
            return Err(problem.clone());
        }
        let usable = self.usable.iter().copied();
        let zones: Vec<_> = usable.filter(|it| record.name().is_at_or_under(&it.name)).collect();
        match &self.wrong {
            _ if !zones.is_empty() => Ok(Candidates { zones, incomplete: None }),
            // The tag names a zone for this name, and it may not be the one found by name.
            Some(problem) => Err(problem.clone()),
            None => Ok(by_name(record, discovery, required)),
        }
    }
}

/// The records of one certificate whose zone it takes public DNS to choose, by their names.
pub fn doubtful<'a>(
    requirements: &Requirements<'_>,
    discovery: &'a Discovery,
    required: Option<&Tag>,
) -> BTreeMap<DomainName, Candidates<'a>> {
    let tagged = Tagged::new(requirements, discovery, required);
    let candidates = |record: &ValidationRecord| {
        let candidates = tagged.candidates(record, discovery, required).ok()?;
        candidates.is_doubtful().then(|| (record.name().clone(), candidates))
    };
    requirements.records.iter().filter_map(candidates).collect()
}

fn by_name<'a>(
    record: &ValidationRecord,
    discovery: &'a Discovery,
    required: Option<&Tag>,
) -> Candidates<'a> {
    let zones =
        discovery.above(record.name()).filter(|zone| unusable(zone, required).is_none()).collect();
    let incomplete = discovery.unreadable.iter().max_by_key(|it| it.is_permanent());
    Candidates { zones, incomplete: incomplete.cloned() }
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

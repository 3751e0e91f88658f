//! Decides which hosted zone a validation record belongs in.

use std::collections::BTreeMap;

use crate::domain::problem::{Cause, Problem};
use crate::domain::record::ValidationRecord;
use crate::domain::tag::Tag;
use crate::domain::text::a_few;
use crate::domain::zone::HostedZone;
use crate::domain::zone::candidates::{Candidates, Tagged, unusable};
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::public_dns::{PublicDns, Sight};
use crate::domain::zone::requirements::{HOSTED_ZONE_TAG, Requirements};

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

impl<'a> Assignment<'a> {
    /// The zones that have records, once each.
    pub fn zones(&self) -> Vec<&'a HostedZone> {
        let zones = self.assigned.values().map(|zone| (&zone.id, *zone));
        zones.collect::<BTreeMap<_, _>>().into_values().collect()
    }
}

/// Assigns a hosted zone to each record: one of the zones that the certificate's tag names, else one of
/// those whose name is the record's or above it. Only public zones that no AWS service manages are
/// considered and, if `required` is set, only zones with that tag.
///
/// Of several zones, the record gets the one that public DNS asks. If nothing is known of public DNS, it
/// gets the one with the longest name; if several have that name, none.
pub fn assign<'a>(
    requirements: &Requirements<'_>,
    discovery: &'a Discovery,
    required: Option<&Tag>,
) -> Assignment<'a> {
    let tagged = Tagged::new(requirements, discovery, required);
    let mut assignment = Assignment { remarks: tagged.remarks.clone(), ..Assignment::default() };
    for record in requirements.records {
        let choice = tagged
            .candidates(record, discovery, required)
            .and_then(|candidates| choose(record, candidates, &discovery.public))
            .and_then(|zone| zone.ok_or_else(|| no_zone(record, discovery, required)));
        match choice {
            Ok(zone) => drop(assignment.assigned.insert(record.clone(), zone)),
            Err(problem) => drop(assignment.unassigned.insert(record.clone(), problem)),
        }
    }
    assignment
}

/// The zone that public DNS asks for a record, else the one with the longest name.
fn choose<'a>(
    record: &ValidationRecord,
    candidates: Candidates<'a>,
    public: &PublicDns,
) -> Result<Option<&'a HostedZone>, Problem> {
    let Candidates { zones, incomplete } = candidates;
    let name = record.name();
    if let Some(zone) = public.choose(name, &zones) {
        // A zone that the world sees is the right one, whatever an account that cannot be read has.
        if incomplete.is_none() || public.sight(name, zone) == Sight::Seen {
            return Ok(Some(zone));
        }
    }
    if let Some(problem) = incomplete {
        let message = format!(
            "{}; this account may have the right hosted zone, so no other is used: to name the right \
             one, set the certificate's tag {HOSTED_ZONE_TAG} to its id",
            problem.message
        );
        return Err(Problem { message, ..problem });
    }
    let longest = zones.iter().map(|zone| zone.name.depth()).max();
    let longest: Vec<_> =
        zones.into_iter().filter(|zone| Some(zone.name.depth()) == longest).collect();
    match longest.as_slice() {
        [] => Ok(None),
        [zone] => Ok(Some(zone)),
        [one, ..] => {
            let mut ids: Vec<_> = longest.iter().map(|zone| zone.id.as_str()).collect();
            ids.sort_unstable();
            let unknown = || "it is unknown which one public DNS uses".to_owned();
            let message = format!(
                "hosted zones {} are public zones of the same name {}, and {}: set the certificate's tag \
                 {HOSTED_ZONE_TAG} to the id of one, or tag one and set HOSTED_ZONE_TAG",
                a_few(&ids, ", "),
                one.name,
                public.contradiction(name, &longest).unwrap_or_else(unknown),
            );
            Err(Problem::new(Cause::Ambiguous, message))
        }
    }
}

fn no_zone(record: &ValidationRecord, discovery: &Discovery, required: Option<&Tag>) -> Problem {
    let almost = discovery
        .above(record.name())
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

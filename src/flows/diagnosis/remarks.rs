//! Remarks of a diagnosis: what prevents nothing for certain, but may surprise.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::domain::certificate::Domain;
use crate::domain::problem::Problem;
use crate::domain::record::ValidationRecord;
use crate::domain::zone::candidates::unusable;
use crate::domain::zone::choice::Assignment;
use crate::domain::zone::content::{Presence, only_wildcard, presence};
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::public_dns::{Sight, servers};
use crate::domain::zone::{Content, HostedZone};
use crate::flows::authorize::Refusals;

/// Which zones were found to delegate to which: each pair, by the zones' ids, is read once.
#[derive(Debug, Default)]
pub(super) struct Delegations(BTreeMap<(String, String), Option<String>>);

impl Delegations {
    /// Remarks on chosen zones to which their parent zone, if it can be read, does not delegate. Public
    /// DNS need not use that parent zone, so nothing is blocked. If public DNS answers, there is nothing
    /// to guess.
    pub(super) async fn missing(
        &mut self,
        clients: &Clients,
        assignment: &Assignment<'_>,
        discovery: &Discovery,
    ) -> Vec<String> {
        let chosen: BTreeMap<_, _> =
            assignment.assigned.iter().map(|(record, zone)| (&zone.id, (record, *zone))).collect();
        let mut remarks = Vec::new();
        for (record, child) in chosen.into_values() {
            let shorter = |zone: &&HostedZone| zone.name.depth() < child.name.depth();
            let mut public =
                discovery.above(record.name()).filter(|zone| unusable(zone, None).is_none());
            let Some(parent) = public.find(shorter) else { continue };
            if discovery.public.sight(record.name(), child) != Sight::Unknown {
                continue;
            }
            let pair = (parent.id.clone(), child.id.clone());
            if !self.0.contains_key(&pair) {
                let remark = missing_delegation(clients, parent, child).await;
                self.0.insert(pair.clone(), remark);
            }
            remarks.extend(self.0[&pair].clone());
        }
        remarks
    }
}

/// The remark that this parent zone does not delegate to that zone, if it can be read.
async fn missing_delegation(
    clients: &Clients,
    parent: &HostedZone,
    child: &HostedZone,
) -> Option<String> {
    let client = clients.route53(&parent.access);
    let apex = BTreeSet::from([child.name.clone()]);
    let content = route53::read(&client, parent, &apex).await.ok()?;
    (!content.values().flatten().any(|set| set.kind == "NS")).then(|| {
        format!(
            "hosted zone {} ({}) does not delegate {}: unless another zone does, resolvers do not ask \
             hosted zone {}",
            parent.id, parent.name, child.name, child.id
        )
    })
}

/// Remarks on chosen zones that the world sees through a part of the name servers that it asks.
pub(super) fn foreign_servers(
    assignment: &Assignment<'_>,
    discovery: &Discovery,
) -> BTreeSet<String> {
    let public = &discovery.public;
    let remark = |(record, zone): (&ValidationRecord, &&HostedZone)| {
        let foreign = public.foreign_servers(record.name(), zone);
        let is_seen = public.sight(record.name(), zone) == Sight::Seen;
        (is_seen && !foreign.is_empty()).then(|| {
            format!(
                "public DNS asks {} for {} besides name servers of hosted zone {}: what those answer, ACM \
                 may see instead of the record",
                servers(&foreign),
                zone.name,
                zone.id
            )
        })
    };
    assignment.assigned.iter().filter_map(remark).collect()
}

/// Remarks on names for which only a wildcard answers, until a validation record exists below them.
pub(super) fn only_wildcards(
    domains: &[Domain],
    assignment: &Assignment<'_>,
    contents: &BTreeMap<&str, Result<Content, Problem>>,
) -> Vec<String> {
    let remark = |domain: &Domain| {
        let zone = assignment.assigned.get(domain.record()?)?;
        let content = contents.get(zone.id.as_str())?.as_ref().ok()?;
        let name = domain.name.without_wildcard();
        let wildcard = only_wildcard(&zone.name, &name, content)?;
        Some(format!(
            "hosted zone {} ({}) has no record set at {name}, and {wildcard} does not answer for it once \
             the validation record exists below it: if the name is in use, add a record set of its own",
            zone.id, zone.name
        ))
    };
    domains.iter().filter_map(remark).collect()
}

/// Remarks on records that are in place in zones that do not take the certificate's account.
pub(super) fn not_put_back(
    domains: &[Domain],
    assignment: &Assignment<'_>,
    refusals: &Refusals,
    contents: &BTreeMap<&str, Result<Content, Problem>>,
) -> BTreeSet<String> {
    let remark = |domain: &Domain| {
        let record = domain.record()?;
        let zone = assignment.assigned.get(record)?;
        let refusal = refusals.get(&zone.id)?;
        let content = contents.get(zone.id.as_str())?.as_ref().ok()?;
        (presence(record, zone, content) == Ok(Presence::Present)).then(|| {
            format!(
                "record {} is in place, but would not be put back if it were deleted: {}",
                record.fqdn(),
                refusal.message
            )
        })
    };
    domains.iter().filter_map(remark).collect()
}

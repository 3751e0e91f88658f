//! Finds records that exist where the world does not see them.

use crate::domain::name::DomainName;
use crate::domain::outcome::{RecordOutcome, RecordState};
use crate::domain::zone::delegation::not_delegated;
use crate::domain::zone::discovery::Discovery;
use crate::flows::deadline::Deadline;
use crate::flows::public_dns::World;

/// Marks those of these records that exist in a hosted zone that public DNS does not ask. A record of
/// which public DNS tells nothing stays as it is.
pub(super) async fn mark_unseen(
    world: &World<'_>,
    discovery: &mut Discovery,
    records: Vec<&mut RecordOutcome>,
    deadline: &Deadline,
) {
    let name = |record: &RecordOutcome| DomainName::new(&record.name);
    let present: Vec<_> =
        records.into_iter().filter(|record| record.state == RecordState::Present).collect();
    let zone = |record: &RecordOutcome| discovery.zone(record.hosted_zone_id.as_deref()?);
    let pairs = present.iter().filter_map(|record| Some((name(record), zone(record)?)));
    let mut pairs: Vec<_> = pairs.collect();
    let closest = pairs.iter().map(|(name, zone)| (name, Some(&zone.name)));
    let authorities = world.authorities(closest.collect()).await;
    pairs.retain(|(name, _)| authorities.contains_key(name));
    discovery.public = world.with_name_servers(authorities, &pairs, deadline).await;
    for record in present {
        let zone = record.hosted_zone_id.as_deref().and_then(|id| discovery.zone(id));
        let problem = zone.and_then(|zone| not_delegated(&name(record), zone, discovery));
        if let (Some(zone), Some(problem)) = (zone, problem) {
            *record = RecordOutcome::unseen(record.name.clone(), zone, &problem);
        }
    }
}

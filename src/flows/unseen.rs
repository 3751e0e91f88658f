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
    let names: Vec<_> = present.iter().map(|record| name(record)).collect();
    let authorities = world.authorities(&names).await;
    let pairs: Vec<_> = present
        .iter()
        .filter_map(|it| Some((name(it), discovery.zone(it.hosted_zone_id.as_deref()?)?)))
        .filter(|(name, _)| authorities.contains_key(name))
        .collect();
    discovery.public = world.with_name_servers(authorities, &pairs, deadline).await;
    for record in present {
        let zone = record.hosted_zone_id.as_deref().and_then(|id| discovery.zone(id));
        let problem = zone.and_then(|zone| not_delegated(&name(record), zone, discovery));
        if let (Some(zone), Some(problem)) = (zone, problem) {
            *record = RecordOutcome::unseen(record.name.clone(), zone, &problem);
        }
    }
}

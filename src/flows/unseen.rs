//! Finds records that exist where the world does not see them.

use crate::domain::name::DomainName;
use crate::domain::outcome::{RecordOutcome, RecordState};
use crate::domain::zone::HostedZone;
use crate::domain::zone::candidates::unusable;
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::public_dns::{PublicDns, Sight};
use crate::flows::deadline::Deadline;
use crate::flows::public_dns::World;

/// Marks those of these records that exist in a hosted zone that public DNS does not ask. A record of
/// which public DNS tells nothing stays as it is.
pub(super) async fn mark_unseen(
    world: &World<'_>,
    discovery: &Discovery,
    records: Vec<&mut RecordOutcome>,
    deadline: &Deadline,
) {
    let name = |record: &RecordOutcome| DomainName::new(&record.name);
    let present: Vec<_> =
        records.into_iter().filter(|record| record.state == RecordState::Present).collect();
    let pairs: Vec<_> = present
        .iter()
        .filter_map(|it| Some((name(it), discovery.zone(it.hosted_zone_id.as_deref()?)?)))
        .collect();
    let authorities = world.authorities(pairs.iter().map(|(name, _)| name)).await;
    let known: Vec<_> =
        pairs.into_iter().filter(|(name, _)| authorities.contains_key(name)).collect();
    let public = world.with_name_servers(authorities, &known, deadline).await;
    for record in present {
        if let Some(unseen) = unseen(record, discovery, &public) {
            *record = unseen;
        }
    }
}

fn unseen(
    record: &RecordOutcome,
    discovery: &Discovery,
    public: &PublicDns,
) -> Option<RecordOutcome> {
    let zone = discovery.zone(record.hosted_zone_id.as_deref()?)?;
    let name = DomainName::new(&record.name);
    if public.sight(&name, zone) != Sight::Unseen {
        return None;
    }
    let is_above =
        |it: &&HostedZone| it.name.depth() < zone.name.depth() && unusable(it, None).is_none();
    let parent = discovery.above(&name).find(is_above);
    let problem = public.not_delegated(&name, zone, parent)?;
    Some(RecordOutcome::unseen(record.name.clone(), &zone.id, &problem))
}

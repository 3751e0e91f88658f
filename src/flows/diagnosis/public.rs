//! What public DNS says of the names of a diagnosis.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::answer::PublicView;
use crate::dns::unknown::Known;
use crate::domain::certificate::Domain;
use crate::domain::name::DomainName;
use crate::domain::record::ValidationRecord;
use crate::domain::zone::HostedZone;
use crate::domain::zone::caa_record::CaaSet;
use crate::domain::zone::candidates::unusable;
use crate::domain::zone::discovery::{Discovery, TaggedZone};
use crate::domain::zone::public_dns::PublicDns;
use crate::flows::public_dns::World;

/// What public DNS says of one name.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) view: Option<PublicView>,
    pub(super) caa: Known<Option<CaaSet>>,
}

/// Asks which of all hosted zones that may hold these records the world sees.
pub(super) async fn compare_all(
    world: &World<'_>,
    domains: &[&Domain],
    discovery: &Discovery,
) -> PublicDns {
    let names: BTreeSet<_> =
        domains.iter().filter_map(|domain| domain.record()).map(ValidationRecord::name).collect();
    let authorities = world.authorities(names.iter().copied()).await;
    let pairs: Vec<_> = authorities
        .keys()
        .flat_map(|name| zones(name, discovery).map(|zone| (name.clone(), zone)))
        .collect();
    world.with_name_servers(authorities, &pairs).await
}

/// The hosted zones that may hold a name.
fn zones<'a>(name: &DomainName, discovery: &'a Discovery) -> impl Iterator<Item = &'a HostedZone> {
    let tagged = discovery.tagged.values().filter_map(|tagged| match tagged {
        TaggedZone::Found(zone) => Some(zone),
        TaggedZone::Missing | TaggedZone::Unreadable(_) => None,
    });
    let tagged = tagged.filter(|zone| name.is_at_or_under(&zone.name));
    tagged.chain(discovery.above(name)).filter(|zone| unusable(zone, None).is_none())
}

/// Asks for the record of each name, and the CAA records that govern it. The keys are the names and those
/// of their records: each account has a record of its own.
pub(super) async fn look(
    world: &World<'_>,
    domains: &[&Domain],
) -> BTreeMap<(DomainName, Option<DomainName>), Seen> {
    let looking = domains.iter().map(async |domain| {
        let World { resolver, questions, .. } = world;
        let view = async {
            let record = domain.record()?.name();
            let known = async {
                let authority = resolver.authority(record, questions).await?;
                let cname = resolver.cname(record, questions).await?;
                let (apex, name_servers) = (authority.apex, authority.name_servers);
                Ok(PublicView::Known { apex, name_servers, cname })
            };
            let known: Known<_> = known.await;
            Some(known.unwrap_or_else(|why| PublicView::Unknown { unknown: why.to_string() }))
        };
        let caa = resolver.governing_caa(&domain.name, questions);
        let (view, caa) = tokio::join!(view, caa);
        let record = domain.record().map(|record| record.name().clone());
        ((domain.name.clone(), record), Seen { view, caa })
    });
    stream::iter(looking).buffer_unordered(NAMES_AT_ONCE).collect().await
}

/// How many names are asked about at the same time.
const NAMES_AT_ONCE: usize = 10;

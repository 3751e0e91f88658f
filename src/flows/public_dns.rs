//! Asks public DNS which hosted zones the world sees.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::dns::questions::{MOST, Questions};
use crate::dns::resolver::Resolver;
use crate::domain::name::DomainName;
use crate::domain::tag::Tag;
use crate::domain::zone::HostedZone;
use crate::domain::zone::candidates::doubtful;
use crate::domain::zone::discovery::Discovery;
use crate::domain::zone::public_dns::{Authority, PublicDns};
use crate::domain::zone::requirements::Requirements;
use crate::flows::deadline::Deadline;

/// Asks about the records for which several zones were discovered, or perhaps not all: what is known then
/// is part of the discovery.
pub(super) async fn compare(
    world: &World<'_>,
    requirements: &[Requirements<'_>],
    discovery: &mut Discovery,
    required: Option<&Tag>,
    deadline: &Deadline,
) {
    let candidates: BTreeMap<_, _> =
        requirements.iter().flat_map(|it| doubtful(it, discovery, required)).collect();
    let authorities = world.authorities(candidates.keys()).await;
    let pairs = candidates.iter().flat_map(|(name, candidates)| {
        let apex = authorities.get(name).map(|authority| &authority.apex);
        let zones = apex.map_or_else(Vec::new, |apex| candidates.to_compare(apex));
        zones.into_iter().map(|zone| (name.clone(), zone))
    });
    let pairs: Vec<_> = pairs.collect();
    discovery.public = world.with_name_servers(authorities, &pairs, deadline).await;
}

/// What it takes to learn what the world sees, in one invocation.
pub(super) struct World<'a> {
    pub(super) clients: &'a Clients,
    pub(super) resolver: &'a Resolver,
    pub(super) questions: Questions,
}

impl World<'_> {
    /// Which zones answer for these names. A name of which nothing is known is absent.
    pub(super) async fn authorities(
        &self,
        names: impl IntoIterator<Item = &DomainName>,
    ) -> BTreeMap<DomainName, Authority> {
        let asking = names.into_iter().take(NAMES).map(async |name| {
            let authority = self.resolver.authority(name, &self.questions).await.ok()?;
            Some((name.clone(), authority))
        });
        let answers = stream::iter(asking).buffer_unordered(QUESTIONS_AT_ONCE);
        answers.filter_map(async |answer| answer).collect().await
    }

    /// Adds what it takes to tell whether the world sees these zones, each when it asks for this name: the
    /// zones' name servers and, where names do not decide, addresses.
    pub(super) async fn with_name_servers(
        &self,
        authorities: BTreeMap<DomainName, Authority>,
        pairs: &[(DomainName, &HostedZone)],
        deadline: &Deadline,
    ) -> PublicDns {
        let zones: BTreeMap<_, _> = pairs.iter().map(|(_, zone)| (&zone.id, *zone)).collect();
        // What one zone takes too long to tell must not hide what the others have told.
        let deadline = deadline.percent(90);
        let reading = zones.into_iter().take(ZONES).map(async |(id, zone)| {
            let client = self.clients.route53(&zone.access);
            let servers = deadline.bound(route53::delegation_set(&client, zone)).await?.ok()?;
            Some((id.clone(), servers))
        });
        let reading = stream::iter(reading).buffer_unordered(ZONES_AT_ONCE);
        let delegation_sets = reading.filter_map(async |set| set).collect().await;
        let public = PublicDns { authorities, delegation_sets, addresses: BTreeMap::new() };
        let undecided: BTreeSet<_> =
            pairs.iter().flat_map(|(name, zone)| public.undecided(name, zone)).collect();
        let asking = undecided.into_iter().map(async |server| {
            let addresses = self.resolver.addresses(&server, &self.questions).await.ok()?;
            Some((server, addresses.into_iter().collect()))
        });
        let asking = stream::iter(asking).buffer_unordered(QUESTIONS_AT_ONCE);
        let addresses = asking.filter_map(async |answer| answer).collect().await;
        PublicDns { addresses, ..public }
    }
}

/// How many names are asked about at the same time.
const QUESTIONS_AT_ONCE: usize = 20;

/// How many names are asked about in one reconciliation: half of the questions. The others are left for name
/// servers and their addresses, without which the answers may decide nothing. What is left is asked in a
/// later check, when ACM has validated the first names.
const NAMES: usize = MOST / 2;

/// How many zones are read at the same time. Route 53 accepts ten calls a second from an account.
const ZONES_AT_ONCE: usize = 3;

/// How many zones are compared in one reconciliation. Anybody who may create zones can create hundreds of
/// one name, and each costs a call.
const ZONES: usize = 20;

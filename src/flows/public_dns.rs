//! Asks public DNS which hosted zones the world sees.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};
use tracing::debug;

use crate::aws::clients::Clients;
use crate::aws::route53;
use crate::dns::questions::Questions;
use crate::dns::resolver::Resolver;
use crate::domain::name::DomainName;
use crate::domain::tag::Tag;
use crate::domain::zone::HostedZone;
use crate::domain::zone::candidates::{doubtful, unusable};
use crate::domain::zone::discovery::{Discovery, TaggedZone};
use crate::domain::zone::public_dns::{Authority, PublicDns, Sight};
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
    let mut public = world.with_delegation_sets(authorities, &pairs, deadline).await;
    let seen = pairs.iter().filter(|(name, zone)| public.sight(name, zone) == Sight::Seen);
    let settled: BTreeSet<_> = seen.map(|(name, _)| name.clone()).collect();
    let open: Vec<_> = pairs.into_iter().filter(|(name, _)| !settled.contains(name)).collect();
    world.add_addresses(&mut public, &open).await;
    discovery.public = public;
}

/// Asks which of all hosted zones that may hold records of these names the world sees.
pub(super) async fn compare_all(
    world: &World<'_>,
    names: &BTreeSet<&DomainName>,
    discovery: &Discovery,
    deadline: &Deadline,
) -> PublicDns {
    let authorities = world.authorities(names.iter().copied()).await;
    let pairs: Vec<_> = authorities
        .keys()
        .flat_map(|name| zones(name, discovery).map(|zone| (name.clone(), zone)))
        .collect();
    world.with_name_servers(authorities, &pairs, deadline).await
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

/// What it takes to learn what the world sees, in one invocation.
pub(super) struct World<'a> {
    pub(super) clients: &'a Clients,
    pub(super) resolver: &'a Resolver,
    pub(super) questions: Questions,
    /// The time, which decides whose turn it is if there are too many names.
    pub(super) now: DateTime<Utc>,
}

impl World<'_> {
    /// Which zones answer for these names. A name of which nothing is known is absent.
    pub(super) async fn authorities(
        &self,
        names: impl IntoIterator<Item = &DomainName>,
    ) -> BTreeMap<DomainName, Authority> {
        // Half of the questions. The others are left for name servers and their addresses, without which the
        // answers may decide nothing. Other names have their turn in later minutes.
        let most = self.questions.most() / 2;
        let mut names: Vec<_> = names.into_iter().collect();
        if names.len() > most {
            let minutes = usize::try_from(self.now.timestamp() / 60).unwrap_or_default();
            let first = minutes * most % names.len();
            names.rotate_left(first);
            names.truncate(most);
        }
        let asking = names.into_iter().map(async |name| {
            match self.resolver.authority(name, &self.questions).await {
                Ok(authority) => {
                    debug!(%name, apex = %authority.apex, "public DNS answers");
                    Some((name.clone(), authority))
                }
                Err(unknown) => {
                    debug!(%name, %unknown, "public DNS tells nothing");
                    None
                }
            }
        });
        let answers = stream::iter(asking).buffer_unordered(QUESTIONS_AT_ONCE);
        answers.filter_map(async |answer| answer).collect().await
    }

    /// What it takes to tell whether the world sees these zones, each when it asks for this name.
    pub(super) async fn with_name_servers(
        &self,
        authorities: BTreeMap<DomainName, Authority>,
        pairs: &[(DomainName, &HostedZone)],
        deadline: &Deadline,
    ) -> PublicDns {
        let mut public = self.with_delegation_sets(authorities, pairs, deadline).await;
        self.add_addresses(&mut public, pairs).await;
        public
    }

    /// Reads the zones' name servers.
    async fn with_delegation_sets(
        &self,
        authorities: BTreeMap<DomainName, Authority>,
        pairs: &[(DomainName, &HostedZone)],
        deadline: &Deadline,
    ) -> PublicDns {
        // What one zone takes too long to tell must not hide what the others have told.
        let deadline = deadline.percent(90);
        let zones: BTreeMap<_, _> = pairs.iter().map(|(_, zone)| (&zone.id, *zone)).collect();
        let reading = zones.into_iter().take(ZONES).map(async |(id, zone)| {
            let client = self.clients.route53(&zone.access);
            let servers = deadline.bound(route53::delegation_set(&client, zone)).await?.ok()?;
            Some((id.clone(), servers))
        });
        let reading = stream::iter(reading).buffer_unordered(ZONES_AT_ONCE);
        let delegation_sets = reading.filter_map(async |set| set).collect().await;
        PublicDns { authorities, delegation_sets, addresses: BTreeMap::new() }
    }

    /// Asks for the addresses of name servers whose names do not decide.
    async fn add_addresses(&self, public: &mut PublicDns, pairs: &[(DomainName, &HostedZone)]) {
        let undecided: BTreeSet<_> =
            pairs.iter().flat_map(|(name, zone)| public.undecided(name, zone)).collect();
        let asking = undecided.into_iter().map(async |server| {
            let addresses = self.resolver.addresses(&server, &self.questions).await.ok()?;
            Some((server, addresses.into_iter().collect()))
        });
        let asking = stream::iter(asking).buffer_unordered(QUESTIONS_AT_ONCE);
        public.addresses = asking.filter_map(async |answer| answer).collect().await;
    }
}

/// How many names are asked about at the same time.
const QUESTIONS_AT_ONCE: usize = 20;

/// How many zones are read at the same time. Route 53 accepts ten calls a second from an account.
const ZONES_AT_ONCE: usize = 3;

/// How many zones are compared in one reconciliation. Anybody who may create zones can create hundreds of
/// one name, and each costs a call.
const ZONES: usize = 20;

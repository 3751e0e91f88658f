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
    let closest = candidates.iter().map(|(name, it)| (name, closest(it.zones.iter().copied())));
    let authorities = world.authorities(closest.collect()).await;
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
    let closest = names.iter().map(|name| (*name, closest(zones(name, discovery))));
    let authorities = world.authorities(closest.collect()).await;
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

/// The name of the closest of these zones, which are all above one name.
fn closest<'a>(zones: impl Iterator<Item = &'a HostedZone>) -> Option<&'a DomainName> {
    zones.map(|zone| &zone.name).max_by_key(|name| name.depth())
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
    /// Which zones answer for these names, each with the closest hosted zone that may hold it. A name of
    /// which nothing is known is absent.
    ///
    /// If there are too many names, what answers for their hosted zones counts for them. That differs only
    /// below a zone cut, and a cut in a zone that the world sees is found in the zone itself.
    pub(super) async fn authorities(
        &self,
        names: BTreeMap<&DomainName, Option<&DomainName>>,
    ) -> BTreeMap<DomainName, Authority> {
        // Half of the questions. The others are left for name servers and their addresses, without which the
        // answers may decide nothing.
        let most = self.questions.most() / 2;
        if names.len() <= most {
            return self.ask(names.into_keys()).await;
        }
        let zones: BTreeSet<_> = names.values().copied().flatten().collect();
        let known = self.ask(self.in_turn(zones, most).into_iter()).await;
        let answer = |(name, zone): (&DomainName, Option<&DomainName>)| {
            Some((name.clone(), known.get(zone?)?.clone()))
        };
        names.into_iter().filter_map(answer).collect()
    }

    /// At most this many of these zones; the others have their turn in later minutes.
    fn in_turn<'a>(&self, zones: BTreeSet<&'a DomainName>, most: usize) -> Vec<&'a DomainName> {
        let mut zones: Vec<_> = zones.into_iter().collect();
        if zones.len() > most {
            // Checks are a fixed number of minutes apart: a start that moved by as much each minute could
            // leave out the same zones every time.
            let minute = usize::try_from(self.now.timestamp() / 60).unwrap_or_default();
            let first = minute.wrapping_mul(SPREAD) % zones.len();
            zones.rotate_left(first);
            zones.truncate(most);
        }
        zones
    }

    /// Asks which zones answer for these names.
    async fn ask(
        &self,
        names: impl Iterator<Item = &DomainName>,
    ) -> BTreeMap<DomainName, Authority> {
        let asking =
            names.map(async |name| match self.resolver.authority(name, &self.questions).await {
                Ok(authority) => {
                    debug!(%name, apex = %authority.apex, "public DNS answers");
                    Some((name.clone(), authority))
                }
                Err(unknown) => {
                    debug!(%name, %unknown, "public DNS tells nothing");
                    None
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

/// Spreads the minutes over all zones: a prime.
const SPREAD: usize = 2_654_435_761;

/// How many names are asked about at the same time.
const QUESTIONS_AT_ONCE: usize = 20;

/// How many zones are read at the same time. Route 53 accepts ten calls a second from an account.
const ZONES_AT_ONCE: usize = 3;

/// How many zones are compared in one reconciliation. Anybody who may create zones can create hundreds of
/// one name, and each costs a call.
const ZONES: usize = 20;

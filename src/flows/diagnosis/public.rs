//! What public DNS says of the names of a diagnosis.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};

use super::answer::PublicView;
use crate::dns::questions::Questions;
use crate::dns::resolver::Resolver;
use crate::dns::unknown::Known;
use crate::domain::certificate::Domain;
use crate::domain::name::DomainName;
use crate::domain::zone::caa_record::CaaSet;

/// What public DNS says of one name.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) view: Option<PublicView>,
    pub(super) caa: Known<Option<CaaSet>>,
}

/// Asks for the record of each name, and the CAA records that govern it. The keys are the names and those
/// of their records: each account has a record of its own.
pub(super) async fn look(
    resolver: &Resolver,
    questions: &Questions,
    domains: &[&Domain],
) -> BTreeMap<(DomainName, Option<DomainName>), Seen> {
    let looking = domains.iter().map(async |domain| {
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

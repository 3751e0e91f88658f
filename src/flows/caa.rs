//! Finds the CAA records because of which ACM did not issue a certificate.

use std::pin::pin;

use futures_util::stream::{self, StreamExt};

use crate::domain::name::DomainName;
use crate::flows::public_dns::World;

/// Which CAA records of public DNS forbid Amazon to issue a certificate with these names, if any do.
pub(super) async fn find_caa(world: &World<'_>, names: &[DomainName]) -> Option<String> {
    let asking = names.iter().map(async |name| {
        let set = world.resolver.governing_caa(name, &world.questions).await.ok()??;
        set.forbids(name).then(|| format!("public DNS has {set}, which governs {name}"))
    });
    let answers = stream::iter(asking).buffered(NAMES_AT_ONCE);
    pin!(answers.filter_map(async |found| found)).next().await
}

/// How many names are asked about at the same time.
const NAMES_AT_ONCE: usize = 10;

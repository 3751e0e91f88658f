//! Reads hosted zones completely.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tracing::warn;

use super::auditor::{Auditor, ReadZone};
use crate::aws::route53;
use crate::aws::route53::audit::read_completely;
use crate::domain::audit::summary::UnreadPart;
use crate::domain::name::DomainName;
use crate::domain::problem::Problem;
use crate::domain::zone::HostedZone;
use crate::domain::zone::candidates::unusable;
use crate::flows::ask_again::ask_again;
use crate::flows::context::Context;

/// Reads those of these zones that may be written to, with what they hold at these names.
pub(super) async fn read_all(
    auditor: Auditor<'_>,
    zones: &[HostedZone],
    names: &BTreeSet<DomainName>,
    unread: &mut Vec<UnreadPart>,
) -> Vec<ReadZone> {
    let Auditor { context, invocation, deadline, .. } = auditor;
    // What one very large zone takes must not hold up the certificates.
    let deadline = deadline.percent(50);
    let partition = &invocation.scope.partition;
    let reading = zones.iter().map(async |zone| {
        let client = context.clients.route53(&zone.access);
        let read = async || read_completely(&client, zone, partition, names).await;
        let reading = async {
            let Some(zone) = usable(context, zone).await? else { return Ok(None) };
            let (records, content) = ask_again(read).await?;
            Ok(Some(ReadZone { zone, records, content }))
        };
        deadline.bound(reading).await.unwrap_or_else(|| Err(Problem::out_of_time()))
    });
    let mut read = Vec::new();
    for (zone, result) in zones.iter().zip(join_all(reading).await) {
        match result {
            Ok(zone) => read.extend(zone),
            Err(Problem { message, .. }) => {
                warn!(zone = zone.id, reason = message, "cannot read a hosted zone completely");
                unread.push(UnreadPart {
                    hosted_zone_id: Some(zone.id.clone()),
                    reason: message,
                    ..UnreadPart::default()
                });
            }
        }
    }
    read
}

/// The zone with its tags, if the settings let the function write to it.
async fn usable(context: &Context, zone: &HostedZone) -> Result<Option<HostedZone>, Problem> {
    let mut zone = zone.clone();
    let Some(required) = &context.settings.hosted_zone_tag else { return Ok(Some(zone)) };
    let client = context.clients.route53(&zone.access);
    let ids = BTreeSet::from([zone.id.clone()]);
    let read = ask_again(async || route53::tags(&client, &zone.access, &ids).await).await?;
    zone.tags.extend(read.into_values().flatten());
    Ok(unusable(&zone, Some(required)).is_none().then_some(zone))
}

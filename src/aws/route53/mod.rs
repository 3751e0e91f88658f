//! Route 53: finding hosted zones and reading their records; [`mod@write`] writes them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::Client;
use aws_sdk_route53::operation::list_hosted_zones_by_name::ListHostedZonesByNameOutput;
use aws_sdk_route53::operation::list_hosted_zones_by_name::builders::ListHostedZonesByNameFluentBuilder;
use aws_sdk_route53::types as sdk;
use aws_sdk_route53::types::TagResourceType;

use self::cursor::NameCursor;
use crate::aws::pace;
use crate::aws::problem::problem;
use crate::domain::access::Access;
use crate::domain::name::DomainName;
use crate::domain::problem::Problem;
use crate::domain::zone::{Content, HostedZone, RecordSet};

pub mod audit;
mod cursor;
pub mod write;

/// The hosted zones of exactly these names.
///
/// # Errors
///
/// The [`Problem`] that prevented the listing.
pub async fn zones_named(
    client: &Client,
    access: &Access,
    names: &BTreeSet<DomainName>,
) -> Result<Vec<HostedZone>, Problem> {
    let mut found: BTreeMap<String, HostedZone> = BTreeMap::new();
    let mut cursor = NameCursor::new(names.iter().cloned());
    while let Some(start) = cursor.next() {
        let mut page = client.list_hosted_zones_by_name().dns_name(start.as_str());
        let last = loop {
            let output = zones_page(access, page).await?;
            let zones = output.hosted_zones().iter().map(|zone| hosted_zone(zone, access));
            let zones: Vec<_> = zones.collect();
            let last = zones.last().map(|zone| zone.name.clone());
            let wanted = zones.into_iter().filter(|zone| names.contains(&zone.name));
            found.extend(wanted.map(|zone| (zone.id.clone(), zone)));
            match (output.is_truncated(), last) {
                // More zones of the same name may follow.
                (true, Some(last)) if last == start => {
                    page = client
                        .list_hosted_zones_by_name()
                        .set_dns_name(output.next_dns_name)
                        .set_hosted_zone_id(output.next_hosted_zone_id);
                }
                (true, last) => break last,
                (false, _) => break None,
            }
        };
        cursor.settle(&start, last.as_ref());
    }
    Ok(found.into_values().collect())
}

/// The hosted zone with this id; `None` if there is none in the account.
///
/// # Errors
///
/// The [`Problem`] that prevented the lookup.
pub async fn zone(
    client: &Client,
    access: &Access,
    id: &str,
) -> Result<Option<HostedZone>, Problem> {
    pace::route53(access).await;
    match client.get_hosted_zone().id(id).send().await {
        Ok(output) => Ok(output.hosted_zone().map(|zone| hosted_zone(zone, access))),
        Err(error) => match error.as_service_error() {
            Some(refusal)
                if refusal.is_no_such_hosted_zone()
                    || refusal.is_invalid_input()
                    || refusal
                        .meta()
                        .message()
                        .is_some_and(|it| it.contains(OF_ANOTHER_ACCOUNT)) =>
            {
                Ok(None)
            }
            _ => Err(problem(&doing(&format!("get hosted zone {id}"), access), &error)),
        },
    }
}

/// The name servers of a hosted zone: its delegation set.
///
/// # Errors
///
/// The [`Problem`] that prevented the lookup.
pub async fn delegation_set(
    client: &Client,
    zone: &HostedZone,
) -> Result<BTreeSet<DomainName>, Problem> {
    let HostedZone { id, access, .. } = zone;
    pace::route53(access).await;
    let output = client.get_hosted_zone().id(id).send().await;
    let output = output
        .map_err(|error| problem(&doing(&format!("get hosted zone {id}"), access), &error))?;
    let servers = output.delegation_set().map_or(&[][..], |set| set.name_servers());
    Ok(servers.iter().map(|server| DomainName::new(server)).collect())
}

/// The words by which Route 53 denies a zone of another account. When IAM denies the call, the message
/// names the call instead. Source: <https://github.com/turbot/steampipe-plugin-aws/issues/1373>
const OF_ANOTHER_ACCOUNT: &str = "is not authorized to access this resource";

/// The tags of these hosted zones of one account, by the zones' ids.
///
/// # Errors
///
/// The [`Problem`] that prevented the listing.
pub async fn tags(
    client: &Client,
    access: &Access,
    ids: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, Problem> {
    let mut found = BTreeMap::new();
    let ids: Vec<_> = ids.iter().cloned().collect();
    // Route 53 takes ten ids a call, without their prefix:
    // https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResources.html
    for ids in ids.chunks(10) {
        pace::route53(access).await;
        let output = client
            .list_tags_for_resources()
            .resource_type(TagResourceType::Hostedzone)
            .set_resource_ids(Some(ids.to_vec()))
            .send()
            .await
            .map_err(|error| problem(&doing("list tags of hosted zones", access), &error))?;
        for set in output.resource_tag_sets() {
            let tags = set.tags().iter().filter_map(|tag| {
                Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))
            });
            if let Some(id) = set.resource_id() {
                found.insert(plain_id(id).to_owned(), tags.collect());
            }
        }
    }
    Ok(found)
}

/// The record sets of a zone at these names.
///
/// # Errors
///
/// The [`Problem`] that prevented the reading.
pub async fn read(
    client: &Client,
    zone: &HostedZone,
    names: &BTreeSet<DomainName>,
) -> Result<Content, Problem> {
    let mut content = Content::new();
    let mut cursor = NameCursor::new(names.iter().cloned());
    while let Some(start) = cursor.next() {
        let mut found = Content::new();
        let mut page = client
            .list_resource_record_sets()
            .hosted_zone_id(&zone.id)
            .start_record_name(start.as_str());
        let last = loop {
            pace::route53(&zone.access).await;
            let output = page.send().await.map_err(|error| {
                problem(&format!("cannot read hosted zone {}", zone.id), &error)
            })?;
            let mut last = None;
            for set in output.resource_record_sets() {
                let name = DomainName::new(set.name());
                if names.contains(&name) {
                    found.entry(name.clone()).or_default().push(record_set(set));
                }
                last = Some(name);
            }
            match (output.is_truncated(), last) {
                // More record sets of the same name may follow.
                (true, Some(last)) if last == start => {
                    page = client
                        .list_resource_record_sets()
                        .hosted_zone_id(&zone.id)
                        .set_start_record_name(output.next_record_name)
                        .set_start_record_type(output.next_record_type)
                        .set_start_record_identifier(output.next_record_identifier);
                }
                (true, last) => break last,
                (false, _) => break None,
            }
        };
        cursor.settle(&start, last.as_ref());
        // The name at the end of a page is read again from its own position, completely.
        content.extend(found);
    }
    Ok(content)
}

async fn zones_page(
    access: &Access,
    page: ListHostedZonesByNameFluentBuilder,
) -> Result<ListHostedZonesByNameOutput, Problem> {
    pace::route53(access).await;
    page.send().await.map_err(|error| problem(&doing("list hosted zones", access), &error))
}

fn hosted_zone(zone: &sdk::HostedZone, access: &Access) -> HostedZone {
    let linked = zone.linked_service();
    HostedZone {
        id: plain_id(zone.id()).to_owned(),
        name: DomainName::new(zone.name()),
        access: access.clone(),
        private: zone.config().is_some_and(|config| config.private_zone()),
        linked_service: linked
            .map(|linked| linked.service_principal().unwrap_or("an AWS service").to_owned()),
        tags: BTreeMap::new(),
    }
}

fn record_set(set: &sdk::ResourceRecordSet) -> RecordSet {
    RecordSet {
        kind: set.r#type().as_str().to_owned(),
        values: set.resource_records().iter().map(|record| record.value().to_owned()).collect(),
    }
}

fn plain_id(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn doing(what: &str, access: &Access) -> String {
    match access {
        Access::Own => format!("cannot {what}"),
        Access::Role(arn) => format!("cannot {what} as {arn}"),
    }
}

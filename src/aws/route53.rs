//! Route 53: finding hosted zones, reading what stands in them, writing what is missing.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::Client;
use aws_sdk_route53::error::SdkError;
use aws_sdk_route53::types as sdk;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, RrType, TagResourceType};

use crate::error::Trouble;
use crate::itinerary::Itinerary;
use crate::name::DomainName;
use crate::record::ValidationRecord;
use crate::zone::content::{Content, RecordSet};
use crate::zone::{Access, HostedZone};

/// The hosted zones of exactly these names.
///
/// # Errors
///
/// What keeps us from listing them.
pub async fn zones_named(
    client: &Client,
    access: &Access,
    names: &BTreeSet<DomainName>,
) -> Result<Vec<HostedZone>, Trouble> {
    let mut found: BTreeMap<String, HostedZone> = BTreeMap::new();
    let mut itinerary = Itinerary::new(names.iter().cloned());
    while let Some(start) = itinerary.next() {
        let mut page = client.list_hosted_zones_by_name().dns_name(start.as_str());
        let last = loop {
            let output = page
                .send()
                .await
                .map_err(|error| Trouble::of(&doing("list hosted zones", access), &error))?;
            let zones = output.hosted_zones().iter().map(|zone| HostedZone::new(zone, access));
            let zones: Vec<_> = zones.collect();
            let last = zones.last().map(|zone| zone.name.clone());
            let wanted = zones.into_iter().filter(|zone| names.contains(&zone.name));
            found.extend(wanted.map(|zone| (zone.id.clone(), zone)));
            match (output.is_truncated(), last) {
                // More zones of the very name may follow.
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
        itinerary.settle(&start, last.as_ref());
    }
    Ok(found.into_values().collect())
}

/// The hosted zone with this id; `None` if there is none in the account.
///
/// # Errors
///
/// What keeps us from knowing.
pub async fn zone(
    client: &Client,
    access: &Access,
    id: &str,
) -> Result<Option<HostedZone>, Trouble> {
    match client.get_hosted_zone().id(id).send().await {
        Ok(output) => Ok(output.hosted_zone().map(|zone| HostedZone::new(zone, access))),
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
            _ => Err(Trouble::of(&doing(&format!("get hosted zone {id}"), access), &error)),
        },
    }
}

/// How Route 53 denies a zone that exists, in another account: where IAM denies the call, it names
/// the call. Source: <https://github.com/turbot/steampipe-plugin-aws/issues/1373>
const OF_ANOTHER_ACCOUNT: &str = "is not authorized to access this resource";

/// The tags of these hosted zones of one account, by the zones' ids.
///
/// # Errors
///
/// What keeps us from listing them.
pub async fn tags(
    client: &Client,
    access: &Access,
    ids: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, Trouble> {
    let mut found = BTreeMap::new();
    let ids: Vec<_> = ids.iter().cloned().collect();
    // Route 53 takes ten ids a call, without their prefix:
    // https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResources.html
    for ids in ids.chunks(10) {
        let output = client
            .list_tags_for_resources()
            .resource_type(TagResourceType::Hostedzone)
            .set_resource_ids(Some(ids.to_vec()))
            .send()
            .await
            .map_err(|error| Trouble::of(&doing("list tags of hosted zones", access), &error))?;
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

/// What stands in a zone at these names.
///
/// # Errors
///
/// What keeps us from reading it.
pub async fn read(
    client: &Client,
    zone: &HostedZone,
    names: &BTreeSet<DomainName>,
) -> Result<Content, Trouble> {
    let mut content = Content::new();
    let mut itinerary = Itinerary::new(names.iter().cloned());
    while let Some(start) = itinerary.next() {
        let mut found = Content::new();
        let mut page = client
            .list_resource_record_sets()
            .hosted_zone_id(&zone.id)
            .start_record_name(start.as_str());
        let last = loop {
            let output = page.send().await.map_err(|error| {
                Trouble::of(&format!("cannot read hosted zone {}", zone.id), &error)
            })?;
            let mut last = None;
            for set in output.resource_record_sets() {
                let name = DomainName::new(set.name());
                if names.contains(&name) {
                    found.entry(name.clone()).or_default().push(RecordSet::new(set));
                }
                last = Some(name);
            }
            match (output.is_truncated(), last) {
                // More record sets of the very name may follow.
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
        itinerary.settle(&start, last.as_ref());
        // A name a page ends with is read again from its own position, and whole.
        content.extend(found);
    }
    Ok(content)
}

/// Upserts records in one batch, or in halves if Route 53 refuses the whole for the sake of some;
/// returns what became of those that were not written.
pub async fn upsert(
    client: &Client,
    zone: &HostedZone,
    ttl: i64,
    batch: Vec<ValidationRecord>,
) -> Vec<(ValidationRecord, Trouble)> {
    let mut left = vec![batch];
    let mut refused = Vec::new();
    while let Some(mut batch) = left.pop() {
        let changes = batch.iter().map(|record| change(record, ttl)).collect::<Result<Vec<_>, _>>();
        let changes = changes.and_then(|all| ChangeBatch::builder().set_changes(Some(all)).build());
        let sent = match changes {
            Ok(changes) => {
                let call = client.change_resource_record_sets().hosted_zone_id(&zone.id);
                call.change_batch(changes).send().await
            }
            Err(incomplete) => Err(SdkError::construction_failure(incomplete)),
        };
        let Err(error) = sent else { continue };
        let for_some =
            error.as_service_error().is_some_and(|error| error.is_invalid_change_batch());
        if for_some && batch.len() > 1 {
            let half = batch.split_off(batch.len() / 2);
            left.extend([half, batch]);
        } else {
            let trouble = Trouble::of(&format!("cannot write to hosted zone {}", zone.id), &error);
            refused.extend(batch.into_iter().map(|record| (record, trouble.clone())));
        }
    }
    refused
}

fn change(
    record: &ValidationRecord,
    ttl: i64,
) -> Result<Change, aws_smithy_types::error::operation::BuildError> {
    let value =
        sdk::ResourceRecord::builder().value(format!("{}.", record.value().as_str())).build()?;
    let set = sdk::ResourceRecordSet::builder()
        .name(format!("{}.", record.name().as_str()))
        .r#type(RrType::Cname)
        .ttl(ttl)
        .resource_records(value)
        .build()?;
    Change::builder().action(ChangeAction::Upsert).resource_record_set(set).build()
}

impl HostedZone {
    fn new(zone: &sdk::HostedZone, access: &Access) -> Self {
        let linked = zone.linked_service();
        Self {
            id: plain_id(zone.id()).to_owned(),
            name: DomainName::new(zone.name()),
            access: access.clone(),
            private: zone.config().is_some_and(|config| config.private_zone()),
            linked_service: linked
                .map(|linked| linked.service_principal().unwrap_or("an AWS service").to_owned()),
            tags: BTreeMap::new(),
        }
    }
}

impl RecordSet {
    fn new(set: &sdk::ResourceRecordSet) -> Self {
        Self {
            kind: set.r#type().as_str().to_owned(),
            values: set.resource_records().iter().map(|record| record.value().to_owned()).collect(),
        }
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

//! Reads hosted zones completely: one after the other, and all record sets of one.

use std::collections::BTreeSet;

use aws_sdk_route53::Client;
use aws_sdk_route53::types as sdk;

use super::{hosted_zone, record_set, zones_page};
use crate::aws::pace;
use crate::aws::problem::problem;
use crate::domain::access::Access;
use crate::domain::name::DomainName;
use crate::domain::problem::Problem;
use crate::domain::record::ValidationRecord;
use crate::domain::zone::{Content, HostedZone};

/// The hosted zones of one account from this name on, in the order of their names: about a hundred, with all
/// of the last name. The name of the zone after them follows if there are more.
///
/// # Errors
///
/// The [`Problem`] that prevented the listing.
pub async fn zones_from(
    client: &Client,
    access: &Access,
    start: Option<&DomainName>,
) -> Result<(Vec<HostedZone>, Option<DomainName>), Problem> {
    let start = start.map(|name| name.as_str().to_owned());
    let mut page = client.list_hosted_zones_by_name().set_dns_name(start);
    let mut zones: Vec<HostedZone> = Vec::new();
    let first = loop {
        let output = zones_page(access, page).await?;
        zones.extend(output.hosted_zones().iter().map(|zone| hosted_zone(zone, access)));
        let next = output.next_dns_name().map(DomainName::new);
        let Some(next) = next.filter(|_| output.is_truncated()) else { return Ok((zones, None)) };
        // The zones of the next name are left to the next listing, unless they are all that there is.
        if zones.first().is_some_and(|zone| zone.name != next) {
            break next;
        }
        page = client
            .list_hosted_zones_by_name()
            .set_dns_name(output.next_dns_name)
            .set_hosted_zone_id(output.next_hosted_zone_id);
    };
    zones.retain(|zone| zone.name != first);
    Ok((zones, Some(first)))
}

/// A validation record of ACM as a hosted zone has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundRecord {
    /// The record.
    pub record: ValidationRecord,
    /// Its name, as Route 53 spells it.
    pub name: String,
    /// Its value, as Route 53 spells it.
    pub value: String,
    /// Its TTL.
    pub ttl: Option<i64>,
}

/// Reads all record sets of a zone: returns the validation records of ACM, and what the zone has at `names`.
///
/// Weighted record sets and the like are left out: nothing of that kind is ACM's.
///
/// # Errors
///
/// The [`Problem`] that prevented the reading.
pub async fn read_completely(
    client: &Client,
    zone: &HostedZone,
    partition: &str,
    names: &BTreeSet<DomainName>,
) -> Result<(Vec<FoundRecord>, Content), Problem> {
    let mut found = Vec::new();
    let mut content = Content::new();
    let mut page = client.list_resource_record_sets().hosted_zone_id(&zone.id);
    loop {
        pace::route53(&zone.access).await;
        let output = page
            .send()
            .await
            .map_err(|error| problem(&format!("cannot read hosted zone {}", zone.id), &error))?;
        for set in output.resource_record_sets() {
            found.extend(validation_record(partition, set));
            let name = DomainName::new(set.name());
            if names.contains(&name) {
                content.entry(name).or_default().push(record_set(set));
            }
        }
        if !output.is_truncated() {
            return Ok((found, content));
        }
        page = client
            .list_resource_record_sets()
            .hosted_zone_id(&zone.id)
            .set_start_record_name(output.next_record_name)
            .set_start_record_type(output.next_record_type)
            .set_start_record_identifier(output.next_record_identifier);
    }
}

fn validation_record(partition: &str, set: &sdk::ResourceRecordSet) -> Option<FoundRecord> {
    let [value] = set.resource_records() else { return None };
    if *set.r#type() != sdk::RrType::Cname || set.set_identifier().is_some() {
        return None;
    }
    Some(FoundRecord {
        record: ValidationRecord::found(partition, set.name(), value.value())?,
        name: set.name().to_owned(),
        value: value.value().to_owned(),
        ttl: set.ttl(),
    })
}

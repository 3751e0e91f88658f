//! Writes validation records: `UPSERT` of CNAMEs, and nothing else.

use std::collections::BTreeMap;

use aws_sdk_route53::Client;
use aws_sdk_route53::error::{BuildError, SdkError};
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};

use crate::aws::chunk::chunks;
use crate::aws::pace;
use crate::aws::problem::problem;
use crate::domain::problem::Problem;
use crate::domain::record::ValidationRecord;
use crate::domain::zone::HostedZone;

/// Upserts records, in as few requests as Route 53's limits allow; returns the records that were not
/// written, and why. If Route 53 refuses a batch because of some of its records, the batch is split
/// until those records are alone.
pub async fn upsert(
    client: &Client,
    zone: &HostedZone,
    ttl: i64,
    records: Vec<ValidationRecord>,
) -> BTreeMap<ValidationRecord, Problem> {
    let zone_id = &zone.id;
    let mut left = batches(records);
    left.reverse();
    let mut refused = BTreeMap::new();
    while let Some(mut batch) = left.pop() {
        let changes = batch.iter().map(|record| change(record, ttl)).collect::<Result<Vec<_>, _>>();
        let changes = changes.and_then(|all| ChangeBatch::builder().set_changes(Some(all)).build());
        pace::route53(&zone.access).await;
        let sent = match changes {
            Ok(changes) => {
                let call = client.change_resource_record_sets().hosted_zone_id(zone_id);
                call.change_batch(changes).send().await
            }
            Err(incomplete) => Err(SdkError::construction_failure(incomplete)),
        };
        let Err(error) = sent else { continue };
        let because_of_some =
            error.as_service_error().is_some_and(|error| error.is_invalid_change_batch());
        if because_of_some && batch.len() > 1 {
            let half = batch.split_off(batch.len() / 2);
            left.extend([half, batch]);
        } else {
            let problem = problem(&format!("cannot write to hosted zone {zone_id}"), &error);
            refused.extend(batch.into_iter().map(|record| (record, problem.clone())));
        }
    }
    refused
}

/// Splits records into batches within the limits of one request, in which an `UPSERT` counts twice:
/// 1,000 resource records and 32,000 characters of values.
///
/// Source: [Quotas](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests-changeresourcerecordsets).
fn batches(records: Vec<ValidationRecord>) -> Vec<Vec<ValidationRecord>> {
    let sized = records.into_iter().map(|record| {
        // One more for the trailing dot that is written.
        let size = record.value().as_str().len() + 1;
        (record, size)
    });
    chunks(sized, RECORDS, CHARACTERS)
}

const RECORDS: usize = 1_000 / 2;
const CHARACTERS: usize = 32_000 / 2;

fn change(record: &ValidationRecord, ttl: i64) -> Result<Change, BuildError> {
    let value = ResourceRecord::builder().value(format!("{}.", record.value().as_str())).build()?;
    let set = ResourceRecordSet::builder()
        .name(format!("{}.", record.name().as_str()))
        .r#type(RrType::Cname)
        .ttl(ttl)
        .resource_records(value)
        .build()?;
    Change::builder().action(ChangeAction::Upsert).resource_record_set(set).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::DomainName;

    #[test]
    fn batches_keep_within_the_limits_of_route_53() {
        let records = |count: usize, value: &str| -> Vec<_> {
            let value = format!("_{value}.acm-validations.aws.");
            let record = |index| {
                let name = format!("_x{index}.a.com");
                ValidationRecord::parse("aws", &DomainName::new("a.com"), &name, "CNAME", &value)
            };
            (0..count).map(|index| record(index).expect("a record")).collect()
        };
        let sizes = |records| batches(records).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(Vec::new()), [0; 0]);
        assert_eq!(sizes(records(500, "v")), [500]);
        assert_eq!(sizes(records(501, "v")), [500, 1]);
        // `_` + 59 + `.acm-validations.aws.`: 81 characters, of which 16,000 hold 197.
        assert_eq!(sizes(records(400, &"v".repeat(59))), [197, 197, 6]);
        // `_` + 58: 80 characters, of which 16,000 hold exactly 200.
        assert_eq!(sizes(records(400, &"v".repeat(58))), [200, 200]);
    }
}

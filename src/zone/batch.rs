//! Packs records into change batches that Route 53 takes. Pure.

use crate::pack::pack;
use crate::record::ValidationRecord;

/// Splits records into batches within Route 53's limits for one request, in which an `UPSERT`
/// counts twice: 1,000 resource records and 32,000 characters of values.
///
/// Source: [Quotas](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests-changeresourcerecordsets).
pub fn batches(records: Vec<ValidationRecord>) -> Vec<Vec<ValidationRecord>> {
    let sized = records.into_iter().map(|record| {
        // One more for the trailing dot that is written.
        let size = record.value().as_str().len() + 1;
        (record, size)
    });
    pack(sized, RECORDS, CHARACTERS)
}

const RECORDS: usize = 1_000 / 2;
const CHARACTERS: usize = 32_000 / 2;

//! Change batches that delete unused records, for a person to apply: the function never deletes.

use serde::Serialize;

use crate::domain::audit::finding::AuditedRecord;
use crate::domain::name::DomainName;

/// The change batch of one hosted zone, as `aws route53 change-resource-record-sets --change-batch` takes it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoneChanges {
    /// The hosted zone.
    pub hosted_zone_id: String,
    /// Its name.
    pub hosted_zone_name: DomainName,
    /// The change batch.
    pub change_batch: ChangeBatch,
}

/// A change batch of Route 53.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeBatch {
    /// A comment, which Route 53 keeps in its history.
    pub comment: &'static str,
    /// The changes.
    pub changes: Vec<Change>,
}

/// The deletion of one record.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Change {
    action: &'static str,
    resource_record_set: RecordSet,
}

#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RecordSet {
    name: String,
    r#type: &'static str,
    #[serde(rename = "TTL")]
    ttl: Option<i64>,
    resource_records: [ResourceRecord; 1],
}

#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceRecord {
    value: String,
}

/// How many changes the batch of one zone has at most. Route 53 takes a thousand in one request.
///
/// Source: [Quotas](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests-changeresourcerecordsets).
const CHANGES: usize = 300;

impl ZoneChanges {
    /// The change batch that deletes these records, and how many do not fit into it.
    pub fn new(
        hosted_zone_id: &str,
        hosted_zone_name: &DomainName,
        unused: &[AuditedRecord],
    ) -> (Self, usize) {
        let delete = |record: &AuditedRecord| Change {
            action: "DELETE",
            resource_record_set: RecordSet {
                name: record.name.clone(),
                r#type: "CNAME",
                ttl: record.ttl,
                resource_records: [ResourceRecord { value: record.value.clone() }],
            },
        };
        let changes: Vec<_> = unused.iter().take(CHANGES).map(delete).collect();
        let rest = unused.len() - changes.len();
        let changes = Self {
            hosted_zone_id: hosted_zone_id.to_owned(),
            hosted_zone_name: hosted_zone_name.clone(),
            change_batch: ChangeBatch { comment: COMMENT, changes },
        };
        (changes, rest)
    }
}

const COMMENT: &str = "ACM validation records that no certificate within reach asks for";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_batch_is_what_the_command_line_takes() {
        let record = AuditedRecord {
            name: "_x.example.com.".to_owned(),
            value: "_y.acm-validations.aws.".to_owned(),
            ttl: Some(60),
        };
        let (changes, rest) =
            ZoneChanges::new("Z1", &DomainName::new("example.com"), &vec![record; 301]);
        let change = json!({
            "Action": "DELETE",
            "ResourceRecordSet": {
                "Name": "_x.example.com.", "Type": "CNAME", "TTL": 60,
                "ResourceRecords": [{"Value": "_y.acm-validations.aws."}],
            },
        });
        let json = json!({
            "hostedZoneId": "Z1", "hostedZoneName": "example.com",
            "changeBatch": {"Comment": COMMENT, "Changes": vec![change; 300]},
        });
        assert_eq!((serde_json::to_value(changes).expect("JSON"), rest), (json, 1));
    }
}

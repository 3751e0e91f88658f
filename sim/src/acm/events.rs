//! Words what EventBridge hears from ACM: its own events, and CloudTrail's records of calls.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::certificate::{Certificate, Kind};
use crate::aws::Caller;
use crate::eventbridge::Event;
use crate::wire::Failure;

const SOURCE: &str = "aws.acm";

/// `ACM Certificate Available`; `action` is `ISSUANCE` or `RENEWAL`.
///
/// Source of all ACM's own events:
/// <https://docs.aws.amazon.com/acm/latest/userguide/supported-events.html>
pub(super) fn available(certificate: &Certificate, action: &str, at: DateTime<Utc>) -> Event {
    let mut detail = common(certificate, at);
    detail.insert("Action".to_owned(), json!(action));
    detail.insert("CertificateCreatedDate".to_owned(), json!(date(Some(certificate.created_at))));
    native(certificate, "ACM Certificate Available", detail)
}

/// `ACM Certificate Renewal Action Required`.
pub(super) fn renewal_action_required(
    certificate: &Certificate,
    reason: &str,
    at: DateTime<Utc>,
) -> Event {
    let mut detail = common(certificate, at);
    detail.insert("RenewalStatusReason".to_owned(), json!(reason));
    native(certificate, "ACM Certificate Renewal Action Required", detail)
}

/// `ACM Certificate Expired`; not for imported certificates.
pub(super) fn expired(certificate: &Certificate, at: DateTime<Utc>) -> Option<Event> {
    let detail = common(certificate, at);
    let told = certificate.kind != Kind::Imported;
    told.then(|| native(certificate, "ACM Certificate Expired", detail))
}

fn common(certificate: &Certificate, at: DateTime<Utc>) -> Map<String, Value> {
    let days = |from: Option<DateTime<Utc>>| {
        from.zip(certificate.not_after).map_or(0, |(from, to)| (to - from).num_days())
    };
    let detail = json!({
        "CommonName": certificate.name(),
        "FirstSubjectAlternativeName": certificate.name(),
        "CertificateKeyPairOrigin": certificate.key_pair_origin,
        "CertificateType": certificate.kind,
        "DomainValidationMethod": certificate.validation_method,
        "CertificateExpirationDate": date(certificate.not_after),
        "ValidityInDays": days(certificate.not_before),
        "DaysToExpiry": days(Some(at)),
        "InUse": certificate.in_use(),
        "Exported": false,
    });
    let Value::Object(mut detail) = detail else { return Map::new() };
    detail.retain(|_, value| !value.is_null());
    detail
}

fn native(certificate: &Certificate, detail_type: &str, detail: Map<String, Value>) -> Event {
    Event {
        account: certificate.account.clone(),
        region: certificate.region.clone(),
        source: SOURCE.to_owned(),
        detail_type: detail_type.to_owned(),
        resources: vec![certificate.arn.clone()],
        detail: Value::Object(detail),
    }
}

/// Whether this operation writes; of reads EventBridge hears nothing by default.
///
/// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>
pub(super) fn is_write(operation: &str) -> bool {
    let writes = [
        "AddTagsToCertificate",
        "DeleteCertificate",
        "RemoveTagsFromCertificate",
        "RequestCertificate",
        "UpdateCertificateOptions",
    ];
    writes.contains(&operation)
}

/// CloudTrail's record of one call; `number` makes its ids its own.
///
/// Sources: <https://docs.aws.amazon.com/acm/latest/userguide/acm-supported-actions-in-cloudtrail.html>
/// for keys and for `null` where a call answers with nothing;
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>
/// for what failed calls have instead.
pub(super) fn cloudtrail(
    operation: &str,
    caller: &Caller,
    body: &[u8],
    result: &Result<Value, Failure>,
    now: DateTime<Utc>,
    number: usize,
) -> Event {
    let Caller { account, region } = caller;
    let parameters = serde_json::from_slice(body).unwrap_or(Value::Null);
    let answer = match result {
        Ok(Value::Object(members)) if !members.is_empty() => {
            lower_camel(Value::Object(members.clone()))
        }
        _ => Value::Null,
    };
    let mut detail = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:caller",
            "arn": format!("arn:aws:sts::{account}:assumed-role/caller/caller"),
            "accountId": account,
        },
        "eventTime": now.to_rfc3339_opts(SecondsFormat::Secs, true),
        "eventSource": "acm.amazonaws.com",
        "eventName": operation,
        "awsRegion": region,
        "sourceIPAddress": "192.0.2.0",
        "userAgent": "aws-sdk-rust",
        "requestParameters": lower_camel(parameters),
        "responseElements": answer,
        "requestID": format!("00000000-0000-4000-8001-{number:012}"),
        "eventID": format!("00000000-0000-4000-8002-{number:012}"),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    });
    if let Err(failure) = result {
        detail["errorCode"] = json!(failure.code);
        detail["errorMessage"] = json!(failure.message);
    }
    Event {
        account: account.clone(),
        region: region.clone(),
        source: SOURCE.to_owned(),
        detail_type: "AWS API Call via CloudTrail".to_owned(),
        resources: Vec::new(),
        detail,
    }
}

/// The API's `DomainName` is CloudTrail's `domainName`, at every depth.
fn lower_camel(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (lower_first(&key), lower_camel(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(lower_camel).collect(),
        other => other,
    }
}

fn lower_first(key: &str) -> String {
    let mut rest = key.chars();
    rest.next().into_iter().map(|first| first.to_ascii_lowercase()).chain(rest).collect()
}

fn date(time: Option<DateTime<Utc>>) -> Option<String> {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

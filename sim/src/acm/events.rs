//! The events of ACM for EventBridge: its own, and CloudTrail's for API calls.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::certificate::{Certificate, Kind};
use crate::call::Caller;
use crate::cloudtrail::{Record, lower_first};
use crate::event::Event;
use crate::service::Service;
use crate::wire::Failure;

const SOURCE: &str = "aws.acm";

/// `ACM Certificate Available`; `action` is `ISSUANCE` or `RENEWAL`.
///
/// Source of all of ACM's own events:
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
    let is_published = certificate.kind != Kind::Imported;
    is_published.then(|| native(certificate, "ACM Certificate Expired", detail))
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

/// Whether this operation writes. By default EventBridge gets no events for reads.
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

/// CloudTrail's event for one call; `number` makes its ids unique.
///
/// Source: <https://docs.aws.amazon.com/acm/latest/userguide/acm-supported-actions-in-cloudtrail.html>
/// for keys, and for `null` where the answer is empty.
pub(super) fn cloudtrail(
    operation: &str,
    caller: &Caller,
    body: &[u8],
    result: &Result<Value, Failure>,
    at: DateTime<Utc>,
    number: usize,
) -> Event {
    let request = serde_json::from_slice(body).unwrap_or(Value::Null);
    let answered = |answer: &Value| match answer {
        Value::Object(members) if !members.is_empty() => lower_camel(answer.clone()),
        _ => Value::Null,
    };
    let record = Record {
        service: Service::Acm,
        operation,
        caller,
        request: lower_camel(request),
        result: result.as_ref().map(answered),
        at,
        number,
    };
    record.event()
}

/// The members of the API with CloudTrail's spelling, at every depth.
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

fn date(time: Option<DateTime<Utc>>) -> Option<String> {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

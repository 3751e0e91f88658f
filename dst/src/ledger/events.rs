//! The events that acts send.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sim::eventbridge::Event;

use crate::act::{Zone, ZoneKind};
use crate::names::{HOME, OURS};

pub(super) fn unrelated_event() -> Event {
    Event {
        account: OURS.to_owned(),
        region: HOME.to_owned(),
        source: "nobody".to_owned(),
        detail_type: "Nothing".to_owned(),
        resources: Vec::new(),
        detail: json!({}),
    }
}

/// An event with the function's own source.
pub(super) fn own_event(detail_type: &str, resources: &[String], detail: Value) -> Value {
    json!({"source": "acm-dns-validator", "detail-type": detail_type, "resources": resources, "detail": detail})
}

/// CloudTrail's event for tags of a certificate that were added at this time.
pub(super) fn tag_event(arn: &str, at: DateTime<Utc>) -> Value {
    let parameters = json!({"certificateArn": arn});
    json!({
        "source": "aws.acm",
        "detail-type": "AWS API Call via CloudTrail",
        "time": at,
        "resources": [],
        "detail": {
            "eventName": "AddTagsToCertificate",
            "eventTime": at,
            "requestParameters": parameters,
        },
    })
}

/// CloudTrail's event for the creation or the tagging of a zone, with the fields that the function
/// reads.
pub(super) fn zone_event(id: &str, zone: &Zone, tagged: bool, now: DateTime<Utc>) -> Value {
    let detail = if tagged {
        json!({
            "eventName": "ChangeTagsForResource",
            "requestParameters": {"resourceType": "hostedzone", "resourceId": id},
        })
    } else {
        let private = zone.kind == ZoneKind::Private;
        let zone = json!({"name": format!("{}.", zone.name), "config": {"privateZone": private}});
        json!({"eventName": "CreateHostedZone", "responseElements": {"hostedZone": zone}})
    };
    json!({
        "source": "aws.route53",
        "account": zone.account,
        "detail-type": "AWS API Call via CloudTrail",
        "time": now,
        "resources": [],
        "detail": detail,
    })
}

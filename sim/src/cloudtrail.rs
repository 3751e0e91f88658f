//! CloudTrail: the events that EventBridge gets for API calls that write.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::call::Caller;
use crate::event::Event;
use crate::service::Service;
use crate::wire::Failure;

/// The detail type of CloudTrail's events.
pub(crate) const DETAIL_TYPE: &str = "AWS API Call via CloudTrail";

/// One call, with the facts that its service has of it.
pub(crate) struct Record<'a> {
    pub(crate) service: Service,
    pub(crate) operation: &'a str,
    pub(crate) caller: &'a Caller,
    /// With CloudTrail's spelling of the members, like the answer.
    pub(crate) request: Value,
    pub(crate) result: Result<Value, &'a Failure>,
    pub(crate) at: DateTime<Utc>,
    /// The number of the call within its service; it makes the ids unique.
    pub(crate) number: usize,
}

impl Record<'_> {
    /// The event for the call.
    ///
    /// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>,
    /// also for the members of failed calls.
    pub(crate) fn event(self) -> Event {
        let Self { service, operation, caller, request, result, at, number } = self;
        let Caller { account, region } = caller;
        let prefix = service.iam_prefix();
        let mut detail = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLE:caller",
                "arn": format!("arn:aws:sts::{account}:assumed-role/caller/caller"),
                "accountId": account,
            },
            "eventTime": at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "eventSource": format!("{prefix}.amazonaws.com"),
            "eventName": operation,
            "awsRegion": region,
            "sourceIPAddress": "192.0.2.0",
            "userAgent": "aws-sdk-rust",
            "requestParameters": request,
            "responseElements": null,
            "requestID": id(service, 1, number),
            "eventID": id(service, 2, number),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": account,
            "eventCategory": "Management",
        });
        match result {
            Ok(answer) => detail["responseElements"] = answer,
            Err(failure) => {
                detail["errorCode"] = json!(failure.code);
                detail["errorMessage"] = json!(failure.message);
            }
        }
        Event {
            account: account.clone(),
            region: region.clone(),
            source: format!("aws.{prefix}"),
            detail_type: DETAIL_TYPE.to_owned(),
            resources: Vec::new(),
            detail,
        }
    }
}

/// CloudTrail's spelling of a member: `domainName` for the API's `DomainName`, `tTL` for `TTL`.
pub(crate) fn lower_first(key: &str) -> String {
    let mut rest = key.chars();
    rest.next().into_iter().map(|first| first.to_ascii_lowercase()).chain(rest).collect()
}

/// An id that is unique over all calls of all services.
fn id(service: Service, kind: u8, number: usize) -> String {
    let service = if service == Service::Acm { 0 } else { 1 };
    format!("00000000-0000-400{service}-800{kind}-{number:012}")
}

//! Parses events. Which event it was ends here: what is done depends only on what AWS says now.

use std::collections::BTreeSet;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::arn::{CertificateArn, is_account, is_queue, is_region};
use crate::domain::audit::request::{AUDIT, AuditDetail, AuditRequest};
use crate::domain::name::DomainName;
use crate::domain::request::{
    CHECK, ChangedZone, DIAGNOSIS, OVERVIEW, Request, SOURCE, SWEEP, SweepRequest, Trigger,
    ZoneChange,
};
use crate::domain::text::quote;
use crate::entry::json;

/// What an event asks the function to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// Audit certificates and hosted zones.
    Audit(AuditRequest),
    /// Several messages of a queue, at once.
    Batch(Vec<Message>),
    /// Diagnose a certificate.
    Diagnosis(CertificateArn),
    /// Explain how the function is used as a widget.
    Documentation,
    /// Nothing, for this reason.
    Ignored(String),
    /// Say what becomes of these certificates; if there are none, of all that are pending.
    Overview(Vec<CertificateArn>),
    /// Reconcile a certificate.
    Reconcile(Request),
    /// Schedule the next check of every pending certificate.
    Sweep(SweepRequest),
    /// Reconcile the certificates that a change of a hosted zone affects.
    ZoneChange(ZoneChange),
}

/// A message of a queue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// The id by which a failure is reported to Lambda.
    pub id: String,
    /// The ARN of the queue.
    pub queue: Option<String>,
    /// The event in it.
    pub event: Result<Event, Unreadable>,
}

/// The payload is no event that the function handles.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("cannot read the event: {0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// A payload that is not JSON.
    pub fn not_json(error: &serde_json::Error) -> Self {
        Self(format!("it is not JSON: {error}"))
    }

    /// A payload that is refused for this reason.
    pub fn new(why: &str) -> Self {
        Self(why.to_owned())
    }
}

/// Reads an event as Lambda delivers it at `now`. No time in it is later than that: what is said to be in
/// the future would be checked for ever.
///
/// # Errors
///
/// [`Unreadable`] if it is neither an event of ACM, nor CloudTrail's record of a call to ACM or Route 53,
/// nor an event of the function's own, nor a batch of these; or if it names a certificate by something
/// that is not the ARN of one.
pub fn parse(payload: &Value, now: DateTime<Utc>) -> Result<Event, Unreadable> {
    if payload["describe"] == true {
        return Ok(Event::Documentation);
    }
    if payload.get("Records").is_none() {
        return parse_event(payload, now);
    }
    let batch = SqsEvent::deserialize(payload)
        .map_err(|error| Unreadable(format!("it is not a batch of SQS messages: {error}")))?;
    let messages = batch.records.into_iter().map(|record| {
        let body = record.body.as_deref().unwrap_or_default();
        let event = json::from_str(body)
            .map_err(|error| Unreadable(format!("the message is not JSON: {error}")));
        let id = record.message_id.ok_or_else(|| Unreadable("a message has no id".to_owned()))?;
        let queue = record.event_source_arn.filter(|arn| is_queue(arn));
        Ok(Message { id, queue, event: event.and_then(|event| parse_event(&event, now)) })
    });
    messages.collect::<Result<_, _>>().map(Event::Batch)
}

fn parse_event(payload: &Value, now: DateTime<Utc>) -> Result<Event, Unreadable> {
    let event = EventBridgeEvent::<Option<Detail>>::deserialize(payload)
        .map_err(|error| Unreadable(format!("it is not an EventBridge event: {error}")))?;
    let detail = event.detail.unwrap_or_default();
    let resource = event.resources.iter().flatten().next();
    let not_after_now = |time: Option<DateTime<Utc>>| time.map(|time| time.min(now));
    match (event.source.as_str(), event.detail_type.as_str()) {
        (SOURCE, CHECK) => {
            let since = not_after_now(detail.since);
            let certificate = certificate(resource)?;
            let trigger = if since.is_some() { Trigger::FollowUp } else { Trigger::Check };
            Ok(Event::Reconcile(Request { certificate, since, trigger }))
        }
        (SOURCE, DIAGNOSIS) => certificate(resource).map(Event::Diagnosis),
        (SOURCE, AUDIT) => {
            let certificates = certificates(event.resources.iter().flatten())?;
            let detail = Option::<AuditDetail>::deserialize(&payload["detail"])
                .map_err(|error| {
                    Unreadable(format!("its detail is not that of an audit: {error}"))
                })?
                .unwrap_or_default();
            Ok(Event::Audit(AuditRequest { certificates, detail, only_reads: false }))
        }
        (SOURCE, OVERVIEW) => certificates(event.resources.iter().flatten()).map(Event::Overview),
        (SOURCE, SWEEP) => read_sweep(&payload["detail"]),
        ("aws.acm" | "aws.route53", CLOUDTRAIL) if detail.error_code.is_some() => {
            let code = detail.error_code.unwrap_or_default();
            Ok(Event::Ignored(format!("the call failed with {}", quote(&code))))
        }
        ("aws.acm", CLOUDTRAIL) => match detail.certificate_arn() {
            None => Ok(Event::Ignored("the call was not about a certificate".to_owned())),
            // A deleted certificate is no certificate that ACM does not show yet. Its records stay:
            // other certificates may share them.
            Some(_) if detail.event_name.as_deref() == Some("DeleteCertificate") => {
                Ok(Event::Ignored("the certificate was deleted".to_owned()))
            }
            arn => reconcile(arn, not_after_now(detail.event_time.or(event.time))),
        },
        ("aws.acm", _) => reconcile(resource, not_after_now(event.time)),
        ("aws.route53", CLOUDTRAIL) => Ok(match detail.changed_zone() {
            Ok(zone) => {
                let account = event.account.unwrap_or_default();
                Event::ZoneChange(ZoneChange { account, zone })
            }
            Err(reason) => Event::Ignored(reason.to_owned()),
        }),
        (source, detail_type) => Err(Unreadable(format!(
            "it is neither an event of ACM or Route 53 nor of this function: source `{}`, \
             detail-type `{}`",
            quote(source),
            quote(detail_type)
        ))),
    }
}

const CLOUDTRAIL: &str = "AWS API Call via CloudTrail";

/// The fields of an event's detail that are read. Each may be missing or null.
///
/// `aws_lambda_events` has a type for CloudTrail's records, but it drops the error code and refuses legal
/// records. Source: [CloudTrail record contents], where nearly every field is optional.
///
/// [CloudTrail record contents]: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    error_code: Option<String>,
    event_name: Option<String>,
    event_time: Option<DateTime<Utc>>,
    request_parameters: Value,
    response_elements: Value,
    since: Option<DateTime<Utc>>,
}

impl Detail {
    /// A call that creates a certificate has its ARN in the response, a call about one in the request.
    fn certificate_arn(&self) -> Option<&String> {
        [&self.response_elements, &self.request_parameters].into_iter().find_map(|elements| {
            match elements.get("certificateArn") {
                Some(Value::String(arn)) => Some(arn),
                _ => None,
            }
        })
    }

    /// The hosted zone that a call to Route 53 changed, or why the call does not matter.
    fn changed_zone(&self) -> Result<ChangedZone, &'static str> {
        let Self { request_parameters: asked, response_elements: answered, .. } = self;
        match self.event_name.as_deref() {
            // CloudTrail may leave out the response; the request has the name too.
            Some("CreateHostedZone") => {
                match answered["hostedZone"]["name"].as_str().or_else(|| asked["name"].as_str()) {
                    _ if answered["hostedZone"]["config"]["privateZone"] == true
                        || asked["hostedZoneConfig"]["privateZone"] == true
                        || asked["vPC"].is_object() =>
                    {
                        Err("the new hosted zone is private")
                    }
                    // 255 bytes, each of which Route 53 may spell as an octal number of four characters.
                    Some(name) if name.len() > 4 * 255 => {
                        Err("the new hosted zone's name is longer than a name can be")
                    }
                    Some(name) => Ok(ChangedZone::Created(DomainName::new(name))),
                    None => Err("the call created no hosted zone"),
                }
            }
            Some("ChangeTagsForResource") if asked["resourceType"] == "hostedzone" => {
                let id = asked["resourceId"].as_str().ok_or("the call names no hosted zone")?;
                Ok(ChangedZone::Tagged(id.to_owned()))
            }
            _ => Err("the call neither created nor tagged a hosted zone"),
        }
    }
}

fn certificate(arn: Option<&String>) -> Result<CertificateArn, Unreadable> {
    let arn = arn.ok_or_else(|| Unreadable("it names no certificate".to_owned()))?;
    arn.parse().map_err(|error| Unreadable(format!("{error}")))
}

/// These certificates, once each.
fn certificates<'a>(
    arns: impl Iterator<Item = &'a String>,
) -> Result<Vec<CertificateArn>, Unreadable> {
    let certificates: BTreeSet<_> =
        arns.map(|arn| certificate(Some(arn))).collect::<Result<_, _>>()?;
    Ok(certificates.into_iter().collect())
}

/// What an event of AWS about a certificate asks.
fn reconcile(arn: Option<&String>, since: Option<DateTime<Utc>>) -> Result<Event, Unreadable> {
    Ok(Event::Reconcile(Request::by_event(certificate(arn)?, since)))
}

fn read_sweep(detail: &Value) -> Result<Event, Unreadable> {
    // A missing detail means the same as an empty one.
    let sweep = Option::<SweepRequest>::deserialize(detail)
        .map_err(|error| Unreadable(format!("its detail is not that of a sweep: {error}")))?
        .unwrap_or_default();
    let from = sweep.places.iter().chain(&sweep.from);
    let mut accounts = sweep.accounts.iter().chain(from.clone().map(|cursor| &cursor.account));
    if let Some(account) = accounts.find(|account| !is_account(account)) {
        let account = quote(account);
        return Err(Unreadable(format!("`{account}` is not the id of an account")));
    }
    if let Some(cursor) = from.clone().find(|cursor| !is_region(&cursor.region)) {
        let region = quote(&cursor.region);
        return Err(Unreadable(format!("`{region}` is not the name of a region")));
    }
    Ok(Event::Sweep(sweep))
}

#[cfg(test)]
mod tests;

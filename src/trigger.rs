//! Reads what woke the function. *Why* it woke ends here: a look depends on what AWS says now.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arn::{CertificateArn, is_account, is_queue, is_region};
use crate::error::quote;
use crate::name::DomainName;
use crate::sweep::Sweep;

/// What an event asks of us.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trigger {
    /// What each of several messages of a queue asks, all at once.
    Batch(Vec<Message>),
    /// To say what stands in a certificate's way, and to do nothing about it.
    Diagnosis(CertificateArn),
    /// Nothing, and why: the call it tells of made no certificate.
    Nothing(String),
    /// To arm the checks of all certificates that wait.
    Sweep(Sweep),
    /// To look at a certificate.
    Wake(Wake),
    /// To look at every certificate that this may help.
    Zone(ZoneNews),
}

/// A message of a queue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Its id, by which Lambda is told that it failed.
    pub id: String,
    /// The queue's ARN.
    pub queue: Option<String>,
    /// What the event in it asks.
    pub trigger: Result<Trigger, Unreadable>,
}

/// Something happened to a hosted zone that may put an end to a block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ZoneNews {
    /// A public zone of this name was created.
    Created(DomainName),
    /// The zone with this id was tagged.
    Tagged(String),
}

/// A certificate to look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wake {
    /// Which one.
    pub certificate: CertificateArn,
    /// When we first heard of it: until ACM shows it, this is all we know of its age.
    pub since: Option<DateTime<Utc>>,
    /// Whether one of our own looks armed this one. Only what is told depends on it, and how often;
    /// never what is done.
    pub follow_up: bool,
    /// Whether a check of ours has come, alone or among other messages: then none is armed for later.
    pub spent: bool,
}

/// The payload is no event that the function handles.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("cannot read the event: {0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// A payload that cannot even be read as JSON.
    pub fn not_json(error: &serde_json::Error) -> Self {
        Self(format!("it is not JSON: {error}"))
    }

    /// A payload refused for this reason.
    pub fn new(why: &str) -> Self {
        Self(why.to_owned())
    }
}

/// The source of the events we make ourselves.
pub const SOURCE: &str = "acm-dns-validator";

/// The detail-type of the checks we arm.
pub const CHECK: &str = "Certificate Check";

/// The detail-type of a question what stands in a certificate's way.
pub const DIAGNOSIS: &str = "Certificate Diagnosis";

/// The detail-type of a sweep.
pub const SWEEP: &str = "Certificate Sweep";

/// Reads an event as Lambda delivers it.
///
/// # Errors
///
/// [`Unreadable`] if it is none of an ACM event, CloudTrail's record of a call to ACM or Route 53, one
/// of our own, and a batch of such; or if it names a certificate by something that is not the ARN of
/// one.
pub fn parse(payload: &Value) -> Result<Trigger, Unreadable> {
    if payload.get("Records").is_none() {
        return parse_event(payload);
    }
    let batch = SqsEvent::deserialize(payload)
        .map_err(|error| Unreadable(format!("it is not a batch of SQS: {error}")))?;
    let messages = batch.records.into_iter().map(|record| {
        let body = record.body.as_deref().unwrap_or_default();
        let event = serde_json::from_str(body)
            .map_err(|error| Unreadable(format!("the message is not JSON: {error}")));
        let id = record.message_id.ok_or_else(|| Unreadable("a message has no id".to_owned()))?;
        let queue = record.event_source_arn.filter(|arn| is_queue(arn));
        Ok(Message { id, queue, trigger: event.and_then(|event| parse_event(&event)) })
    });
    messages.collect::<Result<_, _>>().map(Trigger::Batch)
}

fn parse_event(payload: &Value) -> Result<Trigger, Unreadable> {
    let event = EventBridgeEvent::<Option<Detail>>::deserialize(payload)
        .map_err(|error| Unreadable(format!("it is not an EventBridge event: {error}")))?;
    let detail = event.detail.unwrap_or_default();
    let resource = event.resources.iter().flatten().next();
    match (event.source.as_str(), event.detail_type.as_str()) {
        (SOURCE, CHECK) => {
            let Detail { since, .. } = detail;
            let certificate = certificate(resource)?;
            let follow_up = since.is_some();
            Ok(Trigger::Wake(Wake { certificate, since, follow_up, spent: true }))
        }
        (SOURCE, DIAGNOSIS) => certificate(resource).map(Trigger::Diagnosis),
        (SOURCE, SWEEP) => read_sweep(&payload["detail"]),
        ("aws.acm" | "aws.route53", CLOUDTRAIL) if detail.error_code.is_some() => {
            let code = detail.error_code.unwrap_or_default();
            Ok(Trigger::Nothing(format!("the call failed with {}", quote(&code))))
        }
        ("aws.acm", CLOUDTRAIL) => match detail.certificate_arn() {
            None => Ok(Trigger::Nothing("the call was not about a certificate".to_owned())),
            // Not to be taken for one that ACM does not show yet. Its records stay: other
            // certificates may share them.
            Some(_) if detail.event_name.as_deref() == Some("DeleteCertificate") => {
                Ok(Trigger::Nothing("the certificate was deleted".to_owned()))
            }
            arn => wake(arn, detail.event_time.or(event.time)),
        },
        ("aws.acm", _) => wake(resource, event.time),
        ("aws.route53", CLOUDTRAIL) => Ok(detail.zone_news()),
        (source, detail_type) => Err(Unreadable(format!(
            "neither of ACM or Route 53 nor our own: source `{}`, detail-type `{}`",
            quote(source),
            quote(detail_type)
        ))),
    }
}

/// The payload of a check. With `since`, [`parse`] reads it back as a follow-up.
pub fn check(certificate: &CertificateArn, since: Option<DateTime<Utc>>) -> Value {
    let detail = since.map_or_else(|| json!({}), |since| json!({"since": since}));
    let resources = [certificate.to_string()];
    json!({"source": SOURCE, "detail-type": CHECK, "resources": resources, "detail": detail})
}

/// The payload of a sweep.
pub fn sweep(sweep: &Sweep) -> Value {
    json!({"source": SOURCE, "detail-type": SWEEP, "resources": [], "detail": sweep})
}

const CLOUDTRAIL: &str = "AWS API Call via CloudTrail";

/// The few fields of an event's detail that we read, each of which may be missing or null.
///
/// Not `aws_lambda_events`' type for CloudTrail: that one drops the error code and refuses legal
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
    /// Calls that make a certificate answer with its ARN, calls about one are asked with it.
    fn certificate_arn(&self) -> Option<&String> {
        [&self.response_elements, &self.request_parameters].into_iter().find_map(|elements| {
            match elements.get("certificateArn") {
                Some(Value::String(arn)) => Some(arn),
                _ => None,
            }
        })
    }

    /// What a call to Route 53 may have changed for certificates that are blocked.
    fn zone_news(&self) -> Trigger {
        let Self { request_parameters: asked, response_elements: answered, .. } = self;
        match self.event_name.as_deref() {
            Some("CreateHostedZone") => match answered["hostedZone"]["name"].as_str() {
                _ if answered["hostedZone"]["config"]["privateZone"] == true => {
                    Trigger::Nothing("the new hosted zone is private".to_owned())
                }
                // 255 bytes, each of which Route 53 may spell as an octal number of four characters.
                Some(name) if name.len() > 4 * 255 => {
                    Trigger::Nothing("the new hosted zone's name is longer than any is".to_owned())
                }
                Some(name) => Trigger::Zone(ZoneNews::Created(DomainName::new(name))),
                None => Trigger::Nothing("the call made no hosted zone".to_owned()),
            },
            Some("ChangeTagsForResource") if asked["resourceType"] == "hostedzone" => {
                match asked["resourceId"].as_str() {
                    Some(id) => Trigger::Zone(ZoneNews::Tagged(id.to_owned())),
                    None => Trigger::Nothing("the call names no hosted zone".to_owned()),
                }
            }
            _ => Trigger::Nothing("the call neither made nor tagged a hosted zone".to_owned()),
        }
    }
}

fn certificate(arn: Option<&String>) -> Result<CertificateArn, Unreadable> {
    let arn = arn.ok_or_else(|| Unreadable("it names no certificate".to_owned()))?;
    arn.parse().map_err(|error| Unreadable(format!("{error}")))
}

/// What somebody else's event asks.
fn wake(arn: Option<&String>, since: Option<DateTime<Utc>>) -> Result<Trigger, Unreadable> {
    let certificate = certificate(arn)?;
    Ok(Trigger::Wake(Wake { certificate, since, follow_up: false, spent: false }))
}

fn read_sweep(detail: &Value) -> Result<Trigger, Unreadable> {
    // Left out, it asks for what an empty one does.
    let sweep = Option::<Sweep>::deserialize(detail)
        .map_err(|error| Unreadable(format!("its detail is not that of a sweep: {error}")))?
        .unwrap_or_default();
    let from = sweep.from.iter();
    let mut accounts = sweep.accounts.iter().chain(from.clone().map(|place| &place.account));
    if let Some(account) = accounts.find(|account| !is_account(account)) {
        let account = quote(account);
        return Err(Unreadable(format!("`{account}` is not the number of an account")));
    }
    if let Some(place) = from.clone().find(|place| !is_region(&place.region)) {
        let region = quote(&place.region);
        return Err(Unreadable(format!("`{region}` is not the name of a region")));
    }
    Ok(Trigger::Sweep(sweep))
}

#[cfg(test)]
mod tests;

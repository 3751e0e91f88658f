//! Reads what woke the function. *Why* it woke ends here: a look depends on what AWS says now.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arn::CertificateArn;
use crate::sweep::Sweep;

/// What an event asks of us.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trigger {
    /// Nothing, and why: the call it tells of made no certificate.
    Nothing(String),
    /// To arm the checks of all certificates that wait.
    Sweep(Sweep),
    /// To look at a certificate.
    Wake(Wake),
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
}

/// The payload is none that the function takes.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("cannot read the event: {0}")]
pub struct Unreadable(String);

/// The source of the events we make ourselves.
pub const SOURCE: &str = "acm-dns-validator";

/// The detail-type of the checks we arm.
pub const CHECK: &str = "Certificate Check";

/// The detail-type of a sweep.
pub const SWEEP: &str = "Certificate Sweep";

/// Reads an event as Lambda delivers it.
///
/// # Errors
///
/// [`Unreadable`] if it is none of an ACM event, CloudTrail's record of a call to ACM, our own check
/// and a sweep, or if it names a certificate by something that is not the ARN of one.
pub fn parse(payload: &Value) -> Result<Trigger, Unreadable> {
    let event = EventBridgeEvent::<Detail>::deserialize(payload)
        .map_err(|error| Unreadable(format!("it is not an EventBridge event: {error}")))?;
    let detail = &event.detail;
    let resource = event.resources.iter().flatten().next();
    match (event.source.as_str(), event.detail_type.as_str()) {
        (SOURCE, CHECK) => {
            let since = detail.since;
            wake(resource, since, since.is_some())
        }
        (SOURCE, SWEEP) => Sweep::deserialize(&payload["detail"])
            .map(Trigger::Sweep)
            .map_err(|error| Unreadable(format!("its detail is not that of a sweep: {error}"))),
        ("aws.acm", CLOUDTRAIL) => match (&detail.error_code, detail.certificate_arn()) {
            (Some(code), _) => Ok(Trigger::Nothing(format!("the call failed with {code}"))),
            (None, None) => Ok(Trigger::Nothing("the call was not about a certificate".to_owned())),
            // Not to be taken for one that ACM does not show yet. Its records stay: other
            // certificates may share them.
            (None, _) if detail.event_name.as_deref() == Some("DeleteCertificate") => {
                Ok(Trigger::Nothing("the certificate was deleted".to_owned()))
            }
            (None, arn) => wake(arn, detail.event_time.or(event.time), false),
        },
        ("aws.acm", _) => wake(resource, event.time, false),
        (source, detail_type) => Err(Unreadable(format!(
            "neither ACM's nor our own: source `{}`, detail-type `{}`",
            source.escape_debug(),
            detail_type.escape_debug()
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
}

fn wake(
    arn: Option<&String>,
    since: Option<DateTime<Utc>>,
    follow_up: bool,
) -> Result<Trigger, Unreadable> {
    let arn = arn.ok_or_else(|| Unreadable("it names no certificate".to_owned()))?;
    let certificate = arn.parse().map_err(|error| Unreadable(format!("{error}")))?;
    Ok(Trigger::Wake(Wake { certificate, since, follow_up }))
}

#[cfg(test)]
mod tests;

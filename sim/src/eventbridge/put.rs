//! `PutEvents`: reads the request, and rejects what AWS rejects.
//!
//! Sources: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>,
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>. The messages
//! about missing and malformed fields, size and more than ten entries are AWS's own, as recorded in
//! localstack's `tests/aws/services/events/test_events.snapshot.json`; the others are invented.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::rules::{Bus, Rules};
use crate::call::Caller;
use crate::wire::Failure;

/// The size that all entries of a call together must stay below, in bytes: 1 MB.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
pub(crate) const SIZE_LIMIT: usize = 1024 * 1024;

/// The most entries of a call.
const ENTRIES_LIMIT: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    entries: Option<Vec<Entry>>,
    endpoint_id: Option<String>,
}

/// One entry as it was sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry {
    detail: Option<String>,
    detail_type: Option<String>,
    event_bus_name: Option<String>,
    resources: Option<Vec<String>>,
    source: Option<String>,
    /// Seconds since 1970.
    time: Option<f64>,
}

/// An entry that is valid.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) bus: Bus,
    pub(crate) source: String,
    pub(crate) detail_type: String,
    pub(crate) resources: Vec<String>,
    pub(crate) detail: Value,
    pub(crate) time: Option<DateTime<Utc>>,
}

/// Why an entry is rejected: code and message.
pub(crate) type Refusal = (&'static str, String);

/// Reads the call, or rejects it as a whole.
pub(crate) fn read(body: &[u8]) -> Result<Vec<Entry>, Failure> {
    let call: PutEvents = serde_json::from_slice(body)
        .map_err(|error| Failure::new(400, "SerializationException", error.to_string()))?;
    if call.endpoint_id.is_some() {
        return Err(invalid("EndpointId is not modelled"));
    }
    let Some(entries) = call.entries else {
        return Err(invalid(
            "1 validation error detected: Value null at 'entries' failed to satisfy constraint: \
             Member must not be null",
        ));
    };
    let bound = match entries.len() {
        0 => Some("greater than or equal to 1".to_owned()),
        count if count > ENTRIES_LIMIT => Some(format!("less than or equal to {ENTRIES_LIMIT}")),
        _ => None,
    };
    if let Some(bound) = bound {
        return Err(invalid(format!(
            "1 validation error detected: Value '[…]' at 'entries' failed to satisfy constraint: \
             Member must have length {bound}"
        )));
    }
    if entries.iter().any(|entry| entry.event_bus_name().len() > 1600) {
        return Err(invalid(
            "1 validation error detected: Value at 'entries.1.member.eventBusName' failed to \
             satisfy constraint: Member must have length less than or equal to 1600",
        ));
    }
    if entries.iter().map(Entry::size).sum::<usize>() >= SIZE_LIMIT {
        return Err(invalid("Total size of the entries in the request is over the limit."));
    }
    Ok(entries)
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(400, "ValidationException", message)
}

impl Entry {
    /// The size that counts for the limit: 14 bytes for a time, and the bytes of every text.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/events/CalculatePutEventsEntrySize.html>
    fn size(&self) -> usize {
        let time = if self.time.is_some() { 14 } else { 0 };
        let texts = [&self.source, &self.detail_type, &self.detail].into_iter().flatten();
        let resources = self.resources.iter().flatten();
        time + texts.chain(resources).map(String::len).sum::<usize>()
    }

    fn event_bus_name(&self) -> &str {
        self.event_bus_name.as_deref().unwrap_or("default")
    }

    /// Checks this entry alone: an invalid entry does not affect the others.
    pub(crate) fn accept(&self, caller: &Caller, rules: &Rules) -> Result<Accepted, Refusal> {
        let source = required("Source", self.source.as_deref())?;
        let detail_type = required("DetailType", self.detail_type.as_deref())?;
        let detail = required("Detail", self.detail.as_deref())?;
        // 128 is the limit of Scheduler's EventBridgeParameters in botocore. That PutEvents has the
        // same limit, and its error, are assumed.
        if detail_type.chars().count() > 128 {
            let reason = "DetailType is longer than 128 characters.";
            return Err(argument("DetailType", reason));
        }
        // Assumed: the prefix decides, for buses of other accounts as well.
        if source.starts_with("aws.") {
            let message = "Not authorized for the source.".to_owned();
            return Err(("NotAuthorizedForSourceException", message));
        }
        let detail: Value = serde_json::from_str(detail)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
        Ok(Accepted {
            bus: self.bus(caller, rules)?,
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            resources: self.resources.clone().unwrap_or_default(),
            detail,
            time: self.time(),
        })
    }

    fn time(&self) -> Option<DateTime<Utc>> {
        self.time.and_then(|seconds| DateTime::from_timestamp(seconds as i64, 0))
    }

    /// The bus by its name or its ARN. It may be in another account, but not in another region, because
    /// the endpoint belongs to the region.
    ///
    /// Stricter than AWS on purpose: AWS was observed to answer with an `EventId` for a bus that does
    /// not exist, and to lose the event (localstack's `test_put_events_nonexistent_event_bus`). That
    /// hides the mistake. Here the entry fails, with the code of the other operations of the API.
    /// Every account may put events on the buses of every other account, since bus policies are not
    /// modelled.
    fn bus(&self, caller: &Caller, rules: &Rules) -> Result<Bus, Refusal> {
        let name = self.event_bus_name();
        let bus = if name.starts_with("arn:") {
            Bus::from_arn(name).ok_or_else(|| argument("EventBusName", "It is not a bus's ARN."))?
        } else {
            Bus::new(&caller.account, &caller.region, name)
        };
        if bus.region == caller.region && rules.has_bus(&bus) {
            return Ok(bus);
        }
        let message = format!("Event bus {} does not exist.", bus.name);
        Err(("ResourceNotFoundException", message))
    }
}

/// A missing text, or (assumed) an empty one.
fn required<'a>(name: &str, text: Option<&'a str>) -> Result<&'a str, Refusal> {
    let reason = || argument(name, &format!("{name} is a required argument."));
    text.filter(|text| !text.is_empty()).ok_or_else(reason)
}

fn argument(name: &str, reason: &str) -> Refusal {
    ("InvalidArgument", format!("Parameter {name} is not valid. Reason: {reason}"))
}

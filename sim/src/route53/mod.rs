//! Route 53: hosted zones and their records, and the public DNS that they serve.
//!
//! There are three interfaces: [`Route53::respond`] is the API, strict and throttled; `world` and `public`
//! let tests create zones, records and registrations directly; `dns` answers as public DNS does. A record
//! that the API accepted is visible in public DNS only if the registrar and the zone cuts lead to its zone.

mod change;
mod dns;
pub(crate) mod iam;
mod limits;
mod name;
mod public;
mod records;
mod tags;
#[cfg(test)]
mod tests;
mod trail;
mod world;
mod write;
mod xml;
mod zone;
mod zones;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use self::limits::AllLimits;
use self::xml::{Target, invalid_input, max_items};
use self::zone::Zone;
use crate::agenda::Agenda;
use crate::call::Caller;
use crate::event::Event;
use crate::wire::{Failure, Parameters};

pub use self::dns::{Answering, Rcode, Record, Resolution};
pub use self::name::{Name, NameError};
pub use self::records::{AliasTarget, RecordSet, Routing};
pub use self::write::{Action, Write};

/// How long a change is `PENDING`: "generally within 60 seconds".
/// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html>
const PROPAGATION: TimeDelta = TimeDelta::seconds(30);

/// The most record sets in one answer.
/// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html>
const RECORD_SETS_PER_PAGE: usize = 300;

/// The hosted zones of every account.
#[derive(Clone, Debug, Default)]
pub struct Route53 {
    zones: BTreeMap<String, Zone>,
    zones_created: u64,
    /// The zones of each account, in the two orders in which they are listed.
    owned: BTreeMap<String, Owned>,
    /// The public zones of every account, by name.
    public: BTreeMap<Name, BTreeSet<String>>,
    /// The name servers of registered domains, as the registrars have them.
    registered: BTreeMap<Name, Vec<String>>,
    /// How many zones other providers have.
    zones_elsewhere: u64,
    /// Name servers that tests have named, besides Route 53's.
    hosts: BTreeSet<Name>,
    /// The servers with other names: their names by these, in lower case and without trailing dots.
    white_labels: BTreeMap<String, String>,
    /// Every caller reference that an account has used.
    caller_references: BTreeMap<String, BTreeSet<String>>,
    changes: BTreeMap<String, ChangeInfo>,
    limits: AllLimits,
    writes: Vec<Write>,
    /// How many calls CloudTrail has recorded.
    recorded: usize,
    queue: Agenda<Event>,
}

#[derive(Clone, Debug, Default)]
struct Owned {
    by_id: BTreeSet<String>,
    by_name: BTreeSet<(Name, String)>,
}

/// A change that propagates to the name servers.
#[derive(Clone, Debug)]
struct ChangeInfo {
    account: String,
    submitted_at: DateTime<Utc>,
    comment: Option<String>,
}

/// A call, as far as the operations need it.
struct Request<'a> {
    account: &'a str,
    body: &'a str,
    now: DateTime<Utc>,
}

impl Route53 {
    /// Answers one call; the body is an XML document without its declaration.
    pub fn respond(
        &mut self,
        operation: &str,
        caller: &Caller,
        request: &http::Request<Vec<u8>>,
        now: DateTime<Utc>,
    ) -> Result<String, Failure> {
        let Some((_, target)) = xml::route(request) else {
            return Err(Failure::new(404, "UnknownOperationException", operation));
        };
        let result = self.perform(operation, &target, caller, request, now);
        if trail::is_write(operation) {
            self.recorded += 1;
            let (body, number) = (request.body(), self.recorded);
            let event = trail::event(operation, caller, &target, body, &result, now, number);
            self.queue.add(now, event);
        }
        result
    }

    fn perform(
        &mut self,
        operation: &str,
        target: &Target,
        caller: &Caller,
        request: &http::Request<Vec<u8>>,
        now: DateTime<Utc>,
    ) -> Result<String, Failure> {
        let account = caller.account.as_str();
        self.limits.admit_call(account, operation, now)?;
        let Ok(body) = std::str::from_utf8(request.body()) else {
            return Err(Failure::new(400, "MalformedInput", "The body is not UTF-8."));
        };
        let query = Parameters::of(request);
        let request = &Request { account, body, now };
        match operation {
            "ChangeResourceRecordSets" => self.change_resource_record_sets(request, target),
            "ChangeTagsForResource" => self.change_tags_for_resource(request, target),
            "CreateHostedZone" => self.create_hosted_zone(request),
            "DeleteHostedZone" => self.delete_hosted_zone(request, target),
            "GetChange" => self.get_change(request, target),
            "GetHostedZone" => self.get_hosted_zone(request, target),
            "GetHostedZoneCount" => Ok(self.get_hosted_zone_count(request)),
            "ListHostedZones" => self.list_hosted_zones(request, &query),
            "ListHostedZonesByName" => self.list_hosted_zones_by_name(request, &query),
            "ListResourceRecordSets" => self.list_resource_record_sets(request, target, &query),
            "ListTagsForResource" => self.list_tags_for_resource(request, target),
            "ListTagsForResources" => self.list_tags_for_resources(request, target),
            other => Err(Failure::new(404, "UnknownOperationException", other)),
        }
    }

    /// Returns the events for EventBridge that are due at `at`.
    pub fn advance(&mut self, at: DateTime<Utc>) -> Vec<Event> {
        std::iter::from_fn(|| self.queue.take(at)).collect()
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.queue.next_due()
    }

    /// Every change that was made through the API, in order.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    fn list_resource_record_sets(
        &self,
        request: &Request<'_>,
        target: &Target,
        query: &Parameters,
    ) -> Result<String, Failure> {
        let zone = self.owned_zone(request.account, &target.id)?;
        let max_items = max_items(query, RECORD_SETS_PER_PAGE)?;
        let start = match (query.get("name"), query.get("type"), query.get("identifier")) {
            (None, None, None) => Bound::Unbounded,
            // "If you specify Type but not Name, Amazon Route 53 returns the InvalidInput error".
            // In the same way, an identifier needs both.
            (None, _, _) | (_, None, Some(_)) => {
                return Err(invalid_input(
                    "The request must contain a name when it contains a type, and a type when it \
                     contains an identifier.",
                ));
            }
            (Some(name), record_type, identifier) => {
                record_type.map_or(Ok(()), records::check_type)?;
                let name: Name =
                    name.parse().map_err(|error: NameError| invalid_input(error.to_string()))?;
                let record_type = record_type.unwrap_or_default().to_owned();
                Bound::Included((name, record_type, identifier.map(str::to_owned)))
            }
        };
        let mut sets = zone.records.range((start, Bound::Unbounded)).map(|(_, set)| set);
        let page: Vec<_> = sets.by_ref().take(max_items).map(RecordSet::to_xml).collect();
        let next = sets.next();
        let mut parts = vec![
            xml::node("ResourceRecordSets", page),
            xml::text("IsTruncated", next.is_some()),
            xml::text("MaxItems", max_items),
        ];
        if let Some(set) = next {
            parts.push(xml::text("NextRecordName", &set.name));
            parts.push(xml::text("NextRecordType", &set.record_type));
            let identifier = set.set_identifier.iter();
            parts.extend(identifier.map(|id| xml::text("NextRecordIdentifier", id)));
        }
        Ok(xml::document("ListResourceRecordSetsResponse", parts))
    }

    fn get_change(&self, request: &Request<'_>, target: &Target) -> Result<String, Failure> {
        let id = target.id.strip_prefix("/change/").unwrap_or(&target.id);
        let change = self.changes.get(id).filter(|change| change.account == request.account);
        let Some(change) = change else {
            let message = format!("Could not find resource with ID: {id}");
            return Err(Failure::new(404, "NoSuchChange", message));
        };
        Ok(xml::document("GetChangeResponse", [change.to_xml(id, request.now)]))
    }

    /// Stores a change for `GetChange`, and returns its element.
    fn record_change(&mut self, request: &Request<'_>, comment: Option<String>) -> String {
        let id = format!("C{:019}", self.changes.len() + 1);
        let account = request.account.to_owned();
        let change = ChangeInfo { account, submitted_at: request.now, comment };
        let shown = change.to_xml(&id, request.now);
        self.changes.insert(id, change);
        shown
    }
}

impl ChangeInfo {
    fn to_xml(&self, id: &str, now: DateTime<Utc>) -> String {
        let in_sync = now - self.submitted_at >= PROPAGATION;
        let submitted_at = self.submitted_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let parts = [
            xml::text("Id", format!("/change/{id}")),
            xml::text("Status", if in_sync { "INSYNC" } else { "PENDING" }),
            xml::text("SubmittedAt", submitted_at),
            self.comment.as_ref().map(|text| xml::text("Comment", text)).unwrap_or_default(),
        ];
        xml::node("ChangeInfo", parts)
    }
}

/// Sets the status and the location of the answer to `CreateHostedZone`.
///
/// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html>
pub(crate) fn created(response: &mut http::Response<Vec<u8>>, body: &str) {
    *response.status_mut() = http::StatusCode::CREATED;
    let id = body.split_once("<Id>").and_then(|(_, rest)| rest.split_once("</Id>"));
    let location =
        id.map(|(id, _)| format!("https://route53.amazonaws.com/2013-04-01{id}").parse());
    if let Some(Ok(location)) = location {
        response.headers_mut().insert(http::header::LOCATION, location);
    }
}

/// The operation that a request calls.
pub fn operation(request: &http::Request<Vec<u8>>) -> &'static str {
    xml::route(request).map_or("unknown", |(operation, _)| operation)
}

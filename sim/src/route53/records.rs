//! Resource record sets: their content, how requests give them, and how answers return them.

use std::net::{Ipv4Addr, Ipv6Addr};

use roxmltree::Node;

use super::name::{Name, NameError};
use super::xml::{self, invalid_input, invalid_xml};
use crate::wire::Failure;

/// Every record type (`RRType` in botocore's model).
const TYPES: [&str; 17] = [
    "SOA", "A", "TXT", "NS", "CNAME", "MX", "NAPTR", "PTR", "SRV", "SPF", "AAAA", "CAA", "DS",
    "TLSA", "SSHFP", "SVCB", "HTTPS",
];

/// The routing elements, which allow several record sets of one name and type.
const ROUTING: [&str; 7] = [
    "Weight",
    "Region",
    "GeoLocation",
    "Failover",
    "MultiValueAnswer",
    "CidrRoutingConfig",
    "GeoProximityLocation",
];

/// The position of a record set in its zone: by name, then by type, then by set identifier.
pub(super) type Key = (Name, String, Option<String>);

/// A resource record set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordSet {
    /// Its name, for example `_x1.www.example.com.`.
    pub name: Name,
    /// Its type, for example `CNAME`.
    pub record_type: String,
    /// Distinguishes it from others of its name and type; `None` in a simple record set.
    pub set_identifier: Option<String>,
    /// How traffic is divided between record sets of one name and type; `None` in a simple record set.
    pub routing: Option<Routing>,
    /// Its time to live in seconds; an alias has none.
    pub ttl: Option<i64>,
    /// Its values, in the order they were given.
    pub values: Vec<String>,
    /// The AWS resource or record that it is an alias of.
    pub alias: Option<AliasTarget>,
}

/// A routing policy, stored as it was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Routing {
    /// Its element, for example `Weight`.
    pub policy: &'static str,
    xml: String,
}

/// The target of an alias record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AliasTarget {
    /// The hosted zone of the target.
    pub hosted_zone_id: String,
    /// The name of the target.
    pub dns_name: String,
    /// Whether the health of the target is evaluated.
    pub evaluate_target_health: bool,
}

impl RecordSet {
    /// A simple record set.
    pub(super) fn simple(name: Name, record_type: &str, ttl: i64, values: Vec<String>) -> Self {
        Self {
            name,
            record_type: record_type.to_owned(),
            set_identifier: None,
            routing: None,
            ttl: Some(ttl),
            values,
            alias: None,
        }
    }

    pub(super) fn key(&self) -> Key {
        (self.name.clone(), self.record_type.clone(), self.set_identifier.clone())
    }

    /// Whether a `DELETE` of `other` matches: everything is equal, with the values in any order.
    pub(super) fn matches(&self, other: &Self) -> bool {
        let sorted = |set: &Self| {
            let mut set = set.clone();
            set.values.sort();
            set
        };
        sorted(self) == sorted(other)
    }

    pub(super) fn to_xml(&self) -> String {
        let mut parts = vec![xml::text("Name", &self.name), xml::text("Type", &self.record_type)];
        parts.extend(self.set_identifier.iter().map(|id| xml::text("SetIdentifier", id)));
        parts.extend(self.routing.iter().map(|routing| routing.xml.clone()));
        parts.extend(self.ttl.map(|ttl| xml::text("TTL", ttl)));
        if !self.values.is_empty() {
            let records = self.values.iter();
            let records =
                records.map(|value| xml::node("ResourceRecord", [xml::text("Value", value)]));
            parts.push(xml::node("ResourceRecords", records));
        }
        parts.extend(self.alias.iter().map(|alias| {
            let parts = [
                xml::text("HostedZoneId", &alias.hosted_zone_id),
                xml::text("DNSName", &alias.dns_name),
                xml::text("EvaluateTargetHealth", alias.evaluate_target_health),
            ];
            xml::node("AliasTarget", parts)
        }));
        xml::node("ResourceRecordSet", parts)
    }
}

/// A record set from a request with a valid shape, whose content is not checked yet.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    name: String,
    record_type: String,
    set_identifier: Option<String>,
    routing: Option<Routing>,
    ttl: Option<i64>,
    pub(super) values: Vec<String>,
    alias: Option<AliasTarget>,
}

impl Draft {
    /// Reads a `ResourceRecordSet` element, rejecting what the schema rejects.
    pub(super) fn read(node: Node<'_, '_>, action: &str) -> Result<Self, Failure> {
        let record_type = xml::required_text(node, "Type")?;
        check_type(&record_type)?;
        // `TrafficPolicyInstanceId` is not modelled: this AWS has no traffic policies.
        if let Some(id) = xml::child_text(node, "HealthCheckId") {
            let message = format!("No health check found with ID: {id}");
            return Err(Failure::new(404, "NoSuchHealthCheck", message));
        }
        let routing = ROUTING
            .into_iter()
            .find_map(|policy| xml::child(node, policy).map(|found| (policy, found)))
            .map(|(policy, found)| Routing { policy, xml: canonical(found) });
        let draft = Self {
            name: xml::required_text(node, "Name")?,
            record_type,
            set_identifier: xml::child_text(node, "SetIdentifier"),
            routing,
            ttl: xml::child_text(node, "TTL").map(|ttl| read_ttl(&ttl)).transpose()?,
            values: match xml::child(node, "ResourceRecords") {
                Some(records) => xml::children(records, "ResourceRecord")
                    .map(|record| xml::required_text(record, "Value"))
                    .collect::<Result<_, _>>()?,
                None => Vec::new(),
            },
            alias: xml::child(node, "AliasTarget").map(read_alias).transpose()?,
        };
        draft.check_shape(action)?;
        Ok(draft)
    }

    /// The rules over several elements. Sources of the messages: <https://github.com/boto/boto3/issues/2240>,
    /// <https://github.com/awslabs/aws-sdk-rust/issues/924>; what follows `but found` for more than
    /// one is invented.
    fn check_shape(&self, action: &str) -> Result<(), Failure> {
        let (name, record_type) = (&self.name, &self.record_type);
        let set_identifier = self.set_identifier.as_deref().unwrap_or("null");
        let change = format!(
            "in Change with [Action={action}, Name={name}, Type={record_type}, \
             SetIdentifier={set_identifier}]"
        );
        let plain = self.ttl.is_some() && !self.values.is_empty();
        let partly_plain = self.ttl.is_some() || !self.values.is_empty();
        let one_of = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or \
                      TrafficPolicyInstanceId]";
        let problem = match (&self.alias, plain) {
            (None, false) => Some(format!("{one_of}, but found none {change}")),
            (Some(_), _) if partly_plain => {
                Some(format!("{one_of}, but found more than one {change}"))
            }
            _ => None,
        };
        let problem = problem.or_else(|| match (&self.routing, &self.set_identifier) {
            (Some(_), None) => Some(format!("Missing field 'SetIdentifier' {change}")),
            (None, Some(_)) => Some(format!(
                "Expected exactly one of [{}], but found none {change}",
                ROUTING.join(", ")
            )),
            _ => None,
        });
        problem.map_or(Ok(()), |problem| Err(invalid_input(format!("Invalid request: {problem}"))))
    }

    /// The record set, or one message for each problem of its content.
    pub(super) fn checked(self) -> Result<RecordSet, Vec<String>> {
        let name: Name = self.name.parse().map_err(|error: NameError| vec![error.to_string()])?;
        let record_type = self.record_type.as_str();
        let mut problems: Vec<String> = self
            .values
            .iter()
            .filter_map(|value| check_value(record_type, value).err())
            .map(|problem| format!("Invalid Resource Record: '{problem}'"))
            .collect();
        // One canonical name, RFC 1034 section 3.6.2. Route 53's own message is not known.
        if record_type == "CNAME" && self.values.len() > 1 {
            problems.push(format!(
                "RRSet of type CNAME with DNS name {name} must contain exactly one resource record"
            ));
        }
        for (position, value) in self.values.iter().enumerate() {
            if self.values[..position].contains(value) {
                problems.push(format!("Duplicate Resource Record: '{value}'"));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let Self { record_type, set_identifier, routing, ttl, values, alias, .. } = self;
        Ok(RecordSet { name, record_type, set_identifier, routing, ttl, values, alias })
    }
}

/// Rejects an unknown record type.
pub(super) fn check_type(record_type: &str) -> Result<(), Failure> {
    if TYPES.contains(&record_type) {
        return Ok(());
    }
    Err(invalid_xml(format!(
        "cvc-enumeration-valid: Value '{record_type}' is not facet-valid with respect to \
         enumeration '[{}]'. It must be a value from the enumeration.",
        TYPES.join(", ")
    )))
}

/// `TTL` is at least 0 and at most 2147483647 in botocore's model, as RFC 2181 section 8 has it.
fn read_ttl(text: &str) -> Result<i64, Failure> {
    let Ok(ttl) = text.trim().parse() else {
        return Err(invalid_xml(format!(
            "cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'integer'."
        )));
    };
    let (facet, bound) = match ttl {
        0..=2_147_483_647 => return Ok(ttl),
        ..0 => ("minInclusive", 0),
        _ => ("maxInclusive", 2_147_483_647),
    };
    Err(invalid_xml(format!(
        "cvc-{facet}-valid: Value '{ttl}' is not facet-valid with respect to {facet} '{bound}' \
         for type 'TTL'."
    )))
}

fn read_alias(node: Node<'_, '_>) -> Result<AliasTarget, Failure> {
    Ok(AliasTarget {
        hosted_zone_id: xml::required_text(node, "HostedZoneId")?,
        dns_name: xml::required_text(node, "DNSName")?,
        evaluate_target_health: xml::required_text(node, "EvaluateTargetHealth")? == "true",
    })
}

/// An element without namespaces and white space between elements.
fn canonical(element: Node<'_, '_>) -> String {
    let name = element.tag_name().name();
    if element.children().any(|child| child.is_element()) {
        xml::node(name, element.children().filter(Node::is_element).map(canonical))
    } else {
        xml::text(name, element.text().unwrap_or_default())
    }
}

/// Checks a value, for the types whose errors are known from the logs of operators.
///
/// Formats: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html>
fn check_value(record_type: &str, value: &str) -> Result<(), String> {
    let fatal = |problem: &str| Err(format!("FATAL problem: {problem} encountered with '{value}'"));
    match record_type {
        "A" if value.parse::<Ipv4Addr>().is_err() => {
            fatal("ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)")
        }
        "AAAA" if value.parse::<Ipv6Addr>().is_err() => {
            fatal("AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)")
        }
        "TXT" | "SPF" if value.len() < 2 || !value.starts_with('"') || !value.ends_with('"') => {
            fatal("InvalidCharacterString (Value should be enclosed in quotation marks)")
        }
        "CNAME" | "NS" | "PTR" => {
            value.parse::<Name>().map(drop).map_err(|error| error.to_string())
        }
        _ => Ok(()),
    }
}

//! Hosted zones: their records and tags, and how the API returns them.

use std::collections::BTreeMap;

use super::name::Name;
use super::records::{Key, RecordSet};
use super::xml::{self, invalid_input, too_long};
use crate::wire::Failure;

/// A hosted zone.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    /// For example `Z0000000000000000001`.
    pub(super) id: String,
    /// Empty if another provider has it.
    pub(super) account: String,
    pub(super) name: Name,
    pub(super) visibility: Visibility,
    pub(super) caller_reference: String,
    pub(super) comment: Option<String>,
    pub(super) linked_service: Option<LinkedService>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) records: BTreeMap<Key, RecordSet>,
}

/// Whether a zone is public or private.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Visibility {
    /// Public, with these name servers, such as `ns-1.awsdns-01.com`.
    Public { name_servers: Vec<String> },
    /// Private, visible inside these VPCs.
    Private { vpcs: Vec<Vpc> },
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Vpc {
    pub(super) region: String,
    pub(super) id: String,
}

/// The AWS service that created a zone and manages it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct LinkedService {
    pub(super) service_principal: String,
    pub(super) description: String,
}

impl Zone {
    /// The NS and SOA record sets of a new zone.
    /// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html>
    pub(super) fn default_records(&self) -> [RecordSet; 2] {
        let servers = self.name_servers();
        let first = servers.first().map(String::as_str).unwrap_or_default();
        let hostmaster = match self.account.is_empty() {
            true => format!("hostmaster.{}", self.name),
            false => "awsdns-hostmaster.amazon.com.".to_owned(),
        };
        let soa = format!("{first}. {hostmaster} 1 7200 900 1209600 86400");
        let servers = servers.iter().map(|server| format!("{server}.")).collect();
        [
            RecordSet::simple(self.name.clone(), "NS", 172_800, servers),
            RecordSet::simple(self.name.clone(), "SOA", 900, vec![soa]),
        ]
    }

    pub(super) fn is_public(&self) -> bool {
        matches!(self.visibility, Visibility::Public { .. })
    }

    /// Its name servers, without trailing dots. All private zones have the same four, which answer no
    /// queries.
    pub(super) fn name_servers(&self) -> Vec<String> {
        match &self.visibility {
            Visibility::Public { name_servers } => name_servers.clone(),
            Visibility::Private { .. } => {
                let servers = ["ns-1536.awsdns-00.co.uk", "ns-0.awsdns-00.com"];
                let more = ["ns-1024.awsdns-00.org", "ns-512.awsdns-00.net"];
                servers.into_iter().chain(more).map(str::to_owned).collect()
            }
        }
    }

    /// The record sets at this name, of every type.
    pub(super) fn at<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a RecordSet> {
        let from = (name.clone(), String::new(), None);
        self.records.range(from..).map(|(_, set)| set).take_while(move |set| set.name == *name)
    }

    /// The record sets of this name and type.
    pub(super) fn of<'a>(
        &'a self,
        name: &'a Name,
        record_type: &'a str,
    ) -> impl Iterator<Item = &'a RecordSet> {
        let from = (name.clone(), record_type.to_owned(), None);
        let sets = self.records.range(from..).map(|(_, set)| set);
        sets.take_while(move |set| set.name == *name && set.record_type == record_type)
    }

    /// Whether there is a record set at this name or below it.
    pub(super) fn reaches(&self, name: &Name) -> bool {
        let from = (name.clone(), String::new(), None);
        self.records.range(from..).next().is_some_and(|(_, set)| set.name.is_within(name))
    }

    pub(super) fn insert(&mut self, set: RecordSet) -> Option<RecordSet> {
        self.records.insert(set.key(), set)
    }

    pub(super) fn to_xml(&self) -> String {
        let mut config: Vec<_> =
            self.comment.iter().map(|comment| xml::text("Comment", comment)).collect();
        config.push(xml::text("PrivateZone", !self.is_public()));
        let mut parts = vec![
            xml::text("Id", format!("/hostedzone/{}", self.id)),
            xml::text("Name", &self.name),
            xml::text("CallerReference", &self.caller_reference),
            xml::node("Config", config),
            xml::text("ResourceRecordSetCount", self.records.len()),
        ];
        parts.extend(self.linked_service.iter().map(|service| {
            let principal = xml::text("ServicePrincipal", &service.service_principal);
            xml::node("LinkedService", [principal, xml::text("Description", &service.description)])
        }));
        xml::node("HostedZone", parts)
    }

    pub(super) fn delegation_set(&self) -> String {
        let servers = self.name_servers().into_iter();
        let servers = servers.map(|server| xml::text("NameServer", server));
        xml::node("DelegationSet", [xml::node("NameServers", servers)])
    }

    pub(super) fn tag_set(&self) -> String {
        let tags = self.tags.iter().map(|(key, value)| {
            xml::node("Tag", [xml::text("Key", key), xml::text("Value", value)])
        });
        let parts = [
            xml::text("ResourceType", "hostedzone"),
            xml::text("ResourceId", &self.id),
            xml::node("Tags", tags),
        ];
        xml::node("ResourceTagSet", parts)
    }
}

impl Vpc {
    pub(super) fn to_xml(&self) -> String {
        xml::node("VPC", [xml::text("VPCRegion", &self.region), xml::text("VPCId", &self.id)])
    }
}

/// A zone id without the prefix that the API returns.
pub(super) fn plain_id(id: &str) -> &str {
    id.strip_prefix("/hostedzone/").or_else(|| id.strip_prefix("hostedzone/")).unwrap_or(id)
}

pub(super) fn no_such_zone(id: &str) -> Failure {
    Failure::new(404, "NoSuchHostedZone", format!("No hosted zone found with ID: {id}"))
}

/// Rejects invalid ids (`ResourceId` in botocore's model has at most 32 characters).
pub(super) fn check_id(id: &str, member: &str) -> Result<(), Failure> {
    if id.len() > 32 {
        return Err(too_long(id, member, 32));
    }
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(invalid_input(format!("Invalid hosted zone ID: {id}")));
    }
    Ok(())
}

/// Rejects changes of a zone that another service manages. The message is as operators quote it.
///
/// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_LinkedService.html>
pub(super) fn refuse_linked(zone: &Zone) -> Result<(), Failure> {
    let Some(service) = &zone.linked_service else {
        return Ok(());
    };
    let (id, description) = (&zone.id, &service.description);
    Err(Failure::new(
        403,
        "AccessDenied",
        format!("The resource hostedzone/{id} can only be managed through {description}"),
    ))
}

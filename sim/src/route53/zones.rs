//! Holds hosted zones, and answers the calls that create, list, tag and delete them.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::name::Name;
use super::records::{Key, RecordSet};
use super::xml::{self, Target, invalid_input, invalid_xml, too_long};
use super::{Request, Route53};
use crate::wire::{Failure, Parameters};

/// The most hosted zones in one answer.
/// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html>
const ZONES_PER_PAGE: usize = 100;

/// The most resources `ListTagsForResources` takes (`TagResourceIdList` in botocore's model).
const RESOURCES_PER_CALL: usize = 10;

/// A hosted zone.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    /// For example `Z0000000000000000001`.
    pub(super) id: String,
    pub(super) account: String,
    pub(super) name: Name,
    pub(super) visibility: Visibility,
    pub(super) caller_reference: String,
    pub(super) comment: Option<String>,
    pub(super) linked_service: Option<LinkedService>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) records: BTreeMap<Key, RecordSet>,
}

/// Who sees a zone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Visibility {
    /// Everybody who is sent to these name servers, such as `ns-1.awsdns-01.com`.
    Public { name_servers: Vec<String> },
    /// Whoever asks from inside these VPCs.
    Private { vpcs: Vec<Vpc> },
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Vpc {
    pub(super) region: String,
    pub(super) id: String,
}

/// The AWS service that made a zone and keeps it to itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct LinkedService {
    pub(super) service_principal: String,
    pub(super) description: String,
}

impl Zone {
    /// The NS and SOA record sets a zone is born with.
    /// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html>
    pub(super) fn default_records(&self) -> [RecordSet; 2] {
        let servers = self.name_servers();
        let soa = format!(
            "{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",
            servers.first().map(String::as_str).unwrap_or_default()
        );
        let servers = servers.iter().map(|server| format!("{server}.")).collect();
        [
            RecordSet::simple(self.name.clone(), "NS", 172_800, servers),
            RecordSet::simple(self.name.clone(), "SOA", 900, vec![soa]),
        ]
    }

    pub(super) fn is_public(&self) -> bool {
        matches!(self.visibility, Visibility::Public { .. })
    }

    /// Its name servers, without trailing dots. Private zones all show the same four, which answer
    /// nobody.
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

    /// Whether there is anything at this name or under it.
    pub(super) fn reaches(&self, name: &Name) -> bool {
        let from = (name.clone(), String::new(), None);
        self.records.range(from..).next().is_some_and(|(_, set)| set.name.is_within(name))
    }

    pub(super) fn insert(&mut self, set: RecordSet) -> Option<RecordSet> {
        self.records.insert(set.key(), set)
    }

    fn to_xml(&self) -> String {
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

    fn delegation_set(&self) -> String {
        let servers = self.name_servers().into_iter();
        let servers = servers.map(|server| xml::text("NameServer", server));
        xml::node("DelegationSet", [xml::node("NameServers", servers)])
    }

    fn tag_set(&self) -> String {
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
    fn to_xml(&self) -> String {
        xml::node("VPC", [xml::text("VPCRegion", &self.region), xml::text("VPCId", &self.id)])
    }
}

/// A zone id without the prefix it is returned with.
pub(super) fn plain_id(id: &str) -> &str {
    id.strip_prefix("/hostedzone/").or_else(|| id.strip_prefix("hostedzone/")).unwrap_or(id)
}

fn no_such_zone(id: &str) -> Failure {
    Failure::new(404, "NoSuchHostedZone", format!("No hosted zone found with ID: {id}"))
}

/// Refuses ids that cannot be one (`ResourceId` in botocore's model has at most 32 characters).
fn check_id(id: &str, member: &str) -> Result<(), Failure> {
    if id.len() > 32 {
        return Err(too_long(id, member, 32));
    }
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(invalid_input(format!("Invalid hosted zone ID: {id}")));
    }
    Ok(())
}

/// Tag calls take ids as they are: one with the prefix is too long, or simply not found.
/// Seen in <https://github.com/getmoto/moto/issues/8931> and
/// <https://github.com/kubernetes-sigs/external-dns/issues/5012>.
fn check_tagged(target: &Target, id: &str) -> Result<(), Failure> {
    match target.resource_type.as_str() {
        "hostedzone" if id.len() > 32 => Err(too_long(id, "resourceId", 32)),
        "hostedzone" => Ok(()),
        "healthcheck" => {
            let message = format!("No health check found with ID: {id}");
            Err(Failure::new(404, "NoSuchHealthCheck", message))
        }
        other => Err(invalid_input(format!(
            "1 validation error detected: Value '{other}' at 'resourceType' failed to satisfy \
             constraint: Member must satisfy enum value set: [healthcheck, hostedzone]"
        ))),
    }
}

impl Route53 {
    /// A zone the caller owns. Anybody else's is denied, and not said to be none:
    /// <https://github.com/turbot/steampipe-plugin-aws/issues/1373>
    pub(super) fn owned_zone(&self, account: &str, id: &str) -> Result<&Zone, Failure> {
        let id = plain_id(id);
        check_id(id, "id")?;
        let zone = self.zones.get(id).ok_or_else(|| no_such_zone(id))?;
        if zone.account != account {
            let caller = format!("arn:aws:iam::{account}:root");
            let message = format!("User: {caller} is not authorized to access this resource");
            return Err(Failure::new(403, "AccessDenied", message));
        }
        Ok(zone)
    }

    pub(super) fn create_hosted_zone(&mut self, request: &Request<'_>) -> Result<String, Failure> {
        let document = xml::parse(request.body, "CreateHostedZoneRequest")?;
        let root = document.root_element();
        let name = xml::required_text(root, "Name")?;
        let caller_reference = xml::required_text(root, "CallerReference")?;
        let config = xml::child(root, "HostedZoneConfig");
        let comment = config.and_then(|config| xml::child_text(config, "Comment"));
        let private = config.and_then(|config| xml::child_text(config, "PrivateZone"));
        let vpc = match xml::child(root, "VPC") {
            Some(vpc) => Some(Vpc {
                region: xml::required_text(vpc, "VPCRegion")?,
                id: xml::required_text(vpc, "VPCId")?,
            }),
            None => None,
        };
        let invalid_name = |message| Failure::new(400, "InvalidDomainName", message);
        let name: Name = name.parse().map_err(|error| invalid_name(format!("{error}")))?;
        if caller_reference.is_empty() {
            return Err(invalid_input("The request must contain a CallerReference."));
        }
        if caller_reference.chars().count() > 128 {
            return Err(too_long(&caller_reference, "callerReference", 128));
        }
        if comment.as_ref().is_some_and(|comment| comment.chars().count() > 256) {
            return Err(too_long(&comment.unwrap_or_default(), "comment", 256));
        }
        // https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html
        if private.as_deref() == Some("true") && vpc.is_none() {
            return Err(invalid_input(
                "When you're creating a private hosted zone (when you specify true for \
                 PrivateZone), you must also specify values for VPCId and VPCRegion.",
            ));
        }
        // There are no reusable delegation sets here.
        if let Some(id) = xml::child_text(root, "DelegationSetId") {
            let message = format!("The specified delegation set does not exist: {id}");
            return Err(Failure::new(400, "NoSuchDelegationSet", message));
        }
        // "You can't create a hosted zone for a top-level domain (TLD) such as .com":
        // https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
        // The words: https://github.com/awslabs/aws-saas-boost/issues/404
        // AWS says the same of example.com, which this simulator leaves to its tests.
        if vpc.is_none() && name.parent().is_none() {
            let name = name.to_string();
            let name = name.trim_end_matches('.');
            return Err(invalid_name(format!("{name} is reserved by AWS!")));
        }
        let references = self.caller_references.entry(request.account.to_owned()).or_default();
        if !references.insert(caller_reference.clone()) {
            return Err(Failure::new(
                409,
                "HostedZoneAlreadyExists",
                "A hosted zone has already been created with the specified caller reference.",
            ));
        }
        let vpc_xml = vpc.as_ref().map(Vpc::to_xml);
        let id = self.add_zone(request.account, name, vpc, |zone| {
            zone.caller_reference = caller_reference;
            zone.comment = comment;
        });
        let change = self.record_change(request, None);
        let zone = self.owned_zone(request.account, &id)?;
        let mut parts = vec![zone.to_xml(), change];
        match vpc_xml {
            Some(vpc) => parts.push(vpc),
            None => parts.push(zone.delegation_set()),
        }
        Ok(xml::document("CreateHostedZoneResponse", parts))
    }

    pub(super) fn get_hosted_zone(
        &self,
        request: &Request<'_>,
        target: &Target,
    ) -> Result<String, Failure> {
        let zone = self.owned_zone(request.account, &target.id)?;
        let more = match &zone.visibility {
            Visibility::Public { .. } => zone.delegation_set(),
            Visibility::Private { vpcs } => xml::node("VPCs", vpcs.iter().map(Vpc::to_xml)),
        };
        Ok(xml::document("GetHostedZoneResponse", [zone.to_xml(), more]))
    }

    pub(super) fn delete_hosted_zone(
        &mut self,
        request: &Request<'_>,
        target: &Target,
    ) -> Result<String, Failure> {
        let zone = self.owned_zone(request.account, &target.id)?;
        refuse_linked(zone)?;
        // "only if it contains only the default SOA and NS records":
        // https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html
        let required = |set: &RecordSet| {
            set.name == zone.name && matches!(set.record_type.as_str(), "NS" | "SOA")
        };
        if !zone.records.values().all(required) {
            return Err(Failure::new(
                400,
                "HostedZoneNotEmpty",
                "The specified hosted zone contains non-required resource record sets and so \
                 cannot be deleted.",
            ));
        }
        let id = zone.id.clone();
        self.remove_zone(&id);
        let change = self.record_change(request, None);
        Ok(xml::document("DeleteHostedZoneResponse", [change]))
    }

    pub(super) fn get_hosted_zone_count(&self, request: &Request<'_>) -> String {
        let count = self.owned.get(request.account).map_or(0, |owned| owned.by_id.len());
        xml::document("GetHostedZoneCountResponse", [xml::text("HostedZoneCount", count)])
    }

    pub(super) fn list_hosted_zones(
        &self,
        request: &Request<'_>,
        query: &Parameters,
    ) -> Result<String, Failure> {
        let max_items = xml::max_items(query, ZONES_PER_PAGE)?;
        if let Some(id) = query.get("delegationsetid") {
            let message = format!("The specified delegation set does not exist: {id}");
            return Err(Failure::new(400, "NoSuchDelegationSet", message));
        }
        let private_only = match query.get("hostedzonetype") {
            None => false,
            Some("PrivateHostedZone") => true,
            Some(other) => {
                return Err(invalid_input(format!("Invalid HostedZoneType: {other}")));
            }
        };
        let marker = query.get("marker").map(plain_id).unwrap_or_default();
        if marker.len() > 64 {
            return Err(too_long(marker, "marker", 64));
        }
        let ids = self.owned.get(request.account).into_iter();
        let ids = ids.flat_map(|owned| owned.by_id.range(marker.to_owned()..));
        let mut zones = ids
            .filter_map(|id| self.zones.get(id))
            .filter(|zone| !private_only || !zone.is_public());
        let page: Vec<_> = zones.by_ref().take(max_items).map(Zone::to_xml).collect();
        let next = zones.next();
        let parts = [
            xml::node("HostedZones", page),
            xml::text("Marker", marker),
            xml::text("IsTruncated", next.is_some()),
            next.map(|zone| xml::text("NextMarker", &zone.id)).unwrap_or_default(),
            xml::text("MaxItems", max_items),
        ];
        Ok(xml::document("ListHostedZonesResponse", parts))
    }

    /// A cursor, not a filter: the list goes on to the account's last zone.
    /// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html>
    pub(super) fn list_hosted_zones_by_name(
        &self,
        request: &Request<'_>,
        query: &Parameters,
    ) -> Result<String, Failure> {
        let max_items = xml::max_items(query, ZONES_PER_PAGE)?;
        let (dns_name, id) = (query.get("dnsname"), query.get("hostedzoneid"));
        if id.is_some() && dns_name.is_none() {
            return Err(invalid_input(
                "The request must contain a DNSName when it contains a HostedZoneId.",
            ));
        }
        let start = match dns_name {
            Some(name) => {
                let name: Name = name
                    .parse()
                    .map_err(|error| Failure::new(400, "InvalidDomainName", format!("{error}")))?;
                let id = plain_id(id.unwrap_or_default());
                Bound::Included((name, id.to_owned()))
            }
            None => Bound::Unbounded,
        };
        let owned = self.owned.get(request.account).into_iter();
        let mut zones = owned
            .flat_map(|owned| owned.by_name.range((start.clone(), Bound::Unbounded)))
            .filter_map(|(_, id)| self.zones.get(id));
        let page: Vec<_> = zones.by_ref().take(max_items).map(Zone::to_xml).collect();
        let next = zones.next();
        let parts = [
            xml::node("HostedZones", page),
            dns_name.map(|name| xml::text("DNSName", name)).unwrap_or_default(),
            id.map(|id| xml::text("HostedZoneId", id)).unwrap_or_default(),
            xml::text("IsTruncated", next.is_some()),
            next.map(|zone| xml::text("NextDNSName", &zone.name)).unwrap_or_default(),
            next.map(|zone| xml::text("NextHostedZoneId", &zone.id)).unwrap_or_default(),
            xml::text("MaxItems", max_items),
        ];
        Ok(xml::document("ListHostedZonesByNameResponse", parts))
    }

    /// The zone a tag call means.
    fn tagged_zone(&self, account: &str, target: &Target, id: &str) -> Result<&Zone, Failure> {
        check_tagged(target, id)?;
        self.zones.get(id).filter(|zone| zone.account == account).ok_or_else(|| no_such_zone(id))
    }

    pub(super) fn list_tags_for_resource(
        &self,
        request: &Request<'_>,
        target: &Target,
    ) -> Result<String, Failure> {
        let zone = self.tagged_zone(request.account, target, &target.id)?;
        Ok(xml::document("ListTagsForResourceResponse", [zone.tag_set()]))
    }

    pub(super) fn list_tags_for_resources(
        &self,
        request: &Request<'_>,
        target: &Target,
    ) -> Result<String, Failure> {
        let document = xml::parse(request.body, "ListTagsForResourcesRequest")?;
        let ids = xml::required(document.root_element(), "ResourceIds")?;
        xml::required(ids, "ResourceId")?;
        let ids: Vec<_> = xml::children(ids, "ResourceId").filter_map(|id| id.text()).collect();
        if ids.len() > RESOURCES_PER_CALL {
            return Err(invalid_xml(format!(
                "cvc-complex-type.2.4.f: 'ResourceId' can occur a maximum of \
                 '{RESOURCES_PER_CALL}' times in the current sequence. This limit was exceeded. No \
                 child element is expected at this point."
            )));
        }
        let sets = ids
            .into_iter()
            .map(|id| self.tagged_zone(request.account, target, id).map(Zone::tag_set));
        let sets: Vec<_> = sets.collect::<Result<_, _>>()?;
        let sets = xml::node("ResourceTagSets", sets);
        Ok(xml::document("ListTagsForResourcesResponse", [sets]))
    }

    pub(super) fn change_tags_for_resource(
        &mut self,
        request: &Request<'_>,
        target: &Target,
    ) -> Result<String, Failure> {
        let document = xml::parse(request.body, "ChangeTagsForResourceRequest")?;
        let root = document.root_element();
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        if let Some(tags) = xml::child(root, "AddTags") {
            for tag in xml::children(tags, "Tag") {
                let key = xml::required_text(tag, "Key")?;
                let value = xml::child_text(tag, "Value").unwrap_or_default();
                if key.is_empty() || key.chars().count() > 128 || key.starts_with("aws:") {
                    return Err(invalid_input(format!("Invalid tag key: {key}")));
                }
                if value.chars().count() > 256 {
                    return Err(too_long(&value, "value", 256));
                }
                added.push((key, value));
            }
        }
        if let Some(keys) = xml::child(root, "RemoveTagKeys") {
            removed.extend(xml::children(keys, "Key").filter_map(|key| key.text()));
        }
        // `TagList` and `TagKeyList` in botocore's model hold 1 to 10.
        let too_many = added.len() > 10 || removed.len() > 10;
        if too_many || (added.is_empty() && removed.is_empty()) {
            return Err(invalid_input("The request must add or remove between 1 and 10 tags."));
        }
        self.tagged_zone(request.account, target, &target.id)?;
        if let Some(zone) = self.zones.get_mut(&target.id) {
            zone.tags.extend(added);
            zone.tags.retain(|key, _| !removed.contains(&key.as_str()));
        }
        Ok(xml::document("ChangeTagsForResourceResponse", []))
    }
}

/// A zone that another service made is not its owner's to change. The sentence is as operators
/// quote it.
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

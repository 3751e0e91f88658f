//! Answers the calls that create, list and delete hosted zones.

use std::ops::Bound;

use super::name::Name;
use super::records::RecordSet;
use super::xml::{self, Target, invalid_input, too_long};
use super::zone::{Visibility, Vpc, Zone, check_id, no_such_zone, plain_id, refuse_linked};
use super::{Request, Route53};
use crate::wire::{Failure, Parameters};

/// The most hosted zones in one answer.
/// Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html>
const ZONES_PER_PAGE: usize = 100;

impl Route53 {
    /// A zone of the caller. For a zone of another account the error is a denial, not that it is missing:
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
        // Reusable delegation sets are not modelled.
        if let Some(id) = xml::child_text(root, "DelegationSetId") {
            let message = format!("The specified delegation set does not exist: {id}");
            return Err(Failure::new(400, "NoSuchDelegationSet", message));
        }
        // "You can't create a hosted zone for a top-level domain (TLD) such as .com":
        // https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
        // Source of the message: https://github.com/awslabs/aws-saas-boost/issues/404
        // AWS also reserves example.com, which the simulator allows for tests.
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

    /// The name is a start position, not a filter: the list continues to the last zone of the account.
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
}

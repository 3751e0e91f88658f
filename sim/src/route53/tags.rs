//! Answers the calls about tags of hosted zones.

use super::xml::{self, Target, invalid_input, invalid_xml, too_long};
use super::zone::{Zone, no_such_zone};
use super::{Request, Route53};
use crate::wire::Failure;

/// The most resources of `ListTagsForResources` (`TagResourceIdList` in botocore's model).
const RESOURCES_PER_CALL: usize = 10;

impl Route53 {
    /// The zone of a tag call.
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

/// Tag calls take ids unchanged: an id with the prefix is too long, or not found.
/// Observed in <https://github.com/getmoto/moto/issues/8931> and
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

//! Changes record sets: one batch, all or nothing.
//!
//! Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;

use super::records::{Draft, Key, RecordSet};
use super::write::{Action, Write};
use super::xml::{self, Target, too_long};
use super::zone::{Zone, plain_id, refuse_linked};
use super::{Request, Route53};
use crate::wire::Failure;

/// The most `ResourceRecord` elements of a batch, and characters in their `Value`s. An `UPSERT` counts
/// both twice.
/// Source: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>
const MAX_RECORDS: usize = 1000;
const MAX_CHARACTERS: usize = 32_000;

/// One change with a valid shape.
struct Change {
    action: Action,
    draft: Draft,
}

impl Change {
    fn read(node: Node<'_, '_>) -> Result<Self, Failure> {
        let word = xml::required_text(node, "Action")?;
        let action = Action::parse(&word)?;
        let draft = Draft::read(xml::required(node, "ResourceRecordSet")?, &word)?;
        Ok(Self { action, draft })
    }
}

impl Route53 {
    pub(super) fn change_resource_record_sets(
        &mut self,
        request: &Request<'_>,
        target: &Target,
    ) -> Result<String, Failure> {
        let document = xml::parse(request.body, "ChangeResourceRecordSetsRequest")?;
        let batch = xml::required(document.root_element(), "ChangeBatch")?;
        let comment = xml::child_text(batch, "Comment");
        let changes = xml::required(batch, "Changes")?;
        xml::required(changes, "Change")?;
        let changes: Vec<_> =
            xml::children(changes, "Change").map(Change::read).collect::<Result<_, _>>()?;
        if comment.as_ref().is_some_and(|comment| comment.chars().count() > 256) {
            return Err(too_long(&comment.unwrap_or_default(), "changeBatch.comment", 256));
        }
        let cost = changes.iter().map(|change| u64::from(change.action.weight())).sum();
        self.limits.admit_changes(request.account, cost, request.now)?;
        refuse_linked(self.owned_zone(request.account, &target.id)?)?;
        check_size(&changes)?;
        // The zone exists: `owned_zone` has just found it.
        let Some(zone) = self.zones.get_mut(plain_id(&target.id)) else {
            return Err(Failure::new(404, "NoSuchHostedZone", "No hosted zone found."));
        };
        let applied = apply(zone, changes).map_err(|problems| invalid_batch(&problems))?;
        let zone_id = zone.id.clone();
        self.writes.extend(applied.into_iter().map(|(action, set, changed)| Write {
            at: request.now,
            account: request.account.to_owned(),
            zone_id: zone_id.clone(),
            action,
            name: set.name.to_string(),
            record_type: set.record_type,
            ttl: set.ttl,
            values: set.values,
            changed,
        }));
        let change = self.record_change(request, comment);
        Ok(xml::document("ChangeResourceRecordSetsResponse", [change]))
    }
}

/// The current form of the error: all problems of the batch in one message in brackets.
/// Observed in <https://github.com/aws/aws-sdk-kotlin/issues/1435>.
fn invalid_batch(problems: &[String]) -> Failure {
    Failure::new(400, "InvalidChangeBatch", format!("[{}]", problems.join(", ")))
}

/// Sources of the messages: <https://github.com/kubernetes-sigs/external-dns/issues/2537> and
/// <https://github.com/DNSControl/dnscontrol/issues/908>.
fn check_size(changes: &[Change]) -> Result<(), Failure> {
    let (mut records, mut characters) = (0, 0);
    for change in changes {
        let values = change.draft.values.iter();
        let weight = usize::from(change.action.weight());
        records += weight * values.len();
        characters += weight * values.map(|value| value.chars().count()).sum::<usize>();
    }
    let mut problems = Vec::new();
    if records > MAX_RECORDS {
        problems.push(format!("Number of records limit of {MAX_RECORDS} exceeded."));
    }
    if characters > MAX_CHARACTERS {
        problems.push(format!("RDATA character limit of {MAX_CHARACTERS} exceeded."));
    }
    if problems.is_empty() { Ok(()) } else { Err(invalid_batch(&problems)) }
}

/// Makes the changes one after another, each on the result of those before it
/// (<https://github.com/cookpad/roadworker/pull/89>: creating a CNAME is rejected if the A record of its
/// name is deleted only later in the batch). If one change is rejected, all are undone.
fn apply(
    zone: &mut Zone,
    changes: Vec<Change>,
) -> Result<Vec<(Action, RecordSet, bool)>, Vec<String>> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<Key, Vec<Action>> = BTreeMap::new();
    let mut repeated: BTreeSet<Key> = BTreeSet::new();
    let mut applied = Vec::new();
    let mut undo = Vec::new();
    for Change { action, draft } in changes {
        let set = match draft.checked() {
            Ok(set) => set,
            Err(found) => {
                problems.extend(found);
                continue;
            }
        };
        let key = set.key();
        // A batch may contain a record set once, or delete it and then create it again. Sources of the
        // message:
        // https://github.com/barnybug/cli53/issues/81,
        // https://github.com/schwamster/serverless-certificate-creator/issues/28
        let actions = seen.entry(key.clone()).or_default();
        actions.push(action);
        if actions.len() > 1 && *actions != [Action::Delete, Action::Create] {
            if repeated.insert(key) {
                problems.push(format!(
                    "The request contains an invalid set of changes for a resource record set \
                     '{} {}'",
                    set.record_type, set.name
                ));
            }
            continue;
        }
        if let Some(problem) = refusal(zone, action, &set) {
            problems.push(problem);
            continue;
        }
        let before = match action {
            Action::Create | Action::Upsert => zone.insert(set.clone()),
            Action::Delete => zone.records.remove(&key),
        };
        let changed = action == Action::Delete || before.as_ref() != Some(&set);
        undo.push((key, before));
        applied.push((action, set, changed));
    }
    problems.extend(broken_apex(zone, &undo));
    if problems.is_empty() {
        return Ok(applied);
    }
    for (key, before) in undo.into_iter().rev() {
        match before {
            Some(set) => zone.records.insert(key, set),
            None => zone.records.remove(&key),
        };
    }
    Err(problems)
}

/// Why this change is not possible in the zone.
fn refusal(zone: &Zone, action: Action, set: &RecordSet) -> Option<String> {
    let RecordSet { name, record_type, .. } = set;
    let set_identifier = set.set_identifier.as_ref();
    // https://github.com/meltwater/terraform-aws-asg-dns-handler/issues/38
    if !name.is_within(&zone.name) {
        let zone = &zone.name;
        return Some(format!("RRSet with DNS name {name} is not permitted in zone {zone}"));
    }
    let existing = zone.records.get(&set.key());
    // https://github.com/barnybug/cli53/issues/317 shows the form with a set identifier.
    let identifier = set_identifier.map(|id| format!(", set-identifier='{id}'"));
    let identifier = identifier.unwrap_or_default();
    let described =
        format!("resource record set [name='{name}', type='{record_type}'{identifier}]");
    match (action, existing) {
        (Action::Create, Some(_)) => {
            Some(format!("Tried to create {described} but it already exists"))
        }
        // https://github.com/boto/boto/issues/2887
        (Action::Delete, None) => Some(format!("Tried to delete {described} but it was not found")),
        // https://github.com/pcorliss/ruby_route_53/issues/28
        (Action::Delete, Some(found)) if !found.matches(set) => Some(format!(
            "Tried to delete {described} but the values provided do not match the current values"
        )),
        (Action::Delete, Some(_)) => None,
        (Action::Create | Action::Upsert, _) => conflict(zone, set),
    }
}

/// The conflict between this record set and others of the zone, if there is one.
fn conflict(zone: &Zone, set: &RecordSet) -> Option<String> {
    let RecordSet { name, record_type, .. } = set;
    let zone_name = &zone.name;
    let is_cname = record_type == "CNAME";
    // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat
    if is_cname && name == zone_name {
        return Some(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone_name}"
        ));
    }
    // RFC 1034 section 3.6.2. Sources of the messages: https://github.com/ansible-collections/amazon.aws/issues/2694
    // and https://github.com/RJPearson94/terraform-aws-open-next/issues/24
    let others: Vec<_> = zone.at(name).filter(|other| other.record_type != *record_type).collect();
    if is_cname && !others.is_empty() {
        return Some(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other \
             records with the same DNS name in zone {zone_name}"
        ));
    }
    if others.iter().any(|other| other.record_type == "CNAME") {
        return Some(format!(
            "RRSet of type {record_type} with DNS name {name} is not permitted because a \
             conflicting RRSet of type CNAME with the same DNS name already exists in zone \
             {zone_name}"
        ));
    }
    let mut siblings = zone.of(name, record_type);
    match (&set.set_identifier, &set.routing) {
        // https://github.com/chef-boneyard/route53/issues/100
        (None, _) if siblings.any(|other| other.set_identifier.is_some()) => Some(format!(
            "RRSet with DNS name {name}, type {record_type} cannot be created as other RRSets \
             exist with the same name and type"
        )),
        // https://github.com/aws/aws-cli/issues/8241, said there of latency record sets
        (Some(id), Some(routing)) => {
            let policy = routing.policy;
            let differs = |other: &RecordSet| {
                other.routing.as_ref().is_none_or(|other| other.policy != policy)
            };
            siblings.any(differs).then(|| {
                let kind = match policy {
                    "Region" => "latency".to_owned(),
                    "Weight" => "weighted".to_owned(),
                    other => other.to_lowercase(),
                };
                format!(
                    "RRSet with DNS name {name}, type {record_type}, SetIdentifier {id} cannot be \
                     created because a non-{kind} RRSet with the same name and type already exists"
                )
            })
        }
        _ => None,
    }
}

/// After every batch, a zone must have an NS record set and one SOA record at its apex.
/// Sources of the messages: <https://github.com/airbnb/zonify/issues/1> and
/// <https://github.com/DNSControl/dnscontrol/pull/4402>.
fn broken_apex(zone: &Zone, touched: &[(Key, Option<RecordSet>)]) -> Vec<String> {
    let touches = |record_type| touched.iter().any(|((_, touched, _), _)| touched == record_type);
    let mut problems = Vec::new();
    if touches("NS") && zone.of(&zone.name, "NS").next().is_none() {
        problems.push(
            "A HostedZone must contain at least one NS record for the zone itself.".to_owned(),
        );
    }
    let elsewhere = touched
        .iter()
        .any(|(key, _)| key.1 == "SOA" && key.0 != zone.name && zone.records.contains_key(key));
    if elsewhere || (touches("SOA") && zone.of(&zone.name, "SOA").count() != 1) {
        problems.push("A HostedZone must contain exactly one SOA record.".to_owned());
    }
    problems
}

//! What tests set up and read without API calls: zones, their records and their tags.
//!
//! Every zone id is accepted with and without `/hostedzone/`. An id without a zone, or an invalid domain
//! name, is a mistake in the test, and panics.

use super::dns::servers::DOMAINS;
use super::name::Name;
use super::records::RecordSet;
use super::zone::{LinkedService, Visibility, Vpc, Zone, plain_id};
use super::{Owned, Route53};

impl Route53 {
    /// Creates a public zone and returns its plain id. Nothing delegates to it yet.
    ///
    /// # Panics
    /// If `name` is not a domain name.
    pub fn create_zone(&mut self, account: &str, name: &str) -> String {
        self.add_zone(account, parsed(name), None, |_| {})
    }

    /// Creates a private zone and returns its plain id.
    ///
    /// # Panics
    /// If `name` is not a domain name.
    pub fn create_private_zone(&mut self, account: &str, name: &str) -> String {
        let vpc = Vpc { region: "us-east-1".to_owned(), id: "vpc-00000001".to_owned() };
        self.add_zone(account, parsed(name), Some(vpc), |_| {})
    }

    /// Creates a public zone that AWS Cloud Map manages, and returns its plain id.
    ///
    /// # Panics
    /// If `name` is not a domain name.
    pub fn create_linked_zone(&mut self, account: &str, name: &str) -> String {
        self.add_zone(account, parsed(name), None, |zone| {
            zone.linked_service = Some(LinkedService {
                service_principal: "servicediscovery.amazonaws.com".to_owned(),
                description: "AWS Cloud Map".to_owned(),
            });
        })
    }

    /// Sets a tag of a zone.
    ///
    /// # Panics
    /// If there is no such zone.
    pub fn tag_zone(&mut self, zone_id: &str, key: &str, value: &str) {
        self.zone_mut(zone_id).tags.insert(key.to_owned(), value.to_owned());
    }

    /// Removes a tag of a zone.
    ///
    /// # Panics
    /// If there is no such zone.
    pub fn untag_zone(&mut self, zone_id: &str, key: &str) {
        self.zone_mut(zone_id).tags.remove(key);
    }

    /// Deletes a zone with all its records. Delegations to it stay, and no zone answers for them.
    ///
    /// # Panics
    /// If there is no such zone.
    pub fn delete_zone(&mut self, zone_id: &str) {
        let id = self.zone(zone_id).id.clone();
        self.remove_zone(&id);
    }

    /// Puts a simple record set into a zone, even if Route 53 would reject it. It replaces a simple
    /// record set of the same name and type.
    ///
    /// # Panics
    /// If there is no such zone, or `name` is not a domain name.
    pub fn put_record(
        &mut self,
        zone_id: &str,
        name: &str,
        record_type: &str,
        ttl: i64,
        values: &[&str],
    ) {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        let set = RecordSet::simple(parsed(name), record_type, ttl, values);
        self.zone_mut(zone_id).insert(set);
    }

    /// Switches the rate limits off or on.
    pub fn set_unlimited(&mut self, unlimited: bool) {
        self.limits.unlimited = unlimited;
    }

    /// Removes a simple record set from a zone, if it exists.
    ///
    /// # Panics
    /// If there is no such zone, or `name` is not a domain name.
    pub fn remove_record(&mut self, zone_id: &str, name: &str, record_type: &str) {
        let key = (parsed(name), record_type.to_owned(), None);
        self.zone_mut(zone_id).records.remove(&key);
    }

    /// A record set of a zone; the first, if there are several of this name and type.
    ///
    /// # Panics
    /// If there is no such zone, or `name` is not a domain name.
    pub fn record(&self, zone_id: &str, name: &str, record_type: &str) -> Option<&RecordSet> {
        let name = parsed(name);
        let from = (name.clone(), record_type.to_owned(), None);
        let (_, set) = self.zone(zone_id).records.range(from..).next()?;
        (set.name == name && set.record_type == record_type).then_some(set)
    }

    /// The record sets of a zone, in Route 53's order.
    ///
    /// # Panics
    /// If there is no such zone.
    pub fn records(&self, zone_id: &str) -> impl Iterator<Item = &RecordSet> {
        self.zone(zone_id).records.values()
    }

    /// The plain ids of an account's zones, in the order they were created.
    pub fn zone_ids(&self, account: &str) -> Vec<String> {
        let owned = self.owned.get(account).into_iter();
        owned.flat_map(|owned| owned.by_id.iter().cloned()).collect()
    }

    /// The name servers of a zone, without trailing dots.
    ///
    /// # Panics
    /// If there is no such zone.
    pub fn name_servers(&self, zone_id: &str) -> Vec<String> {
        self.zone(zone_id).name_servers()
    }

    pub(super) fn zone(&self, id: &str) -> &Zone {
        self.zones.get(plain_id(id)).unwrap_or_else(|| panic!("there is no hosted zone {id}"))
    }

    pub(super) fn zone_mut(&mut self, id: &str) -> &mut Zone {
        self.zones.get_mut(plain_id(id)).unwrap_or_else(|| panic!("there is no hosted zone {id}"))
    }

    /// Adds a zone, private if it is given a VPC, and indexes it.
    pub(super) fn add_zone(
        &mut self,
        account: &str,
        name: Name,
        vpc: Option<Vpc>,
        adjust: impl FnOnce(&mut Zone),
    ) -> String {
        self.zones_created += 1;
        let number = self.zones_created;
        let id = format!("Z{number:019}");
        let visibility = match vpc {
            Some(vpc) => Visibility::Private { vpcs: vec![vpc] },
            None => Visibility::Public { name_servers: delegation_set(number) },
        };
        let mut zone = Zone {
            id: id.clone(),
            account: account.to_owned(),
            name: name.clone(),
            visibility,
            caller_reference: format!("sim-{number}"),
            comment: None,
            linked_service: None,
            tags: [].into(),
            records: [].into(),
        };
        adjust(&mut zone);
        let owned: &mut Owned = self.owned.entry(account.to_owned()).or_default();
        owned.by_id.insert(id.clone());
        owned.by_name.insert((name, id.clone()));
        self.publish(zone);
        id
    }

    /// Adds a zone with its default records, and lets its name servers serve it.
    pub(super) fn publish(&mut self, mut zone: Zone) {
        for set in zone.default_records() {
            zone.insert(set);
        }
        if zone.is_public() {
            self.public.entry(zone.name.clone()).or_default().insert(zone.id.clone());
        }
        self.zones.insert(zone.id.clone(), zone);
    }

    pub(super) fn remove_zone(&mut self, id: &str) {
        let Some(zone) = self.zones.remove(id) else {
            return;
        };
        if let Some(owned) = self.owned.get_mut(&zone.account) {
            owned.by_id.remove(id);
            owned.by_name.remove(&(zone.name.clone(), zone.id));
        }
        if let Some(public) = self.public.get_mut(&zone.name) {
            public.remove(id);
        }
    }
}

/// Four name servers that no other zone has.
fn delegation_set(zone: u64) -> Vec<String> {
    let servers = (0..).zip(DOMAINS).map(|(position, domain)| {
        format!("ns-{}.awsdns-{:02}.{domain}", zone + 512 * position, zone % 64)
    });
    servers.collect()
}

pub(super) fn parsed(name: &str) -> Name {
    name.parse().unwrap_or_else(|error| panic!("{error}"))
}

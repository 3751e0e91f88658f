//! How tests set up public DNS: registrations, delegations, name servers, and zones of other providers.
//!
//! Name servers are given with or without a trailing dot. A registrar may name any: those of a deleted
//! zone, of nobody, or of several zones.

use super::Route53;
use super::name::Name;
use super::records::RecordSet;
use super::world::parsed;
use super::zone::{Visibility, Zone};

impl Route53 {
    /// Creates a public zone that the registrar delegates to, and returns its plain id.
    ///
    /// # Panics
    /// If `name` is not a domain name.
    pub fn register_domain(&mut self, account: &str, name: &str) -> String {
        let id = self.create_zone(account, name);
        self.register(name, &id);
        id
    }

    /// Lets the registrar delegate `domain` to the name servers of this zone.
    ///
    /// # Panics
    /// If there is no such zone, or `domain` is not a domain name.
    pub fn register(&mut self, domain: &str, zone_id: &str) {
        let servers = self.zone(zone_id).name_servers();
        self.registered.insert(parsed(domain), servers);
    }

    /// Lets the registrar delegate `domain` to these name servers, in the place of those it had. Without
    /// any, the domain is registered, but does not exist in public DNS.
    ///
    /// # Panics
    /// If `domain` or a name server is not a domain name.
    pub fn register_with(&mut self, domain: &str, servers: &[&str]) {
        let servers = self.named(servers);
        self.registered.insert(parsed(domain), servers);
    }

    /// Ends the registration of a domain, as when it expires: its names no longer exist.
    ///
    /// # Panics
    /// If `domain` is not a domain name.
    pub fn unregister(&mut self, domain: &str) {
        self.registered.remove(&parsed(domain));
    }

    /// Creates a public zone with these name servers and returns its plain id. Zones with the same name
    /// servers have a reusable delegation set.
    ///
    /// # Panics
    /// If `name` or a name server is not a domain name.
    pub fn create_zone_with(&mut self, account: &str, name: &str, servers: &[&str]) -> String {
        let name_servers = self.named(servers);
        self.add_zone(account, parsed(name), None, |zone| {
            zone.visibility = Visibility::Public { name_servers };
        })
    }

    /// Creates a zone at another DNS provider, on these name servers, and returns its id. The functions
    /// for hosted zones take the id, but no AWS account has the zone and no API call reaches it.
    ///
    /// # Panics
    /// If `name` or a name server is not a domain name.
    pub fn zone_elsewhere(&mut self, name: &str, servers: &[&str]) -> String {
        self.zones_elsewhere += 1;
        // The API refuses this id, because of the hyphen.
        let id = format!("elsewhere-{}", self.zones_elsewhere);
        let zone = Zone {
            id: id.clone(),
            account: String::new(),
            name: parsed(name),
            visibility: Visibility::Public { name_servers: self.named(servers) },
            caller_reference: String::new(),
            comment: None,
            linked_service: None,
            tags: [].into(),
            records: [].into(),
        };
        self.publish(zone);
        id
    }

    /// Gives a name server a second name. Both names have the same addresses and are the same server.
    ///
    /// # Panics
    /// If `name` or `server` is not a domain name.
    pub fn white_label(&mut self, name: &str, server: &str) {
        for server in self.named(&[server]) {
            let name = plain(&parsed(name));
            self.white_labels.insert(name, server);
        }
        self.hosts.insert(parsed(name));
    }

    /// Delegates to this zone: adds its NS record set to the public zone that answers for its name.
    ///
    /// # Panics
    /// If there is no such zone, or no public zone answers for the name above it.
    pub fn delegate(&mut self, child_zone_id: &str) {
        let child = self.zone(child_zone_id);
        let name = child.name.clone();
        let servers: Vec<_> =
            child.name_servers().iter().map(|server| format!("{server}.")).collect();
        let above = name.parent().and_then(|parent| self.authority(&parent)?.zone());
        let above = above.map(|zone| zone.id.clone());
        let parent =
            above.unwrap_or_else(|| panic!("no public zone answers for the name above {name}"));
        self.zone_mut(&parent).insert(RecordSet::simple(name, "NS", 172_800, servers));
    }

    /// These names of name servers, which have addresses from now on.
    fn named(&mut self, servers: &[&str]) -> Vec<String> {
        let servers = servers.iter().map(|server| parsed(server)).inspect(|server| {
            self.hosts.insert(server.clone());
        });
        servers.map(|server| plain(&server)).collect()
    }
}

/// A name without its trailing dot.
fn plain(name: &Name) -> String {
    name.to_string().trim_end_matches('.').to_owned()
}

//! Answers as public DNS does: it follows delegations from the registrar down.

use super::Route53;
use super::name::Name;
use super::records::RecordSet;
use super::zone::{Visibility, Zone};

/// How many CNAME records are followed one after another.
const MAX_HOPS: usize = 5;

impl Route53 {
    /// The target of the CNAME record that public DNS has at this name, as it was written.
    pub fn lookup_cname(&self, name: &str) -> Option<String> {
        let name: Name = name.parse().ok()?;
        self.visible(&name, "CNAME").into_iter().next()
    }

    /// Whether the CNAME record at this name, or a short chain of CNAME records, leads to `expected`.
    ///
    /// ACM follows chains; it compares names, so neither case nor a trailing dot matters.
    /// Source: <https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html>
    pub fn resolve_validation(&self, name: &str, expected: &str) -> bool {
        let (Ok(name), Ok(expected)) = (name.parse::<Name>(), expected.parse::<Name>()) else {
            return false;
        };
        self.chain(name).skip(1).any(|target| target == expected)
    }

    /// The CAA records that apply to this name, for example `0 issue "amazon.com"`: those of the first
    /// name that has any, from this name up to the registered domain.
    ///
    /// Source: RFC 8659 section 3; CNAME records are followed at each name.
    pub fn caa(&self, name: &str) -> Vec<String> {
        let Ok(name) = name.parse::<Name>() else {
            return Vec::new();
        };
        let governing = name
            .ancestors()
            .filter(|ancestor| self.registered_above(ancestor).is_some())
            .flat_map(|ancestor| self.chain(ancestor))
            .map(|name| self.visible(&name, "CAA"))
            .find(|records| !records.is_empty());
        governing.unwrap_or_default()
    }

    /// This name, and the names that its CNAME records lead to, one after another.
    fn chain(&self, name: Name) -> impl Iterator<Item = Name> {
        let next = |name: &Name| self.visible(name, "CNAME").first()?.parse().ok();
        std::iter::successors(Some(name), next).take(1 + MAX_HOPS)
    }

    /// The values of the record set that public DNS has at this name.
    fn visible(&self, name: &Name, record_type: &str) -> Vec<String> {
        let Some(zone) = self.authority(name) else {
            return Vec::new();
        };
        let owner = source_of_synthesis(zone, name);
        zone.of(&owner, record_type).next().map(|set| set.values.clone()).unwrap_or_default()
    }

    /// The zone whose name servers answer for this name, if there is one.
    ///
    /// Source: RFC 1034 section 4.2 and 4.3.2: an NS record set below the apex of a zone is a zone
    /// cut, and the zone's own records at or below the cut are not visible.
    pub(super) fn authority(&self, name: &Name) -> Option<&Zone> {
        let (domain, servers) = self.registered_above(name)?;
        let mut zone = self.served(&domain, servers)?;
        while let Some(cut) = cut_towards(zone, name) {
            zone = self.served(&cut.name, &cut.values)?;
        }
        Some(zone)
    }

    /// The registered domain of this name, and the name servers that the registrar has for it.
    fn registered_above(&self, name: &Name) -> Option<(Name, &[String])> {
        name.ancestors().find_map(|ancestor| {
            let servers = self.registered.get(&ancestor)?;
            Some((ancestor, servers.as_slice()))
        })
    }

    /// The public zone of exactly this name that one of these name servers serves.
    fn served(&self, name: &Name, servers: &[String]) -> Option<&Zone> {
        let zones = self.public.get(name)?.iter().filter_map(|id| self.zones.get(id));
        zones.into_iter().find(|zone| match &zone.visibility {
            Visibility::Public { name_servers } => name_servers
                .iter()
                .any(|server| servers.iter().any(|asked| is_same_server(server, asked))),
            Visibility::Private { .. } => false,
        })
    }
}

/// Whether two server names are the same. They are not parsed, because ACM checks often. Apart from case,
/// no character in the name of a name server can be written in two ways.
fn is_same_server(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|name| name.strip_suffix('.').unwrap_or(name));
    one.eq_ignore_ascii_case(other)
}

/// The highest zone cut between the apex of the zone and this name, inclusive.
fn cut_towards<'a>(zone: &'a Zone, name: &Name) -> Option<&'a RecordSet> {
    let below_apex: Vec<_> = name.ancestors().take_while(|step| *step != zone.name).collect();
    below_apex.into_iter().rev().find_map(|step| zone.records.get(&(step, "NS".to_owned(), None)))
}

/// The name whose records answer for `name`: its own where it exists, otherwise the wildcard under
/// the closest name that exists. Source: RFC 4592 section 3.3.1.
fn source_of_synthesis(zone: &Zone, name: &Name) -> Name {
    match name.ancestors().find(|ancestor| zone.reaches(ancestor)) {
        Some(closest) if closest != *name => closest.wildcard(),
        _ => name.clone(),
    }
}

//! Draws what public DNS does: registrars, other providers, and resolvers. It has random numbers of its own,
//! so that the other worlds stay as they were.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use acm_dns_validator::domain::resolvers::DNS_PORT;
use fastrand::Rng;
use sim::aws::Service;
use sim::dns::{DnsFault, DnsFaultKind, Protocol};
use sim::faults::{Fault, FaultKind};

use super::draft::Draft;
use crate::act::{Act, Delegation, DnsAct, NameServers, Zone, ZoneKind};
use crate::names::{DNS, OURS};
use crate::public_dns::RESOLVER;
use crate::scenario::{HOUR, MINUTE};

/// What public DNS does in a world.
#[derive(Debug)]
pub(super) struct PublicDns {
    pub(super) rng: Rng,
    /// Whether registrars and providers do anything unusual.
    is_unusual: bool,
    /// How many resolvers the function has.
    resolvers: usize,
    /// Whether the function must be able to use the DNS team's account.
    needs_role: bool,
}

/// What a resolver does wrong, some of it more often.
const KINDS: [DnsFaultKind; 11] = [
    DnsFaultKind::Garbage,
    DnsFaultKind::OnlyWrongId,
    DnsFaultKind::Poisoned,
    DnsFaultKind::Poisoned,
    DnsFaultKind::Refused,
    DnsFaultKind::ServFail,
    DnsFaultKind::Silence,
    DnsFaultKind::Silence,
    DnsFaultKind::Truncated,
    DnsFaultKind::WrongId,
    DnsFaultKind::WrongQuestion,
];

/// The domains that somebody may register.
const DOMAINS: [&str; 4] = ["d0.com", "d0.com", "d1.com", "notd0.com"];

/// The names below them that may be delegated.
const CHILDREN: [&str; 4] = ["a.d0.com", "a.d0.com", "x.a.d0.com", "b.d1.com"];

/// A second resolver, in some worlds.
const SECOND: &str = "198.51.100.53";

impl PublicDns {
    pub(super) fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x0d15_ea5e);
        let is_unusual = rng.u8(..100) < 50;
        let resolvers = match rng.u8(..100) {
            0..70 => 1,
            70..92 => 2,
            _ => 0,
        };
        let needs_role = is_unusual && rng.u8(..100) < 40;
        Self { rng, is_unusual, resolvers, needs_role }
    }

    /// Adds the settings that the function needs.
    pub(super) fn require(&self, settings: &mut BTreeMap<&'static str, String>) {
        let resolvers = match self.resolvers {
            0 => "none".to_owned(),
            1 => RESOLVER.to_owned(),
            _ => format!("{RESOLVER},{SECOND}"),
        };
        settings.insert("DNS_RESOLVERS", resolvers);
        if self.needs_role {
            settings.insert("HOSTED_ZONE_ROLE_ARNS", format!("arn:aws:iam::{DNS}:role/dns"));
        }
    }
}

impl Draft {
    /// Draws registrars, other providers, and resolvers.
    pub(super) fn public_dns(&mut self, dns: &PublicDns, without_faults: bool) {
        if !without_faults && self.chance(30) {
            for _ in 0..self.rng.usize(1..=3) {
                self.resolver_fault();
            }
        }
        if let Some(zone) = self.zone_named("d2.com") {
            self.large_domain(zone);
        }
        if !dns.is_unusual {
            return;
        }
        if self.chance(35) {
            let domain = self.pick(&DOMAINS);
            self.twin(domain, without_faults);
        }
        if self.chance(30) {
            self.wrong_registrar();
        }
        if self.chance(15) {
            self.expired_registration();
        }
        if self.chance(25) {
            self.other_provider();
        }
        if self.chance(30) {
            self.child();
        }
        if self.chance(25) {
            self.white_label(without_faults);
        }
    }

    /// A time in the world, more often near its start.
    fn sometime(&mut self) -> i64 {
        let near = self.chance(50);
        let most = if near { HOUR.min(self.faults_end) } else { self.faults_end };
        self.rng.i64(1..most)
    }

    /// A time after this one, before people stop.
    fn later(&mut self, than: i64) -> i64 {
        self.rng.i64(than + 1..self.faults_end.max(than + 2))
    }

    /// The number of a public zone of this name, if there is one.
    fn zone_named(&mut self, name: &str) -> Option<usize> {
        let numbers: Vec<_> = self
            .acts
            .iter()
            .filter_map(|(_, act)| match act {
                Act::CreateZone(zone) if zone.name == name && zone.kind == ZoneKind::Public => {
                    Some(zone.number)
                }
                _ => None,
            })
            .collect();
        (!numbers.is_empty()).then(|| self.pick(&numbers))
    }

    /// The domain of three hundred names that are checked together, more than may be asked about: with two
    /// zones, with other names of the name servers, with a registrar that knows another provider.
    fn large_domain(&mut self, zone: usize) {
        let (at, domain) = (50 * MINUTE, "d2.com");
        if self.chance(60) {
            let number = self.zones;
            self.zones += 1;
            let (account, kind, delegation) = (OURS, ZoneKind::Public, Delegation::Missing);
            let twin = Zone { number, account, name: domain, kind, delegation, tagged: true };
            let at = at + self.rng.i64(0..15);
            self.act(at, Act::CreateZone(twin));
        }
        if self.chance(50) {
            self.act(at + 1, Act::Dns(DnsAct::WhiteLabel { zone }));
            self.register(at + 1, domain, NameServers::WhiteLabels(zone));
        }
        if self.chance(40) {
            self.create_elsewhere(at + 2, 2, domain);
            self.register(at + 2, domain, NameServers::Elsewhere(2));
            if self.chance(50) {
                let at = self.later(at + 2);
                self.register(at, domain, NameServers::Zone(zone));
            }
        }
    }

    /// A second public zone of one name, to which the registrar may move.
    fn twin(&mut self, name: &'static str, without_faults: bool) {
        let number = self.zones;
        self.zones += 1;
        let account = self.pick(&[DNS, OURS]);
        let (kind, delegation) = (ZoneKind::Public, Delegation::Missing);
        let at = if self.chance(60) { 0 } else { self.sometime() };
        self.act(
            at,
            Act::CreateZone(Zone { number, account, name, kind, delegation, tagged: true }),
        );
        if self.chance(50) {
            let at = self.later(at);
            self.register(at, name, NameServers::Zone(number));
            if let Some(other) = self.zone_named(name).filter(|_| self.chance(30)) {
                let at = self.later(at);
                self.register(at, name, NameServers::Zone(other));
            }
        }
        if !without_faults && self.chance(40) {
            let at = self.sometime();
            let end = at + self.rng.i64(10 * MINUTE..3 * HOUR);
            let fault = Fault::new(self.pick(&[FaultKind::Denied, FaultKind::Throttled]));
            let fault = fault.of(Service::Route53).by(self.pick(&[account, DNS]));
            self.act(at, Act::Fault(fault));
            self.act(end, Act::ClearFaults);
        }
    }

    /// A registrar that has wrong name servers, until somebody sets them right.
    fn wrong_registrar(&mut self) {
        let domain = self.pick(&DOMAINS);
        let Some(zone) = self.zone_named(domain) else { return };
        let at = if self.chance(60) { 1 } else { self.sometime() };
        let wrong = match self.rng.u8(..10) {
            0..3 => NameServers::Deleted,
            3..7 => {
                self.create_elsewhere(at, 0, domain);
                NameServers::Elsewhere(0)
            }
            7..9 => NameServers::Half(zone),
            _ => NameServers::Nobody,
        };
        self.register(at, domain, wrong);
        if self.chance(70) {
            let at = self.later(at);
            self.register(at, domain, NameServers::Zone(zone));
        }
    }

    /// A registration that expires, and mostly comes back.
    fn expired_registration(&mut self) {
        let domain = self.pick(&DOMAINS);
        let Some(zone) = self.zone_named(domain) else { return };
        let at = self.sometime();
        self.act(at, Act::Dns(DnsAct::Expire { domain }));
        if self.chance(80) {
            let at = self.later(at);
            self.register(at, domain, NameServers::Zone(zone));
        }
    }

    /// A name below a domain that another provider serves, and perhaps the records of a certificate there.
    fn other_provider(&mut self) {
        let (at, name) = (self.sometime(), self.pick(&CHILDREN));
        self.create_elsewhere(at, 1, name);
        self.act(at, Act::Dns(DnsAct::Delegate { name, servers: NameServers::Elsewhere(1) }));
        if self.chance(50) {
            let (at, certificate) = (self.later(at), self.rng.usize(..3));
            self.act(at, Act::Dns(DnsAct::PutElsewhere { certificate, number: 1 }));
        }
        if self.chance(50) {
            let at = self.later(at);
            self.act(at, Act::Dns(DnsAct::Undelegate { name }));
        }
    }

    /// A hosted zone of a name below a domain, delegated late or never.
    fn child(&mut self) {
        let name = self.pick(&CHILDREN);
        let number = self.zones;
        self.zones += 1;
        let account = self.pick(&[DNS, OURS, OURS]);
        let (kind, delegation) = (ZoneKind::Public, Delegation::Missing);
        let at = if self.chance(60) { 0 } else { self.sometime() };
        self.act(
            at,
            Act::CreateZone(Zone { number, account, name, kind, delegation, tagged: true }),
        );
        if self.chance(60) {
            let at = self.later(at);
            self.act(at, Act::Dns(DnsAct::Delegate { name, servers: NameServers::Zone(number) }));
            if self.chance(30) {
                let at = self.later(at);
                self.act(at, Act::Dns(DnsAct::Undelegate { name }));
            }
        }
    }

    /// Name servers of a zone under other names, perhaps beside a second zone.
    fn white_label(&mut self, without_faults: bool) {
        let domain = self.pick(&DOMAINS);
        let Some(zone) = self.zone_named(domain) else { return };
        let at = if self.chance(60) { 1 } else { self.sometime() };
        self.act(at, Act::Dns(DnsAct::WhiteLabel { zone }));
        self.register(at, domain, NameServers::WhiteLabels(zone));
        if self.chance(60) {
            self.twin(domain, without_faults);
        }
    }

    /// Wrong answers for a while or a few times, perhaps of one resolver, one type or one protocol only.
    fn resolver_fault(&mut self) {
        let at = self.sometime();
        let mut fault = DnsFault::new(self.pick(&KINDS));
        if self.chance(50) {
            let resolver = self.pick(&[RESOLVER, SECOND]).parse().expect("an IP address");
            fault = fault.of(SocketAddr::new(resolver, DNS_PORT));
        }
        if self.chance(30) {
            fault = fault.asking(self.pick(&["SOA", "NS", "A", "AAAA"]));
        }
        if self.chance(15) {
            fault = fault.over(self.pick(&[Protocol::Udp, Protocol::Tcp]));
        }
        if self.chance(40) {
            let (after, times) = (self.rng.u32(..6), self.rng.u32(1..30));
            fault = fault.after(after).times(times);
        } else {
            let end = at + self.rng.i64(10 * MINUTE..5 * HOUR);
            self.act(end, Act::Dns(DnsAct::ClearFaults));
        }
        self.act(at, Act::Dns(DnsAct::Fault(fault)));
    }

    fn create_elsewhere(&mut self, at: i64, number: usize, name: &'static str) {
        self.act(at, Act::Dns(DnsAct::CreateElsewhere { number, name }));
    }

    fn register(&mut self, at: i64, domain: &'static str, servers: NameServers) {
        self.act(at, Act::Dns(DnsAct::Register { domain, servers }));
    }
}

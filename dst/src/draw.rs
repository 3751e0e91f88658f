//! Draws a world from a seed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fastrand::Rng;
use sim::faults::FaultKind;

use crate::act::{
    AWAY, Act, CERTIFICATE_TAG, DNS, Found, HOME, MEMBER, Method, OURS, Request, ZONE_TAG, Zone,
    ZoneKind,
};

/// A world before it runs.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    /// The function's settings, besides those it must have.
    pub(crate) settings: BTreeMap<&'static str, String>,
    /// What happens, in seconds from the beginning.
    pub(crate) acts: Vec<(i64, Act)>,
    /// When misfortune ends.
    pub(crate) cease: i64,
    /// When the world ends.
    pub(crate) end: i64,
    /// Whether there is no misfortune at all.
    pub(crate) calm: bool,
    /// By which doors events reach the function.
    pub(crate) doors: Doors,
}

/// By which doors events of AWS reach the function.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Doors {
    /// A rule invokes it.
    Function,
    /// A rule sends them to a queue, which gives a message up when it was received so often.
    Queue { receives: u32 },
    /// Two rules do both: whatever happens, two copies of the function hear of it.
    Both { receives: u32 },
}

impl Doors {
    /// How often a message is received at most, where there is a queue.
    pub(crate) fn receives(self) -> Option<u32> {
        match self {
            Self::Function => None,
            Self::Queue { receives } | Self::Both { receives } => Some(receives),
        }
    }

    /// How many there are.
    pub(crate) fn count(self) -> usize {
        if matches!(self, Self::Both { .. }) { 2 } else { 1 }
    }
}

/// Within this after misfortune ended everything must be well: an hour until the next sweep, a
/// quarter until the check it arms, another for a look that waited for a late record, and the rest
/// for ACM.
pub(crate) const BOUND: i64 = 2 * HOUR;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// When every chain of checks for a request is over: 73 hours, and what a late schedule takes.
pub(crate) const CHAIN: i64 = 73 * HOUR + 20 * MINUTE;

const NAMES: [&str; 14] = [
    "d0.com",
    "*.d0.com",
    "www.d0.com",
    "a.d0.com",
    "*.a.d0.com",
    "x.a.d0.com",
    "y.x.a.d0.com",
    "notd0.com",
    "www.notd0.com",
    "d1.com",
    "*.d1.com",
    "w.d1.com",
    "b.d1.com",
    "nowhere.net",
];

const OPERATIONS: [&str; 12] = [
    "DescribeCertificate",
    "ListTagsForCertificate",
    "CreateSchedule",
    "ListHostedZonesByName",
    "ListResourceRecordSets",
    "ChangeResourceRecordSets",
    "PutEvents",
    "SearchCertificates",
    "ListTagsForResources",
    "GetHostedZone",
    "AssumeRole",
    "ListCertificateDomainValidations",
];

const KINDS: [FaultKind; 9] = [
    FaultKind::AnswerLost,
    FaultKind::CrashAfter,
    FaultKind::CrashBefore,
    FaultKind::Denied,
    FaultKind::InternalError,
    FaultKind::PriorRequestNotComplete,
    FaultKind::Reset,
    FaultKind::Throttled,
    FaultKind::Unavailable,
];

/// The world of this seed.
pub(crate) fn draw(seed: u64) -> Scenario {
    let mut draw = Draw { rng: Rng::with_seed(seed), acts: Vec::new(), zones: 0, cease: 0 };
    draw.scenario(seed)
}

struct Draw {
    rng: Rng,
    acts: Vec<(i64, Act)>,
    zones: usize,
    cease: i64,
}

impl Draw {
    /// With this probability in percent.
    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }

    fn act(&mut self, at: i64, act: Act) {
        self.acts.push((at, act));
    }

    fn scenario(&mut self, seed: u64) -> Scenario {
        let calm = self.chance(20);
        self.cease = match self.rng.u8(..100) {
            0..80 => self.rng.i64(HOUR..5 * HOUR),
            80..97 => self.rng.i64(5 * HOUR..16 * HOUR),
            _ => self.rng.i64(16 * HOUR..50 * HOUR),
        };
        let long = self.chance(2);
        let settings = self.settings();
        self.zones(&settings);
        let crowded = self.chance(1);
        let certificates = if crowded { 0 } else { self.rng.usize(1..=5) };
        if crowded {
            self.crowd();
        }
        for certificate in 0..certificates {
            self.certificate(certificate, &settings);
        }
        let end = if long { self.cease + CHAIN + BOUND } else { self.cease + BOUND };
        let offset = self.rng.i64(0..HOUR);
        for hour in 0..=end / HOUR {
            let at = hour * HOUR + offset;
            let spoilt = !calm && at < self.cease;
            if spoilt && self.chance(25) {
                continue;
            }
            let late = if spoilt && self.chance(20) { self.rng.i64(0..40 * MINUTE) } else { 0 };
            self.act(at + late, Act::Sweep);
            if spoilt && self.chance(10) {
                let again = at + late + self.rng.i64(0..3);
                self.act(again, Act::Sweep);
            }
        }
        if !calm {
            for _ in 0..self.rng.usize(1..=10) {
                self.misfortune();
            }
        }
        let cease = self.cease;
        self.act(cease, Act::Cease);
        let mut acts = std::mem::take(&mut self.acts);
        // What is drawn for after the end of misfortune does not happen, but for sweeps.
        acts.retain(|(at, act)| {
            *at < cease || matches!(act, Act::Cease | Act::Sweep | Act::ZoneNews { .. })
        });
        acts.sort_by_key(|(at, _)| *at);
        let receives = self.rng.u32(if calm { 5..=5 } else { 1..=5 });
        let doors = match self.rng.u8(..100) {
            0..75 => Doors::Function,
            75..93 => Doors::Queue { receives },
            _ => Doors::Both { receives },
        };
        Scenario { seed, settings, acts, cease, end, calm, doors }
    }

    /// Three certificates of a hundred names each that wait for one zone, and are looked at together
    /// when it is created: more than Route 53 takes in a batch.
    fn crowd(&mut self) {
        static NAMES: LazyLock<Vec<String>> =
            LazyLock::new(|| (0..300).map(|name| format!("n{name}.d2.com")).collect());
        for certificate in 0..3 {
            let names = NAMES.iter().skip(certificate * 100).take(100).map(String::as_str);
            let request = self.request(certificate, names.collect(), &BTreeMap::new());
            self.act(
                5,
                Act::Request(Request { method: Method::Dns, pace: [0, 0, 0, 0, 60], ..request }),
            );
        }
        let number = self.zones;
        let (account, name) = (OURS, "d2.com");
        let (kind, found) = (ZoneKind::Public, Found::Registered);
        let zone = Zone { number, account, name, kind, found, tagged: true };
        self.act(50 * MINUTE, Act::CreateZone(zone));
        self.act(50 * MINUTE + 20, Act::ZoneNews { zone: number, tagged: false });
    }

    fn settings(&mut self) -> BTreeMap<&'static str, String> {
        let mut settings = BTreeMap::new();
        if self.chance(25) {
            settings.insert("HOSTED_ZONE_TAG", format!("{}={}", ZONE_TAG.0, ZONE_TAG.1));
        }
        if self.chance(20) {
            let (key, value) = CERTIFICATE_TAG;
            settings.insert("CERTIFICATE_TAG", format!("{key}={value}"));
        }
        if self.chance(20) {
            let domains = self.pick(&["d0.com", "d0.com,notd0.com", "a.d0.com,d1.com"]);
            settings.insert("ALLOWED_DOMAINS", domains.to_owned());
        }
        if self.chance(40) {
            settings.insert("HOSTED_ZONE_ROLE_ARNS", format!("arn:aws:iam::{DNS}:role/dns"));
        }
        if self.chance(25) {
            settings.insert("CERTIFICATE_ROLE_NAME", "certificates".to_owned());
        }
        if self.chance(30) {
            settings.insert("REGIONS", format!("{HOME},{AWAY}"));
        }
        if self.chance(4) {
            settings.insert("DRY_RUN", "true".to_owned());
        }
        settings
    }

    fn zones(&mut self, settings: &BTreeMap<&'static str, String>) {
        use Found::{Delegated, Never, Registered};
        use ZoneKind::{Linked, Private, Public};
        let tags = settings.contains_key("HOSTED_ZONE_TAG");
        let reach = settings.contains_key("HOSTED_ZONE_ROLE_ARNS");
        let zone = |draw: &mut Self, percent, name, kind, found| {
            if !draw.chance(percent) {
                return;
            }
            let account = match draw.rng.u8(..100) {
                0..30 if reach => DNS,
                0..4 => MEMBER,
                _ => OURS,
            };
            let tagged = tags && draw.chance(75);
            let number = draw.zones;
            draw.zones += 1;
            let zone = Zone { number, account, name, kind, found, tagged };
            let at = if draw.chance(20) { draw.rng.i64(0..draw.cease) } else { 0 };
            draw.act(at, Act::CreateZone(zone));
            if at > 0 && kind == Public && account == OURS {
                draw.act(at + 20, Act::ZoneNews { zone: number, tagged: false });
            }
            if tags && draw.chance(20) {
                let at = draw.rng.i64(at..draw.cease);
                draw.act(at, Act::TagZone { zone: number, tagged: !tagged });
                if !tagged && account == OURS {
                    draw.act(at + 20, Act::ZoneNews { zone: number, tagged: true });
                }
            }
        };
        zone(self, 92, "d0.com", Public, Registered);
        zone(self, 30, "d0.com", Private, Never);
        zone(self, 10, "d0.com", Public, Never);
        zone(self, 8, "d0.com", Linked, Never);
        match self.rng.u8(..100) {
            0..25 => zone(self, 100, "a.d0.com", Public, Delegated),
            25..32 => zone(self, 100, "a.d0.com", Public, Never),
            32..45 => zone(self, 100, "a.d0.com", Private, Never),
            45..50 => zone(self, 100, "x.a.d0.com", Private, Never),
            _ => {}
        }
        zone(self, 8, "x.a.d0.com", Public, Delegated);
        zone(self, 50, "notd0.com", Public, Registered);
        zone(self, 80, "d1.com", Public, Registered);
        zone(self, 10, "b.d1.com", Linked, Never);
        zone(self, 10, "w.d1.com", Public, Never);
        for name in ["a.d0.com", "x.a.d0.com", "w.d1.com"] {
            if self.chance(8) {
                let at = if self.chance(50) { 1 } else { self.rng.i64(1..self.cease) };
                let zone = self.rng.usize(..self.zones.max(1));
                self.act(at, Act::Cut { zone, name });
            }
        }
    }

    fn certificate(&mut self, certificate: usize, settings: &BTreeMap<&'static str, String>) {
        let at = self.rng.i64(2..self.cease.min(6 * HOUR).max(self.cease / 2));
        let mut names: Vec<&'static str> = Vec::new();
        for _ in 0..self.pick(&[1, 1, 1, 2, 2, 3, 5]) {
            let name = self.pick(&NAMES);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if self.chance(25) {
            let [apex, wildcard] = self.pick(&[["d0.com", "*.d0.com"], ["a.d0.com", "*.a.d0.com"]]);
            names.retain(|name| *name != apex && *name != wildcard);
            names.extend([apex, wildcard]);
        }
        let mut request_at = at;
        if self.chance(15) {
            let email = self.chance(50);
            let days = self.rng.i64(3..40);
            self.act(1, Act::Old { certificate, names, email, days });
            for zone in 0..self.zones {
                if !email && self.chance(70) {
                    let right = self.chance(90);
                    self.act(1, Act::Put { certificate, zone, right });
                }
                if !email && self.chance(40) {
                    self.act(at - 1, Act::Remove { certificate, zone });
                }
            }
            self.act(
                at,
                if email { Act::Migrate { certificate } } else { Act::Renew { certificate } },
            );
        } else {
            request_at = at;
            let request = self.request(certificate, names, settings);
            self.act(at, Act::Request(request));
        }
        self.meddling(certificate, request_at, settings);
    }

    fn request(
        &mut self,
        certificate: usize,
        names: Vec<&'static str>,
        settings: &BTreeMap<&'static str, String>,
    ) -> Request {
        let member = settings.contains_key("CERTIFICATE_ROLE_NAME") && self.chance(40);
        let away = settings.contains_key("REGIONS") && self.chance(40);
        let method = match self.rng.u8(..100) {
            0..86 => Method::Dns,
            86..92 => Method::Email,
            92..96 => Method::CloudFront,
            _ => Method::Private,
        };
        let mut tags = Vec::new();
        if settings.contains_key("CERTIFICATE_TAG") && self.chance(70) {
            tags.push((CERTIFICATE_TAG.0, CERTIFICATE_TAG.1.to_owned()));
        }
        if self.chance(8) {
            tags.push(("acm-dns-validator:skip", self.pick(&["true", "", "false"]).to_owned()));
        }
        if self.chance(15) {
            tags.push((HOSTED_ZONES, self.ids()));
        }
        let slow = self.chance(30);
        let within = |draw: &mut Self, most| if slow { draw.rng.i64(0..=most) } else { 0 };
        let visible = within(self, 100);
        let pace = [
            visible,
            visible + within(self, 30),
            visible + within(self, 400),
            within(self, 120),
            self.rng.i64(30..=240),
        ];
        let key = self.pick(&["RSA_2048", "EC_prime256v1", "EC_secp384r1"]);
        Request {
            certificate,
            account: if member { MEMBER } else { OURS },
            region: if away { AWAY } else { HOME },
            names,
            method,
            key,
            tags,
            pace,
        }
    }

    /// A value of the tag that names zones: right or wrong, one or several.
    fn ids(&mut self) -> String {
        let mut ids = Vec::new();
        for _ in 0..self.rng.usize(1..=3) {
            ids.push(match self.rng.u8(..10) {
                0 => "ZNOSUCHZONE123".to_owned(),
                1 => "nonsense".to_owned(),
                _ => format!("zone:{}", self.rng.usize(..self.zones.max(1))),
            });
        }
        ids.join(" ")
    }

    /// What people do to a certificate after `from`.
    fn meddling(
        &mut self,
        certificate: usize,
        from: i64,
        settings: &BTreeMap<&'static str, String>,
    ) {
        let after = |draw: &mut Self| {
            let near = draw.chance(50);
            let most = if near { (from + 10 * MINUTE).min(draw.cease) } else { draw.cease };
            draw.rng.i64(from + 1..most.max(from + 2))
        };
        let zone = |draw: &mut Self| draw.rng.usize(..draw.zones.max(1));
        if settings.contains_key("CERTIFICATE_TAG") && self.chance(40) {
            let (key, value) = (CERTIFICATE_TAG.0, CERTIFICATE_TAG.1.to_owned());
            let at = after(self);
            self.act(at, Act::Tag { certificate, key, value });
        }
        if self.chance(8) {
            let at = after(self);
            let (key, value) = ("acm-dns-validator:skip", "true".to_owned());
            self.act(at, Act::Tag { certificate, key, value });
        }
        if self.chance(8) {
            let at = after(self);
            self.act(at, Act::Untag { certificate, key: "acm-dns-validator:skip" });
        }
        if self.chance(12) {
            let (at, value) = (after(self), self.ids());
            self.act(at, Act::Tag { certificate, key: HOSTED_ZONES, value });
        }
        if self.chance(8) {
            let at = after(self);
            self.act(at, Act::Untag { certificate, key: HOSTED_ZONES });
        }
        for _ in 0..self.pick(&[0, 0, 1, 3]) {
            let (at, zone, right) = (after(self), zone(self), self.chance(75));
            self.act(at, Act::Put { certificate, zone, right });
        }
        for _ in 0..self.pick(&[0, 0, 0, 1, 2]) {
            let (at, zone) = (after(self), zone(self));
            self.act(at, Act::Remove { certificate, zone });
        }
        if self.chance(4) {
            let (at, zone) = (after(self), zone(self));
            self.act(at, Act::Occupy { certificate, zone });
        }
        if self.chance(5) {
            let at = after(self);
            self.act(at, Act::Delete { certificate });
        }
        for _ in 0..self.pick(&[0, 0, 0, 1, 2]) {
            let at = after(self);
            self.act(at, Act::Invoke { certificate });
        }
    }

    fn misfortune(&mut self) {
        let at = self.rng.i64(0..self.cease);
        let act = match self.rng.u8(..22) {
            0..10 => {
                let kind = self.pick(&KINDS);
                let operation = if self.chance(75) { Some(self.pick(&OPERATIONS)) } else { None };
                let after = if self.chance(50) { 0 } else { self.rng.u32(..12) };
                let operation = match kind {
                    // Only Route 53 has this word, and only for its writes.
                    FaultKind::PriorRequestNotComplete => Some("ChangeResourceRecordSets"),
                    _ => operation,
                };
                // A process that dies at every call of its life tells nothing.
                let dies = matches!(kind, FaultKind::CrashAfter | FaultKind::CrashBefore);
                let lasting = !dies && self.chance(35);
                let times = if lasting { None } else { Some(self.rng.u32(1..8)) };
                if lasting {
                    let end = at + self.rng.i64(MINUTE..3 * HOUR);
                    self.act(end, Act::Well);
                }
                Act::Fault { kind, operation, after, times }
            }
            10..12 => Act::Lose(self.rng.usize(1..4)),
            12 => Act::Double(self.chance(70)),
            13 => Act::Late(self.rng.i64(1..90)),
            14..16 => Act::LoseFirings(self.rng.u32(1..4)),
            16 => Act::DoubleFirings(self.rng.u32(1..10)),
            17 => Act::LateFirings(self.rng.i64(1..20 * MINUTE)),
            18 => Act::Lambda { retries: self.rng.u32(..=2), concurrency: self.rng.usize(1..=10) },
            19..21 => Act::Skew(self.rng.i64(-5 * MINUTE..5 * MINUTE)),
            _ => Act::ColdStart,
        };
        self.act(at, act);
    }
}

/// The certificate's tag that names its zones.
pub(crate) const HOSTED_ZONES: &str = "acm-dns-validator:hosted-zone-id";

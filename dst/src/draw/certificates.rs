//! Draws certificates, and what people do to them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::draft::Draft;
use crate::act::{Act, Delegation, Method, Request, Zone, ZoneKind};
use crate::names::{AWAY, CERTIFICATE_TAG, HOME, HOSTED_ZONES, MEMBER, OURS};
use crate::scenario::{HOUR, MINUTE};

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

impl Draft {
    /// Three pending certificates of a hundred names each for one zone. They are checked together when
    /// the zone is created: more records than Route 53 accepts in one batch.
    pub(super) fn large_batch(&mut self) {
        static NAMES: LazyLock<Vec<String>> =
            LazyLock::new(|| (0..300).map(|name| format!("n{name}.d2.com")).collect());
        for certificate in 0..3 {
            let names = NAMES.iter().skip(certificate * 100).take(100).map(String::as_str);
            let request = self.request(certificate, names.collect(), &BTreeMap::new());
            self.act(
                5,
                Act::Request(Request { method: Method::Dns, delays: [0, 0, 0, 0, 60], ..request }),
            );
        }
        let number = self.zones;
        self.zones += 1;
        let (account, name) = (OURS, "d2.com");
        let (kind, delegation) = (ZoneKind::Public, Delegation::Registered);
        let zone = Zone { number, account, name, kind, delegation, tagged: true };
        self.act(50 * MINUTE, Act::CreateZone(zone));
        self.act(50 * MINUTE + 20, Act::ReportZone { zone: number, tagged: false });
    }

    pub(super) fn certificate(
        &mut self,
        certificate: usize,
        settings: &BTreeMap<&'static str, String>,
    ) {
        let at = self.rng.i64(2..self.faults_end.min(6 * HOUR).max(self.faults_end / 2));
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
            self.act(1, Act::AddIssued { certificate, names, email, days });
            for zone in 0..self.zones {
                if !email && self.chance(70) {
                    let right = self.chance(90);
                    self.act(1, Act::PutRecords { certificate, zone, right });
                }
                if !email && self.chance(40) {
                    self.act(at - 1, Act::RemoveRecords { certificate, zone });
                }
            }
            self.act(
                at,
                if email { Act::Migrate { certificate } } else { Act::Renew { certificate } },
            );
            if !email && self.chance(60) {
                let tries = (1..100).map(|hour| at + hour * HOUR);
                for at in tries.take_while(|at| *at < self.faults_end).collect::<Vec<_>>() {
                    self.act(at, Act::RetryRenewal { certificate });
                }
            }
        } else {
            request_at = at;
            let request = self.request(certificate, names, settings);
            self.act(at, Act::Request(request));
        }
        self.changes_by_people(certificate, request_at, settings);
    }

    pub(super) fn request(
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
        let within = |draft: &mut Self, most| if slow { draft.rng.i64(0..=most) } else { 0 };
        let visible = within(self, 100);
        let delays = [
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
            delays,
        }
    }

    /// A value of the tag that names zones: one or several zones, right or wrong.
    pub(super) fn ids(&mut self) -> String {
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
    pub(super) fn changes_by_people(
        &mut self,
        certificate: usize,
        from: i64,
        settings: &BTreeMap<&'static str, String>,
    ) {
        let after = |draft: &mut Self| {
            let near = draft.chance(50);
            let most =
                if near { (from + 10 * MINUTE).min(draft.faults_end) } else { draft.faults_end };
            draft.rng.i64(from + 1..most.max(from + 2))
        };
        let zone = |draft: &mut Self| draft.rng.usize(..draft.zones.max(1));
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
            self.act(at, Act::PutRecords { certificate, zone, right });
        }
        for _ in 0..self.pick(&[0, 0, 0, 1, 2]) {
            let (at, zone) = (after(self), zone(self));
            self.act(at, Act::RemoveRecords { certificate, zone });
        }
        if self.chance(4) {
            let (at, zone) = (after(self), zone(self));
            self.act(at, Act::OccupyName { certificate, zone });
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
}

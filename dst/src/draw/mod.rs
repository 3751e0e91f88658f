//! Draws a world from a seed.

mod audits;
mod certificates;
mod draft;
mod extras;
mod faults;
mod members;
mod public_dns;
mod settings;
mod zone_accounts;
mod zones;

use fastrand::Rng;

use self::audits::Audits;
use self::draft::Draft;
use self::extras::Extras;
use self::members::Members;
use self::public_dns::PublicDns;
use self::zone_accounts::ZoneAccounts;
use crate::act::{Act, AuditAct};
use crate::scenario::{CHAIN_LENGTH, EventRoute, HOUR, MINUTE, RECOVERY_TIME, Scenario};

/// The world of this seed.
pub(crate) fn draw(seed: u64) -> Scenario {
    let mut draft = Draft { rng: Rng::with_seed(seed), acts: Vec::new(), zones: 0, faults_end: 0 };
    draft.scenario(seed)
}

impl Draft {
    fn scenario(&mut self, seed: u64) -> Scenario {
        let without_faults = self.chance(20);
        self.faults_end = match self.rng.u8(..100) {
            0..80 => self.rng.i64(HOUR..5 * HOUR),
            80..97 => self.rng.i64(5 * HOUR..16 * HOUR),
            _ => self.rng.i64(16 * HOUR..50 * HOUR),
        };
        let long = self.chance(2);
        let extras = Extras::draw(seed);
        let mut settings = self.settings();
        extras.require(&mut settings);
        let members = Members::draw(seed);
        members.require(&mut settings);
        let dns = PublicDns::draw(seed);
        dns.require(&mut settings);
        let accounts = ZoneAccounts::draw(seed);
        accounts.require(&mut settings);
        let audits = Audits::draw(seed);
        audits.require(&mut settings);
        self.zones(&settings);
        let large = self.chance(1);
        let certificates = if large { 0 } else { self.rng.usize(1..=5) };
        if large {
            self.large_batch();
        }
        for certificate in 0..certificates {
            self.certificate(certificate, &settings);
        }
        let end = if long {
            self.faults_end + CHAIN_LENGTH + RECOVERY_TIME
        } else {
            self.faults_end + RECOVERY_TIME
        };
        let offset = self.rng.i64(0..HOUR);
        for hour in 0..=end / HOUR {
            let at = hour * HOUR + offset;
            let faulty = !without_faults && at < self.faults_end;
            if faulty && self.chance(25) {
                continue;
            }
            let late = if faulty && self.chance(20) { self.rng.i64(0..40 * MINUTE) } else { 0 };
            self.act(at + late, Act::Sweep);
            if faulty && self.chance(10) {
                let again = at + late + self.rng.i64(0..3);
                self.act(again, Act::Sweep);
            }
        }
        if !without_faults {
            for _ in 0..self.rng.usize(1..=10) {
                self.fault();
            }
        }
        let faults_end = self.faults_end;
        let main = std::mem::replace(&mut self.rng, extras.rng.clone());
        let (timeout, through_queue) = self.extras(&extras, without_faults);
        self.rng = dns.rng.clone();
        self.public_dns(&dns, without_faults);
        self.rng = accounts.rng.clone();
        self.zone_accounts(&accounts, &settings, without_faults);
        self.rng = members.rng.clone();
        self.members(&members, without_faults);
        self.rng = audits.rng.clone();
        self.audits(&audits, &settings, without_faults);
        self.rng = main;
        let timeout = audits.timeout.map_or(timeout, |it| it.min(timeout));
        self.act(faults_end, Act::EndFaults);
        let mut acts = std::mem::take(&mut self.acts);
        // After the faults end, only sweeps, audits and events about zones remain.
        acts.retain(|(at, act)| match act {
            Act::EndFaults | Act::Sweep | Act::ReportZone { .. } => true,
            Act::Audit(AuditAct::Begin { .. }) => true,
            _ => *at < faults_end,
        });
        acts.sort_by_key(|(at, _)| *at);
        let receives = self.rng.u32(if without_faults { 5..=5 } else { 1..=5 });
        let route = match self.rng.u8(..100) {
            _ if through_queue => EventRoute::Queue { receives },
            0..75 => EventRoute::Function,
            75..93 => EventRoute::Queue { receives },
            _ => EventRoute::Both { receives },
        };
        Scenario { seed, settings, acts, faults_end, end, without_faults, route, timeout }
    }
}

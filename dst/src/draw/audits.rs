//! Draws audits, and what they are about. They have random numbers of their own, so that the other worlds stay as
//! they were.

use std::collections::BTreeMap;

use fastrand::Rng;
use sim::faults::{Fault, FaultKind};

use super::draft::Draft;
use crate::act::{Act, AuditAct};
use crate::names::{AWAY, HOME, MEMBER, OURS};
use crate::scenario::MINUTE;

/// The audits of a world.
#[derive(Debug)]
pub(super) struct Audits {
    pub(super) rng: Rng,
    /// Whether there are any.
    are_there: bool,
    /// Whether the settings list the accounts, so that records may be called unused.
    lists_accounts: bool,
    /// How long the function may take, in seconds, if that is short.
    pub(super) timeout: Option<i64>,
}

const NAMES: [&str; 8] = [
    "d0.com",
    "*.d0.com",
    "www.d0.com",
    "a.d0.com",
    "x.a.d0.com",
    "d1.com",
    "w.d1.com",
    "notd0.com",
];

/// What goes wrong while an audit runs, and where.
const KINDS: [FaultKind; 9] = [
    FaultKind::AnswerLost,
    FaultKind::CrashAfter,
    FaultKind::CrashBefore,
    FaultKind::Denied,
    FaultKind::InternalError,
    FaultKind::Reset,
    FaultKind::Silence,
    FaultKind::Throttled,
    FaultKind::Unavailable,
];

const OPERATIONS: [&str; 10] = [
    "AssumeRole",
    "ChangeResourceRecordSets",
    "CreateSchedule",
    "DescribeCertificate",
    "ListCertificates",
    "ListHostedZonesByName",
    "ListResourceRecordSets",
    "ListTagsForResources",
    "PutEvents",
    "SearchCertificates",
];

impl Audits {
    pub(super) fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed.rotate_left(16) ^ 0x0061_7564);
        let mut chance = |percent| rng.u8(..100) < percent;
        let (are_there, lists_accounts, is_short) = (chance(12), chance(70), chance(35));
        let timeout = (are_there && is_short).then(|| rng.i64(8..=14));
        Self { rng, are_there, lists_accounts, timeout }
    }

    /// Adds the settings without which audits would find less.
    pub(super) fn require(&self, settings: &mut BTreeMap<&'static str, String>) {
        let serves_any = settings.contains_key("CERTIFICATE_ROLE_NAME");
        if self.are_there && self.lists_accounts && serves_any && !settings.contains_key("ACCOUNTS")
        {
            settings.insert("ACCOUNTS", MEMBER.to_owned());
        }
    }
}

impl Draft {
    /// Certificates that are in use, whose records people put, change and remove; audits at odd times, with what goes
    /// wrong just then; and one after the faults.
    pub(super) fn audits(
        &mut self,
        audits: &Audits,
        settings: &BTreeMap<&'static str, String>,
        without_faults: bool,
    ) {
        if !audits.are_there {
            return;
        }
        let used: Vec<_> = (300..300 + self.rng.usize(1..=4)).collect();
        used.iter().for_each(|certificate| self.used(*certificate, settings));
        for _ in 0..self.pick(&[0, 1, 2]) {
            let (zone, name) = (self.rng.usize(..self.zones.max(1)), self.pick(&NAMES));
            self.act(2, Act::Audit(AuditAct::LeaveRecord { zone, name }));
        }
        for _ in 0..self.rng.usize(1..=4) {
            let at = self.rng.i64(3..self.faults_end);
            let certificates = if self.chance(20) { vec![self.pick(&used), 0] } else { Vec::new() };
            self.act(at, Act::Audit(AuditAct::Begin { certificates }));
            if self.chance(60) {
                let at = (at + self.rng.i64(-MINUTE..20)).max(2);
                let certificate = self.pick(&used);
                self.change_records(certificate, at);
            }
            if !without_faults && self.chance(60) {
                self.disturb(at);
            }
        }
        let at = self.faults_end + self.rng.i64(10 * MINUTE..80 * MINUTE);
        self.act(at, Act::Audit(AuditAct::Begin { certificates: Vec::new() }));
    }

    fn used(&mut self, certificate: usize, settings: &BTreeMap<&'static str, String>) {
        let mut names = vec![self.pick(&NAMES)];
        let more = self.pick(&NAMES);
        if self.chance(35) && !names.contains(&more) {
            names.push(more);
        }
        let of_member = settings.contains_key("CERTIFICATE_ROLE_NAME") && self.chance(35);
        let away = settings.contains_key("REGIONS") && self.chance(40);
        let account = if of_member { MEMBER } else { OURS };
        let region = if away { AWAY } else { HOME };
        let days = self.rng.i64(20..300);
        self.act(1, Act::Audit(AuditAct::AddUsed { certificate, account, region, names, days }));
        for zone in 0..self.zones {
            if self.chance(60) {
                let right = self.chance(92);
                self.act(2, Act::PutRecords { certificate, zone, right });
            }
        }
        for _ in 0..self.pick(&[0, 1, 1, 2]) {
            let at = self.rng.i64(3..self.faults_end);
            self.change_records(certificate, at);
        }
        if self.chance(30) {
            let at = self.rng.i64(2..self.faults_end);
            let exported = self.chance(60);
            if exported {
                self.remove_records(certificate, at);
            }
            self.act(at, Act::Audit(AuditAct::Use { certificate, used: false, exported }));
            let later = self.rng.i64(at..self.faults_end);
            match self.rng.u8(..3) {
                0 => self.act(
                    later,
                    Act::Audit(AuditAct::Use { certificate, used: true, exported: false }),
                ),
                1 => self.act(later, Act::Delete { certificate }),
                _ => {}
            }
        } else if self.chance(15) {
            let at = self.rng.i64(2..self.faults_end);
            self.act(at, Act::Renew { certificate });
        }
        if self.chance(12) {
            let at = self.rng.i64(2..self.faults_end);
            let (key, value) = ("acm-dns-validator:skip", "true".to_owned());
            self.act(at, Act::Tag { certificate, key, value });
        }
    }

    /// Another tool removes the records of a certificate, or writes them.
    fn change_records(&mut self, certificate: usize, at: i64) {
        let zone = self.rng.usize(..self.zones.max(1));
        match self.rng.u8(..5) {
            0 => self.act(at, Act::PutRecords { certificate, zone, right: false }),
            1 => self.act(at, Act::RemoveRecords { certificate, zone }),
            _ => self.remove_records(certificate, at),
        }
    }

    fn remove_records(&mut self, certificate: usize, at: i64) {
        for zone in 0..self.zones {
            self.act(at, Act::RemoveRecords { certificate, zone });
        }
    }

    /// Something goes wrong while an audit runs.
    fn disturb(&mut self, at: i64) {
        let kind = self.pick(&KINDS);
        let fault = Fault::new(kind).on(self.pick(&OPERATIONS)).after(self.pick(&[0, 0, 1, 3]));
        if matches!(kind, FaultKind::CrashAfter | FaultKind::CrashBefore) || self.chance(60) {
            let times = self.rng.u32(1..5);
            return self.act(at - 1, Act::Fault(fault.times(times)));
        }
        self.act(at - 1, Act::Fault(fault));
        let end = at + self.rng.i64(20..20 * MINUTE);
        self.act(end, Act::ClearFaults);
    }
}

//! Draws what only some worlds have: sweeps of several places that run out of time, tags of hosted zones
//! that cannot be read, times in the future. It has random numbers of its own, so that the other worlds
//! stay as they were.

use std::collections::BTreeMap;

use fastrand::Rng;
use sim::aws::Service;
use sim::faults::{Fault, FaultKind};

use super::draft::Draft;
use crate::act::{Act, Announcement, Delegation, Zone, ZoneKind};
use crate::names::{AWAY, DNS, HOME, MEMBER, OURS, ZONE_TAG};
use crate::scenario::{HOUR, MINUTE};

/// What a world has besides what every world may have.
#[derive(Debug)]
pub(super) struct Extras {
    pub(super) rng: Rng,
    /// Certificates in two accounts and two regions that only a sweep finds.
    places: bool,
    /// A second hosted zone of the same name, in another account, and tags that cannot be read.
    tags: bool,
    /// Events and checks with a time in the future.
    future: bool,
}

/// How long the function may take, in seconds, where sweeps have time enough.
const LONG: i64 = 30;

/// Errors of a place that cannot be read for a while.
pub(super) const CLOSED: [FaultKind; 4] =
    [FaultKind::Denied, FaultKind::InternalError, FaultKind::Throttled, FaultKind::Unavailable];

impl Extras {
    pub(super) fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(!seed);
        let mut chance = |percent| rng.u8(..100) < percent;
        let (places, tags, future) = (chance(8), chance(5), chance(6));
        Self { rng, places, tags, future }
    }

    /// Adds the settings without which the extras would show nothing.
    pub(super) fn require(&self, settings: &mut BTreeMap<&'static str, String>) {
        if self.places {
            settings.insert("CERTIFICATE_ROLE_NAME", "certificates".to_owned());
            settings.insert("REGIONS", format!("{HOME},{AWAY}"));
        }
        if self.tags {
            settings.insert("HOSTED_ZONE_TAG", format!("{}={}", ZONE_TAG.0, ZONE_TAG.1));
            settings.insert("HOSTED_ZONE_ROLE_ARNS", format!("arn:aws:iam::{DNS}:role/dns"));
        }
    }
}

impl Draft {
    /// Draws the extras. Returns how long the function may take, and whether events must come through the
    /// queue.
    pub(super) fn extras(&mut self, extras: &Extras, without_faults: bool) -> (i64, bool) {
        if extras.future {
            self.future();
        }
        if extras.tags {
            self.twin_zone(without_faults);
        }
        if !extras.places {
            return (LONG, false);
        }
        self.places(without_faults);
        let timeout = if self.chance(60) { self.rng.i64(7..=12) } else { LONG };
        (timeout, self.chance(40))
    }

    /// Pending certificates in every place. No event tells of them, so that only sweeps find them. At times
    /// the certificates of one account cannot be listed.
    fn places(&mut self, without_faults: bool) {
        for certificate in 100..100 + self.rng.usize(2..=6) {
            let (account, region) = (self.pick(&[OURS, MEMBER]), self.pick(&[HOME, AWAY]));
            let name = self.pick(&["d0.com", "*.d0.com", "www.d0.com", "d1.com", "nowhere.net"]);
            let at = self.rng.i64(1..self.faults_end);
            self.act(at, Act::AddPending { certificate, account, region, name });
        }
        for _ in 0..self.rng.usize(..=2) {
            let account = self.pick(&[OURS, MEMBER]);
            let fault = Fault::new(self.pick(&CLOSED)).by(account).of(Service::Acm);
            if !without_faults {
                self.close(fault);
            }
        }
    }

    /// A second public zone of a name, in another account than the first one may be, and times at which the
    /// tags of one account cannot be read.
    fn twin_zone(&mut self, without_faults: bool) {
        let number = self.zones;
        self.zones += 1;
        let account = self.pick(&[DNS, OURS]);
        let (name, tagged) = (self.pick(&["d0.com", "d1.com"]), self.chance(70));
        let (kind, delegation) = (ZoneKind::Public, Delegation::Missing);
        self.act(0, Act::CreateZone(Zone { number, account, name, kind, delegation, tagged }));
        for _ in 0..self.rng.usize(1..=2) {
            let fault = Fault::new(self.pick(&CLOSED)).on("ListTagsForResources");
            let fault = fault.by(self.pick(&[account, DNS, OURS]));
            if !without_faults {
                self.close(fault);
            }
        }
    }

    /// A fault that lasts for a while.
    pub(super) fn close(&mut self, fault: Fault) {
        let at = self.rng.i64(0..self.faults_end);
        let end = at + self.rng.i64(10 * MINUTE..3 * HOUR);
        self.act(at, Act::Fault(fault));
        self.act(end, Act::ClearFaults);
    }

    /// Events and checks with a time that lies minutes to years ahead.
    fn future(&mut self) {
        for _ in 0..self.rng.usize(1..=2) {
            let announcement = match self.rng.u8(..4) {
                0 | 1 => Announcement::EventOfNone,
                2 => Announcement::CheckOfNone,
                _ => Announcement::Event(0),
            };
            let ahead = match self.rng.u8(..3) {
                0 => self.rng.i64(MINUTE..10 * MINUTE),
                1 => self.rng.i64(HOUR..10 * HOUR),
                _ => self.rng.i64(1..400) * 24 * HOUR,
            };
            let at = self.rng.i64(1..self.faults_end);
            self.act(at, Act::Announce { announcement, ahead });
        }
    }
}

//! Draws hosted zones.

use std::collections::BTreeMap;

use super::draft::Draft;
use crate::act::{Act, Delegation, Zone, ZoneKind};
use crate::names::{DNS, MEMBER, OURS};

impl Draft {
    pub(super) fn zones(&mut self, settings: &BTreeMap<&'static str, String>) {
        use Delegation::{Delegated, Missing, Registered};
        use ZoneKind::{Linked, Private, Public};
        let tags = settings.contains_key("HOSTED_ZONE_TAG");
        let reach = settings.contains_key("HOSTED_ZONE_ROLE_ARNS");
        let zone = |draft: &mut Self, percent, name, kind, delegation| {
            if !draft.chance(percent) {
                return;
            }
            let account = match draft.rng.u8(..100) {
                0..30 if reach => DNS,
                0..4 => MEMBER,
                _ => OURS,
            };
            let tagged = tags && draft.chance(75);
            let number = draft.zones;
            draft.zones += 1;
            let zone = Zone { number, account, name, kind, delegation, tagged };
            let at = if draft.chance(20) { draft.rng.i64(0..draft.faults_end) } else { 0 };
            draft.act(at, Act::CreateZone(zone));
            if at > 0 && kind == Public && account == OURS {
                draft.act(at + 20, Act::ReportZone { zone: number, tagged: false });
            }
            if tags && draft.chance(20) {
                let at = draft.rng.i64(at..draft.faults_end);
                draft.act(at, Act::TagZone { zone: number, tagged: !tagged });
                if !tagged && account == OURS {
                    draft.act(at + 20, Act::ReportZone { zone: number, tagged: true });
                }
            }
        };
        zone(self, 92, "d0.com", Public, Registered);
        zone(self, 30, "d0.com", Private, Missing);
        zone(self, 10, "d0.com", Public, Missing);
        zone(self, 8, "d0.com", Linked, Missing);
        match self.rng.u8(..100) {
            0..25 => zone(self, 100, "a.d0.com", Public, Delegated),
            25..32 => zone(self, 100, "a.d0.com", Public, Missing),
            32..45 => zone(self, 100, "a.d0.com", Private, Missing),
            45..50 => zone(self, 100, "x.a.d0.com", Private, Missing),
            _ => {}
        }
        zone(self, 8, "x.a.d0.com", Public, Delegated);
        zone(self, 50, "notd0.com", Public, Registered);
        zone(self, 80, "d1.com", Public, Registered);
        zone(self, 10, "b.d1.com", Linked, Missing);
        zone(self, 10, "w.d1.com", Public, Missing);
        for name in ["a.d0.com", "x.a.d0.com", "w.d1.com"] {
            if self.chance(8) {
                let at = if self.chance(50) { 1 } else { self.rng.i64(1..self.faults_end) };
                let zone = self.rng.usize(..self.zones.max(1));
                self.act(at, Act::DelegateAway { zone, name });
            }
        }
    }
}

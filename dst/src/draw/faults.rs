//! Draws what goes wrong.

use sim::faults::{Fault, FaultKind};

use super::draft::Draft;
use crate::act::Act;
use crate::names::{PASSING, UNKNOWN};
use crate::scenario::{HOUR, MINUTE};

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

const KINDS: [FaultKind; 12] = [
    FaultKind::AnswerLost,
    FaultKind::CrashAfter,
    FaultKind::CrashBefore,
    FaultKind::Denied,
    FaultKind::InternalError,
    FaultKind::PriorRequestNotComplete,
    FaultKind::Refused(403, PASSING[0]),
    FaultKind::Refused(400, PASSING[1]),
    FaultKind::Refused(418, UNKNOWN),
    FaultKind::Reset,
    FaultKind::Throttled,
    FaultKind::Unavailable,
];

impl Draft {
    /// Draws one fault.
    pub(super) fn fault(&mut self) {
        let at = self.rng.i64(0..self.faults_end);
        let act = match self.rng.u8(..22) {
            0..10 => {
                let kind = self.pick(&KINDS);
                let operation = if self.chance(75) { Some(self.pick(&OPERATIONS)) } else { None };
                let after = if self.chance(50) { 0 } else { self.rng.u32(..12) };
                let operation = match kind {
                    // Only Route 53 has this error, and only for writes.
                    FaultKind::PriorRequestNotComplete => Some("ChangeResourceRecordSets"),
                    _ => operation,
                };
                // A process that dies at every call tests nothing.
                let dies = matches!(kind, FaultKind::CrashAfter | FaultKind::CrashBefore);
                let lasting = !dies && self.chance(35);
                let times = if lasting { None } else { Some(self.rng.u32(1..8)) };
                if lasting {
                    let end = at + self.rng.i64(MINUTE..3 * HOUR);
                    self.act(end, Act::ClearFaults);
                }
                let mut fault = Fault::new(kind).after(after);
                if let Some(operation) = operation {
                    fault = fault.on(operation);
                }
                if let Some(times) = times {
                    fault = fault.times(times);
                }
                Act::Fault(fault)
            }
            10..12 => Act::LoseEvents(self.rng.usize(1..4)),
            12 => Act::DuplicateEvents(self.chance(70)),
            13 => Act::DelayEvent(self.rng.i64(1..90)),
            14..16 => Act::LoseFirings(self.rng.u32(1..4)),
            16 => Act::DuplicateFirings(self.rng.u32(1..10)),
            17 => Act::DelayFirings(self.rng.i64(1..20 * MINUTE)),
            18 => Act::ConfigureLambda {
                retries: self.rng.u32(..=2),
                concurrency: self.rng.usize(1..=10),
            },
            19..21 => Act::SkewClock(self.rng.i64(-5 * MINUTE..5 * MINUTE)),
            _ => Act::ColdStart,
        };
        self.act(at, act);
    }
}

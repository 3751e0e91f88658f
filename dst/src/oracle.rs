//! Decides which records may be written and which certificates must be issued, from the whole state of
//! the world.
//!
//! It shares no code with the function, so that a mistake there is not repeated here. It knows all of
//! the state at once, where the function has to call AWS.

use chrono::{DateTime, TimeDelta, Utc};
use sim::route53::{Answering, Write};

use crate::act::ZoneKind;

/// The state of the world at one time, as far as it matters.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) at: DateTime<Utc>,
    pub(crate) zones: Vec<ZoneFact>,
    pub(crate) certificates: Vec<CertificateFact>,
    /// Whether the function has a resolver to ask.
    pub(crate) has_resolver: bool,
}

/// Why the function writes a record.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Purpose {
    /// An audit puts it back.
    Audit,
    /// ACM waits for it.
    Check,
}

/// Whether the function knows what the world sees.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum View {
    /// Public DNS has answered.
    Known,
    /// It has not been asked, or has not answered.
    Unknown,
}

/// A hosted zone.
#[derive(Clone, Debug)]
pub(crate) struct ZoneFact {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: ZoneKind,
    /// Whether the function can access its account.
    pub(crate) accessible: bool,
    /// Whether it has the tag of `HOSTED_ZONE_ACCOUNTS_TAG`.
    pub(crate) has_accounts_tag: bool,
    /// The accounts whose certificates may have records in it; none if there is no such limit.
    pub(crate) takes: Option<Vec<String>>,
    /// Whether it has the tag that `HOSTED_ZONE_TAG` requires, if any.
    pub(crate) has_required_tag: bool,
    /// Its record sets: name, type, values.
    pub(crate) records: Vec<(String, String, Vec<String>)>,
}

/// A certificate.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFact {
    pub(crate) arn: String,
    pub(crate) account: String,
    pub(crate) names: Vec<String>,
    /// Whether the function may manage it, by its kind, method, account and tags.
    pub(crate) managed: bool,
    /// Whether it must. The difference is an account that has just joined the organization, or left it.
    pub(crate) served: bool,
    /// When its current validation began.
    pub(crate) began: DateTime<Utc>,
    /// Whether its validation timed out.
    pub(crate) timed_out: bool,
    /// The records that ACM waits for, or waited for.
    pub(crate) wanted: Vec<WantedRecord>,
    /// The zone ids in its tag.
    pub(crate) ids: Vec<String>,
    /// Whether an audit lists it.
    pub(crate) in_reach: bool,
    /// Whether ACM renews it if its records are in place.
    pub(crate) renewable: bool,
    /// The records that it needs, in worlds with audits.
    pub(crate) records: Vec<WantedRecord>,
}

impl CertificateFact {
    /// The records that may be written for it.
    fn writable(&self, purpose: Purpose) -> &[WantedRecord] {
        match purpose {
            Purpose::Audit if self.managed && self.renewable => &self.records,
            Purpose::Check if self.managed && !self.timed_out => &self.wanted,
            Purpose::Audit | Purpose::Check => &[],
        }
    }

    /// Whether a validation asks for this record, or will.
    pub(crate) fn asks_for(&self, name: &str, value: &str) -> bool {
        let mut records = self.wanted.iter().chain(&self.records);
        records.any(|want| same(&want.name, name) && same(&want.value, value))
    }
}

/// A record that ACM waits for.
#[derive(Clone, Debug)]
pub(crate) struct WantedRecord {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether `ALLOWED_DOMAINS` allows its name, and ACM has published the record.
    pub(crate) open: bool,
    /// What answers for its name in public DNS.
    pub(crate) answering: Answering,
    /// Whether public DNS has the record.
    pub(crate) resolves: bool,
}

/// The age of a validation from which the function looks for records that the world does not see.
const TIME_TO_SEE: TimeDelta = TimeDelta::minutes(10);

impl WantedRecord {
    /// Whether public DNS asks another zone than this one, or none. Unknown if it fails.
    fn is_seen_elsewhere(&self, zone: &ZoneFact) -> bool {
        match &self.answering {
            Answering::Zone { id, .. } => *id != zone.id,
            Answering::Registry => true,
            Answering::Nobody => false,
        }
    }
}

/// Whether `name` is `zone` or below it, label by label from the right.
pub(crate) fn lies_in(name: &str, zone: &str) -> bool {
    let labels = |text: &str| -> Vec<String> {
        let text = text.trim_end_matches('.').to_ascii_lowercase();
        text.split('.').rev().map(str::to_owned).collect()
    };
    let (name, zone) = (labels(name), labels(zone));
    name.len() >= zone.len() && name[..zone.len()] == zone[..]
}

fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

impl ZoneFact {
    pub(crate) fn usable(&self) -> Result<(), &'static str> {
        match self.kind {
            _ if !self.accessible => Err("a zone in an account that the function cannot access"),
            ZoneKind::Private => Err("a private zone"),
            ZoneKind::Linked => Err("a zone of another AWS service"),
            ZoneKind::Public if !self.has_required_tag => Err("a zone without the required tag"),
            ZoneKind::Public => Ok(()),
        }
    }

    /// Whether certificates of this account may have records in it.
    pub(crate) fn takes(&self, account: &str) -> bool {
        self.takes.as_ref().is_none_or(|them| them.iter().any(|it| it == account))
    }

    /// The highest zone cut between the apex and this name.
    fn zone_cut(&self, name: &str) -> Option<&str> {
        let cuts = self
            .records
            .iter()
            .filter(|(at, kind, _)| kind == "NS" && !same(at, &self.name) && lies_in(name, at));
        cuts.map(|(at, ..)| at.as_str()).min_by_key(|at| at.len())
    }

    fn has_other_record(&self, name: &str) -> bool {
        self.records.iter().any(|(at, kind, _)| same(at, name) && kind != "CNAME" && kind != "NS")
    }

    /// Whether the zone has a CNAME of this name with another value.
    pub(crate) fn has_other_value(&self, name: &str, value: &str) -> bool {
        let is_cname = |(at, kind, _): &(String, String, _)| kind == "CNAME" && same(at, name);
        self.records.iter().any(is_cname) && !self.has_record(name, value)
    }

    /// Whether the zone has exactly this record.
    pub(crate) fn has_record(&self, name: &str, value: &str) -> bool {
        self.records.iter().any(|(at, kind, values)| {
            kind == "CNAME" && same(at, name) && values.len() == 1 && same(&values[0], value)
        })
    }
}

impl Facts {
    /// The one zone for a record of this certificate, or why there is none.
    pub(crate) fn zone_for(
        &self,
        of: &CertificateFact,
        want: &WantedRecord,
        view: View,
    ) -> Result<&ZoneFact, String> {
        let record = &want.name;
        let mut fitting = Vec::new();
        let mut wrong = false;
        for id in &of.ids {
            let zone = self.zones.iter().find(|zone| zone.id == *id && zone.accessible);
            let holds = |zone: &&ZoneFact| {
                zone.usable().is_ok() && of.names.iter().any(|name| lies_in(name, &zone.name))
            };
            match zone.filter(holds) {
                Some(zone) if fitting.iter().any(|it: &&ZoneFact| it.id == zone.id) => {}
                Some(zone) => fitting.push(zone),
                None => wrong = true,
            }
        }
        fitting.retain(|zone| lies_in(record, &zone.name));
        if fitting.is_empty() {
            if wrong {
                return Err("the tag of the certificate names a zone that cannot hold the record"
                    .to_owned());
            }
            fitting = self.zones.iter().filter(|zone| zone.usable().is_ok()).collect();
            fitting.retain(|zone| lies_in(record, &zone.name));
        }
        if view == View::Known && self.has_resolver {
            narrow(&mut fitting, &want.answering);
        }
        let longest = fitting.iter().map(|zone| zone.name.len()).max();
        fitting.retain(|zone| Some(zone.name.len()) == longest);
        match fitting[..] {
            [] => Err("no zone can hold it".to_owned()),
            [zone] => match zone.zone_cut(record) {
                Some(at) => Err(format!("zone {} delegates {at} away", zone.id)),
                None if zone.has_other_record(record) => {
                    Err(format!("{} has another record of this name", zone.id))
                }
                // What is there already needs nobody's permission.
                None if !zone.takes(&of.account) && !zone.has_record(record, &want.value) => {
                    Err(format!("{} does not take account {}", zone.id, of.account))
                }
                None => Ok(zone),
            },
            _ => Err(format!("{} zones match equally well", fitting.len())),
        }
    }

    /// Why the function cannot get this certificate issued; `None` if it can.
    pub(crate) fn obstacle(&self, of: &CertificateFact) -> Option<String> {
        if !of.served {
            return Some("the function does not manage it".to_owned());
        }
        of.wanted.iter().filter(|want| !want.resolves).find_map(|want| {
            if !want.open {
                return Some(format!("{} is not allowed or not published", want.name));
            }
            match self.zone_for(of, want, View::Known) {
                Ok(zone) if is_asked(zone, want) => None,
                Ok(zone) => Some(format!("public DNS does not resolve to {}", zone.id)),
                Err(why) => Some(why),
            }
        })
    }

    /// A record of it that has a zone and is not in it.
    pub(crate) fn unwritten<'a>(&self, of: &'a CertificateFact) -> Option<&'a str> {
        let mut open = of.wanted.iter().filter(|want| of.served && want.open && !want.resolves);
        let unwritten = open.find(|want| {
            let zone = self.zone_for(of, want, View::Known);
            zone.is_ok_and(|zone| !zone.has_record(&want.name, &want.value))
        });
        unwritten.map(|want| want.name.as_str())
    }

    /// Whether a record of it cannot be written, or exists where nobody asks for it, whatever the function
    /// knows of public DNS.
    pub(crate) fn blocked(&self, of: &CertificateFact) -> bool {
        let mut open = of.wanted.iter().filter(|want| of.served && want.open);
        open.any(|want| {
            let zone = |view| self.zone_for(of, want, view);
            match (zone(View::Known), zone(View::Unknown)) {
                (Err(_), Err(_)) => true,
                (Ok(zone), _) => self.is_unseen(of, want, zone),
                _ => false,
            }
        })
    }

    /// Whether a record exists in its zone, and public DNS asks another one for it.
    fn is_unseen(&self, of: &CertificateFact, want: &WantedRecord, zone: &ZoneFact) -> bool {
        self.has_resolver
            && self.at >= of.began + TIME_TO_SEE
            && zone.has_record(&want.name, &want.value)
            && want.is_seen_elsewhere(zone)
    }

    /// Whether public DNS asks another zone than this one, or none, for this name.
    pub(crate) fn is_seen_elsewhere(&self, name: &str, zone_id: &str) -> bool {
        let zone = self.zones.iter().find(|zone| zone.id == zone_id);
        zone.is_some_and(|zone| self.of_name(name).any(|want| want.is_seen_elsewhere(zone)))
    }

    /// Whether public DNS asks this zone for this name.
    pub(crate) fn is_asked(&self, name: &str, zone_id: &str) -> bool {
        let zone = self.zones.iter().find(|zone| zone.id == zone_id);
        zone.is_some_and(|zone| self.of_name(name).any(|want| is_asked(zone, want)))
    }

    /// The records of this name that certificates need.
    fn of_name<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a WantedRecord> {
        let needed = self.certificates.iter().flat_map(|it| it.wanted.iter().chain(&it.records));
        needed.filter(move |want| same(&want.name, name))
    }

    /// Why a record of this name does not belong in this zone, if public DNS has answered.
    pub(crate) fn misplaced(&self, name: &str, zone_id: &str, purpose: Purpose) -> Option<String> {
        let mut why = None;
        for certificate in &self.certificates {
            let mut wanted = certificate.writable(purpose).iter();
            let Some(want) = wanted.find(|want| want.open && same(&want.name, name)) else {
                continue;
            };
            match self.zone_for(certificate, want, View::Known) {
                Ok(expected) if expected.id == zone_id => return None,
                Ok(expected) => why = Some(format!("it belongs in {}", expected.id)),
                Err(reason) => why = Some(reason),
            }
        }
        why
    }

    /// Why this write is forbidden; `None` if it is allowed.
    pub(crate) fn forbids(&self, write: &Write, view: View, purpose: Purpose) -> Option<String> {
        let [value] = &write.values[..] else { return Some("not exactly one value".to_owned()) };
        let shaped = write.record_type == "CNAME"
            && write.name.starts_with('_')
            && value.ends_with(".acm-validations.aws.");
        if !shaped {
            return Some("not a validation record of ACM".to_owned());
        }
        let Some(zone) = self.zones.iter().find(|zone| zone.id == write.zone_id) else {
            return Some("there is no such zone".to_owned());
        };
        if let Err(what) = zone.usable() {
            return Some(what.to_owned());
        }
        if !lies_in(&write.name, &zone.name) {
            return Some("the zone cannot hold the name".to_owned());
        }
        if let Some(at) = zone.zone_cut(&write.name) {
            return Some(format!("the name is below the zone cut at {at}"));
        }
        let mut why = match purpose {
            Purpose::Audit => "no certificate that the function manages and ACM renews needs it",
            Purpose::Check => "no certificate that the function manages waits for it",
        }
        .to_owned();
        for certificate in &self.certificates {
            let mut wanted = certificate.writable(purpose).iter();
            let Some(want) = wanted.find(|want| {
                want.open && same(&want.name, &write.name) && same(&want.value, value)
            }) else {
                continue;
            };
            match self.zone_for(certificate, want, view) {
                Ok(expected) if expected.id == zone.id => return None,
                Ok(expected) => why = format!("it belongs in {}", expected.id),
                Err(reason) => why = reason,
            }
        }
        Some(why)
    }
}

/// Leaves of several zones the one that public DNS asks, if that is one of them or alone has its name.
fn narrow(fitting: &mut Vec<&ZoneFact>, answering: &Answering) {
    let Answering::Zone { id, name } = answering else { return };
    let named: Vec<_> = fitting.iter().copied().filter(|zone| same(&zone.name, name)).collect();
    let asked = named.iter().copied().find(|zone| zone.id == *id);
    let only = named.first().copied().filter(|_| named.len() == 1);
    if let Some(zone) = asked.or(only) {
        *fitting = vec![zone];
    }
}

fn is_asked(zone: &ZoneFact, want: &WantedRecord) -> bool {
    matches!(&want.answering, Answering::Zone { id, .. } if *id == zone.id)
}

//! Decides which records may be written and which certificates must be issued, from the whole state of
//! the world.
//!
//! It shares no code with the function, so that a mistake there is not repeated here. It knows all of
//! the state at once, where the function has to call AWS.

use chrono::{DateTime, Utc};
use sim::route53::Write;

use crate::act::ZoneKind;

/// The state of the world at one time, as far as it matters.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) at: DateTime<Utc>,
    pub(crate) zones: Vec<ZoneFact>,
    pub(crate) certificates: Vec<CertificateFact>,
    /// Registered domains, and the ids of the zones that their registrars delegate to.
    pub(crate) registered: Vec<(String, String)>,
    /// Zone cuts: the id of the parent zone, the name, and the id of the zone that answers for it.
    pub(crate) delegated: Vec<(String, String, String)>,
}

/// A hosted zone.
#[derive(Clone, Debug)]
pub(crate) struct ZoneFact {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: ZoneKind,
    /// Whether the function can access its account.
    pub(crate) accessible: bool,
    /// Whether it has the tag that `HOSTED_ZONE_TAG` requires, if any.
    pub(crate) has_required_tag: bool,
    /// Its record sets: name, type, values.
    pub(crate) records: Vec<(String, String, Vec<String>)>,
}

/// A certificate.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFact {
    pub(crate) arn: String,
    pub(crate) names: Vec<String>,
    /// Whether the function manages it, by its kind, method, account and tags.
    pub(crate) managed: bool,
    /// Whether its validation timed out.
    pub(crate) timed_out: bool,
    /// The records that ACM waits for, or waited for.
    pub(crate) wanted: Vec<WantedRecord>,
    /// The zone ids in its tag.
    pub(crate) ids: Vec<String>,
}

/// A record that ACM waits for.
#[derive(Clone, Debug)]
pub(crate) struct WantedRecord {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether `ALLOWED_DOMAINS` allows its name, and ACM has published the record.
    pub(crate) open: bool,
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
    fn usable(&self) -> Result<(), &'static str> {
        match self.kind {
            _ if !self.accessible => Err("a zone in an account that the function cannot access"),
            ZoneKind::Private => Err("a private zone"),
            ZoneKind::Linked => Err("a zone of another AWS service"),
            ZoneKind::Public if !self.has_required_tag => Err("a zone without the required tag"),
            ZoneKind::Public => Ok(()),
        }
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

    /// Whether the zone has exactly this record.
    pub(crate) fn has_record(&self, name: &str, value: &str) -> bool {
        self.records.iter().any(|(at, kind, values)| {
            kind == "CNAME" && same(at, name) && values.len() == 1 && same(&values[0], value)
        })
    }
}

impl Facts {
    /// The one zone for a record of this certificate, or why there is none.
    pub(crate) fn zone_for(&self, of: &CertificateFact, record: &str) -> Result<&ZoneFact, String> {
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
        let longest = fitting.iter().map(|zone| zone.name.len()).max();
        fitting.retain(|zone| Some(zone.name.len()) == longest);
        match fitting[..] {
            [] => Err("no zone can hold it".to_owned()),
            [zone] => match zone.zone_cut(record) {
                Some(at) => Err(format!("zone {} delegates {at} away", zone.id)),
                None if zone.has_other_record(record) => {
                    Err(format!("{} has another record of this name", zone.id))
                }
                None => Ok(zone),
            },
            _ => Err(format!("{} zones match equally well", fitting.len())),
        }
    }

    /// The zone that answers in public DNS for a name.
    fn answering(&self, name: &str) -> Option<&ZoneFact> {
        let zone = |id: &str| self.zones.iter().find(|zone| zone.id == id);
        let registered = self.registered.iter().filter(|(domain, _)| lies_in(name, domain));
        let (_, id) = registered.max_by_key(|(domain, _)| domain.len())?;
        let mut here = zone(id)?;
        while let Some(cut) = here.zone_cut(name) {
            let to = self.delegated.iter().find(|(from, at, _)| *from == here.id && same(at, cut));
            here = zone(&to?.2)?;
        }
        Some(here)
    }

    /// The id of that zone.
    pub(crate) fn answering_id(&self, name: &str) -> Option<String> {
        self.answering(name).map(|zone| zone.id.clone())
    }

    /// Why the function cannot get this certificate issued; `None` if it can.
    pub(crate) fn obstacle(&self, of: &CertificateFact) -> Option<String> {
        if !of.managed {
            return Some("the function does not manage it".to_owned());
        }
        of.wanted.iter().find_map(|want| {
            let answering = self.answering(&want.name);
            if answering.is_some_and(|zone| zone.has_record(&want.name, &want.value)) {
                return None;
            }
            if !want.open {
                return Some(format!("{} is not allowed or not published", want.name));
            }
            match self.zone_for(of, &want.name) {
                Ok(zone) if answering.is_some_and(|it| it.id == zone.id) => None,
                Ok(zone) => Some(format!("public DNS does not resolve to {}", zone.id)),
                Err(why) => Some(why),
            }
        })
    }

    /// Whether a record of it cannot be written.
    pub(crate) fn blocked(&self, of: &CertificateFact) -> bool {
        of.managed
            && of.wanted.iter().any(|want| want.open && self.zone_for(of, &want.name).is_err())
    }

    /// Why this write is forbidden; `None` if it is allowed.
    pub(crate) fn forbids(&self, write: &Write) -> Option<String> {
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
        let wants = |it: &&CertificateFact| {
            let mut wanted = it.wanted.iter();
            it.managed
                && !it.timed_out
                && wanted.any(|want| {
                    want.open && same(&want.name, &write.name) && same(&want.value, value)
                })
        };
        let mut why = "no certificate that the function manages waits for it".to_owned();
        for certificate in self.certificates.iter().filter(wants) {
            match self.zone_for(certificate, &write.name) {
                Ok(expected) if expected.id == zone.id => return None,
                Ok(expected) => why = format!("it belongs in {}", expected.id),
                Err(reason) => why = reason,
            }
        }
        Some(why)
    }
}

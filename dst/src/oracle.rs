//! Judges what may be written and what must come to a good end, from the whole state of the world.
//!
//! Written without a look at the function's own modules for the same questions, so that a mistake
//! there is not made twice: it knows everything at once, where the function has to ask.

use chrono::{DateTime, Utc};
use sim::route53::Write;

use crate::act::ZoneKind;

/// The world at one moment, as far as it matters.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) at: DateTime<Utc>,
    pub(crate) zones: Vec<ZoneFact>,
    pub(crate) certificates: Vec<CertificateFact>,
    /// Registered domains, and the ids of the zones their registrars know.
    pub(crate) registered: Vec<(String, String)>,
    /// Which zone really answers for a name that is cut out of another: parent's id, name, child's.
    pub(crate) delegated: Vec<(String, String, String)>,
}

/// A hosted zone.
#[derive(Clone, Debug)]
pub(crate) struct ZoneFact {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: ZoneKind,
    /// Whether the function's roles lead to its account.
    pub(crate) within_reach: bool,
    /// Whether it carries what `HOSTED_ZONE_TAG` asks for, if anything.
    pub(crate) admitted: bool,
    /// Its record sets: name, type, values.
    pub(crate) records: Vec<(String, String, Vec<String>)>,
}

/// A certificate.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFact {
    pub(crate) arn: String,
    pub(crate) names: Vec<String>,
    /// Whether the function has to care for it, by its kind, method, account and tags.
    pub(crate) ours: bool,
    /// Whether ACM has given up waiting.
    pub(crate) lapsed: bool,
    /// What ACM waits for now, or waited for.
    pub(crate) wanted: Vec<Want>,
    /// The zone ids its tag names.
    pub(crate) ids: Vec<String>,
}

/// A record ACM waits for.
#[derive(Clone, Debug)]
pub(crate) struct Want {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether `ALLOWED_DOMAINS` allows the name it is for, and ACM has told the record.
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
            _ if !self.within_reach => Err("a zone out of reach"),
            ZoneKind::Private => Err("a private zone"),
            ZoneKind::Linked => Err("a zone of a service"),
            ZoneKind::Public if !self.admitted => Err("a zone without the tag it must carry"),
            ZoneKind::Public => Ok(()),
        }
    }

    /// Where the tree is cut between the apex and this name, the highest first.
    fn cut_above(&self, name: &str) -> Option<&str> {
        let cuts = self
            .records
            .iter()
            .filter(|(at, kind, _)| kind == "NS" && !same(at, &self.name) && lies_in(name, at));
        cuts.map(|(at, ..)| at.as_str()).min_by_key(|at| at.len())
    }

    fn taken(&self, name: &str) -> bool {
        self.records.iter().any(|(at, kind, _)| same(at, name) && kind != "CNAME" && kind != "NS")
    }

    /// Whether this very record stands here.
    pub(crate) fn shows(&self, name: &str, value: &str) -> bool {
        self.records.iter().any(|(at, kind, values)| {
            kind == "CNAME" && same(at, name) && values.len() == 1 && same(&values[0], value)
        })
    }
}

impl Facts {
    /// The one zone a record of this certificate belongs in, or why there is none.
    pub(crate) fn home(&self, of: &CertificateFact, record: &str) -> Result<&ZoneFact, String> {
        let mut fitting = Vec::new();
        let mut wrong = false;
        for id in &of.ids {
            let zone = self.zones.iter().find(|zone| zone.id == *id && zone.within_reach);
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
                return Err("the certificate's tag names a wrong zone".to_owned());
            }
            fitting = self.zones.iter().filter(|zone| zone.usable().is_ok()).collect();
            fitting.retain(|zone| lies_in(record, &zone.name));
        }
        let longest = fitting.iter().map(|zone| zone.name.len()).max();
        fitting.retain(|zone| Some(zone.name.len()) == longest);
        match fitting[..] {
            [] => Err("no zone holds it".to_owned()),
            [zone] => match zone.cut_above(record) {
                Some(at) => Err(format!("zone {} is cut at {at}", zone.id)),
                None if zone.taken(record) => Err(format!("another record in {}", zone.id)),
                None => Ok(zone),
            },
            _ => Err(format!("{} zones fit equally", fitting.len())),
        }
    }

    /// The zone that answers in public DNS for a name.
    fn answering(&self, name: &str) -> Option<&ZoneFact> {
        let zone = |id: &str| self.zones.iter().find(|zone| zone.id == id);
        let registered = self.registered.iter().filter(|(domain, _)| lies_in(name, domain));
        let (_, id) = registered.max_by_key(|(domain, _)| domain.len())?;
        let mut here = zone(id)?;
        while let Some(cut) = here.cut_above(name) {
            let to = self.delegated.iter().find(|(from, at, _)| *from == here.id && same(at, cut));
            here = zone(&to?.2)?;
        }
        Some(here)
    }

    /// The id of that zone.
    pub(crate) fn answering_id(&self, name: &str) -> Option<String> {
        self.answering(name).map(|zone| zone.id.clone())
    }

    /// Why ACM cannot be satisfied by what the function may do; `None` if it can.
    pub(crate) fn hopeless(&self, of: &CertificateFact) -> Option<String> {
        if !of.ours {
            return Some("not ours".to_owned());
        }
        of.wanted.iter().find_map(|want| {
            let answering = self.answering(&want.name);
            if answering.is_some_and(|zone| zone.shows(&want.name, &want.value)) {
                return None;
            }
            if !want.open {
                return Some(format!("{} is not allowed or not told", want.name));
            }
            match self.home(of, &want.name) {
                Ok(home) if answering.is_some_and(|it| it.id == home.id) => None,
                Ok(home) => Some(format!("public DNS does not look into {}", home.id)),
                Err(why) => Some(why),
            }
        })
    }

    /// Whether some record of it cannot be written.
    pub(crate) fn blocked(&self, of: &CertificateFact) -> bool {
        of.ours && of.wanted.iter().any(|want| want.open && self.home(of, &want.name).is_err())
    }

    /// Why this must not have been written now; `None` if it may have been.
    pub(crate) fn forbids(&self, write: &Write) -> Option<String> {
        let [value] = &write.values[..] else { return Some("not one value".to_owned()) };
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
        if let Some(at) = zone.cut_above(&write.name) {
            return Some(format!("below the zone cut at {at}"));
        }
        let wants = |it: &&CertificateFact| {
            let mut wanted = it.wanted.iter();
            it.ours
                && !it.lapsed
                && wanted.any(|want| {
                    want.open && same(&want.name, &write.name) && same(&want.value, value)
                })
        };
        let mut why = "no certificate of ours waits for it".to_owned();
        for certificate in self.certificates.iter().filter(wants) {
            match self.home(certificate, &write.name) {
                Ok(home) if home.id == zone.id => return None,
                Ok(home) => why = format!("it belongs in {}", home.id),
                Err(reason) => why = reason,
            }
        }
        Some(why)
    }
}

//! Faults of resolvers that tests ask for: which, for which questions, and for how long.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};

use super::kind::DnsFaultKind;
use super::question::{Protocol, Question};
use crate::route53::Name;

/// A fault that the answers to matching questions have.
#[derive(Clone, Debug)]
pub struct DnsFault {
    kind: DnsFaultKind,
    resolver: Option<SocketAddr>,
    protocol: Option<Protocol>,
    name: Option<Name>,
    record_type: Option<String>,
    skip: u32,
    left: Option<u32>,
    until: Option<DateTime<Utc>>,
}

impl DnsFault {
    /// A fault of every answer, without end; the other methods restrict it.
    pub fn new(kind: DnsFaultKind) -> Self {
        Self {
            kind,
            resolver: None,
            protocol: None,
            name: None,
            record_type: None,
            skip: 0,
            left: None,
            until: None,
        }
    }

    /// Only of this resolver.
    pub fn of(mut self, resolver: SocketAddr) -> Self {
        self.resolver = Some(resolver);
        self
    }

    /// Only for questions about exactly this name.
    ///
    /// # Panics
    /// If `name` is neither a domain name nor `.`.
    pub fn on(mut self, name: &str) -> Self {
        let name = Name::absolute(name).unwrap_or_else(|error| panic!("{error}"));
        self.name = Some(name);
        self
    }

    /// Only for questions about this type, for example `CAA`.
    pub fn asking(mut self, record_type: &str) -> Self {
        self.record_type = Some(record_type.to_owned());
        self
    }

    /// Only over this protocol.
    pub fn over(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Only for this many questions.
    pub fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }

    /// Starts after this many matching questions.
    pub fn after(mut self, questions: u32) -> Self {
        self.skip = questions;
        self
    }

    /// Ends at this time.
    pub fn until(mut self, end: DateTime<Utc>) -> Self {
        self.until = Some(end);
        self
    }

    fn matches(&self, question: &Question) -> bool {
        let kind = self.kind != DnsFaultKind::Truncated || question.protocol == Protocol::Udp;
        kind && self.resolver.is_none_or(|resolver| resolver == question.resolver)
            && self.protocol.is_none_or(|protocol| protocol == question.protocol)
            && self.name.as_ref().is_none_or(|name| *name == question.name)
            && self.record_type.as_ref().is_none_or(|it| *it == question.record_type)
            && self.until.is_none_or(|end| question.at < end)
            && self.left != Some(0)
    }
}

/// The faults that tests have asked for and that are not used up.
#[derive(Clone, Debug, Default)]
pub struct DnsFaults(Vec<DnsFault>);

impl DnsFaults {
    /// Adds a fault.
    pub fn add(&mut self, fault: DnsFault) {
        self.0.push(fault);
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of this answer, if any. It counts as one use of the first fault that matches.
    pub(super) fn take(&mut self, question: &Question) -> Option<DnsFaultKind> {
        for fault in self.0.iter_mut().filter(|fault| fault.matches(question)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.left = fault.left.map(|left| left - 1);
            return Some(fault.kind);
        }
        None
    }
}

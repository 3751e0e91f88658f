//! What an attempt to run the function asks public DNS.

use std::collections::BTreeSet;

use acm_dns_validator::dns::questions::MOST;

/// What an attempt asked public DNS.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// How many messages it sent.
    pub(super) questions: usize,
    /// The questions that have no useful answer.
    open: BTreeSet<Question>,
    /// The questions that have one.
    answered: BTreeSet<Question>,
}

/// A name in lower case without a trailing dot, and the number of a type.
pub(super) type Question = (String, u16);

/// The number of the type SOA.
const SOA: u16 = 6;

impl Asked {
    /// Notes a question.
    pub(super) fn asks(&mut self, question: &Question) {
        self.open.insert(question.clone());
        self.questions += 1;
    }

    /// Notes that it has a useful answer.
    pub(super) fn is_answered(&mut self, question: Question) {
        self.open.remove(&question);
        self.answered.insert(question);
    }

    /// Whether public DNS has answered what decides about this name, and everything else.
    pub(super) fn knows(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.open.is_empty() && self.questions < MOST && self.answered.contains(&(name, SOA))
    }
}

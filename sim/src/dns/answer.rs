//! Answers one message.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};

use super::faults::DnsFaults;
use super::kind::DnsFaultKind;
use super::message::Message;
use super::poison;
use super::query::{Asked, Query};
use super::question::{Protocol, Question, Reply};
use super::types;
use crate::route53::{Name, Rcode, Resolution, Route53};

/// The resolvers of the world. Every address is one, and all see the same DNS.
#[derive(Clone, Debug, Default)]
pub struct Dns {
    /// The faults that tests have asked for.
    pub faults: DnsFaults,
    questions: Vec<Question>,
}

impl Dns {
    /// Answers one message. What is no query gets no reply.
    pub fn answer(
        &mut self,
        dns: &Route53,
        resolver: SocketAddr,
        protocol: Protocol,
        message: &[u8],
        now: DateTime<Utc>,
    ) -> Reply {
        let Some(query) = Query::parse(message) else {
            return Reply::Silence;
        };
        let unread = query.refusal.map(Resolution::empty);
        let Some(asked) = &query.asked else {
            let resolution = unread.unwrap_or_else(|| Resolution::empty(Rcode::FormErr));
            return Reply::Messages(write(&mut Message::new(&query, resolution), protocol));
        };
        let mut question = Question {
            at: now,
            resolver,
            protocol,
            name: asked.name.clone(),
            record_type: types::name(asked.number),
            rcode: None,
            truncated: false,
            fault: None,
        };
        question.fault = self.faults.take(&question);
        let resolution = match question.fault {
            Some(DnsFaultKind::Refused) => Resolution::empty(Rcode::Refused),
            Some(DnsFaultKind::ServFail) => Resolution::empty(Rcode::ServFail),
            _ => unread.unwrap_or_else(|| dns.resolve_name(&asked.name, &question.record_type)),
        };
        let mut message = Message::new(&query, resolution);
        let garbage = || garbage(query.id, self.questions.len());
        let reply = send(question.fault, &mut message, protocol, garbage);
        if !question.fault.is_some_and(DnsFaultKind::hides_the_answer) {
            question.rcode = Some(message.resolution.rcode);
            question.truncated = message.truncated;
        }
        self.questions.push(question);
        reply
    }

    /// Every question that the resolvers could read, in order.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }
}

/// Sends an answer with its fault.
fn send(
    fault: Option<DnsFaultKind>,
    message: &mut Message<'_>,
    protocol: Protocol,
    garbage: impl FnOnce() -> Vec<u8>,
) -> Reply {
    let mut before = Vec::new();
    match fault {
        Some(DnsFaultKind::Silence) => return Reply::Silence,
        Some(DnsFaultKind::Garbage) => return Reply::Messages(vec![garbage()]),
        Some(DnsFaultKind::OnlyWrongId) => message.id = !message.id,
        Some(DnsFaultKind::WrongId) => {
            let mut wrong = message.clone();
            wrong.id = !message.id;
            before = write(&mut wrong, protocol);
        }
        Some(DnsFaultKind::WrongQuestion) => message.asked = message.asked.as_ref().map(other),
        Some(DnsFaultKind::Poisoned) => poison::add(message),
        Some(DnsFaultKind::Truncated) => message.truncate(),
        Some(DnsFaultKind::Refused | DnsFaultKind::ServFail) | None => {}
    }
    before.extend(write(message, protocol));
    Reply::Messages(before)
}

/// Writes an answer, truncated if it has to be. If a record cannot be written, the resolver fails.
fn write(message: &mut Message<'_>, protocol: Protocol) -> Vec<Vec<u8>> {
    let mut written = message.write();
    if written.is_none() {
        message.additional.clear();
        message.resolution = Resolution::empty(Rcode::ServFail);
        written = message.write();
    }
    if protocol == Protocol::Udp && written.as_ref().is_some_and(|it| it.len() > message.limit()) {
        message.truncate();
        written = message.write();
    }
    written.into_iter().collect()
}

/// A question about another name.
fn other(asked: &Asked) -> Asked {
    let labels = poison::OTHER;
    Asked {
        name: Name::from_labels(labels.into_iter()),
        labels: labels.map(<[u8]>::to_vec).to_vec(),
        ..*asked
    }
}

/// The id of the query and 98 octets without meaning, other ones each time.
///
/// Source of the generator: <https://prng.di.unimi.it/splitmix64.c>
fn garbage(id: u16, seed: usize) -> Vec<u8> {
    let mut state = seed as u64;
    let mut message = id.to_be_bytes().to_vec();
    message.extend(
        std::iter::repeat_with(|| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed ^ mixed >> 31) as u8
        })
        .take(98),
    );
    message
}

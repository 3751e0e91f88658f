//! A transport between the function and public DNS. As between calls to AWS, the acts that are due are
//! performed between questions, and the invariants are checked.

use std::net::SocketAddr;
use std::sync::Arc;

use acm_dns_validator::dns::questions::MOST;
use acm_dns_validator::dns::transport::{Exchange, Protocol, Transport};
use chrono::{DateTime, Utc};

use super::Monitor;
use super::asked::Question;
use super::attempt::ATTEMPT;
use super::state::State;
use crate::public_dns;

/// More questions than any audit of a few certificates asks.
const QUESTIONS_OF_AN_AUDIT: usize = 1_000;

impl Monitor {
    /// Carries the function's questions to the resolvers of this world.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(Watched { monitor: self.clone(), inner: public_dns::transport(&self.sim) })
    }
}

#[derive(Debug)]
struct Watched {
    monitor: Monitor,
    inner: Arc<dyn Transport>,
}

impl Transport for Watched {
    fn exchange<'a>(
        &'a self,
        server: SocketAddr,
        protocol: Protocol,
        query: &'a [u8],
        accept: &'a (dyn Fn(&[u8]) -> bool + Send + Sync),
    ) -> Exchange<'a> {
        Box::pin(async move {
            let question = question(query);
            {
                let mut state = self.monitor.state();
                state.step(&self.monitor.sim);
                state.before_question(self.monitor.sim.now(), &question);
            }
            let answer = self.inner.exchange(server, protocol, query, accept).await;
            if answer.as_ref().is_ok_and(|answer| is_useful(answer)) {
                self.monitor.state().after_question(question);
            }
            answer
        })
    }
}

impl State {
    /// Notes a question that the function is about to ask.
    fn before_question(&mut self, now: DateTime<Utc>, question: &Question) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        let places = self.places.len();
        let attempt = self.attempts.entry(key).or_default();
        attempt.dns.asks(question);
        let questions = attempt.dns.questions;
        // A batch, and the certificates of each place after a zone change, are one reconciliation each.
        let reconciliations = if attempt.is_single { 1 } else { 1 + places };
        let of_audits = attempt.audits * QUESTIONS_OF_AN_AUDIT;
        if of_audits == 0 {
            self.most_questions = self.most_questions.max(questions);
        }
        if questions > reconciliations * MOST + of_audits {
            let invariant = "A reconciliation asks public DNS no more often than the limit.";
            self.violate(now, invariant, format!("{questions} questions"));
        }
    }

    /// Notes that a question was answered.
    fn after_question(&mut self, question: Question) {
        let Ok(key) = ATTEMPT.try_with(Clone::clone) else { return };
        let attempt = self.attempts.entry(key).or_default();
        attempt.dns.is_answered(question);
    }
}

/// The question of a query. Source: RFC 1035 section 4.1.
fn question(query: &[u8]) -> Question {
    let mut rest = query.get(12..).unwrap_or_default();
    let mut labels = Vec::new();
    while let Some((&length, after)) = rest.split_first() {
        let (label, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
    }
    let number = rest.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes));
    (labels.join("."), number)
}

/// Whether an answer is complete, and says that there are records or that there are none.
fn is_useful(answer: &[u8]) -> bool {
    let [_, _, flags, codes, ..] = answer else { return false };
    let is_truncated = flags & 0b10 != 0;
    !is_truncated && matches!(codes & 0b1111, 0 | 3)
}

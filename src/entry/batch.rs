//! Sorts the messages of a queue by what they ask for, so that certificates are reconciled together.

use std::collections::BTreeMap;

use tracing::info;

use crate::domain::arn::CertificateArn;
use crate::domain::audit::request::AuditRequest;
use crate::domain::request::{Request, SweepRequest, ZoneChange};
use crate::entry::parse::{Event, Message, Unreadable};

/// The messages of a batch, sorted by what they ask for.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Audits, with the ids of their messages.
    pub(super) audits: Vec<(String, AuditRequest)>,
    /// The queue that the messages come from.
    pub(super) queue: Option<String>,
    /// One request for each certificate, however many messages are about it. They are in the order of
    /// the messages, so that accounts and regions take turns: ACM limits the rate of each.
    pub(super) requests: Vec<Request>,
    /// The ids of the messages of each of these requests.
    pub(super) request_ids: Vec<Vec<String>>,
    /// Sweeps, with the ids of their messages.
    pub(super) sweeps: Vec<(String, SweepRequest)>,
    /// Changes of hosted zones.
    pub(super) zone_changes: Vec<ZoneChange>,
    /// The ids of the messages that cannot be read, and why.
    pub(super) unreadable: Vec<(String, Unreadable)>,
}

impl Batch {
    /// Sorts messages.
    pub(super) fn new(messages: Vec<Message>) -> Self {
        let queue = messages.iter().find_map(|message| message.queue.clone());
        let mut batch = Self { queue, ..Self::default() };
        let mut known: BTreeMap<CertificateArn, usize> = BTreeMap::new();
        for Message { id, event, .. } in messages {
            match event {
                Ok(Event::Reconcile(request)) => {
                    let next = batch.requests.len();
                    let index = *known.entry(request.certificate.clone()).or_insert(next);
                    match batch.requests.get_mut(index) {
                        Some(known) => known.merge(&request),
                        None => {
                            batch.requests.push(request);
                            batch.request_ids.push(Vec::new());
                        }
                    }
                    batch.request_ids[index].push(id);
                }
                Ok(Event::Audit(request)) => batch.audits.push((id, request)),
                Ok(Event::Ignored(reason)) => info!(id, reason, "nothing to do"),
                Ok(Event::Sweep(request)) => batch.sweeps.push((id, request)),
                Ok(Event::ZoneChange(change)) => batch.zone_changes.push(change),
                Ok(
                    Event::Batch(_)
                    | Event::Diagnosis(_)
                    | Event::Documentation
                    | Event::Overview(_),
                ) => {
                    let refused = "a message must hold one event, and neither a `Certificate \
                                   Diagnosis` nor a `Certificate Overview`";
                    batch.unreadable.push((id, Unreadable::new(refused)));
                }
                Err(unreadable) => batch.unreadable.push((id, unreadable)),
            }
        }
        batch
    }
}

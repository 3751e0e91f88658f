//! Which validation records certificates ask for, as far as an invocation has described them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::index::hash;
use crate::domain::certificate::{Certificate, Domain, Progress};
use crate::domain::record::ValidationRecord;

/// The records that certificates ask for, as hashes, and which certificates were described.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    records: BTreeSet<u64>,
    /// Names whose record ACM does not tell: any record may be theirs.
    open: BTreeSet<u64>,
    described: BTreeSet<usize>,
}

impl Asked {
    /// Adds what a certificate asks for; `None` if there is no such certificate any more.
    pub(super) fn add(&self, index: usize, certificate: Option<&Certificate>) {
        let mut state = self.state();
        state.described.insert(index);
        let Some(certificate) = certificate else { return };
        if certificate.domains.is_empty() {
            let names = certificate.names.iter();
            state.open.extend(names.map(|name| hash(&name.without_wildcard())));
        }
        for Domain { name, progress } in certificate.validated() {
            match progress {
                Progress::Awaiting(record) | Progress::Validated(Some(record)) => {
                    state.records.insert(hash(record));
                }
                Progress::Refused(_) | Progress::Unready | Progress::Validated(None) => {
                    state.open.insert(hash(&name.without_wildcard()));
                }
                Progress::NotDns => {}
            }
        }
    }

    /// Whether a certificate was described.
    pub(super) fn knows(&self, index: usize) -> bool {
        self.state().described.contains(&index)
    }

    /// Whether a certificate that was described asks for a record, or may.
    pub(super) fn asks_for(&self, record: &ValidationRecord) -> bool {
        let state = self.state();
        state.records.contains(&hash(record)) || state.open.contains(&hash(&record.domain()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

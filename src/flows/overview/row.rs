//! Sums up the diagnosis of a certificate in one row.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::answer::{RecordCounts, Row, RowState};
use crate::aws::acm::list::Names;
use crate::domain::arn::CertificateArn;
use crate::domain::name::DomainName;
use crate::domain::outcome::State;
use crate::domain::stop::StopReason;
use crate::domain::text::shorten;
use crate::flows::diagnosis::answer::{Diagnosis, RecordStatus, Validation};

/// The row of a certificate that was diagnosed.
pub(super) fn row(
    arn: &CertificateArn,
    diagnosis: &Diagnosis,
    stopped_by: Option<&StopReason>,
) -> Row {
    let names = diagnosis.names.iter().map(|it| it.name.clone()).collect();
    let records = count(diagnosis);
    let state = stopped_by.map_or_else(|| state(diagnosis, records), ended);
    let reasons = diagnosis.names.iter().filter_map(|it| it.record.as_ref()?.reason.as_ref());
    // The records of one zone are often blocked for one reason.
    let reasons: BTreeSet<_> = reasons.map(|reason| shorten(reason, TEXT)).collect();
    Row {
        status: diagnosis.status.clone(),
        records,
        reasons: reasons.into_iter().take(REASONS).collect(),
        next_check: diagnosis.next_check,
        ..bare(
            arn,
            names,
            diagnosis.dates.as_ref().and_then(|it| it.pending_since),
            state,
            &diagnosis.advice,
        )
    }
}

/// The row of a certificate that could not be read.
pub(super) fn unread(
    arn: &CertificateArn,
    names: &Names,
    since: Option<DateTime<Utc>>,
    why: &str,
) -> Row {
    let names = match names {
        Names::All(names) => names.clone(),
        Names::Unknown => Vec::new(),
    };
    bare(arn, names, since, RowState::Unknown, why)
}

fn bare(
    arn: &CertificateArn,
    mut names: Vec<DomainName>,
    since: Option<DateTime<Utc>>,
    state: RowState,
    advice: &str,
) -> Row {
    let more_names = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    Row {
        certificate_arn: arn.to_string(),
        account: arn.scope.account.clone(),
        region: arn.scope.region.clone(),
        names,
        more_names,
        status: None,
        since,
        state,
        records: RecordCounts::default(),
        reasons: Vec::new(),
        next_check: None,
        advice: shorten(advice, TEXT),
    }
}

/// How many names of a certificate a row shows. A certificate has a hundred at most.
const NAMES: usize = 5;

/// How many reasons a row shows.
const REASONS: usize = 3;

/// How many characters of a reason or an advice a row shows: the diagnosis has the rest.
const TEXT: usize = 800;

fn count(diagnosis: &Diagnosis) -> RecordCounts {
    let mut counts = RecordCounts::default();
    for record in diagnosis.names.iter().filter_map(|name| name.record.as_ref()) {
        *match record.state {
            RecordStatus::Blocked => &mut counts.blocked,
            RecordStatus::Different | RecordStatus::Missing => &mut counts.missing,
            RecordStatus::Present => &mut counts.present,
            RecordStatus::Unseen => &mut counts.unseen,
            RecordStatus::Unknown => &mut counts.unknown,
        } += 1;
    }
    counts
}

/// The state of a certificate that the function still works on.
fn state(diagnosis: &Diagnosis, records: RecordCounts) -> RowState {
    let names = &diagnosis.names;
    match records {
        RecordCounts { blocked: 1.., .. } => RowState::Blocked,
        _ if names.iter().any(|name| name.validation == Validation::Refused) => RowState::Blocked,
        RecordCounts { unseen: 1.., .. } => RowState::Unseen,
        RecordCounts { missing: 1.., .. } => RowState::Missing,
        RecordCounts { unknown: 1.., .. } => RowState::Unknown,
        _ if names.is_empty() => RowState::Unready,
        _ if names.iter().any(|name| name.validation == Validation::Unready) => RowState::Unready,
        _ => RowState::Present,
    }
}

/// The state of a certificate that the function does nothing for (any more).
fn ended(reason: &StopReason) -> RowState {
    match State::from(reason) {
        State::Failed => RowState::Failed,
        State::Issued => RowState::Issued,
        State::TimedOut => RowState::TimedOut,
        _ => RowState::Ignored,
    }
}

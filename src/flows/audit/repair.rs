//! Puts missing records back: those of certificates that will be renewed, and that the function serves.

use std::collections::{BTreeMap, BTreeSet};

use super::auditor::{Auditor, Examined};
use crate::dns::questions::Questions;
use crate::domain::audit::finding::{Finding, FindingKind};
use crate::domain::certificate::{Certificate, Domain, Phase};
use crate::domain::outcome::{RecordOutcome, RecordState, State};
use crate::domain::record::ValidationRecord;
use crate::domain::text::shorten;
use crate::domain::zone::requirements::{HOSTED_ZONE_TAG, Requirements};
use crate::flows::context::Context;
use crate::flows::discovery::discover;
use crate::flows::public_dns::{World, compare};
use crate::flows::publish::{OtherValue, publish};

/// Puts back the records that findings miss, as far as the function may: by the same guard and the same choice of
/// hosted zones as a reconciliation; returns how many records were written. A dry run puts nothing back.
pub(super) async fn repair(auditor: Auditor<'_>, examined: &mut [Examined]) -> usize {
    let Auditor { context, deadline, invocation, only_reads, .. } = auditor;
    let Context { clients, resolver, settings, .. } = context;
    if only_reads || settings.dry_run {
        return 0;
    }
    let missing = |it: &Examined| records_to_put_back(it, context);
    let records: Vec<_> = examined.iter().map(missing).collect();
    if records.iter().all(BTreeSet::is_empty) {
        return 0;
    }
    let requirements: Vec<_> = examined
        .iter()
        .zip(&records)
        .map(|(Examined { certificate, .. }, records)| {
            let tag = certificate.tags.get(HOSTED_ZONE_TAG);
            Requirements::new(&certificate.arn.scope.account, records, &certificate.names, tag)
        })
        .collect();
    let comparison = deadline.percent(50);
    let published = deadline.bound(async {
        let mut discovery = discover(clients, settings, &requirements).await;
        let questions = Questions::new(comparison.instant());
        let world = World { clients, resolver, questions, now: deadline.now() };
        let required = settings.hosted_zone_tag.as_ref();
        let comparing = compare(&world, &requirements, &mut discovery, required, &comparison);
        comparison.bound(comparing).await;
        let ours = &invocation.scope;
        // Somebody may have written another value since it was missing, or public DNS may decide for a zone
        // that has one.
        let kept = OtherValue::Kept;
        publish(clients, settings, ours, deadline, &requirements, &discovery, kept).await
    });
    let published = published.await.unwrap_or_default();
    let is_written = |outcome: &&RecordOutcome| outcome.state == RecordState::Written;
    let written = published.iter().flat_map(|(outcomes, _)| outcomes).filter(is_written).count();
    for (Examined { findings, .. }, (outcomes, _)) in examined.iter_mut().zip(published) {
        let outcomes: BTreeMap<_, _> =
            outcomes.into_iter().map(|outcome| (outcome.name.clone(), outcome)).collect();
        for finding in findings.iter_mut().filter(|it| is_missing(it)) {
            let name = finding.record.as_ref().map(|record| record.name.as_str());
            if let Some(outcome) = name.and_then(|name| outcomes.get(name)) {
                conclude(finding, outcome);
            }
        }
    }
    written
}

fn is_missing(finding: &Finding) -> bool {
    finding.finding == FindingKind::RecordMissing
}

/// The missing records of a certificate that the function may write: of one that ACM will renew, which is not
/// opted out, for names that the settings allow.
fn records_to_put_back(
    Examined { certificate, stopped_by, findings }: &Examined,
    context: &Context,
) -> BTreeSet<ValidationRecord> {
    let is_served = stopped_by.as_ref().is_none_or(|reason| State::from(reason) != State::Ignored);
    if !(is_served && will_be_renewed(certificate)) {
        return BTreeSet::new();
    }
    let missing = findings.iter().filter(|it| is_missing(it)).filter_map(|it| it.record.as_ref());
    let missing: BTreeSet<_> = missing.map(|record| record.name.as_str()).collect();
    let policy = &context.settings.policy;
    let allowed = certificate.validated().filter(|domain| policy.allows(&domain.name));
    let records = allowed.filter_map(Domain::record);
    records.filter(|record| missing.contains(record.fqdn().as_str())).cloned().collect()
}

/// Whether ACM will renew a certificate that is in use if its records are in place. One that was exported is
/// renewed, too, but whether anybody uses it is not known.
fn will_be_renewed(certificate: &Certificate) -> bool {
    let Certificate { eligible, in_use, migration, .. } = certificate;
    // The records of a pending change to DNS are written by its checks.
    let migrates = migration.as_ref().is_some_and(|it| it.phase == Phase::Pending);
    *in_use && *eligible && !migrates
}

fn conclude(finding: &mut Finding, outcome: &RecordOutcome) {
    match outcome.state {
        // Somebody else may have put it back in the meantime, or it is shared with another certificate here.
        RecordState::Present | RecordState::Written => {
            finding.repaired = true;
            finding.advice =
                "The record did not exist, so ACM could not have renewed the certificate. It \
                              was put back: see who deleted it."
                    .to_owned();
        }
        RecordState::Blocked
        | RecordState::Deferred
        | RecordState::Unseen
        | RecordState::WouldWrite => {
            if let Some(reason) = &outcome.reason {
                let advice = format!("{} It was not put back: {reason}.", finding.advice);
                finding.advice = shorten(&advice, 1_000);
            }
        }
    }
}

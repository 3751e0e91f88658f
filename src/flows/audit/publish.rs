//! Publishes and logs what an audit finds.

use serde::Serialize;
use tracing::{info, warn};

use super::auditor::{Audited, Auditor};
use crate::aws::eventbridge::Event;
use crate::domain::audit::finding::{AUDIT_FINDING, Finding};
use crate::domain::audit::summary::{AUDIT_SUMMARY, AuditSummary};
use crate::domain::audit::text::SummaryDetail;
use crate::domain::request::SOURCE;
use crate::flows::context::Context;
use crate::flows::deadline::Deadline;
use crate::flows::notify::notify_all;

/// Publishes the findings of a group, and logs each. Events that EventBridge does not take are counted.
pub(super) async fn publish(auditor: Auditor<'_>, audited: &Audited) {
    let Auditor { context, deadline, invocation, only_reads, .. } = auditor;
    if only_reads {
        return;
    }
    audited.findings.iter().for_each(log);
    let zone = |id: &String| {
        let partition = &invocation.scope.partition;
        format!("arn:{partition}:route53:::hostedzone/{id}")
    };
    let events = audited.findings.iter().filter_map(|finding| {
        let arn = finding.certificate_arn.clone();
        let resource = arn.or_else(|| finding.hosted_zone_id.as_ref().map(zone));
        event(AUDIT_FINDING, resource.into_iter().collect(), finding)
    });
    notify_all(context, deadline, events.collect()).await;
}

/// Publishes the summary of an audit that is over.
pub(super) async fn publish_summary(
    context: &Context,
    deadline: &Deadline,
    summary: &AuditSummary,
) {
    let events =
        event(AUDIT_SUMMARY, Vec::new(), &SummaryDetail::from(summary)).into_iter().collect();
    notify_all(context, deadline, events).await;
}

fn event(
    detail_type: &'static str,
    resources: Vec<String>,
    detail: &impl Serialize,
) -> Option<Event> {
    let detail = serde_json::to_string(detail)
        .inspect_err(|error| warn!(%error, "cannot write an event as JSON"))
        .ok()?;
    Some(Event { source: SOURCE, detail_type, resources, detail })
}

fn log(finding: &Finding) {
    // The macros need the level as a literal.
    macro_rules! line {
        ($level:ident) => {
            $level!(
                finding = finding.finding.as_str(),
                certificate = finding.certificate_arn,
                domain = finding.domain_name.as_ref().map(tracing::field::display),
                record = finding.record.as_ref().map(|record| record.name.as_str()),
                zone = finding.hosted_zone_id,
                expires = finding.not_after.map(|at| at.to_rfc3339()),
                repaired = finding.repaired,
                reason = finding.advice,
                "audit finding"
            )
        };
    }
    if finding.is_risk() { line!(warn) } else { line!(info) }
}

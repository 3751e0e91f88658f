//! Audits a few certificates and hosted zones together.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use tracing::warn;

use super::auditor::{Audited, Auditor, Examined};
use super::findings::{findings, is_examined};
use super::index::Id;
use super::publish::publish;
use super::repair::repair;
use super::unused::unused;
use super::zones::read_all;
use crate::domain::arn::CertificateArn;
use crate::domain::audit::finding::Finding;
use crate::domain::audit::summary::UnreadPart;
use crate::domain::certificate::Certificate;
use crate::domain::name::DomainName;
use crate::domain::text::report;
use crate::domain::zone::{Content, HostedZone};
use crate::flows::diagnosis::answer::{Diagnosis, RecordStatus};
use crate::flows::diagnosis::examine::examine_all;
use crate::flows::diagnosis::subject::Subject;

/// How many queries to public DNS one group sends: about eight for each name.
const QUERIES: usize = 500;

/// Audits certificates, each with its place in the index if it has one, and hosted zones; and publishes what it
/// finds.
pub(super) async fn audit_group(
    auditor: Auditor<'_>,
    certificates: Vec<(CertificateArn, Option<Id>)>,
    zones: &[HostedZone],
) -> Audited {
    let mut audited = Audited::default();
    let subjects = describe_all(auditor, certificates, &mut audited).await;
    let read = match auditor.reach {
        Some(_) => read_all(auditor, zones, &names_near(&subjects), &mut audited.unread).await,
        None => Vec::new(),
    };
    let given = read.iter().map(|zone| (zone.zone.id.clone(), zone.content.clone())).collect();
    let mut examined = examine(auditor, &given, subjects, &mut audited).await;
    audited.repaired = repair(auditor, &mut examined).await;
    for Examined { findings, .. } in examined {
        audited.at_risk += usize::from(findings.iter().any(Finding::is_risk));
        audited.findings.extend(findings);
    }
    for zone in &read {
        match unused(auditor, zone).await {
            Ok((findings, changes)) => {
                audited.zones += 1;
                audited.findings.extend(findings);
                if let Some((changes, rest)) = changes {
                    audited.changes.push(changes);
                    audited.changes_not_shown += rest;
                }
            }
            Err(unread) => audited.unread.push(unread),
        }
    }
    publish(auditor, &audited).await;
    audited
}

/// Describes these certificates. Those that are gone are no part of the audit.
async fn describe_all(
    auditor: Auditor<'_>,
    certificates: Vec<(CertificateArn, Option<Id>)>,
    audited: &mut Audited,
) -> Vec<Subject> {
    let Auditor { context, invocation, reach, .. } = auditor;
    let describing = certificates.into_iter().map(async |(arn, id)| {
        let subject = Subject::find(context, invocation, &arn).await;
        (arn, id, subject)
    });
    let mut subjects = Vec::new();
    for (arn, id, subject) in join_all(describing).await {
        match subject {
            Ok(subject) => {
                if let Some((reach, id)) = reach.zip(id) {
                    reach.asked.add(id.index(), subject.certificate());
                }
                if subject.certificate().is_some() {
                    audited.certificates += 1;
                    subjects.push(subject);
                }
            }
            Err(error) => {
                let reason = report(&error);
                warn!(certificate = %arn, reason, "cannot read a certificate");
                audited.unread.push(unread(&arn, reason));
            }
        }
    }
    subjects
}

fn unread(arn: &CertificateArn, reason: String) -> UnreadPart {
    UnreadPart { certificate_arn: Some(arn.to_string()), reason, ..UnreadPart::default() }
}

/// All names that an examination may read for the records of these certificates.
fn names_near(subjects: &[Subject]) -> BTreeSet<DomainName> {
    let certificates = subjects.iter().filter_map(Subject::certificate);
    let records = certificates.filter(|it| is_examined(it)).flat_map(Certificate::records);
    let names = records.flat_map(|record| record.name().lineage().collect::<Vec<_>>());
    names.flat_map(|name| [name.wildcard(), name]).collect()
}

/// Examines the certificates that are to be renewed; `given` is what some zones hold at all names that matter.
async fn examine(
    auditor: Auditor<'_>,
    given: &BTreeMap<String, Content>,
    mut subjects: Vec<Subject>,
    audited: &mut Audited,
) -> Vec<Examined> {
    let Auditor { context, deadline, invocation, .. } = auditor;
    let is_case = |subject: &&mut Subject| subject.certificate().is_some_and(is_examined);
    let mut cases: Vec<_> = subjects.iter_mut().filter(is_case).filter_map(Subject::case).collect();
    examine_all(context, &invocation.scope, deadline, QUERIES, given, &mut cases).await;
    let now = deadline.now();
    let mut examined = Vec::new();
    for subject in subjects {
        let (Some(certificate), diagnosis, stopped_by) = subject.into_parts() else { continue };
        audited.unread.extend(unknown(&diagnosis).map(|why| unread(&certificate.arn, why)));
        let findings = findings(&certificate, &diagnosis, now);
        examined.push(Examined { certificate, stopped_by, findings });
    }
    examined
}

/// Why a record could not be read, if one could not.
fn unknown(diagnosis: &Diagnosis) -> Option<String> {
    let records = diagnosis.names.iter().filter_map(|name| name.record.as_ref());
    let unknown = records.filter(|record| record.state == RecordStatus::Unknown);
    unknown.map(|record| record.reason.clone().unwrap_or_else(|| record.name.clone())).next()
}

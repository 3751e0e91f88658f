//! Tells which validation records of a hosted zone no certificate within reach asks for. It is no proof that
//! nobody needs them, and nothing is ever deleted.
//!
//! ACM makes a record for a name and an account. Neither its name nor its value tells the account: the label
//! before `acm-validations.aws` is the same in the zones of strangers. The certificates of a name within reach
//! ask for the records of *their* accounts, so a further record of the name belongs to an account out of reach, to
//! an AWS service that keeps a certificate for its customers, or to an ACME endpoint.
//!
//! Sources: [DNS validation](https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html),
//! [ACME domain validation](https://docs.aws.amazon.com/acm/latest/userguide/acm-acme-domain-validation.html),
//! [App Runner](https://docs.aws.amazon.com/apprunner/latest/dg/manage-custom-domains.html).

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tracing::warn;

use super::auditor::{Auditor, Reach, ReadZone};
use crate::aws::route53::audit::FoundRecord;
use crate::domain::audit::changes::ZoneChanges;
use crate::domain::audit::finding::{AuditedRecord, Finding, FindingKind};
use crate::domain::audit::summary::UnreadPart;
use crate::domain::text::{a_few, report, shorten};
use crate::flows::describe::describe;

/// The unused records of a zone: findings, and a change batch with how many records it lacks.
pub(super) type Unused = (Vec<Finding>, Option<(ZoneChanges, usize)>);

/// Finds the unused records of a zone, after describing the certificates that have the same names and were not
/// described yet.
///
/// # Errors
///
/// Why nothing can be said.
pub(super) async fn unused(auditor: Auditor<'_>, read: &ReadZone) -> Result<Unused, UnreadPart> {
    let Some(reach) = auditor.reach else { return Ok((Vec::new(), None)) };
    let ReadZone { zone, records, .. } = read;
    let failed = |reason: String| {
        warn!(zone = zone.id, reason, "cannot tell which records of a hosted zone are unused");
        let hosted_zone_id = Some(zone.id.clone());
        UnreadPart { hosted_zone_id, reason, ..UnreadPart::default() }
    };
    let describing = describe_owners(auditor, reach, records);
    match auditor.deadline.bound(describing).await {
        Some(Ok(())) => {}
        Some(Err(reason)) => return Err(failed(reason)),
        None => {
            return Err(failed(
                "there was no time left to read all certificates of its names".into(),
            ));
        }
    }
    let unused: Vec<_> =
        records.iter().filter(|found| !reach.asked.asks_for(&found.record)).collect();
    if unused.is_empty() {
        return Ok((Vec::new(), None));
    }
    let audited: Vec<_> = unused.iter().map(|found| audited(found)).collect();
    let changes = ZoneChanges::new(&zone.id, &zone.name, &audited);
    let findings = unused.iter().zip(audited).map(|(found, audited)| Finding {
        finding: FindingKind::RecordUnused,
        certificate_arn: None,
        domain_name: Some(found.record.domain()),
        record: Some(audited),
        hosted_zone_id: Some(zone.id.clone()),
        not_after: None,
        advice: advice(reach, found),
        repaired: false,
    });
    Ok((findings.collect(), Some(changes)))
}

/// Describes the certificates that may ask for one of these records, unless it is known that one does.
async fn describe_owners(
    auditor: Auditor<'_>,
    Reach { index, asked, .. }: Reach<'_>,
    records: &[FoundRecord],
) -> Result<(), String> {
    let open = records.iter().filter(|found| !asked.asks_for(&found.record));
    let owners = open.flat_map(|found| index.with_name(&found.record.domain()));
    let owners: BTreeSet<_> = owners.filter(|id| !asked.knows(id.index())).collect();
    let describing = owners.into_iter().map(async |id| {
        let arn = index.arn(id);
        match describe(auditor.context, auditor.invocation, &arn, None).await {
            Ok(certificate) => {
                asked.add(id.index(), certificate.as_ref());
                Ok(())
            }
            Err(error) => Err(format!("{arn} may need some of its records: {}", report(&error))),
        }
    });
    join_all(describing).await.into_iter().collect()
}

fn audited(found: &FoundRecord) -> AuditedRecord {
    AuditedRecord { name: found.name.clone(), value: found.value.clone(), ttl: found.ttl }
}

fn advice(Reach { index, words, .. }: Reach<'_>, found: &FoundRecord) -> String {
    let domain = found.record.domain();
    let owners = index.with_name(&domain).map(|id| index.arn(id).scope.account);
    let owners: Vec<_> = owners.collect::<BTreeSet<_>>().into_iter().collect();
    let who = match owners.as_slice() {
        [] => format!("No certificate {words} has the name {domain}"),
        owners => format!(
            "No certificate {words} asks for this record: those with the name {domain} are in {}, where ACM asks \
             for another record of the name, so this one belongs to somebody else",
            a_few(owners, ", ")
        ),
    };
    let advice = format!(
        "{who}. That is no proof that nobody needs it: a certificate of an account or region out of reach may, \
         one that App Runner, Amplify or Lightsail keeps for you, or an ACME endpoint. Without its record it \
         is not renewed. If nobody needs it, apply the change batch of the audit's answer; the function \
         deletes nothing."
    );
    shorten(&advice, 1_000)
}

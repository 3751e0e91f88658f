//! Diagnoses certificates: answers, name by name, what prevents each from being issued or renewed, and
//! writes nothing.

use std::collections::BTreeMap;

use self::answer::Diagnosis;
use self::examine::examine_all;
use self::subject::Subject;
use crate::dns::questions::MOST;
use crate::domain::arn::CertificateArn;
use crate::flows::context::{Context, Invocation};
use crate::flows::error::Error;

mod advice;
pub mod answer;
mod case;
pub(super) mod examine;
mod public;
mod record;
mod remarks;
pub(super) mod subject;

/// Diagnoses a certificate: reads everything that a reconciliation reads, and CAA records and
/// delegations, asks public DNS about every name, and writes nothing.
///
/// # Errors
///
/// [`Error::OutOfReach`] before any call; [`Error::Aws`] if ACM refuses. Everything else that cannot be
/// read is part of the answer.
pub async fn diagnose(
    context: &Context,
    invocation: &Invocation,
    arn: &CertificateArn,
) -> Result<Diagnosis, Error> {
    let mut subject = Subject::find(context, invocation, arn).await?;
    let mut cases: Vec<_> = subject.case().into_iter().collect();
    let deadline = invocation.deadline.percent(80);
    examine_all(context, &invocation.scope, &deadline, MOST, &BTreeMap::new(), &mut cases).await;
    Ok(subject.conclude().0)
}

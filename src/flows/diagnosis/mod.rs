//! Diagnoses certificates: answers, name by name, what prevents each from being issued or renewed, and
//! writes nothing.

use self::advice::advice;
use self::answer::{Dates, Diagnosis};
use self::examine::{Case, examine};
use crate::dns::questions::{MOST, Questions};
use crate::domain::arn::CertificateArn;
use crate::domain::certificate::Certificate;
use crate::domain::plan::{pending_validation, stopped_by};
use crate::domain::stop::StopReason;
use crate::flows::checks::scheduled_check;
use crate::flows::context::{Context, Invocation};
use crate::flows::deadline::Deadline;
use crate::flows::describe::describe;
use crate::flows::error::Error;

mod advice;
pub mod answer;
mod examine;
mod public;
mod record;
mod remarks;

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
    let mut subjects = [Subject::find(context, invocation, arn).await?];
    examine_all(context, &invocation.deadline.percent(80), MOST, &mut subjects).await;
    let [subject] = subjects;
    Ok(subject.conclude())
}

/// A certificate that is diagnosed.
#[derive(Debug)]
pub(super) struct Subject {
    certificate: Option<Certificate>,
    diagnosis: Diagnosis,
    reason: Option<StopReason>,
}

impl Subject {
    /// Asks ACM about a certificate, and looks for its next check.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfReach`] before any call; [`Error::Aws`] if ACM refuses.
    pub(super) async fn find(
        context: &Context,
        invocation: &Invocation,
        arn: &CertificateArn,
    ) -> Result<Self, Error> {
        let certificate = describe(context, invocation, arn, None).await?;
        let now = invocation.deadline.now();
        let reason = stopped_by(certificate.as_ref(), now, &context.settings.policy);
        let validation = certificate.as_ref().and_then(pending_validation);
        let next_check = match &validation {
            Some(validation) => scheduled_check(context, arn, validation.check_times, now).await,
            None => None,
        };
        let diagnosis = Diagnosis {
            certificate_arn: arn.to_string(),
            advice: String::new(),
            status: certificate.as_ref().map(|certificate| certificate.status.as_str().to_owned()),
            reason: reason.as_ref().map(StopReason::to_string),
            dates: certificate.as_ref().map(|it| Dates::of(it, validation.map(|it| it.began))),
            next_check,
            remarks: Vec::new(),
            names: Vec::new(),
        };
        Ok(Self { certificate, diagnosis, reason })
    }

    /// Whether a validation is pending: the first one, that of a renewal, or that of a change to DNS.
    pub(super) fn is_pending(&self) -> bool {
        self.certificate.as_ref().and_then(pending_validation).is_some()
    }

    /// Why the function does nothing for the certificate (any more), if so.
    pub(super) fn stopped_by(&self) -> Option<&StopReason> {
        self.reason.as_ref()
    }

    /// The diagnosis, with its advice.
    pub(super) fn conclude(self) -> Diagnosis {
        let mut diagnosis = self.diagnosis;
        diagnosis.advice = advice(&diagnosis, self.reason.as_ref());
        diagnosis
    }
}

/// Examines the records of several certificates together until `deadline`, with this many queries to
/// public DNS at most.
pub(super) async fn examine_all(
    context: &Context,
    deadline: &Deadline,
    queries: usize,
    subjects: &mut [Subject],
) {
    let questions = Questions::at_most(queries, deadline.percent(60).instant());
    let cases = subjects.iter_mut().filter_map(|Subject { certificate, diagnosis, .. }| {
        let certificate = certificate.as_ref()?;
        let domains =
            pending_validation(certificate).map_or(certificate.domains.as_slice(), |it| it.domains);
        Some(Case { certificate, domains, diagnosis })
    });
    let mut cases: Vec<_> = cases.collect();
    if deadline.bound(examine(context, questions, &mut cases)).await.is_none() {
        for Case { domains, diagnosis, .. } in cases {
            if diagnosis.names.len() < domains.len() {
                let remark = "the invocation ran out of time before it read the hosted zones";
                diagnosis.remarks.push(remark.to_owned());
            }
        }
    }
}

//! A certificate that is diagnosed: what ACM says of it, and what is found out.

use super::advice::advice;
use super::answer::{Dates, Diagnosis};
use super::case::Case;
use crate::domain::arn::CertificateArn;
use crate::domain::certificate::Certificate;
use crate::domain::plan::{pending_validation, stopped_by};
use crate::domain::stop::StopReason;
use crate::flows::checks::scheduled_check;
use crate::flows::context::{Context, Invocation};
use crate::flows::describe::describe;
use crate::flows::error::Error;

/// A certificate that is diagnosed.
#[derive(Debug)]
pub(in crate::flows) struct Subject {
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
    pub(in crate::flows) async fn find(
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
    pub(in crate::flows) fn is_pending(&self) -> bool {
        self.certificate.as_ref().and_then(pending_validation).is_some()
    }

    /// The diagnosis, with its advice; and why the function does nothing for the certificate (any more),
    /// if so.
    pub(in crate::flows) fn conclude(self) -> (Diagnosis, Option<StopReason>) {
        let Self { mut diagnosis, reason, .. } = self;
        diagnosis.advice = advice(&diagnosis, reason.as_ref());
        (diagnosis, reason)
    }

    /// The certificate, if ACM knows it.
    pub(in crate::flows) fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The certificate, what was found out, and why the function does nothing for it (any more), if so.
    pub(in crate::flows) fn into_parts(
        self,
    ) -> (Option<Certificate>, Diagnosis, Option<StopReason>) {
        (self.certificate, self.diagnosis, self.reason)
    }

    /// What is to be examined, if ACM knows the certificate.
    pub(in crate::flows) fn case(&mut self) -> Option<Case<'_>> {
        let certificate = self.certificate.as_ref()?;
        let validation = pending_validation(certificate);
        let domains = validation.map_or(certificate.domains.as_slice(), |it| it.domains);
        Some(Case { certificate, domains, diagnosis: &mut self.diagnosis })
    }
}

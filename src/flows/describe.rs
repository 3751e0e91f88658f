//! Describes one certificate, in whichever account and region it is.

use chrono::{DateTime, Utc};

use crate::aws::acm::certificate;
use crate::domain::access::Access;
use crate::domain::arn::CertificateArn;
use crate::domain::certificate::Certificate;
use crate::flows::ask_again::PAUSE;
use crate::flows::context::{Context, Invocation};
use crate::flows::error::Error;
use crate::flows::pause::pause;

/// A certificate as ACM describes it now; `None` if ACM knows no such certificate. `since` is when the
/// function first heard of it. A role that denies access is tried again: it may have been created just now.
///
/// # Errors
///
/// [`Error::OutOfReach`] before any call; [`Error::Aws`] if ACM refuses.
pub(super) async fn describe(
    context: &Context,
    invocation: &Invocation,
    arn: &CertificateArn,
    since: Option<DateTime<Utc>>,
) -> Result<Option<Certificate>, Error> {
    let now = invocation.deadline.now();
    let access = context.certificate_access(&invocation.scope, &arn.scope, now).await?;
    let client = context.clients.acm(&access, &arn.scope.region);
    let first_heard = since.unwrap_or(now);
    match certificate::describe_with_tags(&client, arn, first_heard).await {
        Err(error) if error.is_denied() && access != Access::Own => {
            pause(PAUSE).await;
            Ok(certificate::describe_with_tags(&client, arn, first_heard).await?)
        }
        described => Ok(described?),
    }
}

//! What a failed call means: does it pass by itself, or must somebody act?

use std::error::Error as StdError;

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::domain::problem::{Cause, Problem};
use crate::domain::text::report;

/// The problem that a failed call means: transient for throttling, server errors and broken
/// connections, permanent for everything else.
pub(super) fn problem<E>(doing: &str, error: &SdkError<E, HttpResponse>) -> Problem
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    let cause = if is_permanent(error) { Cause::Denied } else { Cause::Transient };
    Problem::new(cause, format!("{doing}: {}", report(error)))
}

/// Whether the call will fail until somebody acts.
pub(super) fn is_permanent<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::ServiceError(refusal) => {
            let code = refusal.err().code().unwrap_or_default();
            let transient = THROTTLING_ERRORS.contains(&code) || TRANSIENT_ERRORS.contains(&code);
            !transient && !refusal.raw().status().is_server_error()
        }
        // The error of a role that cannot be assumed is the source of the error of the call that
        // needed its credentials.
        error => std::iter::successors(StdError::source(error), |cause| StdError::source(*cause))
            .find_map(|cause| cause.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>())
            .is_some_and(is_permanent),
    }
}

//! One thin function for each call to AWS, and what its refusals mean.

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::error::{Cause, Trouble, report};

pub mod acm;
pub mod clients;
pub mod environment;
pub mod eventbridge;
pub mod knock;
mod role;
pub mod route53;
pub mod scheduler;

impl Trouble {
    /// What a refusal means after the SDK's own retries: throttling, a failing server and a broken
    /// line are bad luck and pass by themselves; everything else stands until somebody acts.
    fn of<E>(doing: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let cause = if is_standing(error) { Cause::Denied } else { Cause::Passing };
        Self { cause, message: format!("{doing}: {}", report(error)) }
    }
}

pub(crate) fn is_standing<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::ServiceError(refusal) => {
            let code = refusal.err().code().unwrap_or_default();
            let passing = THROTTLING_ERRORS.contains(&code) || TRANSIENT_ERRORS.contains(&code);
            !passing && !refusal.raw().status().is_server_error()
        }
        // A role that may not be assumed hides behind the call that needed its credentials.
        error => std::iter::successors(std::error::Error::source(error), |cause| cause.source())
            .find_map(|cause| cause.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>())
            .is_some_and(is_standing),
    }
}

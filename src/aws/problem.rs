//! What a failed call means: does the problem pass by itself, or must somebody act?

use std::error::Error as StdError;

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::domain::problem::{Cause, Problem};
use crate::domain::text::report;

/// The problem that a failed call means, after the SDK's own retries.
pub(super) fn problem<E>(doing: &str, error: &SdkError<E, HttpResponse>) -> Problem
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    Problem::new(cause(error), format!("{doing}: {}", error_text(error)))
}

/// The kind of problem. An error code that is in neither list may pass or not: time tells.
pub(super) fn cause<E>(error: &SdkError<E, HttpResponse>) -> Cause
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    match (refusal(error), assume_role_error(error)) {
        (Some((code, _)), _) if is_permanent(code) => Cause::Denied,
        (Some((code, _)), _) if is_transient(code) => Cause::Transient,
        (Some(_), _) if is_server_error(error) => Cause::Transient,
        (Some(_), _) => Cause::Unknown,
        (None, Some(assuming)) => cause(assuming),
        (None, None) => Cause::Transient,
    }
}

/// Whether a call was not made since a role cannot be assumed until somebody acts.
pub(super) fn lacks_role<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    assume_role_error(error).is_some_and(|assuming| cause(assuming) == Cause::Denied)
}

/// An error in one line: `AccessDenied: User … is not authorized …`.
pub(super) fn error_text<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    match (refusal(error), assume_role_error(error)) {
        (Some((code, Some(message))), _) => {
            let text = format!("{code}: {message}");
            text.escape_debug().take(2_000).collect()
        }
        (Some((code, None)), _) => code.to_owned(),
        (None, Some(assuming)) => format!("cannot assume the role: {}", error_text(assuming)),
        (None, None) => report(error),
    }
}

/// Error codes that stay until somebody acts: IAM denies, the resource does not exist, the input is
/// invalid, the region or service is not enabled.
const PERMANENT: [&str; 16] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "HostedZoneNotFound",
    "InvalidChangeBatch",
    "InvalidDomainName",
    "InvalidInput",
    "NoSuchHostedZone",
    "NotAuthorizedException",
    "OptInRequired",
    "RegionDisabledException",
    "ResourceNotFoundException",
    "SubscriptionRequiredException",
    "UnauthorizedOperation",
    "ValidationError",
    "ValidationException",
];

/// Error codes that pass by themselves and that the SDK does not list: credentials that are about to be
/// renewed or not yet known everywhere, clocks that differ, another change in progress.
const PASSING: [&str; 14] = [
    "ConcurrentModification",
    "ConflictException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InternalError",
    "InternalFailure",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestInProgressException",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SignatureDoesNotMatch",
];

/// Whether an error code stays until somebody acts.
pub(super) fn is_permanent(code: &str) -> bool {
    PERMANENT.contains(&code)
}

fn is_transient(code: &str) -> bool {
    [THROTTLING_ERRORS, TRANSIENT_ERRORS, &PASSING].iter().any(|codes| codes.contains(&code))
}

/// The error code and message that the service answered with.
fn refusal<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
) -> Option<(&str, Option<&str>)> {
    let error = error.as_service_error()?;
    Some((error.code().unwrap_or("an error without a code"), error.message()))
}

fn is_server_error<E>(error: &SdkError<E, HttpResponse>) -> bool {
    error.raw_response().is_some_and(|response| response.status().is_server_error())
}

/// The error of a role that cannot be assumed. It is a source of the error of the call that needed the
/// role's credentials.
fn assume_role_error<E>(
    error: &SdkError<E, HttpResponse>,
) -> Option<&SdkError<AssumeRoleError, HttpResponse>>
where
    E: StdError + 'static,
{
    std::iter::successors(StdError::source(error), |cause| StdError::source(*cause))
        .find_map(|cause| cause.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>())
}

//! What the calls have in common that list certificates.

use std::error::Error as StdError;

use aws_sdk_acm::types::{Filters, KeyAlgorithm};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::error::Error;
use crate::aws::problem::{cause, error_text, lacks_role};
use crate::domain::arn::Scope;
use crate::domain::problem::Cause;

/// Every type of key. By default ACM lists RSA keys only.
///
/// Source: [ListCertificates](https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html).
pub(super) fn every_key() -> Filters {
    let key_types = vec![
        KeyAlgorithm::Rsa1024,
        KeyAlgorithm::Rsa2048,
        KeyAlgorithm::Rsa3072,
        KeyAlgorithm::Rsa4096,
        KeyAlgorithm::EcPrime256v1,
        KeyAlgorithm::EcSecp384r1,
        KeyAlgorithm::EcSecp521r1,
    ];
    Filters::builder().set_key_types(Some(key_types)).build()
}

/// The error of a listing.
pub(super) fn failed<E>(scope: &Scope, error: &SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    Error::List {
        account: scope.account.clone(),
        region: scope.region.clone(),
        denied: cause(error) == Cause::Denied,
        no_role: lacks_role(error),
        source: error_text(error).into(),
    }
}

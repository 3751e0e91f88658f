//! The credentials of a role that the function assumes.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{self, ProvideCredentials};
use aws_sdk_sts::Client;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

/// A role, and STS in the function's own region. The SDK caches the credentials until they expire.
#[derive(Debug)]
pub(super) struct AssumedRole {
    sts: Client,
    arn: String,
    clock: SharedTimeSource,
    refused: Mutex<Option<(SystemTime, Refusal)>>,
}

/// How long a refusal is the answer to calls that waited for it. Without it, seventeen calls in the regions
/// of one account would ask one after the other. Whoever asks again on purpose waits longer.
const REFUSED: Duration = Duration::from_millis(500);

impl AssumedRole {
    pub(super) fn new(sts: Client, arn: &str, clock: SharedTimeSource) -> Self {
        Self { sts, arn: arn.to_owned(), clock, refused: Mutex::new(None) }
    }

    async fn assume(&self) -> provider::Result {
        let refused = || self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, refusal)) = &*refused()
            && self.clock.now().duration_since(*at).is_ok_and(|age| age < REFUSED)
        {
            return Err(CredentialsError::provider_error(refusal.clone()));
        }
        let asked = self.sts.assume_role().role_arn(&self.arn);
        let answer = asked.role_session_name("acm-dns-validator").send().await;
        let answer = answer.map_err(|error| {
            let refusal = Refusal(Arc::new(error));
            *refused() = Some((self.clock.now(), refusal.clone()));
            CredentialsError::provider_error(refusal)
        })?;
        let none = || CredentialsError::unhandled("STS answered without credentials");
        let keys = answer.credentials.ok_or_else(none)?;
        let expires = SystemTime::try_from(keys.expiration).map_err(CredentialsError::unhandled)?;
        let (id, key, token) = (keys.access_key_id, keys.secret_access_key, keys.session_token);
        Ok(Credentials::new(id, key, Some(token), Some(expires), "AssumeRole"))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(self.assume())
    }
}

/// An error of STS that several calls get.
#[derive(Clone, Debug)]
struct Refusal(Arc<SdkError<AssumeRoleError, HttpResponse>>);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("STS does not let the function assume the role")
    }
}

impl StdError for Refusal {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

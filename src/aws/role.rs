//! The credentials of a role that the function assumes.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{self, ProvideCredentials};
use aws_sdk_sts::Client;

/// A role, and STS in the function's own region. The SDK caches the credentials until they expire.
#[derive(Debug)]
pub(super) struct AssumedRole {
    pub(super) sts: Client,
    pub(super) arn: String,
}

impl AssumedRole {
    async fn assume(&self) -> provider::Result {
        let asked = self.sts.assume_role().role_arn(&self.arn);
        let answer = asked.role_session_name("acm-dns-validator").send().await;
        let answer = answer.map_err(CredentialsError::provider_error)?;
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

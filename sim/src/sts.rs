//! STS: credentials and roles. The credentials decide the account of every call.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::Request;
use http::header::AUTHORIZATION;

use crate::call::Caller;
use crate::service::Service;
use crate::wire::{Failure, Parameters, escape};

/// The access keys, sessions and roles of every account.
#[derive(Clone, Debug, Default)]
pub struct Sts {
    keys: BTreeMap<String, Key>,
    roles: BTreeMap<String, Role>,
}

/// Credentials that sign requests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key; the simulator does not check signatures.
    pub secret_access_key: String,
}

#[derive(Clone, Debug)]
struct Key {
    account: String,
    session: Option<Session>,
}

#[derive(Clone, Debug)]
struct Session {
    token: String,
    expires: DateTime<Utc>,
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME`
    arn: String,
    user_id: String,
}

#[derive(Clone, Debug)]
struct Role {
    trusted_account: String,
    external_id: Option<String>,
}

/// The credential scope of a signature: `Credential=AKID/20261123/eu-west-1/acm/aws4_request`.
///
/// Source: [signed requests](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    /// The access key id.
    pub access_key_id: String,
    /// The region that the request is signed for.
    pub region: String,
    /// The service that the request is signed for.
    pub service: Service,
}

impl Scope {
    /// Reads the scope from the `Authorization` header.
    pub fn of(request: &Request<Vec<u8>>) -> Option<Self> {
        let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
        let (_, scope) = header.strip_prefix("AWS4-HMAC-SHA256 ")?.split_once("Credential=")?;
        let parts: Vec<_> = scope.split(',').next()?.split('/').collect();
        let [access_key_id, _date, region, service, "aws4_request"] = parts[..] else {
            return None;
        };
        Some(Self {
            access_key_id: access_key_id.to_owned(),
            region: region.to_owned(),
            service: Service::from_signing_name(service)?,
        })
    }
}

impl Sts {
    /// Adds an account, with long-lived credentials.
    pub fn add_account(&mut self, account: &str) -> Credentials {
        let access_key_id = format!("AKIA{account}");
        self.keys.insert(access_key_id.clone(), Key { account: account.to_owned(), session: None });
        Credentials { access_key_id, secret_access_key: format!("secret-of-{account}") }
    }

    /// Adds a role that this account may assume.
    pub fn add_role(&mut self, role_arn: &str, trusted_account: &str) {
        let role = Role { trusted_account: trusted_account.to_owned(), external_id: None };
        self.roles.insert(role_arn.to_owned(), role);
    }

    /// Requires this external id for assuming the role.
    pub fn require_external_id(&mut self, role_arn: &str, external_id: &str) {
        if let Some(role) = self.roles.get_mut(role_arn) {
            role.external_id = Some(external_id.to_owned());
        }
    }

    /// Removes a role. Its sessions stay valid, as in AWS.
    pub fn revoke_role(&mut self, role_arn: &str) {
        self.roles.remove(role_arn);
    }

    /// The caller that the credentials belong to.
    ///
    /// # Errors
    ///
    /// The errors of AWS for unknown keys, wrong tokens and expired sessions. Source:
    /// [common errors](https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html).
    pub fn authenticate(
        &self,
        scope: &Scope,
        request: &Request<Vec<u8>>,
        now: DateTime<Utc>,
    ) -> Result<Caller, Failure> {
        let protocol = scope.service.protocol();
        let refuse = |json: &str, xml: &str, message: &str| {
            let code = if protocol.is_json() { json } else { xml };
            Failure::new(protocol.unauthenticated(), code, message)
        };
        let unknown = || {
            refuse(
                "UnrecognizedClientException",
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            )
        };
        let key = self.keys.get(&scope.access_key_id).ok_or_else(unknown)?;
        if let Some(session) = &key.session {
            let token = request.headers().get("x-amz-security-token");
            if token.is_none_or(|token| token.as_bytes() != session.token.as_bytes()) {
                return Err(unknown());
            }
            if session.expires <= now {
                return Err(refuse(
                    "ExpiredTokenException",
                    "ExpiredToken",
                    "The security token included in the request is expired",
                ));
            }
        }
        Ok(Caller { account: key.account.clone(), region: scope.region.clone() })
    }

    /// Answers one call; the body is an XML document without its declaration.
    ///
    /// # Errors
    ///
    /// The errors of STS.
    pub fn respond(
        &mut self,
        operation: &str,
        request: &Request<Vec<u8>>,
        now: DateTime<Utc>,
    ) -> Result<String, Failure> {
        let scope = Scope::of(request).ok_or_else(|| {
            Failure::new(
                403,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            )
        })?;
        let caller = self.authenticate(&scope, request, now)?;
        let form = form(request.body());
        match operation {
            "AssumeRole" => self.assume_role(&caller, &form, now),
            "GetCallerIdentity" => {
                let account = &caller.account;
                let session =
                    self.keys.get(&scope.access_key_id).and_then(|it| it.session.as_ref());
                let (arn, user_id) = match session {
                    Some(session) => (session.arn.clone(), session.user_id.as_str()),
                    None => (format!("arn:aws:iam::{account}:user/simulated"), "AIDASIMULATED"),
                };
                let arn = escape(&arn);
                let body = format!(
                    "<Arn>{arn}</Arn><UserId>{user_id}</UserId><Account>{account}</Account>"
                );
                Ok(result(operation, &body))
            }
            other => {
                let message = format!("Could not find operation {other} for version 2011-06-15");
                Err(Failure::new(400, "InvalidAction", message))
            }
        }
    }

    /// Source: [AssumeRole](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
    fn assume_role(
        &mut self,
        caller: &Caller,
        form: &Parameters,
        now: DateTime<Utc>,
    ) -> Result<String, Failure> {
        let invalid = |message: String| Failure::new(400, "ValidationError", message);
        let field = |name: &str| form.get(name).unwrap_or_default();
        let role_arn = field("RoleArn");
        let name = field("RoleSessionName");
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        if !(2..=64).contains(&name.len()) || !name.bytes().all(legal) {
            let message = "Value at 'roleSessionName' failed to satisfy constraint: Member must \
                           satisfy regular expression pattern: [\\w+=,.@-]{2,64}";
            return Err(invalid(message.to_owned()));
        }
        if let Some(parameter) =
            ["Policy", "PolicyArns.member.1.arn", "SerialNumber", "Tags.member.1.Key"]
                .into_iter()
                .find(|parameter| form.get(parameter).is_some())
        {
            return Err(invalid(format!("{parameter} is not modelled by this simulator")));
        }
        let seconds = form.get("DurationSeconds").map_or(Ok(3600), |text| text.parse());
        let Some(seconds) = seconds.ok().filter(|seconds| (900..=43_200).contains(seconds)) else {
            return Err(invalid("DurationSeconds must be from 900 to 43200".to_owned()));
        };
        if seconds > ROLE_DURATION {
            let message =
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
            return Err(invalid(message.to_owned()));
        }
        let trusts = |role: &Role| {
            role.trusted_account == caller.account
                && role
                    .external_id
                    .as_ref()
                    .is_none_or(|id| form.get("ExternalId") == Some(id.as_str()))
        };
        let account = role_arn.split(':').nth(4).unwrap_or_default().to_owned();
        if !self.roles.get(role_arn).is_some_and(trusts) {
            let message = format!(
                "User: arn:aws:iam::{}:user/simulated is not authorized to perform: sts:AssumeRole on \
                 resource: {role_arn}",
                caller.account
            );
            return Err(Failure::new(403, "AccessDenied", message));
        }
        let number = self.keys.len();
        let access_key_id = format!("ASIA{account}{number:06}");
        let session = Session {
            token: format!("token-{number}"),
            expires: now + TimeDelta::seconds(seconds),
            arn: role_arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
                + "/"
                + name,
            user_id: format!("AROA{number:017}:{name}"),
        };
        let body = format!(
            "<AssumedRoleUser><AssumedRoleId>{}</AssumedRoleId>\
             <Arn>{}</Arn></AssumedRoleUser><Credentials>\
             <AccessKeyId>{access_key_id}</AccessKeyId>\
             <SecretAccessKey>secret-{number}</SecretAccessKey>\
             <SessionToken>{}</SessionToken><Expiration>{}</Expiration></Credentials>",
            session.user_id,
            escape(&session.arn),
            session.token,
            session.expires.to_rfc3339_opts(SecondsFormat::Secs, true),
        );
        self.keys.insert(access_key_id, Key { account, session: Some(session) });
        Ok(result("AssumeRole", &body))
    }
}

/// The longest session of a role by default, in seconds.
///
/// Source: [role sessions](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html).
const ROLE_DURATION: i64 = 3600;

/// The operation that a request calls.
pub fn operation(body: &[u8]) -> String {
    form(body).get("Action").unwrap_or("unknown").to_owned()
}

fn form(body: &[u8]) -> Parameters {
    Parameters::read(&String::from_utf8_lossy(body))
}

fn result(operation: &str, body: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <{operation}Result>{body}</{operation}Result></{operation}Response>"
    )
}

#[cfg(test)]
mod tests;

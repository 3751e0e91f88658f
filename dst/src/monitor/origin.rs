//! Who makes a call, and which: read from the signed request.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::names::MANAGEMENT;

/// A call, the account whose credentials sign it, and the region it is signed for. For `AssumeRole` it is
/// the account of the role.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Origin {
    pub(super) account: String,
    pub(super) region: String,
    /// The operation, of those whose failure matters here.
    pub(super) operation: &'static str,
}

/// The calls to AWS Organizations.
const ORGANIZATIONS: [&str; 2] = ["DescribeAccount", "ListAccounts"];

const ACM: [&str; 4] =
    ["DescribeCertificate", "ListCertificates", "ListTagsForCertificate", "SearchCertificates"];

impl Origin {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let header = |name| request.headers().get(name).unwrap_or_default();
        let (_, scope) = header("authorization").split_once("Credential=").unwrap_or_default();
        let parts: Vec<_> = scope.split(',').next().unwrap_or_default().split('/').collect();
        let [key, _, region, ..] = parts[..] else { return Self::default() };
        // The ids of keys are `AKIA` or `ASIA`, and the account.
        let account = key.get(4..16).unwrap_or_default().to_owned();
        let body = request.body().bytes().and_then(|body| std::str::from_utf8(body).ok());
        let body = body.unwrap_or_default();
        let path = request.uri().split('?').next().unwrap_or_default();
        let target = header("x-amz-target").rsplit('.').next().unwrap_or_default();
        let (account, operation) = if body.starts_with("Action=AssumeRole") {
            let (_, role) = body.split_once("iam%3A%3A").unwrap_or_default();
            (role.chars().take_while(char::is_ascii_digit).collect(), "AssumeRole")
        } else if path.ends_with("/hostedzonesbyname") {
            (account, "ListHostedZonesByName")
        } else if path.ends_with("/tags/hostedzone") {
            (account, "ListTagsForResources")
        } else {
            let known = ACM.into_iter().chain(ORGANIZATIONS).find(|operation| *operation == target);
            (account, known.unwrap_or_default())
        };
        Self { account, region: region.to_owned(), operation }
    }

    /// Whether it lists certificates.
    pub(super) fn lists(&self) -> bool {
        matches!(self.operation, "ListCertificates" | "SearchCertificates")
    }

    /// Whether it asks for the accounts of the organization, or assumes the role for that.
    pub(super) fn asks_organization(&self) -> bool {
        ORGANIZATIONS.contains(&self.operation)
            || (self.operation == "AssumeRole" && self.account == MANAGEMENT)
    }

    /// Whether it is a call to ACM.
    pub(super) fn is_of_acm(&self) -> bool {
        ACM.contains(&self.operation)
    }
}

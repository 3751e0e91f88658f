//! The AWS services that this simulator has, and what tells them apart on the wire.

use http::Request;

use crate::wire::{Failure, Protocol};

/// The services of this AWS.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Service {
    /// AWS Certificate Manager.
    Acm,
    /// EventBridge.
    EventBridge,
    /// AWS Organizations.
    Organizations,
    /// Route 53.
    Route53,
    /// EventBridge Scheduler.
    Scheduler,
    /// Security Token Service.
    Sts,
}

impl Service {
    /// The service with this name in the credential scope of a signature.
    pub(crate) fn from_signing_name(name: &str) -> Option<Self> {
        Some(match name {
            "acm" => Self::Acm,
            "events" => Self::EventBridge,
            "organizations" => Self::Organizations,
            "route53" => Self::Route53,
            "scheduler" => Self::Scheduler,
            "sts" => Self::Sts,
            _ => return None,
        })
    }

    /// The service that a request without a signature is for, recognized by its headers and its path.
    pub(crate) fn unsigned(request: &Request<Vec<u8>>) -> Self {
        let target = request.headers().get("x-amz-target");
        let path = request.uri().path();
        match target.map(|target| target.as_bytes()) {
            Some(target) if target.starts_with(b"AWSEvents.") => Self::EventBridge,
            Some(target) if target.starts_with(b"AWSOrganizations") => Self::Organizations,
            Some(_) => Self::Acm,
            None if path.starts_with("/2013-04-01/") => Self::Route53,
            None if path.starts_with("/schedule") => Self::Scheduler,
            None => Self::Sts,
        }
    }

    /// Every service.
    pub const ALL: [Self; 6] = [
        Self::Acm,
        Self::EventBridge,
        Self::Organizations,
        Self::Route53,
        Self::Scheduler,
        Self::Sts,
    ];

    /// Every operation that is served.
    pub fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Acm => &[
                "AddTagsToCertificate",
                "DeleteCertificate",
                "DescribeCertificate",
                "ListCertificateDomainValidations",
                "ListCertificates",
                "ListTagsForCertificate",
                "RemoveTagsFromCertificate",
                "RequestCertificate",
                "SearchCertificates",
                "UpdateCertificateOptions",
            ],
            Self::EventBridge => &["PutEvents", "TestEventPattern"],
            Self::Organizations => &["DescribeAccount", "ListAccounts"],
            Self::Route53 => &[
                "ChangeResourceRecordSets",
                "ChangeTagsForResource",
                "CreateHostedZone",
                "DeleteHostedZone",
                "GetChange",
                "GetHostedZone",
                "GetHostedZoneCount",
                "ListHostedZones",
                "ListHostedZonesByName",
                "ListResourceRecordSets",
                "ListTagsForResource",
                "ListTagsForResources",
            ],
            Self::Scheduler => &[
                "CreateSchedule",
                "CreateScheduleGroup",
                "DeleteSchedule",
                "DeleteScheduleGroup",
                "GetSchedule",
                "GetScheduleGroup",
                "ListSchedules",
                "UpdateSchedule",
            ],
            Self::Sts => &["AssumeRole", "GetCallerIdentity"],
        }
    }

    /// The prefix of its IAM actions.
    pub fn iam_prefix(self) -> &'static str {
        match self {
            Self::Acm => "acm",
            Self::EventBridge => "events",
            Self::Organizations => "organizations",
            Self::Route53 => "route53",
            Self::Scheduler => "scheduler",
            Self::Sts => "sts",
        }
    }

    /// Its protocol.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Acm | Self::EventBridge => Protocol::AwsJson,
            Self::Organizations => Protocol::AwsJsonMessage,
            Self::Route53 => Protocol::RestXml,
            Self::Scheduler => Protocol::RestJson,
            Self::Sts => Protocol::Query,
        }
    }

    /// Its error for an exceeded rate.
    pub fn throttled(self) -> Failure {
        match self {
            Self::Acm | Self::EventBridge => {
                Failure::new(400, "ThrottlingException", "Rate exceeded")
            }
            // https://docs.aws.amazon.com/organizations/latest/APIReference/CommonErrors.html
            Self::Organizations => Failure::new(
                400,
                "TooManyRequestsException",
                "You have sent too many requests in too short a period of time. Try again later.",
            ),
            Self::Scheduler => Failure::new(429, "ThrottlingException", "Rate exceeded"),
            // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
            Self::Route53 | Self::Sts => Failure::new(400, "Throttling", "Rate exceeded"),
        }
    }
}

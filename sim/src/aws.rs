//! The whole of this AWS: every service's state, and the way of a request through it.

use chrono::{DateTime, Utc};
use http::{Request, Response};
use serde_json::Value;

use crate::acm::Acm;
use crate::eventbridge::EventBridge;
use crate::faults::{self, FaultKind, Faults};
use crate::iam::{self, Facts};
use crate::lambda::Lambda;
use crate::route53::{self, Route53};
use crate::scheduler::{self, Scheduler};
use crate::sqs::Sqs;
use crate::sts::{self, Sts};
use crate::wire::{Failure, Protocol};

/// Every account, every region, every service.
#[derive(Clone, Debug, Default)]
pub struct Aws {
    /// AWS Certificate Manager.
    pub acm: Acm,
    /// EventBridge: buses, rules, and CloudTrail's way to them.
    pub eventbridge: EventBridge,
    /// Misfortune asked for.
    pub faults: Faults,
    /// Lambda's invocations.
    pub lambda: Lambda,
    /// Route 53, and the public DNS it serves.
    pub route53: Route53,
    /// EventBridge Scheduler.
    pub scheduler: Scheduler,
    /// SQS queues.
    pub sqs: Sqs,
    /// Who holds which credentials.
    pub sts: Sts,
    calls: Vec<Call>,
}

impl Aws {
    /// Answers one request: who calls, what for, is it struck by a fault, what does the service say.
    pub fn respond(&mut self, request: &Request<Vec<u8>>, now: DateTime<Utc>) -> Answer {
        self.advance(now);
        let request_id = format!("00000000-0000-4000-8000-{:012}", self.calls.len() + 1);
        let Some(scope) = sts::Scope::of(request) else {
            let protocol = Service::unsigned(request).protocol();
            let code = match protocol.is_json() {
                true => "MissingAuthenticationTokenException",
                false => "MissingAuthenticationToken",
            };
            let message = "Missing Authentication Token";
            let missing = Failure::new(protocol.unauthenticated(), code, message);
            return Answer::Response(protocol.failure(&missing, &request_id));
        };
        let service = scope.service;
        let operation = service.operation(request);
        let caller = match self.sts.authenticate(&scope, request, now) {
            Ok(caller) => caller,
            Err(failure) => {
                return Answer::Response(service.protocol().failure(&failure, &request_id));
            }
        };
        let mut call = Call {
            at: now,
            account: caller.account.clone(),
            region: caller.region.clone(),
            facts: iam::facts(service, &operation, &caller, request),
            service,
            operation,
            error: None,
        };
        let fault = self.faults.strike(&call);
        match fault {
            Some(FaultKind::Reset) => {
                call.error = Some("connection reset".to_owned());
                self.record(call);
                return Answer::Reset;
            }
            Some(FaultKind::CrashBefore) => return Answer::Crash,
            _ => {}
        }
        let refused = fault.and_then(|kind| faults::refusal(kind, &call));
        let result = match refused {
            Some(failure) => Err(failure),
            None => self.perform(&call.operation, &caller, request, now, &request_id, service),
        };
        call.error = result.as_ref().err().map(|failure| failure.code.clone());
        self.record(call);
        match fault {
            Some(FaultKind::AnswerLost) => Answer::Reset,
            Some(FaultKind::CrashAfter) => Answer::Crash,
            _ => Answer::Response(
                result.unwrap_or_else(|failure| service.protocol().failure(&failure, &request_id)),
            ),
        }
    }

    fn record(&mut self, call: Call) {
        self.calls.push(call);
        self.lambda.count_call();
    }

    fn perform(
        &mut self,
        operation: &str,
        caller: &Caller,
        request: &Request<Vec<u8>>,
        now: DateTime<Utc>,
        request_id: &str,
        service: Service,
    ) -> Result<Response<Vec<u8>>, Failure> {
        let protocol = service.protocol();
        // What is not listed is not served, so the list is whole.
        let operation = match service.operations().contains(&operation) {
            true => operation,
            false => "unknown",
        };
        match service {
            Service::Acm => {
                let body = self.acm.respond(operation, caller, request.body(), now)?;
                Ok(protocol.json(&body, request_id))
            }
            Service::EventBridge => {
                let body = self.eventbridge.respond(operation, caller, request.body(), now)?;
                Ok(protocol.json(&body, request_id))
            }
            Service::Route53 => {
                let body = self.route53.respond(operation, caller, request, now)?;
                let mut response = protocol.xml(&body, request_id);
                if operation == "CreateHostedZone" {
                    route53::created(&mut response, &body);
                }
                Ok(response)
            }
            Service::Scheduler => {
                let body = self.scheduler.respond(operation, caller, request, now)?;
                Ok(protocol.json(&body, request_id))
            }
            Service::Sts => {
                let body = self.sts.respond(operation, request, now)?;
                Ok(protocol.xml(&body, request_id))
            }
        }
    }

    /// Lets everything happen that happens by itself up to `now`, in the order of its time.
    pub fn advance(&mut self, now: DateTime<Utc>) {
        self.acm.plan();
        while let Some(at) = self.next_due().filter(|at| *at <= now) {
            for event in self.acm.advance(at, &self.route53) {
                self.eventbridge.emit(event, at);
            }
            for event in self.route53.advance(at) {
                self.eventbridge.emit(event, at);
            }
            for firing in self.scheduler.fire(at) {
                self.deliver(&firing.target, firing.input, at);
            }
            for delivery in self.eventbridge.deliver(at) {
                self.deliver(&delivery.target, delivery.event, at);
            }
            self.lambda.advance(at);
            self.sqs.advance(at);
            self.lambda.poll(&mut self.sqs, at);
        }
    }

    /// Hands an event to a target: a queue or a function.
    fn deliver(&mut self, target: &str, event: Value, at: DateTime<Utc>) {
        if target.split(':').nth(2) != Some("sqs") {
            return self.lambda.invoke(target, event, at);
        }
        let body = match event {
            Value::String(text) => text,
            event => event.to_string(),
        };
        self.sqs.send(target, body, at);
    }

    /// When something happens by itself next.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        [
            self.acm.next_due(),
            self.route53.next_due(),
            self.scheduler.next_due(),
            self.eventbridge.next_due(),
            self.lambda.next_due(),
            self.lambda.next_poll(&self.sqs),
            self.sqs.next_due(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Every call that reached a service, in order.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Answer {
    /// The caller's process dies at this call.
    Crash,
    /// The connection breaks.
    Reset,
    /// The service answers.
    Response(Response<Vec<u8>>),
}

/// One call, as CloudTrail would tell it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// When.
    pub at: DateTime<Utc>,
    /// The account whose credentials signed it.
    pub account: String,
    /// The region it was signed for.
    pub region: String,
    /// The service.
    pub service: Service,
    /// The operation, for example `DescribeCertificate`.
    pub operation: String,
    /// The error code it was answered with, if it failed.
    pub error: Option<String>,
    /// What [`Self::iam_requests`] is made of.
    pub(crate) facts: Facts,
}

/// Who makes a call, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caller {
    /// The account whose credentials signed the request.
    pub account: String,
    /// The region in the credential scope.
    pub region: String,
}

/// The services this AWS has.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Service {
    /// AWS Certificate Manager.
    Acm,
    /// EventBridge.
    EventBridge,
    /// Route 53.
    Route53,
    /// EventBridge Scheduler.
    Scheduler,
    /// Security Token Service.
    Sts,
}

impl Service {
    /// The service a signature's credential scope names.
    pub(crate) fn from_signing_name(name: &str) -> Option<Self> {
        Some(match name {
            "acm" => Self::Acm,
            "events" => Self::EventBridge,
            "route53" => Self::Route53,
            "scheduler" => Self::Scheduler,
            "sts" => Self::Sts,
            _ => return None,
        })
    }

    /// The service that a request without a signature is for, by what only its requests have.
    fn unsigned(request: &Request<Vec<u8>>) -> Self {
        let target = request.headers().get("x-amz-target");
        let path = request.uri().path();
        match target.map(|target| target.as_bytes().starts_with(b"AWSEvents.")) {
            Some(true) => Self::EventBridge,
            Some(false) => Self::Acm,
            None if path.starts_with("/2013-04-01/") => Self::Route53,
            None if path.starts_with("/schedule") => Self::Scheduler,
            None => Self::Sts,
        }
    }

    /// Every service.
    pub const ALL: [Self; 5] =
        [Self::Acm, Self::EventBridge, Self::Route53, Self::Scheduler, Self::Sts];

    /// Every operation it answers here.
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

    /// What IAM actions of this service begin with.
    pub fn iam_prefix(self) -> &'static str {
        match self {
            Self::Acm => "acm",
            Self::EventBridge => "events",
            Self::Route53 => "route53",
            Self::Scheduler => "scheduler",
            Self::Sts => "sts",
        }
    }

    /// How it speaks.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Acm | Self::EventBridge => Protocol::AwsJson,
            Self::Route53 => Protocol::RestXml,
            Self::Scheduler => Protocol::RestJson,
            Self::Sts => Protocol::Query,
        }
    }

    /// How it says that the rate is exceeded.
    pub fn throttled(self) -> Failure {
        match self {
            Self::Acm | Self::EventBridge => {
                Failure::new(400, "ThrottlingException", "Rate exceeded")
            }
            Self::Scheduler => Failure::new(429, "ThrottlingException", "Rate exceeded"),
            // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
            Self::Route53 | Self::Sts => Failure::new(400, "Throttling", "Rate exceeded"),
        }
    }

    fn operation(self, request: &Request<Vec<u8>>) -> String {
        match self {
            Self::Acm | Self::EventBridge => request
                .headers()
                .get("x-amz-target")
                .and_then(|target| target.to_str().ok())
                .and_then(|target| target.rsplit('.').next())
                .unwrap_or("unknown")
                .to_owned(),
            Self::Route53 => route53::operation(request).to_owned(),
            Self::Scheduler => scheduler::operation(request).to_owned(),
            Self::Sts => sts::operation(request.body()),
        }
    }
}

/// The partition a region is in.
pub(crate) fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("eusc") => "aws-eusc",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

//! The whole simulated AWS: the state of every service, and how it answers a request.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use http::{Request, Response};
use serde_json::Value;

use crate::acm::Acm;
use crate::arn;
use crate::dns::{Dns, Protocol, Question, Reply};
use crate::eventbridge::EventBridge;
use crate::faults::{self, FaultKind, Faults};
use crate::lambda::Lambda;
use crate::organizations::Organizations;
use crate::permissions;
use crate::route53::{self, Route53};
use crate::scheduler::{self, Scheduler};
use crate::sqs::Sqs;
use crate::sts::{self, Sts};
use crate::wire::Failure;

pub use crate::call::{Call, Caller};
pub use crate::service::Service;

/// Every account, every region, every service.
#[derive(Clone, Debug, Default)]
pub struct Aws {
    /// AWS Certificate Manager.
    pub acm: Acm,
    /// The resolvers that answer with public DNS, and their faults.
    pub dns: Dns,
    /// EventBridge: buses, rules, and the events on their way to them.
    pub eventbridge: EventBridge,
    /// The faults that tests have asked for.
    pub faults: Faults,
    /// Lambda: functions and their invocations.
    pub lambda: Lambda,
    /// AWS Organizations.
    pub organizations: Organizations,
    /// Route 53, and the public DNS it serves.
    pub route53: Route53,
    /// EventBridge Scheduler.
    pub scheduler: Scheduler,
    /// SQS queues.
    pub sqs: Sqs,
    /// STS: credentials and roles.
    pub sts: Sts,
    calls: Vec<Call>,
}

impl Aws {
    /// Answers one request: authenticates the caller, applies a fault if one matches, and otherwise lets
    /// the service answer.
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
        let operation = operation(service, request);
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
            facts: permissions::facts(service, &operation, &caller, request, &self.organizations),
            service,
            operation,
            error: None,
        };
        let fault = self.faults.take(&call);
        match fault {
            Some(FaultKind::Reset) => {
                call.error = Some("connection reset".to_owned());
                self.record(call);
                return Answer::Reset;
            }
            Some(FaultKind::Silence) => {
                call.error = Some("no answer".to_owned());
                self.record(call);
                return Answer::Silence;
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

    /// Answers one DNS message to the resolver of this address.
    pub fn answer_dns(
        &mut self,
        resolver: SocketAddr,
        protocol: Protocol,
        message: &[u8],
        now: DateTime<Utc>,
    ) -> Reply {
        self.advance(now);
        self.dns.answer(&self.route53, resolver, protocol, message, now)
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
        // An operation that is not listed is not served, so the list is complete.
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
            Service::Organizations => {
                let body = self.organizations.respond(operation, caller, request.body(), now)?;
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

    /// Does everything that is due up to `now`, in the order of time: ACM checks public DNS, events are
    /// delivered, schedules fire, queues are polled, Lambda retries.
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

    /// Delivers an event to a target: a queue or a function.
    fn deliver(&mut self, target: &str, event: Value, at: DateTime<Utc>) {
        if arn::service(target) != Some("sqs") {
            return self.lambda.invoke(target, event, at);
        }
        let body = match event {
            Value::String(text) => text,
            event => event.to_string(),
        };
        self.sqs.send(target, body, at);
    }

    /// When something is due next.
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

    /// Every question that reached a resolver, in order.
    pub fn questions(&self) -> &[Question] {
        self.dns.questions()
    }
}

/// How a request ends.
#[derive(Debug)]
pub enum Answer {
    /// The process of the caller dies during the call.
    Crash,
    /// The connection is reset.
    Reset,
    /// The service answers.
    Response(Response<Vec<u8>>),
    /// No answer comes.
    Silence,
}

/// The operation that a request calls.
fn operation(service: Service, request: &Request<Vec<u8>>) -> String {
    match service {
        Service::Acm | Service::EventBridge | Service::Organizations => request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok())
            .and_then(|target| target.rsplit('.').next())
            .unwrap_or("unknown")
            .to_owned(),
        Service::Route53 => route53::operation(request).to_owned(),
        Service::Scheduler => scheduler::operation(request).to_owned(),
        Service::Sts => sts::operation(request.body()),
    }
}

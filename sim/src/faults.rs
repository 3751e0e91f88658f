//! Misfortune on demand: what goes wrong, for which calls, and for how long.

use chrono::{DateTime, Utc};

use crate::aws::{Call, Service};
use crate::wire::Failure;

/// Something that goes wrong with matching calls.
#[derive(Clone, Debug)]
pub struct Fault {
    kind: FaultKind,
    account: Option<String>,
    operation: Option<String>,
    service: Option<Service>,
    skip: u32,
    left: Option<u32>,
    until: Option<DateTime<Utc>>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultKind {
    /// The call takes effect, but its answer never arrives.
    AnswerLost,
    /// The process dies after the call took effect.
    CrashAfter,
    /// The process dies before the call leaves it.
    CrashBefore,
    /// IAM says no.
    Denied,
    /// HTTP 500.
    InternalError,
    /// This HTTP status and error code, whatever the service.
    Refused(u16, &'static str),
    /// Route 53 is still busy with an earlier change of the zone.
    PriorRequestNotComplete,
    /// The connection breaks before the call takes effect.
    Reset,
    /// Over the rate.
    Throttled,
    /// HTTP 503.
    Unavailable,
}

impl Fault {
    /// A fault that strikes every call, for good; narrow it with the other methods.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            account: None,
            operation: None,
            service: None,
            skip: 0,
            left: None,
            until: None,
        }
    }

    /// Strikes only this operation, for example `ChangeResourceRecordSets`.
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Strikes only this service.
    pub fn of(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Strikes only calls with credentials of this account.
    pub fn by(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Strikes only this many calls.
    pub fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }

    /// Lets this many matching calls pass first.
    pub fn after(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// Ceases at this time.
    pub fn until(mut self, end: DateTime<Utc>) -> Self {
        self.until = Some(end);
        self
    }

    fn matches(&self, call: &Call) -> bool {
        self.account.as_ref().is_none_or(|account| *account == call.account)
            && self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self.service.is_none_or(|service| service == call.service)
            && self.until.is_none_or(|end| call.at < end)
            && self.left != Some(0)
    }
}

/// The faults asked for and not yet spent.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Asks for one more.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Takes all of them back: from now on AWS is well.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What goes wrong with this call, if anything; the first fault that matches is spent by one.
    pub(crate) fn strike(&mut self, call: &Call) -> Option<FaultKind> {
        for fault in self.0.iter_mut().filter(|fault| fault.matches(call)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.left = fault.left.map(|left| left - 1);
            return Some(fault.kind);
        }
        None
    }
}

/// The words in which a service refuses, for the faults that are refusals.
pub(crate) fn refusal(kind: FaultKind, call: &Call) -> Option<Failure> {
    let Call { service, operation, account, .. } = call;
    Some(match kind {
        FaultKind::Throttled => service.throttled(),
        FaultKind::Denied => {
            let (status, code) = match service {
                Service::Acm | Service::EventBridge => (400, "AccessDeniedException"),
                Service::Scheduler => (403, "AccessDeniedException"),
                Service::Route53 | Service::Sts => (403, "AccessDenied"),
            };
            let prefix = service.iam_prefix();
            let message = format!(
                "User: arn:aws:sts::{account}:assumed-role/function is not authorized to perform: \
                 {prefix}:{operation} because no identity-based policy allows the {prefix}:{operation} action"
            );
            Failure::new(status, code, message)
        }
        FaultKind::Refused(status, code) => {
            Failure::new(status, code, format!("{service:?} refuses {operation}."))
        }
        FaultKind::InternalError => {
            Failure::new(500, "InternalFailure", "We encountered an internal error.")
        }
        FaultKind::Unavailable => {
            Failure::new(503, "ServiceUnavailable", "Service is unavailable.")
        }
        FaultKind::PriorRequestNotComplete => Failure::new(
            400,
            "PriorRequestNotComplete",
            "The request was rejected because Route 53 was still processing a prior request.",
        ),
        FaultKind::AnswerLost
        | FaultKind::CrashAfter
        | FaultKind::CrashBefore
        | FaultKind::Reset => {
            return None;
        }
    })
}

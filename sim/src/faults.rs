//! Faults that tests ask for: which error, for which calls, and for how long.

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::service::Service;
use crate::wire::Failure;

/// A fault that matching calls have.
#[derive(Clone, Debug)]
pub struct Fault {
    kind: FaultKind,
    account: Option<String>,
    operation: Option<String>,
    region: Option<String>,
    service: Option<Service>,
    skip: u32,
    left: Option<u32>,
    until: Option<DateTime<Utc>>,
}

/// The kind of a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultKind {
    /// The call takes effect, but its answer never arrives.
    AnswerLost,
    /// The process dies after the call took effect.
    CrashAfter,
    /// The process dies before it sends the call.
    CrashBefore,
    /// IAM denies the call.
    Denied,
    /// HTTP 500.
    InternalError,
    /// This HTTP status and error code, whatever the service.
    Refused(u16, &'static str),
    /// Route 53 still processes an earlier change of the zone.
    PriorRequestNotComplete,
    /// The connection is reset before the call takes effect.
    Reset,
    /// The call does not take effect, and no answer comes: the connection stays open.
    Silence,
    /// The rate is exceeded.
    Throttled,
    /// HTTP 503.
    Unavailable,
}

impl Fault {
    /// A fault of every call, without end; the other methods restrict it.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            account: None,
            operation: None,
            region: None,
            service: None,
            skip: 0,
            left: None,
            until: None,
        }
    }

    /// Only for this operation, for example `ChangeResourceRecordSets`.
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only for this service.
    pub fn of(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Only for calls with credentials of this account.
    pub fn by(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// Only for calls in this region.
    pub fn within(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Only for this many calls.
    pub fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }

    /// Starts after this many matching calls.
    pub fn after(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// Ends at this time.
    pub fn until(mut self, end: DateTime<Utc>) -> Self {
        self.until = Some(end);
        self
    }

    fn matches(&self, call: &Call) -> bool {
        self.account.as_ref().is_none_or(|account| *account == call.account)
            && self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self.region.as_ref().is_none_or(|region| *region == call.region)
            && self.service.is_none_or(|service| service == call.service)
            && self.until.is_none_or(|end| call.at < end)
            && self.left != Some(0)
    }
}

/// The faults that tests have asked for and that are not used up.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of this call, if any. It counts as one use of the first fault that matches.
    pub(crate) fn take(&mut self, call: &Call) -> Option<FaultKind> {
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

/// The error that the service answers with, for the kinds of faults that are error answers.
pub(crate) fn refusal(kind: FaultKind, call: &Call) -> Option<Failure> {
    let Call { service, operation, account, .. } = call;
    Some(match kind {
        FaultKind::Throttled => service.throttled(),
        FaultKind::Denied => {
            let (status, code) = match service {
                Service::Acm | Service::EventBridge | Service::Organizations => {
                    (400, "AccessDeniedException")
                }
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
        | FaultKind::Reset
        | FaultKind::Silence => {
            return None;
        }
    })
}

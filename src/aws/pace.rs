//! Limits the rate of the calls of some work, so that it leaves most of AWS's limits to everybody else.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::domain::access::Access;
use crate::domain::arn::{Scope, role_account};

tokio::task_local! {
    static PACE: Arc<Pace>;
}

/// When the next call of each kind may be made.
#[derive(Debug, Default)]
struct Pace(Mutex<BTreeMap<Kind, Instant>>);

/// A kind of calls, of which AWS limits the rate by itself.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    /// An operation of ACM in one account and region.
    Acm(Operation, Scope),
    /// All of Route 53 in one account; none for the function's own.
    Route53(Option<String>),
}

/// An operation of ACM.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Operation {
    /// `DescribeCertificate`.
    Describe,
    /// `ListCertificates`.
    List,
    /// `ListCertificateDomainValidations`, of which AWS gives no limit.
    ListValidations,
    /// `SearchCertificates`.
    Search,
    /// `ListTagsForCertificate`.
    Tags,
}

/// The result of this work, of which each call to ACM and Route 53 waits for its turn: it takes less than
/// half of what AWS accepts. Work without this waits for nothing.
pub async fn paced<F: Future>(work: F) -> F::Output {
    PACE.scope(Arc::default(), work).await
}

/// Waits until ACM may be called.
pub(super) async fn acm(operation: Operation, scope: &Scope) {
    turn(|| Kind::Acm(operation, scope.clone()), operation.rate()).await;
}

/// Waits until Route 53 may be called with this access.
pub(super) async fn route53(access: &Access) {
    let account = || match access {
        Access::Own => None,
        Access::Role(arn) => Some(role_account(arn).unwrap_or(arn).to_owned()),
    };
    // Ten calls a second, and fifty at once.
    // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
    turn(|| Kind::Route53(account()), Rate { at_once: 8, per_second: 4 }).await;
}

/// How many calls may be made at once, and then every second.
#[derive(Clone, Copy, Debug)]
struct Rate {
    at_once: u32,
    per_second: u32,
}

impl Operation {
    /// A part of ACM's limits: ten calls a second, eight, and five.
    ///
    /// Source: [quotas](https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html).
    fn rate(self) -> Rate {
        match self {
            Self::Describe | Self::Tags => Rate { at_once: 4, per_second: 4 },
            Self::List => Rate { at_once: 3, per_second: 3 },
            Self::ListValidations | Self::Search => Rate { at_once: 2, per_second: 2 },
        }
    }
}

async fn turn(kind: impl FnOnce() -> Kind, rate: Rate) {
    let Ok(pace) = PACE.try_with(Arc::clone) else { return };
    let at = pace.reserve(kind(), rate);
    wait_until(at).await;
}

impl Pace {
    /// Reserves the next turn of a call.
    #[expect(clippy::disallowed_methods, reason = "a rate is one of the process's own clock")]
    fn reserve(&self, kind: Kind, rate: Rate) -> Instant {
        let step = Duration::from_secs(1) / rate.per_second;
        let now = Instant::now();
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next.entry(kind).or_insert(now);
        // Calls that were not made for a while may be made at once, up to a limit.
        let due = now.max(*next);
        *next = due + step;
        due.checked_sub(step * (rate.at_once - 1)).map_or(due, |early| early.max(now))
    }
}

#[expect(clippy::disallowed_methods, reason = "this keeps a distance between calls")]
async fn wait_until(at: Instant) {
    sleep_until(at).await;
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the paused clock of the test")]
    #[tokio::test(start_paused = true)]
    async fn a_few_calls_are_made_at_once_and_the_others_one_by_one() {
        let scope = |region: &str| Scope {
            partition: "aws".to_owned(),
            region: region.to_owned(),
            account: "111122223333".to_owned(),
        };
        let began = Instant::now();
        let waited = || began.elapsed().as_millis();
        let call = async |region| {
            acm(Operation::Describe, &scope(region)).await;
            waited()
        };
        let calls = async |count| {
            let calls = (0..count).map(async |_| call("eu-west-1").await);
            futures_util::future::join_all(calls).await
        };
        paced(async {
            assert_eq!(calls(6).await, [0, 0, 0, 0, 250, 500]);
            assert_eq!(call("us-east-1").await, 500, "another region does not wait");
            sleep(Duration::from_secs(10)).await;
            assert_eq!(calls(6).await, [10_500, 10_500, 10_500, 10_500, 10_750, 11_000]);
        })
        .await;
        assert_eq!(calls(6).await, [11_000; 6], "work without a pace does not wait");
    }
}

//! Asks AWS once more if IAM denies a call: a permission that was just granted takes effect after seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::problem::{Cause, Problem};
use crate::flows::pause::pause;

/// The result of a call; if the call is denied, that of the same call a second later.
pub(super) async fn ask_again<T>(call: impl AsyncFn() -> Result<T, Problem>) -> Result<T, Problem> {
    match call().await {
        Err(problem) if problem.cause == Cause::Denied => {
            pause(PAUSE).await;
            call().await
        }
        result => result,
    }
}

/// The problems of a call that takes several things; those that are denied are tried again a second
/// later.
pub(super) async fn again_if_denied<T: Clone + Ord>(
    things: Vec<T>,
    call: impl AsyncFn(Vec<T>) -> BTreeMap<T, Problem>,
) -> BTreeMap<T, Problem> {
    let mut problems = call(things).await;
    let is_denied = |problem: &Problem| problem.cause == Cause::Denied;
    let denied: BTreeMap<_, _> = problems.extract_if(.., |_, problem| is_denied(problem)).collect();
    if !denied.is_empty() {
        pause(PAUSE).await;
        problems.extend(call(denied.into_keys().collect()).await);
    }
    problems
}

/// How long to wait before the second call.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

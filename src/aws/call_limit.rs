//! Limits how often some work may call AWS.

use std::cell::Cell;
use std::future::Future;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

tokio::task_local! {
    static LEFT: Cell<usize>;
}

/// The result of this work, which may send AWS at most this many requests, whatever it meets there:
/// retries count, too. A request beyond them fails without being sent.
pub async fn at_most<F: Future>(requests: usize, work: F) -> F::Output {
    LEFT.scope(Cell::new(requests), work).await
}

/// How many requests the work of this task may still send; `None` if it has no limit.
pub fn left() -> Option<usize> {
    LEFT.try_with(Cell::get).ok()
}

/// Counts the requests of a client. Those of work without a limit are unlimited.
#[derive(Debug)]
pub(super) struct CallLimit;

impl Intercept for CallLimit {
    fn name(&self) -> &'static str {
        "CallLimit"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let count = |left: &Cell<usize>| match left.get().checked_sub(1) {
            Some(fewer) => {
                left.set(fewer);
                Ok(())
            }
            None => Err("all requests that it may send to AWS were sent already".into()),
        };
        LEFT.try_with(count).unwrap_or(Ok(()))
    }
}

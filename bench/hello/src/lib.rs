//! The least that one can run on Lambda in Rust: it logs, takes an event, and says hello.

use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde_json::{Value, json};

/// Takes invocations from Lambda until the process ends, set up as `cargo lambda new` does it.
///
/// # Errors
///
/// If Lambda's Runtime API cannot be reached.
pub async fn serve() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(hello)).await
}

async fn hello(event: LambdaEvent<Value>) -> Result<Value, Error> {
    tracing::info!(request = event.context.request_id, "hello");
    Ok(json!({"message": "hello"}))
}

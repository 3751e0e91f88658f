//! The smallest Lambda function in Rust: it takes an event, logs a line, and answers "hello".

use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde_json::{Value, json};

/// Takes invocations from Lambda until the process ends, as `cargo lambda new` sets it up.
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

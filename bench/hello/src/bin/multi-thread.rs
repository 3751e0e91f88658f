//! The hello-world on tokio's default runtime, as `cargo lambda new` sets it up.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    acm_dns_validator_hello::serve().await
}

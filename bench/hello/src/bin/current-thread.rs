//! The hello-world on one thread, like the function.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    acm_dns_validator_hello::serve().await
}

//! The function's process: a cold start, then one look an invocation.

use std::io::{self, Write};
use std::process::ExitCode;

use acm_dns_validator::aws::clients::behavior_version;
use acm_dns_validator::function::Function;
use acm_dns_validator::metrics::Metrics;
use acm_dns_validator::settings::Settings;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tracing::error;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let lines =
        fmt::layer().json().with_current_span(true).with_span_list(false).flatten_event(true);
    tracing_subscriber::registry().with(levels()).with(lines).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            error!(error = %cause, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_vars(variable)?;
    // One HTTP client for every service, and so one set of root certificates; and a Lambda's
    // credentials are in its environment, where the default chain would look last of all.
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(behavior_version())
        .http_client(http)
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .load()
        .await;
    // A line that nobody takes any more is no reason to fail.
    let metrics = Metrics::new(|line| drop(writeln!(io::stdout(), "{line}")));
    Function::new(settings, config, SharedTimeSource::default(), metrics).serve().await
}

/// What is logged: a level, or `target=level` pairs. Lambda's own setting goes before `RUST_LOG`.
fn levels() -> Targets {
    let all = |level| Targets::new().with_default(level);
    match ["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"].into_iter().find_map(variable).as_deref() {
        // The one of Lambda's levels that `tracing` does not have.
        Some("FATAL") => all(LevelFilter::ERROR),
        Some(levels) => levels.parse().unwrap_or_else(|_| all(LevelFilter::INFO)),
        None => all(LevelFilter::INFO),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

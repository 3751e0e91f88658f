//! The process of the function: a cold start, then one invocation after the other.

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::sync::Arc;

use acm_dns_validator::aws::cloudwatch::{Labels, Metrics};
use acm_dns_validator::aws::environment::sdk_config;
use acm_dns_validator::dns::network::Network;
use acm_dns_validator::domain::settings::{Misconfigured, Settings};
use acm_dns_validator::entry::handler::Function;
use aws_smithy_async::time::SharedTimeSource;
use tracing::{error, info};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The version of the function, in its first line.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let lines =
        fmt::layer().json().with_current_span(true).with_span_list(false).flatten_event(true);
    tracing_subscriber::registry().with(levels()).with(lines).init();
    panic::set_hook(Box::new(|panic| error!(%panic, "the function panicked")));
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            error!(version = VERSION, error = %cause, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let (settings, config) =
        Misconfigured::both(Settings::from_vars(variable), sdk_config(variable))?;
    info!(version = VERSION, "the function starts");
    // A line that cannot be written is no reason to fail.
    let function = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let labels = Labels::new(&function, variable("AWS_LAMBDA_LOG_LEVEL").as_deref());
    let metrics = Metrics::new(labels, |line| drop(writeln!(io::stdout(), "{line}")));
    let clock = SharedTimeSource::default();
    Function::new(settings, config, clock, metrics, Arc::new(Network)).serve().await
}

/// What is logged: a level, or `target=level` pairs. Lambda's own setting has precedence over `RUST_LOG`.
///
/// `DEBUG` is that of the function itself; `TRACE` includes the details of its libraries. The runtime's layer
/// for panics is left out, which logs every error once more in a form of its own.
fn levels() -> Targets {
    let all = |level: LevelFilter| {
        let libraries = match level {
            LevelFilter::DEBUG => LevelFilter::INFO,
            level => level,
        };
        Targets::new()
            .with_default(libraries)
            .with_target("acm_dns_validator", level)
            .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
    };
    match ["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"].into_iter().find_map(variable).as_deref() {
        // The only level of Lambda that `tracing` does not have.
        Some("FATAL") => all(LevelFilter::ERROR),
        Some(levels) => match levels.parse() {
            Ok(level) => all(level),
            Err(_) => levels.parse().unwrap_or_else(|_| all(LevelFilter::INFO)),
        },
        None => all(LevelFilter::INFO),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

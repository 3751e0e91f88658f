//! The function beside a simulated AWS on fixed ports of 127.0.0.1, in real time or faster, for whoever wants
//! to try it with the AWS CLI, an SDK or Terraform.
//!
//! The simulated account and the function are those of the demo. `page` shows the page of the dashboard.

use std::error::Error;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sim::Sim;
use sim::server::{Server, serve_at};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

#[path = "../demo/function.rs"]
mod function;
#[path = "../demo/lambda.rs"]
mod lambda;
mod page;
#[path = "../demo/setup.rs"]
mod setup;

/// Where AWS is simulated, and Lambda's Runtime API.
const AWS: &str = "127.0.0.1:8081";
/// Where public DNS is simulated.
const RESOLVER: &str = "127.0.0.1:8053";
/// Where the page is.
const PAGE: &str = "127.0.0.1:8080";

/// How often the simulated clock is set.
const TICK: Duration = Duration::from_millis(100);

const HELP: &str = "\
Runs the function beside a simulated AWS on ports of 127.0.0.1, until Ctrl-C.

Usage: cargo run --example playground -- [--speed N] [--help]

  --speed N   let N seconds pass in a second: 1 by default
  --help      print this";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let speed = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Some(1),
        ["--speed", speed] => speed.parse().ok().filter(|speed| (1..=10_000).contains(speed)),
        ["--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => None,
    };
    let Some(speed) = speed else {
        eprintln!("cannot read the arguments {arguments:?}\n\n{HELP}");
        return ExitCode::from(2);
    };
    let done = match is_started_as_on_lambda() {
        true => run(speed),
        false => Err(become_as_on_lambda(&arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("playground: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Becomes this program as on Lambda. Returns only if that fails.
fn become_as_on_lambda(arguments: &[String]) -> Box<dyn Error> {
    match lambda::this_program(arguments, AWS) {
        Ok(mut command) => command.exec().into(),
        Err(error) => error.into(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(speed: u32) -> Result<(), Box<dyn Error>> {
    let sim = Sim::stepped(now()).with_latency(Duration::ZERO);
    setup::deploy(&sim);
    let resolver: SocketAddr = RESOLVER.parse()?;
    let server = serve_at(sim.clone(), listen(AWS).await?, resolver)
        .map_err(|error| format!("cannot listen on {RESOLVER}: {error}"))?;
    let page = listen(PAGE).await?;
    let config = setup::sdk_config(&sim, &server);
    let function = function::new(&sim, &server, &config)?;
    // The page has a function of its own, as in the templates.
    let viewer = Arc::new(function::new(&sim, &server, &config)?);
    println!("{}", welcome(speed));
    let local = LocalSet::new();
    tokio::select! {
        ended = function.serve() => Err(format!("the function ended by itself: {ended:?}").into()),
        ended = pass_time(&server, speed) => ended,
        ended = local.run_until(page::serve(page, viewer, sim)) => ended,
        interrupted = tokio::signal::ctrl_c() => {
            println!("\nStopped.");
            Ok(interrupted?)
        }
    }
}

async fn listen(address: &str) -> Result<TcpListener, String> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// Lets the simulated time pass with the real one, `speed` times as fast.
#[expect(clippy::disallowed_methods, reason = "the playground is no invocation")]
async fn pass_time(server: &Server, speed: u32) -> Result<(), Box<dyn Error>> {
    let (began, started) = (server.sim().now(), real_time());
    loop {
        tokio::time::sleep(TICK).await;
        let until = began + TimeDelta::from_std(started.elapsed() * speed)?;
        server.run_until(until).await?;
        server.sim().clock().advance_to(until);
    }
}

#[expect(clippy::disallowed_methods, reason = "the playground follows the real clock")]
fn now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

#[expect(clippy::disallowed_methods, reason = "the playground follows the real clock")]
fn real_time() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "Lambda sets this variable for its runtime client")]
fn is_started_as_on_lambda() -> bool {
    std::env::var("AWS_LAMBDA_RUNTIME_API").as_deref() == Ok(AWS)
}

/// What to try.
fn welcome(speed: u32) -> String {
    let (account, region) = (setup::ACCOUNT, setup::REGION);
    let (untagged, undelegated) = (setup::UNTAGGED_ZONE, setup::UNDELEGATED_ZONE);
    format!(
        "\
A simulated AWS at http://{AWS}, public DNS at {RESOLVER}, and the function, which validates
what is requested here. Time passes {speed} times as fast as outside. Ctrl-C stops all of it.

What is pending, and why:          http://{PAGE}/

In another shell:

  export AWS_ENDPOINT_URL=http://{AWS} AWS_REGION={region} AWS_DEFAULT_REGION={region}
  export AWS_ACCESS_KEY_ID=AKIA{account} AWS_SECRET_ACCESS_KEY=secret

  # It is issued in about two minutes of simulated time:
  arn=$(aws acm request-certificate --domain-name www.example.com --validation-method DNS --query CertificateArn --output text)
  aws acm describe-certificate --certificate-arn \"$arn\" --query Certificate.Status

  # Blocked, until its hosted zone gets the tag validate=yes:
  aws acm request-certificate --domain-name www.{untagged} --validation-method DNS

  # Written, but nobody sees it: the registrar names another provider's name servers.
  aws acm request-certificate --domain-name {undelegated} --validation-method DNS

  aws route53 list-hosted-zones-by-name --query 'HostedZones[].[Id, Name]' --output text
  aws scheduler list-schedules --group-name acm-dns-validator --query 'Schedules[].Name'
  dig @127.0.0.1 -p {port} NS example.com",
        port = RESOLVER.rsplit(':').next().unwrap_or_default(),
    )
}

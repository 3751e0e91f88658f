//! Shows what the function does: several certificates in a simulated AWS, five months in a few
//! seconds.
//!
//! `story` has the scenes, in an `account` that `setup` creates; `function` is the one that is
//! shown. `timeline` and `table` turn into text what it did, and `output` prints it.

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

use sim::Sim;
use sim::server::serve_on;

use crate::account::Account;
use crate::output::{Output, print};
use crate::story::Story;

mod account;
mod function;
mod lambda;
mod output;
mod setup;
mod story;
mod table;
mod timeline;

const HELP: &str = "\
Shows what acm-dns-validator does: a simulated AWS on loopback, the function connected to its
Lambda Runtime API, several certificates, and five months in a few seconds.

Usage: cargo run --example demo -- [--quiet | --json] [--help]

  --quiet   print only the table at the end
  --json    print one JSON object a line: what happens, each invocation, the table at the end
  --help    print this

It ends with a non-zero status if something is not as expected.";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let output = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Output::Timeline,
        ["--quiet"] => Output::Quiet,
        ["--json"] => Output::Json,
        ["--help" | "-h"] => {
            print(HELP);
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("cannot read the arguments {arguments:?}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let done = match variable("AWS_LAMBDA_RUNTIME_API") {
        None => start_as_on_lambda(&arguments),
        Some(address) => run(&address, output),
    };
    done.unwrap_or_else(|error| {
        eprintln!("demo: {error}");
        ExitCode::FAILURE
    })
}

/// Starts this program again as on Lambda, on a free port.
fn start_as_on_lambda(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let status = lambda::this_program(arguments, &free.to_string())?.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Serves the simulated AWS on this address, and runs the story with the function beside it.
#[tokio::main(flavor = "current_thread")]
async fn run(address: &str, output: Output) -> Result<ExitCode, Box<dyn Error>> {
    let sim = Sim::stepped(setup::start_time());
    let server = serve_on(sim.clone(), tokio::net::TcpListener::bind(address).await?)?;
    let config = setup::sdk_config(&sim, &server);
    let function = function::new(&sim, &server, &config)?;
    let story = Story::new(Account::new(sim, server, &config), output);
    tokio::select! {
        done = story.play() => done,
        ended = function.serve() => Err(format!("the function ended by itself: {ended:?}").into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "Lambda sets this variable for its runtime client")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

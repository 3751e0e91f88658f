//! The simulated AWS on a port of its own and on the real clock, for whoever speaks to AWS.

use std::error::Error;
use std::io::Write;
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sim::Sim;
use sim::aws::Service;
use sim::server::serve_on;
use tokio::net::TcpListener;

const HELP: &str = "\
A simulated AWS with one account and one registered domain, on a port of 127.0.0.1, until it is killed.

Usage: cargo run -p acm-dns-validator-sim --example aws -- ACCOUNT DOMAIN [SECONDS]
       cargo run -p acm-dns-validator-sim --example aws -- --operations

It prints one line of JSON: the endpoint, credentials of the account, and the id of the domain's hosted zone.
SECONDS is how often ACM looks at public DNS, and how long it takes to issue what it found valid: 20 by default.
--operations prints the operations it serves, one a line, and ends.";

/// How far the simulated clock may lag behind the real one.
const TICK: Duration = Duration::from_millis(100);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (account, domain, seconds) =
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["--operations"] => {
                for service in Service::ALL {
                    for operation in service.operations() {
                        writeln!(std::io::stdout(), "{}:{operation}", service.iam_prefix())?;
                    }
                }
                return Ok(());
            }
            [account, domain] => (account, domain, 20),
            [account, domain, seconds] => (account, domain, seconds.parse()?),
            _ => return Err(HELP.into()),
        };
    let sim = Sim::stepped(now()).with_latency(Duration::ZERO);
    let (credentials, zone) = {
        let mut aws = sim.aws();
        aws.acm.behaviour.validation_interval = TimeDelta::seconds(seconds);
        aws.acm.behaviour.issuance_delay = TimeDelta::seconds(seconds);
        (aws.sts.add_account(account), aws.route53.register_domain(account, domain))
    };
    let server = serve_on(sim.clone(), TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)?;
    let line = json!({
        "endpoint": format!("http://{}", server.address()),
        "accessKeyId": credentials.access_key_id,
        "secretAccessKey": credentials.secret_access_key,
        "hostedZoneId": zone,
    });
    writeln!(std::io::stdout(), "{line}")?;
    loop {
        pass(TICK).await;
        sim.clock().advance_to(now());
    }
}

#[expect(clippy::disallowed_methods, reason = "this world runs on the real clock")]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[expect(clippy::disallowed_methods, reason = "this world runs on the real clock")]
async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}

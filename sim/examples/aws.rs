//! The simulated AWS on a port of its own and on the real clock, for whoever speaks to AWS.

use std::error::Error;
use std::io::Write;
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::Sim;
use sim::acm::{Method, Status};
use sim::aws::Service;
use sim::faults::{Fault, FaultKind};
use sim::server::serve_on;
use tokio::net::TcpListener;

const HELP: &str = "\
A simulated AWS with one account and one registered domain, on a port of 127.0.0.1, until it is killed.

Usage: cargo run -p acm-dns-validator-sim --example aws -- ACCOUNT DOMAIN [SECONDS [--evidence]]
       cargo run -p acm-dns-validator-sim --example aws -- --operations

It prints one line of JSON: the endpoint, credentials of the account, and the id of the domain's hosted zone.
SECONDS is how often ACM looks at public DNS, and how long it takes to issue what it found valid: 20 by default.
--evidence adds what sim/evidence/run asks about: roles, a certificate in use and a zone of another service. Each line of
standard input, such as 'Throttled GetChange', makes the next such call fail; a line of standard output says so.
--operations prints the operations it serves, one a line, and ends.";

/// How far the simulated clock may lag behind the real one.
const TICK: Duration = Duration::from_millis(100);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (account, domain, seconds, evidence) =
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["--operations"] => {
                for service in Service::ALL {
                    for operation in service.operations() {
                        writeln!(std::io::stdout(), "{}:{operation}", service.iam_prefix())?;
                    }
                }
                return Ok(());
            }
            [account, domain] => (account, domain, 20, false),
            [account, domain, seconds] => (account, domain, seconds.parse()?, false),
            [account, domain, seconds, "--evidence"] => (account, domain, seconds.parse()?, true),
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
    let mut line = json!({
        "endpoint": format!("http://{}", server.address()),
        "accessKeyId": credentials.access_key_id,
        "secretAccessKey": credentials.secret_access_key,
        "hostedZoneId": zone,
    });
    if evidence {
        line["evidence"] = furnish(&sim, account, domain);
        std::thread::spawn({
            let sim = sim.clone();
            move || break_calls(&sim)
        });
    }
    writeln!(std::io::stdout(), "{line}")?;
    loop {
        pass(TICK).await;
        sim.clock().advance_to(now());
    }
}

/// What no call through the door can make.
fn furnish(sim: &Sim, account: &str, domain: &str) -> Value {
    let role = |name| format!("arn:aws:iam::{account}:role/{name}");
    let (scheduler_role, zones_role) = (role("scheduler"), role("zones"));
    let mut aws = sim.aws();
    let lambda = format!("arn:aws:lambda:us-east-1:{account}:function:validator");
    let queue = format!("arn:aws:sqs:us-east-1:{account}:queue");
    aws.scheduler.allow_role(account, &scheduler_role, &[&lambda, &queue]);
    aws.sts.add_role(&zones_role, account);
    let name = format!("mail.{domain}");
    let certificate = aws.acm.seed(account, "us-east-1", &[&name], now(), |certificate| {
        certificate.validation_method = Some(Method::Email);
        certificate.status = Status::Issued;
        certificate.in_use_by = vec![format!(
            "arn:aws:elasticloadbalancing:us-east-1:{account}:loadbalancer/app/mail/1"
        )];
    });
    let zone = aws.route53.create_linked_zone(account, &format!("linked.{domain}"));
    json!({
        "certificateArn": certificate,
        "linkedHostedZoneId": zone,
        "schedulerRoleArn": scheduler_role,
        "zonesRoleArn": zones_role,
    })
}

/// Makes one call fail for each line of standard input.
fn break_calls(sim: &Sim) {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let kind = match line.split_once(' ') {
            Some(("Denied", operation)) => Some((FaultKind::Denied, operation)),
            Some(("InternalError", operation)) => Some((FaultKind::InternalError, operation)),
            Some(("PriorRequestNotComplete", operation)) => {
                Some((FaultKind::PriorRequestNotComplete, operation))
            }
            Some(("Throttled", operation)) => Some((FaultKind::Throttled, operation)),
            Some(("Unavailable", operation)) => Some((FaultKind::Unavailable, operation)),
            _ => None,
        };
        if let Some((kind, operation)) = kind {
            sim.aws().faults.add(Fault::new(kind).on(operation).times(1));
        }
        let answer = if kind.is_some() { "fails" } else { "unknown" };
        if writeln!(std::io::stdout(), "{answer}: {line}").is_err() {
            return;
        }
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

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
use sim::dns::{DnsFault, DnsFaultKind};
use sim::faults::{Fault, FaultKind};
use sim::organizations::AccountState;
use sim::route53::Route53;
use sim::server::serve_on;
use sim::sts::Credentials;
use tokio::net::TcpListener;

const HELP: &str = "\
A simulated AWS with one account and one registered domain, on a port of 127.0.0.1, until it is killed.

Usage: cargo run -p acm-dns-validator-sim --example aws -- ACCOUNT DOMAIN [SECONDS [--evidence|--unlimited]]
       cargo run -p acm-dns-validator-sim --example aws -- --operations

It prints one line of JSON: the endpoint, credentials of the account, the id of the domain's hosted zone, and the address
of a recursive resolver for UDP and TCP.
SECONDS is how often ACM looks at public DNS, and how long it takes to issue what it found valid: 20 by default.
--unlimited accepts calls at any rate.
--evidence adds what sim/evidence/run asks about: roles, a certificate in use, a zone of another service and more of public
DNS.
Each line of standard input, such as 'Throttled GetChange', makes the next such call fail; a line of standard output says so.
A line such as 'Silence www.example.com' does the same for the next question about this name.
--operations prints the operations it serves, one a line, and ends.";

/// How far the simulated clock may lag behind the real one.
const TICK: Duration = Duration::from_millis(100);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (account, domain, seconds, option) =
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["--operations"] => {
                for service in Service::ALL {
                    for operation in service.operations() {
                        writeln!(std::io::stdout(), "{}:{operation}", service.iam_prefix())?;
                    }
                }
                return Ok(());
            }
            [account, domain] => (account, domain, 20, ""),
            [account, domain, seconds] => (account, domain, seconds.parse()?, ""),
            [account, domain, seconds, option @ ("--evidence" | "--unlimited")] => {
                (account, domain, seconds.parse()?, option)
            }
            _ => return Err(HELP.into()),
        };
    let sim = Sim::stepped(now()).with_latency(Duration::ZERO);
    let (credentials, zone) = {
        let mut aws = sim.aws();
        aws.acm.behaviour.validation_interval = TimeDelta::seconds(seconds);
        aws.acm.behaviour.issuance_delay = TimeDelta::seconds(seconds);
        aws.acm.set_unlimited(option == "--unlimited");
        aws.route53.set_unlimited(option == "--unlimited");
        // As the function's ARN and its role's are under Lambda's runtime emulator.
        let function = format!("arn:aws:lambda:us-east-1:{account}:function:function");
        let role = format!("arn:aws:iam::{account}:role/scheduler");
        aws.scheduler.allow_role(account, &role, &[&function]);
        (aws.sts.add_account(account), aws.route53.register_domain(account, domain))
    };
    let server = serve_on(sim.clone(), TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)?;
    let mut line = json!({
        "endpoint": format!("http://{}", server.address()),
        "accessKeyId": credentials.access_key_id,
        "secretAccessKey": credentials.secret_access_key,
        "hostedZoneId": zone,
        "resolver": server.dns_address().to_string(),
    });
    if option == "--evidence" {
        line["evidence"] = furnish(&sim, account, domain);
        furnish_dns(&mut sim.aws().route53);
    }
    std::thread::spawn({
        let sim = sim.clone();
        move || break_calls(&sim)
    });
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
    let members = 24_u64;
    aws.organizations.create(account, now());
    for member in (0..members).map(|number| (200_000_000_000 + number).to_string()) {
        aws.organizations.join(&member, AccountState::Active, now());
    }
    let [stranger, member] = ["333333333333", "200000000000"].map(|account| {
        let Credentials { access_key_id, secret_access_key } = aws.sts.add_account(account);
        json!({"AccessKeyId": access_key_id, "SecretAccessKey": secret_access_key})
    });
    let zone = aws.route53.create_linked_zone(account, &format!("linked.{domain}"));
    json!({
        "certificateArn": certificate,
        "linkedHostedZoneId": zone,
        "member": member,
        "schedulerRoleArn": scheduler_role,
        "stranger": stranger,
        "zonesRoleArn": zones_role,
    })
}

/// The public DNS that sim/evidence/resolver.py asks about. It belongs to another account and another
/// provider, so that no list of the API shows it.
fn furnish_dns(dns: &mut Route53) {
    let servers = ["ns1.resolver.example", "ns2.resolver.example"];
    let zone = dns.create_zone_with("222222222222", "resolver.example", &servers);
    dns.register_with("resolver.example", &servers);
    let other = dns.zone_elsewhere("provider.example", &["ns1.provider.example"]);
    dns.register_with("provider.example", &["ns1.provider.example"]);
    let child = dns.zone_elsewhere("child.resolver.example", &["ns1.provider.example"]);
    dns.delegate(&child);
    dns.register_with("lame.example", &["ns.nobody.example"]);
    let texts: Vec<_> =
        (0..9).map(|number| format!("\"{}\"", format!("{number}").repeat(200))).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    for (name, record_type, values) in [
        (
            "",
            "CAA",
            &["0 issue \"amazon.com; x=y\"", "128 iodef \"mailto:dns@resolver.example\""][..],
        ),
        ("", "MX", &["10 mail.resolver.example.", "20 mail.provider.example"]),
        ("", "SPF", &["\"v=spf1 -all\""]),
        ("", "TXT", &["\"one two\" \"three \\\"four\\\" \\\\ \\351\"", "\"\""]),
        ("www.", "A", &["192.0.2.1", "192.0.2.2"]),
        ("www.", "AAAA", &["2001:db8::1"]),
        ("_sip._tcp.", "SRV", &["1 2 5060 www.resolver.example."]),
        ("*.wild.", "A", &["192.0.2.3"]),
        ("a.b.", "A", &["192.0.2.4"]),
        ("dot\\056dot.", "A", &["192.0.2.5"]),
        ("alias.", "CNAME", &["www.provider.example"]),
        ("dangling.", "CNAME", &["no.provider.example."]),
        ("loop.", "CNAME", &["loop.resolver.example."]),
        ("broken.", "CNAME", &["www.lame.example."]),
        ("big.", "TXT", &texts),
    ] {
        dns.put_record(&zone, &format!("{name}resolver.example"), record_type, 60, values);
    }
    dns.put_record(&other, "www.provider.example", "A", 30, &["192.0.2.6"]);
    dns.put_record(&child, "www.child.resolver.example", "A", 30, &["192.0.2.7"]);
}

/// Makes one call, or the answer to one question, fail for each line of standard input.
fn break_calls(sim: &Sim) {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let answer = match line.split_once(' ') {
            Some((kind, of)) if add_fault(sim, kind, of) => "fails",
            _ => "unknown",
        };
        if writeln!(std::io::stdout(), "{answer}: {line}").is_err() {
            return;
        }
    }
}

/// Adds the fault of this name, for one call of an operation or one question about a name. Returns whether
/// there is one.
fn add_fault(sim: &Sim, kind: &str, of: &str) -> bool {
    let call = match kind {
        "Denied" => Some(FaultKind::Denied),
        "InternalError" => Some(FaultKind::InternalError),
        "PriorRequestNotComplete" => Some(FaultKind::PriorRequestNotComplete),
        "Throttled" => Some(FaultKind::Throttled),
        "Unavailable" => Some(FaultKind::Unavailable),
        _ => None,
    };
    let question = match kind {
        "Garbage" => Some(DnsFaultKind::Garbage),
        "OnlyWrongId" => Some(DnsFaultKind::OnlyWrongId),
        "Poisoned" => Some(DnsFaultKind::Poisoned),
        "Refused" => Some(DnsFaultKind::Refused),
        "ServFail" => Some(DnsFaultKind::ServFail),
        "Silence" => Some(DnsFaultKind::Silence),
        "Truncated" => Some(DnsFaultKind::Truncated),
        "WrongId" => Some(DnsFaultKind::WrongId),
        "WrongQuestion" => Some(DnsFaultKind::WrongQuestion),
        _ => None,
    };
    let mut aws = sim.aws();
    if let Some(kind) = call {
        aws.faults.add(Fault::new(kind).on(of).times(1));
    }
    if let Some(kind) = question {
        aws.dns.faults.add(DnsFault::new(kind).on(of).times(1));
    }
    call.is_some() || question.is_some()
}

#[expect(clippy::disallowed_methods, reason = "this world runs on the real clock")]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[expect(clippy::disallowed_methods, reason = "this world runs on the real clock")]
async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}

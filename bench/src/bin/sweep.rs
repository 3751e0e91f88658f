//! Measures a sweep of many places, each a region of an account, as Lambda would run it at 128 MB.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads clocks and its environment")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, SystemTime};

use acm_dns_validator_bench::host::{RuntimeApi, SERVICES, Services};
use acm_dns_validator_bench::process::{peak_memory, processor_time};
use acm_dns_validator_bench::throttle::{SHARE, Throttle, spin};
use acm_dns_validator_bench::trust::Trust;
use acm_dns_validator_bench::world::{
    ACCOUNT, CERTIFICATE_ROLE, FUNCTION, Failure, GROUP, REGION, SCHEDULE_ROLE, process_id,
};
use chrono::TimeDelta;
use serde_json::json;
use sim::Sim;
use sim::aws::Call;
use tokio::process::Command;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::interval;

const HELP: &str = "\
Measures one invocation that sweeps accounts in 17 regions, over HTTPS, with the processor share of 128 MB.

Usage: sweep BOOTSTRAP [--accounts N] [--latency MILLISECONDS] [--every N]

  --accounts   how many accounts; 200 by default
  --latency    how long AWS takes to answer a call; 200 by default
  --every      every how manieth place has a pending certificate; 10 by default";

const REGIONS: [&str; 17] = [
    "eu-west-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The longest time-out that Lambda allows.
const TIMEOUT: Duration = Duration::from_secs(900);

#[derive(Debug)]
struct Options {
    bootstrap: String,
    accounts: usize,
    latency: Duration,
    every: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments == ["spin"] {
        return spin().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let measured = async { LocalSet::new().run_until(measure(&parse(arguments)?)).await };
    match measured.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: Vec<String>) -> Result<Options, Failure> {
    let mut arguments = arguments.into_iter();
    let bootstrap = arguments.next().ok_or(HELP)?;
    let latency = Duration::from_millis(200);
    let mut options = Options { bootstrap, accounts: 200, latency, every: 10 };
    while let Some(option) = arguments.next() {
        let number: usize = arguments.next().ok_or(HELP)?.parse().map_err(|_| HELP)?;
        match option.as_str() {
            "--accounts" => options.accounts = number,
            "--latency" => options.latency = Duration::from_millis(number.try_into()?),
            "--every" => options.every = number.max(1),
            _ => return Err(HELP.into()),
        }
    }
    Ok(options)
}

async fn measure(options: &Options) -> Result<(), Failure> {
    let directory = std::env::temp_dir().join(format!("sweep-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let measured = measure_in(&directory, options).await;
    let log = std::fs::read_to_string(directory.join("log")).unwrap_or_default();
    std::fs::remove_dir_all(&directory)?;
    measured.map_err(|failure| format!("{failure}\n{log}").into())
}

/// The ids of the accounts, the function's own first.
fn accounts(count: usize) -> Vec<String> {
    let others = (1..count).map(|number| format!("2{number:011}"));
    std::iter::once(ACCOUNT.to_owned()).chain(others).collect()
}

fn world(options: &Options) -> Sim {
    let sim = Sim::stepped(SystemTime::now().into());
    let now = sim.now();
    {
        let mut aws = sim.aws();
        aws.sts.add_account(ACCOUNT);
        aws.scheduler.add_group(ACCOUNT, REGION, GROUP, now);
        aws.scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE, &[FUNCTION]);
        let mut number = 0;
        for account in accounts(options.accounts) {
            aws.sts.add_role(&format!("arn:aws:iam::{account}:role/{CERTIFICATE_ROLE}"), ACCOUNT);
            for region in REGIONS {
                number += 1;
                if number % options.every == 0 {
                    let requested = now - TimeDelta::minutes(30);
                    aws.acm.seed(&account, region, &["www.example.com"], requested, |_| {});
                }
            }
        }
    }
    sim
}

async fn measure_in(directory: &Path, options: &Options) -> Result<(), Failure> {
    let hosts = SERVICES.iter().map(|(_, host)| host.to_string()).collect();
    let trust = Trust::new(directory, hosts)?;
    let throttle = Throttle::find();
    let (_, share) = throttle.validate()?;
    println!("{throttle}: a busy loop got {share:.3} of a processor, Lambda gives {SHARE:.3}.");
    let sim = world(options);
    let services = Services::serve(&sim, &trust.acceptor, options.latency).await?;
    // ACM's limits of rate are by the clock.
    let ticking = sim.clone();
    let ticking = spawn_local(async move {
        let mut tick = interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            ticking.clock().advance_to(SystemTime::now().into());
        }
    });
    let mut runtime = RuntimeApi::serve(TIMEOUT).await?;
    let mut command = Command::new(&options.bootstrap);
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "acm-dns-validator")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", format!("AKIA{ACCOUNT}"))
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("SSL_CERT_FILE", &trust.all)
        .env("SCHEDULE_GROUP", GROUP)
        .env("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)
        .env("CERTIFICATE_ROLE_NAME", CERTIFICATE_ROLE)
        .env("REGIONS", REGIONS.join(","))
        .stdin(Stdio::null())
        .stdout(File::create(directory.join("log"))?)
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for (service, address) in &services.addresses {
        command.env(format!("AWS_ENDPOINT_URL_{service}"), format!("https://{address}"));
    }
    let process = command.spawn()?;
    let pid = process_id(&process)?;
    runtime.next_request().await?;
    let _slowed = throttle.slow(pid)?;
    let before = processor_time(pid)?;
    let accounts = &accounts(options.accounts)[1..];
    let event = json!({
        "source": "acm-dns-validator", "detail-type": "Certificate Sweep", "resources": [],
        "detail": {"accounts": accounts},
    });
    let took = runtime.invoke(event).await?;
    let processor = processor_time(pid)? - before;
    ticking.abort();
    report(options, &sim, took, processor, peak_memory(pid)?, services.connections());
    Ok(())
}

fn report(
    options: &Options,
    sim: &Sim,
    took: Duration,
    processor: Duration,
    memory: u64,
    connections: usize,
) {
    let aws = sim.aws();
    let calls: &[Call] = aws.calls();
    let mut operations: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls {
        *operations.entry(&call.operation).or_default() += 1;
    }
    let failed = |text| {
        let is_it = |call: &&Call| call.error.as_deref().is_some_and(|it| it.contains(text));
        calls.iter().filter(is_it).count()
    };
    let schedules = aws.scheduler.schedules(ACCOUNT, REGION, GROUP);
    let goes_on = schedules.iter().filter(|it| it.name.starts_with("sweep-")).count();
    println!(
        "{} places, {} ms a call: {:.1} s, {:.2} s of processor time, {:.1} MB at most, {} calls {operations:?}, \
         {} throttled, {connections} connections, {goes_on} sweeps that go on",
        options.accounts * REGIONS.len(),
        options.latency.as_millis(),
        took.as_secs_f64(),
        processor.as_secs_f64(),
        memory as f64 / 1e6,
        calls.len(),
        failed("Throttl"),
    );
}

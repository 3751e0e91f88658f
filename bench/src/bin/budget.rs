//! Measures figures that do not depend on the machine's speed, and prints them as JSON:
//! `budget BOOTSTRAP [DIRECTORY]`.
//!
//! The figures: calls, connections and peak memory of a first check, and the instructions of init, of a
//! first check and of a later one, as callgrind counts them. If a directory is given, callgrind's files
//! stay in it: one for init, one that includes a first check, one that includes later checks too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use acm_dns_validator_bench::process::peak_memory;
use acm_dns_validator_bench::world::{ACCOUNT, Failure, REGION, World, process_id, request_event};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

/// The services the function calls, as `AWS_ENDPOINT_URL_…` names them. Each is a host of its own.
const SERVICES: [&str; 5] = ["ACM", "EVENTBRIDGE", "ROUTE_53", "SCHEDULER", "STS"];

/// How many later checks are measured. The figure is their average.
const LATER: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let bootstrap = env::args().nth(1).ok_or("usage: budget BOOTSTRAP [DIRECTORY]")?;
    let bootstrap = fs::canonicalize(bootstrap)?;
    let kept = env::args().nth(2).map(PathBuf::from);
    let kept = kept.as_deref();
    let mut figures = first_check(&bootstrap).await?;
    let init = instructions(&bootstrap, 0, kept).await?;
    let first = instructions(&bootstrap, 1, kept).await?;
    let all = instructions(&bootstrap, 1 + LATER, kept).await?;
    figures["instructions of init"] = init.into();
    figures["instructions of a first check"] = (first - init).into();
    figures["instructions of a later check"] = ((all - first) / LATER as u64).into();
    println!("{figures:#}");
    Ok(())
}

/// A world with one pending certificate, and its ARN.
async fn world() -> Result<(World, String), Failure> {
    let world = World::new().await?;
    world.sim().aws().route53.register_domain(ACCOUNT, "example.com");
    let arn = world.add_certificate(ACCOUNT, REGION, &["www.example.com".to_owned()]);
    Ok((world, arn))
}

async fn first_check(bootstrap: &Path) -> Result<Value, Failure> {
    let (world, arn) = world().await?;
    let mut command = world.command(bootstrap);
    let mut counts = Vec::new();
    for service in SERVICES {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        command.env(format!("AWS_ENDPOINT_URL_{service}"), format!("http://{address}"));
        let count = Arc::new(AtomicUsize::new(0));
        tokio::spawn(forward(listener, world.address(), Arc::clone(&count)));
        counts.push((service, count));
    }
    let process = command.spawn()?;
    world.wait_until_idle().await?;
    let (made, _) = world.invoke(request_event(&arn)?).await?;
    let mut calls = BTreeMap::new();
    for call in made {
        let name = format!("{}:{}", call.service.iam_prefix(), call.operation);
        *calls.entry(name).or_insert(0) += 1;
    }
    let connections: BTreeMap<_, _> = counts
        .iter()
        .map(|(service, count)| (*service, count.load(Ordering::Relaxed)))
        .filter(|(_, count)| *count > 0)
        .collect();
    Ok(json!({
        "calls of a first check": calls,
        "connections of a first check": connections,
        "peak memory": peak_memory(process_id(&process)?)?,
    }))
}

/// Forwards connections to the simulator, and counts them. Errors of a connection are left to its client.
async fn forward(listener: TcpListener, to: String, count: Arc<AtomicUsize>) {
    while let Ok((mut client, _)) = listener.accept().await {
        count.fetch_add(1, Ordering::Relaxed);
        let to = to.clone();
        tokio::spawn(async move {
            let mut server = TcpStream::connect(to).await?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}

/// The instructions of the function's process, from its start to the end of this many checks.
async fn instructions(
    bootstrap: &Path,
    checks: usize,
    kept: Option<&Path>,
) -> Result<u64, Failure> {
    let (world, arn) = world().await?;
    let directory = kept.map_or_else(env::temp_dir, Path::to_path_buf);
    let counted = directory.join(format!("callgrind-{}-{checks}", process::id()));
    let mut process = world
        .command(VALGRIND)
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", counted.display()))
        .arg(bootstrap)
        .spawn()?;
    world.wait_until_idle().await?;
    for _ in 0..checks {
        world.invoke(request_event(&arn)?).await?;
    }
    // callgrind writes its counts to the file when a signal ends the process.
    let pid = process_id(&process)?.to_string();
    Command::new("kill").args(["-TERM", &pid]).status().await?;
    process.wait().await?;
    let total = total(&counted);
    if kept.is_none() {
        fs::remove_file(&counted)?;
    }
    total
}

const VALGRIND: &str = "/usr/bin/valgrind";

/// The last line of callgrind's file that begins with `totals:`.
/// Source: <https://valgrind.org/docs/manual/cl-format.html>
fn total(counted: &Path) -> Result<u64, Failure> {
    let text = fs::read_to_string(counted)?;
    let total = text.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("callgrind counted nothing")?.trim().parse()?)
}

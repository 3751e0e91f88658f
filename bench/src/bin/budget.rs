//! Holds a release binary to what it may cost. Nothing here is timed: what is counted is the same on
//! every machine, or nearly so.
#![expect(clippy::disallowed_methods, reason = "a program of its own reads its arguments")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use acm_dns_validator_bench::look::{ACCOUNT, REGION, Running, World};
use serde_json::{Map, Value};

/// Runs of which the median counts.
const RUNS: usize = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [budget, binary, scratch] = &arguments[..] else {
        eprintln!("Usage: budget BUDGET BINARY DIRECTORY");
        return ExitCode::FAILURE;
    };
    match measure(binary, Path::new(scratch)).await.and_then(|measured| hold(&measured, budget)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Measured = BTreeMap<String, u64>;

async fn measure(binary: &str, scratch: &Path) -> Result<Measured, String> {
    let size = |path: &Path| {
        let read = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()));
        read.map(|file| file.len())
    };
    let mut measured = Measured::new();
    measured.insert("binary".to_owned(), size(Path::new(binary))?);
    measured.insert("zip".to_owned(), size(&zip(binary, scratch)?)?);

    let (mut memory, mut init, mut look) = (Vec::new(), Vec::new(), Vec::new());
    let mut counted: Option<Measured> = None;
    for _ in 0..RUNS {
        let (mut world, event) = first_look()?;
        let mut running = Running::start(&world, &[binary], &[]).await?;
        let cost = running.invoke(event).await?;
        running.end().await?;
        if let Some(call) = cost.calls.iter().find(|call| call.error.is_some()) {
            return Err(format!("{} was refused: {:?}", call.operation, call.error));
        }
        if cost.written != 1 {
            return Err(format!("{} records were written in place of one", cost.written));
        }
        memory.push(cost.memory);
        let mut counts = Measured::new();
        for call in &cost.calls {
            *counts.entry(format!("calls: {}", call.operation)).or_default() += 1;
        }
        for (service, count) in cost.connections {
            counts.insert(format!("connections: {service}"), as_u64(count));
        }
        if counted.as_ref().is_some_and(|before| *before != counts) {
            return Err(format!("one run counts {counted:?}, another {counts:?}"));
        }
        counted = Some(counts);

        let profile = scratch.join("callgrind.out");
        let out = format!("--callgrind-out-file={}", profile.display());
        let command = ["valgrind", "--quiet", "--tool=callgrind", &out, binary];
        Running::start(&world, &command, &[]).await?.end().await?;
        let begun = instructions(&profile)?;
        let event;
        (world, event) = first_look()?;
        let mut running = Running::start(&world, &command, &[]).await?;
        running.invoke(event).await?;
        running.end().await?;
        init.push(begun);
        look.push(instructions(&profile)?.saturating_sub(begun));
    }
    measured.extend(counted.unwrap_or_default());
    for (name, values) in
        [("memory", memory), ("instructions: init", init), ("instructions: first look", look)]
    {
        let values = sorted(values);
        println!("{name}: {} to {} in {RUNS} runs", values[0], values[RUNS - 1]);
        measured.insert(name.to_owned(), values[RUNS / 2]);
    }
    Ok(measured)
}

/// One certificate for one name, and a zone for it.
fn first_look() -> Result<(World, Value), String> {
    let mut world = World::new();
    world.aws.route53.register_domain(ACCOUNT, "example.com");
    let event = world.request(ACCOUNT, REGION, &["www.example.com".to_owned()]);
    event.map(|event| (world, event)).map_err(|error| error.to_string())
}

/// The archive that is uploaded.
fn zip(binary: &str, scratch: &Path) -> Result<std::path::PathBuf, String> {
    let path = scratch.join("bootstrap.zip");
    let script = "import sys, zipfile\n\
                  with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as archive:\n    \
                  archive.write(sys.argv[2], 'bootstrap')";
    let status = Command::new("python3").args(["-c", script]).arg(&path).arg(binary).status();
    match status {
        Ok(status) if status.success() => Ok(path),
        status => Err(format!("python3 makes no archive: {status:?}")),
    }
}

/// The instructions that callgrind counted.
fn instructions(profile: &Path) -> Result<u64, String> {
    let text = fs::read_to_string(profile).map_err(|error| format!("callgrind: {error}"))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    total.ok_or_else(|| "callgrind's file has no total".to_owned())
}

fn sorted(mut values: Vec<u64>) -> Vec<u64> {
    values.sort_unstable();
    values
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Says how each figure does by its limit; whether all keep to theirs.
fn hold(measured: &Measured, budget: &str) -> Result<bool, String> {
    let text = fs::read_to_string(budget).map_err(|error| format!("{budget}: {error}"))?;
    let limits: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| format!("{budget}: {error}"))?;
    let mut kept = true;
    let names = limits.keys().chain(measured.keys().filter(|name| !limits.contains_key(*name)));
    for name in names {
        let entry = &limits.get(name).cloned().unwrap_or_default();
        let was = entry["limit"].as_u64().unwrap_or(0);
        let is = measured.get(name).copied().unwrap_or(0);
        let margin = was * entry["margin_percent"].as_u64().unwrap_or(0) / 100;
        let verdict = if is > was + margin {
            kept = false;
            let see = entry["see"].as_str().unwrap_or("nothing of the kind was in the budget");
            format!("FAILED: grew from {was} to {is}, {margin} more would do. To see where: {see}")
        } else if is + margin < was {
            format!("ok, less than the budget's {was}: tighten it")
        } else {
            "ok".to_owned()
        };
        println!("{name} {is}: {verdict}");
    }
    Ok(kept)
}

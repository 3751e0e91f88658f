//! Compares the function with what else one could run on Lambda, each in its own process, turn by turn.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads clocks and its environment")]

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use acm_dns_validator_bench::process::{peak_memory, processor_time};
use fastrand::Rng;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::candidate::{Candidate, Kind};
use crate::host::{Moment, RuntimeApi, SERVICES, Said, Services};
use crate::report::{Compared, Figures, milliseconds};
use crate::table::round;
use crate::throttle::{SHARE, Throttle};
use crate::trust::Trust;
use crate::world::World;

mod candidate;
mod host;
mod report;
mod table;
mod throttle;
mod trust;
mod world;

const HELP: &str = "\
Compares what is named here, in one interleaved run, and prints tables in Markdown.

Usage: compare [OPTION]…

  --function NAME=BINARY      the function, or another build of it
  --hello NAME=BINARY         a program that answers and does nothing else
  --python NAME=INTERPRETER   the function in Python, run by this interpreter
  --node NAME=DIRECTORY       the function in Node.js, bundled as index.js in this directory
  --runs N                    how often each is run; 25 by default
  --latency MILLISECONDS      what each round trip to AWS takes besides; 0 by default
  --throttle signals          slow processes down by signals, even where there are control groups";

/// Invocations after the first, over which their processor time is averaged.
const WARM: usize = 20;

/// How long a run may take, and an invocation in it.
const PATIENCE: Duration = Duration::from_secs(30);

struct Options {
    candidates: Vec<Candidate>,
    runs: usize,
    latency: Duration,
    throttle: fn() -> Throttle,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut this = Self {
            candidates: Vec::new(),
            runs: 25,
            latency: Duration::ZERO,
            throttle: Throttle::find,
        };
        while let Some(option) = arguments.next() {
            let value = arguments.next().ok_or(HELP)?;
            let number = || value.parse().map_err(|_| format!("`{value}` is not a number"));
            let kind = match option.as_str() {
                "--function" => Kind::Function,
                "--hello" => Kind::Hello,
                "--node" => Kind::Node,
                "--python" => Kind::Python,
                "--runs" => {
                    this.runs = usize::try_from(number()?).unwrap_or(usize::MAX).max(1);
                    continue;
                }
                "--latency" => {
                    this.latency = Duration::from_millis(number()?);
                    continue;
                }
                "--throttle" if value == "signals" => {
                    this.throttle = || Throttle::Signals;
                    continue;
                }
                _ => return Err(HELP.to_owned()),
            };
            this.candidates.push(Candidate::parse(kind, &value)?);
        }
        if this.candidates.is_empty() { Err(HELP.to_owned()) } else { Ok(this) }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["spin"] => throttle::spin().map_err(|error| error.to_string()),
        _ => match Options::parse(arguments.into_iter()) {
            Ok(options) => LocalSet::new().run_until(compare(&options)).await,
            Err(message) => Err(message),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn compare(options: &Options) -> Result<(), String> {
    let directory = std::env::temp_dir().join(format!("compare-{}", std::process::id()));
    std::fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
    let compared = compare_in(&directory, options).await;
    std::fs::remove_dir_all(&directory).map_err(|error| error.to_string())?;
    compared
}

async fn compare_in(directory: &Path, options: &Options) -> Result<(), String> {
    let hosts = SERVICES.iter().map(|(_, host)| host.to_string()).collect();
    let trust = Trust::new(directory, hosts).map_err(|error| error.to_string())?;
    let throttle = (options.throttle)();
    let (busy, share) = throttle.validate().map_err(|error| format!("{throttle}: {error}"))?;
    println!(
        "The processor of a function of 128 MB, after init, by {throttle}: a busy loop of {} ms got \
         {share:.3} of it, Lambda gives {SHARE:.3}.",
        round(milliseconds(busy)),
    );
    if !(0.8..1.25).contains(&(share / SHARE)) {
        return Err("that is not what Lambda gives".to_owned());
    }
    println!(
        "Medians of {} runs, quartiles in parentheses. Each round trip to AWS takes {} ms besides.\n",
        options.runs,
        options.latency.as_millis(),
    );
    let begun = |candidate| Compared { candidate, full: Vec::new(), slow: Vec::new() };
    let mut compared: Vec<_> = options.candidates.iter().map(begun).collect();
    let log = directory.join("log");
    // The first round of all brings everything into memory, and does not count.
    for round in 0..=options.runs {
        let mut turns: Vec<_> = compared.iter_mut().collect();
        // Node.js leaves empty caches behind, and not always to the same one.
        Rng::with_seed(round as u64).shuffle(&mut turns);
        for Compared { candidate, full, slow } in turns {
            for (throttle, into) in [(None, full), (Some(&throttle), slow)] {
                let run = run(candidate, throttle, options.latency, &trust, &log);
                let figures = timeout(PATIENCE, run).await;
                let figures = figures.unwrap_or_else(|_| Err("it takes for ever".to_owned()));
                let figures = figures.map_err(|error| {
                    let log = std::fs::read_to_string(&log).unwrap_or_default();
                    format!("{}: {error}\n{log}", candidate.name)
                })?;
                if round > 0 {
                    into.push(figures);
                }
            }
        }
        eprint!("\r{round} of {} runs", options.runs);
    }
    eprintln!();
    report::print(&compared).map_err(|error| error.to_string())
}

/// Starts a process, lets it do its first invocation and, unless it is slowed down, some more; and
/// sees that it did what it is for.
async fn run(
    candidate: &Candidate,
    slow: Option<&Throttle>,
    latency: Duration,
    trust: &Trust,
    log: &Path,
) -> Result<Figures, String> {
    let text = |error: std::io::Error| error.to_string();
    let warm = if slow.is_none() { WARM } else { 0 };
    let mut world = World::new(SystemTime::now().into(), 1 + warm)?;
    let services = Services::serve(&world.sim, &trust.acceptor, latency).await.map_err(text)?;
    let mut runtime = RuntimeApi::serve(PATIENCE).await.map_err(text)?;

    let start = Instant::now();
    let mut process = candidate.start(&runtime, &services, trust, log).map_err(text)?;
    let pid = process.id().ok_or("it has no id")?;
    services.watch(pid);
    let (asked, mut give) = tokio::select! {
        asked = next(&mut runtime) => asked?,
        ended = process.wait() => return Err(format!("it ended: {ended:?}")),
    };
    let init = asked - start;
    let init_processor = processor_time(pid).map_err(text)?;
    let asked = Moment { at: asked, used: init_processor };
    let loaded = services.contact().unwrap_or(asked);

    let slowed = slow.map(|throttle| throttle.slow(pid)).transpose().map_err(text)?;
    let event = world.begin(0);
    let begin = Instant::now();
    drop(give.send(event));
    let first = answered(&mut runtime).await? - begin;
    let calls = if candidate.works() { world.check(0)? } else { 0 };
    (_, give) = next(&mut runtime).await?;
    let memory = peak_memory(pid).map_err(text)?;
    let connections = services.connections();

    let cold_processor = processor_time(pid).map_err(text)?;
    for number in 1..=warm {
        drop(give.send(world.begin(number)));
        answered(&mut runtime).await?;
        if candidate.works() {
            world.check(number)?;
        }
        (_, give) = next(&mut runtime).await?;
    }
    let used = processor_time(pid).map_err(text)? - cold_processor;
    let warm = u32::try_from(warm).ok().and_then(|warm| used.checked_div(warm));

    drop(slowed);
    process.kill().await.map_err(text)?;
    let (load, load_processor) = (loaded.at - start, loaded.used);
    Ok(Figures {
        load,
        load_processor,
        init,
        init_processor,
        first,
        cold_processor,
        memory,
        calls,
        connections,
        warm,
    })
}

/// Waits until the function asks for an invocation: when, and the way to give it one.
async fn next(
    runtime: &mut RuntimeApi,
) -> Result<(Instant, tokio::sync::oneshot::Sender<serde_json::Value>), String> {
    match runtime.hear().await? {
        Said::Next(at, give) => Ok((at, give)),
        Said::Answered(_) | Said::Failed(_) => Err("it answers what nobody asked".to_owned()),
    }
}

/// Waits until the function has answered: when.
async fn answered(runtime: &mut RuntimeApi) -> Result<Instant, String> {
    match runtime.hear().await? {
        Said::Answered(at) => Ok(at),
        Said::Next(..) | Said::Failed(_) => Err("it does not answer".to_owned()),
    }
}

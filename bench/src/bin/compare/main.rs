//! Compares the function with what else one could run on Lambda, each in its own process, turn by turn.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads clocks and its environment")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use acm_dns_validator_bench::process::{peak_memory, processor_time};
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::candidate::{Candidate, Kind};
use crate::host::{RuntimeApi, SERVICES, Said, Services};
use crate::table::{Spread, megabytes, milliseconds, round};
use crate::throttle::{SHARE, Throttle};
use crate::trust::Trust;
use crate::world::World;

mod candidate;
mod host;
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
  --latency MILLISECONDS      what each round trip to AWS takes besides; 0 by default";

/// Invocations after the first, over which their processor time is averaged.
const WARM: usize = 20;

/// How long a run may take, and an invocation in it.
const PATIENCE: Duration = Duration::from_secs(30);

struct Options {
    candidates: Vec<Candidate>,
    runs: usize,
    latency: Duration,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut this = Self { candidates: Vec::new(), runs: 25, latency: Duration::ZERO };
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
                _ => return Err(HELP.to_owned()),
            };
            this.candidates.push(Candidate::parse(kind, &value)?);
        }
        if this.candidates.is_empty() { Err(HELP.to_owned()) } else { Ok(this) }
    }
}

/// What one run has shown.
struct Figures {
    /// From the start of the process to its first question for an invocation.
    init: Duration,
    /// From the first event to its answer.
    first: Duration,
    /// The most memory resident until then, in bytes.
    memory: u64,
    /// Calls to AWS until then.
    calls: usize,
    /// TLS connections until then.
    connections: usize,
    /// The processor time of a later invocation.
    warm: Option<Duration>,
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
    let throttle = Throttle::find();
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
    let mut at_full_speed: BTreeMap<usize, Vec<Figures>> = BTreeMap::new();
    let mut at_128_mb: BTreeMap<usize, Vec<Figures>> = BTreeMap::new();
    for number in 0..=options.runs {
        for (index, candidate) in options.candidates.iter().enumerate() {
            let log = directory.join("log");
            for slow in [None, Some(&throttle)] {
                let run = run(candidate, slow, options.latency, &trust, &log);
                let figures = timeout(PATIENCE, run).await;
                let figures = figures.unwrap_or_else(|_| Err("it takes for ever".to_owned()));
                let figures = figures.map_err(|error| {
                    let log = std::fs::read_to_string(&log).unwrap_or_default();
                    format!("{}: {error}\n{log}", candidate.name)
                })?;
                // The first of all brings everything into memory.
                let into = if slow.is_none() { &mut at_full_speed } else { &mut at_128_mb };
                if number > 0 {
                    into.entry(index).or_default().push(figures);
                }
            }
        }
        eprint!("\r{number} of {}", options.runs);
    }
    eprintln!();
    report(options, &at_full_speed, &at_128_mb).map_err(|error| error.to_string())
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
    let (asked, mut give) = tokio::select! {
        asked = next(&mut runtime) => asked?,
        ended = process.wait() => return Err(format!("it ended: {ended:?}")),
    };
    let init = asked - start;

    let slowed = slow.map(|throttle| throttle.slow(pid)).transpose().map_err(text)?;
    let event = world.begin(0);
    let begin = Instant::now();
    drop(give.send(event));
    let first = answered(&mut runtime).await? - begin;
    let calls = if candidate.works() { world.check(0)? } else { 0 };
    (_, give) = next(&mut runtime).await?;
    let memory = peak_memory(pid).map_err(text)?;
    let connections = services.connections();

    let before = processor_time(pid).map_err(text)?;
    for number in 1..=warm {
        drop(give.send(world.begin(number)));
        answered(&mut runtime).await?;
        if candidate.works() {
            world.check(number)?;
        }
        (_, give) = next(&mut runtime).await?;
    }
    let used = processor_time(pid).map_err(text)? - before;
    let warm = u32::try_from(warm).ok().and_then(|warm| used.checked_div(warm));

    drop(slowed);
    process.kill().await.map_err(text)?;
    Ok(Figures { init, first, memory, calls, connections, warm })
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

/// The figures of each candidate, by its place in the options.
type Runs = BTreeMap<usize, Vec<Figures>>;

fn report(options: &Options, full: &Runs, slow: &Runs) -> std::io::Result<()> {
    let spread = |runs: &Runs, index: usize, figure: fn(&Figures) -> Option<f64>| {
        Spread::of(runs.get(&index).into_iter().flatten().filter_map(figure))
    };
    let show = |spread: Option<Spread>| spread.map_or("–".to_owned(), |spread| spread.show(""));

    let mut rows = Vec::new();
    for (index, candidate) in options.candidates.iter().enumerate() {
        let shown = |figure| show(spread(full, index, figure));
        let counted = |figure| {
            let median = spread(full, index, figure).map(|spread| spread.median.to_string());
            median.filter(|_| candidate.works()).unwrap_or("–".to_owned())
        };
        let size = |bytes: Option<u64>| bytes.map_or("–".to_owned(), |it| round(megabytes(it)));
        rows.push(vec![
            candidate.name.clone(),
            shown(init),
            if candidate.works() { shown(cold) } else { "–".to_owned() },
            shown(|it| it.warm.map(milliseconds)),
            shown(|it| Some(megabytes(it.memory))),
            size(candidate.binary()?),
            size(Some(candidate.zip()?)),
            counted(|it| Some(it.calls as f64)),
            counted(|it| Some(it.connections as f64)),
        ]);
    }
    println!("At full speed:\n");
    table::print(
        &[
            "variant",
            "init, ms",
            "cold, ms",
            "warm CPU, ms",
            "RSS, MB",
            "binary, MB",
            "zip, MB",
            "calls",
            "TLS connections",
        ],
        &rows,
    );

    let rows: Vec<_> = options
        .candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| {
            let shown = |figure| show(spread(slow, index, figure));
            vec![candidate.name.clone(), shown(init), shown(first), shown(cold)]
        })
        .collect();
    println!("With the processor of a function of 128 MB after init:\n");
    table::print(&["variant", "init, ms", "first invocation, ms", "cold, ms"], &rows);
    Ok(())
}

fn init(figures: &Figures) -> Option<f64> {
    Some(milliseconds(figures.init))
}

fn first(figures: &Figures) -> Option<f64> {
    Some(milliseconds(figures.first))
}

fn cold(figures: &Figures) -> Option<f64> {
    Some(milliseconds(figures.init + figures.first))
}

//! Compares the function with alternatives on Lambda. Each runs in its own process, and they take turns.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads clocks and its environment")]

use std::fs::File;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use acm_dns_validator_bench::process::{peak_memory, processor_time};
use acm_dns_validator_bench::world::{Failure, process_id};
use fastrand::Rng;
use tokio::process::Child;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::candidate::{Candidate, Kind};
use crate::report::{Compared, Figures, milliseconds};
use crate::table::round;
use crate::world::World;
use acm_dns_validator_bench::host::{Moment, RuntimeApi, SERVICES, Services};
use acm_dns_validator_bench::throttle::{SHARE, Throttle, spin};
use acm_dns_validator_bench::trust::Trust;

mod candidate;
mod report;
mod table;
mod world;

const HELP: &str = "\
Compares the programs that are named, in one interleaved run, and prints tables in Markdown.

Usage: compare [OPTION]…

  --function NAME=BINARY      the function, or another build of it
  --hello NAME=BINARY         a program that answers, and does nothing else
  --python NAME=INTERPRETER   the function in Python, run by this interpreter
  --node NAME=DIRECTORY       the function in Node.js, bundled as index.js in this directory
  --runs N                    how often each program runs; 25 by default
  --latency MILLISECONDS      how much longer each round trip to AWS takes; 0 by default
  --throttle signals          slow processes down by signals, even if control groups are available";

/// How many invocations after the first are measured. The figure is their average processor time.
const WARM: usize = 20;

/// How long a run may take, and an invocation in it.
const TIMEOUT: Duration = Duration::from_secs(30);

struct Options {
    candidates: Vec<Candidate>,
    runs: usize,
    latency: Duration,
    throttle: fn() -> Throttle,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
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
                _ => return Err(HELP.into()),
            };
            this.candidates.push(Candidate::parse(kind, &value)?);
        }
        if this.candidates.is_empty() { Err(HELP.into()) } else { Ok(this) }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match start(std::env::args().skip(1).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn start(arguments: Vec<String>) -> Result<(), Failure> {
    if arguments == ["spin"] {
        return Ok(spin()?);
    }
    let options = Options::parse(arguments.into_iter())?;
    LocalSet::new().run_until(compare(&options)).await
}

async fn compare(options: &Options) -> Result<(), Failure> {
    let directory = std::env::temp_dir().join(format!("compare-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let compared = compare_in(&directory, options).await;
    std::fs::remove_dir_all(&directory)?;
    compared
}

async fn compare_in(directory: &Path, options: &Options) -> Result<(), Failure> {
    let hosts = SERVICES.iter().map(|(_, host)| host.to_string()).collect();
    let trust = Trust::new(directory, hosts)?;
    let throttle = (options.throttle)();
    let (busy, share) = throttle.validate().map_err(|error| format!("{throttle}: {error}"))?;
    println!(
        "The processor share of a function of 128 MB, after init, limited by {throttle}: a busy loop of \
         {} ms got {share:.3} of a processor, Lambda gives {SHARE:.3}.",
        round(milliseconds(busy)),
    );
    if !(0.8..1.25).contains(&(share / SHARE)) {
        return Err("this is not the share that Lambda gives".into());
    }
    println!(
        "Medians of {} runs, quartiles in parentheses. Each round trip to AWS takes {} ms longer.\n",
        options.runs,
        options.latency.as_millis(),
    );
    let without_runs = |candidate| Compared { candidate, full: Vec::new(), slow: Vec::new() };
    let mut compared: Vec<_> = options.candidates.iter().map(without_runs).collect();
    // The first round loads everything into memory, and does not count.
    for round in 0..=options.runs {
        for throttle in [None, Some(&throttle)] {
            let mut turns: Vec<_> = compared.iter_mut().collect();
            // The program after Node.js finds empty caches, so it must not always be the same one.
            Rng::with_seed(round as u64).shuffle(&mut turns);
            for Compared { candidate, full, slow } in turns {
                keep_processors_busy();
                let run = run(candidate, throttle, options.latency, &trust, directory);
                let figures = timeout(TIMEOUT, run).await;
                let figures = figures.unwrap_or_else(|_| Err("it does not end".into()));
                let figures = figures.map_err(|failure| {
                    let log = std::fs::read_to_string(directory.join(LOG)).unwrap_or_default();
                    format!("{}: {failure}\n{log}", candidate.name)
                })?;
                if round > 0 {
                    if throttle.is_none() { full } else { slow }.push(figures);
                }
            }
        }
        eprint!("\r{round} of {} runs", options.runs);
    }
    eprintln!();
    Ok(report::print(&compared)?)
}

/// The file for the output of the process, in the directory of the run.
const LOG: &str = "log";

/// Keeps all processors busy for a moment: a processor that was idle while a process was slowed down
/// is slow at first.
fn keep_processors_busy() {
    let end = Instant::now() + Duration::from_millis(30);
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| while Instant::now() < end {});
        }
    });
}

/// Starts a process and measures its first invocation, and unless it is slowed down, some more.
async fn run(
    candidate: &Candidate,
    slow: Option<&Throttle>,
    latency: Duration,
    trust: &Trust,
    directory: &Path,
) -> Result<Figures, Failure> {
    let certificates = if slow.is_none() { 1 + WARM } else { 1 };
    let world = World::new(SystemTime::now().into(), certificates)?;
    let services = Services::serve(&world.sim, &trust.acceptor, latency).await?;
    let runtime = RuntimeApi::serve(TIMEOUT).await?;
    // Before the start is taken: truncating the file takes time.
    let log = File::create(directory.join(LOG))?;
    let start = Instant::now();
    let process = candidate.start(&runtime, &services, trust, directory, log)?;
    let pid = process_id(&process)?;
    services.observe(pid);
    let mut run = Run { candidate, world, services, runtime, process, pid };
    let mut figures = run.cold_start(start, slow).await?;
    if slow.is_none() {
        figures.warm = Some(run.warm().await?);
    }
    run.process.kill().await?;
    Ok(figures)
}

/// A process, and everything that it connects to.
struct Run<'a> {
    candidate: &'a Candidate,
    world: World,
    services: Services,
    runtime: RuntimeApi,
    process: Child,
    pid: u32,
}

impl Run<'_> {
    /// Measures init and the first invocation.
    async fn cold_start(
        &mut self,
        start: Instant,
        slow: Option<&Throttle>,
    ) -> Result<Figures, Failure> {
        let at = tokio::select! {
            requested = self.runtime.next_request() => requested?,
            ended = self.process.wait() => return Err(format!("it ended: {ended:?}").into()),
        };
        let requested = Moment { at, used: processor_time(self.pid)? };
        let loaded = self.services.first_contact().unwrap_or(requested);

        let _slowed = slow.map(|throttle| throttle.slow(self.pid)).transpose()?;
        let (first, calls) = self.check(0).await?;
        Ok(Figures {
            load: loaded.at - start,
            load_processor: loaded.used,
            init: requested.at - start,
            init_processor: requested.used,
            first,
            cold_processor: processor_time(self.pid)?,
            memory: peak_memory(self.pid)?,
            calls,
            connections: self.services.connections(),
            warm: None,
        })
    }

    /// Measures the processor time of an invocation after the first.
    async fn warm(&mut self) -> Result<Duration, Failure> {
        let before = processor_time(self.pid)?;
        for number in 1..=WARM {
            self.check(number).await?;
        }
        Ok((processor_time(self.pid)? - before) / WARM as u32)
    }

    /// Invokes it and verifies what it did. Returns how long it took, and how many calls it made.
    async fn check(&mut self, number: usize) -> Result<(Duration, usize), Failure> {
        let event = self.world.next_event(number);
        let took = self.runtime.invoke(event).await?;
        let calls = if self.candidate.does_the_work() { self.world.verify(number)? } else { 0 };
        self.runtime.next_request().await?;
        Ok((took, calls))
    }
}

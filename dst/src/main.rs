//! Deterministic simulation testing of acm-dns-validator in thousands of worlds with faults.
//!
//! A seed gives a world: accounts, hosted zones, settings, certificates, what people do to them, and
//! the faults that occur. The function runs in it for hours or days of virtual time, on the strict AWS of
//! `sim/`. The invariants of safety are checked after every call, those of liveness at the end. The oracle
//! that decides which writes are allowed knows the whole state and shares no code with the function. A
//! seed gives the same world every time, bit for bit, so a failure can be replayed and shrunk.
//!
//! ```text
//! dst --seeds 0..2000            runs worlds until one fails, or all of them with --keep-going
//! dst --seeds 0..100 --twice     runs each world twice, and compares what happened
//! dst --seed 17 --story          replays one world, and prints its story
//! dst --seed 17 --shrink         shrinks a failing world, and prints the story of the rest
//! ```
//!
//! Modules, from the top down: [`world`] runs a world; [`liveness`], [`audited`] and [`monitor`] check the invariants;
//! [`ledger`] performs [acts](act); [`oracle`] knows what is allowed; [`draw`] draws a [`scenario`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod act;
mod audited;
mod checks;
mod deployment;
mod draw;
mod ledger;
mod liveness;
mod monitor;
mod names;
mod oracle;
#[path = "../../tests/it/public_dns.rs"]
mod public_dns;
mod scenario;
mod shrink;
mod story;
#[cfg(test)]
mod tests;
mod world;

fn main() -> ExitCode {
    match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) if arguments.story || arguments.shrink => {
            one(arguments.seeds.start, arguments.shrink)
        }
        Ok(arguments) => many(arguments),
        Err(usage) => {
            eprintln!("{usage}");
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
struct Arguments {
    seeds: Range<u64>,
    threads: usize,
    keep_going: bool,
    twice: bool,
    story: bool,
    shrink: bool,
}

const USAGE: &str = "usage: dst (--seeds FROM..TO | --seed N) [--story | --shrink] [--keep-going] [--twice] [--threads N]";

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut arguments = Self {
            seeds: 0..0,
            threads,
            keep_going: false,
            twice: false,
            story: false,
            shrink: false,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--seeds" => {
                    let range = words.next().unwrap_or_default();
                    let range = range
                        .split_once("..")
                        .and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
                    arguments.seeds = range.ok_or(USAGE)?;
                }
                "--seed" => {
                    let seed = words.next().and_then(|word| word.parse().ok()).ok_or(USAGE)?;
                    arguments.seeds = seed..seed + 1;
                }
                "--threads" => {
                    let threads = words.next().and_then(|word| word.parse().ok());
                    arguments.threads = threads.filter(|threads| *threads > 0).ok_or(USAGE)?;
                }
                "--story" => arguments.story = true,
                "--shrink" => arguments.shrink = true,
                "--keep-going" => arguments.keep_going = true,
                "--twice" => arguments.twice = true,
                _ => return Err(USAGE),
            }
        }
        if arguments.seeds.is_empty() { Err(USAGE) } else { Ok(arguments) }
    }
}

/// Runs worlds, one at a time in each thread.
fn many(Arguments { seeds, threads, keep_going, twice, .. }: Arguments) -> ExitCode {
    let next = AtomicU64::new(seeds.start);
    let stop = AtomicBool::new(false);
    let worlds = AtomicU64::new(0);
    let count = AtomicUsize::default;
    let (calls, invocations, most) = (count(), count(), count());
    let (questions, most_questions, most_audit) = (count(), count(), count());
    let failed: Mutex<BTreeMap<u64, String>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let scenario = draw::draw(seed);
                    let report = world::run(&scenario, twice);
                    let differs =
                        twice && world::run(&scenario, true).transcript != report.transcript;
                    let violation =
                        report.violation.map(|it| format!("{} But {}", it.invariant, it.instead));
                    let differs = differs.then(|| {
                        "Two runs of one seed are the same. But they differed.".to_owned()
                    });
                    let finished = 1 + worlds.fetch_add(1, Ordering::Relaxed);
                    if finished.is_multiple_of(1_000) {
                        eprintln!("{finished} worlds");
                    }
                    calls.fetch_add(report.calls, Ordering::Relaxed);
                    invocations.fetch_add(report.invocations, Ordering::Relaxed);
                    most.fetch_max(report.most_calls, Ordering::Relaxed);
                    most_audit.fetch_max(report.most_audit_calls, Ordering::Relaxed);
                    questions.fetch_add(report.questions, Ordering::Relaxed);
                    most_questions.fetch_max(report.most_questions, Ordering::Relaxed);
                    if let Some(failure) = violation.or(differs) {
                        println!("seed {seed}: {failure}");
                        if let Ok(mut failed) = failed.lock() {
                            failed.insert(seed, failure);
                        }
                        stop.store(!keep_going, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    println!(
        "{} worlds, {} invocations, {} calls, at most {} calls in one attempt and {} in one audit, {} questions to \
         public DNS, at most {} in one attempt; {} worlds failed",
        worlds.into_inner(),
        invocations.into_inner(),
        calls.into_inner(),
        most.into_inner(),
        most_audit.into_inner(),
        questions.into_inner(),
        most_questions.into_inner(),
        failed.len()
    );
    let Some((seed, _)) = failed.first_key_value() else { return ExitCode::SUCCESS };
    if !keep_going {
        one(*seed, false);
    }
    println!("replay it: cargo run -p acm-dns-validator-dst -- --seed {seed} --story");
    ExitCode::FAILURE
}

/// Runs one world and prints its story.
fn one(seed: u64, shrink: bool) -> ExitCode {
    let mut scenario = draw::draw(seed);
    let mut report = world::run(&scenario, true);
    if let Some(violation) = report.violation.as_ref().filter(|_| shrink) {
        scenario = shrink::shrink(&scenario, violation.invariant, 400);
        report = world::run(&scenario, true);
    }
    let without_faults = if scenario.without_faults { ", no faults" } else { "" };
    println!(
        "seed {seed}{without_faults}; events reach {:?}; settings {:?}",
        scenario.route, scenario.settings
    );
    print!("{}", report.story);
    match report.violation {
        None => {
            println!(
                "no invariant failed: {} invocations, {} calls",
                report.invocations, report.calls
            );
            ExitCode::SUCCESS
        }
        Some(violation) => {
            println!("seed {seed} FAILS at {}: {}", violation.at, violation.invariant);
            println!("  But {}", violation.instead);
            ExitCode::FAILURE
        }
    }
}

//! Deterministic simulation of acm-dns-validator in thousands of hostile worlds.
//!
//! A seed makes a world: accounts, hosted zones, settings, certificates, what people do to them, and
//! a schedule of misfortune. The function lives in it for hours or days of virtual time on the strict
//! AWS of `sim/`. After every call the invariants of safety are checked, at the end those of
//! liveness; whoever judges what was written knows the whole world, and shares no code with the
//! function. One seed, one world, bit for bit: what fails can be replayed, told and cut down.
//!
//! ```text
//! dst --seeds 0..2000            runs worlds until one fails; all of them with --keep-going
//! dst --seeds 0..100 --twice     runs each twice, and compares everything that happened
//! dst --seed 17 --story          replays one, and tells its story
//! dst --seed 17 --shrink         cuts a failing one down, and tells the story of what is left
//! ```

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod act;
mod draw;
mod ledger;
mod oracle;
mod shrink;
mod story;
#[cfg(test)]
mod tests;
mod verdict;
mod watch;
mod world;

fn main() -> ExitCode {
    match Wish::read(std::env::args().skip(1)) {
        Ok(wish) if wish.story || wish.shrink => one(wish.seeds.start, wish.shrink),
        Ok(wish) => many(wish),
        Err(usage) => {
            eprintln!("{usage}");
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
struct Wish {
    seeds: Range<u64>,
    threads: usize,
    keep_going: bool,
    twice: bool,
    story: bool,
    shrink: bool,
}

const USAGE: &str = "usage: dst (--seeds FROM..TO | --seed N) [--story | --shrink] [--keep-going] [--twice] [--threads N]";

impl Wish {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut wish = Self {
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
                    wish.seeds = range.ok_or(USAGE)?;
                }
                "--seed" => {
                    let seed = words.next().and_then(|word| word.parse().ok()).ok_or(USAGE)?;
                    wish.seeds = seed..seed + 1;
                }
                "--threads" => {
                    let threads = words.next().and_then(|word| word.parse().ok());
                    wish.threads = threads.filter(|threads| *threads > 0).ok_or(USAGE)?;
                }
                "--story" => wish.story = true,
                "--shrink" => wish.shrink = true,
                "--keep-going" => wish.keep_going = true,
                "--twice" => wish.twice = true,
                _ => return Err(USAGE),
            }
        }
        if wish.seeds.is_empty() { Err(USAGE) } else { Ok(wish) }
    }
}

/// Runs worlds, one seed a thread.
fn many(Wish { seeds, threads, keep_going, twice, .. }: Wish) -> ExitCode {
    let next = AtomicU64::new(seeds.start);
    let stop = AtomicBool::new(false);
    let (worlds, calls, looks, most) =
        (AtomicU64::new(0), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
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
                        report.violation.map(|it| format!("{} But {}", it.invariant, it.but));
                    let differs =
                        differs.then(|| "One seed is one world. But it was two.".to_owned());
                    let lived = 1 + worlds.fetch_add(1, Ordering::Relaxed);
                    if lived.is_multiple_of(1_000) {
                        eprintln!("{lived} worlds");
                    }
                    calls.fetch_add(report.calls, Ordering::Relaxed);
                    looks.fetch_add(report.looks, Ordering::Relaxed);
                    most.fetch_max(report.most_calls, Ordering::Relaxed);
                    if let Some(told) = violation.or(differs) {
                        println!("seed {seed}: {told}");
                        if let Ok(mut failed) = failed.lock() {
                            failed.insert(seed, told);
                        }
                        stop.store(!keep_going, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    println!(
        "{} worlds, {} invocations, {} calls, at most {} calls in one attempt; {} worlds failed",
        worlds.into_inner(),
        looks.into_inner(),
        calls.into_inner(),
        most.into_inner(),
        failed.len()
    );
    let Some((seed, _)) = failed.first_key_value() else { return ExitCode::SUCCESS };
    if !keep_going {
        one(*seed, false);
    }
    println!("replay it: cargo run -p acm-dns-validator-dst -- --seed {seed} --story");
    ExitCode::FAILURE
}

/// Runs one world and tells its story.
fn one(seed: u64, shrink: bool) -> ExitCode {
    let mut scenario = draw::draw(seed);
    let mut report = world::run(&scenario, true);
    if let Some(violation) = report.violation.as_ref().filter(|_| shrink) {
        scenario = shrink::shrink(&scenario, violation.invariant, 400);
        report = world::run(&scenario, true);
    }
    let calm = if scenario.calm { ", calm" } else { "" };
    println!("seed {seed}{calm}; doors {:?}; settings {:?}", scenario.doors, scenario.settings);
    print!("{}", report.story);
    match report.violation {
        None => {
            println!("all is well: {} invocations, {} calls", report.looks, report.calls);
            ExitCode::SUCCESS
        }
        Some(violation) => {
            println!("seed {seed} FAILS at {}: {}", violation.at, violation.invariant);
            println!("  But {}", violation.but);
            ExitCode::FAILURE
        }
    }
}

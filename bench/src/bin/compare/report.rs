//! The results of the runs, as Markdown.

use std::io;
use std::time::Duration;

use crate::candidate::{Candidate, Kind};
use crate::table::{self, Spread, round};

/// The results of one run.
pub(crate) struct Figures {
    /// From the start of the process until it first connects to AWS or requests an invocation.
    pub(crate) load: Duration,
    /// The processor time of that.
    pub(crate) load_processor: Duration,
    /// From the start of the process to its first request for an invocation.
    pub(crate) init: Duration,
    /// The processor time of that.
    pub(crate) init_processor: Duration,
    /// From the first event to its response.
    pub(crate) first: Duration,
    /// The processor time from the start to the second request.
    pub(crate) cold_processor: Duration,
    /// The peak resident memory until then, in bytes.
    pub(crate) memory: u64,
    /// Calls to AWS until then.
    pub(crate) calls: usize,
    /// TLS connections until then.
    pub(crate) connections: usize,
    /// The processor time of a later invocation.
    pub(crate) warm: Option<Duration>,
}

/// A candidate and its runs.
pub(crate) struct Compared<'a> {
    pub(crate) candidate: &'a Candidate,
    pub(crate) full: Vec<Figures>,
    pub(crate) slow: Vec<Figures>,
}

/// Prints tables of all candidates, and for each function a table of its goals.
pub(crate) fn print(compared: &[Compared<'_>]) -> io::Result<()> {
    println!("At full speed:\n");
    let rows: io::Result<Vec<_>> = compared.iter().map(at_full_speed).collect();
    let headings = [
        "variant",
        "init, ms",
        "init CPU, ms",
        "cold, ms",
        "cold CPU, ms",
        "warm CPU, ms",
        "RSS, MB",
        "binary, MB",
        "zip, MB",
        "calls",
        "TLS connections",
    ];
    table::print(&headings, &rows?);

    println!("With the processor share of a function of 128 MB after init:\n");
    let rows: Vec<_> = compared.iter().map(at_128_mb).collect();
    table::print(&["variant", "init, ms", "first invocation, ms", "cold, ms"], &rows);

    for function in compared.iter().filter(|one| one.candidate.kind == Kind::Function) {
        println!("{}:\n", function.candidate.name);
        table::print(&["what", "goal", "is", "met"], &goals(function, compared)?);
    }
    Ok(())
}

fn at_full_speed(one: &Compared<'_>) -> io::Result<Vec<String>> {
    let show = |figure| spread(&one.full, figure).map_or_else(none, Spread::show);
    let size = |bytes: Option<u64>| bytes.map_or_else(none, |bytes| round(megabytes(bytes)));
    let of_work = |shown: String| if one.candidate.does_the_work() { shown } else { none() };
    let count = |figure| spread(&one.full, figure).map_or_else(none, |it| it.median.to_string());
    Ok(vec![
        one.candidate.name.clone(),
        show(init),
        show(init_processor),
        of_work(show(cold)),
        of_work(show(|figures| milliseconds(figures.cold_processor))),
        warm(&one.full).map_or_else(none, Spread::show),
        show(memory),
        size(one.candidate.binary()?),
        size(Some(one.candidate.zip()?)),
        of_work(count(|figures| figures.calls as f64)),
        of_work(count(|figures| figures.connections as f64)),
    ])
}

fn at_128_mb(one: &Compared<'_>) -> Vec<String> {
    let show = |figure| spread(&one.slow, figure).map_or_else(none, Spread::show);
    vec![one.candidate.name.clone(), show(init), show(first), show(cold)]
}

/// One row for each goal: ratios to the other candidates, and figures of its own.
fn goals(function: &Compared<'_>, all: &[Compared<'_>]) -> io::Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    let median = |runs: &[Figures], figure| spread(runs, figure).map_or(f64::NAN, |it| it.median);
    let at_most = |most: f64, is: f64, unit: &str| {
        let met = if is <= most { "yes" } else { "no" };
        vec![format!("≤ {most}{unit}"), format!("{}{unit}", round(is)), met.to_owned()]
    };
    // A ratio below one is easier to read as a fraction.
    let fraction = |most: f64, whole: f64, is: f64| {
        let met = if whole / is >= most { "yes" } else { "no" };
        vec![format!("≤ 1/{most}"), format!("1/{}", round(whole / is)), met.to_owned()]
    };
    let mut row = |what: String, mut rest: Vec<String>| {
        rest.insert(0, what);
        rows.push(rest);
    };
    for other in all {
        let name = &other.candidate.name;
        let ratio = |figure| median(&function.full, figure) / median(&other.full, figure);
        let cold_to =
            |most| fraction(most, median(&other.full, cold), median(&function.full, cold));
        match other.candidate.kind {
            Kind::Function => {}
            Kind::Hello => {
                row(format!("init before connections, to {name}"), at_most(1.4, ratio(load), "×"));
                let ratio = ratio(load_processor);
                row(format!("init CPU before connections, to {name}"), at_most(1.4, ratio, "×"));
            }
            Kind::Python => row(format!("cold, to {name}"), cold_to(25.0)),
            Kind::Node => {
                row(format!("cold, to {name}"), cold_to(15.0));
                let (whole, is) = (median(&other.slow, cold), median(&function.slow, cold));
                row(format!("cold at 128 MB, to {name}"), fraction(40.0, whole, is));
            }
        }
    }
    let warm = warm(&function.full).map_or(f64::NAN, |it| it.median);
    row("warm CPU".to_owned(), at_most(0.7, warm, " ms"));
    row("RSS".to_owned(), at_most(9.0, median(&function.full, memory), " MB"));
    let binary = function.candidate.binary()?.unwrap_or_default();
    row("binary".to_owned(), at_most(6.5, megabytes(binary), " MB"));
    row("zip".to_owned(), at_most(2.8, megabytes(function.candidate.zip()?), " MB"));
    Ok(rows)
}

fn spread(runs: &[Figures], figure: fn(&Figures) -> f64) -> Option<Spread> {
    Spread::of(runs.iter().map(figure))
}

fn none() -> String {
    "–".to_owned()
}

fn load(figures: &Figures) -> f64 {
    milliseconds(figures.load)
}

fn load_processor(figures: &Figures) -> f64 {
    milliseconds(figures.load_processor)
}

fn init(figures: &Figures) -> f64 {
    milliseconds(figures.init)
}

fn init_processor(figures: &Figures) -> f64 {
    milliseconds(figures.init_processor)
}

fn first(figures: &Figures) -> f64 {
    milliseconds(figures.first)
}

fn cold(figures: &Figures) -> f64 {
    milliseconds(figures.init + figures.first)
}

fn memory(figures: &Figures) -> f64 {
    megabytes(figures.memory)
}

fn warm(runs: &[Figures]) -> Option<Spread> {
    Spread::of(runs.iter().filter_map(|figures| figures.warm.map(milliseconds)))
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

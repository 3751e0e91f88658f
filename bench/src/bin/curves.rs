//! Measures how calls, processor time and memory grow with the work: `curves BOOTSTRAP SVG [--all]`.
//!
//! Prints tables, draws the curves into a file, and ends non-zero if one grows faster than its work.
//! A batch of 10,000 is measured with `--all` only: it takes minutes because of Route 53's rate limits.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::{env, fs};

use acm_dns_validator_bench::process::{peak_memory, processor_time};
use acm_dns_validator_bench::world::{
    ACCOUNT, CERTIFICATE_ROLE, Failure, REGION, World, batch_of_checks, process_id, request_event,
};
use serde_json::Value;

/// What grows, and how that is measured.
struct Case {
    title: &'static str,
    /// The most calls of a check, whatever the size. If none is stated, the work grows with the size.
    most_calls: Option<usize>,
    sizes: &'static [usize],
    fill: Fill,
    /// Settings of the function that no other case has.
    environment: &'static [(&'static str, &'static str)],
    /// Whether it is in the picture.
    drawn: bool,
}

/// Fills a world to a size, and returns the event to invoke the function with.
type Fill = fn(&World, usize) -> Result<Value, Failure>;

/// A case and its results.
struct Curve {
    case: Case,
    points: Vec<Point>,
}

/// The cost of one size.
struct Point {
    size: usize,
    calls: usize,
    /// Calls by service.
    services: String,
    /// Processor time of the function's process in the invocation, in milliseconds.
    processor: f64,
    /// Peak memory in MB.
    memory: f64,
}

/// How much faster than the work processor time may seem to grow between two sizes, because it is
/// measured and not counted.
const NOISE: f64 = 2.0;

/// How much faster than the work the number of calls may grow: in a batch of 1,000, a quarter of the
/// records wait for Route 53's rate limit, and no event is published about them yet.
const RATE_LIMITED: f64 = 1.02;

/// Up to this size, Route 53's page gets longer as there is more to list, and takes longer to read:
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html>
const PAGE: usize = 1_000;

/// How many processes are measured for each size. The lowest processor time counts.
const RUNS: usize = 3;

const REGIONS: [&str; 10] = [
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ap-south-1",
];
const ACCOUNTS: [&str; 4] = [ACCOUNT, "444455556666", "777788889999", "222233334444"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [bootstrap, svg, more @ ..] = &arguments[..] else {
        return Err("usage: curves BOOTSTRAP SVG [--all]".into());
    };
    let all = more.first().is_some_and(|it| it == "--all");
    let mut curves = Vec::new();
    for case in cases(all) {
        let mut points = Vec::new();
        for &size in case.sizes {
            points.push(lowest(bootstrap, &case, size).await?);
        }
        let curve = Curve { case, points };
        println!("{}", table(&curve));
        curves.push(curve);
    }
    fs::write(svg, draw(&curves))?;
    let problems: Vec<String> = curves.iter().flat_map(problems).collect();
    for problem in &problems {
        println!("FAILED: {problem}");
    }
    println!("{} curves, {} problems.", curves.len(), problems.len());
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cases(all: bool) -> [Case; 6] {
    let batches: &[usize] = if all { &[1, 10, 100, 1_000, 10_000] } else { &[1, 10, 100, 1_000] };
    let zones = &[10, 100, 1_000, 10_000, 100_000];
    [
        Case {
            title: "Other zones in the account",
            most_calls: Some(7),
            sizes: zones,
            fill: other_zones,
            environment: &[],
            drawn: true,
        },
        Case {
            title: "Zones below the wanted one",
            most_calls: Some(8),
            sizes: zones,
            fill: zones_below,
            environment: &[],
            drawn: false,
        },
        Case {
            title: "Other zones, with HOSTED_ZONE_TAG",
            most_calls: Some(8),
            sizes: zones,
            fill: tagged_zones,
            environment: &[("HOSTED_ZONE_TAG", "dns=acm")],
            drawn: false,
        },
        Case {
            title: "Names of the certificate",
            most_calls: None,
            sizes: &[1, 10, 30, 100],
            fill: names,
            environment: &[],
            drawn: true,
        },
        Case {
            title: "Certificates in a batch",
            most_calls: None,
            sizes: batches,
            fill: certificates,
            environment: &[],
            drawn: true,
        },
        Case {
            title: "Other records in the zone",
            most_calls: Some(8),
            sizes: &[10, 100, 1_000, 10_000],
            fill: records,
            environment: &[],
            drawn: true,
        },
    ]
}

/// The lowest of a few measurements: the others include time that other processes caused.
async fn lowest(bootstrap: &str, case: &Case, size: usize) -> Result<Point, Failure> {
    let mut lowest = measure(bootstrap, case, size).await?;
    let takes_minutes = case.most_calls.is_none() && size >= 10_000;
    for _ in 1..if takes_minutes { 1 } else { RUNS } {
        let again = measure(bootstrap, case, size).await?;
        if again.processor < lowest.processor {
            lowest = again;
        }
    }
    Ok(lowest)
}

async fn measure(bootstrap: &str, case: &Case, size: usize) -> Result<Point, Failure> {
    let world = World::new().await?;
    let event = (case.fill)(&world, size)?;
    let mut command = world.command(bootstrap);
    command.env("CERTIFICATE_ROLE_NAME", CERTIFICATE_ROLE);
    command.envs(case.environment.iter().copied());
    let process = command.spawn()?;
    let pid = process_id(&process)?;
    world.wait_until_idle().await?;
    let before = processor_time(pid)?;
    let (calls, answer) = world.invoke(event).await?;
    let processor = (processor_time(pid)? - before).as_secs_f64() * 1e3;
    if let Some(failed) = answer["batchItemFailures"].as_array().filter(|it| !it.is_empty()) {
        return Err(format!("{} messages of a batch of {size} failed", failed.len()).into());
    }
    if world.sim().aws().route53.writes().is_empty() {
        return Err(format!("no record was written: {answer}").into());
    }
    let mut services = BTreeMap::new();
    for call in &calls {
        *services.entry(call.service.iam_prefix()).or_insert(0) += 1;
    }
    let services: Vec<_> = services.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let memory = peak_memory(pid)? as f64 / 1e6;
    Ok(Point { size, calls: calls.len(), services: services.join(", "), processor, memory })
}

/// Adds a certificate for `www.example.com` and its zone; returns the zone's id and the event.
fn one_certificate(world: &World) -> Result<(String, Value), Failure> {
    let zone = world.sim().aws().route53.register_domain(ACCOUNT, "example.com");
    let arn = world.add_certificate(ACCOUNT, REGION, &["www.example.com".to_owned()]);
    Ok((zone, request_event(&arn)?))
}

/// Half of the zones sort before the certificate's zone in Route 53's order, half after it.
fn other_zones(world: &World, size: usize) -> Result<Value, Failure> {
    let mut aws = world.sim().aws();
    for index in 0..size {
        let side = if index % 2 == 0 { "a" } else { "z" };
        aws.route53.create_zone(ACCOUNT, &format!("{side}{index}.com"));
    }
    drop(aws);
    Ok(one_certificate(world)?.1)
}

/// These zones sort between the certificate's zone and its name in Route 53's order: a search that
/// continues from the zone finds them.
fn zones_below(world: &World, size: usize) -> Result<Value, Failure> {
    for index in 0..size {
        world.sim().aws().route53.create_zone(ACCOUNT, &format!("a{index}.example.com"));
    }
    Ok(one_certificate(world)?.1)
}

fn tagged_zones(world: &World, size: usize) -> Result<Value, Failure> {
    other_zones(world, size)?;
    let mut aws = world.sim().aws();
    for zone in aws.route53.zone_ids(ACCOUNT) {
        aws.route53.tag_zone(&zone, "dns", "acm");
    }
    let arn = aws.acm.certificates().next().map(|it| it.arn.clone());
    Ok(request_event(&arn.ok_or("no certificate")?)?)
}

fn names(world: &World, size: usize) -> Result<Value, Failure> {
    world.sim().aws().route53.register_domain(ACCOUNT, "example.com");
    let names: Vec<_> = (0..size).map(|index| format!("n{index}.example.com")).collect();
    Ok(request_event(&world.add_certificate(ACCOUNT, REGION, &names))?)
}

/// Certificates of four accounts and ten regions in turn, as in an organization.
fn certificates(world: &World, size: usize) -> Result<Value, Failure> {
    world.sim().aws().route53.register_domain(ACCOUNT, "example.com");
    for account in ACCOUNTS {
        let mut aws = world.sim().aws();
        aws.sts.add_account(account);
        aws.sts.add_role(&format!("arn:aws:iam::{account}:role/{CERTIFICATE_ROLE}"), ACCOUNT);
    }
    let arns: Vec<_> = (0..size)
        .map(|index| {
            let account = ACCOUNTS[index % ACCOUNTS.len()];
            let region = REGIONS[index / ACCOUNTS.len() % REGIONS.len()];
            world.add_certificate(account, region, &[format!("n{index}.example.com")])
        })
        .collect();
    Ok(batch_of_checks(&arns))
}

/// Records around the validation record in Route 53's order: like it, their names are hashes below
/// `www`.
fn records(world: &World, size: usize) -> Result<Value, Failure> {
    let (zone, event) = one_certificate(world)?;
    for index in 0..size {
        let name = format!("_{:08x}.www.example.com", (index as u32).wrapping_mul(0x9e37_79b9));
        world.sim().aws().route53.put_record(&zone, &name, "TXT", 300, &["\"other\""]);
    }
    Ok(event)
}

/// What is wrong with a curve: it grows faster than its work, or a check makes too many calls.
fn problems(curve: &Curve) -> Vec<String> {
    let Curve { case: Case { title, most_calls, .. }, points } = curve;
    let mut problems = Vec::new();
    for point in points {
        if let Some(most) = most_calls.filter(|most| point.calls > *most) {
            problems
                .push(format!("{title}, {}: {} calls, more than {most}", point.size, point.calls));
        }
    }
    for pair in points.windows(2) {
        let [small, large] = pair else { continue };
        let sizes = format!("{title}, {} to {}", small.size, large.size);
        let times = large.size as f64 / small.size as f64;
        if most_calls.is_none() && large.calls as f64 > small.calls as f64 * times * RATE_LIMITED {
            problems.push(format!("{sizes}: {} to {} calls", small.calls, large.calls));
        }
        if most_calls.is_some() && small.size < PAGE {
            continue;
        }
        let work = if most_calls.is_some() { 1.0 } else { times };
        let (from, to) = (small.processor, large.processor);
        if to > from * work * NOISE {
            problems.push(format!("{sizes}: {from:.1} to {to:.1} ms of processor time"));
        }
    }
    problems
}

fn table(curve: &Curve) -> String {
    let mut text =
        format!("| {} | calls | by service | CPU, ms | peak RSS, MB |\n", curve.case.title);
    text += "| ---: | ---: | --- | ---: | ---: |\n";
    for Point { size, calls, services, processor, memory } in &curve.points {
        let row = format!("| {size} | {calls} | {services} | {processor:.1} | {memory:.1} |\n");
        text += &row;
    }
    text
}

/// The length of a side of a panel.
const SIDE: f64 = 200.0;
/// How many powers of ten a panel shows, from 1 on.
const DECADES: f64 = 5.0;

/// Draws panels in two columns and two rows. Both axes are logarithmic, from 1 to 100,000.
fn draw(curves: &[Curve]) -> String {
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 540 560\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"#808080\">\n",
    );
    for (place, curve) in curves.iter().filter(|curve| curve.case.drawn).enumerate() {
        let left = 40.0 + 260.0 * (place % 2) as f64;
        let top = 30.0 + 255.0 * (place / 2) as f64;
        let _ = panel(&mut svg, curve, left, top);
    }
    svg += "<text x=\"40\" y=\"550\"><tspan fill=\"#2f81f7\">calls</tspan> · \
            <tspan fill=\"#db6d28\">processor time, ms</tspan> · dashed: growth in proportion to the size\
            </text>\n</svg>\n";
    svg
}

fn panel(svg: &mut String, curve: &Curve, left: f64, top: f64) -> std::fmt::Result {
    let x = |value: f64| left + SIDE * value.max(1.0).log10() / DECADES;
    let y = |value: f64| top + SIDE - SIDE * value.max(1.0).log10() / DECADES;
    let bottom = top + SIDE;
    writeln!(svg, "<text x=\"{left}\" y=\"{}\">{}</text>", top - 8.0, curve.case.title)?;
    writeln!(
        svg,
        "<path d=\"M{left} {top}V{bottom}H{}\" fill=\"none\" stroke=\"#808080\"/>\
         <path d=\"M{left} {bottom}L{} {top}\" stroke=\"#808080\" stroke-dasharray=\"3 4\"/>",
        left + SIDE,
        left + SIDE,
    )?;
    for (decade, label) in ["1", "10", "100", "1k", "10k", "100k"].into_iter().enumerate() {
        let along = SIDE * decade as f64 / DECADES;
        let (right, up) = (left + along, bottom - along + 4.0);
        writeln!(
            svg,
            "<text x=\"{right:.0}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\
             <text x=\"{}\" y=\"{up:.0}\" text-anchor=\"end\">{label}</text>",
            bottom + 14.0,
            left - 5.0,
        )?;
    }
    let calls: fn(&Point) -> f64 = |point| point.calls as f64;
    let processor: fn(&Point) -> f64 = |point| point.processor;
    for (colour, value) in [("#2f81f7", calls), ("#db6d28", processor)] {
        let at = |point: &Point| format!("{:.1},{:.1}", x(point.size as f64), y(value(point)));
        let line: Vec<_> = curve.points.iter().map(at).collect();
        let line = line.join(" ");
        writeln!(
            svg,
            "<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        )?;
    }
    Ok(())
}

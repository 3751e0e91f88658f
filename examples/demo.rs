//! The whole job, to watch: the function in a simulated AWS, five months in a few seconds.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, ExitCode};

use acm_dns_validator::aws::clients::behavior_version;
use acm_dns_validator::aws::cloudwatch::Metrics;
use acm_dns_validator::domain::settings::Settings;
use acm_dns_validator::entry::handler::Function;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_acm::types::{Tag, ValidationMethod};
use aws_sdk_route53::types::TagResourceType;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::SdkConfig;
use aws_types::region::Region;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sim::Sim;
use sim::acm::{RenewalStatus, Status};
use sim::lambda::Finished;
use sim::server::{Server, serve_on};

const HELP: &str = "\
The whole job of acm-dns-validator, to watch: a simulated AWS on loopback, the function against its
Runtime API with the same entry point as on Lambda, a few certificates, and five months in a few seconds.

Usage: cargo run --example demo -- [--quiet | --json] [--help]

  --quiet   print only the closing table
  --json    print one JSON object a line: what happened, the function's looks, the closing table
  --help    print this

It ends with a non-zero status if something is not as promised.";

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:acm-dns-validator";
const GROUP: &str = "acm-dns-validator";
const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";
const SAMPLE: &str = include_str!("../events/request-certificate-several-names.json");

/// The name under which the private hosted zone of example.com is kept.
const PRIVATE_TWIN: &str = "example.com (private)";

type Outcome<T> = Result<T, Box<dyn Error>>;

/// How much is printed, and for whom.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Form {
    Json,
    Quiet,
    Timeline,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let form = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Form::Timeline,
        ["--quiet"] => Form::Quiet,
        ["--json"] => Form::Json,
        ["--help" | "-h"] => {
            print(HELP);
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("cannot read the arguments {arguments:?}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let done = match variable("AWS_LAMBDA_RUNTIME_API") {
        None => start_again(&arguments),
        Some(address) => run(&address, form),
    };
    done.unwrap_or_else(|error| {
        eprintln!("demo: {error}");
        ExitCode::FAILURE
    })
}

/// Starts this program once more with the environment of a Lambda function, which its runtime reads
/// when it starts.
fn start_again(arguments: &[String]) -> Outcome<ExitCode> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let status = Command::new(std::env::current_exe()?)
        .args(arguments)
        .env("AWS_LAMBDA_RUNTIME_API", free.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "acm-dns-validator")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "demo")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "demo")
        .status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[tokio::main(flavor = "current_thread")]
async fn run(address: &str, form: Form) -> Outcome<ExitCode> {
    let sim = Sim::stepped(begin());
    let server = serve_on(sim.clone(), tokio::net::TcpListener::bind(address).await?)?;
    let config = config(&sim, &server);
    let settings = BTreeMap::from([
        ("SCHEDULE_GROUP", GROUP),
        ("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE),
        ("HOSTED_ZONE_TAG", "validate=yes"),
    ]);
    let settings = Settings::from_vars(|name| settings.get(name).map(|&value| value.to_owned()))?;
    let function = Function::new(settings, config.clone(), sim.time_source(), Metrics::new(|_| {}));
    let acm = aws_sdk_acm::Client::new(&config);
    let route53 = aws_sdk_route53::Client::new(&config);
    let zones = set_up(&sim);
    let demo = Demo { sim, server, acm, route53, form, told: 0, promised: Vec::new(), zones };
    tokio::select! {
        done = demo.play() => done,
        ended = function.serve() => Err(format!("the function ended by itself: {ended:?}").into()),
    }
}

/// The hosted zones, and the function's rules and schedule group.
fn set_up(sim: &Sim) -> BTreeMap<&'static str, String> {
    let aws = &mut *sim.aws();
    aws.sts.add_account(ACCOUNT);
    aws.lambda.add_function(FUNCTION, sim::lambda::Function::default());
    aws.scheduler.add_group(ACCOUNT, REGION, GROUP, begin());
    aws.scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE);
    let calls = json!({
        "source": ["aws.acm"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["acm.amazonaws.com"],
            "eventName": ["RequestCertificate", "AddTagsToCertificate"],
            "errorCode": [{"exists": false}],
        },
    });
    let zones = json!({
        "source": ["aws.route53"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventName": ["CreateHostedZone", "ChangeTagsForResource"]},
    });
    let news = json!({
        "source": ["aws.acm"],
        "detail-type": ["ACM Certificate Renewal Action Required"],
    });
    aws.eventbridge.put_rule(ACCOUNT, REGION, "default", "requested", calls, FUNCTION);
    aws.eventbridge.put_rule(ACCOUNT, REGION, "default", "renewal", news, FUNCTION);
    aws.eventbridge.put_rule(ACCOUNT, REGION, "default", "zones", zones.clone(), FUNCTION);
    // What happens to hosted zones is told in us-east-1 only.
    let home = format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default");
    aws.eventbridge.put_rule(ACCOUNT, "us-east-1", "default", "forward", zones, &home);
    let dns = &mut aws.route53;
    let zones = BTreeMap::from([
        (PRIVATE_TWIN, dns.create_private_zone(ACCOUNT, "example.com")),
        ("example.com", dns.register_domain(ACCOUNT, "example.com")),
        ("example.org", dns.register_domain(ACCOUNT, "example.org")),
        ("partner.example.net", dns.register_domain(ACCOUNT, "partner.example.net")),
        ("lost.example.info", dns.create_zone(ACCOUNT, "lost.example.info")),
    ]);
    for (_, zone) in zones.iter().filter(|(name, _)| **name != "partner.example.net") {
        dns.tag_zone(zone, "validate", "yes");
    }
    zones
}

/// The play: an AWS account, people in it, and what was told of it so far.
struct Demo {
    sim: Sim,
    server: Server,
    acm: aws_sdk_acm::Client,
    route53: aws_sdk_route53::Client,
    form: Form,
    told: usize,
    promised: Vec<(&'static str, bool)>,
    /// Ids of the hosted zones by their names.
    zones: BTreeMap<&'static str, String>,
}

impl Demo {
    async fn play(mut self) -> Outcome<ExitCode> {
        self.say("An account with the hosted zones example.com (and a private twin), example.org,");
        self.say(
            "partner.example.net (not tagged validate=yes, so out of bounds) and lost.example.info",
        );
        self.say("(which public DNS does not delegate to).");
        self.say("");
        let several = self.several_names().await?;
        let late = self.late_record().await?;
        let healed = self.zone_out_of_bounds().await?;
        let unheard = self.lost_event().await?;
        let never = self.lost_zone().await?;
        self.renewal(&several).await?;
        self.look_back(&never);
        self.close(&[several, late, healed, unheard, never])
    }

    async fn several_names(&mut self) -> Outcome<String> {
        self.say(
            "The shop team requests a certificate for four names in two zones, from the console.",
        );
        let names = ["example.com", "*.example.com", "www.shop.example.com", "api.example.org"];
        let zones = format!("{} {}", self.zones["example.com"], self.zones["example.org"]);
        self.sim.aws().eventbridge.drop_next(1);
        let arn = self.request(&names, &zones).await?;
        // The event is AWS's own sample, about this certificate.
        self.sim.clock().advance_to(self.sim.now() + TimeDelta::seconds(9));
        let now = self.sim.now();
        self.sim.aws().lambda.invoke(FUNCTION, sample_about(&arn, &zones), now);
        self.go_on(TimeDelta::minutes(10)).await?;
        self.promise(
            "the certificate with four names in two zones is issued",
            self.is_issued(&arn),
        );
        Ok(arn)
    }

    async fn late_record(&mut self) -> Outcome<String> {
        self.say("The API team requests one too, and ACM is slow to make its record.");
        self.sim.aws().acm.behaviour.record_after = TimeDelta::minutes(3);
        let arn = self.request(&["api.example.com"], "").await?;
        self.go_on(TimeDelta::minutes(20)).await?;
        self.sim.aws().acm.behaviour.record_after = TimeDelta::zero();
        self.promise("the one with a late record is issued", self.is_issued(&arn));
        Ok(arn)
    }

    async fn zone_out_of_bounds(&mut self) -> Outcome<String> {
        self.say("Somebody requests a certificate in a zone that is out of bounds.");
        let arn = self.request(&["www.partner.example.net"], "").await?;
        self.go_on(TimeDelta::minutes(40)).await?;
        self.say(
            "The DNS team tags the zone: validate=yes. Whatever waits under its name is looked at.",
        );
        self.tag_zone(&self.zones["partner.example.net"]).await?;
        self.go_on(TimeDelta::minutes(30)).await?;
        self.promise("the blocked one is issued once its zone is tagged", self.is_issued(&arn));
        Ok(arn)
    }

    async fn lost_event(&mut self) -> Outcome<String> {
        self.say(
            "CloudTrail loses an event, and nobody hears of a certificate, until the hourly sweep.",
        );
        self.sim.aws().eventbridge.drop_next(1);
        let arn = self.request(&["cart.example.com"], "").await?;
        self.go_on(TimeDelta::minutes(20)).await?;
        self.sweep();
        self.go_on(TimeDelta::minutes(30)).await?;
        self.promise("the one that nobody heard of is issued all the same", self.is_issued(&arn));
        Ok(arn)
    }

    async fn lost_zone(&mut self) -> Outcome<String> {
        self.say(
            "And one for a name whose zone the world does not see. It can never be validated.",
        );
        let arn = self.request(&["lost.example.info"], "").await?;
        self.go_on(TimeDelta::hours(74)).await?;
        let timed_out = self.status(&arn) == Some(Status::ValidationTimedOut);
        self.promise("the one that nobody can validate has timed out", timed_out);
        Ok(arn)
    }

    async fn renewal(&mut self, arn: &str) -> Outcome<()> {
        self.say("Five months later somebody tidies up example.org, and ACM cannot renew.");
        self.sim.clock().advance_to(self.sim.now() + TimeDelta::days(150));
        let (record, _) = sim::acm::validation_record(ACCOUNT, "api.example.org");
        self.start_renewal(arn, &self.zones["example.org"], &record);
        self.go_on(TimeDelta::minutes(30)).await?;
        self.promise("the renewal got its record back", self.is_renewed(arn));
        Ok(())
    }

    /// What is promised of the whole, and of the looks at one certificate.
    fn look_back(&mut self, never: &str) {
        let writes = |zone| {
            let aws = self.sim.aws();
            aws.route53.writes().iter().filter(|write| write.zone_id == self.zones[zone]).count()
        };
        // Those of www.shop, api and cart, and one that apex and wildcard share.
        let written = writes("example.com") == 4
            && writes(PRIVATE_TWIN) == 0
            // Once more for the renewal.
            && writes("example.org") == 2
            && writes("partner.example.net") == 1
            && writes("lost.example.info") == 1;
        self.promise("every record is written once, none into the private twin", written);
        let quiet = {
            let aws = self.sim.aws();
            let schedules = aws.scheduler.schedules(ACCOUNT, REGION, GROUP);
            let armed = schedules.iter().any(|schedule| schedule.at > self.sim.now());
            !armed && aws.lambda.queued() == 0 && aws.lambda.dead_letters().is_empty()
        };
        self.promise("no event is lost, and nothing is armed any more", quiet);
        let calls = self.calls_of_looks(never);
        // One of them for the tags of zones, because HOSTED_ZONE_TAG is set.
        let cheap = calls.first() == Some(&8)
            && calls.iter().skip(1).all(|calls| *calls <= 6)
            && calls.last() == Some(&3);
        self.promise(
            "a first look costs 7 calls, a later one 5, the last 3, and zone tags one",
            cheap,
        );
    }

    /// The DNS team lets the function write to a zone.
    async fn tag_zone(&self, zone: &str) -> Outcome<()> {
        let tag = aws_sdk_route53::types::Tag::builder().key("validate").value("yes").build();
        let call = self.route53.change_tags_for_resource().resource_id(zone).add_tags(tag);
        call.resource_type(TagResourceType::Hostedzone).send().await?;
        Ok(())
    }

    /// The hour strikes.
    fn sweep(&self) {
        let now = self.sim.now();
        let sweep = json!({"source": "acm-dns-validator", "detail-type": "Certificate Sweep", "resources": [], "detail": {}});
        self.sim.aws().lambda.invoke(FUNCTION, sweep, now);
    }

    /// Somebody deletes a validation record, and ACM begins to renew the certificate that needs it.
    fn start_renewal(&self, arn: &str, zone: &str, record: &str) {
        let now = self.sim.now();
        let aws = &mut *self.sim.aws();
        aws.route53.remove_record(zone, record, "CNAME");
        aws.acm.start_renewal(arn, now, &aws.route53);
    }

    fn is_renewed(&self, arn: &str) -> bool {
        let aws = self.sim.aws();
        let renewal = aws.acm.certificate(arn).and_then(|certificate| certificate.renewal.as_ref());
        renewal.is_some_and(|renewal| renewal.status == RenewalStatus::Success)
    }

    /// Somebody requests a certificate, and names its zones if there is something to say of them.
    async fn request(&self, names: &[&str], zones: &str) -> Outcome<String> {
        let others: Vec<_> = names.iter().skip(1).map(|&name| name.to_owned()).collect();
        let tag = Tag::builder().key("acm-dns-validator:hosted-zone-id").value(zones).build()?;
        let answer = self
            .acm
            .request_certificate()
            .domain_name(names[0])
            .set_subject_alternative_names((!others.is_empty()).then_some(others))
            .set_tags((!zones.is_empty()).then(|| vec![tag]))
            .validation_method(ValidationMethod::Dns)
            .send()
            .await?;
        answer.certificate_arn.ok_or_else(|| "ACM names no certificate".into())
    }

    /// Lets time pass, and tells what the function did meanwhile.
    async fn go_on(&mut self, time: TimeDelta) -> Outcome<()> {
        let until = self.sim.now() + time;
        self.server.run_until(until).await?;
        self.sim.clock().advance_to(until);
        let looks: Vec<_> = self.sim.aws().lambda.finished()[self.told..].to_vec();
        self.told += looks.len();
        match self.form {
            Form::Quiet => {}
            Form::Json => {
                for look in &looks {
                    print(as_json(look));
                }
            }
            Form::Timeline => {
                for line in timeline(&looks, &self.zones) {
                    print(line);
                }
                print("");
            }
        }
        Ok(())
    }

    fn say(&self, text: &str) {
        match self.form {
            Form::Quiet => {}
            Form::Json if text.is_empty() => {}
            Form::Json => print(json!({"time": self.sim.now(), "happened": text})),
            Form::Timeline => print(text),
        }
    }

    fn promise(&mut self, what: &'static str, kept: bool) {
        self.promised.push((what, kept));
    }

    fn status(&self, arn: &str) -> Option<Status> {
        self.sim.aws().acm.certificate(arn).map(|certificate| certificate.status)
    }

    fn is_issued(&self, arn: &str) -> bool {
        self.status(arn) == Some(Status::Issued)
    }

    fn calls_of_looks(&self, arn: &str) -> Vec<usize> {
        let aws = self.sim.aws();
        let looks = aws.lambda.finished().iter().filter(|look| {
            look.outcome.as_ref().is_ok_and(|outcome| outcome["certificateArn"] == arn)
        });
        looks.map(|look| look.calls.len()).collect()
    }

    /// The closing table, and whether everything is as promised.
    fn close(&self, arns: &[String]) -> Outcome<ExitCode> {
        let rows = arns.iter().map(|arn| self.row(arn)).collect::<Option<Vec<_>>>();
        let rows = rows.ok_or("a certificate is gone")?;
        if self.form == Form::Json {
            rows.iter().for_each(|row| print(json!(row)));
            for (what, kept) in &self.promised {
                print(json!({"promise": what, "kept": kept}));
            }
        } else {
            print(
                "certificate                names  status                issued in  looks  AWS calls",
            );
            rows.iter().for_each(print);
            print("");
            for (what, kept) in &self.promised {
                print(format!("{} {what}", if *kept { "kept:  " } else { "BROKEN:" }));
            }
        }
        let kept = self.promised.iter().all(|(_, kept)| *kept);
        Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn row(&self, arn: &str) -> Option<Row> {
        let calls = self.calls_of_looks(arn);
        let aws = self.sim.aws();
        let certificate = aws.acm.certificate(arn)?;
        let issued = certificate.issued_at;
        Some(Row {
            certificate: certificate.domains.first()?.name.clone(),
            names: certificate.domains.len(),
            status: text(&json!(certificate.status)),
            seconds_to_issue: issued.map(|at| (at - certificate.created_at).num_seconds()),
            looks: calls.len(),
            calls: calls.iter().sum(),
        })
    }
}

/// A certificate in the closing table.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    certificate: String,
    names: usize,
    status: String,
    seconds_to_issue: Option<i64>,
    looks: usize,
    calls: usize,
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certificate, names, status, seconds_to_issue, looks, calls } = self;
        let minutes = |seconds: i64| format!("{}:{:02} min", seconds / 60, seconds % 60);
        let took = seconds_to_issue.map_or_else(|| "–".to_owned(), minutes);
        write!(f, "{certificate:<26} {names:>5}  {status:<21} {took:>9} {looks:>6} {calls:>10}")
    }
}

/// Prints a line; whoever stopped reading wants no more of them.
fn print(line: impl Display) {
    drop(writeln!(io::stdout(), "{line}"));
}

/// What the function did, a few lines a look; looks that found nothing new are summed up.
fn timeline(looks: &[Finished], zones: &BTreeMap<&str, String>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut idle: Vec<&Finished> = Vec::new();
    for look in looks {
        if idle.last().is_none_or(|before| !same(before, look)) {
            sum_up(&mut idle, &mut lines);
            lines.extend(told(look, zones));
        }
        idle.push(look);
    }
    sum_up(&mut idle, &mut lines);
    lines
}

/// Whether a look found just what the one before it did.
fn same(before: &Finished, look: &Finished) -> bool {
    let seen = |look: &Finished| {
        look.outcome.as_ref().ok().map(|outcome| {
            let states = outcome["records"].as_array().into_iter().flatten();
            let states: Vec<_> = states.map(|record| record["state"].clone()).collect();
            (outcome["certificateArn"].clone(), outcome["state"].clone(), states)
        })
    };
    seen(before).is_some() && seen(before) == seen(look)
}

/// One line for the looks after the first of a row of equal ones.
fn sum_up(idle: &mut Vec<&Finished>, lines: &mut Vec<String>) {
    if let [_, more @ ..] = idle.as_slice()
        && let Some(last) = more.last()
    {
        let calls: usize = more.iter().map(|look| look.calls.len()).sum();
        let plural = if more.len() == 1 { "look" } else { "looks" };
        lines.push(format!(
            "  {}  … {} more {plural} up to here, nothing new ({calls} calls)",
            time(last.began),
            more.len()
        ));
    }
    idle.clear();
}

fn told(look: &Finished, zones: &BTreeMap<&str, String>) -> Vec<String> {
    let payload = &look.invocation.payload;
    let why = match payload["detail-type"].as_str() {
        Some("AWS API Call via CloudTrail") => {
            format!("CloudTrail: {}", text(&payload["detail"]["eventName"]))
        }
        Some("Certificate Check") => "its own check".to_owned(),
        other => other.unwrap_or("?").to_owned(),
    };
    let outcome = match &look.outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            return vec![format!("  {}  woken by {why}: error {error}", time(look.began))];
        }
    };
    if let Some(found) = outcome["found"].as_u64() {
        let what = match outcome["zones"][0].as_str() {
            Some(zone) => format!("{found} wait under {zone}; looked at {}", outcome["looked"]),
            None => format!("{found} wait; armed the looks of {}", outcome["armed"]),
        };
        let (began, calls) = (time(look.began), look.calls.len());
        return vec![format!("  {began}  woken by {why}; {what} ({calls} calls)")];
    }
    let mut lines = vec![format!(
        "  {}  woken by {why}; ACM says {} of {} ({} calls)",
        time(look.began),
        text(&outcome["status"]),
        text(&outcome["domainName"]),
        look.calls.len()
    )];
    let indent = " ".repeat(19);
    for record in outcome["records"].as_array().into_iter().flatten() {
        let name = text(&record["name"]);
        let domain = name
            .split_once('.')
            .map_or(name.as_str(), |(_, domain)| domain)
            .trim_end_matches('.')
            .to_owned();
        let zone = zones.iter().find(|(_, id)| record["hostedZoneId"] == id.as_str());
        let zone = zone.map(|(name, id)| format!(" in zone {name} ({id})")).unwrap_or_default();
        let reason =
            record["reason"].as_str().map(|reason| format!(": {reason}")).unwrap_or_default();
        let state = text(&record["state"]).to_lowercase();
        lines.push(format!("{indent}record of {domain} {state}{zone}{reason}"));
    }
    match (outcome["next"].as_str(), outcome["reason"].as_str()) {
        (Some(next), _) => {
            let next = next.parse::<DateTime<Utc>>().map(time).unwrap_or_default();
            lines.push(format!("{indent}looks again at {next}"));
        }
        (None, reason) => {
            let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            lines.push(format!("{indent}done{reason}"));
        }
    }
    lines
}

fn as_json(look: &Finished) -> Value {
    let (outcome, error) = match &look.outcome {
        Ok(outcome) => (outcome.clone(), Value::Null),
        Err(error) => (Value::Null, json!(error)),
    };
    json!({"time": look.began, "wokenBy": look.invocation.payload["detail-type"], "calls": look.calls.len(), "outcome": outcome, "error": error})
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("nothing").to_owned()
}

/// `day 1 08:00:12`
fn time(at: DateTime<Utc>) -> String {
    let day = (at.date_naive() - begin().date_naive()).num_days() + 1;
    format!("day {day} {}", at.format("%H:%M:%S"))
}

/// AWS's sample of a request for several names, about this certificate and these zones.
fn sample_about(arn: &str, zones: &str) -> Value {
    let mut sample: Value = serde_json::from_str(SAMPLE).unwrap_or_default();
    sample["detail"]["responseElements"]["certificateArn"] = json!(arn);
    sample["detail"]["requestParameters"]["tags"] =
        json!([{"key": "acm-dns-validator:hosted-zone-id", "value": zones}]);
    sample
}

fn config(sim: &Sim, server: &Server) -> SdkConfig {
    let keys = Credentials::new(format!("AKIA{ACCOUNT}"), "secret", None, None, "demo");
    SdkConfig::builder()
        .behavior_version(behavior_version())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .endpoint_url(format!("http://{}", server.address()))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new(REGION))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(sim.time_source())
        .build()
}

/// Monday morning.
fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_420_803, 0).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "Lambda's runtime is told where to connect this way")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

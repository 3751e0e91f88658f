//! One invocation of the function's own process in a simulated AWS, over HTTP on loopback, and what
//! it costs.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::Sim;
use sim::aws::{Aws, Call};
use sim::lambda::Function;
use sim::route53::Action;
use sim::server::{Server, serve};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::process::{peak_memory, processor_time};

/// The account the function runs in.
pub const ACCOUNT: &str = "111122223333";
/// The region the function runs in.
pub const REGION: &str = "eu-west-1";
/// The role of this name in other accounts is for their certificates.
pub const CERTIFICATE_ROLE: &str = "certificates";

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";
const GROUP: &str = "acm-dns-validator";
const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";

/// The services of a first look, as in `AWS_ENDPOINT_URL_…`.
pub const SERVICES: [&str; 4] = ["ACM", "ROUTE_53", "SCHEDULER", "EVENTBRIDGE"];

/// How long a function may run, on Lambda and here.
const PATIENCE: TimeDelta = TimeDelta::seconds(900);

/// How long an invocation may take before the measurement is given up: none needs a tenth of it.
const HUNG: Duration = Duration::from_secs(120);

/// What CloudTrail tells of a request.
const REQUESTED: &str = include_str!("../../events/request-certificate.json");

/// A simulated AWS with the function deployed in it, as it is before an invocation.
#[derive(Clone, Debug)]
pub struct World {
    /// AWS, to put things in.
    pub aws: Aws,
    /// When certificates are requested: long enough ago that ACM has made their records.
    requested: DateTime<Utc>,
}

impl World {
    /// A world with nothing in it but the function.
    pub fn new() -> Self {
        let requested = now() - TimeDelta::minutes(1);
        let mut aws = Aws::default();
        aws.sts.add_account(ACCOUNT);
        let function = Function { timeout: PATIENCE, ..Function::default() };
        aws.lambda.add_function(FUNCTION, function);
        aws.scheduler.add_group(ACCOUNT, REGION, GROUP, requested);
        aws.scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE);
        Self { aws, requested }
    }

    /// Another account, with a role that reaches its certificates.
    pub fn add_account(&mut self, account: &str) {
        self.aws.sts.add_account(account);
        let role = format!("arn:aws:iam::{account}:role/{CERTIFICATE_ROLE}");
        self.aws.sts.add_role(&role, ACCOUNT);
    }

    /// Somebody requests a certificate for these names; the event that tells of it.
    ///
    /// # Errors
    ///
    /// If the sample of such an event is no JSON.
    pub fn request(
        &mut self,
        account: &str,
        region: &str,
        names: &[String],
    ) -> serde_json::Result<Value> {
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let arn = self.aws.acm.seed(account, region, &all, self.requested, |_| {});
        let time = self.requested.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut event: Value = serde_json::from_str(REQUESTED)?;
        event["account"] = json!(account);
        event["region"] = json!(region);
        event["time"] = json!(time);
        let detail = &mut event["detail"];
        detail["awsRegion"] = json!(region);
        detail["eventTime"] = json!(time);
        detail["recipientAccountId"] = json!(account);
        detail["responseElements"]["certificateArn"] = json!(arn);
        detail["requestParameters"]["domainName"] = json!(names.first());
        if let [_, others @ ..] = names {
            detail["requestParameters"]["subjectAlternativeNames"] = json!(others);
        }
        Ok(event)
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// What an invocation cost.
#[derive(Clone, Debug)]
pub struct Cost {
    /// Its calls, in order.
    pub calls: Vec<Call>,
    /// Connections to each service since the process began.
    pub connections: BTreeMap<&'static str, usize>,
    /// Processor time from when the invocation was handed out to when the next one was asked for.
    pub processor: Duration,
    /// The most memory the process had resident so far, in bytes.
    pub memory: u64,
    /// How many records were written.
    pub written: usize,
}

/// A process of the function that waits for an invocation.
#[derive(Debug)]
pub struct Running {
    sim: Sim,
    server: Server,
    doors: Vec<Door>,
    process: Child,
    ticking: JoinHandle<()>,
}

impl Running {
    /// Starts the function in this world and waits until it asks for its first invocation. Without
    /// anything else in its environment, so that it is the same everywhere: `settings` are added.
    ///
    /// # Errors
    ///
    /// If it does not come so far.
    pub async fn start(
        world: &World,
        command: &[&str],
        settings: &[(&str, &str)],
    ) -> Result<Self, String> {
        let told = |error: io::Error| error.to_string();
        let [program, arguments @ ..] = command else {
            return Err("there is nothing to run".to_owned());
        };
        // The clock is moved by the one below: the function reads the real one.
        let sim = Sim::stepped(now()).with_latency(Duration::ZERO);
        *sim.aws() = world.aws.clone();
        let server = serve(sim.clone()).await.map_err(told)?;
        let address = server.address();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "acm-dns-validator")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", format!("AKIA{ACCOUNT}"))
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_ENDPOINT_URL", format!("http://{address}"))
            .env("AWS_CA_BUNDLE", concat!(env!("CARGO_MANIFEST_DIR"), "/root.pem"))
            .env("SCHEDULE_GROUP", GROUP)
            .env("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let mut doors = Vec::new();
        for service in SERVICES {
            let door = Door::open(service, address).await.map_err(told)?;
            command.env(format!("AWS_ENDPOINT_URL_{service}"), format!("http://{}", door.address));
            doors.push(door);
        }
        let process = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let ticking = tokio::spawn({
            let sim = sim.clone();
            async move {
                loop {
                    sleep(Duration::from_millis(5)).await;
                    sim.clock().advance_to(now());
                }
            }
        });
        let mut this = Self { sim, server, doors, process, ticking };
        this.wait().await?;
        Ok(this)
    }

    /// Waits until it asks for an invocation and none is there.
    async fn wait(&mut self) -> Result<(), String> {
        let idle = self.server.run_until(self.sim.now());
        tokio::select! {
            idle = timeout(HUNG, idle) => {
                idle.unwrap_or_else(|_| Err(format!("it hangs for {} s", HUNG.as_secs())))
            }
            ended = self.process.wait() => Err(format!("it ended: {ended:?}")),
        }
    }

    /// Invokes it once.
    ///
    /// # Errors
    ///
    /// If it fails, or wants a message again.
    pub async fn invoke(&mut self, event: Value) -> Result<Cost, String> {
        let pid = self.pid()?;
        let used = || processor_time(pid).map_err(|error| error.to_string());
        let before = used()?;
        let now = self.sim.now();
        self.sim.aws().lambda.invoke(FUNCTION, event, now);
        self.wait().await?;
        let processor = used()? - before;
        let memory = peak_memory(pid).map_err(|error| error.to_string())?;
        let aws = self.sim.aws();
        let [finished] = aws.lambda.finished() else {
            return Err(format!("{} invocations in place of one", aws.lambda.finished().len()));
        };
        let outcome = finished.outcome.as_ref().map_err(Clone::clone)?;
        if outcome["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty()) {
            return Err(format!("messages have to come again: {outcome}"));
        }
        let upserts = aws.route53.writes().iter().filter(|write| write.action == Action::Upsert);
        Ok(Cost {
            calls: aws.calls().to_vec(),
            connections: self.doors.iter().map(|door| (door.service, door.count())).collect(),
            processor,
            memory,
            written: upserts.count(),
        })
    }

    /// Ends it by a signal that it could handle, so that a profiler around it writes what it has.
    ///
    /// # Errors
    ///
    /// If it does not end.
    pub async fn end(mut self) -> Result<(), String> {
        let pid = self.pid()?.to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().await;
        killed.map_err(|error| format!("kill: {error}"))?;
        let ended = timeout(HUNG, self.process.wait()).await;
        ended.map_err(|_| "it does not end".to_owned())?.map_err(|error| error.to_string())?;
        Ok(())
    }

    fn pid(&self) -> Result<u32, String> {
        self.process.id().ok_or_else(|| "it is gone".to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

/// A port that hands connections on and counts them.
#[derive(Debug)]
struct Door {
    service: &'static str,
    address: SocketAddr,
    count: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Door {
    async fn open(service: &'static str, to: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(hand_on(near, to));
            }
        });
        Ok(Self { service, address, count, task })
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hand_on(mut near: TcpStream, to: SocketAddr) -> io::Result<()> {
    let mut far = TcpStream::connect(to).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    copy_bidirectional(&mut near, &mut far).await?;
    Ok(())
}

/// The real time, in which the function lives.
#[expect(clippy::disallowed_methods, reason = "the process that is measured reads the real clock")]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

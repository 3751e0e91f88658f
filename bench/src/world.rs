//! A simulated AWS on the real clock with the function deployed in it, and the function's process.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sim::Sim;
use sim::aws::Call;
use sim::lambda::Function;
use sim::server::{Server, serve};
use sim::sqs::Queue;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

/// What goes wrong in a measurement; its text is for the reader.
pub type Failure = Box<dyn std::error::Error>;

/// The account the function runs in.
pub const OURS: &str = "111122223333";
/// The region the function runs in.
pub const HOME: &str = "eu-west-1";
/// The role through which the function reaches certificates of other accounts.
pub const CERTIFICATE_ROLE: &str = "certificates";

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:acm-dns-validator";
const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";
const GROUP: &str = "acm-dns-validator";

/// The most Lambda gives an invocation: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>
const TIMEOUT: Duration = Duration::from_secs(900);

/// How many CA certificates a machine has is not the function's affair.
const NO_CERTIFICATES: &str = "/dev/null";

/// An AWS on loopback.
pub struct World {
    server: Server,
}

impl World {
    /// An AWS in which the function is deployed, and nothing else is there.
    ///
    /// # Errors
    ///
    /// If there is no port to be had.
    pub async fn new() -> Result<Self, Failure> {
        let sim = Sim::stepped(now()).with_latency(Duration::ZERO);
        {
            let at = sim.now();
            let mut aws = sim.aws();
            aws.sts.add_account(OURS);
            let timeout = TimeDelta::from_std(TIMEOUT)?;
            aws.lambda.add_function(FUNCTION, Function { timeout, ..Function::default() });
            aws.scheduler.add_group(OURS, HOME, GROUP, at);
            aws.scheduler.allow_role(OURS, SCHEDULE_ROLE);
            aws.sqs.add_queue(QUEUE, Queue::default());
        }
        Ok(Self { server: serve(sim).await? })
    }

    /// The AWS, to look at and to fill.
    pub fn sim(&self) -> &Sim {
        self.server.sim()
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// Puts a certificate in place that was requested a minute ago; its ARN.
    pub fn certificate(&self, account: &str, region: &str, names: &[String]) -> String {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let at = self.sim().now() - TimeDelta::minutes(1);
        self.sim().aws().acm.seed(account, region, &names, at, |_| {})
    }

    /// The environment Lambda gives the function's process, and no other. `program` may be a tool
    /// that runs the process.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let address = self.address();
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", &address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "acm-dns-validator")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_REGION", HOME)
            .env("AWS_ACCESS_KEY_ID", format!("AKIA{OURS}"))
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_ENDPOINT_URL", format!("http://{address}"))
            .env("SSL_CERT_FILE", NO_CERTIFICATES)
            .env("SCHEDULE_GROUP", GROUP)
            .env("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Waits until the process has nothing to do. Meanwhile the clock of AWS is the real one.
    ///
    /// # Errors
    ///
    /// If the process could not start, or never asks for an invocation.
    pub async fn idle(&self) -> Result<(), Failure> {
        let clock = self.sim().clock();
        let idle = async {
            let mut tick = interval(Duration::from_millis(5));
            let mut run = std::pin::pin!(self.server.run_until(self.sim().now()));
            loop {
                tokio::select! {
                    end = &mut run => return end,
                    _ = tick.tick() => clock.advance_to(now()),
                }
            }
        };
        Ok(timeout(TIMEOUT, idle).await??)
    }

    /// Invokes the function; the calls that it made and its response.
    ///
    /// # Errors
    ///
    /// If the function fails, or something else than this invocation ran.
    pub async fn invoke(&self, payload: Value) -> Result<(Vec<Call>, Value), Failure> {
        let (calls, finished) = {
            let mut aws = self.sim().aws();
            aws.lambda.invoke(FUNCTION, payload, self.sim().now());
            (aws.calls().len(), aws.lambda.finished().len())
        };
        self.idle().await?;
        let aws = self.sim().aws();
        let [attempt] = &aws.lambda.finished()[finished..] else {
            return Err("more than one invocation ran, or none".into());
        };
        Ok((aws.calls()[calls..].to_vec(), attempt.outcome.clone()?))
    }
}

/// CloudTrail's record of the request for this certificate, made just now.
///
/// # Errors
///
/// If the sample event is not JSON.
pub fn requested(arn: &str) -> Result<Value, serde_json::Error> {
    let sample = include_str!("../../events/request-certificate.json");
    let now = now().format("%FT%TZ").to_string();
    serde_json::from_str(&sample.replace(SAMPLE_ARN, arn).replace("2016-03-18T00:00:49Z", &now))
}

const SAMPLE_ARN: &str =
    "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

/// A batch of a queue with the check of each of these certificates; what the function does not read of
/// a message is left out.
pub fn batch(arns: &[String]) -> Value {
    let records = arns.iter().enumerate().map(|(index, arn)| {
        let check = json!({
            "source": "acm-dns-validator",
            "detail-type": "Certificate Check",
            "resources": [arn],
            "detail": {},
        });
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-{index:012}"),
            "body": check.to_string(),
            "eventSource": "aws:sqs",
            "eventSourceARN": QUEUE,
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

/// The id of a process.
///
/// # Errors
///
/// If it has ended.
pub fn id(process: &Child) -> io::Result<u32> {
    process.id().ok_or_else(|| io::Error::other("the process has ended"))
}

#[expect(clippy::disallowed_methods, reason = "the process that is measured reads the real clock")]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

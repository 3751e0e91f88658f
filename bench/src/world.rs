//! A simulated AWS on the real clock, in which the function is deployed, and the function's process.

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

/// Why a measurement fails; its text is printed.
pub type Failure = Box<dyn std::error::Error>;

/// The account of the function.
pub const ACCOUNT: &str = "111122223333";
/// The region of the function.
pub const REGION: &str = "eu-west-1";
/// The role that the function assumes for certificates of other accounts.
pub const CERTIFICATE_ROLE: &str = "certificates";

/// The ARN of the function.
pub const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:acm-dns-validator";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:acm-dns-validator";
/// The role with which Scheduler invokes the function.
pub const SCHEDULE_ROLE: &str = "arn:aws:iam::111122223333:role/acm-dns-validator-scheduler";
/// The schedule group for its checks.
pub const GROUP: &str = "acm-dns-validator";

/// The longest time-out that Lambda allows: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>
const TIMEOUT: Duration = Duration::from_secs(900);

/// A file without CA certificates: how many this machine has must not change the figures.
const NO_CERTIFICATES: &str = "/dev/null";

/// A simulated AWS on loopback.
pub struct World {
    server: Server,
}

impl World {
    /// A simulated AWS in which the function is deployed, and nothing else.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub async fn new() -> Result<Self, Failure> {
        let sim = Sim::stepped(now()).with_latency(Duration::ZERO);
        {
            let at = sim.now();
            let mut aws = sim.aws();
            aws.sts.add_account(ACCOUNT);
            let timeout = TimeDelta::from_std(TIMEOUT)?;
            aws.lambda.add_function(FUNCTION, Function { timeout, ..Function::default() });
            aws.scheduler.add_group(ACCOUNT, REGION, GROUP, at);
            aws.scheduler.allow_role(ACCOUNT, SCHEDULE_ROLE, &[FUNCTION, QUEUE]);
            aws.sqs.add_queue(QUEUE, Queue::default());
        }
        Ok(Self { server: serve(sim).await? })
    }

    /// The simulator, to read and to fill.
    pub fn sim(&self) -> &Sim {
        self.server.sim()
    }

    /// The address that it listens on.
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// Adds a certificate that was requested a minute ago, and returns its ARN.
    pub fn add_certificate(&self, account: &str, region: &str, names: &[String]) -> String {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let at = self.sim().now() - TimeDelta::minutes(1);
        self.sim().aws().acm.seed(account, region, &names, at, |_| {})
    }

    /// A command with the environment that Lambda sets for the function, and no other. `program` may
    /// be a tool that runs the function.
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
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", format!("AKIA{ACCOUNT}"))
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_ENDPOINT_URL", format!("http://{address}"))
            .env("SSL_CERT_FILE", NO_CERTIFICATES)
            .env("SCHEDULE_GROUP", GROUP)
            .env("SCHEDULE_ROLE_ARN", SCHEDULE_ROLE)
            .env("QUEUE_ARN", QUEUE)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Waits until the process has nothing to do. Meanwhile the simulator's clock follows the real one.
    ///
    /// # Errors
    ///
    /// If the process could not start, or never requests an invocation.
    pub async fn wait_until_idle(&self) -> Result<(), Failure> {
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

    /// Invokes the function, and returns the calls that it made and its response.
    ///
    /// # Errors
    ///
    /// If the function fails, or if anything but this invocation ran.
    pub async fn invoke(&self, payload: Value) -> Result<(Vec<Call>, Value), Failure> {
        let (calls, finished) = {
            let mut aws = self.sim().aws();
            aws.lambda.invoke(FUNCTION, payload, self.sim().now());
            (aws.calls().len(), aws.lambda.finished().len())
        };
        self.wait_until_idle().await?;
        let aws = self.sim().aws();
        let [attempt] = &aws.lambda.finished()[finished..] else {
            return Err("there was not exactly one invocation".into());
        };
        Ok((aws.calls()[calls..].to_vec(), attempt.outcome.clone()?))
    }
}

/// CloudTrail's event about a request for this certificate, made now.
///
/// # Errors
///
/// If the sample event is not JSON.
pub fn request_event(arn: &str) -> Result<Value, serde_json::Error> {
    let sample = include_str!("../../events/request-certificate.json");
    let now = now().format("%FT%TZ").to_string();
    serde_json::from_str(&sample.replace(SAMPLE_ARN, arn).replace("2016-03-18T00:00:49Z", &now))
}

const SAMPLE_ARN: &str =
    "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

/// A queue's batch with one check for each of these certificates. Fields of a message that the function
/// does not read are left out.
pub fn batch_of_checks(arns: &[String]) -> Value {
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
pub fn process_id(process: &Child) -> io::Result<u32> {
    process.id().ok_or_else(|| io::Error::other("the process has ended"))
}

#[expect(clippy::disallowed_methods, reason = "the process that is measured reads the real clock")]
fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}
